/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token - short read-only tokens for lists.
 */
#ifndef BROKER_IDENTITY_TOKEN_H
#define BROKER_IDENTITY_TOKEN_H

#include "broker/call/call.h"

MUST_CHECK int tokens_new(struct tokens **ret);
void verb_token(struct call *c);
/* The user a token speaks for from this address; GW_EDENIED. */
MUST_CHECK int token_check(struct broker *b, const char *token,
    const struct addr *peer, char retuser[static LIMIT_NAME_SIZE],
    char retkey[static SSHKEY_FP_SIZE], int64_t *retend_boot_ms);
void token_forget(struct broker *b, const char *user);

#endif
