/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key - Ed25519 keys in the form libssh reads, and fingerprints.
 */
#ifndef SESSION_KEY_H
#define SESSION_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "session/ssh.h"

/* An OpenSSH private key file's text, for libssh to import. NULL when out of
 * memory; the caller wipes it if the seed is a secret, and free()s it. */
char *key_text(const uint8_t pub[static 32], const uint8_t seed[static 32]);
/* A new random key pair; ssh_key_free(*ret). */
MUST_CHECK int key_new(ssh_key *ret, uint8_t retpub[static 32]);
/* "SHA256:..."; "" when it cannot be made. */
void key_fingerprint(char *ret, size_t size, ssh_key key);
/* The same of a public key as it is sent. */
void key_blob_fingerprint(
    char *ret, size_t size, const uint8_t *blob, size_t n);

#endif
