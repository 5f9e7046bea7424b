/* SPDX-License-Identifier: Apache-2.0 */
/*
 * left - see the header.
 */
#include "recorder/left.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "recorder/evidence.h"
#include "recorder/file.h"
#include "recorder/position.h"

enum { LOOK_MS = 1000 };

struct item {
	struct item *next;
	struct msg_nt_unended m;
	unsigned part;
	int64_t due_ms; /* boot time */
};

struct left {
	struct process *process;
	struct timer *timer;
	struct item *items;
	int dir;
};

/* Which part of its channel a file is; LIMIT_RECORDING_PARTS = none. */
static unsigned
part_of(const struct msg_nt_unended *m)
{
	char name[FILE_NAME_SIZE];
	unsigned part = 0;

	for (; part < LIMIT_RECORDING_PARTS; part++)
		if (file_name(name, m->sid, m->channel, part) == 0 &&
		    strcmp(name, m->file) == 0)
			break;
	return part;
}

/* What is not in the file although it was on the screen. */
static void
missing_text(char *ret, size_t size, const struct msg_nt_unended *m, bool there,
    uint64_t bytes, const char *next)
{
	if (!there)
		(void)snprintf(ret, size,
		    "The recorder ended before there was a file, or the file "
		    "is gone.");
	else if (m->size > bytes)
		(void)snprintf(ret, size,
		    "The file lacks the last %llu bytes of which the log has "
		    "digests: the machine stopped before they were on disk, "
		    "or the file was changed.",
		    (unsigned long long)(m->size - bytes));
	else if (next != NULL)
		(void)snprintf(ret, size,
		    "The recorder ended; %s goes on at the byte where this "
		    "part stops.",
		    next);
	else
		(void)snprintf(ret, size,
		    "The recorder ended, and the session with it: the last "
		    "bytes that the user saw may be missing, no more than %d "
		    "KiB.",
		    (int)LIMIT_REC_UNACKED / 1024);
}

static int
put_end(struct left *l, const struct msg_nt_unended *m, const char *file,
    const uint64_t *position, const char *next)
{
	char hash[FILE_HASH_SIZE] = "", text[LIMIT_TEXT_SIZE];
	struct event_fields f;
	uint64_t size = 0;
	const bool there = file_digest(l->dir, file, hash, &size) == 0;
	int e;

	event_fields_init(&f);
	event_str(&f, EF_SID, m->sid);
	event_str(&f, EF_GRANT, m->grant);
	event_num(&f, EF_CHANNEL, (int64_t)m->channel);
	event_str(&f, EF_FILE, file);
	event_count(&f, EF_SIZE, size);
	event_str(&f, EF_SHA256, hash);
	event_str(&f, EF_REASON, "interrupted");
	if (position != NULL) {
		event_count(&f, EF_BYTES_OUT, *position);
		missing_text(text, sizeof(text), m, there, size, next);
		event_str(&f, EF_MSG, text);
	}
	e = evidence_put(l->process, EV_RECORDING_END, &f);
	event_fields_done(&f);
	return e;
}

/* What lies beside it first, as the notary wants it. */
static int
end_of(struct left *l, const struct msg_nt_unended *m, unsigned part,
    const char *next)
{
	char raw[FILE_NAME_SIZE];
	uint64_t position = 0;
	int e = position_of(l->dir, m->sid, m->channel, part + 1, &position);

	if (e != 0)
		log_warn(
		    "%s cannot be read to its end: %s", m->file, err_str(e));
	if ((e = str_fmt(raw, sizeof(raw), "%s.raw", m->file)) == 0 &&
	    file_exists(l->dir, raw))
		e = put_end(l, m, raw, NULL, next);
	return e == 0 ? put_end(l, m, m->file, &position, next) : e;
}

static void
end_item(struct left *l, const struct item *i)
{
	int e = end_of(l, &i->m, i->part, NULL);

	if (e != 0)
		log_err("the recording %s has no end on record: %s", i->m.file,
		    err_str(e));
}

static void
on_timer(struct process *r, void *arg)
{
	struct left *l = arg;
	const int64_t now = clock_now().boot_ms;
	struct item **at = &l->items, *i;

	(void)r;
	while ((i = *at) != NULL) {
		if (i->due_ms > now) {
			at = &i->next;
			continue;
		}
		*at = i->next;
		end_item(l, i);
		free(i);
	}
	if (l->items != NULL)
		timer_set(l->timer, LOOK_MS);
}

int
left_new(struct left **ret, struct process *r, int dir)
{
	struct left *l = calloc(1, sizeof(*l));

	if (l == NULL || (l->timer = timer_new(r, on_timer, l)) == NULL) {
		free(l);
		return GW_ENOMEM;
	}
	l->process = r;
	l->dir = dir;
	*ret = l;
	return 0;
}

int
left_add(struct left *l, const struct msg_nt_unended *m)
{
	struct item *i = l->items;

	if (!id_ok(m->sid, 's') || part_of(m) == LIMIT_RECORDING_PARTS)
		return GW_EPROTO;
	if (FAULT(left_open))
		return 0;
	while (i != NULL && strcmp(i->m.file, m->file) != 0)
		i = i->next;
	if (i != NULL)
		return 0;
	if ((i = calloc(1, sizeof(*i))) == NULL)
		return GW_ENOMEM;
	i->m = *m;
	i->part = part_of(m);
	i->due_ms = clock_now().boot_ms + LEFT_WAIT_MS;
	i->next = l->items;
	l->items = i;
	timer_set(l->timer, LOOK_MS);
	return 0;
}

int
left_goes_on(struct left *l, const char *sid, const char *grant,
    uint32_t channel, const char *file, const char *next)
{
	struct msg_nt_unended m = {.channel = channel};
	struct item **at = &l->items, *i;
	int e;

	while (*at != NULL && strcmp((*at)->m.file, file) != 0)
		at = &(*at)->next;
	if ((i = *at) != NULL) {
		*at = i->next;
		m = i->m;
		free(i);
	} else if ((e = str_copy(m.sid, sizeof(m.sid), sid)) != 0 ||
		   (e = str_copy(m.grant, sizeof(m.grant), grant)) != 0 ||
		   (e = str_copy(m.file, sizeof(m.file), file)) != 0) {
		return e;
	}
	return end_of(l, &m, part_of(&m), next);
}

void
left_end_all(struct left *l)
{
	while (l->items != NULL) {
		struct item *i = l->items;

		l->items = i->next;
		end_item(l, i);
		free(i);
	}
}
