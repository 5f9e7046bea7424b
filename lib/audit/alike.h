/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alike - could whoever reads a line as JSON take something in it for a record?
 * It may be written otherwise than ours are: names in capitals, in a list,
 * escaped as the text of another document, in UTF-16. Pure. Decides nothing
 * about records: verify.c does.
 */
#ifndef AUDIT_ALIKE_H
#define AUDIT_ALIKE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	ALIKE_OVERLAP = 4096, /* of two parts of a line: no name is longer */
};

/* What parts of one line had. */
struct alike {
	bool envelope;  /* the name of a field of ours */
	bool event;     /* an event of ours, by its name or its code */
	unsigned names; /* which of a record's: its shape, whatever is in it */
};

/* Looks at one more part. With frame it is what stands before a record, where
 * texts of ours may be quoted: what is escaped there is nobody's field. */
void alike_look(struct alike *a, const void *part, size_t n, bool frame);
bool alike_is(const struct alike *a);

#endif
