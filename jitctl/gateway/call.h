/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call - one signed verb of the API: challenges, payload, signature, code,
 * envelope; or the bare body on the admin socket.
 */
#ifndef JITCTL_GATEWAY_CALL_H
#define JITCTL_GATEWAY_CALL_H

#include "base/attr.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/jitctl.h"
#include "ssh/sshkey.h"
#include "wire/verbs.h"

struct call_opts {
	const char *idempotency; /* NULL = a new one */
	const char *const *from; /* only these of our addresses */
	unsigned nfrom;
	bool show_problem; /* print a refusal here and now */
	bool recovery;     /* a recovery code will do as well */
	bool no_code;      /* what wants one is not wanted */
	bool paper;        /* a code of break-glass, and no other */
	bool codeless;     /* of a dry run that wants none: none is read */
	char *retfp;       /* SSHKEY_FP_SIZE bytes, NULL = not wanted */
};

/* body is borrowed, o may be NULL. *ret is filled for refusals as well, so that
 * the caller can say more, and is to be given to reply_done() always. */
MUST_CHECK int call_signed(struct ctx *c, enum api_verb verb, json_t *body,
    const struct call_opts *o, struct reply *ret);
/* A verb that nobody signs; a refusal is printed. Else as above. */
MUST_CHECK int call_open(
    struct ctx *c, enum api_verb verb, json_t *body, struct reply *ret);
enum { CALL_TEXT_SIZE = 512 };
/* Of a context without one: that there is none, and what to do about it. */
void call_no_profile(const struct ctx *c, char why[static CALL_TEXT_SIZE],
    char remedy[static CALL_TEXT_SIZE]);
/* EXIT_OK, or EXIT_LOGIN after saying both. */
MUST_CHECK int call_need_profile(const struct ctx *c);

#endif
