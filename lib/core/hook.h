/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook - webhooks, as far as they are decided: what a URL of one may be, where
 * its name may lead, which events it wants, and the signature that proves a
 * message (Standard Webhooks 1.0). Pure.
 */
#ifndef CORE_HOOK_H
#define CORE_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/secret.h"
#include "core/conf.h"

/* "https://host[:port][/path[?query]]" into host, port and path of c; nobody's
 * name or password in it, and no fragment. Else GW_EINVAL and *retwhy, a clause
 * that says why not. */
MUST_CHECK int hook_url_parse(
    struct conf_sink *c, const char *url, const char **retwhy);

/* An event's name, or "request.*": all whose name begins so. */
bool hook_event_ok(const char *word);
/* Is it among the words, which have spaces between? */
bool hook_wants(const char *words, const char *event);

/* May a connection to it be made? A URL's own address is named; what a name
 * leads to is a public one, or in a network that is. */
bool hook_address_ok(const struct conf_sink *c, const struct addr *a);

/* How long a receiver is left alone that answered "Retry-After: so many
 * seconds": as long as it says, but for one that would never be asked again. */
int64_t hook_after_ms(int64_t asked_s);

/* One secret that signs, or two: receivers then take either, and the older one
 * can go. */
struct hook_keys {
	struct secret key[LIMIT_HOOK_SECRETS];
	unsigned n;
};

/* Lines "whsec_BASE64" of 24 to 64 bytes each. GW_EINVAL, GW_ENOMEM. */
MUST_CHECK int hook_keys_parse(
    struct hook_keys *ret, const void *text, size_t n);
void hook_keys_done(struct hook_keys *k); /* safe twice */

enum { HOOK_SIGNATURE_SIZE = 64 * LIMIT_HOOK_SECRETS };

/* "v1,BASE64 v1,BASE64": HMAC-SHA256 over "id.time.body" by each key. */
MUST_CHECK int hook_sign(char ret[static HOOK_SIGNATURE_SIZE],
    const struct hook_keys *k, const char *id, int64_t time_s, const void *body,
    size_t n);

#endif
