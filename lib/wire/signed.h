/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signed - the signed request (doc/PROTOCOL.request): what jitctl builds and
 * the broker checks. The signature is an SSHSIG (PROTOCOL.sshsig of OpenSSH)
 * in namespace "request@sallyport" over the exact payload bytes:
 *
 *   {"v":1,"verb":"request.create","server":"<server id>",
 *    "tls":"<hex SHA-256 of the TLS SPKI the client saw>",
 *    "time":"<RFC 3339>",
 *    "sources":[{"address":"198.51.100.7","nonce":"<32 hex>"}],
 *    "idempotency":"<16..63 of [A-Za-z0-9-]>",
 *    "commit":"<hex SHA-256(salt bytes || code text)>" or absent,
 *    "body":{...}}
 *
 * The envelope sent is {"payload": base64 of those bytes, "signature": armor,
 * "code": "123456", "salt": 32 hex} (code and salt only with "commit"). The
 * code itself is therefore bound to the request but never in the evidence.
 */
#ifndef WIRE_SIGNED_H
#define WIRE_SIGNED_H

#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/limits.h"
#include "core/recovery.h"
#include "wire/json.h"

#define SIGNED_NAMESPACE "request@sallyport"

struct signed_source {
	struct addr addr;
	char nonce[LIMIT_NONCE_SIZE];
};

struct signed_request {
	char verb[32];
	char server[LIMIT_NAME_SIZE];
	char tls[65];
	int64_t time_ms;
	struct signed_source source[LIMIT_SOURCES];
	unsigned nsources; /* at least 1, at most one of each family */
	char idempotency[64];
	char commit[65]; /* "" = no code */
	json_t *body;    /* object, owned */
};

/* An envelope taken apart; all owned, code wiped by envelope_done. */
struct envelope {
	uint8_t *payload;
	size_t payload_len;
	char *signature;               /* armor text */
	char code[RECOVERY_TEXT_SIZE]; /* or a recovery code */
	char salt[33];
};

MUST_CHECK int envelope_parse(
    struct envelope *ret, const void *p, size_t n, struct problem *retp);
void envelope_done(struct envelope *e);
/* Parse the payload AFTER its signature was verified. */
MUST_CHECK int signed_parse(
    struct signed_request *ret, const void *p, size_t n, struct problem *retp);
void signed_done(struct signed_request *s);
/* True when SHA-256(salt || code) is the commitment (constant time). */
bool signed_code_ok(const struct signed_request *s, const struct envelope *e);

/* Client side: the payload text (malloc'd) and, for a code, salt and commit. */
MUST_CHECK int signed_build(char **rettext, const struct signed_request *s);
MUST_CHECK int signed_commit(
    char retcommit[static 65], char retsalt[static 33], const char *code);

#endif
