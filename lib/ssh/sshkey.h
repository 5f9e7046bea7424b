/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshkey - SSH public keys and signatures, verified with libcrypto:
 * ssh-ed25519, ecdsa-sha2-nistp{256,384,521}, ssh-rsa (>= 3072 bits,
 * rsa-sha2-256/512 only), sk-ssh-ed25519@openssh.com,
 * sk-ecdsa-sha2-nistp256@openssh.com (touch required). RFC 4253 section 6.6,
 * RFC 5656, RFC 8332, RFC 8709 and OpenSSH's PROTOCOL.u2f. No private key of a
 * user ever comes here.
 */
#ifndef SSH_SSHKEY_H
#define SSH_SSHKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "base/secret.h"
#include "core/hardware.h"

struct sshkey {
	char type[64];
	uint8_t blob[LIMIT_PUBKEY_MAX];
	size_t len;
	uint8_t sk_flags; /* of an sk-* key whose signature was verified by
			   * sshsig_verify(): what that says; else 0 */
};

enum { SSHKEY_FP_SIZE = 64 }; /* "SHA256:" + 43 characters + NUL */

/* What sshkey_parse_*() take, for people. */
#define SSHKEY_TYPES                                                           \
	"ssh-ed25519, ecdsa-sha2-nistp256, -384 and -521, ssh-rsa from 3072 "  \
	"bits, sk-ssh-ed25519 and sk-ecdsa-sha2-nistp256 @openssh.com"

/* "type base64 [comment]"; refuses weak types, trailing bytes; GW_EUNSUPPORTED
 * for a type that this version does not know. */
MUST_CHECK int sshkey_parse_line(struct sshkey *ret, const char *line);
MUST_CHECK int sshkey_parse_blob(struct sshkey *ret, const void *p, size_t n);
/* "type base64"; size LIMIT_PUBKEY_MAX * 2 suffices. */
MUST_CHECK int sshkey_format_line(
    char *ret, size_t size, const void *blob, size_t n);
/* The type that a blob names if it is one that this version does not know, as
 * it may be shown to people; cut to size. False, and "": it is known, or none.
 */
bool sshkey_unknown_type(char *ret, size_t size, const void *blob, size_t n);
void sshkey_fingerprint(
    char ret[static SSHKEY_FP_SIZE], const void *blob, size_t n);
bool sshkey_equal(const struct sshkey *a, const struct sshkey *b);

/*
 * Verifies a raw signature over data (session form: ed25519 64 bytes, RSA
 * bytes, ECDSA as DER, with alg the RFC 4252/8332 name). For sk-* keys flags
 * and counter as sent; touch (bit 0) is demanded. 0 or GW_ECRYPTO.
 */
MUST_CHECK int sshkey_verify(const struct sshkey *k, const char *alg,
    const void *sig, size_t nsig, uint8_t sk_flags, uint32_t sk_counter,
    const void *data, size_t n);

/* ---- keys of our own (Ed25519 only) */
/* seed 32 bytes -> public 32 bytes */
MUST_CHECK int sshkey_ed25519_public(
    uint8_t retpub[static 32], const struct secret *seed);
MUST_CHECK int sshkey_ed25519_sign(uint8_t retsig[static 64],
    const struct secret *seed, const void *data, size_t n);
/* "ssh-ed25519 AAAA..." from 32 public bytes */
MUST_CHECK int sshkey_ed25519_line(
    char *ret, size_t size, const uint8_t pub[static 32]);

/* What a verified signature with these flags by a key of that type says. */
enum hardware sshkey_hardware(const char *type, uint8_t sk_flags);

#endif
