/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_bounds - what has a bound: limits, lists that go on, policies that
 * stand whole in the evidence or are refused first.
 */
#include "tests/unit/broker/brokerscene.h"

#include <openssl/sha.h>
#include <string.h>

#include "base/ids.h"
#include "base/str.h"
#include "wire/verbs.h"

/* ---- limits */

void
test_limits(void **state)
{
	struct scene *x = *state;
	struct store *s = store_of(x);
	struct user *u = calloc(1, sizeof(*u));
	struct user *got = calloc(1, sizeof(*got));
	char key[256], body[1024];

	assert_non_null(u);
	assert_non_null(got);
	must(store_begin(s));
	for (unsigned i = 1; i < LIMIT_USERS; i++) {
		id_new(u->id, 'u');
		(void)snprintf(u->name, sizeof(u->name), "u%u", i);
		u->state = USER_DISABLED;
		u->kind = KIND_PERSON;
		must(store_user_put(s, u, 1));
	}
	for (unsigned i = 1; i < LIMIT_TARGETS; i++) {
		(void)snprintf(u->name, sizeof(u->name), "t%u", i);
		store_target(s, u->name);
	}
	for (unsigned i = 1; i < LIMIT_ROLES; i++) {
		(void)snprintf(u->name, sizeof(u->name), "r%u", i);
		store_role(s, u->name);
	}
	must(store_commit(s));
	store_close(s);
	start(x, NULL, 0, NULL);
	/* one more of each is refused, and nothing is written about it */
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_NONE, "{\"user\":\"bob\"}"), 409);
	assert_true(has(x, "\"code\":\"full\""));
	assert_true(has(x, "at most 10000"));
	key_line(key, &x->one);
	(void)snprintf(body, sizeof(body),
	    "{\"target\":\"web-02\",\"addresses\":[\"198.51.100.2\"],"
	    "\"logins\":[\"deploy\"],\"host_keys\":[\"%s\"]}",
	    key);
	assert_int_equal(admin_call(x, VERB_TARGET_ADD, EV_NONE, body), 409);
	assert_true(has(x, "target rm"));
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_NONE,
		"{\"role\":\"more\",\"users\":[\"alice\"],\"targets\":"
		"[\"web-01\"],\"logins\":[\"deploy\"]}"),
	    409);
	assert_true(has(x, "role rm"));
	assert_int_equal(admin_call(x, VERB_APPLY, EV_NONE,
			     "{\"users\":[{\"user\":\"bob\"}]}"),
	    409);
	assert_int_equal(admin_call(x, VERB_APPLY, EV_NONE,
			     "{\"dry_run\":true,\"roles\":[{\"role\":\"more\","
			     "\"users\":[\"alice\"],\"targets\":[\"web-01\"],"
			     "\"logins\":[\"deploy\"]}]}"),
	    409);
	/* what is there can be changed, and what goes makes room */
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"u1\",\"groups\":[\"ops\"]}"),
	    200);
	assert_int_equal(admin_call(x, VERB_ROLE_REMOVE, EV_ROLE_REMOVE,
			     "{\"role\":\"r1\"}"),
	    200);
	assert_int_equal(
	    admin_call(x, VERB_ROLE_ADD, EV_ROLE_SET,
		"{\"role\":\"more\",\"users\":[\"alice\"],\"targets\":"
		"[\"web-01\"],\"logins\":[\"deploy\"]}"),
	    201);
	stop(x);
	free(u);
	free(got);
}

/* ---- lists */

/* What is recorded the recorder says, not the role. */
static unsigned
channel(struct testlink *s, uint32_t rid)
{
	const struct msg_ses_channel m = {.rid = rid};
	const struct msg_ses_channel_ok *ok;

	testlink_send(s, MSG_SES_CHANNEL, &m);
	ok = testlink_want(s, MSG_SES_CHANNEL_OK);
	assert_int_equal(ok->rid, rid);
	return ok->given;
}

/* A program on a channel is two records: who opens them without end gets them
 * one after the other, in the order they were asked for. */
void
test_channels(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_leg leg = {.conn = 100, .seq = 6};
	const struct msg_ses_channel_ok *ok;
	struct testlink s, stranger;
	uint32_t rid = 0;

	fold_grant(&g, x->one.pub.fp);
	memcpy(leg.grant, g.grant.id, sizeof(leg.grant));
	strcpy(leg.sid, "s-22222222");
	strcpy(leg.key_fp, x->one.pub.fp);
	start(x, &g, 1, &leg);
	assert_int_equal(admin_call(x, VERB_SESSIONS, EV_NONE, ""), 200);
	link_session(x, &s, 100);
	link_session(x, &stranger, 101);
	while (rid < LIMIT_CHANNELS_BURST)
		assert_int_equal(channel(&s, ++rid), CHANNEL_YES);
	while (channel(&s, ++rid) == CHANNEL_YES)
		assert_true(rid < LIMIT_CHANNELS_BURST + 100);
	assert_int_equal(channel(&s, rid + 1), CHANNEL_LATER);
	assert_int_equal(channel(&stranger, 1), CHANNEL_NO);
	for (unsigned i = 0; i < 2; i++) {
		ok = testlink_want(&s, MSG_SES_CHANNEL_OK);
		assert_int_equal(ok->rid, rid + i);
		assert_int_equal(ok->given, CHANNEL_YES);
	}
	testlink_close(&stranger);
	testlink_close(&s);
	stop(x);
}

void
test_recorded(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_nt_fold_leg leg = {.conn = 100, .seq = 6};
	struct msg_rec_started started = {.sid = "s-22222222"};
	struct testlink recorder;

	fold_grant(&g, x->one.pub.fp);
	memcpy(leg.grant, g.grant.id, sizeof(leg.grant));
	strcpy(leg.sid, "s-22222222");
	start(x, &g, 1, &leg);
	proc_harness_link(&x->proc, &recorder, PROC_RECORDER, 0);
	assert_int_equal(admin_call(x, VERB_SESSIONS, EV_NONE, ""), 200);
	assert_true(has(x, "\"recorded\":false"));
	testlink_send(&recorder, MSG_REC_STARTED, &started);
	do
		assert_int_equal(
		    admin_call(x, VERB_SESSIONS, EV_NONE, ""), 200);
	while (has(x, "\"recorded\":false"));
	assert_true(has(x, "\"recorded\":true"));
	testlink_close(&recorder);
	stop(x);
}

static void
fill_lists(struct scene *x, unsigned n)
{
	struct store *s = store_of(x);
	struct user *u = calloc(1, sizeof(*u));
	struct msg_nt_fold_grant g;
	struct grant_row row = {.reason = END_EXPIRED, .ended_ms = 5, .seq = 1};
	struct session_row session = {.reason = END_LOGOUT, .seq = 1};

	assert_non_null(u);
	must(store_begin(s));
	fold_grant(&g, x->one.pub.fp);
	row.grant = g.grant;
	for (unsigned i = 0; i < n; i++) {
		id_new(u->id, 'u');
		(void)snprintf(u->name, sizeof(u->name), "u%u", i);
		u->state = USER_DISABLED;
		u->kind = KIND_PERSON;
		must(store_user_put(s, u, 1));
		(void)snprintf(u->name, sizeof(u->name), "t%u", i);
		store_target(s, u->name);
		id_new(row.grant.id, 'g');
		row.grant.start_ms = 1000 + i / 7; /* several in one moment */
		must(store_grant_put(s, &row));
		id_new(session.sid, 's');
		session.start_ms = 1000 + i / 7;
		must(store_session_put(s, &session));
	}
	must(store_commit(s));
	store_close(s);
	free(u);
}

/* One reply; its items to all, by key. False: it was the last. */
static bool
page(struct scene *x, unsigned verb, const char *key, char next[static 80],
    json_t *all)
{
	struct msg_api_call m = {
	    .rid = ++x->rid, .verb = (uint16_t)verb, .loginuid = -1, .pid = -1};
	json_t *o = NULL, *item = NULL;
	char query[128] = "all=1";
	const char *id = NULL;
	size_t i = 0;
	bool more;

	if (next[0] != '\0')
		(void)snprintf(query, sizeof(query), "all=1&after=%s", next);
	m.query.p = (const uint8_t *)query;
	m.query.len = (uint32_t)strlen(query);
	testlink_send(&x->admin, MSG_API_CALL, &m);
	assert_int_equal(want_reply(x, &x->admin), 200);
	o = json_loads(x->text, 0, NULL);
	assert_non_null(o);
	json_array_foreach(json_object_get(o, "items"), i, item)
	{
		id = json_string_value(json_object_get(item, key));
		assert_non_null(id);
		assert_null(json_object_get(all, id)); /* told once */
		must(json_object_set(all, id, item));
	}
	more = json_is_true(json_object_get(o, "more"));
	if (more)
		(void)snprintf(next, 80, "%s",
		    json_string_value(json_object_get(o, "next")));
	json_decref(o);
	return more;
}

static size_t
pages(struct scene *x, unsigned verb, const char *key)
{
	json_t *all = json_object();
	char next[80] = "";
	size_t n;

	assert_true(page(x, verb, key, next, all));
	while (page(x, verb, key, next, all))
		;
	n = json_object_size(all);
	json_decref(all);
	return n;
}

/* Lists are whole, however long; and though a grant ends while they are read.
 */
void
test_lists_go_on(void **state)
{
	enum { MANY = 2500 };
	struct scene *x = *state;
	struct msg_nt_fold_grant g[2];
	json_t *all = json_object();
	char next[80] = "";
	struct msg_api_call m = {
	    .verb = VERB_GRANTS, .loginuid = -1, .pid = -1};

	fill_lists(x, MANY);
	fold_grant(&g[0], x->one.pub.fp);
	fold_grant(&g[1], x->one.pub.fp);
	g[1].grant.start_ms = 1010; /* in the middle of those that ended */
	start(x, g, 2, NULL);
	assert_int_equal(pages(x, VERB_USERS, "user"), MANY + 1);
	assert_int_equal(pages(x, VERB_TARGETS, "target"), MANY + 1);
	assert_int_equal(pages(x, VERB_SESSIONS, "sid"), MANY);
	assert_int_equal(pages(x, VERB_GRANTS, "grant"), MANY + 2);
	assert_int_equal(pages(x, VERB_HISTORY, "id"), MANY + 2);
	assert_true(page(x, VERB_GRANTS, "grant", next, all));
	assert_non_null(json_object_get(all, g[0].grant.id));
	assert_null(json_object_get(all, g[1].grant.id));
	assert_int_equal(admin_call(x, VERB_TARGET_REMOVE, EV_TARGET_REMOVE,
			     "{\"target\":\"web-01\"}"),
	    200);
	while (page(x, VERB_GRANTS, "grant", next, all))
		;
	assert_int_equal(json_object_size(all), MANY + 2);
	assert_string_equal(json_string_value(json_object_get(
				json_object_get(all, g[1].grant.id), "state")),
	    "ended");
	/* what was never given is not taken */
	m.rid = ++x->rid;
	m.query.p = (const uint8_t *)"after=a%20b";
	m.query.len = 11;
	testlink_send(&x->admin, MSG_API_CALL, &m);
	assert_int_equal(want_reply(x, &x->admin), 400);
	json_decref(all);
	stop(x);
}

/* ---- what is signed stands whole in the evidence */

char *
big_policy(struct scene *x, unsigned targets)
{
	char line[256];
	struct buf b;
	char *text;

	key_line(line, &x->one);
	buf_init(&b, TEXT_MAX);
	buf_printf(&b, "{\"targets\":[");
	for (unsigned i = 0; i < targets; i++)
		buf_printf(&b,
		    "%s{\"target\":\"t%u\",\"addresses\":[\"10.0.%u.%u\"],"
		    "\"labels\":{\"env\":\"lab\"},\"logins\":[\"deploy\"],"
		    "\"host_keys\":[\"%s\"]}",
		    i > 0 ? "," : "", i, i / 250, i % 250 + 1, line);
	buf_printf(&b, "]}");
	buf_u8(&b, 0);
	must(buf_err(&b));
	text = strdup((const char *)b.p);
	assert_non_null(text);
	buf_done(&b);
	return text;
}

/* Joins the parts of a document up to its policy.apply, whose digest must be
 * that of the whole. */
char *
want_parts(struct scene *x)
{
	json_t *o = NULL, *first = NULL;
	char *all = calloc(1, TEXT_MAX), *record = NULL;
	char hex[65];
	uint8_t hash[SHA256_DIGEST_LENGTH];
	int chunk = 0;

	assert_non_null(all);
	do {
		want_event(x, chunk < 0 ? EV_POLICY_APPLY : EV_POLICY_PART);
		/* fields only: ",name":value and so on */
		record = calloc(1, strlen(x->text) + 2);
		assert_non_null(record);
		(void)sprintf(record, "{%s}", x->text + 1);
		o = json_loads(record, 0, NULL);
		assert_non_null(o);
		free(record);
		if (first == NULL)
			first = json_incref(o);
		assert_string_equal(
		    json_string_value(json_object_get(o, "sha256")),
		    json_string_value(json_object_get(first, "sha256")));
		if (chunk >= 0) {
			assert_int_equal(
			    json_integer_value(json_object_get(o, "chunk")),
			    ++chunk);
			strcat(all,
			    json_string_value(json_object_get(o, "payload")));
			if ((json_int_t)strlen(all) ==
			    json_integer_value(json_object_get(o, "size")))
				chunk = -1;
			json_decref(o);
			o = NULL;
		}
	} while (o == NULL);
	assert_null(json_object_get(o, "payload"));
	(void)SHA256((const uint8_t *)all, strlen(all), hash);
	str_hex(hex, hash, sizeof(hash));
	assert_string_equal(
	    json_string_value(json_object_get(first, "sha256")), hex);
	json_decref(o);
	json_decref(first);
	return all;
}

void
test_large_policy(void **state)
{
	struct scene *x = *state;
	char *body = big_policy(x, 400), *all = NULL, *payload = NULL;
	char nonce[LIMIT_NONCE_SIZE];
	struct msg_nt_mfa_burned ok = {.seq = 7};

	start(x, NULL, 0, NULL);
	send_call(x, &x->admin, VERB_APPLY, body);
	all = want_parts(x);
	assert_string_equal(all, body);
	free(all);
	assert_int_equal(want_reply(x, &x->admin), 200);
	assert_true(has(x, "\"applied\":true"));
	free(body);
	/* signed */
	body = big_policy(x, 401);
	fresh_code(x);
	challenge(x, nonce);
	payload = payload_of(x, VERB_APPLY, nonce, body);
	send_payload(x, &x->one, VERB_APPLY, payload, 0);
	ok.rid = ((const struct msg_nt_mfa_burn *)testlink_want(
		      &x->notary, MSG_NT_MFA_BURN))
		     ->rid;
	testlink_send(&x->notary, MSG_NT_MFA_BURNED, &ok);
	all = want_parts(x);
	assert_string_equal(all, payload);
	free(all);
	free(payload);
	free(body);
	assert_int_equal(want_reply(x, &x->api), 200);
	stop(x);
}

/* What no record could hold is refused, blanks and line feeds counted as what
 * they become. */
void
test_too_much_signed(void **state)
{
	static const struct {
		size_t pad;
		bool fits;
	} rows[] = {{0, true}, {2000, true}, {8000, false}, {20000, false},
	    {100000, false}};
	struct scene *x = *state;
	char nonce[LIMIT_NONCE_SIZE];
	char *text = NULL;

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		challenge(x, nonce);
		text = payload_of(
		    x, VERB_RELEASE, nonce, "{\"grant\":\"g-22222222\"}");
		send_payload(x, &x->one, VERB_RELEASE, text, rows[i].pad);
		free(text);
		assert_int_equal(
		    want_reply(x, &x->api), rows[i].fits ? 404 : 413);
	}
	stop(x);
}

/* An answer with a thousand invitations would not reach anybody: then nothing
 * is done. */
void
test_too_many_invitations(void **state)
{
	struct scene *x = *state;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	buf_printf(&b, "{\"users\":[");
	for (unsigned i = 0; i < 1000; i++)
		buf_printf(&b, "%s{\"user\":\"user-number-%05u\"}",
		    i > 0 ? "," : "", i);
	buf_printf(&b, "]}");
	buf_u8(&b, 0);
	must(buf_err(&b));
	memset(x->conf.host, 'h', 63);
	start(x, NULL, 0, NULL);
	assert_int_equal(
	    admin_call(x, VERB_APPLY, EV_NONE, (const char *)b.p), 413);
	assert_true(has(x, "in parts"));
	stop(x);
	buf_done(&b);
}
