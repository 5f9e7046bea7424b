/* SPDX-License-Identifier: Apache-2.0 */
/*
 * when - times as people read and write them. One rule: what is shown can be
 * typed back. Without a zone a time is local (TZ), as it is shown; what scripts
 * get as JSON is UTC.
 */
#ifndef JITCTL_TERM_WHEN_H
#define JITCTL_TERM_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From when until when a text is, in UTC milliseconds, both included: as
 * exactly as it says it, a day is all of the day. */
struct when {
	int64_t first_ms, last_ms;
};

/* [DAY] [CLOCK] [ZONE], a day or a clock at least, or a duration back from
 * now_ms:
 *   DAY    2026-11-22, today, yesterday, or the last monday (mon), today too
 *   CLOCK  14:30, 14:30:05, 14:30:05.123
 *   ZONE   Z, UTC, +01:00, +0100, +01, or a zone of TZ's by its name (CET), in
 *          whatever season
 * A T may stand between day and clock. False: it is no such text, or no time.
 * A clock that a day has twice is from the first to the last of both. */
bool when_parse(struct when *ret, const char *s, int64_t now_ms);

/* Until when a text is that begins with a date, as UTC RFC 3339: one without a
 * clock until the end of its day. False as when_parse(), or ret is too small.
 */
bool when_until(char *ret, size_t size, const char *s);

/* UTC RFC 3339 -> "2026-11-22 14:02:10 CET"; what is no time stays, escaped. */
void when_text(char *ret, size_t size, const char *utc);
/* The same with milliseconds, "2026-11-22 14:02:10.123 CET". */
void when_text_ms(char *ret, size_t size, const char *utc);
/* A text with its UTC times ("2026-11-22T13:02:10Z", with milliseconds or not)
 * as when_text() has them; as much as fits. */
void when_in_text(char *ret, size_t size, const char *text);
/* -> "14:02:10 CET" if that is today, else "2026-11-21 14:02". */
void when_text_short(char *ret, size_t size, const char *utc, int64_t now_ms);

#endif
