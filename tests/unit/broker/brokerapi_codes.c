/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_codes - codes: wrong ones, used ones, and that none counts past a
 * lock.
 */
#include "tests/unit/broker/brokerscene.h"

#include <string.h>

#include "base/err.h"
#include "wire/verbs.h"

static unsigned
remove_role(struct scene *x, bool with_code)
{
	struct msg_nt_mfa_burned ok = {.seq = 7};

	x->code[0] = '\0';
	if (with_code)
		fresh_code(x);
	send_signed(x, &x->one, VERB_ROLE_REMOVE, "{\"role\":\"nosuch\"}");
	if (with_code) {
		ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
			      &x->notary, MSG_NT_MFA_BURN))
			     ->rid;
		testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	}
	return want_reply(x, &x->api);
}

/* A code counts for minutes, but not past a lock. */
void
test_code_of_disabled(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	assert_int_equal(remove_role(x, false), 401);
	assert_int_equal(remove_role(x, true), 404);
	assert_int_equal(remove_role(x, false), 404);
	assert_int_equal(admin_call(x, VERB_USER_LOCK, EV_USER_UPDATE,
			     "{\"user\":\"alice\"}"),
	    200);
	assert_int_equal(admin_call(x, VERB_USER_UNLOCK, EV_USER_UPDATE,
			     "{\"user\":\"alice\"}"),
	    200);
	assert_int_equal(remove_role(x, false), 401);
	assert_true(has(x, "code-needed"));
	stop(x);
}

static void
send_code(struct scene *x, const struct key *k, bool right)
{
	fresh_code(x);
	if (!right)
		x->code[0] = x->code[0] == '9' ? '0' : (char)(x->code[0] + 1);
	send_signed(x, k, VERB_ROLE_REMOVE, "{\"role\":\"nosuch\"}");
}

/* A code by that key that gets no further than the broker. */
static void
want_refused(struct scene *x, const struct key *k, bool right, unsigned status,
    const char *text)
{
	send_code(x, k, right);
	assert_int_equal(want_reply(x, &x->api), status);
	assert_true(has(x, text));
}

static void
want_taken(struct scene *x, const struct key *k)
{
	struct msg_nt_mfa_burned ok = {.seq = 7};

	send_code(x, k, true);
	ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	assert_int_equal(want_reply(x, &x->api), 404);
}

/* The pauses of that key by now, and that all of them are over: those of
 * another boot end by UTC, and this one may have begun a minute ago. */
static void
had_wrong(struct scene *x, const struct key *k, unsigned n)
{
	const struct now long_ago = {.utc_ms = 1, .boot_ms = 1};
	struct store *s = store_of(x);
	struct tries t = {0};
	char id[LIMIT_ID_SIZE];

	while (n-- > 0)
		tries_wrong(&t, &long_ago, "another");
	must(store_id(s, STORE_USERS, "alice", id));
	must(store_tries_put(s, id, k->pub.fp, &t));
	store_close(s);
}

/* Wrong codes outlive a restart; they are a key's own up to a ceiling, and a
 * good code, or an admin, ends them. */
void
test_wrong_codes(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	for (int i = 0; i < 3; i++)
		want_refused(x, &x->one, false, 401, " left); codes");
	want_taken(x, &x->one);
	for (int i = 0; i < 4; i++)
		want_refused(x, &x->one, false, 401, " left); codes");
	stop(x);
	start(x, NULL, 0, NULL);
	want_refused(x, &x->one, false, 429,
	    "(0 tries left): codes with this key are accepted again after 2");
	want_refused(x, &x->one, true, 429, "accepted again after 2");
	stop(x);
	start(x, NULL, 0, NULL);
	want_refused(x, &x->one, true, 429, "accepted again after 2");
	want_taken(x, &x->two);
	stop(x);
	had_wrong(x, &x->one, 19);
	start(x, NULL, 0, NULL);
	want_refused(
	    x, &x->one, false, 429, "(0 tries left): ask an admin to let");
	want_refused(x, &x->one, true, 429, "ask an admin");
	want_taken(x, &x->two);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"groups\":[\"dev\"]}"),
	    200);
	want_refused(x, &x->one, true, 429, "ask an admin");
	/* asked first, nothing is done */
	assert_int_equal(admin_call(x, VERB_USER_UNLOCK, EV_NONE,
			     "{\"user\":\"alice\",\"dry_run\":true}"),
	    200);
	assert_true(has(x, "\"before\":\"refused until unlocked\""));
	want_refused(x, &x->one, true, 429, "ask an admin");
	assert_int_equal(admin_call(x, VERB_USER_UNLOCK, EV_USER_UPDATE,
			     "{\"user\":\"alice\"}"),
	    200);
	assert_true(has(x, "{\"field\":\"codes\",\"before\":\"refused until "
			   "unlocked\",\"after\":\"accepted\"}"));
	want_taken(x, &x->one);
	/* so already: nothing is changed, and nothing on record */
	assert_int_equal(
	    admin_call(x, VERB_USER_UNLOCK, EV_NONE, "{\"user\":\"alice\"}"),
	    200);
	assert_true(has(x, "\"changes\":[]"));
	stop(x);
}

static void
want_shown(struct scene *x, const char *query, const char *codes)
{
	struct msg_api_call m = {.rid = ++x->rid,
	    .verb = VERB_USERS,
	    .uid = 0,
	    .loginuid = -1,
	    .pid = -1};

	m.query.p = (const uint8_t *)query;
	m.query.len = (uint32_t)strlen(query);
	testlink_send(&x->admin, MSG_API_CALL, &m);
	assert_int_equal(want_reply(x, &x->admin), 200);
	if (!has(x, codes))
		fail_msg("not %s: %s", codes, x->text);
}

/* One user alone is shown with what wrong codes made of theirs. */
void
test_codes_are_shown(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	want_shown(x, "name=alice", "\"codes\":\"accepted\"");
	want_refused(x, &x->one, false, 401, "left");
	want_shown(x, "name=alice", "\"codes\":\"accepted, 1 wrong\"");
	for (int i = 0; i < 3; i++)
		want_refused(x, &x->one, false, 401, "left");
	want_refused(x, &x->one, false, 429, "0 tries left");
	want_shown(x, "name=alice", "\"codes\":\"paused until 2");
	assert_int_equal(admin_call(x, VERB_USERS, EV_NONE, ""), 200);
	assert_false(has(x, "\"codes\""));
	assert_int_equal(admin_call(x, VERB_USER_UNLOCK, EV_USER_UPDATE,
			     "{\"user\":\"alice\"}"),
	    200);
	assert_true(has(x, "\"before\":\"paused until 2"));
	stop(x);
}

/* Policy allowed it, which is on record; that nothing was opened is too. */
void
test_used_code_opens_nothing(void **state)
{
	struct scene *x = *state;
	struct msg_nt_grant_opened no = {.result = msg_result(GW_EDENIED)};
	char allowed[LIMIT_ID_SIZE], refused[LIMIT_ID_SIZE];

	start(x, NULL, 0, NULL);
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	want_event(x, EV_REQUEST_CREATE);
	field(x, "grant", allowed);
	no.rid = ((const struct msg_nt_grant_open *)testlink_want(
		      &x->notary, MSG_NT_GRANT_OPEN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &no);
	want_event(x, EV_REQUEST_DENIED);
	field(x, "grant", refused);
	assert_string_equal(refused, allowed);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "code-used"));
	stop(x);
}

/* The ceiling of the user; and a key that is removed takes its part along. */
void
test_wrong_codes_of_all_keys(void **state)
{
	struct scene *x = *state;
	char line[256], body[1024];

	had_wrong(x, &x->one, 36);
	had_wrong(x, &x->two, 3);
	start(x, NULL, 0, NULL);
	want_refused(
	    x, &x->two, false, 429, "(0 tries left): ask an admin to let");
	want_refused(x, &x->two, true, 429, "ask an admin");
	key_line(line, &x->two);
	(void)snprintf(
	    body, sizeof(body), "{\"user\":\"alice\",\"keys\":[\"%s\"]}", line);
	assert_int_equal(
	    admin_call(x, VERB_USER_SET, EV_USER_UPDATE, body), 200);
	want_taken(x, &x->two);
	stop(x);
}
