/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_past - history: whose it is, what is found in it, and that a chain
 * is the same from whichever end.
 */
#include "tests/unit/broker/requestscene.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "wire/json.h"
#include "wire/verbs.h"

static unsigned
look(struct scene *x, const struct msg_api_call *token, unsigned verb,
    const char *arg, const char *query)
{
	struct msg_api_call m = *token;

	m.rid = ++x->rid;
	m.verb = (uint16_t)verb;
	text_set(m.arg, sizeof(m.arg), arg);
	m.query.p = (const uint8_t *)query;
	m.query.len = (uint32_t)strlen(query);
	testlink_send(&x->api, MSG_API_CALL, &m);
	return want_reply(x, &x->api);
}

static size_t
found(struct scene *x, const struct msg_api_call *token, const char *query)
{
	json_t *o = NULL;
	size_t n;

	assert_int_equal(look(x, token, VERB_HISTORY, "", query), 200);
	assert_non_null(o = json_loads(x->text, 0, NULL));
	n = json_array_size(json_object_get(o, "items"));
	json_decref(o);
	return n;
}

/* One denied by carol, and one that bob approved, which is open. */
static void
two_requests(struct waits *w, char grant[static LIMIT_ID_SIZE])
{
	ask(w);
	assert_int_equal(word_of(w, &w->key[CAROL], VERB_REQUEST_DENY,
			     EV_REQUEST_DENY, "as agreed"),
	    200);
	ask(w);
	assert_int_equal(approve(w, BOB, EV_REQUEST_APPROVE, "success"), 200);
	assert_int_equal(activate(w), 201);
	field(w->x, "grant", grant);
}

void
test_history_is_ones_own(void **state)
{
	struct scene *x = *state;
	struct msg_api_call alice, bob, eve;
	char grant[LIMIT_ID_SIZE];
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	two_requests(&w, grant);
	alice = reader(x, &x->one);
	bob = reader(x, &w.key[BOB]);
	eve = reader(x, &w.key[EVE]);
	assert_int_equal(found(x, &bob, ""), 0);
	assert_int_equal(found(x, &bob, "user=alice"), 0);
	assert_int_equal(look(x, &bob, VERB_HISTORY_SHOW, grant, ""), 404);
	assert_int_equal(look(x, &bob, VERB_HISTORY_SHOW, w.id, ""), 404);
	assert_int_equal(found(x, &alice, ""), 2);
	assert_int_equal(found(x, &eve, ""), 2);
	assert_int_equal(look(x, &eve, VERB_HISTORY_SHOW, grant, ""), 200);
	waits_stop(&w);
}

void
test_history_is_found(void **state)
{
	static const struct {
		const char *query;
		size_t n;
	} rows[] = {{"", 2}, {"user=alice", 2}, {"user=bob", 0},
	    {"target=web-01", 2}, {"target=web-02", 0}, {"login=deploy", 2},
	    {"role=ops", 2}, {"role=none", 0}, {"state=denied", 1},
	    {"state=active", 1}, {"state=pending", 0}, {"approver=bob", 1},
	    {"approver=carol", 1}, {"approver=dave", 0}, {"since=1000", 2},
	    {"since=9000000000000", 0}, {"until=1000", 0},
	    {"until=9000000000000", 2}, {"state=denied&approver=bob", 0}};
	struct scene *x = *state;
	struct msg_api_call eve;
	char grant[LIMIT_ID_SIZE];
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	two_requests(&w, grant);
	eve = reader(x, &w.key[EVE]);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (found(x, &eve, rows[i].query) != rows[i].n)
			fail_msg("%s: %s", rows[i].query, x->text);
	assert_int_equal(look(x, &eve, VERB_HISTORY, "", "state=open"), 400);
	assert_int_equal(look(x, &eve, VERB_HISTORY, "", "since=x"), 400);
	waits_stop(&w);
}

/* The same steps from the request, from its grant, and once that has ended. */
void
test_history_chain(void **state)
{
	struct scene *x = *state;
	struct msg_api_call eve;
	char grant[LIMIT_ID_SIZE];
	struct waits w;

	waits_start(&w, x, "1 of sre", NULL);
	two_requests(&w, grant);
	eve = reader(x, &w.key[EVE]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    look(x, &eve, VERB_HISTORY_SHOW, i == 0 ? w.id : grant, ""),
		    200);
		assert_true(has(x, "\"step\":\"request\""));
		assert_true(has(x, "\"step\":\"approval\""));
		assert_true(has(x, "\"user\":\"bob\""));
		assert_true(has(x, "\"text\":\"as agreed\""));
		assert_true(has(x, "\"step\":\"grant\""));
		assert_true(has(x, w.digest));
		assert_true(has(x, grant));
		assert_false(has(x, "carol")); /* that is another one's */
	}
	assert_int_equal(
	    look(x, &eve, VERB_HISTORY_SHOW, "g-22222222", ""), 404);
	waits_stop(&w);
}
