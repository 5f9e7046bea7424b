/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_rights - administration is split: each right does its own verbs and
 * no others, and nobody but an admin touches who has one.
 */
#include "tests/unit/broker/requestscene.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "wire/verbs.h"

static void
give(struct waits *w, const char *user, const char *rights)
{
	char body[256];

	must(str_fmt(body, sizeof(body), "{\"user\":\"%s\",\"rights\":[%s]}",
	    user, rights));
	assert_int_equal(
	    admin_call(w->x, VERB_USER_SET, EV_USER_UPDATE, body), 200);
}

static unsigned
says(struct waits *w, enum person p, unsigned verb, const char *body)
{
	send_signed(w->x, &w->key[p], verb, body);
	return want_reply(w->x, &w->x->api);
}

/* What it may not is on record; what it may goes on to the code, or to what the
 * body says. */
void
test_rights(void **state)
{
	enum { P = 1, R = 2, U = 4 };
	static const struct {
		const char *right;
		unsigned is;
	} rights[] = {{"\"policy\"", P}, {"\"responder\"", R},
	    {"\"user-admin\"", U}, {"\"auditor\"", 0},
	    {"\"policy\",\"user-admin\"", P | U}, {"\"admin\"", P | R | U}};
	static const struct {
		unsigned verb, may;
		const char *body;
	} rows[] = {
	    {VERB_ROLE_SET, P, "{}"},
	    {VERB_ROLE_REMOVE, P, "{\"role\":\"x\"}"},
	    {VERB_TARGET_SET, P, "{}"},
	    {VERB_USER_ADD, U, "{\"user\":\"new\"}"},
	    {VERB_USER_SET, U, "{\"user\":\"bob\"}"},
	    {VERB_USER_UNLOCK, U, "{\"user\":\"bob\"}"},
	    {VERB_USER_REMOVE, U, "{\"user\":\"nobody\"}"},
	    {VERB_USER_LOCK, R | U, "{\"user\":\"nobody\"}"},
	    {VERB_APPLY, P | U, "{}"},
	    {VERB_LOCK_ADD, R, "{}"},
	    {VERB_LOCK_REMOVE, R, "{\"lock\":\"l-22222222\"}"},
	    {VERB_SESSION_KILL, R, "{\"session\":\"s-22222222\"}"},
	    {VERB_REVOKE, R, "{\"grant\":\"g-22222222\"}"},
	    {VERB_CLOCK_ACCEPT, 8, "{}"},
	};
	struct scene *x = *state;
	struct waits w;
	char what[128];

	waits_start(&w, x, "1 of sre", NULL);
	for (size_t k = 0; k < ARRAY_LEN(rights); k++) {
		give(&w, "frank", rights[k].right);
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			const bool may = (rights[k].is & rows[i].may) != 0 ||
					 strstr(rights[k].right, "admin\"") ==
					     rights[k].right + 1;

			must(str_fmt(what, sizeof(what), "%s %s",
			    rights[k].right, verb_get(rows[i].verb)->name));
			send_signed(
			    x, &w.key[FRANK], rows[i].verb, rows[i].body);
			if (!may)
				want_event(x, EV_API_DENIED);
			CHECK_ROW((want_reply(x, &x->api) != 403) == may, what);
		}
	}
	waits_stop(&w);
}

/* A user admin changes people, but none who has a right, and makes none. */
void
test_user_admin_is_no_admin(void **state)
{
	static const char *const beyond[] = {
	    "{\"user\":\"frank\",\"admin\":true}",
	    "{\"user\":\"bob\",\"auditor\":true}",
	    "{\"user\":\"bob\",\"add_rights\":[\"responder\"]}",
	    "{\"user\":\"eve\",\"totp\":false}",
	    "{\"user\":\"eve\",\"auditor\":false}",
	    "{\"user\":\"alice\",\"rights\":[]}",
	};
	struct scene *x = *state;
	struct key own;
	struct waits w;
	char line[256], body[512];

	waits_start(&w, x, "1 of sre", NULL);
	give(&w, "frank", "\"user-admin\"");
	send_coded(&w, &w.key[FRANK], VERB_USER_SET,
	    "{\"user\":\"bob\",\"add_groups\":[\"dev\"]}");
	want_event(x, EV_USER_UPDATE);
	assert_int_equal(want_reply(x, &x->api), 200);
	for (size_t i = 0; i < ARRAY_LEN(beyond); i++) {
		send_signed(x, &w.key[FRANK], VERB_USER_SET, beyond[i]);
		want_event(x, EV_API_DENIED);
		CHECK_ROW(want_reply(x, &x->api) == 403, beyond[i]);
		CHECK_ROW(has(x, "only an admin changes that"), beyond[i]);
	}
	key_make(&own);
	key_line(line, &own);
	must(str_fmt(body, sizeof(body),
	    "{\"users\":[{\"user\":\"alice\",\"keys\":[\"%s\"]}]}", line));
	send_signed(x, &w.key[FRANK], VERB_APPLY, body);
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	send_signed(x, &w.key[FRANK], VERB_USER_REMOVE, "{\"user\":\"eve\"}");
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	/* of a policy only what is theirs */
	send_signed(x, &w.key[FRANK], VERB_APPLY,
	    "{\"targets\":[{\"target\":\"new\",\"addresses\":"
	    "[\"198.51.100.9\"]}]}");
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	give(&w, "frank", "\"policy\"");
	assert_int_equal(
	    says(&w, FRANK, VERB_APPLY, "{\"targets\":[],\"roles\":[]}"), 200);
	send_signed(
	    x, &w.key[FRANK], VERB_APPLY, "{\"users\":[{\"user\":\"new\"}]}");
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	send_signed(
	    x, &w.key[FRANK], VERB_APPLY, "{\"users\":[],\"prune\":true}");
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "users: this is for"));
	/* no such right */
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_NONE,
			     "{\"user\":\"bob\",\"rights\":[\"approver\"]}"),
	    400);
	assert_true(has(x, "into a group that one names"));
	EVP_PKEY_free(own.pkey);
	waits_stop(&w);
}
