/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cast - the lines of an asciicast v2 file (doc/RECORDING). Pure: time comes
 * in, text goes out. Knows no files and no sessions.
 *
 * Strings of the format must be UTF-8. A character cut in two by a read is kept
 * until its rest comes; bytes that are no UTF-8 become U+FFFD each, and the
 * event's raw bytes are given as well, so that nothing is lost.
 */
#ifndef RECORDER_CAST_H
#define RECORDER_CAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

struct cast {
	uint8_t tail[4]; /* the start of a character */
	size_t ntail;    /* at most 3 */
};

struct cast_head {
	uint32_t cols, rows; /* 0 = 80x24; at most 10,000 */
	int64_t time_s;      /* UTC */
	const char *title;
	const char *term;       /* "" = none */
	const uint8_t *command; /* of any bytes */
	size_t ncommand;        /* 0 = none */
};

/* "command_b64" has what is not UTF-8 exactly. */
void cast_header(struct buf *out, const struct cast_head *h);
/* One "o" line, or none while all there is is half a character. If bytes had
 * to be replaced, the same event with base64 goes to raw. */
void cast_output(struct cast *c, struct buf *out, struct buf *raw, int64_t t_us,
    const void *p, size_t n);
/* What is left at the end: half a character is no character. */
void cast_end(struct cast *c, struct buf *out, struct buf *raw, int64_t t_us);
/* Of a whole line, without its LF: how many terminal bytes it stands for; 0 for
 * the header and for what is no output. *retlossy: bytes were, or look,
 * replaced; if so, the raw line of the same time (cast_same_time) has the
 * number. GW_ECORRUPT for what cast_output has not written. */
MUST_CHECK int cast_count(
    const uint8_t *line, size_t n, uint64_t *ret, bool *retlossy);
MUST_CHECK int cast_count_raw(const uint8_t *line, size_t n, uint64_t *ret);
bool cast_same_time(const uint8_t *a, size_t na, const uint8_t *b, size_t nb);
/* "COLSxROWS"; GW_EPROTO for anything else. */
MUST_CHECK int cast_resize(
    struct buf *out, int64_t t_us, const void *p, size_t n);
void cast_marker(struct buf *out, int64_t t_us, const void *p, size_t n);

#endif
