/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seed - a second factor's secret: made, sealed for the store, and as its user
 * gets to see it, once.
 */
#ifndef BROKER_IDENTITY_SEED_H
#define BROKER_IDENTITY_SEED_H

#include "broker/broker.h"
#include "wire/json.h"

/* As retsealed->otp says that its codes are to be made. */
MUST_CHECK int seed_new(struct broker *b, const char *user, struct secret *ret,
    struct sealed *retsealed);
/* {"user","otpauth","secret","totp_form"}, a new reference; NULL: it could not
 * be made. */
json_t *seed_json(const struct broker *b, const char *user,
    const struct secret *seed, const struct otp *otp);
/* What a body says of how codes are to be made, its "totp_form"; none where it
 * says nothing. 400 for what is no form. */
MUST_CHECK int seed_form(struct otp *ret, const json_t *o, struct problem *p);

#endif
