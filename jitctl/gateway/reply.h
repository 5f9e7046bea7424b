/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply - what the gateway answered, parsed: hostile bytes until then. Also
 * what a refusal means for the exit code.
 */
#ifndef JITCTL_GATEWAY_REPLY_H
#define JITCTL_GATEWAY_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"
#include "jitctl/jitctl.h"
#include "wire/json.h"

/* The refusals that jitctl acts on, by the "code" of the problem object. */
enum problem_kind {
	PROBLEM_OTHER = 0,     /* or no problem */
	PROBLEM_CODE_NEEDED,   /* of the authenticator app */
	PROBLEM_CODE_WRONG,    /* or used before */
	PROBLEM_KEY_UNKNOWN,   /* no active user has it */
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

/* How many digits the code has that it wants; 0: it does not say. */
unsigned reply_digits(const struct reply *r);
/* EXIT_OK for a status of 200 to 299. */
int reply_exit_code(const struct reply *r);
/* A problem as a sentence on stderr; the object itself with -o json. */
void reply_print_problem(const struct ctx *c, const struct reply *r);

/* A string member of any object, "" when absent; borrowed. Anything may be in
 * it: to be escaped before it is shown, and in no line that is to be pasted. */
const char *member(const json_t *o, const char *key);

/*
 * What goes into a line that people paste, or that a program reads as one word:
 * a value that is what it is called, or nothing. Borrowed, but for the key.
 */
/* str_name_ok(), else "". */
const char *member_name(const json_t *o, const char *key);
/* An id of that kind (base/ids.h), else "". */
const char *member_id(const json_t *o, const char *key, char kind);
/* 1 to 65535, else 0. */
unsigned member_port(const json_t *o, const char *key);
/* "type base64" of a public key, whatever else its line had; false, *ret "",
 * when it is none. */
enum { KEY_TEXT_SIZE = LIMIT_PUBKEY_MAX * 2 };
bool key_text(char ret[static KEY_TEXT_SIZE], const json_t *v);
/* Are two lines "type base64 comment" of the same key, whatever the comments
 * say? NULL and "" are nobody's. */
bool key_same(const char *a, const char *b);

#endif
