/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_overtaken - a request that others have to approve, and what changes
 * between one step of it and the next, or while a step is being written down.
 */
#include "tests/unit/broker/requestscene.h"

#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "wire/verbs.h"

static const char other_caps[] = "\"sftp\"";
static const char default_caps[] = "\"shell\",\"exec\",\"sftp\",\"pty\"";

static unsigned
root_sets(struct waits *w, const char *user_body)
{
	return admin_call(w->x, VERB_USER_SET, EV_USER_UPDATE, user_body);
}

/* Approved by bob. */
static void
begin(struct waits *w, struct scene *x)
{
	waits_start(w, x, "1 of sre", NULL);
	ask(w);
	assert_int_equal(approve(w, BOB, EV_REQUEST_APPROVE, ""), 200);
	assert_true(has(x, "\"state\":\"approved\""));
}

/* An activation that is refused, and that what is asked again is another. */
static void
want_asked_again(struct waits *w, const char *why)
{
	char first[LIMIT_ID_SIZE];

	assert_int_equal(word_of(w, &w->x->one, VERB_REQUEST_ACTIVATE,
			     EV_REQUEST_ACTIVATE_DENIED, why),
	    409);
	memcpy(first, w->id, sizeof(first));
	ask(w);
	assert_string_not_equal(first, w->id);
	assert_int_equal(approve(w, CAROL, EV_REQUEST_APPROVE, ""), 200);
	assert_int_equal(activate(w), 201);
}

/* ---- between two steps */

void
test_approver_left(void **state)
{
	struct waits w;

	begin(&w, *state);
	assert_int_equal(
	    root_sets(&w, "{\"user\":\"bob\",\"groups\":[\"dev\"]}"), 200);
	want_asked_again(&w, "\"reason\":\"approvals\"");
	waits_stop(&w);
}

/* By a lock on them, which is no state of theirs. */
void
test_approver_under_lock(void **state)
{
	struct scene *x = *state;
	struct waits w;

	begin(&w, x);
	assert_int_equal(admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE,
			     "{\"kind\":\"user\",\"value\":\"bob\"}"),
	    201);
	want_asked_again(&w, "\"reason\":\"approvals\"");
	waits_stop(&w);
}

void
test_approver_locked(void **state)
{
	struct scene *x = *state;
	struct waits w;

	begin(&w, x);
	assert_int_equal(
	    admin_call(x, VERB_USER_LOCK, EV_USER_UPDATE, "{\"user\":\"bob\"}"),
	    200);
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_ACTIVATE,
		EV_REQUEST_ACTIVATE_DENIED, "\"reason\":\"approvals\""),
	    409);
	waits_stop(&w);
}

/* The yes of one who comes back counts again, though nobody says another. */
void
test_approver_comes_back(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "2 of sre", NULL);
	ask(&w);
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	assert_int_equal(
	    root_sets(&w, "{\"user\":\"bob\",\"groups\":[\"dev\"]}"), 200);
	assert_int_equal(approve(&w, CAROL, EV_REQUEST_APPROVE, ""), 200);
	assert_true(has(x, "\"state\":\"pending\""));
	assert_int_equal(
	    root_sets(&w, "{\"user\":\"bob\",\"groups\":[\"sre\"]}"), 200);
	assert_int_equal(activate(&w), 201);
	waits_stop(&w);
}

/* Those whose yes counts are named on record, and no others. */
void
test_approvers_that_count(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "2 of sre or leads", NULL);
	ask(&w);
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	assert_int_equal(
	    root_sets(&w, "{\"user\":\"bob\",\"groups\":[\"dev\"]}"), 200);
	assert_int_equal(approve(&w, CAROL, EV_REQUEST_APPROVE, ""), 200);
	assert_int_equal(approve(&w, DAVE, EV_REQUEST_APPROVE, ""), 200);
	assert_true(has(x, "\"state\":\"approved\""));
	send_word(&w, &x->one, VERB_REQUEST_ACTIVATE, NULL, NULL);
	want_event(x, EV_REQUEST_ACTIVATE);
	assert_true(has(x, "\"approved_by\":\"carol dave\""));
	assert_int_equal(opens(&w), 201);
	waits_stop(&w);
}

void
test_role_changed(void **state)
{
	struct scene *x = *state;
	struct waits w;

	begin(&w, x);
	set_role(&w, other_caps, "\"1 of sre\"");
	want_asked_again(&w, "\"reason\":\"changed\"");
	waits_stop(&w);
}

/* What is not what they would get is not approved either. */
void
test_changed_before_approval(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	set_role(&w, other_caps, "\"1 of sre\"");
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE_DENIED,
			     "\"reason\":\"changed\""),
	    403);
	assert_int_equal(admin_call(x, VERB_ROLE_REMOVE, EV_ROLE_REMOVE,
			     "{\"role\":\"ops\"}"),
	    200);
	assert_int_equal(approve(&w, BOB, EV_NONE, ""), 404);
	waits_stop(&w);
}

/* A role that wants no approval any more makes nothing approved. */
void
test_approval_not_wanted(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	assert_int_equal(admin_call(x, VERB_REQUESTS, EV_NONE, ""), 200);
	assert_true(has(x, "\"state\":\"pending\""));
	set_role(&w, default_caps, "");
	assert_int_equal(admin_call(x, VERB_REQUESTS, EV_NONE, ""), 200);
	assert_true(has(x, "\"state\":\"changed\""));
	assert_false(has(x, "\"state\":\"approved\""));
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_ACTIVATE,
		EV_REQUEST_ACTIVATE_DENIED, "\"reason\":\"changed\""),
	    409);
	assert_true(has(x, "ask for web-01 again"));
	waits_stop(&w);
}

/* The answer is read off what was judged, not off the row. */
void
test_role_removed(void **state)
{
	struct scene *x = *state;
	struct waits w;

	begin(&w, x);
	assert_int_equal(admin_call(x, VERB_ROLE_REMOVE, EV_ROLE_REMOVE,
			     "{\"role\":\"ops\"}"),
	    200);
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_ACTIVATE,
		EV_REQUEST_ACTIVATE_DENIED, "\"reason\":\"policy\""),
	    403);
	assert_true(has(x, "\"refused\":[{\"field\":\"target\""));
	waits_stop(&w);
}

/* What is open stays, whoever of those who approved it leaves; not where more
 * of them are wanted by now. */
void
test_open_stays(void **state)
{
	struct scene *x = *state;
	struct waits w;
	char id[LIMIT_ID_SIZE];

	begin(&w, x);
	assert_int_equal(activate(&w), 201);
	field(x, "grant", id);
	assert_int_equal(
	    root_sets(&w, "{\"user\":\"bob\",\"groups\":[\"dev\"]}"), 200);
	send_call(x, &x->admin, VERB_GRANTS, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, id));
	send_call(x, &x->admin, VERB_ROLE_SET,
	    "{\"role\":\"ops\",\"users\":[\"alice\"],\"targets\":[\"web-01\"],"
	    "\"logins\":[\"deploy\"],\"max\":3600,\"record\":false,"
	    "\"allow\":[\"shell\",\"exec\",\"sftp\",\"pty\"],"
	    "\"approvals\":[\"2 of sre\"]}");
	want_event(x, EV_ROLE_SET);
	want_close(x, id, END_REVOKED);
	assert_int_equal(want_reply(x, &x->admin), 200);
	waits_stop(&w);
}

/* ---- while it is written down */

/* That word, its record not yet durable. */
static uint32_t
held(struct waits *w, const struct key *k, unsigned verb, unsigned event)
{
	send_word(w, k, verb, verb == VERB_REQUEST_APPROVE ? w->digest : NULL,
	    verb == VERB_REQUEST_DENY ? "no" : NULL);
	return hold_event(w->x, event);
}

/* It is durable by now, and came too late, which is on record. */
static void
want_late(struct waits *w, uint32_t rid, unsigned event, unsigned status)
{
	durable(w->x, rid);
	want_event(w->x, event);
	assert_true(has(w->x, "\"outcome\":\"failure\""));
	assert_true(has(w->x, "\"corrects\":"));
	assert_int_equal(want_reply(w->x, &w->x->api), status);
}

void
test_two_approve_at_once(void **state)
{
	struct scene *x = *state;
	struct waits w;
	uint32_t first, second;

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	first = held(&w, &w.key[BOB], VERB_REQUEST_APPROVE, EV_REQUEST_APPROVE);
	second =
	    held(&w, &w.key[CAROL], VERB_REQUEST_APPROVE, EV_REQUEST_APPROVE);
	durable(x, first);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"state\":\"approved\""));
	want_late(&w, second, EV_REQUEST_APPROVE, 409);
	waits_stop(&w);
}

/* One person, twice in one moment, is one. */
void
test_one_approves_twice_at_once(void **state)
{
	struct scene *x = *state;
	struct waits w;
	uint32_t first, second;

	waits_start(&w, x, "2 of sre", NULL);
	ask(&w);
	first = held(&w, &w.key[BOB], VERB_REQUEST_APPROVE, EV_REQUEST_APPROVE);
	second =
	    held(&w, &w.key[BOB], VERB_REQUEST_APPROVE, EV_REQUEST_APPROVE);
	durable(x, first);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"state\":\"pending\""));
	want_late(&w, second, EV_REQUEST_APPROVE, 409);
	waits_stop(&w);
}

/* A no is not overtaken by a yes. */
void
test_denied_while_approved(void **state)
{
	struct scene *x = *state;
	struct waits w;
	uint32_t yes, no;

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	yes = held(&w, &w.key[BOB], VERB_REQUEST_APPROVE, EV_REQUEST_APPROVE);
	no = held(&w, &w.key[CAROL], VERB_REQUEST_DENY, EV_REQUEST_DENY);
	durable(x, yes);
	assert_int_equal(want_reply(x, &x->api), 200);
	durable(x, no);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"state\":\"denied\""));
	/* and the other way round */
	ask(&w);
	yes = held(&w, &w.key[BOB], VERB_REQUEST_APPROVE, EV_REQUEST_APPROVE);
	no = held(&w, &w.key[CAROL], VERB_REQUEST_DENY, EV_REQUEST_DENY);
	durable(x, no);
	assert_int_equal(want_reply(x, &x->api), 200);
	want_late(&w, yes, EV_REQUEST_APPROVE, 409);
	waits_stop(&w);
}

void
test_approver_locked_meanwhile(void **state)
{
	struct scene *x = *state;
	struct waits w;
	uint32_t rid;

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	rid = held(&w, &w.key[BOB], VERB_REQUEST_APPROVE, EV_REQUEST_APPROVE);
	assert_int_equal(
	    admin_call(x, VERB_USER_LOCK, EV_USER_UPDATE, "{\"user\":\"bob\"}"),
	    200);
	want_late(&w, rid, EV_REQUEST_APPROVE, 409);
	rid = held(&w, &w.key[CAROL], VERB_REQUEST_APPROVE, EV_REQUEST_APPROVE);
	assert_int_equal(
	    root_sets(&w, "{\"user\":\"carol\",\"groups\":[\"dev\"]}"), 200);
	want_late(&w, rid, EV_REQUEST_APPROVE, 409);
	waits_stop(&w);
}

void
test_opened_twice_at_once(void **state)
{
	struct scene *x = *state;
	struct waits w;
	uint32_t first, second;

	begin(&w, x);
	first = held(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_REQUEST_ACTIVATE);
	second = held(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_REQUEST_ACTIVATE);
	durable(x, first);
	assert_int_equal(opens(&w), 201);
	want_late(&w, second, EV_REQUEST_ACTIVATE, 409);
	waits_stop(&w);
}

/* What opens is what was approved, by those who may, up to the last moment. */
void
test_changed_while_opening(void **state)
{
	struct scene *x = *state;
	struct waits w;
	uint32_t rid;

	begin(&w, x);
	rid = held(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_REQUEST_ACTIVATE);
	set_role(&w, other_caps, "\"1 of sre\"");
	want_late(&w, rid, EV_REQUEST_ACTIVATE, 403);
	ask(&w);
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	rid = held(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_REQUEST_ACTIVATE);
	assert_int_equal(
	    root_sets(&w, "{\"user\":\"bob\",\"groups\":[\"dev\"]}"), 200);
	want_late(&w, rid, EV_REQUEST_ACTIVATE, 403);
	waits_stop(&w);
}

void
test_denied_while_opening(void **state)
{
	struct scene *x = *state;
	struct waits w;
	uint32_t rid;

	begin(&w, x);
	rid = held(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_REQUEST_ACTIVATE);
	assert_int_equal(
	    word_of(&w, &w.key[CAROL], VERB_REQUEST_DENY, EV_REQUEST_DENY, ""),
	    200);
	want_late(&w, rid, EV_REQUEST_ACTIVATE, 409);
	waits_stop(&w);
}

/* What did not open may be tried again. */
void
test_no_door_is_given_back(void **state)
{
	struct scene *x = *state;
	struct waits w;
	struct msg_nt_grant_opened failed = {.result = msg_result(GW_ESYS)};

	begin(&w, x);
	send_word(&w, &x->one, VERB_REQUEST_ACTIVATE, NULL, NULL);
	want_event(x, EV_REQUEST_ACTIVATE);
	failed.rid = ((const struct msg_nt_grant_open *)testlink_want(
			  &x->notary, MSG_NT_GRANT_OPEN))
			 ->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &failed);
	assert_int_equal(want_reply(x, &x->api), 503);
	assert_int_equal(activate(&w), 201);
	waits_stop(&w);
}

/* Alike, or too many, in one moment: there is one of them. */
void
test_asked_twice_at_once(void **state)
{
	struct scene *x = *state;
	struct waits w;
	uint32_t first, second;

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_CANCEL, EV_REQUEST_WITHDRAW, ""),
	    200);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	first = hold_event(x, EV_REQUEST_PENDING);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	second = hold_event(x, EV_REQUEST_PENDING);
	durable(x, first);
	assert_int_equal(want_reply(x, &x->api), 202);
	want_late(&w, second, EV_REQUEST_PENDING, 409);
	waits_stop(&w);
}
