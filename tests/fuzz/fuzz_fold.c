/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_fold: the records of a log that somebody else may have written. What is
 * open afterwards is what a grant or a leg may be, ends, survives being written
 * and read again, and is found by its name; after a reboot nothing lasts
 * longer.
 */
#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/str.h"
#include "notary/fold.h"
#include "notary/foldrecord.h"
#include "tests/fuzz/fuzz.h"

static const char boot[] = "99999999-9999-9999-9999-999999999999";
static const struct now now = {.utc_ms = 1794000060000, .boot_ms = 5000};
static const struct logtime rebased = {
    .utc_ms = 1794000060000, .boot_ms = 5000};

/* One record with these fields, into a fold of its own. */
static void
again(struct fold *f, enum event_code event, const struct event_fields *fields)
{
	struct record r = {.event = event, .origin = PROC_BROKER};
	struct record back;
	struct buf json, line;

	strcpy(r.id, "01987654-aaaa-7bbb-8ccc-0123456789ab");
	strcpy(r.node, "gw");
	strcpy(r.boot, "b");
	buf_init(&json, LIMIT_RECORD_MAX);
	buf_init(&line, LIMIT_RECORD_MAX);
	must(event_fields_json(&json, fields->b.p, fields->b.len) == 0);
	must(record_format(&line, &r, json.p, json.len) == 0);
	must(record_parse(&back, line.p, line.len) == 0);
	must(fold_record(f, &back, line.p, line.len) == 0);
	buf_done(&json);
	buf_done(&line);
}

static void
check_elements(const struct grant *g, const char *boot_id)
{
	const int64_t life = g->end_ms - g->start_ms;
	struct element_list l, same;
	struct buf b;

	must(grant_left_ms(g, &now, boot_id) <= life);
	grant_elements(&l, g, &now, boot_id);
	for (uint32_t i = 0; i < l.n; i++)
		must(l.e[i].end_boot_ms > now.boot_ms &&
		     l.e[i].end_boot_ms <=
			 now.boot_ms + life + LIMIT_CLIENT_TAIL_S * 1000);
	buf_init(&b, LIMIT_MSG_MAX);
	element_encode(&b, &l);
	must(buf_err(&b) == 0 && element_decode(&same, b.p, b.len) == 0);
	buf_done(&b);
}

static int
check_grant(void *arg, const struct fold_grant *g)
{
	const struct fold *f = arg;
	const struct fold_grant *back;
	struct event_fields e;
	struct fold *other = NULL;

	must(fold_grant(f, g->grant.id) == g && grant_ok(&g->grant));
	must(g->state == GRANT_INTENT || g->state == GRANT_ACTIVE);
	check_elements(&g->grant, g->grant.boot_id);
	check_elements(&g->grant, boot);
	must(fold_new(&other) == 0);
	event_fields_init(&e);
	fold_grant_fields(&e, &g->grant);
	again(other, EV_GRANT_OPEN, &e);
	back = fold_grant(other, g->grant.id);
	must(back != NULL);
	must(memcmp(&back->grant, &g->grant, sizeof(g->grant)) == 0);
	event_fields_done(&e);
	fold_free(other);
	return 0;
}

static int
check_leg(void *arg, const struct fold_leg *l)
{
	const struct fold *f = arg;
	const struct fold_leg *back;
	struct event_fields e;
	struct fold *other = NULL;

	must(fold_leg(f, l->sid) == l && id_ok(l->sid, 's'));
	must(id_ok(l->grant, 'g') && str_name_ok(l->user));
	must(l->conn > 0 && l->port > 0 && l->sport > 0);
	must(l->target.family != 0 && l->gateway.family != 0);
	must(fold_leg_of_conn(f, l->conn, &l->client, l->client_port) != NULL);
	if (l->conn > LIMIT_NUMBER_MAX)
		return 0; /* an older version's: no record has it again */
	must(fold_new(&other) == 0);
	event_fields_init(&e);
	fold_leg_fields(&e, l);
	again(other, EV_SESSION_START, &e);
	back = fold_leg(other, l->sid);
	must(back != NULL && strcmp(back->grant, l->grant) == 0);
	must(addr_equal(&back->target, &l->target));
	must(addr_equal(&back->gateway, &l->gateway));
	must(back->conn == l->conn && back->start_ms == l->start_ms);
	event_fields_done(&e);
	fold_free(other);
	return 0;
}

/* The end of a grant of another boot is its time left, no more. */
static int
check_rebased(void *arg, const struct fold_grant *g)
{
	(void)arg;
	must(strcmp(g->grant.boot_id, boot) == 0);
	must(g->grant.end_boot_ms <=
		 now.boot_ms + g->grant.end_ms - g->grant.start_ms ||
	     grant_left_ms(&g->grant, &now, boot) <=
		 g->grant.end_ms - g->grant.start_ms);
	check_elements(&g->grant, boot);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fold *f = NULL;
	const uint8_t *lf;
	size_t at = 0;

	must(fold_new(&f) == 0);
	while ((lf = memchr(data + at, '\n', size - at)) != NULL) {
		const size_t n = (size_t)(lf - data) - at;
		struct record r;
		int e;

		if (record_parse(&r, data + at, n) == 0) {
			e = fold_record(f, &r, data + at, n);
			must(e == 0 || e == GW_EPROTO);
		}
		at += n + 1;
	}
	for (size_t i = 0; i < FOLD_PARTS; i++) {
		must(fold_each_grant(f, i, check_grant, f) == 0);
		must(fold_each_leg(f, i, check_leg, f) == 0);
	}
	fold_rebase(f, &rebased, boot);
	for (size_t i = 0; i < FOLD_PARTS; i++)
		must(fold_each_grant(f, i, check_rebased, f) == 0);
	(void)fold_step_used(f, "alice", "", 7);
	fold_free(f);
	return 0;
}
