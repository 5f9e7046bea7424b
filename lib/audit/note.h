/* SPDX-License-Identifier: Apache-2.0 */
/*
 * note - C2SP signed notes (c2sp.org/signed-note) with Ed25519 keys, and the
 * text of a log checkpoint (c2sp.org/tlog-checkpoint). Pure. Stricter than the
 * specification in two points: names of our own keys are ASCII, and text holds
 * nothing a terminal would act on. Deliberately no cosignatures (type 0x04).
 */
#ifndef AUDIT_NOTE_H
#define AUDIT_NOTE_H

#include <openssl/types.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

enum {
	NOTE_NAME_SIZE = 320,
	NOTE_KEY_SIZE = 32, /* an Ed25519 public key */
	NOTE_ROOT_SIZE = 32,
	NOTE_VKEY_SIZE = NOTE_NAME_SIZE + 1 + 8 + 1 + 44,
};

struct note_key {
	char name[NOTE_NAME_SIZE];
	uint32_t id; /* SHA-256(name || LF || 0x01 || key)[:4], big-endian */
	uint8_t key[NOTE_KEY_SIZE];
};

enum note_verdict {
	NOTE_BAD = 0, /* malformed, or a known key's signature fails */
	NOTE_UNKNOWN, /* well formed, but no signature is by a known key */
	NOTE_OK, /* at least one known key signed, and none of them fails */
};

struct note_checkpoint {
	char origin[NOTE_NAME_SIZE];
	uint64_t size;
	uint8_t root[NOTE_ROOT_SIZE];
};

/* Printable ASCII without space or '+', else GW_EINVAL; GW_ECRYPTO. */
MUST_CHECK int note_key_init(struct note_key *ret, const char *name,
    const uint8_t key[static NOTE_KEY_SIZE]);
/* "name+hex(id)+base64(0x01 || key)". GW_EINVAL; GW_EUNSUPPORTED for another
 * algorithm. */
MUST_CHECK int note_vkey_parse(struct note_key *ret, const char *s);
void note_vkey_format(
    char ret[static NOTE_VKEY_SIZE], const struct note_key *k);

/* Appends text, an empty line and one signature line to ret (errors also in
 * ret). text ends in LF. GW_EINVAL for bad text or when key (Ed25519, private)
 * is not k's; GW_ECRYPTO; buf's errors. */
MUST_CHECK int note_sign(struct buf *ret, const char *text, size_t n,
    const struct note_key *k, EVP_PKEY *key);
/* On NOTE_OK the first *rettext bytes of note are the signed text. */
enum note_verdict note_check(const char *note, size_t n,
    const struct note_key *keys, size_t nkeys, size_t *rettext);

/* Three lines: origin, decimal size, base64 root. GW_EINVAL; buf's errors. */
MUST_CHECK int note_checkpoint_format(
    struct buf *ret, const struct note_checkpoint *c);
/* Further non-empty lines are extensions and ignored. Does not compare the
 * origin with anything: the caller must, with the key's name. GW_EINVAL. */
MUST_CHECK int note_checkpoint_parse(
    struct note_checkpoint *ret, const char *text, size_t n);

#endif
