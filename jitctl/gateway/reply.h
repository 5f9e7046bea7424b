/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply - what the gateway answered, parsed: hostile bytes until then. Also
 * what a refusal means for the exit code.
 */
#ifndef JITCTL_GATEWAY_REPLY_H
#define JITCTL_GATEWAY_REPLY_H

#include <stddef.h>

#include "jitctl/jitctl.h"
#include "wire/json.h"

/* The refusals that jitctl acts on, by the "code" of the problem object. */
enum problem_kind {
	PROBLEM_OTHER = 0,     /* or no problem */
	PROBLEM_CODE_NEEDED,   /* of the authenticator app */
	PROBLEM_CODE_WRONG,    /* or used before */
	PROBLEM_OTHER_GATEWAY, /* not the one that the signature names */
};

/* Zero is none. */
struct reply {
	long status; /* of HTTP; 0 = nothing left to print */
	char *body;  /* len bytes and a NUL */
	size_t len;
	json_t *json; /* NULL: the body is no JSON object */
	enum problem_kind problem;
	int family; /* over which it came, HTTP_V4 or HTTP_V6; HTTP_ANY */
};

/* Makes a reply of a status and a body, which it takes over: malloc'd, len
 * bytes and a NUL. What *ret was before is freed. Uses no network. */
void reply_read(struct reply *ret, long status, char *body, size_t len);
/* Wipes and frees; {0} after. */
void reply_done(struct reply *r);

/* EXIT_OK for a status of 200 to 299. */
int reply_exit_code(const struct reply *r);
/* A problem as a sentence on stderr; the object itself with -o json. */
void reply_print_problem(const struct ctx *c, const struct reply *r);

/* A string member of any object, "" when absent; borrowed. */
const char *member(const json_t *o, const char *key);

#endif
