/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read - the verbs that change nothing: with the short token, or openly, or on
 * the admin socket.
 */
#ifndef JITCTL_GATEWAY_READ_H
#define JITCTL_GATEWAY_READ_H

#include "base/attr.h"
#include "base/limits.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/gateway/url.h"
#include "jitctl/jitctl.h"
#include "wire/verbs.h"

/* arg stands for the {id} of the verb's path, NULL when it has none; q may be
 * NULL. EXIT_OK, or an exit code after what went wrong was said. *ret is to be
 * given to reply_done() always. */
MUST_CHECK int read_verb(struct ctx *c, enum api_verb verb, const char *arg,
    const struct query *q, struct reply *ret);
/* The same, and a refusal is not said. */
MUST_CHECK int read_quiet(
    struct ctx *c, enum api_verb verb, const char *arg, struct reply *ret);
/* One that is posted, with the token. body is borrowed. */
MUST_CHECK int read_posted(
    struct ctx *c, enum api_verb verb, const json_t *body, struct reply *ret);
/* An answer that goes on: heard gets its bytes (http.h), until it ends. */
struct stream {
	bool (*heard)(void *arg, const char *p, size_t n);
	void *arg;
	int64_t most_ms; /* then it is cut; 0 = when its token ends */
	bool quiet;      /* a refusal is not said either */
};
/* The same for a verb whose answer does. It may have ended because it was cut:
 * then it is EXIT_UNREACHABLE, and nothing was said. */
MUST_CHECK int read_stream(struct ctx *c, enum api_verb verb,
    const struct query *q, const struct stream *s);
/* The same for a list, which may take several replies: "items" has them all. */
MUST_CHECK int read_list(struct ctx *c, enum api_verb verb,
    const struct query *q, struct reply *ret);
/* One reply of a list: its items go behind those of all (page may be all
 * itself, the first one); next, "" at first, gets where the rest begins, "" =
 * nowhere. GW_EINVAL: it is no such reply, or leads back to where it was. Uses
 * no network. */
MUST_CHECK int read_page(
    json_t *all, const json_t *page, char next[static LIMIT_NAME_SIZE]);

#endif
