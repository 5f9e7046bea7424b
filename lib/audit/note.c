/* SPDX-License-Identifier: Apache-2.0 */
/*
 * note - signed notes and checkpoint text.
 *
 * MUST reject the whole note if a signature that names a known key fails.
 * MUST NOT look into signatures of unknown keys beyond their form.
 */
#include "audit/note.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"

enum {
	NOTE_TYPE_ED25519 = 0x01,
	NOTE_ID_SIZE = 4,
	NOTE_SIG_SIZE = 64,
	NOTE_BLOB_MAX = 8192, /* internal: any signature, with its id */
};

static const char note_dash[] = "\xe2\x80\x94 "; /* U+2014 and a space */

static bool
key_name_ok(const char *s)
{
	const size_t n = strnlen(s, NOTE_NAME_SIZE);

	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '+')
			return false;
	return n > 0 && n < NOTE_NAME_SIZE;
}

/* Lines of clean UTF-8, each ended by LF. */
static bool
text_ok(const char *p, size_t n)
{
	const char *lf = NULL;
	size_t len = 0;

	if (n == 0 || p[n - 1] != '\n')
		return false;
	for (; n > 0; p += len + 1, n -= len + 1) {
		if ((lf = memchr(p, '\n', n)) == NULL)
			return false;
		len = (size_t)(lf - p);
		if (!str_text_ok(p, len))
			return false;
	}
	return true;
}

static uint32_t
be32(const uint8_t p[static 4])
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

int
note_key_init(struct note_key *ret, const char *name,
    const uint8_t key[static NOTE_KEY_SIZE])
{
	static const uint8_t head[2] = {'\n', NOTE_TYPE_ED25519};
	struct note_key k = {0};
	uint8_t in[NOTE_NAME_SIZE + sizeof(head) + NOTE_KEY_SIZE];
	uint8_t md[EVP_MAX_MD_SIZE];
	size_t n = 0;

	if (!key_name_ok(name))
		return GW_EINVAL;
	n = strlen(name);
	memcpy(k.name, name, n + 1);
	memcpy(k.key, key, NOTE_KEY_SIZE);
	memcpy(in, name, n);
	memcpy(in + n, head, sizeof(head));
	memcpy(in + n + sizeof(head), key, NOTE_KEY_SIZE);
	n += sizeof(head) + NOTE_KEY_SIZE;
	if (EVP_Digest(in, n, md, NULL, EVP_sha256(), NULL) != 1)
		return GW_ECRYPTO;
	k.id = be32(md);
	*ret = k;
	return 0;
}

int
note_vkey_parse(struct note_key *ret, const char *s)
{
	const char *id = strchr(s, '+');
	const char *key = id != NULL ? strchr(id + 1, '+') : NULL;
	char name[NOTE_NAME_SIZE] = "";
	char hex[9] = "";
	uint8_t idb[NOTE_ID_SIZE];
	uint8_t blob[1 + NOTE_KEY_SIZE];
	struct note_key k = {0};
	size_t n = 0;
	int r = 0;

	if (key == NULL || (size_t)(id - s) >= sizeof(name) || key - id != 9)
		return GW_EINVAL;
	memcpy(name, s, (size_t)(id - s));
	memcpy(hex, id + 1, 8);
	if (str_unhex(idb, sizeof(idb), hex) != 0)
		return GW_EINVAL;
	r = str_unb64(blob, sizeof(blob), key + 1, strlen(key + 1), &n);
	/* Keys of other algorithms are longer. */
	if (r == GW_ELIMIT || (r == 0 && n > 0 && blob[0] != NOTE_TYPE_ED25519))
		return GW_EUNSUPPORTED;
	if (r != 0 || n != sizeof(blob))
		return GW_EINVAL;
	if ((r = note_key_init(&k, name, blob + 1)) != 0)
		return r;
	if (k.id != be32(idb))
		return GW_EINVAL;
	*ret = k;
	return 0;
}

void
note_vkey_format(char ret[static NOTE_VKEY_SIZE], const struct note_key *k)
{
	uint8_t blob[1 + NOTE_KEY_SIZE] = {NOTE_TYPE_ED25519};
	char b64[45] = "";

	memcpy(blob + 1, k->key, NOTE_KEY_SIZE);
	str_b64(b64, blob, sizeof(blob));
	/* Cannot fail: the size is made of the parts' maxima. */
	if (str_fmt(ret, NOTE_VKEY_SIZE, "%s+%08x+%s", k->name, k->id, b64) !=
	    0)
		ret[0] = '\0';
}

/* Is k the public half of this private key? A signature under another id
 * would be refused by everyone, for ever. */
static bool
key_matches(const struct note_key *k, EVP_PKEY *key)
{
	uint8_t pub[NOTE_KEY_SIZE];
	size_t n = sizeof(pub);

	return EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 &&
	       EVP_PKEY_get_raw_public_key(key, pub, &n) == 1 &&
	       n == sizeof(pub) && memcmp(pub, k->key, n) == 0;
}

int
note_sign(struct buf *ret, const char *text, size_t n, const struct note_key *k,
    EVP_PKEY *key)
{
	uint8_t blob[NOTE_ID_SIZE + NOTE_SIG_SIZE];
	char b64[93] = "";
	size_t siglen = NOTE_SIG_SIZE;
	EVP_MD_CTX *ctx = NULL;
	int r = GW_EINVAL;

	_Static_assert(sizeof(b64) == (sizeof(blob) + 2) / 3 * 4 + 1, "base64");
	if (n > LIMIT_NOTE_MAX / 2 || !text_ok(text, n) || !key_matches(k, key))
		goto out;
	r = GW_ECRYPTO;
	if ((ctx = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
	    EVP_DigestSign(ctx, blob + NOTE_ID_SIZE, &siglen,
		(const uint8_t *)text, n) != 1 ||
	    siglen != NOTE_SIG_SIZE)
		goto out;
	for (unsigned i = 0; i < NOTE_ID_SIZE; i++)
		blob[i] = (uint8_t)(k->id >> (24 - 8 * i) & 0xff);
	str_b64(b64, blob, sizeof(blob));
	buf_put(ret, text, n);
	buf_printf(ret, "\n%s%s %s\n", note_dash, k->name, b64);
	r = buf_err(ret);
out:
	EVP_MD_CTX_free(ctx);
	return r;
}

static bool
signature_ok(
    const struct note_key *k, const uint8_t *sig, const char *text, size_t n)
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, k->key, NOTE_KEY_SIZE);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = false;

	if (key != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1)
		ok = EVP_DigestVerify(ctx, sig, NOTE_SIG_SIZE,
			 (const uint8_t *)text, n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

struct signed_text {
	const char *p;
	size_t n;
	const struct note_key *keys;
	size_t nkeys;
};

/* One line between the dash and the LF: "name base64". */
static enum note_verdict
check_line(const struct signed_text *t, const char *line, size_t n)
{
	const char *space = memchr(line, ' ', n);
	enum note_verdict v = NOTE_UNKNOWN;
	uint8_t blob[NOTE_BLOB_MAX];
	size_t nname = 0;
	size_t got = 0;

	if (space == NULL || space == line)
		return NOTE_BAD;
	nname = (size_t)(space - line);
	if (memchr(line, '+', nname) != NULL ||
	    str_unb64(blob, sizeof(blob), space + 1, n - nname - 1, &got) !=
		0 ||
	    got <= NOTE_ID_SIZE)
		return NOTE_BAD;
	for (size_t i = 0; i < t->nkeys; i++) {
		const struct note_key *k = &t->keys[i];

		if (strlen(k->name) != nname ||
		    memcmp(k->name, line, nname) != 0 || k->id != be32(blob))
			continue;
		if (got != NOTE_ID_SIZE + NOTE_SIG_SIZE ||
		    (!signature_ok(k, blob + NOTE_ID_SIZE, t->p, t->n) &&
			!FAULT(note_sig)))
			return NOTE_BAD;
		v = NOTE_OK;
	}
	return v;
}

/* Where the signature lines begin: after the last empty line. 0 = nowhere. */
static size_t
find_signatures(const char *note, size_t n)
{
	for (size_t i = n; i >= 2; i--)
		if (note[i - 1] == '\n' && note[i - 2] == '\n')
			return i;
	return 0;
}

enum note_verdict
note_check(const char *note, size_t n, const struct note_key *keys,
    size_t nkeys, size_t *rettext)
{
	const size_t ndash = sizeof(note_dash) - 1;
	struct signed_text t = {.p = note, .keys = keys, .nkeys = nkeys};
	enum note_verdict all = NOTE_UNKNOWN;
	enum note_verdict v = NOTE_BAD;
	unsigned lines = 0;
	size_t at = 0;
	size_t len = 0;

	if (n > LIMIT_NOTE_MAX || !text_ok(note, n))
		return NOTE_BAD;
	/* Some text with its LF, the empty line, and a line after it. */
	at = find_signatures(note, n);
	if (at < 2 || at == n)
		return NOTE_BAD;
	t.n = at - 1;
	for (; at < n; at += len + 1) {
		const char *line = note + at;
		const char *lf = memchr(line, '\n', n - at);

		if (lf == NULL || ++lines > LIMIT_NOTE_SIGNATURES)
			return NOTE_BAD;
		len = (size_t)(lf - line);
		if (len <= ndash || memcmp(line, note_dash, ndash) != 0)
			return NOTE_BAD;
		v = check_line(&t, line + ndash, len - ndash);
		if (v == NOTE_BAD)
			return NOTE_BAD;
		if (v == NOTE_OK)
			all = NOTE_OK;
	}
	if (all == NOTE_OK)
		*rettext = t.n;
	return all;
}

int
note_checkpoint_format(struct buf *ret, const struct note_checkpoint *c)
{
	char root[45] = "";
	const size_t n = strnlen(c->origin, sizeof(c->origin));

	if (n == 0 || n == sizeof(c->origin) || !str_text_ok(c->origin, n))
		return GW_EINVAL;
	str_b64(root, c->root, sizeof(c->root));
	buf_printf(ret, "%s\n%llu\n%s\n", c->origin,
	    (unsigned long long)c->size, root);
	return buf_err(ret);
}

/* Copies the line at p without its LF and says where the next one starts; NULL
 * if the line is empty, absent or does not fit. */
static const char *
take_line(char *ret, size_t size, const char *p, const char *end)
{
	const char *lf = memchr(p, '\n', (size_t)(end - p));
	size_t n = 0;

	if (lf == NULL || lf == p)
		return NULL;
	n = (size_t)(lf - p);
	if (n >= size)
		return NULL;
	memcpy(ret, p, n);
	ret[n] = '\0';
	return lf + 1;
}

int
note_checkpoint_parse(struct note_checkpoint *ret, const char *text, size_t n)
{
	struct note_checkpoint c = {0};
	const char *end = text + n;
	const char *p = text;
	char size[24] = "";
	char root[48] = "";
	size_t got = 0;

	if (n > LIMIT_NOTE_MAX || !text_ok(text, n))
		return GW_EINVAL;
	if ((p = take_line(c.origin, sizeof(c.origin), p, end)) == NULL ||
	    (p = take_line(size, sizeof(size), p, end)) == NULL ||
	    (p = take_line(root, sizeof(root), p, end)) == NULL)
		return GW_EINVAL;
	if (str_u64(size, 0, UINT64_MAX, &c.size) != 0 ||
	    str_unb64(c.root, sizeof(c.root), root, strlen(root), &got) != 0 ||
	    got != sizeof(c.root))
		return GW_EINVAL;
	for (; p < end;
	     p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1)
		if (*p == '\n')
			return GW_EINVAL;
	*ret = c;
	return 0;
}
