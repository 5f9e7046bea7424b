/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - one HTTPS call to the gateway with its key pinned, or one HTTP call
 * on the admin socket. The pin is the whole trust: no certificate authority,
 * no host name, and not a byte of the request before it matched. No
 * redirects, no proxies, no cookies.
 */
#ifndef JITCTL_GATEWAY_HTTP_H
#define JITCTL_GATEWAY_HTTP_H

#include <stddef.h>

#include "base/attr.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/jitctl.h"

enum { HTTP_ANY = 0, HTTP_V4 = 4, HTTP_V6 = 6 };

struct http_call {
	const char *method; /* GET or POST */
	const char *path;   /* with its query */
	const char *token;  /* or NULL */
	const void *body;
	size_t len;
	int family;      /* HTTP_ANY, HTTP_V4, HTTP_V6 */
	long connect_ms; /* 0 = 5 s */
	long total_ms;   /* 0 = 60 s */
	bool silent;     /* a failure is expected: nothing is said */
	bool no_problem; /* nor, by whoever reads the answer, a refusal */
	/* of a stream: its bytes as they come, which the reply has not then;
	 * false ends it. Calls may be made meanwhile, but for another stream.
	 */
	bool (*heard)(void *arg, const char *p, size_t n);
	void *arg;
};

/* EXIT_OK when the gateway answered, whatever the status: *ret, freed before,
 * is its reply. EXIT_UNREACHABLE after saying why; of a changed key both
 * fingerprints are shown. */
MUST_CHECK int http_do(
    struct ctx *c, const struct http_call *call, struct reply *ret);
/* Why the last call was not answered; borrowed. */
const char *http_why(const struct ctx *c);
/* Before the first call: where the profile has the beginning of the key's hash
 * only, as an invitation does, the rest of it. Sends nothing. EXIT_UNREACHABLE,
 * said: the key is another one. */
MUST_CHECK int http_learn_key(struct ctx *c);
void http_done(struct ctx *c);
/* libcurl's version for "jitctl version". */
const char *http_library(void);

#endif
