/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_doubt - what is refused since it could be meant otherwise, and what
 * a stranger cannot find out: names that look alike, clocks that are off, types
 * of keys nobody knows, keys of others.
 */
#include "tests/unit/broker/brokerscene.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ssh/sshkey.h"
#include "wire/verbs.h"

/* ---- names */

static void
target_body(char ret[static 1024], const char *name, const char *login,
    const struct key *k)
{
	char line[256];

	key_line(line, k);
	(void)snprintf(ret, 1024,
	    "{\"target\":\"%s\",\"addresses\":[\"198.51.100.9\"],"
	    "\"logins\":[\"%s\"],\"host_keys\":[\"%s\"]}",
	    name, login, line);
}

#define ROLE(name, groups, login)                                              \
	"{\"role\":\"" name "\",\"groups\":[\"" groups                         \
	"\"],\"targets\":[\"web-01\"],\"logins\":[\"" login "\"]}"

#define APPROVED(name, rule)                                                   \
	"{\"role\":\"" name                                                    \
	"\",\"groups\":[\"dev\"],\"targets\":[\"web-01\"],"                    \
	"\"logins\":[\"deploy\"],\"approvals\":[\"" rule "\"]}"

void
test_look_alikes(void **state)
{
	struct scene *x = *state;
	const struct {
		unsigned verb;
		const char *body, *word;
	} rows[] = {
	    {VERB_USER_ADD, "{\"user\":\"Alice\"}", "user alice"},
	    {VERB_USER_ADD, "{\"user\":\"a1ice\"}", "user alice"},
	    {VERB_USER_ADD, "{\"user\":\"alice.\"}", "user alice"},
	    {VERB_USER_SET, "{\"user\":\"alice\",\"add_groups\":[\"Dev\"]}",
		"group dev"},
	    {VERB_ROLE_ADD, ROLE("Ops", "dev", "deploy"), "role ops"},
	    {VERB_ROLE_ADD, ROLE("more", "DEV", "deploy"), "group dev"},
	    {VERB_ROLE_ADD, ROLE("more", "dev", "dep1oy"), "login deploy"},
	    {VERB_ROLE_ADD, APPROVED("more", "1 of Dev"), "group dev"},
	    {VERB_ROLE_ADD, APPROVED("more", "2 of 1eads or dev"),
		"group leads"},
	    {VERB_USER_SET, "{\"user\":\"alice\",\"add_groups\":[\"Leads\"]}",
		"group leads"},
	    {VERB_ROLE_ADD, APPROVED("more", "1 of dev or newl or new1"),
		"group newl"},
	    {VERB_ROLE_ADD, ROLE("more", "Fresh\",\"fresh", "deploy"),
		"group Fresh"},
	    {VERB_ROLE_ADD, ROLE("more", "dev", "qq1\",\"qql"), "login qq1"},
	    {VERB_USER_SET,
		"{\"user\":\"alice\",\"add_groups\":[\"sa1e\",\"sale\"]}",
		"group sa1e"},
	    {VERB_APPLY,
		"{\"users\":[{\"user\":\"bob-1\"},{\"user\":\"bob_1\"}]}",
		"user bob-1"},
	    {VERB_APPLY, "{\"users\":[{\"user\":\"ALICE\"}]}", "user alice"},
	};
	char body[1024];

	start(x, NULL, 0, NULL);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"groups\":[\"dev\","
			     "\"leads\"]}"),
	    200);
	send_call(x, &x->admin, VERB_ROLE_ADD, APPROVED("asked", "1 of leads"));
	want_event(x, EV_POWER_ROOT);
	want_event(x, EV_ROLE_SET);
	assert_int_equal(want_reply(x, &x->admin), 201);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const unsigned got =
		    admin_call(x, rows[i].verb, EV_NONE, rows[i].body);

		if (got != 409 || !has(x, "look-alike") ||
		    !has(x, rows[i].word))
			fail_msg("row %zu: %u %s", i, got, x->text);
	}
	target_body(body, "Web-01", "deploy", &x->one);
	assert_int_equal(admin_call(x, VERB_TARGET_ADD, EV_NONE, body), 409);
	assert_true(has(x, "target web-01"));
	target_body(body, "db-01", "Deploy", &x->one);
	assert_int_equal(admin_call(x, VERB_TARGET_ADD, EV_NONE, body), 409);
	assert_true(has(x, "login deploy"));
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_NONE, "{\"user\":\"l0cal\"}"), 400);
	assert_true(has(x, "a name of the gateway itself"));
	assert_int_equal(admin_call(x, VERB_ROLE_ADD, EV_NONE,
			     ROLE("break-glass", "dev", "deploy")),
	    400);
	assert_true(has(x, "a word of the gateway's own records"));
	assert_int_equal(admin_call(x, VERB_ROLE_ADD, EV_NONE,
			     ROLE("Break_G1ass", "dev", "deploy")),
	    400);
	assert_int_equal(
	    admin_call(x, VERB_APPLY, EV_NONE,
		"{\"roles\":[" ROLE("break-glass", "dev", "deploy") "]}"),
	    400);
	target_body(body, "unnamed", "deploy", &x->one);
	assert_int_equal(admin_call(x, VERB_TARGET_ADD, EV_NONE, body), 400);
	/* what would be locked is the one that is there, and is not named */
	assert_int_equal(admin_call(x, VERB_LOCK_ADD, EV_NONE,
			     "{\"kind\":\"login\",\"value\":\"Deploy\"}"),
	    404);
	assert_true(has(x, "did you mean deploy?"));
	assert_int_equal(admin_call(x, VERB_LOCK_ADD, EV_NONE,
			     "{\"kind\":\"group\",\"value\":\"LEADS\"}"),
	    404);
	assert_true(has(x, "did you mean leads?"));
	/* others are taken, and what is there stays what it is */
	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_USER_CREATE,
			     "{\"user\":\"alicia\"}"),
	    201);
	assert_int_equal(admin_call(x, VERB_USER_SET, EV_USER_UPDATE,
			     "{\"user\":\"alice\",\"add_groups\":[\"qa\"]}"),
	    200);
	stop(x);
}

/* ---- who signed, and when */

/* A call that is let in (404: no such grant) or not (401). */
static unsigned
knock(struct scene *x, const struct key *k, const char *year)
{
	char nonce[LIMIT_NONCE_SIZE];
	char *text = NULL, *at = NULL;
	unsigned status;

	challenge(x, nonce);
	text = payload_of(x, VERB_RELEASE, nonce, "{\"grant\":\"g-22222222\"}");
	at = strstr(text, "\"time\":\"");
	assert_non_null(at);
	if (year != NULL)
		memcpy(at + 8, year, 4);
	send_payload(x, k, VERB_RELEASE, text, 0);
	free(text);
	status = want_reply(x, &x->api);
	return status;
}

void
test_signed_time(void **state)
{
	struct scene *x = *state;

	start(x, NULL, 0, NULL);
	assert_int_equal(knock(x, &x->one, NULL), 404);
	assert_int_equal(knock(x, &x->one, "1970"), 401);
	assert_true(has(x, "wrong-time"));
	assert_true(has(x, "1970-"));
	assert_int_equal(knock(x, &x->one, "9970"), 401);
	assert_true(has(x, "wrong-time"));
	assert_int_equal(knock(x, &x->one, NULL), 404);
	stop(x);
}

/* k, but of a type that does not exist. */
static void
retype(struct key *k, const char *type)
{
	struct buf b;

	buf_init(&b, LIMIT_PUBKEY_MAX);
	buf_cstring(&b, type);
	buf_put(&b, k->pub.blob + 15, k->pub.len - 15);
	must(buf_err(&b));
	memcpy(k->pub.blob, b.p, b.len);
	k->pub.len = b.len;
	buf_done(&b);
}

static const char *
offer(struct scene *x, struct testlink *s, const struct key *k,
    const char *name, unsigned want)
{
	struct msg_ses_auth m = {.rid = ++x->rid, .query = 1};
	const struct msg_ses_auth_no *no;

	strcpy(m.user, name);
	strcpy(m.alg, "ssh-ed25519");
	m.blob.p = k->pub.blob;
	m.blob.len = (uint32_t)k->pub.len;
	testlink_send(s, MSG_SES_AUTH, &m);
	assert_int_equal(testlink_next(s, 10000), 1);
	assert_int_equal(s->m.type, want);
	no = s->m.body;
	return want == MSG_SES_AUTH_NO ? no->text : "";
}

/* What a version does not know it names, to whoever offers it. */
void
test_key_types(void **state)
{
	struct scene *x = *state;
	struct testlink s;
	struct key k, cert;
	struct buf b;

	key_make(&k);
	key_make(&cert);
	retype(&k, "ssh-mldsa44");
	retype(&cert, "ssh-ed25519-cert-v01@openssh.com");
	start(x, NULL, 0, NULL);
	assert_int_equal(knock(x, &k, NULL), 401);
	assert_true(has(x, "unknown-key-type"));
	assert_true(has(x, "ssh-mldsa44"));
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_NONE,
		"{\"user\":\"bob\",\"keys\":[\"ssh-mldsa44 AAAAC3NzaC1tbGRzYTQ0"
		"AAAAAQE=\"]}"),
	    400);
	assert_true(has(x, "ssh-mldsa44"));
	link_session(x, &s, 11);
	assert_non_null(strstr(
	    offer(x, &s, &k, "deploy@web-01", MSG_SES_AUTH_NO), "ssh-mldsa44"));
	/* a certificate comes beside its key, of which this is said then */
	assert_string_equal(
	    offer(x, &s, &cert, "deploy@web-01", MSG_SES_AUTH_NO), "");
	/* of some libssh tells no more than the type */
	buf_init(&b, 64);
	buf_cstring(&b, "ssh-\x1b[31m");
	memcpy(k.pub.blob, b.p, b.len);
	k.pub.len = b.len;
	buf_done(&b);
	assert_non_null(strstr(
	    offer(x, &s, &k, "deploy@web-01", MSG_SES_AUTH_NO), "ssh-\\x1b"));
	testlink_close(&s);
	testlink_event(&x->notary, EV_AUTH_LOGIN_DENIED, 0, x->text, TEXT_MAX);
	assert_true(has(x, "\"reason\":\"unknown_key_type\""));
	assert_true(has(x, "ssh-mldsa44"));
	stop(x);
	EVP_PKEY_free(k.pkey);
	EVP_PKEY_free(cert.pkey);
}

/* Somebody else's public key, without a signature: what is open to them is not
 * told, whatever is asked for; only that somebody has it. */
void
test_offers_tell_nothing(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct testlink s;
	struct key k;

	key_make(&k);
	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	link_session(x, &s, 11);
	(void)offer(x, &s, &x->one, "deploy@web-01", MSG_SES_AUTH_OK);
	(void)offer(x, &s, &x->one, "root@web-01", MSG_SES_AUTH_OK);
	(void)offer(x, &s, &x->one, "deploy@nowhere", MSG_SES_AUTH_OK);
	(void)offer(x, &s, &x->one, "x", MSG_SES_AUTH_OK);
	assert_string_equal(
	    offer(x, &s, &k, "deploy@web-01", MSG_SES_AUTH_NO), "");
	testlink_close(&s);
	stop(x);
	EVP_PKEY_free(k.pkey);
}

/* A key that nobody has costs no verification; and whether somebody has one is
 * not told by the answer to a signature that is not theirs. */
void
test_unproven_keys(void **state)
{
	struct scene *x = *state;
	struct key k, lent = x->one;
	char text[512];

	key_make(&k);
	lent.pkey = k.pkey; /* alice's public key, not her private one */
	start(x, NULL, 0, NULL);
	assert_int_equal(knock(x, &lent, NULL), 401);
	strcpy(text, x->text);
	assert_true(has(x, "unknown-key"));
	testlink_event(&x->notary, EV_API_DENIED, 0, x->text, TEXT_MAX);
	assert_true(has(x, "\"reason\":\"bad-signature\""));
	assert_int_equal(knock(x, &k, NULL), 401);
	assert_string_equal(x->text, text);
	testlink_event(&x->notary, EV_API_DENIED, 0, x->text, TEXT_MAX);
	assert_true(has(x, "\"reason\":\"unknown-key\""));
	/* nothing of it is looked at: as little as a signature's form */
	k.pub.blob[k.pub.len - 1] ^= 1;
	lent = k;
	lent.pkey = x->one.pkey;
	assert_int_equal(knock(x, &lent, NULL), 401);
	assert_string_equal(x->text, text);
	testlink_event(&x->notary, EV_API_DENIED, 0, x->text, TEXT_MAX);
	assert_true(has(x, "\"reason\":\"unknown-key\""));
	stop(x);
	EVP_PKEY_free(k.pkey);
}

/* Who accepts connections hears whose they may be, and when no more. */
void
test_regulars(void **state)
{
	struct scene *x = *state;
	const struct msg_sup_known *m;
	struct msg_nt_fold_grant g;
	char body[128];

	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	m = testlink_want(&x->api, MSG_SUP_KNOWN);
	assert_int_equal(m->source.family, 0);
	m = testlink_want(&x->api, MSG_SUP_KNOWN);
	assert_int_equal(m->known, 1);
	assert_true(addr_equal(&m->source, &g.grant.source4));
	(void)snprintf(body, sizeof(body), "{\"grant\":\"%s\"}", g.grant.id);
	send_call(x, &x->admin, VERB_REVOKE, body);
	m = testlink_want(&x->api, MSG_SUP_KNOWN);
	assert_int_equal(m->known, 0);
	assert_true(addr_equal(&m->source, &g.grant.source4));
	stop(x);
}

/* Programs that trust their own host are not asked through us. */
void
test_scan_of_the_host(void **state)
{
	static const char *const rows[] = {"127.0.0.1", "::1", "0.0.0.0",
	    "::", "::ffff:127.0.0.1", "127.9.9.9"};
	struct scene *x = *state;
	char body[128];

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(
		    body, sizeof(body), "{\"address\":\"%s\"}", rows[i]);
		assert_int_equal(
		    admin_call(x, VERB_TARGET_SCAN, EV_NONE, body), 400);
		assert_true(has(x, "bad-field"));
	}
	stop(x);
}
