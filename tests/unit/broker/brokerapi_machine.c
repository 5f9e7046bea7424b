/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_machine - a user that is a machine: active at once, by its key and
 * from its networks, without a code, by roles for machines; and what it never
 * does.
 */
#include "tests/unit/broker/requestscene.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "wire/verbs.h"

/* ci, in sre, and a role for it. */
static void
make_machine(struct scene *x, const struct key *k, const char *source)
{
	char line[256], body[1024];

	key_line(line, k);
	must(str_fmt(body, sizeof(body),
	    "{\"user\":\"ci\",\"kind\":\"machine\",\"keys\":[\"%s\"],"
	    "\"sources\":[\"%s\"],\"groups\":[\"sre\"]}",
	    line, source));
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_USER_CREATE, body), 201);
	assert_true(has(x, "\"state\":\"active\""));
	assert_true(has(x, "\"kind\":\"machine\""));
	assert_true(has(x, "\"invitation\":\"sp2:"));
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_ROLE_SET,
		"{\"role\":\"deploys\",\"users\":[\"ci\"],\"targets\":"
		"[\"web-01\"],\"logins\":[\"deploy\"],\"machine\":true,"
		"\"max\":600,\"reason\":\"optional\"}"),
	    201);
}

/* It asks, and no code is asked of it; it cannot ask elsewhere. */
void
test_machine_asks(void **state)
{
	struct scene *x = *state;
	struct msg_nt_grant_opened no = {.result = 1};
	struct key k;

	key_make(&k);
	start(x, NULL, 0, NULL);
	make_machine(x, &k, "192.0.2.0/28");
	send_signed(x, &k, VERB_REQUEST, ask_web);
	want_event(x, EV_REQUEST_CREATE);
	assert_true(has(x, "\"user\":\"ci\""));
	assert_true(has(x, "\"role\":\"deploys\""));
	no.rid = ((const struct msg_nt_grant_open *)testlink_want(
		      &x->notary, MSG_NT_GRANT_OPEN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_GRANT_OPENED, &no);
	assert_int_equal(want_reply(x, &x->api), 503);
	/* the key says who it is, and where it is says no */
	assert_int_equal(
	    admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
		"{\"user\":\"ci\",\"sources\":[\"203.0.113.0/24\"]}"),
	    200);
	send_signed(x, &k, VERB_REQUEST, ask_web);
	want_event(x, EV_API_DENIED);
	assert_true(has(x, "\"reason\":\"wrong-source\""));
	assert_true(has(x, "\"by\":\"ci\""));
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "\"code\":\"wrong-source\""));
	send_signed(x, &k, VERB_TOKEN, "{}");
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	EVP_PKEY_free(k.pkey);
	stop(x);
}

/* A body is one of a machine, or of a person. */
void
test_machine_is_whole(void **state)
{
	struct scene *x = *state;
	static const struct {
		const char *more, *field;
	} rows[] = {
	    {"\"kind\":\"machine\",\"sources\":[\"192.0.2.0/28\"]", "keys"},
	    {"\"kind\":\"machine\",\"keys\":[\"%s\"]", "sources"},
	    {"\"kind\":\"machine\",\"keys\":[\"%s\"],\"sources\":[]",
		"sources"},
	    {"\"kind\":\"machine\",\"keys\":[\"%s\"],\"sources\":[\"x\"]",
		"sources"},
	    {"\"kind\":\"machine\",\"keys\":[\"%s\"],\"sources\":"
	     "[\"192.0.2.0/28\"],\"rights\":[\"auditor\"]",
		"rights"},
	    {"\"kind\":\"robot\"", "kind"},
	    {"\"sources\":[\"192.0.2.0/28\"]", "sources"},
	};
	struct key k, other;
	char line[256], body[1024], field[64];

	key_make(&k);
	key_make(&other);
	start(x, NULL, 0, NULL);
	key_line(line, &other);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *at = strstr(rows[i].more, "%s");
		const size_t n = at != NULL ? (size_t)(at - rows[i].more)
					    : strlen(rows[i].more);

		must(str_fmt(body, sizeof(body), "{\"user\":\"m\",%.*s%s%s}",
		    (int)n, rows[i].more, at != NULL ? line : "",
		    at != NULL ? at + 2 : ""));
		must(str_fmt(
		    field, sizeof(field), "\"field\":\"%s\"", rows[i].field));
		CHECK_ROW(admin_call(x, VERB_USER_ADD, EV_NONE, body) == 400,
		    rows[i].more);
		CHECK_ROW(has(x, field), rows[i].more);
	}
	make_machine(x, &k, "192.0.2.0/28");
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_NONE,
			     "{\"user\":\"ci\",\"add_rights\":[\"admin\"]}"),
	    400);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_NONE,
			     "{\"user\":\"ci\",\"totp\":false}"),
	    400);
	/* one stays what it is */
	assert_int_equal(
	    admin_call(x, VERB_APPLY, EV_NONE,
		"{\"users\":[{\"user\":\"ci\",\"kind\":\"person\"}]}"),
	    409);
	assert_true(has(x, "ci is a machine and stays one"));
	EVP_PKEY_free(k.pkey);
	EVP_PKEY_free(other.pkey);
	stop(x);
}

/* Whatever needs a code, a right, or a say in what others ask. */
void
test_machine_decides_nothing(void **state)
{
	struct scene *x = *state;
	struct waits w;
	struct key k;

	key_make(&k);
	waits_start(&w, x, "1 of sre", NULL);
	make_machine(x, &k, "192.0.2.0/28");
	ask(&w);
	for (unsigned v = 1; v < VERB_COUNT; v++) {
		const struct verb *row = verb_get(v);
		char body[128];

		if (row->auth != AUTH_SIGNED || row->who == WHO_STRANGER ||
		    (row->who == WHO_USER && row->code < CODE_BEFORE) ||
		    (row->code == CODE_INSIDE && row->who == WHO_USER))
			continue;
		must(str_fmt(body, sizeof(body), "{\"request\":\"%s\"}", w.id));
		send_signed(x, &k, v, body);
		want_event(x, EV_API_DENIED);
		CHECK_ROW(has(x, "\"reason\":\"no-person\""), row->name);
		CHECK_ROW(want_reply(x, &x->api) == 403, row->name);
	}
	EVP_PKEY_free(k.pkey);
	waits_stop(&w);
}

/* It has no codes, and is told what to do instead. */
void
test_machine_extends_nothing(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct key k;
	char body[128];

	key_make(&k);
	start(x, NULL, 0, NULL);
	make_machine(x, &k, "192.0.2.0/28");
	stop(x);
	fold_grant(&g, k.pub.fp);
	name_set(g.grant.user, "ci");
	name_set(g.grant.role, "deploys");
	g.grant.record = 1;
	g.grant.end_ms -= 3300000;
	g.grant.end_boot_ms -= 3300000;
	start(x, &g, 1, NULL);
	must(str_fmt(
	    body, sizeof(body), "{\"grant\":\"%s\",\"for\":60}", g.grant.id));
	send_signed(x, &k, VERB_EXTEND, body);
	want_event(x, EV_GRANT_EXTEND_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "asks again"));
	/* nor does it move what is open for its other address */
	stop(x);
	must(addr_parse(&g.grant.source4, "192.0.2.9"));
	start(x, &g, 1, NULL);
	must(str_fmt(body, sizeof(body), "{\"grant\":\"%s\"}", g.grant.id));
	send_signed(x, &k, VERB_MOVE, body);
	want_event(x, EV_GRANT_MOVE_DENIED);
	assert_int_equal(want_reply(x, &x->api), 403);
	assert_true(has(x, "jitctl release"));
	stop(x);
	EVP_PKEY_free(k.pkey);
}

/* Its invitation tells it which gateway that is; there is nothing to confirm.
 */
void
test_machine_joins(void **state)
{
	struct scene *x = *state;
	struct key k;
	const char *end = NULL;
	char line[256], body[512], code[21];

	key_make(&k);
	start(x, NULL, 0, NULL);
	key_line(line, &k);
	must(str_fmt(body, sizeof(body),
	    "{\"user\":\"ci\",\"kind\":\"machine\",\"keys\":[\"%s\"],"
	    "\"sources\":[\"192.0.2.0/28\"]}",
	    line));
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_USER_CREATE, body), 201);
	end = strchr(strstr(x->text, "\"invitation\":\"sp2:") + 14, '"');
	(void)snprintf(code, sizeof(code), "%.20s", end - 20);
	must(str_fmt(body, sizeof(body), "{\"invite\":\"%s\"}", code));
	send_signed(x, &k, VERB_ENROLL, body);
	want_event(x, EV_USER_KEY);
	assert_int_equal(want_reply(x, &x->api), 200);
	assert_true(has(x, "\"state\":\"active\""));
	assert_false(has(x, "otpauth"));
	/* once */
	send_signed(x, &k, VERB_ENROLL, body);
	want_event(x, EV_INVITE_DENIED);
	assert_int_equal(want_reply(x, &x->api), 401);
	EVP_PKEY_free(k.pkey);
	stop(x);
}
