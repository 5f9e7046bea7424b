/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_upload - a policy that comes in parts: what is in force is what was
 * signed for, all of it, once, by whoever brought it; and what is refused, on
 * record.
 */
#include "tests/unit/broker/brokerscene.h"

#include <jansson.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "wire/verbs.h"

struct upload_scene {
	char id[LIMIT_ID_SIZE];
	char digest[65];
};

static const char role_lines[] =
    "{\"users\":null}\n"
    "{\"roles\":{\"role\":\"r1\",\"users\":[\"alice\"],\"targets\":"
    "[\"web-01\"],\"logins\":[\"deploy\"]}}\n"
    "{\"roles\":{\"role\":\"r2\",\"users\":[\"alice\"],\"targets\":"
    "[\"web-01\"],\"logins\":[\"deploy\"]}}\n";

static void
digest_of(char ret[static 65], const char *text, size_t n)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	(void)SHA256((const unsigned char *)text, n, digest);
	str_hex(ret, digest, sizeof(digest));
}

static void
upload_body(char ret[static 256], size_t size, const char *digest)
{
	must(str_fmt(
	    ret, 256, "{\"size\":%zu,\"sha256\":\"%s\"}", size, digest));
}

/* By root, of that size, as if it were that text. */
static void
open_upload(
    struct scene *x, struct upload_scene *u, const char *text, size_t size)
{
	char body[256];

	digest_of(u->digest, text, strlen(text));
	upload_body(body, size, u->digest);
	assert_int_equal(
	    admin_call(x, VERB_POLICY_UPLOAD, EV_POLICY_UPLOAD, body), 201);
	field(x, "upload", u->id);
}

static unsigned
put_part(struct scene *x, const struct upload_scene *u, size_t at,
    const char *p, size_t n, unsigned event)
{
	const size_t size = str_b64_size(n) + 256;
	char *data = malloc(size), *body = malloc(size);
	unsigned status;

	assert_non_null(data);
	assert_non_null(body);
	str_b64(data, (const uint8_t *)p, n);
	must(str_fmt(body, size,
	    "{\"upload\":\"%s\",\"offset\":%zu,\"data\":\"%s\"}", u->id, at,
	    data));
	status = admin_call(x, VERB_POLICY_PUT, event, body);
	free(data);
	free(body);
	return status;
}

static void
commit_body(char ret[static 256], const struct upload_scene *u, bool dry)
{
	must(str_fmt(ret, 256,
	    "{\"upload\":\"%s\",\"sha256\":\"%s\",\"dry_run\":%s}", u->id,
	    u->digest, dry ? "true" : "false"));
}

static unsigned
commit(struct scene *x, const struct upload_scene *u, unsigned event, bool dry)
{
	char body[256];

	commit_body(body, u, dry);
	return admin_call(x, VERB_APPLY, event, body);
}

static void
whole(struct scene *x, struct upload_scene *u, const char *text)
{
	const size_t n = strlen(text), half = n / 2;

	open_upload(x, u, text, n);
	assert_int_equal(put_part(x, u, 0, text, half, EV_NONE), 200);
	assert_int_equal(
	    put_part(x, u, half, text + half, n - half, EV_NONE), 200);
}

static size_t
roles(struct scene *x)
{
	json_t *list = NULL;
	size_t n;

	assert_int_equal(admin_call(x, VERB_ROLES, EV_NONE, ""), 200);
	list = json_loads(x->text, 0, NULL);
	n = json_array_size(json_object_get(list, "items"));
	json_decref(list);
	return n;
}

void
test_upload(void **state)
{
	struct scene *x = *state;
	struct upload_scene u;
	const char *at = NULL;
	char body[256];
	size_t before;

	start(x, NULL, 0, NULL);
	before = roles(x);
	whole(x, &u, role_lines);
	assert_int_equal(commit(x, &u, EV_NONE, true), 200);
	assert_true(has(x, "\"new\""));
	assert_int_equal(roles(x), before);
	/* as it was signed for, on record, before anything is done */
	commit_body(body, &u, false);
	send_call(x, &x->admin, VERB_APPLY, body);
	want_event(x, EV_POLICY_PART);
	assert_true(has(x, u.digest));
	at = strstr(x->text, "\\\"role\\\":\\\"r1\\\"");
	assert_non_null(at);
	want_event(x, EV_POLICY_APPLY);
	assert_true(has(x, u.digest));
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"applied\":true"));
	assert_int_equal(roles(x), before + 2);
	/* once */
	assert_int_equal(commit(x, &u, EV_API_DENIED, false), 404);
	stop(x);
}

void
test_upload_refused(void **state)
{
	struct scene *x = *state;
	struct upload_scene u;
	const size_t n = sizeof(role_lines) - 1;
	char body[256], other[65];
	size_t before;

	start(x, NULL, 0, NULL);
	before = roles(x);
	/* more than a gateway takes */
	digest_of(other, "x", 1);
	upload_body(body, LIMIT_UPLOAD_MAX + 1, other);
	assert_int_equal(
	    admin_call(x, VERB_POLICY_UPLOAD, EV_API_DENIED, body), 413);
	/* parts that are missing, elsewhere, or more than there should be */
	open_upload(x, &u, role_lines, n);
	assert_int_equal(put_part(x, &u, 0, role_lines, 50, EV_NONE), 200);
	assert_int_equal(commit(x, &u, EV_API_DENIED, false), 409);
	assert_true(has(x, "incomplete"));
	assert_int_equal(
	    put_part(x, &u, 60, role_lines + 60, n - 60, EV_API_DENIED), 409);
	assert_int_equal(
	    put_part(x, &u, 0, role_lines, 50, EV_API_DENIED), 409);
	assert_int_equal(
	    put_part(x, &u, 50, role_lines, n - 49, EV_API_DENIED), 413);
	/* others bytes than were signed for */
	assert_int_equal(put_part(x, &u, 50, role_lines, n - 50, EV_NONE), 200);
	assert_int_equal(commit(x, &u, EV_API_DENIED, false), 409);
	assert_true(has(x, "wrong-digest"));
	/* another digest than it was begun with */
	whole(x, &u, role_lines);
	memcpy(u.digest, other, sizeof(other));
	assert_int_equal(commit(x, &u, EV_API_DENIED, false), 409);
	assert_true(has(x, "wrong-digest"));
	assert_int_equal(roles(x), before);
	stop(x);
}

/* Somebody else's, and one that is too old. */
void
test_upload_of_others(void **state)
{
	struct scene *x = *state;
	struct upload_scene u;
	const size_t n = sizeof(role_lines) - 1;
	char body[256];
	struct store *s = NULL;

	start(x, NULL, 0, NULL);
	digest_of(u.digest, role_lines, n);
	upload_body(body, n, u.digest);
	send_signed(x, &x->one, VERB_POLICY_UPLOAD, body);
	want_event(x, EV_POLICY_UPLOAD);
	assert_int_equal(want_reply(x, &x->api), 201);
	field(x, "upload", u.id);
	assert_int_equal(put_part(x, &u, 0, role_lines, n, EV_API_DENIED), 404);
	assert_int_equal(commit(x, &u, EV_API_DENIED, true), 404);
	whole(x, &u, role_lines);
	stop(x);
	s = store_of(x);
	must(store_upload_keep(s, u.id, 1));
	store_close(s);
	start(x, NULL, 0, NULL);
	assert_int_equal(commit(x, &u, EV_API_DENIED, true), 404);
	stop(x);
}

/* As many as one may have; the one that ends first goes. And of all. */
void
test_upload_bounds(void **state)
{
	struct scene *x = *state;
	struct upload_scene u[LIMIT_UPLOADS_USER + 1];
	const size_t n = sizeof(role_lines) - 1;
	char body[256];
	struct store *s = NULL;

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(u); i++)
		open_upload(x, &u[i], role_lines, n);
	assert_int_equal(
	    put_part(x, &u[0], 0, role_lines, n, EV_API_DENIED), 404);
	assert_int_equal(put_part(x, &u[1], 0, role_lines, n, EV_NONE), 200);
	stop(x);
	s = store_of(x);
	for (unsigned i = LIMIT_UPLOADS_USER; i < LIMIT_UPLOADS; i++) {
		struct upload o = {
		    .size = 1, .until_ms = INT64_C(4000000000000), .seq = 1};

		must(str_fmt(o.id, sizeof(o.id), "x-2222222%u", i));
		must(str_fmt(o.user_id, sizeof(o.user_id), "u-2222222%u", i));
		must(store_upload_put(s, &o));
	}
	store_close(s);
	start(x, NULL, 0, NULL);
	upload_body(body, n, u[0].digest);
	send_signed(x, &x->one, VERB_POLICY_UPLOAD, body);
	want_event(x, EV_API_DENIED);
	assert_int_equal(want_reply(x, &x->api), 429);
	stop(x);
}

/* Its lines are read as what they are. */
void
test_upload_lines(void **state)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
	    {"{\"roles\":null}", "line 0 of the policy: the last one has no"},
	    {"{\"roles\":null}\n{\n", "line 2 of the policy"},
	    {"[]\n", "line 1 of the policy"},
	    {"{\"roles\":{},\"users\":{}}\n", "one entry was expected"},
	    {"{\"roles\":[]}\n", "an object was expected"},
	    {"{\"rules\":{}}\n", "line 1 of the policy"},
	    {"{\"roles\":{\"role\":\"a b\"}}\n", "roles, entry 1"},
	};
	struct scene *x = *state;
	struct upload_scene u;

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		whole(x, &u, rows[i].text);
		assert_int_equal(commit(x, &u, EV_NONE, false), 400);
		if (!has(x, rows[i].part))
			fail_msg("%s: %s", rows[i].text, x->text);
	}
	stop(x);
}

/* An answer that is too large for one reply: by its key alone. */
void
test_upload_answer(void **state)
{
	enum { ROLES = 700 };
	struct scene *x = *state;
	struct upload_scene u;
	char body[256], key[40] = "";
	const char *at = NULL;
	struct buf text;

	buf_init(&text, LIMIT_UPLOAD_MAX);
	for (unsigned i = 0; i < ROLES; i++)
		buf_printf(&text,
		    "{\"roles\":{\"role\":\"r%u\",\"users\":[\"alice\"],"
		    "\"targets\":[\"web-01\"],\"logins\":[\"deploy\"]}}\n",
		    i);
	buf_u8(&text, '\0');
	must(buf_err(&text));
	start(x, NULL, 0, NULL);
	whole(x, &u, (const char *)text.p);
	assert_int_equal(commit(x, &u, EV_NONE, true), 200);
	at = strstr(x->text, "\"key\":\"");
	assert_non_null(at);
	must(str_fmt(key, sizeof(key), "%.32s", at + strlen("\"key\":\"")));
	must(str_fmt(body, sizeof(body), "{\"key\":\"%s\",\"offset\":0}", key));
	assert_int_equal(admin_call(x, VERB_POLICY_ANSWER, EV_NONE, body), 200);
	assert_true(has(x, "\"data\":\""));
	must(str_fmt(
	    body, sizeof(body), "{\"key\":\"%s\",\"offset\":8000000}", key));
	assert_int_equal(
	    admin_call(x, VERB_POLICY_ANSWER, EV_API_DENIED, body), 404);
	key[0] = key[0] == '0' ? '1' : '0';
	must(str_fmt(body, sizeof(body), "{\"key\":\"%s\",\"offset\":0}", key));
	assert_int_equal(
	    admin_call(x, VERB_POLICY_ANSWER, EV_API_DENIED, body), 404);
	stop(x);
	buf_done(&text);
}
