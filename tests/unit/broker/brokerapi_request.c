/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_request - a request that others have to approve: who may say yes,
 * and once; who may say no; who opens it, and once. Each refusal of a yes is on
 * record.
 */
#include "tests/unit/broker/requestscene.h"

#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "wire/verbs.h"

/* ---- yes */

void
test_approved_by_two(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "2 of sre", NULL);
	ask(&w);
	assert_true(has(x, "\"needs\":[\"2 of sre\"]"));
	assert_true(has(x, "\"have\":0,\"want\":2"));
	/* asked again it is the one there is, and no code is burned */
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, w.id));
	assert_true(has(x, "\"already\":true"));
	/* not yet */
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_NONE, ""), 409);
	assert_int_equal(
	    approve(&w, BOB, EV_REQUEST_APPROVE, "\"by\":\"bob\""), 200);
	assert_true(has(x, "\"state\":\"pending\""));
	assert_true(has(x, "\"have\":1,\"want\":2"));
	assert_int_equal(
	    approve(&w, CAROL, EV_REQUEST_APPROVE, "\"signature\":"), 200);
	assert_true(has(x, "\"state\":\"approved\""));
	assert_int_equal(activate(&w), 201);
	assert_true(has(x, "\"already\":false"));
	/* once: what is open is open already */
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_NONE, ""), 200);
	assert_true(has(x, "\"already\":true"));
	assert_int_equal(approve(&w, BOB, EV_NONE, ""), 409);
	assert_int_equal(
	    word_of(&w, &w.key[BOB], VERB_REQUEST_DENY, EV_NONE, ""), 409);
	waits_stop(&w);
}

void
test_own_approval(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"groups\":[\"sre\"]}"),
	    200);
	ask(&w);
	assert_int_equal(word_of(&w, &x->one, VERB_REQUEST_APPROVE,
			     EV_REQUEST_APPROVE_DENIED, "\"reason\":\"own\""),
	    403);
	/* nor with another key of theirs */
	assert_int_equal(word_of(&w, &x->two, VERB_REQUEST_APPROVE,
			     EV_REQUEST_APPROVE_DENIED, "\"reason\":\"own\""),
	    403);
	assert_true(has(x, "nobody approves their own request"));
	/* and who may is asked for a code by then */
	w.refused = true;
	send_word(&w, &w.key[BOB], VERB_REQUEST_APPROVE, w.digest, NULL);
	assert_int_equal(want_reply(x, &x->api), 401);
	assert_true(has(x, "\"code\":\"code-needed\""));
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_NONE, ""), 409);
	waits_stop(&w);
}

void
test_approved_twice(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "2 of sre", NULL);
	ask(&w);
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	assert_int_equal(
	    approve(&w, BOB, EV_REQUEST_APPROVE_DENIED, "\"reason\":\"again\""),
	    409);
	assert_true(has(x, "you have approved it already"));
	waits_stop(&w);
}

/* Who has nothing to do with it learns nothing; who may see it and is not
 * asked is refused. */
void
test_approved_by_others(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	for (enum person p = DAVE; p < PERSONS; p++)
		if (p != EVE)
			assert_int_equal(approve(&w, p, EV_NONE, ""), 404);
	assert_int_equal(
	    approve(&w, EVE, EV_REQUEST_APPROVE_DENIED, "\"reason\":\"group\""),
	    403);
	assert_int_equal(
	    word_of(&w, &w.key[FRANK], VERB_REQUEST_DENY, EV_NONE, ""), 404);
	assert_int_equal(
	    word_of(&w, &w.key[EVE], VERB_REQUEST_DENY, EV_NONE, ""), 403);
	/* it is not theirs to open, nor to give up, approved or not */
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	assert_int_equal(
	    word_of(&w, &w.key[BOB], VERB_REQUEST_ACTIVATE, EV_NONE, ""), 404);
	assert_int_equal(
	    word_of(&w, &w.key[BOB], VERB_REQUEST_CANCEL, EV_NONE, ""), 404);
	waits_stop(&w);
}

void
test_approved_unseen(void **state)
{
	struct scene *x = *state;
	struct waits w;
	char other[65];

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	memset(other, 'a', 64);
	other[64] = '\0';
	w.refused = true;
	send_word(&w, &w.key[BOB], VERB_REQUEST_APPROVE, other, NULL);
	assert_int_equal(want_reply(x, &x->api), 409);
	assert_true(has(x, "\"field\":\"revision\""));
	send_word(&w, &w.key[BOB], VERB_REQUEST_APPROVE, NULL, NULL);
	assert_int_equal(want_reply(x, &x->api), 409);
	waits_stop(&w);
}

/* The second level is asked when the first is met. */
void
test_levels(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", "1 of leads");
	ask(&w);
	assert_true(has(x, "\"asked\":\"1 of sre\""));
	assert_int_equal(approve(&w, DAVE, EV_REQUEST_APPROVE_DENIED,
			     "\"reason\":\"group\""),
	    403);
	assert_int_equal(
	    approve(&w, BOB, EV_REQUEST_APPROVE, "\"level\":1"), 200);
	assert_true(has(x, "\"asked\":\"1 of leads\""));
	assert_int_equal(approve(&w, CAROL, EV_REQUEST_APPROVE_DENIED,
			     "\"reason\":\"group\""),
	    403);
	assert_int_equal(
	    approve(&w, DAVE, EV_REQUEST_APPROVE, "\"level\":2"), 200);
	assert_true(has(x, "\"state\":\"approved\""));
	send_word(&w, &x->one, VERB_REQUEST_ACTIVATE, NULL, NULL);
	want_event(x, EV_REQUEST_ACTIVATE);
	assert_true(has(x, "\"approved_by\":\"bob dave\""));
	assert_int_equal(opens(&w), 201);
	waits_stop(&w);
}

/* ---- no */

void
test_denied(void **state)
{
	struct scene *x = *state;
	struct waits w;
	char body[64];

	waits_start(&w, x, "1 of sre", "1 of leads");
	ask(&w);
	send_word(&w, &w.key[BOB], VERB_REQUEST_DENY, NULL, "  ");
	assert_int_equal(want_reply(x, &x->api), 400);
	/* at whichever level */
	assert_int_equal(word_of(&w, &w.key[DAVE], VERB_REQUEST_DENY,
			     EV_REQUEST_DENY, "\"why\":\"as agreed\""),
	    200);
	assert_true(has(x, "\"state\":\"denied\""));
	assert_true(has(x, "\"by\":\"dave\""));
	assert_true(has(x, "\"note\":\"as agreed\""));
	assert_int_equal(approve(&w, BOB, EV_NONE, ""), 409);
	assert_true(has(x, "is denied: nothing was changed"));
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_NONE, ""), 409);
	assert_int_equal(
	    word_of(&w, &w.key[BOB], VERB_REQUEST_DENY, EV_NONE, ""), 409);
	/* an approved one too, and by root */
	ask(&w);
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	assert_int_equal(approve(&w, DAVE, EV_REQUEST_APPROVE, ""), 200);
	(void)snprintf(body, sizeof(body),
	    "{\"request\":\"%s\",\"note\":\"freeze\"}", w.id);
	assert_int_equal(
	    admin_call(x, VERB_REQUEST_DENY, EV_REQUEST_DENY, body), 200);
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_NONE, ""), 409);
	waits_stop(&w);
}

void
test_withdrawn(void **state)
{
	struct scene *x = *state;
	struct waits w;
	char first[LIMIT_ID_SIZE];

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	assert_int_equal(word_of(&w, &x->one, VERB_REQUEST_CANCEL,
			     EV_REQUEST_WITHDRAW, "\"why\":\"as agreed\""),
	    200);
	assert_true(has(x, "\"state\":\"withdrawn\""));
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_CANCEL, EV_NONE, ""), 409);
	assert_int_equal(approve(&w, BOB, EV_NONE, ""), 409);
	memcpy(first, w.id, sizeof(first));
	ask(&w);
	assert_string_not_equal(first, w.id);
	waits_stop(&w);
}

/* ---- too late */

/* As if it had waited for too long. */
static void
outdate(struct waits *w)
{
	struct store *s = NULL;
	struct request r;

	stop(w->x); /* the store has one owner at a time */
	s = store_of(w->x);
	must(store_request_get(s, w->id, &r));
	r.until_ms = clock_now().utc_ms - 1;
	must(store_request_move(s, &r, (enum request_state)r.state));
	store_close(s);
	start(w->x, NULL, 0, NULL);
}

void
test_lapsed(void **state)
{
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	outdate(&w);
	want_event(x, EV_REQUEST_LAPSE);
	assert_true(has(x, "\"reason\":\"unapproved\""));
	assert_int_equal(approve(&w, BOB, EV_NONE, ""), 409);
	assert_true(has(x, "is lapsed: nothing was changed"));
	ask(&w);
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	outdate(&w);
	/* whether that is stored yet or not */
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_ACTIVATE, EV_NONE, ""), 409);
	want_event(x, EV_REQUEST_LAPSE);
	assert_true(has(x, "\"reason\":\"unused\""));
	send_call(x, &x->admin, VERB_REQUESTS, "");
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_false(has(x, w.id));
	waits_stop(&w);
}

/* ---- what no gateway takes */

void
test_words_are_checked(void **state)
{
	static const struct {
		unsigned verb, status;
		const char *body;
	} rows[] = {
	    {VERB_REQUEST_APPROVE, 400, "{}"},
	    {VERB_REQUEST_APPROVE, 400, "{\"request\":7,\"revision\":\"a\"}"},
	    {VERB_REQUEST_APPROVE, 400,
		"{\"request\":\"r-7Q2MXK4P\",\"revision\":[]}"},
	    {VERB_REQUEST_APPROVE, 404,
		"{\"request\":\"r-7Q2MXK4P\",\"revision\":\"a\"}"},
	    {VERB_REQUEST_APPROVE, 404, "{\"request\":\"g-7Q2MXK4P\"}"},
	    {VERB_REQUEST_APPROVE, 404, "{\"request\":\"' OR 1 --\"}"},
	    {VERB_REQUEST_APPROVE, 400,
		"{\"request\":\"r-7Q2MXK4P\",\"user\":\"bob\"}"},
	    {VERB_REQUEST_DENY, 400,
		"{\"request\":\"r-7Q2MXK4P\",\"revision\":\"a\"}"},
	    {VERB_REQUEST_DENY, 404,
		"{\"request\":\"r-7Q2MXK4P\",\"note\":\"x\"}"},
	    {VERB_REQUEST_CANCEL, 404, "{\"request\":\"r-7Q2MXK4P\"}"},
	    {VERB_REQUEST_ACTIVATE, 400,
		"{\"request\":\"r-7Q2MXK4P\",\"for\":86400}"},
	    {VERB_REQUEST_ACTIVATE, 404, "{\"request\":\"r-7Q2MXK4P\"}"},
	};
	struct scene *x = *state;
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		send_signed(x, &w.key[BOB], rows[i].verb, rows[i].body);
		CHECK_ROW(
		    want_reply(x, &x->api) == rows[i].status, rows[i].body);
	}
	waits_stop(&w);
}
