/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glassca - the CA of break-glass, for when the gateway is down: the file with
 * its private key, sealed under what is on paper; what hosts trust it for; what
 * its certificates say. Pure.
 *
 *	sallyport-breakglass 1
 *	ca ssh-ed25519 AAAA...
 *	sheets 3 5 137
 *	from 10.9.0.0/24,2001:db8:9::/64
 *	salt 00112233445566778899aabbccddeeff
 *	sealed 01...
 *
 * sheets: how many are needed, of how many, of which set. One space between
 * words, LF after each line, and nothing else. What stands before the last line
 * is sealed with the key: it opens with these words alone.
 */
#ifndef CORE_GLASSCA_H
#define CORE_GLASSCA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/limits.h"

enum {
	GLASSCA_PUBLIC_SIZE = 128,
	GLASSCA_SALT_SIZE = 16,
	GLASSCA_SEALED_SIZE = 61,   /* a seed of 32 bytes, by sys/seal.h */
	GLASSCA_HEAD_MAX = 1024,    /* internal: what sys/seal.h binds */
	GLASSCA_FILE_MAX = 2048,    /* internal: we wrote it */
	GLASSCA_SOURCES_SIZE = 256, /* format: of a source-address */
	GLASSCA_KEY_ID_SIZE = 256,  /* as pam_jit reads it */
	GLASSCA_EARLY_S = 300,      /* before now: clocks differ */
};

/* The one login of its principals: "breakglass@web-01". */
#define GLASSCA_LOGIN "breakglass"
/* How each key id of its certificates begins. */
#define GLASSCA_BY "breakglass user="

struct glassca {
	char pub[GLASSCA_PUBLIC_SIZE]; /* "ssh-ed25519 AAAA..." */
	unsigned need, sheets;
	uint8_t set;
	struct prefix from[LIMIT_GLASS_FROM];
	unsigned nfrom;
	uint8_t salt[GLASSCA_SALT_SIZE];
	uint8_t sealed[GLASSCA_SEALED_SIZE];
};

/* need of sheets, 2 at least: fewer would be no split. */
bool glassca_counts_ok(unsigned need, unsigned sheets);
/* One more prefix that hosts take it from. GW_EINVAL: it is none, or names
 * everybody; GW_ELIMIT. */
MUST_CHECK int glassca_add_from(struct glassca *c, const char *prefix);
/* "10.9.0.0/24,2001:db8:9::/64", into GLASSCA_SOURCES_SIZE bytes. */
MUST_CHECK int glassca_sources(char *ret, const struct prefix *p, unsigned n);
/* Is all of p within what hosts take it from? */
bool glassca_within(const struct glassca *c, const struct prefix *p);

/* What the seal binds, and the file. */
MUST_CHECK int glassca_head(
    char ret[static GLASSCA_HEAD_MAX + 1], const struct glassca *c);
MUST_CHECK int glassca_format(struct buf *b, const struct glassca *c);
/* GW_EINVAL for anything that glassca_format() does not write. */
MUST_CHECK int glassca_parse(struct glassca *ret, const char *text, size_t n);

/* The line of an authorized_keys that lets it in at target, and no further. */
MUST_CHECK int glassca_trust_line(
    struct buf *b, const struct glassca *c, const char *target);
/* Who, which CA (its fingerprint) and why: sshd logs it. GW_EINVAL for a reason
 * that is too long or no text; GW_ELIMIT. */
MUST_CHECK int glassca_key_id(char ret[static GLASSCA_KEY_ID_SIZE],
    const char *who, const char *fingerprint, const char *why);

#endif
