/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshcert - builds one-session Ed25519 user certificates (OpenSSH's
 * PROTOCOL.certkeys). Signs with a seed; opens no file.
 */
#ifndef SSH_SSHCERT_H
#define SSH_SSHCERT_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/secret.h"

struct sshcert {
	uint8_t pubkey[32];
	uint64_t serial;
	const char *key_id;
	const char *principal;
	uint64_t valid_after, valid_before; /* UTC seconds */
	const char *source_address; /* "addr" or "a,b"; critical option */
	uint32_t caps; /* enum grant_caps -> permit-pty etc. only */
};

/* Appends the certificate blob. 0, GW_EINVAL, GW_ECRYPTO, GW_ENOMEM. */
MUST_CHECK int sshcert_build(
    struct buf *out, const struct sshcert *c, const struct secret *ca_seed);

#endif
