/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally - see the header.
 */
#include "notary/tally.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "notary/notary.h"

enum {
	MINUTE_MS = 60 * 1000,
	SLOTS = 512, /* of those beyond only the number is known */
	EXAMPLE_SIZE = 256,
	VALUE_SIZE = 64,
};

struct slot {
	enum event_code event;
	enum proc origin;
	char user[LIMIT_NAME_SIZE];
	char user_id[LIMIT_ID_SIZE]; /* "" where only "by" names them */
	char reason[VALUE_SIZE];
	uint64_t n; /* with a record */
	uint64_t left_out;
	char first[EXAMPLE_SIZE], last[EXAMPLE_SIZE]; /* of those left out */
};

struct tally {
	struct notary *n;
	struct timer *timer;
	size_t used;
	uint64_t beyond; /* refusals there was no slot for */
	struct slot slot[SLOTS];
};

static bool
is_refusal(enum event_code e)
{
	return e == EV_API_DENIED || e == EV_REQUEST_DENIED ||
	       e == EV_GRANT_EXTEND_DENIED || e == EV_AUTH_MFA_DENIED ||
	       e == EV_AUTH_LOGIN_DENIED || e == EV_INVITE_DENIED ||
	       e == EV_CERT_DENIED || e == EV_SESSION_CHANNEL_DENIED;
}

/* ---- what a record says */

struct said {
	char by[LIMIT_NAME_SIZE];
	char user[LIMIT_NAME_SIZE];
	char user_id[LIMIT_ID_SIZE];
	char reason[VALUE_SIZE];
	uint64_t count; /* it stands for so many */
	char example[EXAMPLE_SIZE];
};

static void
copy(char *ret, size_t size, const uint8_t *p, size_t n)
{
	if (n >= size)
		n = size - 1;
	memcpy(ret, p, n);
	ret[n] = '\0';
}

static bool
is_example(unsigned id)
{
	return id == EF_PATH || id == EF_COMMAND || id == EF_WANTED ||
	       id == EF_TARGET || id == EF_LOGIN || id == EF_DST ||
	       id == EF_SRC || id == EF_MSG;
}

static void
add_example(
    char ret[static EXAMPLE_SIZE], unsigned id, const uint8_t *p, size_t n)
{
	const size_t at = strlen(ret);
	char value[VALUE_SIZE];

	str_escape(value, sizeof(value), (const char *)p, n);
	/* what does not fit is left out: it is an example */
	if (str_fmt(ret + at, EXAMPLE_SIZE - at, "%s%s %s", at > 0 ? ", " : "",
		event_field_name(id), value) < 0)
		ret[at] = '\0';
}

static int
read_field(void *arg, const struct event_value *v)
{
	struct said *s = arg;
	char number[24];

	if (v->id == EF_BY)
		copy(s->by, sizeof(s->by), v->p, v->n);
	else if (v->id == EF_USER)
		copy(s->user, sizeof(s->user), v->p, v->n);
	else if (v->id == EF_USER_ID)
		copy(s->user_id, sizeof(s->user_id), v->p, v->n);
	else if (v->id == EF_REASON)
		copy(s->reason, sizeof(s->reason), v->p, v->n);
	else if (v->id == EF_COUNT) {
		copy(number, sizeof(number), v->p, v->n);
		if (str_u64(number, 1, LIMIT_NUMBER_MAX, &s->count) < 0)
			s->count = 1;
	} else if (is_example(v->id))
		add_example(s->example, v->id, v->p, v->n);
	return 0;
}

static int
read_record(struct said *ret, const struct event_fields *f)
{
	*ret = (struct said){.count = 1};
	return event_each(f->b.p, f->b.len, read_field, ret);
}

/* ---- counting */

static struct slot *
slot_of(struct tally *t, const struct queue_item *item, const struct said *s)
{
	const char *who = s->user[0] != '\0' ? s->user : s->by;
	struct slot *k;

	for (size_t i = 0; i < t->used; i++) {
		k = &t->slot[i];
		if (k->event == item->event && strcmp(k->user, who) == 0 &&
		    strcmp(k->user_id, s->user_id) == 0 &&
		    strcmp(k->reason, s->reason) == 0)
			return k;
	}
	if (t->used == SLOTS)
		return NULL;
	k = &t->slot[t->used++];
	*k = (struct slot){.event = item->event, .origin = item->origin};
	memcpy(k->user, who, strlen(who) + 1);
	memcpy(k->user_id, s->user_id, sizeof(k->user_id));
	memcpy(k->reason, s->reason, sizeof(k->reason));
	return k;
}

/* True: it is counted, and has no record of its own. */
static bool
counts(struct tally *t, const struct queue_item *item,
    const struct event_fields *f)
{
	struct said s;
	struct slot *k;

	if (!is_refusal(item->event) || FAULT(no_tally) ||
	    read_record(&s, f) < 0)
		return false;
	if (s.user[0] == '\0' && (s.by[0] == '\0' || event_actor_own(s.by)))
		return false; /* a stranger, or root */
	if (t->used == 0)
		timer_set(t->timer, MINUTE_MS);
	if ((k = slot_of(t, item, &s)) == NULL) {
		t->beyond += s.count;
		return true;
	}
	if (k->n < LIMIT_DENIED_PER_MINUTE) {
		k->n += s.count;
		return false;
	}
	if (k->left_out == 0)
		memcpy(k->first, s.example, sizeof(k->first));
	memcpy(k->last, s.example, sizeof(k->last));
	k->left_out += s.count;
	return true;
}

int
tally_add(struct notary *n, const struct queue_item *item,
    const struct event_fields *f)
{
	if (!counts(n->tally, item, f))
		return queue_add(n, item, f);
	if (item->fn != NULL)
		item->fn(n, item->peer, item->arg, 0, 0);
	free(item->arg);
	return 0;
}

/* ---- the minute is over */

static void
record_rest(struct notary *n, const struct slot *k, uint64_t count)
{
	const struct queue_item item = {.event = k->event, .origin = k->origin};
	char msg[2 * EXAMPLE_SIZE + 64];
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_USER, k->user);
	event_str(&f, EF_USER_ID, k->user_id);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, k->reason);
	event_count(&f, EF_COUNT, count);
	if (str_fmt(msg, sizeof(msg),
		"so many more within a minute; the first: %s; the last: %s",
		k->first, k->last) < 0)
		msg[0] = '\0';
	event_str(&f, EF_MSG, k->first[0] == '\0' ? "" : msg);
	if (queue_add(n, &item, &f) < 0)
		log_warn("%llu refusals could not be recorded",
		    (unsigned long long)count);
	event_fields_done(&f);
}

void
tally_end(struct tally *t)
{
	const struct slot others = {
	    .event = EV_API_DENIED, .origin = PROC_NOTARY, .reason = "others"};

	for (size_t i = 0; i < t->used; i++)
		if (t->slot[i].left_out > 0)
			record_rest(t->n, &t->slot[i], t->slot[i].left_out);
	if (t->beyond > 0)
		record_rest(t->n, &others, t->beyond);
	t->used = 0;
	t->beyond = 0;
}

static void
on_minute(struct process *r, void *arg)
{
	(void)r;
	tally_end(arg);
}

int
tally_new(struct tally **ret, struct notary *n)
{
	struct tally *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return GW_ENOMEM;
	t->n = n;
	if ((t->timer = timer_new(n->process, on_minute, t)) == NULL) {
		free(t);
		return GW_ENOMEM;
	}
	*ret = t;
	return 0;
}

void
tally_free(struct tally *t)
{
	free(t); /* the timer went with the loop */
}
