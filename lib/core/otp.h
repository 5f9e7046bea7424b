/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otp - how the codes of one secret are made (RFC 6238): by which digest, of
 * how many digits, every how many seconds another. Written "sha256,8,60". Zero
 * is none: no code is made that way. Pure.
 */
#ifndef CORE_OTP_H
#define CORE_OTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"

enum otp_digest { OTP_NONE = 0, OTP_SHA1, OTP_SHA256, OTP_SHA512, OTP_COUNT };

/* "Long" is the other one of two. */
enum {
	OTP_DIGITS = 6,
	OTP_DIGITS_LONG = 8,
	OTP_PERIOD_S = 30,
	OTP_PERIOD_LONG_S = 60,
	OTP_SEED_LONG = 64, /* RFC 4226 section 4: as long as the digest */
	OTP_TEXT_SIZE = 16,
};

struct otp {
	uint8_t digest;   /* enum otp_digest */
	uint8_t digits;   /* 6 or 8 */
	uint8_t period_s; /* 30 or 60 */
};

/* SHA-1, 6 digits, 30 s: what every authenticator app does, and what there was
 * before others. */
struct otp otp_usual(void);
bool otp_ok(const struct otp *o);
bool otp_equal(const struct otp *a, const struct otp *b);
/* "sha256,8,60"; all three. GW_EINVAL, and *ret is none. */
MUST_CHECK int otp_parse(struct otp *ret, const char *text);
/* What otp_parse() reads; "" of none. */
void otp_format(char ret[static OTP_TEXT_SIZE], const struct otp *o);
/* "SHA1", as otpauth has it; "" of none. */
const char *otp_digest_str(const struct otp *o);
/* How many random bytes its secret has. */
size_t otp_seed_size(const struct otp *o);
/* What another secret of the same user is to be: as asked for (none: not
 * asked), else as the one there is (none: there is none), else the gateway's
 * own. Fewer digits are easier to guess: what the one there is has, or without
 * one the gateway's, is the least that may be asked for; and one that is not
 * asked for has as many as the gateway's. GW_EDENIED: fewer. */
MUST_CHECK int otp_choose(struct otp *ret, const struct otp *asked,
    const struct otp *has, const struct otp *own);

/* What stands in its place where a signature did in that of a code. */
#define FACTOR_FIDO "fido"

/* The steps of a secret are counted in its period, which is said at the end of
 * what names the secret in the log ("/60" behind hex digits), so that a step is
 * never taken for one of another length; what does not say is of 30 s. 0: it is
 * neither. */
unsigned otp_factor_period(const char *factor);
MUST_CHECK int otp_factor_mark(
    char ret[static LIMIT_FACTOR_SIZE], const struct otp *o);

#endif
