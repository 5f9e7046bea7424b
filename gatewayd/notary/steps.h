/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps - the TOTP steps that were used, of each secret: by user and digest of
 * the secret, so that a new secret begins anew. A code works once; a clock that
 * was ahead once locks nobody out. No I/O, no clock.
 */
#ifndef NOTARY_STEPS_H
#define NOTARY_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	STEPS_KEPT = 32, /* the highest of a secret; what is lower was used */
	STEPS_NEAR = 2,  /* one step either way is accepted (sys/totp.h): a code
			  * that was on show beside a used one is used too */
};

struct steps;

MUST_CHECK int steps_new(struct steps **ret);
void steps_free(struct steps *s); /* NULL is a no-op */
/* Remembers it. factor is totp_id() of the secret; "": a record older than
 * those, which counts for each secret of the user whose steps are as long as
 * all were then (otp_factor_period()). GW_ENOMEM; GW_EPROTO if the names are
 * too long. */
MUST_CHECK int steps_use(
    struct steps *s, const char *user, const char *factor, int64_t step);
bool steps_used(
    const struct steps *s, const char *user, const char *factor, int64_t step);

#endif
