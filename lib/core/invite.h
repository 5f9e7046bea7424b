/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invite - an invitation as text: where the gateway is, which key it has, and a
 * code that works once, "sp2:gw.example.net:8443:<22>:<20>". It is to be copied
 * by people, so it fits a line of 80 columns, where the host does: the key
 * stands for the first 128 bits of its hash, which nobody finds another key
 * for. Pure.
 */
#ifndef CORE_INVITE_H
#define CORE_INVITE_H

#include <stddef.h>

#include "base/attr.h"

enum {
	INVITE_CODE_LEN = 20,
	INVITE_PIN_LEN = 22, /* of base64url */
	INVITE_PIN_HEX = 32, /* the same in hex */
	INVITE_TEXT_SIZE = 400,
};

/* spki is the key's hash, 64 hex digits; an IPv6 host gets its brackets here.
 * GW_EINVAL, GW_ELIMIT. */
MUST_CHECK int invite_text(char ret[static INVITE_TEXT_SIZE], const char *host,
    unsigned port, const char *spki, const char *code);
/* The key's part, exactly n bytes, as the beginning of that hash. GW_EINVAL. */
MUST_CHECK int invite_pin(
    char ret[static INVITE_PIN_HEX + 1], const char *s, size_t n);

#endif
