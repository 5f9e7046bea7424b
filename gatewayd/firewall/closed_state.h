/* SPDX-License-Identifier: Apache-2.0 */
/*
 * closed_state - what must be shut while nobody runs: a text file the firewall
 * process writes and sallyport-closed reads at boot. It can only shut, so a
 * forged one opens nothing.
 *
 *	sallyport-closed 1
 *	own 2222
 *	protect 192.0.2.7 tcp 22
 *	protect 2001:db8::7 udp 161
 *	end 3
 *
 * One space between words, LF after each line, lines starting with # are
 * comments; "end" counts the own and protect lines and is the last line. It
 * is kept twice (closed.state and closed.state.copy), for a disk that loses one
 * of them.
 */
#ifndef FIREWALL_CLOSED_STATE_H
#define FIREWALL_CLOSED_STATE_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "firewall/ruleset.h"

enum {
	CLOSED_STATE_MAX = 4 * 1024 * 1024, /* internal: we wrote it */
};
#define CLOSED_STATE_FILE "closed.state"

/* Adds every line that can be read to *rs, also behind a bad one: more shut is
 * better. GW_EINVAL with *reterr about the first bad line; GW_ENOMEM,
 * GW_ELIMIT. rs must be initialised; what it gets is the caller's. */
MUST_CHECK int closed_state_parse(
    struct ruleset *rs, const char *text, size_t n, struct diag *reterr);
void closed_state_format(struct buf *b, const struct ruleset *rs);

/* Reads path and, when that is missing or not whole, its second copy too: each
 * adds to *rs what can be read, and what is wrong is logged. 0 when one of them
 * was whole; GW_ENOENT when neither exists; else what is wrong with the first.
 * flags as safefile_read() takes them. */
MUST_CHECK int closed_state_read(
    struct ruleset *rs, const char *path, unsigned flags);
/* The second copy first, then path: one of them is whole at any moment. */
MUST_CHECK int closed_state_write(const char *path, const struct ruleset *rs);

#endif
