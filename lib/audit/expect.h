/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expect - the newest checkpoint that somebody kept away from the log: what a
 * log that was cut back at a record lacks, and cannot tell by itself. Only the
 * signature says that it is one; whoever keeps it need not be believed.
 */
#ifndef AUDIT_EXPECT_H
#define AUDIT_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "audit/note.h"
#include "base/attr.h"

struct expect {
	struct note_key key;
	struct note_checkpoint newest; /* of what was given; valid if found */
	bool found;
};

/* vkey as verify_new has it, and its errors. */
MUST_CHECK int expect_init(struct expect *ret, const char *vkey);
/* One line of a sink's copy: a record, with whatever a receiver put before it
 * (a syslog header). What is no checkpoint of this log is passed over. */
void expect_line(struct expect *x, const void *line, size_t n);
/* A signed note alone, with its line ends. */
void expect_note(struct expect *x, const void *note, size_t n);
/* All of a descriptor, which holds either. GW_ESYS, GW_ENOMEM. */
MUST_CHECK int expect_fd(struct expect *x, int fd);

#endif
