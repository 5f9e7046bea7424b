/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold - see the header.
 */
#include "notary/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/str.h"
#include "notary/foldrecord.h"
#include "notary/steps.h"
#include "notary/unended.h"
#include "wire/json.h"

struct fold {
	struct fold_grant *grants[FOLD_PARTS];
	struct fold_leg *legs[FOLD_PARTS];
	struct steps *steps;
	struct fold_clock clock;
	struct unended *unended;
	uint64_t store_seq;
};

static size_t
bucket(const char *s)
{
	return str_hash(s) % FOLD_PARTS;
}

int
fold_new(struct fold **ret)
{
	struct fold *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return GW_ENOMEM;
	if (steps_new(&f->steps) < 0 || unended_new(&f->unended) < 0) {
		fold_free(f);
		return GW_ENOMEM;
	}
	*ret = f;
	return 0;
}

void
fold_free(struct fold *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < FOLD_PARTS; i++) {
		while (f->grants[i] != NULL) {
			struct fold_grant *g = f->grants[i];

			f->grants[i] = g->next;
			free(g);
		}
		while (f->legs[i] != NULL) {
			struct fold_leg *l = f->legs[i];

			f->legs[i] = l->next;
			free(l);
		}
	}
	steps_free(f->steps);
	unended_free(f->unended);
	free(f);
}

/* ---- grants */

static struct fold_grant **
grant_slot(const struct fold *f, const char *id)
{
	struct fold_grant *const *s = &f->grants[bucket(id)];

	while (*s != NULL && strcmp((*s)->grant.id, id) != 0)
		s = &(*s)->next;
	return (struct fold_grant **)s;
}

static int
grant_open(struct fold *f, struct fold_fields *in, uint64_t seq)
{
	struct fold_grant *g = calloc(1, sizeof(*g));
	struct fold_grant **slot;

	if (g == NULL)
		return GW_ENOMEM;
	fold_read_grant(in, &g->grant);
	fold_text(in, EF_KEY_FP, false, g->key_fp, sizeof(g->key_fp));
	g->state = GRANT_INTENT;
	g->seq = seq;
	if (in->bad || (!grant_ok(&g->grant) && !FAULT(fold_bad)) ||
	    *(slot = grant_slot(f, g->grant.id)) != NULL) {
		free(g);
		return GW_EPROTO;
	}
	*slot = g;
	return 0;
}

static int
grant_close(struct fold *f, struct fold_fields *in)
{
	struct fold_grant **slot = grant_slot(f, fold_str(in, EF_GRANT, true));
	struct fold_grant *g = *slot;

	if (g == NULL)
		return GW_EPROTO;
	*slot = g->next;
	free(g);
	return 0;
}

/* That it is to last longer: not in force yet, and in place of an earlier one
 * that never was. */
static int
grant_extend_wanted(struct fold *f, struct fold_fields *in)
{
	struct fold_grant *g = *grant_slot(f, fold_str(in, EF_GRANT, true));
	const int64_t s = fold_num(in, EF_SECONDS, LIMIT_GRANT_MAX_S);
	struct grant longer;

	if (in->bad || g == NULL || s == 0)
		return GW_EPROTO;
	longer = g->grant;
	grant_extend(&longer, s * 1000);
	if (!grant_ok(&longer))
		return GW_EPROTO;
	if (FAULT(extend_at_once))
		g->grant = longer;
	else
		g->longer_ms = s * 1000;
	return 0;
}

/* The firewall's word; it may come after the close, and then means nothing. If
 * it is of the end that was wanted, that is the end. */
static void
grant_applied(struct fold *f, struct fold_fields *in)
{
	struct fold_grant *g = *grant_slot(f, fold_str(in, EF_GRANT, false));
	struct grant longer;

	if (g == NULL)
		return;
	g->state = GRANT_ACTIVE;
	if (g->longer_ms == 0)
		return;
	longer = g->grant;
	grant_extend(&longer, g->longer_ms);
	if (fold_num_if_any(in, EF_END_BOOT) != grant_shut_boot_ms(&longer) &&
	    !FAULT(extend_early))
		return;
	g->grant = longer;
	g->longer_ms = 0;
}

/* ---- legs */

static struct fold_leg **
leg_slot(const struct fold *f, const char *sid)
{
	struct fold_leg *const *s = &f->legs[bucket(sid)];

	while (*s != NULL && strcmp((*s)->sid, sid) != 0)
		s = &(*s)->next;
	return (struct fold_leg **)s;
}

static int
leg_open(struct fold *f, struct fold_fields *in, uint64_t seq)
{
	struct fold_leg *l = calloc(1, sizeof(*l));
	struct fold_leg **slot;

	if (l == NULL)
		return GW_ENOMEM;
	fold_read_leg(in, l);
	l->seq = seq;
	if (in->bad || !fold_leg_ok(l) ||
	    *(slot = leg_slot(f, l->sid)) != NULL) {
		free(l);
		return GW_EPROTO;
	}
	*slot = l;
	return 0;
}

static int
leg_close(struct fold *f, struct fold_fields *in)
{
	struct fold_leg **slot = leg_slot(f, fold_str(in, EF_SID, true));
	struct fold_leg *l = *slot;

	if (l == NULL)
		return GW_EPROTO;
	*slot = l->next;
	free(l);
	return 0;
}

/* ---- the clock */

const struct fold_clock *
fold_clock(const struct fold *f)
{
	return &f->clock;
}

static void
rebase(const struct fold *f, struct grant *g, const struct logtime *now,
    const char *boot_id)
{
	const struct now utc = {.utc_ms = now->utc_ms, .boot_ms = now->boot_ms};
	int64_t left = grant_left_ms(g, &utc, boot_id);
	int64_t was = g->end_boot_ms - f->clock.at.boot_ms;

	if (strcmp(g->boot_id, f->clock.boot) == 0 && was < left &&
	    !FAULT(left_by_utc))
		left = was;
	if (left < 0 || (now->behind_ms > 0 && !FAULT(clock_doubt)))
		left = 0;
	if (now->utc_ms + left > g->start_ms && /* as it must be */
	    g->end_ms > now->utc_ms + left && left > 0)
		g->end_ms = now->utc_ms + left;
	g->end_boot_ms = now->boot_ms + left;
	if (str_copy(g->boot_id, sizeof(g->boot_id), boot_id) != 0)
		g->end_boot_ms = 0; /* over */
}

void
fold_rebase(struct fold *f, const struct logtime *now, const char *boot_id)
{
	for (size_t i = 0; i < FOLD_PARTS; i++) {
		for (struct fold_grant *g = f->grants[i]; g != NULL;
		     g = g->next)
			if (boot_id[0] != '\0' &&
			    strcmp(g->grant.boot_id, boot_id) != 0) {
				g->longer_ms = 0; /* nobody applies it now */
				rebase(f, &g->grant, now, boot_id);
			}
		for (struct fold_leg *l = f->legs[i]; l != NULL; l = l->next)
			l->start_boot_ms = 0;
	}
}

/* Times of when the log was ahead are those of the host again. */
static void
shift(struct fold *f, const struct logtime *now)
{
	for (size_t i = 0; i < FOLD_PARTS; i++) {
		for (struct fold_grant *g = f->grants[i]; g != NULL;
		     g = g->next)
			grant_shift(&g->grant, now->utc_ms, now->behind_ms);
		for (struct fold_leg *l = f->legs[i]; l != NULL; l = l->next)
			if (l->start_ms > now->utc_ms &&
			    l->start_ms > now->behind_ms)
				l->start_ms -= now->behind_ms;
	}
}

/* A record that says how the clocks were. */
static int
clock_read(struct fold *f, const struct record *r, struct fold_fields *in)
{
	struct logtime now = {.utc_ms = r->time_ms,
	    .boot_ms = fold_num_if_any(in, EF_UPTIME),
	    .behind_ms = fold_num_if_any(in, EF_BEHIND)};

	if (in->bad || r->origin != PROC_NOTARY)
		return GW_EPROTO;
	if (now.boot_ms == 0)
		return 0; /* of an older version */
	if (r->event == EV_CLOCK_BOOT || r->event == EV_CLOCK_BOOT_BEHIND) {
		fold_rebase(f, &now, r->boot);
		if (now.behind_ms > 0)
			f->clock.doubt_seq = r->seq;
	}
	if (r->event == EV_CLOCK_SET) {
		shift(f, &now);
		now.behind_ms = 0;
	}
	f->clock.at = now;
	memcpy(f->clock.boot, r->boot, sizeof(f->clock.boot));
	return 0;
}

/* ---- TOTP steps */

static int
step_used(struct fold *f, struct fold_fields *in)
{
	const char *user = fold_str(in, EF_USER, true);
	const char *factor = fold_str(in, EF_FACTOR, false);
	int64_t step = fold_num(in, EF_STEP, LIMIT_NUMBER_MAX);

	if (in->bad || !str_name_ok(user))
		return GW_EPROTO;
	return steps_use(f->steps, user, factor, step);
}

/* ---- what sessions began */

static uint64_t
count(struct fold_fields *f, enum event_field_id id)
{
	const json_t *v = json_object_get(f->o, event_field_name(id));

	return json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v) : 0;
}

/* Of starts and ends: whatever a record lacks, an older version may have left
 * out; it is about nothing then. */
static int
part_of_session(struct fold *f, const struct record *r, struct fold_fields *in)
{
	const char *sid = fold_str(in, EF_SID, false);
	const char *file = fold_str(in, EF_FILE, false);
	const uint32_t channel = (uint32_t)count(in, EF_CHANNEL);
	const struct fold_leg *l = *leg_slot(f, sid);

	if (in->bad || sid[0] == '\0' || strlen(file) >= UNENDED_FILE_SIZE)
		return 0;
	switch (r->event) {
	case EV_SESSION_CHANNEL_END:
		unended_end(f->unended, sid, UNENDED_CHANNEL, channel, NULL);
		return 0;
	case EV_RECORDING_START:
		return unended_begin(
		    f->unended, l, sid, UNENDED_RECORDING, channel, file);
	case EV_RECORDING_END:
		unended_end(f->unended, sid, UNENDED_RECORDING, channel, file);
		return 0;
	case EV_FLOW_END:
		unended_counted(f->unended, sid, count(in, EF_BYTES_IN),
		    count(in, EF_BYTES_OUT));
		return 0;
	default: /* a program: channels count from 1 */
		return channel == 0 ? 0
				    : unended_begin(f->unended, l, sid,
					  UNENDED_CHANNEL, channel, NULL);
	}
}

/* ---- records */

static int
apply(struct fold *f, const struct record *r, struct fold_fields *in)
{
	switch (r->event) {
	case EV_GRANT_OPEN:
		return grant_open(f, in, r->seq);
	case EV_GRANT_EXTEND:
		return grant_extend_wanted(f, in);
	case EV_GRANT_APPLIED:
		grant_applied(f, in);
		return 0;
	case EV_GRANT_CLOSE:
		return grant_close(f, in);
	case EV_SESSION_START:
		return leg_open(f, in, r->seq);
	case EV_SESSION_END:
		unended_over(
		    f->unended, fold_str(in, EF_SID, true), r->time_ms);
		return leg_close(f, in);
	case EV_AUTH_MFA:
		return step_used(f, in);
	case EV_CLOCK_BOOT:
	case EV_CLOCK_BOOT_BEHIND:
	case EV_CLOCK_STEP:
	case EV_CLOCK_SET:
	case EV_AUDIT_CHECKPOINT:
		return clock_read(f, r, in);
	default:
		return part_of_session(f, r, in);
	}
}

static bool
concerns(enum event_code e)
{
	return e == EV_GRANT_OPEN || e == EV_GRANT_EXTEND ||
	       e == EV_GRANT_APPLIED || e == EV_GRANT_CLOSE ||
	       e == EV_SESSION_START || e == EV_SESSION_END ||
	       e == EV_AUTH_MFA || e == EV_CLOCK_BOOT ||
	       e == EV_CLOCK_BOOT_BEHIND || e == EV_CLOCK_STEP ||
	       e == EV_CLOCK_SET || e == EV_AUDIT_CHECKPOINT ||
	       event_is_program(e) || e == EV_SESSION_CHANNEL_END ||
	       e == EV_RECORDING_START || e == EV_RECORDING_END ||
	       e == EV_FLOW_END;
}

int
fold_record(struct fold *f, const struct record *r, const void *line, size_t n)
{
	struct fold_fields in = {0};
	json_t *o;
	int e;

	if (r->origin == PROC_BROKER || r->event == EV_GRANT_OPEN ||
	    r->event == EV_GRANT_EXTEND || r->event == EV_GRANT_APPLIED ||
	    r->event == EV_GRANT_CLOSE)
		f->store_seq = r->seq;
	if (r->event == EV_RECORDING_CHUNK)
		unended_chunk(f->unended, line, n);
	if (!concerns(r->event))
		return 0;
	o = json_parse_record(line, n);
	if (o == NULL)
		return GW_EPROTO;
	in.o = o;
	e = apply(f, r, &in);
	json_decref(o);
	return e;
}

/* ---- questions */

const struct fold_grant *
fold_grant(const struct fold *f, const char *id)
{
	return *grant_slot(f, id);
}

const struct fold_leg *
fold_leg(const struct fold *f, const char *sid)
{
	return *leg_slot(f, sid);
}

static bool
same_client(const struct fold_leg *l, const struct addr *client, uint16_t port)
{
	if (l->client.family == 0 || client->family == 0)
		return l->client.family == client->family;
	return addr_equal(&l->client, client) && l->client_port == port;
}

const struct fold_leg *
fold_leg_of_conn(const struct fold *f, uint64_t conn, const struct addr *client,
    uint16_t client_port)
{
	for (size_t i = 0; i < FOLD_PARTS; i++)
		for (struct fold_leg *l = f->legs[i]; l != NULL; l = l->next)
			if (l->conn == conn &&
			    same_client(l, client, client_port))
				return l;
	return NULL;
}

bool
fold_step_used(
    const struct fold *f, const char *user, const char *factor, int64_t step)
{
	return steps_used(f->steps, user, factor, step);
}

const struct unended *
fold_unended(const struct fold *f)
{
	return f->unended;
}

uint64_t
fold_store_seq(const struct fold *f)
{
	return f->store_seq;
}

int
fold_each_grant(const struct fold *f, size_t part, fold_grant_fn *fn, void *arg)
{
	int r = 0;

	for (struct fold_grant *g = f->grants[part]; r >= 0 && g != NULL;
	     g = g->next)
		r = fn(arg, g);
	return r < 0 ? r : 0;
}

int
fold_each_leg(const struct fold *f, size_t part, fold_leg_fn *fn, void *arg)
{
	int r = 0;

	for (struct fold_leg *l = f->legs[part]; r >= 0 && l != NULL;
	     l = l->next)
		r = fn(arg, l);
	return r < 0 ? r : 0;
}
