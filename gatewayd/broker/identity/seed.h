/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seed - a second factor's secret: made, sealed for the store, and as its user
 * gets to see it, once.
 */
#ifndef BROKER_IDENTITY_SEED_H
#define BROKER_IDENTITY_SEED_H

#include "broker/broker.h"
#include "wire/json.h"

MUST_CHECK int seed_new(struct broker *b, const char *user, struct secret *ret,
    struct sealed *retsealed);
/* {"user","otpauth","secret"}, a new reference; NULL: it could not be made. */
json_t *seed_json(
    const struct broker *b, const char *user, const struct secret *seed);

#endif
