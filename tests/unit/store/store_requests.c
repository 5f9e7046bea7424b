/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_requests - requests that wait for approval: kept whole, moved from one
 * state into the next only, listed; and the approvals.
 */
#include "tests/unit/store/storescene.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/str.h"

static struct request
a_request(const char *id, int64_t created_ms)
{
	struct request r = {.port = 2222,
	    .seconds = 3600,
	    .use_within_s = 600,
	    .state = REQUEST_PENDING,
	    .created_ms = created_ms,
	    .until_ms = created_ms + 1000,
	    .seq = 7};

	text_set(r.id, sizeof(r.id), id);
	name_set(r.user, "alice");
	text_set(r.user_id, sizeof(r.user_id), "u-22222222");
	name_set(r.target, "web-01");
	text_set(r.target_id, sizeof(r.target_id), "t-22222222");
	name_set(r.login, "deploy");
	name_set(r.role, "ops");
	text_set(r.reason, sizeof(r.reason), "why; \"quoted\"'");
	must(addr_parse(&r.source4, "198.51.100.7"));
	memset(r.revision, 'x', sizeof(r.revision) - 1);
	memset(r.digest, 'd', sizeof(r.digest) - 1);
	return r;
}

static void
want_same(const struct request *a, const struct request *b)
{
	assert_string_equal(a->id, b->id);
	assert_string_equal(a->user, b->user);
	assert_string_equal(a->user_id, b->user_id);
	assert_string_equal(a->target, b->target);
	assert_string_equal(a->target_id, b->target_id);
	assert_string_equal(a->login, b->login);
	assert_string_equal(a->role, b->role);
	assert_string_equal(a->reason, b->reason);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->seconds, b->seconds);
	assert_int_equal(a->use_within_s, b->use_within_s);
	assert_true(addr_equal(&a->source4, &b->source4));
	assert_int_equal(a->source6.family, b->source6.family);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->created_ms, b->created_ms);
	assert_int_equal(a->until_ms, b->until_ms);
	assert_string_equal(a->grant, b->grant);
	assert_string_equal(a->by, b->by);
	assert_string_equal(a->note, b->note);
	assert_string_equal(a->revision, b->revision);
	assert_string_equal(a->digest, b->digest);
	assert_int_equal(a->seq, b->seq);
}

/* The longest revision there is, over a restart. */
void
test_requests(void **state)
{
	struct place *p = *state;
	const struct request r = a_request("r-22222222", 5000);
	struct request got;

	assert_int_equal(
	    store_request_get(p->store, "r-22222222", &got), GW_ENOENT);
	assert_int_equal(got.state, REQUEST_NONE);
	must(store_request_put(p->store, &r));
	assert_int_equal(store_request_put(p->store, &r), GW_EEXIST);
	reopen(p);
	must(store_request_get(p->store, "r-22222222", &got));
	want_same(&got, &r);
}

void
test_requests_move(void **state)
{
	struct place *p = *state;
	struct request r = a_request("r-22222222", 5000), got;

	assert_int_equal(
	    store_request_move(p->store, &r, REQUEST_PENDING), GW_ESTATE);
	must(store_request_put(p->store, &r));
	r.state = REQUEST_APPROVED;
	r.until_ms = 9000;
	r.seq = 8;
	name_set(r.by, "bob");
	assert_int_equal(
	    store_request_move(p->store, &r, REQUEST_APPROVED), GW_ESTATE);
	must(store_request_move(p->store, &r, REQUEST_PENDING));
	/* once */
	assert_int_equal(
	    store_request_move(p->store, &r, REQUEST_PENDING), GW_ESTATE);
	must(store_request_get(p->store, "r-22222222", &got));
	want_same(&got, &r);
	r.state = REQUEST_ACTIVE;
	text_set(r.grant, sizeof(r.grant), "g-22222222");
	text_set(r.note, sizeof(r.note), "ok");
	must(store_request_move(p->store, &r, REQUEST_APPROVED));
	/* what it is for is not moved */
	name_set(r.login, "root");
	r.state = REQUEST_DENIED;
	assert_int_equal(
	    store_request_move(p->store, &r, REQUEST_APPROVED), GW_ESTATE);
	must(store_request_get(p->store, "r-22222222", &got));
	assert_int_equal(got.state, REQUEST_ACTIVE);
	assert_string_equal(got.login, "deploy");
	assert_string_equal(got.grant, "g-22222222");
	assert_string_equal(got.note, "ok");
}

static void
note_id(void *arg, const struct request *r)
{
	char *ids = arg;

	(void)snprintf(ids + strlen(ids), 64 - strlen(ids), "%c", r->id[9]);
}

static void
want_waiting(struct store *s, const char *user_id, const char *want)
{
	char ids[64] = "";

	must(store_request_waiting(s, user_id, note_id, ids));
	assert_string_equal(ids, want);
}

static void
want_over(struct store *s, const char *user_id, int64_t created_ms,
    const char *id, unsigned max, const char *want)
{
	char ids[64] = "";

	must(store_request_over(s, user_id, created_ms, id, max, note_id, ids));
	assert_string_equal(ids, want);
}

static void
want_due(struct store *s, int64_t utc_ms, const char *want)
{
	char id[LIMIT_NAME_SIZE];
	const int r = store_request_due(s, utc_ms, id);

	assert_int_equal(r, want == NULL ? GW_ENOENT : 0);
	if (want != NULL)
		assert_string_equal(id, want);
}

/* Newest first; of one time by id. */
void
test_requests_listed(void **state)
{
	struct place *p = *state;
	struct store *s = p->store;
	char id[LIMIT_ID_SIZE];

	for (unsigned i = 2; i < 8; i++) {
		struct request r;

		must(str_fmt(id, sizeof(id), "r-2222222%u", i));
		r = a_request(id, i < 7 ? i * 1000 : 6000);
		r.state =
		    (uint8_t)(i % 2 == 0 ? REQUEST_PENDING : REQUEST_DENIED);
		if (i == 4) {
			r.state = REQUEST_APPROVED;
			r.until_ms = 2500;
		}
		if (i < 4)
			text_set(r.user_id, sizeof(r.user_id), "u-33333333");
		must(store_request_put(s, &r));
	}
	want_waiting(s, NULL, "642");
	want_waiting(s, "u-22222222", "64");
	want_waiting(s, "u-44444444", "");
	want_over(s, NULL, INT64_MAX, "", 10, "753");
	want_over(s, NULL, INT64_MAX, "", 2, "75");
	want_over(s, "u-33333333", INT64_MAX, "", 10, "3");
	want_over(s, NULL, 6000, "r-22222227", 10, "53");
	want_over(s, NULL, 6000, "r-22222228", 10, "753");
	want_over(s, NULL, 3000, "", 10, "");
	want_due(s, 2499, NULL);
	want_due(s, 2500, "r-22222224");
	want_due(s, INT64_MAX, "r-22222224");
}

struct seen {
	unsigned n;
	char text[256];
};

static void
note_approval(void *arg, const struct approval_row *a)
{
	struct seen *x = arg;

	(void)snprintf(x->text + strlen(x->text),
	    sizeof(x->text) - strlen(x->text), "%s%s@%u", x->n++ > 0 ? " " : "",
	    a->user, (unsigned)a->level);
	for (unsigned i = 0; i < a->groups.n; i++)
		(void)snprintf(x->text + strlen(x->text),
		    sizeof(x->text) - strlen(x->text), "%s%s",
		    i > 0 ? "+" : ":", a->groups.name[i]);
}

void
test_approvals(void **state)
{
	struct place *p = *state;
	const struct request r = a_request("r-22222222", 5000);
	struct approval_row a = {.level = 1, .at_ms = 6000, .seq = 9};
	struct seen x = {0};

	name_set(a.user, "bob");
	text_set(a.request, sizeof(a.request), "r-22222222");
	text_set(a.user_id, sizeof(a.user_id), "u-66666666");
	must(name_list_add(&a.groups, "sre"));
	must(name_list_add(&a.groups, "leads"));
	/* of a request that is there */
	assert_int_not_equal(store_approval_put(p->store, &a), 0);
	must(store_request_put(p->store, &r));
	must(store_approval_put(p->store, &a));
	/* one of each */
	a.level = 2;
	assert_int_equal(store_approval_put(p->store, &a), GW_EEXIST);
	name_set(a.user, "carol");
	text_set(a.user_id, sizeof(a.user_id), "u-55555555");
	a.groups.n = 0;
	a.seq = 10;
	must(store_approval_put(p->store, &a));
	reopen(p);
	must(store_approval_each(p->store, "r-22222222", note_approval, &x));
	assert_string_equal(x.text, "bob@1:leads+sre carol@2");
	must(store_approval_each(p->store, "r-33333333", note_approval, &x));
	assert_int_equal(x.n, 2);
}

/* Each step names its record: a store that is ahead of the log is told by it.
 */
void
test_requests_seq(void **state)
{
	struct place *p = *state;
	struct request r = a_request("r-22222222", 5000);
	struct approval_row a = {.level = 1, .seq = 9};
	uint64_t seq = 0;

	must(store_request_put(p->store, &r));
	must(store_seq(p->store, &seq));
	assert_int_equal(seq, 7);
	text_set(a.request, sizeof(a.request), "r-22222222");
	must(store_approval_put(p->store, &a));
	must(store_seq(p->store, &seq));
	assert_int_equal(seq, 9);
	r.seq = 12;
	must(store_request_move(p->store, &r, REQUEST_PENDING));
	must(store_seq(p->store, &seq));
	assert_int_equal(seq, 12);
}
