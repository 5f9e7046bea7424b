/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signed - builds and takes apart signed requests. Verifies no signature (that
 * is lib/ssh/sshkey, called between envelope_parse and signed_parse), knows no
 * user and no nonce; it only says whether the bytes have the shape.
 *
 * MUST wipe every copy of the code it makes, jansson's included.
 */
#include "wire/signed.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/str.h"

enum {
	SIGNED_VERSION = 1,
	SALT_SIZE = 16,
	IDEMPOTENCY_MIN = 16,
	ARMOR_MAX = LIMIT_SSHSIG_MAX * 2,
};

/* ------------------------------------------------------------- envelope */

static int
decode_payload(struct envelope *e, const char *text, struct problem *retp)
{
	const size_t n = strlen(text);

	e->payload = malloc(n + 1); /* base64 is longer than its bytes */
	if (e->payload == NULL) {
		problem_set(retp, 503, "unavailable", NULL, "out of memory");
		return GW_ENOMEM;
	}
	if (n == 0 || str_unb64(e->payload, n, text, n, &e->payload_len) != 0) {
		problem_set(retp, 400, "bad-field", "payload",
		    "payload: not base64 (RFC 4648 section 4, padded)");
		return GW_EINVAL;
	}
	e->payload[e->payload_len] = '\0';
	return 0;
}

/* Armor has line feeds, so json_get_str is not for it. */
static int
take_signature(struct envelope *e, const json_t *o, struct problem *retp)
{
	const json_t *v = json_object_get(o, "signature");

	if (v == NULL) {
		problem_set(
		    retp, 400, "missing", "signature", "signature is missing");
		return GW_EINVAL;
	}
	if (!json_is_string(v) || json_string_length(v) == 0 ||
	    json_string_length(v) > ARMOR_MAX) {
		problem_set(retp, 400, "bad-field", "signature",
		    "signature: an SSHSIG armor was expected");
		return GW_EINVAL;
	}
	e->signature = strdup(json_string_value(v));
	if (e->signature == NULL) {
		problem_set(retp, 503, "unavailable", NULL, "out of memory");
		return GW_ENOMEM;
	}
	return 0;
}

static int
take_code(struct envelope *e, const json_t *o, struct problem *retp)
{
	const char *code = NULL;
	const char *salt = NULL;
	uint8_t bytes[SALT_SIZE];
	int r = 0;

	if ((r = json_get_str(
		 o, "code", false, sizeof(e->code) - 1, &code, retp)) != 0 ||
	    (r = json_get_str(
		 o, "salt", false, sizeof(e->salt) - 1, &salt, retp)) != 0)
		return r;
	if (code == NULL && salt == NULL)
		return 0;
	if (code == NULL || salt == NULL) {
		problem_set(retp, 400, "missing",
		    code == NULL ? "code" : "salt",
		    "code and salt come together or not at all");
		return GW_EINVAL;
	}
	if (code[0] == '\0') {
		problem_set(retp, 400, "bad-field", "code", "code: empty");
		return GW_EINVAL;
	}
	if (str_unhex(bytes, sizeof(bytes), salt) != 0) {
		problem_set(retp, 400, "bad-field", "salt",
		    "salt: 32 hex digits were expected");
		return GW_EINVAL;
	}
	if ((r = str_copy(e->code, sizeof(e->code), code)) != 0)
		return r;
	return str_copy(e->salt, sizeof(e->salt), salt);
}

int
envelope_parse(
    struct envelope *ret, const void *p, size_t n, struct problem *retp)
{
	static const char *const keys[] = {
	    "payload", "signature", "code", "salt", NULL};
	struct envelope e = {0};
	const char *text = NULL;
	json_t *o = NULL;
	int r = GW_EINVAL;

	if ((o = json_parse_object(p, n, retp)) == NULL)
		goto out;
	if ((r = json_only(o, keys, retp)) != 0 ||
	    (r = json_get_str(
		 o, "payload", true, LIMIT_BODY_MAX, &text, retp)) != 0 ||
	    (r = decode_payload(&e, text, retp)) != 0 ||
	    (r = take_signature(&e, o, retp)) != 0 ||
	    (r = take_code(&e, o, retp)) != 0)
		goto out;
	*ret = e;
	explicit_bzero(&e, sizeof(e)); /* the caller's now */
out:
	envelope_done(&e);
	if (o != NULL)
		json_wipe(o, "code");
	json_decref(o);
	return r;
}

void
envelope_done(struct envelope *e)
{
	if (e == NULL)
		return;
	free(e->payload);
	free(e->signature);
	explicit_bzero(e, sizeof(*e));
}

/* -------------------------------------------------------------- payload */

static bool
hex_ok(const char *s, size_t digits)
{
	return strlen(s) == digits && strspn(s, "0123456789abcdef") == digits;
}

static int
get_hex(const json_t *o, const char *key, bool required, size_t digits,
    char *ret, struct problem *retp)
{
	const char *s = NULL;
	int r = json_get_str(o, key, required, digits, &s, retp);

	if (r != 0 || s == NULL)
		return r;
	if (!hex_ok(s, digits)) {
		problem_set(retp, 400, "bad-field", key,
		    "%s: %zu lower-case hex digits were expected", key, digits);
		return GW_EINVAL;
	}
	memcpy(ret, s, digits + 1);
	return 0;
}

static int
parse_source(struct signed_request *s, const json_t *o, struct problem *retp)
{
	static const char *const keys[] = {"address", "nonce", NULL};
	struct signed_source *src = &s->source[s->nsources];
	const char *text = NULL;
	int r = GW_EINVAL;

	if (!json_is_object(o)) {
		problem_set(retp, 400, "bad-field", "sources",
		    "sources: objects with address and nonce were expected");
		return GW_EINVAL;
	}
	if ((r = json_only(o, keys, retp)) != 0 ||
	    (r = json_get_str(
		 o, "address", true, ADDR_TEXT_SIZE - 1, &text, retp)) != 0 ||
	    (r = get_hex(o, "nonce", true, LIMIT_NONCE_SIZE - 1, src->nonce,
		 retp)) != 0)
		return r;
	if (addr_parse(&src->addr, text) != 0) {
		problem_set(retp, 400, "bad-field", "sources",
		    "sources: not an IPv4 or IPv6 address");
		return GW_EINVAL;
	}
	for (unsigned i = 0; i < s->nsources; i++) {
		if (s->source[i].addr.family != src->addr.family)
			continue;
		problem_set(retp, 400, "bad-field", "sources",
		    "sources: two addresses of one family");
		return GW_EINVAL;
	}
	s->nsources++;
	return 0;
}

static int
parse_sources(struct signed_request *s, const json_t *o, struct problem *retp)
{
	const json_t *list = json_object_get(o, "sources");
	const size_t n = json_array_size(list);
	int r = 0;

	if (!json_is_array(list) || n == 0 || n > LIMIT_SOURCES) {
		problem_set(retp, 400, list == NULL ? "missing" : "bad-field",
		    "sources", "sources: a list of 1 to %d is needed",
		    (int)LIMIT_SOURCES);
		return GW_EINVAL;
	}
	for (size_t i = 0; i < n && r == 0; i++)
		r = parse_source(s, json_array_get(list, i), retp);
	return r;
}

static int
parse_names(struct signed_request *s, const json_t *o, struct problem *retp)
{
	const char *text = NULL;
	int r = GW_EINVAL;

	if ((r = json_get_name(o, "verb", true, &text, retp)) != 0)
		return r;
	if (str_copy(s->verb, sizeof(s->verb), text) != 0) {
		problem_set(retp, 400, "bad-field", "verb", "verb: too long");
		return GW_EINVAL;
	}
	if ((r = json_get_name(o, "server", true, &text, retp)) != 0 ||
	    (r = str_copy(s->server, sizeof(s->server), text)) != 0)
		return r;
	if ((r = json_get_str(o, "time", true, 40, &text, retp)) != 0)
		return r;
	if (str_time_parse(text, &s->time_ms) != 0) {
		problem_set(retp, 400, "bad-field", "time",
		    "time: not a time like 2026-11-22T01:02:03Z");
		return GW_EINVAL;
	}
	return 0;
}

static int
parse_idempotency(
    struct signed_request *s, const json_t *o, struct problem *retp)
{
	static const char set[] = "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	const char *text = NULL;
	int r = json_get_str(
	    o, "idempotency", true, sizeof(s->idempotency) - 1, &text, retp);

	if (r != 0)
		return r;
	if (strlen(text) < IDEMPOTENCY_MIN ||
	    strspn(text, set) != strlen(text)) {
		problem_set(retp, 400, "bad-field", "idempotency",
		    "idempotency: 16 to 63 of A-Z a-z 0-9 - were expected");
		return GW_EINVAL;
	}
	return str_copy(s->idempotency, sizeof(s->idempotency), text);
}

static int
parse_body(struct signed_request *s, const json_t *o, struct problem *retp)
{
	json_t *body = json_object_get(o, "body");

	if (body == NULL) {
		problem_set(retp, 400, "missing", "body", "body is missing");
		return GW_EINVAL;
	}
	if (!json_is_object(body)) {
		problem_set(retp, 400, "bad-field", "body",
		    "body: an object was expected");
		return GW_EINVAL;
	}
	s->body = json_incref(body);
	return 0;
}

int
signed_parse(
    struct signed_request *ret, const void *p, size_t n, struct problem *retp)
{
	static const char *const keys[] = {"v", "verb", "server", "tls", "time",
	    "sources", "idempotency", "commit", "body", NULL};
	struct signed_request s = {0};
	json_t *o = NULL;
	int64_t v = 0;
	int r = GW_EINVAL;

	if ((o = json_parse_object(p, n, retp)) == NULL)
		goto out;
	if ((r = json_get_int(o, "v", true, SIGNED_VERSION, SIGNED_VERSION, &v,
		 retp)) != 0 ||
	    (r = json_only(o, keys, retp)) != 0 ||
	    (r = parse_names(&s, o, retp)) != 0 ||
	    (r = get_hex(o, "tls", true, 64, s.tls, retp)) != 0 ||
	    (r = parse_sources(&s, o, retp)) != 0 ||
	    (r = parse_idempotency(&s, o, retp)) != 0 ||
	    (r = get_hex(o, "commit", false, 64, s.commit, retp)) != 0 ||
	    (r = parse_body(&s, o, retp)) != 0)
		goto out;
	*ret = s;
	s.body = NULL; /* the caller's now */
out:
	signed_done(&s);
	json_decref(o);
	return r;
}

void
signed_done(struct signed_request *s)
{
	if (s == NULL)
		return;
	json_decref(s->body);
	*s = (struct signed_request){0};
}

/* ----------------------------------------------------------------- code */

static int
commitment(
    char ret[static 65], const uint8_t salt[static SALT_SIZE], const char *code)
{
	uint8_t in[SALT_SIZE + 64] = {0};
	uint8_t hash[SHA256_DIGEST_LENGTH];
	const size_t n = strlen(code);

	if (n == 0 || n > sizeof(in) - SALT_SIZE)
		return GW_EINVAL;
	memcpy(in, salt, SALT_SIZE);
	memcpy(in + SALT_SIZE, code, n);
	(void)SHA256(in, SALT_SIZE + n, hash);
	str_hex(ret, hash, sizeof(hash));
	explicit_bzero(in, sizeof(in));
	return 0;
}

bool
signed_code_ok(const struct signed_request *s, const struct envelope *e)
{
	uint8_t salt[SALT_SIZE];
	char hex[65] = "";

	if (strlen(s->commit) != 64 || e->code[0] == '\0' ||
	    str_unhex(salt, sizeof(salt), e->salt) != 0 ||
	    commitment(hex, salt, e->code) != 0)
		return false;
	return secret_equal(hex, s->commit, 64) || FAULT(code_bind);
}

int
signed_commit(
    char retcommit[static 65], char retsalt[static 33], const char *code)
{
	uint8_t salt[SALT_SIZE];

	secret_fill(salt, sizeof(salt));
	str_hex(retsalt, salt, sizeof(salt));
	return commitment(retcommit, salt, code);
}

/* ---------------------------------------------------------------- build */

static json_t *
sources_json(const struct signed_request *s)
{
	json_t *list = json_array();
	char text[ADDR_TEXT_SIZE];

	for (unsigned i = 0; list != NULL && i < s->nsources; i++) {
		addr_format(text, &s->source[i].addr);
		if (json_array_append_new(
			list, json_pack("{s:s,s:s}", "address", text, "nonce",
				  s->source[i].nonce)) == 0)
			continue;
		json_decref(list);
		list = NULL;
	}
	return list;
}

int
signed_build(char **rettext, const struct signed_request *s)
{
	char when[32];
	json_t *o = NULL;
	char *text = NULL;
	int r = GW_EINVAL;

	if (s->nsources == 0 || s->nsources > LIMIT_SOURCES || s->body == NULL)
		goto out;
	str_time(when, sizeof(when), s->time_ms);
	r = GW_ENOMEM;
	o = json_pack("{s:i,s:s,s:s,s:s,s:s,s:o,s:s}", "v", SIGNED_VERSION,
	    "verb", s->verb, "server", s->server, "tls", s->tls, "time", when,
	    "sources", sources_json(s), "idempotency", s->idempotency);
	if (o == NULL ||
	    (s->commit[0] != '\0' && json_object_set_new(o, "commit",
					 json_string(s->commit)) != 0) ||
	    json_object_set(o, "body", s->body) != 0 ||
	    (text = json_text(o)) == NULL)
		goto out;
	*rettext = text;
	r = 0;
out:
	json_decref(o);
	return r;
}
