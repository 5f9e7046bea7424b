/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_note: signed notes and checkpoints from whoever hands over a log.
 * Nothing is signed by the first key but the text of corpus/note/good, whose
 * key nobody has; what we sign is taken; a checkpoint that is read is written
 * the same.
 */
#include <string.h>

#include <openssl/evp.h>

#include "audit/note.h"
#include "base/limits.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

static const char vkey[] = "sallyport/gw-fuzz+66f071f8+"
			   "Af6W1/b8WN0l48FyAw9cCi06jX0rMp9X60FWZVumVzAM";

/* The signed text of the good note. */
static const char known[] = "sallyport/gw-fuzz\n9\n"
			    "WlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlpaWlo=\n";

static const uint8_t seed[32] = "a key that signs for this test";

static void
keys_of(struct note_key ret[static 2], EVP_PKEY **own)
{
	uint8_t pub[NOTE_KEY_SIZE];
	size_t n = sizeof(pub);

	*own = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	must(*own != NULL);
	must(EVP_PKEY_get_raw_public_key(*own, pub, &n) == 1);
	must(note_key_init(&ret[1], "fuzz/own", pub) == 0);
	must(note_vkey_parse(&ret[0], vkey) == 0);
}

/* Lines behind the last empty one. */
static size_t
signatures(const char *p, size_t size)
{
	size_t n = 0;

	for (size_t i = size; i >= 2; i--) {
		n += p[i - 1] == '\n' ? 1 : 0;
		if (p[i - 1] == '\n' && p[i - 2] == '\n')
			return n - 1;
	}
	return 0;
}

static void
check(const char *p, size_t size, const struct note_key keys[static 2])
{
	const size_t untouched = SIZE_MAX;
	size_t n = untouched;
	enum note_verdict none = note_check(p, size, NULL, 0, &n);
	enum note_verdict v;

	must(none != NOTE_OK && n == untouched);
	v = note_check(p, size, keys, 1, &n);
	must(none != NOTE_BAD || v == NOTE_BAD);
	if (v != NOTE_BAD)
		must(signatures(p, size) >= 1 &&
		     signatures(p, size) <= LIMIT_NOTE_SIGNATURES);
	if (v != NOTE_OK) {
		must(n == untouched);
		return;
	}
	must(n == strlen(known) && memcmp(p, known, n) == 0);
}

static void
sign(const char *p, size_t size, const struct note_key *k, EVP_PKEY *key)
{
	struct buf b;
	size_t n = 0;

	buf_init(&b, LIMIT_NOTE_MAX);
	if (note_sign(&b, p, size, k, key) == 0) {
		must(b.len > size && memcmp(b.p, p, size) == 0);
		must(note_check((const char *)b.p, b.len, k, 1, &n) == NOTE_OK);
		must(n == size);
	}
	buf_done(&b);
}

static void
checkpoint(const char *p, size_t size)
{
	struct note_checkpoint c, again;
	struct buf b;

	if (note_checkpoint_parse(&c, p, size) != 0)
		return;
	buf_init(&b, LIMIT_NOTE_MAX);
	must(note_checkpoint_format(&b, &c) == 0);
	must(b.len <= size && memcmp(b.p, p, b.len) == 0);
	must(note_checkpoint_parse(&again, (const char *)b.p, b.len) == 0);
	must(c.size == again.size && strcmp(c.origin, again.origin) == 0);
	must(memcmp(c.root, again.root, sizeof(c.root)) == 0);
	buf_done(&b);
}

static void
verifier_key(const char *s)
{
	char text[NOTE_VKEY_SIZE];
	struct note_key k;

	if (note_vkey_parse(&k, s) != 0)
		return;
	note_vkey_format(text, &k);
	must(strcasecmp(text, s) == 0); /* the id's digits, of either case */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct note_key keys[2];
	static EVP_PKEY *own;
	char *s = fuzz_text(data, size);

	if (own == NULL)
		keys_of(keys, &own);
	check((const char *)data, size, keys);
	checkpoint((const char *)data, size);
	sign((const char *)data, size, &keys[1], own);
	verifier_key(s);
	free(s);
	return 0;
}
