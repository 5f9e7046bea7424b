/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair - starts and ends that others write: each start has one end. The first
 * one counts: a second one, or that of a start that is not there, is dropped.
 */
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "notary/notary.h"
#include "notary/unended.h"

struct wanted {
	enum event_field_id id;
	char *ret;
	size_t size;
};

static int
take(void *arg, const struct event_value *v)
{
	const struct wanted *w = arg;

	if (v->id != w->id)
		return 0;
	if (v->cut || v->n >= w->size || memchr(v->p, '\0', v->n) != NULL)
		return GW_EPROTO;
	memcpy(w->ret, v->p, v->n);
	w->ret[v->n] = '\0';
	return 1;
}

int
pair_text(
    char *ret, size_t size, const struct bytes *fields, enum event_field_id id)
{
	struct wanted w = {.id = id, .ret = ret, .size = size};

	return event_each(fields->p, fields->len, take, &w) == 1 ? 0
								 : GW_EPROTO;
}

void
pair_channel_key(
    char ret[static LIMIT_NAME_SIZE], const char *sid, uint32_t channel)
{
	(void)!str_fmt(ret, LIMIT_NAME_SIZE, "%s.%u", sid, channel);
}

/* Is the start of this channel's program on its way? */
static bool
queued(const struct notary *n, const char *key)
{
	for (unsigned ev = 1; ev < EV_COUNT; ev++)
		if (event_is_program(ev) &&
		    queue_has(n, (enum event_code)ev, key))
			return true;
	return false;
}

static enum pair
channel(struct notary *n, unsigned ev, const char *sid, const char *key,
    uint32_t number)
{
	const struct unended_session *s =
	    unended_session(fold_unended(n->fold), sid);

	if (event_is_program(ev))
		return s != NULL && s->nchannels >= 2 * LIMIT_CHANNELS
			   ? PAIR_BAD
			   : PAIR_OK;
	if (queue_has(n, EV_SESSION_CHANNEL_END, key))
		return PAIR_LATE;
	return unended_item(s, UNENDED_CHANNEL, number, NULL) != NULL ||
		       queued(n, key)
		   ? PAIR_OK
		   : PAIR_LATE;
}

/* What lies beside a recording ends before it does. */
static enum pair
recording(struct notary *n, const char *sid, const char *file)
{
	static const char raw[] = ".raw";
	const size_t len = strlen(file), nraw = sizeof(raw) - 1;
	char name[LIMIT_NAME_SIZE];

	memcpy(name, file, len + 1);
	if (len > nraw && strcmp(file + len - nraw, raw) == 0)
		name[len - nraw] = '\0';
	else if (queue_has(n, EV_RECORDING_END, file))
		return PAIR_LATE;
	return unended_item(unended_session(fold_unended(n->fold), sid),
		   UNENDED_RECORDING, 0, name) != NULL ||
		       queue_has(n, EV_RECORDING_START, name)
		   ? PAIR_OK
		   : PAIR_LATE;
}

enum pair
pair_check(struct notary *n, unsigned ev, const char *sid,
    const struct bytes *fields, char key[static LIMIT_NAME_SIZE])
{
	char text[32];
	uint64_t number = 0;

	key[0] = '\0';
	if (sid[0] == '\0')
		return PAIR_OK;
	if (ev == EV_RECORDING_START || ev == EV_RECORDING_END) {
		if (pair_text(key, LIMIT_NAME_SIZE, fields, EF_FILE) < 0)
			return PAIR_BAD;
		return ev == EV_RECORDING_START || FAULT(second_end)
			   ? PAIR_OK
			   : recording(n, sid, key);
	}
	if (!event_is_program(ev) && ev != EV_SESSION_CHANNEL_END)
		return PAIR_OK;
	if (pair_text(text, sizeof(text), fields, EF_CHANNEL) < 0 ||
	    str_u64(text, 1, UINT32_MAX, &number) < 0)
		return event_is_program(ev) ? PAIR_OK : PAIR_LATE;
	pair_channel_key(key, sid, (uint32_t)number);
	return FAULT(second_end) ? PAIR_OK
				 : channel(n, ev, sid, key, (uint32_t)number);
}
