/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_events - GET /v1/events: who hears of what, how many may listen,
 * and until when.
 */
#include "tests/unit/broker/requestscene.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "wire/verbs.h"

/* What comes after the event of that number; *last is the newest one then. */
static void
listen_from(struct scene *x, struct msg_api_call *m, uint64_t last)
{
	char query[40];

	(void)snprintf(
	    query, sizeof(query), "last=%llu", (unsigned long long)last);
	m->rid = ++x->rid;
	m->query.p = (const uint8_t *)query;
	m->query.len = (uint32_t)strlen(query);
	testlink_send(&x->api, MSG_API_CALL, m);
}

/* The number in the last part. */
static uint64_t
last_of(const struct scene *x)
{
	unsigned long long n = 0;
	const char *at = NULL;

	for (const char *p = x->text; (p = strstr(p, "id: ")) != NULL; p++)
		at = p;
	assert_non_null(at);
	assert_int_equal(sscanf(at, "id: %llu\n", &n), 1);
	return n;
}

static uint64_t
begin(struct scene *x, struct msg_api_call *m)
{
	listen_from(x, m, 0);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "event: ready\n"));
	return last_of(x);
}

/* Whom it concerns; by what they heard last, so that nothing is missed. */
void
test_events(void **state)
{
	struct scene *x = *state;
	struct msg_api_call bob, frank;
	char data[80];
	struct waits w;
	uint64_t last;

	waits_start(&w, x, "1 of sre", NULL);
	bob = reader(x, &w.key[BOB]);
	frank = reader(x, &w.key[FRANK]);
	last = begin(x, &bob);
	ask(&w);
	listen_from(x, &bob, last);
	assert_int_equal(want_reply(x, &x->api), 200);
	(void)snprintf(data, sizeof(data),
	    "event: request\ndata: "
	    "{\"request\":\"%s\",\"state\":\"pending\"}\n",
	    w.id);
	assert_true(has(x, data));
	assert_null(strstr(x->text, "alice"));
	listen_from(x, &frank, last);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_null(strstr(x->text, w.id));
	/* one that waits hears of it when it comes */
	last = last + 1;
	listen_from(x, &bob, last);
	assert_int_equal(
	    word_of(&w, &x->one, VERB_REQUEST_CANCEL, EV_REQUEST_WITHDRAW, ""),
	    200);
	if (!has(x, "withdrawn\"}\n"))
		assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "withdrawn"));
	/* what nobody remembers */
	listen_from(x, &bob, 7);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "event: reset\n"));
	listen_from(x, &bob, last_of(x) + 5);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "event: reset\n"));
	waits_stop(&w);
}

void
test_events_many(void **state)
{
	struct scene *x = *state;
	struct msg_api_call bob, carol;
	struct waits w;
	uint64_t last;

	waits_start(&w, x, "1 of sre", NULL);
	bob = reader(x, &w.key[BOB]);
	carol = reader(x, &w.key[CAROL]);
	last = begin(x, &bob);
	for (int i = 0; i < LIMIT_STREAMS_USER; i++)
		listen_from(x, &bob, last);
	listen_from(x, &bob, last);
	assert_int_equal(want_reply(x, &x->api), 429);
	/* another's are others; and a place is free when a part was given */
	listen_from(x, &carol, last);
	for (int i = 0; i <= LIMIT_STREAMS_USER; i++)
		assert_int_equal(want_reply(x, &x->api), 200);
	listen_from(x, &bob, last);
	assert_int_equal(want_reply(x, &x->api), 200);
	waits_stop(&w);
}

/* Who may not read any more hears no more, and gets no other stream. */
void
test_events_end(void **state)
{
	struct scene *x = *state;
	struct msg_api_call bob, carol;
	struct waits w;
	uint64_t last;

	waits_start(&w, x, "1 of sre", NULL);
	bob = reader(x, &w.key[BOB]);
	carol = reader(x, &w.key[CAROL]);
	last = begin(x, &bob);
	listen_from(x, &bob, last);
	assert_int_equal(
	    admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE,
		"{\"kind\":\"user\",\"value\":\"bob\",\"reason\":\"lost\"}"),
	    201);
	assert_int_equal(want_reply(x, &x->api), 403);
	listen_from(x, &bob, 0);
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "\"locked\""));
	listen_from(x, &carol, last);
	assert_int_equal(admin_call(x, VERB_USER_REMOVE, EV_USER_REMOVE,
			     "{\"user\":\"carol\"}"),
	    200);
	assert_int_equal(want_reply(x, &x->api), 401);
	waits_stop(&w);
}
