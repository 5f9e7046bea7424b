/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call - one verb of the API: challenges, payload, signature, code, envelope;
 * or a read with the short token; or the bare body on the admin socket. Also
 * what a refusal means for the exit code.
 */
#ifndef JITCTL_GATEWAY_CALL_H
#define JITCTL_GATEWAY_CALL_H

#include "base/attr.h"
#include "base/secret.h"
#include "jitctl/jitctl.h"
#include "ssh/sshkey.h"
#include "wire/verbs.h"

struct call_opts {
	const char *idempotency; /* NULL = a new one */
	const char *const *from; /* only these of our addresses */
	unsigned nfrom;
	bool show_problem; /* print a refusal here and now */
	char *retfp;       /* SSHKEY_FP_SIZE bytes, NULL = not wanted */
};

/* A reply; json is NULL for a body that is not JSON. */
struct reply {
	long status;
	char *body;
	size_t len;
	json_t *json;
};

/* Reads: GET with the token (or openly). query is "" or "?a=b". EXIT_OK or
 * the exit code after a printed problem. */
MUST_CHECK int call_get(struct ctx *c, enum api_verb verb, const char *arg,
    const char *query, struct reply *ret);
/* The same for a list, which may take several replies: "items" has them all. */
MUST_CHECK int call_list(
    struct ctx *c, enum api_verb verb, const char *query, struct reply *ret);
/* Changes: the signed envelope. body is borrowed. *ret is filled for refusals
 * as well, so that the caller can say more. */
MUST_CHECK int call_signed(struct ctx *c, enum api_verb verb, json_t *body,
    const struct call_opts *o, struct reply *ret);
void reply_done(struct reply *r);
/* Takes the spaces out; false, said and freed when it cannot be a code. */
bool code_tidy(struct secret *code);
/* EXIT_OK, or EXIT_LOGIN after saying how to join a gateway. */
MUST_CHECK int call_need_profile(const struct ctx *c);

/* The exit code for a problem object's status and code. */
int call_exit_code(long status, const char *code);
/* A problem as three parts on stderr; the object itself with -o json. */
void call_print_problem(const struct ctx *c, const struct reply *r);

/* A string member, "" when absent; borrowed. */
const char *member(const json_t *o, const char *key);

#endif
