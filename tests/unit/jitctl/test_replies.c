/* SPDX-License-Identifier: Apache-2.0 */
/* What jitctl makes of the gateway's replies, and what it sends. The gateway is
 * scripted.c. */
#include "tests/unit/support/test.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/challenge.h"
#include "jitctl/gateway/code.h"
#include "jitctl/gateway/pin.h"
#include "jitctl/gateway/read.h"
#include "tests/unit/jitctl/scripted.h"

/* ----------------------------------------------------------------- parsers */

static void
test_exit_codes(void **state)
{
	static const struct {
		long status;
		const char *code;
		int want;
		enum problem_kind kind;
	} cases[] = {
	    {200, "", EXIT_OK, PROBLEM_OTHER},
	    {200, "wrong-tls", EXIT_OK, PROBLEM_OTHER}, /* no refusal */
	    {201, "", EXIT_OK, PROBLEM_OTHER},
	    {204, "", EXIT_OK, PROBLEM_OTHER},
	    {301, "", EXIT_FAILED, PROBLEM_OTHER},
	    {0, "", EXIT_FAILED, PROBLEM_OTHER},
	    {400, "bad-field", EXIT_USAGE, PROBLEM_OTHER},
	    {401, "code-needed", EXIT_LOGIN, PROBLEM_CODE_NEEDED},
	    {401, "code-wrong", EXIT_LOGIN, PROBLEM_CODE_WRONG},
	    {401, "code-used", EXIT_LOGIN, PROBLEM_CODE_WRONG},
	    {401, "unknown-key", EXIT_LOGIN, PROBLEM_KEY_UNKNOWN},
	    {401, "wrong-tls", EXIT_UNREACHABLE, PROBLEM_OTHER_GATEWAY},
	    {401, "wrong-server", EXIT_UNREACHABLE, PROBLEM_OTHER_GATEWAY},
	    {403, "denied", EXIT_REFUSED, PROBLEM_OTHER},
	    {403, "forbidden", EXIT_REFUSED, PROBLEM_OTHER},
	    {404, "not-found", EXIT_NOT_FOUND, PROBLEM_OTHER},
	    {409, "conflict", EXIT_CONFLICT, PROBLEM_OTHER},
	    {413, "", EXIT_USAGE, PROBLEM_OTHER},
	    {429, "too-many", EXIT_FAILED, PROBLEM_OTHER},
	    {503, "unavailable", EXIT_FAILED, PROBLEM_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reply r = {0};
		char body[64];

		(void)snprintf(
		    body, sizeof(body), "{\"code\":\"%s\"}", cases[i].code);
		reply_read(&r, cases[i].status, strdup(body), strlen(body));
		assert_int_equal(reply_exit_code(&r), cases[i].want);
		assert_int_equal(r.problem, cases[i].kind);
		reply_done(&r);
	}
}

static void
test_not_json(void **state)
{
	static const char *const bodies[] = {"", "{", "[]", "null", "{\"a\":1,",
	    "{\"a\":1}x", "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}"};
	struct reply r = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		/* What was in it before goes. */
		reply_read(&r, 200, strdup(bodies[i]), strlen(bodies[i]));
		CHECK_ROW(r.json == NULL, bodies[i]);
		CHECK_ROW(r.len == strlen(bodies[i]), bodies[i]);
		assert_string_equal(member(r.json, "a"), "");
	}
	reply_done(&r);
	reply_done(&r);
	assert_null(r.body);
}

static void
test_challenge(void **state)
{
	static const char *const bad[] = {"{}",
	    "{\"nonce\":\"0\",\"source\":\"192.0.2.1\",\"server_id\":\"gw\"}",
	    "{\"nonce\":\"" NONCE "0\",\"source\":\"192.0.2.1\",\"server_id\":"
	    "\"gw\"}",
	    "{\"nonce\":\"" NONCE
	    "\",\"source\":\"here\",\"server_id\":\"gw\"}",
	    "{\"nonce\":\"" NONCE "\",\"source\":\"192.0.2.1\",\"server_id\":"
	    "\"g w\"}",
	    "{\"nonce\":\"" NONCE "\",\"source\":\"192.0.2.1\"}"};
	struct signed_source s = {0};
	char server[LIMIT_NAME_SIZE] = "";
	json_t *o =
	    json_loads("{\"nonce\":\"" NONCE "\",\"source\":\"2001:db8::1\","
		       "\"server_id\":\"gw-1\"}",
		0, NULL);

	(void)state;
	assert_int_equal(challenge_parse(&s, server, o), 0);
	assert_string_equal(s.nonce, NONCE);
	assert_string_equal(server, "gw-1");
	json_decref(o);
	assert_int_not_equal(challenge_parse(&s, server, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		o = json_loads(bad[i], 0, NULL);
		assert_non_null(o);
		CHECK_ROW(challenge_parse(&s, server, o) != 0, bad[i]);
		json_decref(o);
	}
}

/* The pin is the hash of the key alone: another certificate of it fits. */
static void
test_pin(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char pem[4096] = "";
	char want[65] = "";
	char got[65] = "";
	unsigned char *der = NULL;
	uint8_t hash[32];
	int n = 0;

	(void)state;
	assert_non_null(key);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 60));
	assert_true(X509_sign(cert, key, NULL) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	assert_true(BIO_read(bio, pem, sizeof(pem) - 1) > 0);
	assert_true((n = i2d_PUBKEY(key, &der)) > 0);
	(void)SHA256(der, (size_t)n, hash);
	str_hex(want, hash, sizeof(hash));
	assert_true(pin_of_pem(pem, got));
	assert_string_equal(got, want);
	assert_false(pin_of_pem("", got));
	pem[60] = '!';
	assert_false(pin_of_pem(pem, got));
	assert_string_equal(got, want); /* as it was */
	OPENSSL_free(der);
	BIO_free(bio);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* What cannot be a code is not sent: it would cost a try. */
static void
test_code_tidy(void **state)
{
	static const char *const bad[] = {
	    "12345", "1234567", "12345a", "123-456", "      "};
	struct secret code = {0};

	(void)state;
	assert_int_equal(secret_copy(&code, "123 456", 7), 0);
	assert_true(code_tidy(&code, 0));
	assert_string_equal((const char *)code.p, "123456");
	assert_int_equal(code.len, 6);
	secret_free(&code);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(secret_copy(&code, bad[i], strlen(bad[i])), 0);
		CHECK_ROW(!code_tidy(&code, 0), bad[i]);
		assert_null(code.p);
	}
}

/* ------------------------------------------------------------------ reads */

static void
test_url(void **state)
{
	struct query q = {0};
	struct query none = {0};
	char url[URL_SIZE] = "";
	char longer[URL_QUERY_SIZE + 1];

	(void)state;
	assert_int_equal(url_make(url, "/v1/grants", NULL, NULL), 0);
	assert_string_equal(url, "/v1/grants");
	assert_int_equal(url_make(url, "/v1/grants", NULL, &none), 0);
	assert_string_equal(url, "/v1/grants");
	query_add(&q, "all", "1");
	query_add(&q, "after", "a&all=0 #\xc3\xa9%");
	query_add_u64(&q, "from", UINT64_MAX);
	assert_int_equal(url_make(url, "/v1/x/{id}", "../a?b/c", &q), 0);
	assert_string_equal(url,
	    "/v1/x/..%2Fa%3Fb%2Fc?all=1&after=a%26all%3D0%20%23%C3%A9%25"
	    "&from=18446744073709551615");
	assert_int_not_equal(url_make(url, "/v1/x", "a", NULL), 0);
	assert_int_not_equal(url_make(url, "/v1/x/{id}", NULL, NULL), 0);
	/* Never a part of what was meant. */
	memset(longer, 'a', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	query_add(&q, "more", longer);
	assert_int_not_equal(url_make(url, "/v1/x", NULL, &q), 0);
}

static void
test_list(void **state)
{
	static const struct step steps[] = {
	    {"/v1/grants?all=1", 200,
		"{\"items\":[{\"n\":1}],\"more\":true,\"next\":\"a\"}"},
	    {"/v1/grants?all=1&after=a", 200,
		"{\"items\":[],\"more\":true,\"next\":\"b\"}"},
	    {"/v1/grants?all=1&after=b", 200,
		"{\"items\":[{\"n\":2}],\"more\":false}"},
	    {NULL, 0, NULL},
	};
	struct ctx c = {.socket = "x"};
	struct query q = {0};
	struct reply r = {0};
	json_t *want = json_loads("{\"items\":[{\"n\":1},{\"n\":2}]}", 0, NULL);

	(void)state;
	script = steps;
	query_add(&q, "all", "1");
	assert_int_equal(read_list(&c, VERB_GRANTS, &q, &r), EXIT_OK);
	assert_true(json_equal(r.json, want));
	reply_done(&r);
	json_decref(want);
}

/* A gateway that leads nowhere, or around. */
static void
test_list_astray(void **state)
{
	static const char *const second[] = {
	    "{\"items\":[],\"more\":true,\"next\":\"a\"}",
	    "{\"items\":[],\"more\":true}",
	    "{\"items\":[],\"more\":true,\"next\":\"a b\"}",
	    "{\"items\":{},\"more\":false}", "{\"more\":false}", "[]"};
	struct step steps[] = {
	    {NULL, 200, "{\"items\":[],\"more\":true,\"next\":\"a\"}"},
	    {NULL, 200, NULL}, {NULL, 0, NULL}};
	struct ctx c = {.socket = "x"};
	struct reply r = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(second); i++) {
		script = steps;
		steps[1].body = second[i];
		CHECK_ROW(read_list(&c, VERB_TARGETS, NULL, &r) == EXIT_FAILED,
		    second[i]);
		reply_done(&r);
	}
}

/* ----------------------------------------------------------------- signing */

#define RELEASE "/v1/grants/release"

/* Releases a grant with a new key and a code in a file. */
static int
release(const struct step *steps)
{
	struct ctx c = {0};
	struct signer s;
	struct reply r = {0};
	json_t *body = json_pack("{s:s}", "grant", "g-7Q2MXK4P");
	int x = EXIT_FAILED;

	signer_make(&s, &c);
	script = steps;
	x = call_signed(&c, VERB_RELEASE, body, NULL, &r);
	json_decref(body);
	reply_done(&r);
	signer_done(&s);
	return x;
}

/* A code goes out when it is asked for, once, bound to its request. */
static void
test_code_is_asked_for(void **state)
{
	static const struct step once[] = {
	    CHALLENGE, {RELEASE, 200, "{}"}, {NULL, 0, NULL}};
	static const struct step asked[] = {CHALLENGE,
	    {RELEASE, 401, "{\"code\":\"code-needed\"}"}, CHALLENGE,
	    {RELEASE, 200, "{}"}, {NULL, 0, NULL}};
	static const struct step wrong[] = {CHALLENGE,
	    {RELEASE, 401, "{\"code\":\"code-needed\"}"}, CHALLENGE,
	    {RELEASE, 401, "{\"code\":\"code-wrong\"}"}, {NULL, 0, NULL}};
	struct signed_request s = {0};
	struct problem p = {0};

	(void)state;
	assert_int_equal(release(once), EXIT_OK);
	assert_int_equal(nsent, 1);
	assert_string_equal(sent[0].code, "");
	forget_sent();
	assert_int_equal(release(asked), EXIT_OK);
	assert_int_equal(nsent, 2);
	assert_string_equal(sent[0].code, "");
	assert_string_equal(sent[1].code, "123456");
	assert_int_equal(
	    signed_parse(&s, sent[1].payload, sent[1].payload_len, &p), 0);
	assert_true(signed_code_ok(&s, &sent[1]));
	assert_string_equal(s.verb, "grant.release");
	assert_string_equal(s.server, "gw-1");
	signed_done(&s);
	forget_sent();
	assert_int_equal(release(wrong), EXIT_LOGIN);
	assert_int_equal(nsent, 2);
	forget_sent();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_exit_codes),
	    cmocka_unit_test(test_not_json),
	    cmocka_unit_test(test_challenge),
	    cmocka_unit_test(test_pin),
	    cmocka_unit_test(test_code_tidy),
	    cmocka_unit_test(test_url),
	    cmocka_unit_test(test_list),
	    cmocka_unit_test(test_list_astray),
	    cmocka_unit_test(test_code_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
