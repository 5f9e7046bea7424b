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
	uint32_t h = 2166136261U; /* FNV-1a */

	for (; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 16777619U;
	return h % FOLD_PARTS;
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

/* ---- fields of a record */

struct fields {
	const json_t *o;
	bool bad; /* sticky */
};

static const char *
str(struct fields *f, enum event_field_id id, bool required)
{
	const json_t *v = json_object_get(f->o, event_field_name(id));

	if (v == NULL) {
		f->bad = f->bad || required;
		return "";
	}
	/* what names something has no NUL in it */
	if (!json_is_string(v) ||
	    strlen(json_string_value(v)) != json_string_length(v)) {
		f->bad = true;
		return "";
	}
	return json_string_value(v);
}

static void
text(struct fields *f, enum event_field_id id, bool required, char *ret,
    size_t size)
{
	if (str_copy(ret, size, str(f, id, required)) < 0)
		f->bad = true;
}

static int64_t
num(struct fields *f, enum event_field_id id, int64_t max)
{
	const json_t *v = json_object_get(f->o, event_field_name(id));
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || n > max) {
		f->bad = true;
		return 0;
	}
	return n;
}

static int64_t
num_if_any(struct fields *f, enum event_field_id id)
{
	return json_object_get(f->o, event_field_name(id)) == NULL
		   ? 0
		   : num(f, id, LIMIT_NUMBER_MAX);
}

static void
address(
    struct fields *f, enum event_field_id id, bool required, struct addr *ret)
{
	const char *s = str(f, id, required);

	if (*s != '\0' && addr_parse(ret, s) < 0)
		f->bad = true;
}

/* ---- grants */

void
fold_grant_fields(struct event_fields *out, const struct grant *g)
{
	char a[ADDR_TEXT_SIZE];
	const struct {
		enum event_field_id id;
		const struct addr *addr;
	} addrs[] = {{EF_SRC, &g->source4}, {EF_SRC6, &g->source6},
	    {EF_DST, &g->addr4}, {EF_DST6, &g->addr6}};

	event_str(out, EF_USER, g->user);
	event_str(out, EF_USER_ID, g->user_id);
	event_str(out, EF_TARGET, g->target);
	event_str(out, EF_TARGET_ID, g->target_id);
	event_str(out, EF_LOGIN, g->login);
	event_str(out, EF_ROLE, g->role);
	event_str(out, EF_ROLE_ID, g->role_id);
	event_str(out, EF_REQ, g->req);
	event_str(out, EF_GRANT, g->id);
	for (size_t i = 0; i < ARRAY_LEN(addrs); i++) {
		if (addrs[i].addr->family == 0)
			continue;
		addr_format(a, addrs[i].addr);
		event_str(out, addrs[i].id, a);
	}
	event_num(out, EF_DST_PORT, g->port);
	event_num(out, EF_OWN_PORT, g->own_port);
	event_str(out, EF_REACH, grant_reach_str((enum grant_reach)g->reach));
	event_num(out, EF_CAPS, g->caps);
	event_bool(out, EF_RECORD, g->record != 0);
	event_num(out, EF_START, g->start_ms);
	event_num(out, EF_END, g->end_ms);
	event_num(out, EF_END_BOOT, g->end_boot_ms);
	event_str(out, EF_BOOT_ID, g->boot_id);
	event_str(out, EF_WHY, g->reason);
}

static uint8_t
reach_parse(const char *s)
{
	for (unsigned i = REACH_PROXY; i <= REACH_PROBE; i++)
		if (strcmp(grant_reach_str((enum grant_reach)i), s) == 0)
			return (uint8_t)i;
	return REACH_NONE;
}

static void
grant_read(struct fields *f, struct grant *g)
{
	text(f, EF_GRANT, true, g->id, sizeof(g->id));
	text(f, EF_REQ, false, g->req, sizeof(g->req));
	text(f, EF_USER, true, g->user, sizeof(g->user));
	text(f, EF_TARGET, true, g->target, sizeof(g->target));
	text(f, EF_LOGIN, true, g->login, sizeof(g->login));
	text(f, EF_ROLE, false, g->role, sizeof(g->role));
	text(f, EF_USER_ID, false, g->user_id, sizeof(g->user_id));
	text(f, EF_TARGET_ID, false, g->target_id, sizeof(g->target_id));
	text(f, EF_ROLE_ID, false, g->role_id, sizeof(g->role_id));
	text(f, EF_WHY, false, g->reason, sizeof(g->reason));
	text(f, EF_BOOT_ID, true, g->boot_id, sizeof(g->boot_id));
	address(f, EF_SRC, false, &g->source4);
	address(f, EF_SRC6, false, &g->source6);
	address(f, EF_DST, false, &g->addr4);
	address(f, EF_DST6, false, &g->addr6);
	g->port = (uint16_t)num(f, EF_DST_PORT, UINT16_MAX);
	g->own_port = (uint16_t)num(f, EF_OWN_PORT, UINT16_MAX);
	g->reach = reach_parse(str(f, EF_REACH, true));
	g->caps = (uint32_t)num(f, EF_CAPS, UINT32_MAX);
	g->record = json_is_true(json_object_get(f->o, "record")) ? 1 : 0;
	g->start_ms = num(f, EF_START, INT64_MAX);
	g->end_ms = num(f, EF_END, INT64_MAX);
	g->end_boot_ms = num(f, EF_END_BOOT, INT64_MAX);
}

static struct fold_grant **
grant_slot(const struct fold *f, const char *id)
{
	struct fold_grant *const *s = &f->grants[bucket(id)];

	while (*s != NULL && strcmp((*s)->grant.id, id) != 0)
		s = &(*s)->next;
	return (struct fold_grant **)s;
}

static int
grant_open(struct fold *f, struct fields *in, uint64_t seq)
{
	struct fold_grant *g = calloc(1, sizeof(*g));
	struct fold_grant **slot;

	if (g == NULL)
		return GW_ENOMEM;
	grant_read(in, &g->grant);
	text(in, EF_KEY_FP, false, g->key_fp, sizeof(g->key_fp));
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
grant_close(struct fold *f, struct fields *in)
{
	struct fold_grant **slot = grant_slot(f, str(in, EF_GRANT, true));
	struct fold_grant *g = *slot;

	if (g == NULL)
		return GW_EPROTO;
	*slot = g->next;
	free(g);
	return 0;
}

/* The firewall's word; it may come after the close, and then means nothing. */
static void
grant_applied(struct fold *f, struct fields *in)
{
	struct fold_grant *g = *grant_slot(f, str(in, EF_GRANT, false));

	if (g != NULL)
		g->state = GRANT_ACTIVE;
}

/* ---- legs */

void
fold_leg_fields(struct event_fields *out, const struct fold_leg *l)
{
	char a[ADDR_TEXT_SIZE];

	event_str(out, EF_USER, l->user);
	event_str(out, EF_USER_ID, l->user_id);
	event_str(out, EF_TARGET, l->target_name);
	event_str(out, EF_TARGET_ID, l->target_id);
	event_str(out, EF_LOGIN, l->login);
	event_str(out, EF_REQ, l->req);
	event_str(out, EF_GRANT, l->grant);
	event_str(out, EF_SID, l->sid);
	/* an older version's numbers are more than a record may have */
	if (l->conn <= LIMIT_NUMBER_MAX)
		event_num(out, EF_CONN, (int64_t)l->conn);
	if (l->client.family != 0) {
		addr_format(a, &l->client);
		event_str(out, EF_SRC, a);
		event_num(out, EF_SRC_PORT, l->client_port);
	}
	addr_format(a, &l->target);
	event_str(out, EF_DST, a);
	event_num(out, EF_DST_PORT, l->port);
	addr_format(a, &l->gateway);
	event_str(out, EF_GATEWAY, a);
	event_num(out, EF_SPORT, l->sport);
	event_num(out, EF_START, l->start_ms);
}

static void
leg_read(struct fields *f, struct fold_leg *l)
{
	text(f, EF_SID, true, l->sid, sizeof(l->sid));
	text(f, EF_GRANT, true, l->grant, sizeof(l->grant));
	text(f, EF_REQ, false, l->req, sizeof(l->req));
	text(f, EF_USER, true, l->user, sizeof(l->user));
	text(f, EF_TARGET, true, l->target_name, sizeof(l->target_name));
	text(f, EF_LOGIN, true, l->login, sizeof(l->login));
	text(f, EF_USER_ID, false, l->user_id, sizeof(l->user_id));
	text(f, EF_TARGET_ID, false, l->target_id, sizeof(l->target_id));
	text(f, EF_KEY_FP, false, l->key_fp, sizeof(l->key_fp));
	l->conn = (uint64_t)num(f, EF_CONN, INT64_MAX);
	address(f, EF_GATEWAY, true, &l->gateway);
	address(f, EF_DST, true, &l->target);
	address(f, EF_SRC, false, &l->client);
	l->sport = (uint16_t)num(f, EF_SPORT, UINT16_MAX);
	l->port = (uint16_t)num(f, EF_DST_PORT, UINT16_MAX);
	if (l->client.family != 0)
		l->client_port = (uint16_t)num(f, EF_SRC_PORT, UINT16_MAX);
	l->start_ms = num(f, EF_START, LIMIT_NUMBER_MAX);
	l->start_boot_ms = num_if_any(f, EF_UPTIME);
}

/* As on_leg_open has it: a record that says else is not the notary's. */
static bool
leg_ok(const struct fold_leg *l)
{
	return id_ok(l->sid, 's') && id_ok(l->grant, 'g') &&
	       str_name_ok(l->user) && str_name_ok(l->target_name) &&
	       str_name_ok(l->login) && l->conn != 0 && l->port != 0 &&
	       l->sport != 0 && l->target.family != 0 &&
	       l->gateway.family == l->target.family;
}

static struct fold_leg **
leg_slot(const struct fold *f, const char *sid)
{
	struct fold_leg *const *s = &f->legs[bucket(sid)];

	while (*s != NULL && strcmp((*s)->sid, sid) != 0)
		s = &(*s)->next;
	return (struct fold_leg **)s;
}

static int
leg_open(struct fold *f, struct fields *in, uint64_t seq)
{
	struct fold_leg *l = calloc(1, sizeof(*l));
	struct fold_leg **slot;

	if (l == NULL)
		return GW_ENOMEM;
	leg_read(in, l);
	l->seq = seq;
	if (in->bad || !leg_ok(l) || *(slot = leg_slot(f, l->sid)) != NULL) {
		free(l);
		return GW_EPROTO;
	}
	*slot = l;
	return 0;
}

static int
leg_close(struct fold *f, struct fields *in)
{
	struct fold_leg **slot = leg_slot(f, str(in, EF_SID, true));
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
			    strcmp(g->grant.boot_id, boot_id) != 0)
				rebase(f, &g->grant, now, boot_id);
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
clock_read(struct fold *f, const struct record *r, struct fields *in)
{
	struct logtime now = {.utc_ms = r->time_ms,
	    .boot_ms = num_if_any(in, EF_UPTIME),
	    .behind_ms = num_if_any(in, EF_BEHIND)};

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
step_used(struct fold *f, struct fields *in)
{
	const char *user = str(in, EF_USER, true);
	const char *factor = str(in, EF_FACTOR, false);
	int64_t step = num(in, EF_STEP, LIMIT_NUMBER_MAX);

	if (in->bad || !str_name_ok(user))
		return GW_EPROTO;
	return steps_use(f->steps, user, factor, step);
}

/* ---- what sessions began */

static uint64_t
count(struct fields *f, enum event_field_id id)
{
	const json_t *v = json_object_get(f->o, event_field_name(id));

	return json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v) : 0;
}

/* Of starts and ends: whatever a record lacks, an older version may have left
 * out; it is about nothing then. */
static int
part_of_session(struct fold *f, const struct record *r, struct fields *in)
{
	const char *sid = str(in, EF_SID, false);
	const char *file = str(in, EF_FILE, false);
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
apply(struct fold *f, const struct record *r, struct fields *in)
{
	switch (r->event) {
	case EV_GRANT_OPEN:
		return grant_open(f, in, r->seq);
	case EV_GRANT_APPLIED:
		grant_applied(f, in);
		return 0;
	case EV_GRANT_CLOSE:
		return grant_close(f, in);
	case EV_SESSION_START:
		return leg_open(f, in, r->seq);
	case EV_SESSION_END:
		unended_over(f->unended, str(in, EF_SID, true), r->time_ms);
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
	return e == EV_GRANT_OPEN || e == EV_GRANT_APPLIED ||
	       e == EV_GRANT_CLOSE || e == EV_SESSION_START ||
	       e == EV_SESSION_END || e == EV_AUTH_MFA || e == EV_CLOCK_BOOT ||
	       e == EV_CLOCK_BOOT_BEHIND || e == EV_CLOCK_STEP ||
	       e == EV_CLOCK_SET || e == EV_AUDIT_CHECKPOINT ||
	       event_is_program(e) || e == EV_SESSION_CHANNEL_END ||
	       e == EV_RECORDING_START || e == EV_RECORDING_END ||
	       e == EV_FLOW_END;
}

int
fold_record(struct fold *f, const struct record *r, const void *line, size_t n)
{
	struct fields in = {0};
	json_t *o;
	int e;

	if (r->origin == PROC_BROKER || r->event == EV_GRANT_OPEN ||
	    r->event == EV_GRANT_APPLIED || r->event == EV_GRANT_CLOSE)
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
