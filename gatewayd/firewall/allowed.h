/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allowed - what root opened with sallyport-closed while no gateway ran: lines
 * of a file beside closed.state. The next firewall process puts them on record:
 *
 *	b-7Q2MXK4P 198.51.100.7 10.20.0.11 22 START END LOGINUID WHY
 *
 * One space between words; times are UTC milliseconds, a loginuid that is not
 * known is "-", and why is the rest of the line.
 */
#ifndef FIREWALL_ALLOWED_H
#define FIREWALL_ALLOWED_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/limits.h"

#define ALLOWED_FILE "root.allowed"

enum {
	ALLOWED_FILE_MAX = 64 * 1024, /* internal: some 200 lines */
};

struct allowed {
	char id[LIMIT_ID_SIZE]; /* a use of break-glass */
	struct addr source, target;
	uint16_t port;            /* TCP */
	int64_t start_ms, end_ms; /* UTC; start 0 = not known */
	int64_t loginuid;         /* -1 = not known */
	char why[LIMIT_REASON_SIZE];
};

void allowed_format(struct buf *b, const struct allowed *a);
/* One line without its end, changed by this; GW_EINVAL for what is none. */
MUST_CHECK int allowed_parse(struct allowed *ret, char *line);

/* Appends it, on disk before this returns; *retsize is how long the file was
 * before. GW_ESYS; GW_EDENIED: what is there is not a file of root's alone. */
MUST_CHECK int allowed_append(
    const char *path, const struct allowed *a, size_t *retsize);
/* Takes back what was appended last. */
void allowed_undo(const char *path, size_t size);

#endif
