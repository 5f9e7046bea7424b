/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str - small string helpers that refuse instead of truncating (but for
 * text_set), and the encodings everything shares. All are pure.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Copies with NUL; GW_ELIMIT (ret = "") if it does not fit. */
MUST_CHECK int str_copy(char *ret, size_t size, const char *s);
/* Copies what fits, with NUL, and cuts the rest: for text that is only shown or
 * whose size was checked before. */
void text_set(char *ret, size_t size, const char *s);
/* snprintf that fails with GW_ELIMIT instead of truncating. */
MUST_CHECK int str_fmt(char *ret, size_t size, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* A user, target, role, group or login name: 1..LIMIT_NAME_MAX characters of
 * [a-z0-9A-Z._-], the first one a letter, digit or underscore. */
bool str_name_ok(const char *s);
/* A control character, a bidirectional or an invisible one, U+FFFE, U+FFFF. */
bool str_unsafe(uint32_t cp);
/* Valid UTF-8 without any of those: any YAML can hold it. */
bool str_text_ok(const char *s, size_t n);
/* Length of the UTF-8 sequence at p (n > 0) and its code point; 0 if it is not
 * one (overlong forms, surrogates and values above U+10FFFF are not). */
size_t str_utf8(const uint8_t *p, size_t n, uint32_t *retcp);
/* Printable rendering: what str_text_ok() refuses as \xNN or \u{...};
 * always NUL-terminated; cut with "..." when it does not fit. */
void str_escape(char *ret, size_t size, const char *s, size_t n);
/* Case-insensitive edit distance, for "did you mean"; capped at 99. */
unsigned str_distance(const char *a, const char *b);

/* FNV-1a, for tables. */
uint32_t str_hash(const char *s);

/* Lower-case hex; ret needs 2n+1 bytes. */
void str_hex(char *ret, const uint8_t *p, size_t n);
/* Exactly n bytes from 2n hex digits and a NUL; else GW_EINVAL. */
MUST_CHECK int str_unhex(uint8_t *ret, size_t n, const char *s);

/* Base64 (RFC 4648 section 4, padded). Length needed incl. NUL. */
size_t str_b64_size(size_t n);
void str_b64(char *ret, const uint8_t *p, size_t n);
/* Strict decode, padding required, no white space; *retn = bytes written. */
MUST_CHECK int str_unb64(
    uint8_t *ret, size_t size, const char *s, size_t n, size_t *retn);

/* "90s" "15m" "2h" "1h30m" "1d" -> seconds, > 0; else GW_EINVAL. */
MUST_CHECK int str_duration(const char *s, uint32_t *ret);
/* Seconds -> "1h30m"; ret needs 32 bytes. */
void str_duration_format(char *ret, size_t size, uint64_t s);
/* Decimal without sign, space or leading zero (but "0"), within [min,max]. */
MUST_CHECK int str_u64(
    const char *s, uint64_t min, uint64_t max, uint64_t *ret);

/* UTC milliseconds -> "2026-11-22T01:02:03.456Z" (RFC 3339); 32 bytes. */
void str_time(char *ret, size_t size, int64_t utc_ms);
/* The inverse; also without fraction. */
MUST_CHECK int str_time_parse(const char *s, int64_t *ret_ms);

#endif
