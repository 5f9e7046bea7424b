/* SPDX-License-Identifier: Apache-2.0 */
/*
 * close - ends that the log must hear of, repeated until the notary has
 * confirmed them.
 */
#ifndef BROKER_GRANT_CLOSE_H
#define BROKER_GRANT_CLOSE_H

#include "broker/call/call.h"
#include "core/grant.h"

/* c (may be NULL) is answered with reply (taken) when it is durable. */
void close_grant(struct broker *b, const char *id, enum end_reason reason,
    const char *by, struct call *c, json_t *reply);
/* c goes on with fn once the end of that grant, which is pending, is in the log
 * and order.h has waited for the firewall; it is answered where the log cannot
 * be written. */
void close_then(struct broker *b, const char *id, struct call *c, call_fn *fn);
void close_leg(struct broker *b, const char *sid, enum end_reason reason,
    const char *by, uint64_t in, uint64_t out, int64_t status);
bool close_pending(const struct broker *b, const char *id);
/* Why it is being closed; END_NONE when it is not. */
enum end_reason close_reason(const struct broker *b, const char *id);
void close_again(struct broker *b); /* the notary is back */

#endif
