/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - the envelope of one evidence record: written by the notary alone,
 * read by whoever folds or verifies the log. One record is one line of JSON;
 * its bytes without the LF are a leaf of the Merkle tree, so the spelling is
 * fixed: these keys, this order, no white space. Pure. Does not look into the
 * fields that follow the envelope.
 */
#ifndef AUDIT_RECORD_H
#define AUDIT_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/limits.h"
#include "core/event.h"
#include "core/proc.h"

struct record {
	uint64_t seq;
	int64_t time_ms; /* UTC */
	enum event_code event;
	enum proc origin;
	char id[ID_UUID_SIZE];
	char node[LIMIT_NAME_SIZE];
	char boot[CLOCK_BOOT_ID_SIZE];
	uint64_t conn; /* 0 = not in the record */
};

/*
 * Appends the line without LF; fields is what event_fields_json made. On
 * failure out holds a part of a line: the caller cuts it back. GW_EINVAL for
 * an unknown event or origin, GW_ELIMIT past LIMIT_RECORD_MAX, buf's errors.
 */
MUST_CHECK int record_format(
    struct buf *out, const struct record *r, const void *fields, size_t n);
/*
 * The inverse, for a line without its LF; GW_EPROTO for anything whose
 * envelope record_format cannot have written. That the rest is good JSON is
 * for others to say.
 */
MUST_CHECK int record_parse(struct record *ret, const void *line, size_t n);
/* Where a record stands in a line that a receiver has framed, and its length;
 * NULL when there is none. What it is, record_parse says. */
const char *record_framed(const void *line, size_t n, size_t *retn);
/* The value of a text of such a line, one without escapes (a name, an id),
 * without parsing all of it. False: it has none that fits. */
bool record_text(
    char *ret, size_t size, const void *line, size_t n, enum event_field_id id);

#endif
