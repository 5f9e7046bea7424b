/* SPDX-License-Identifier: Apache-2.0 */
/*
 * totp - time-based one-time codes (RFC 6238), by liboath: as core/otp.h says
 * that those of a secret are made. Says which step a code belongs to; that a
 * step is used once only is the notary's to decide.
 */
#ifndef SYS_TOTP_H
#define SYS_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/secret.h"
#include "core/otp.h"

enum {
	TOTP_WINDOW = 1, /* steps before and after that are accepted */
	TOTP_CODE_SIZE = OTP_DIGITS_LONG + 1,
	TOTP_BASE32_SIZE = 112,
	TOTP_URI_SIZE = 512,
};

/* Once per process, before anything else. */
MUST_CHECK int totp_init(void);
/* True and the step (> 0) when code is right at utc_s or one step beside it. */
MUST_CHECK bool totp_check(int64_t *retstep, const struct secret *seed,
    const struct otp *o, const char *code, int64_t utc_s);
/* True, and of how many seconds before (negative) or after utc_s it is, when
 * code would be right then, up to far_s away but at no time at which
 * totp_check() takes it. Nothing may be opened by it. */
MUST_CHECK bool totp_far(int64_t *retoff_s, const struct secret *seed,
    const struct otp *o, const char *code, int64_t utc_s, int64_t far_s);
/* The code of a step. For tests. */
MUST_CHECK int totp_code(char ret[static TOTP_CODE_SIZE],
    const struct secret *seed, const struct otp *o, int64_t step);
/* Which secret it is: half of a digest of it, in hex, which gives nothing of
 * 160 random bits away, and behind it what period its steps have
 * (otp_factor_period()). GW_ECRYPTO. */
MUST_CHECK int totp_id(char ret[static LIMIT_FACTOR_SIZE],
    const struct secret *seed, const struct otp *o);
/* Without padding, as apps want it typed. GW_ELIMIT, GW_ENOMEM. */
MUST_CHECK int totp_base32(char *ret, size_t size, const struct secret *seed);
/* otpauth://totp/issuer:user?... with everything escaped. */
MUST_CHECK int totp_uri(char *ret, size_t size, const struct secret *seed,
    const struct otp *o, const char *issuer, const char *user);

#endif
