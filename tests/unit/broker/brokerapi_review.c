/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_review - who reads a review and who answers it, until when.
 */
#include "tests/unit/broker/requestscene.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/member.h"
#include "wire/verbs.h"

/* A review of two lines, alice's and bob's, for sre to answer. */
static void
store_review(struct scene *x, const char *name, int64_t until_ms)
{
	struct store *s = store_of(x);
	struct review r = {
	    .state = REVIEWS_OPEN, .until_ms = until_ms, .lines = 2, .seq = 1};
	struct review_line l[2] = {
	    {.n = 1, .user = "alice"}, {.n = 2, .user = "bob"}};

	name_set(r.name, name);
	must(name_list_add(&r.reviewers, "sre"));
	for (int i = 0; i < 2; i++) {
		l[i].kind = REVIEW_MEMBER;
		l[i].until_ms = MEMBER_ALWAYS;
		name_set(l[i].role, "ops");
	}
	must(store_review_put(s, &r, l, 2));
	store_close(s);
}

static unsigned
answer(struct waits *w, enum person p, const char *review, const char *line,
    unsigned event, const char *part)
{
	char body[128];

	must(str_fmt(body, sizeof(body),
	    "{\"review\":\"%s\",\"lines\":[\"%s\"],\"answer\":\"remove\"}",
	    review, line));
	send_coded(w, &w->key[p], VERB_REVIEW_ANSWER, body);
	if (event != EV_NONE) {
		want_event(w->x, event);
		if (!has(w->x, part))
			fail_msg("%s: %s", part, w->x->text);
	}
	return want_reply(w->x, &w->x->api);
}

void
test_review_answers(void **state)
{
	struct scene *x = *state;
	struct msg_api_call frank;
	struct waits w;

	store_review(x, "q4", INT64_MAX / 2);
	waits_start(&w, x, "1 of sre", NULL);
	assert_int_equal(answer(&w, BOB, "q4", "2", EV_REVIEW_ANSWER_DENIED,
			     "\"reason\":\"own\""),
	    403);
	assert_int_equal(answer(&w, EVE, "q4", "1", EV_REVIEW_ANSWER_DENIED,
			     "\"reason\":\"reviewer\""),
	    403);
	assert_int_equal(answer(&w, BOB, "q4", "3", EV_NONE, ""), 404);
	assert_int_equal(answer(&w, BOB, "q4", "1", EV_REVIEW_ANSWER,
			     "\"lines\":\"1 alice ops"),
	    200);
	assert_int_equal(answer(&w, FRANK, "q4", "1", EV_NONE, ""), 404);
	frank = reader(x, &w.key[FRANK]);
	frank.rid = ++x->rid;
	frank.verb = VERB_REVIEW_SHOW;
	strcpy(frank.arg, "q4");
	testlink_send(&x->api, MSG_API_CALL, &frank);
	assert_int_equal(want_reply(x, &x->api), 404);
	waits_stop(&w);
}

void
test_review_late(void **state)
{
	struct scene *x = *state;
	struct waits w;

	store_review(x, "q3", 1000);
	waits_start(&w, x, "1 of sre", NULL);
	assert_int_equal(answer(&w, BOB, "q3", "1", EV_REVIEW_ANSWER_DENIED,
			     "\"reason\":\"late\""),
	    409);
	waits_stop(&w);
}
