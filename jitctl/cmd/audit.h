/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit - reading the gateway's records, for whoever shows or proves them.
 */
#ifndef JITCTL_CMD_AUDIT_H
#define JITCTL_CMD_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct ctx;

/* Gets one whole record, without its line end. false stops the reading. */
typedef bool record_fn(void *arg, const char *line, size_t n);

struct reader {
	struct ctx *c;
	uint64_t next; /* record that comes */
	record_fn *each;
	void *arg;
	bool stopped;
};

/* From next on to the end. An exit code; what went wrong is said. */
MUST_CHECK int audit_read(struct reader *rd);
/* How many records there are. An exit code likewise. */
MUST_CHECK int audit_count(struct ctx *c, uint64_t *ret);
/* The first record of that time or later, as far as they are in order;
 * likewise.
 */
MUST_CHECK int audit_since(struct ctx *c, int64_t utc_ms, uint64_t *ret);

#endif
