/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change - what the commands that change something at the gateway share: a body
 * put together, the question whether what ends may end, one signed call, its
 * refusal printed, and what it changed told.
 */
#ifndef JITCTL_CMD_CHANGE_H
#define JITCTL_CMD_CHANGE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/attr.h"
#include "jitctl/gateway/call.h"
#include "jitctl/jitctl.h"
#include "jitctl/term/out.h"

/* Takes the value over; false when it is NULL or memory is out. */
bool change_set(json_t *body, const char *key, json_t *value);
/* One signed call. The body is consumed; NULL is EXIT_USAGE (its maker has said
 * why). A refusal is printed. *ret is to be given to reply_done() always. */
MUST_CHECK int change(
    struct ctx *c, enum api_verb verb, json_t *body, struct reply *ret);

/* When people are asked before a change is made: always, or only where it ends
 * something, or takes a key from a user; never without a terminal, nor with
 * --yes. ASK_IF_WARNED: as well where the gateway warns of it, which without a
 * terminal wants --yes. With
 * --no-input each of these questions is a failure that names --yes. */
enum change_ask { ASK_IF_ENDS = 0, ASK_ALWAYS, ASK_IF_WARNED };
/* The same as change(), for a verb that knows dry runs: asks "question" after
 * saying what would change and end (then c->changes_told), and with --dry-run
 * makes nothing. EXIT_FAILED after "no"; *ret is what was answered last. */
MUST_CHECK int change_asked(struct ctx *c, enum api_verb verb, json_t *body,
    enum change_ask ask, const char *question, struct reply *ret);
/* Is anybody asked, with --no-input by a failure? */
bool change_asks(const struct ctx *c);
/* Of what was shown: EXIT_OK, as for a script; with --no-input only after
 * --yes. Else "Nothing was " what is said. */
MUST_CHECK int change_agreed(
    struct ctx *c, const char *question, const char *what);
/* Where what would change is told otherwise than by change_tell_fields(). */
typedef void change_tell_fn(const struct ctx *c, const json_t *reply);
MUST_CHECK int change_asked_telling(struct ctx *c, enum api_verb verb,
    json_t *body, enum change_ask ask, const char *question,
    change_tell_fn *tell, struct reply *ret);
/* Says what the reply says that was changed, one line each after a heading, and
 * what was ended; of a dry run, would be. kind and name are what it is. */
void change_tell(
    const struct ctx *c, const char *kind, const char *name, const json_t *o);
/* The value of such a field in words: a list, a map, a duration, yes or no. */
void change_value(
    char ret[static CELL_SIZE], const char *field, const json_t *v);
/* Its [{"field","before","after"}], a line each. */
void change_tell_fields(const struct ctx *c, const json_t *list);
/* The same as data, wherever it goes. */
void change_print_fields(FILE *f, const json_t *list);
/* What of it names nothing that is there, a line each. */
void change_tell_unmatched(
    const struct ctx *c, const char *kind, const json_t *o);
/* Does, or would, a grant or a session end by it? */
bool change_ends(const json_t *o);
/* What was, or would be, ended or taken. */
void change_tell_ended(const struct ctx *c, const json_t *o);
/* An invitation of a reply, for user; "" after saying that it leads to another
 * gateway, or is none. Borrowed. */
const char *change_invitation(
    const struct ctx *c, const char *user, const json_t *v);
/* All of a policy's, a line each; EXIT_VERIFY if one was none. */
MUST_CHECK int change_print_invitations(
    const struct ctx *c, const json_t *list);
/* Removes what the first argument names, after asking; after follows what is
 * said then. list is the verb that lists them, for a guess after a typo. */
MUST_CHECK int change_remove(struct ctx *c, enum api_verb verb,
    enum api_verb list, const char *key, const char *after, struct reply *ret);

#endif
