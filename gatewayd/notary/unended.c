/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unended - see the header.
 */
#include "notary/unended.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum { PARTS = 4096 };

struct unended {
	struct unended_session *part[PARTS];
};

int
unended_new(struct unended **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret == NULL ? GW_ENOMEM : 0;
}

static void
session_free(struct unended_session *s)
{
	while (s->items != NULL) {
		struct unended_item *i = s->items;

		s->items = i->next;
		free(i);
	}
	free(s);
}

void
unended_free(struct unended *u)
{
	for (size_t i = 0; u != NULL && i < PARTS; i++)
		while (u->part[i] != NULL) {
			struct unended_session *s = u->part[i];

			u->part[i] = s->next;
			session_free(s);
		}
	free(u);
}

static struct unended_session **
slot(const struct unended *u, const char *sid)
{
	struct unended_session *const *s = &u->part[str_hash(sid) % PARTS];

	while (*s != NULL && strcmp((*s)->leg.sid, sid) != 0)
		s = &(*s)->next;
	return (struct unended_session **)s;
}

static bool
is_it(const struct unended_item *i, enum unended_kind kind, uint32_t channel,
    const char *file)
{
	return i->kind == kind &&
	       (kind == UNENDED_CHANNEL ? i->channel == channel
					: strcmp(i->file, file) == 0);
}

static struct unended_item **
item_slot(struct unended_session *s, enum unended_kind kind, uint32_t channel,
    const char *file)
{
	struct unended_item **i = &s->items;

	while (*i != NULL && !is_it(*i, kind, channel, file))
		i = &(*i)->next;
	return i;
}

int
unended_begin(struct unended *u, const struct fold_leg *leg, const char *sid,
    enum unended_kind kind, uint32_t channel, const char *file)
{
	struct unended_session **s = slot(u, sid);
	struct unended_session *made = NULL;
	struct unended_item **at, *i;
	unsigned n = 0;

	if (*s == NULL) {
		if (leg == NULL)
			return 0;
		if ((made = calloc(1, sizeof(*made))) == NULL)
			return GW_ENOMEM;
		made->leg = *leg;
		made->leg.next = NULL;
		*s = made;
	}
	at = item_slot(*s, kind, channel, file == NULL ? "" : file);
	for (i = (*s)->items; i != NULL; i = i->next)
		n++;
	if (*at != NULL || n >= LIMIT_UNENDED)
		return 0;
	if ((i = calloc(1, sizeof(*i))) == NULL) {
		if (made != NULL) {
			*s = made->next;
			free(made);
		}
		return GW_ENOMEM;
	}
	i->kind = kind;
	i->channel = channel;
	if (file != NULL)
		(void)!str_copy(i->file, sizeof(i->file), file);
	*at = i;
	(*s)->nchannels += kind == UNENDED_CHANNEL ? 1 : 0;
	return 0;
}

void
unended_end(struct unended *u, const char *sid, enum unended_kind kind,
    uint32_t channel, const char *file)
{
	struct unended_session **at = slot(u, sid);
	struct unended_session *s = *at;
	struct unended_item **it, *i;

	if (s == NULL)
		return;
	it = item_slot(s, kind, channel, file == NULL ? "" : file);
	if ((i = *it) == NULL)
		return;
	*it = i->next;
	free(i);
	s->nchannels -= kind == UNENDED_CHANNEL ? 1 : 0;
	if (s->items != NULL)
		return;
	*at = s->next;
	session_free(s);
}

static void
reach(struct unended *u, const char *sid, const char *file, uint64_t size)
{
	struct unended_session *s = *slot(u, sid);
	struct unended_item *i;

	if (s == NULL ||
	    (i = *item_slot(s, UNENDED_RECORDING, 0, file)) == NULL)
		return;
	if (size > i->size)
		i->size = size;
}

/* Where a record's value begins; NULL = it has none. Names of fields cannot
 * stand within a text: its quotes are escaped. */
static const char *
value_at(const char *line, size_t n, const char *key)
{
	const char *at = memmem(line, n, key, strlen(key));

	return at == NULL ? NULL : at + strlen(key);
}

static uint64_t
number_at(const char *line, size_t n, const char *key)
{
	const char *at = value_at(line, n, key);
	uint64_t v = 0;

	for (; at != NULL && at < line + n && *at >= '0' && *at <= '9' &&
	       v < LIMIT_NUMBER_MAX;
	     at++)
		v = v * 10 + (uint64_t)(*at - '0');
	return v;
}

/* Most records of a long log are these: read without a parser. */
void
unended_chunk(struct unended *u, const void *line, size_t n)
{
	char sid[LIMIT_ID_SIZE], file[UNENDED_FILE_SIZE];

	if (record_text(sid, sizeof(sid), line, n, EF_SID) &&
	    record_text(file, sizeof(file), line, n, EF_FILE))
		reach(u, sid, file,
		    number_at(line, n, ",\"offset\":") +
			number_at(line, n, ",\"size\":"));
}

void
unended_over(struct unended *u, const char *sid, int64_t time_ms)
{
	struct unended_session *s = *slot(u, sid);

	if (s == NULL)
		return;
	s->over = true;
	s->over_ms = time_ms;
}

void
unended_counted(struct unended *u, const char *sid, uint64_t in, uint64_t out)
{
	struct unended_session *s = *slot(u, sid);

	if (s == NULL)
		return;
	s->counted = true;
	s->bytes_in += in;
	s->bytes_out += out;
}

const struct unended_session *
unended_session(const struct unended *u, const char *sid)
{
	return *slot(u, sid);
}

const struct unended_item *
unended_item(const struct unended_session *s, enum unended_kind kind,
    uint32_t channel, const char *file)
{
	const struct unended_item *i = s == NULL ? NULL : s->items;

	while (i != NULL && !is_it(i, kind, channel, file == NULL ? "" : file))
		i = i->next;
	return i;
}

const struct fold_leg *
unended_leg_of_conn(const struct unended *u, uint64_t conn,
    const struct addr *client, uint16_t client_port)
{
	for (size_t i = 0; i < PARTS; i++)
		for (const struct unended_session *s = u->part[i]; s != NULL;
		     s = s->next)
			if (s->over && s->leg.conn == conn &&
			    s->leg.client.family != 0 &&
			    addr_equal(&s->leg.client, client) &&
			    s->leg.client_port == client_port)
				return &s->leg;
	return NULL;
}

int
unended_each(const struct unended *u, unended_fn *fn, void *arg)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < PARTS; i++)
		for (const struct unended_session *s = u->part[i];
		     r >= 0 && s != NULL; s = s->next)
			r = fn(arg, s);
	return r < 0 ? r : 0;
}
