/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key - see key.h.
 */
#include "session/key.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "session/text.h"

char *
key_text(const uint8_t pub[static 32], const uint8_t seed[static 32])
{
	static const char head[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	static const char tail[] = "\n-----END OPENSSH PRIVATE KEY-----\n";
	struct buf all;
	struct buf blob;
	struct buf priv;
	char *text = NULL;
	size_t n;

	buf_init(&all, 1024);
	buf_init(&blob, 256);
	buf_init(&priv, 512);
	buf_cstring(&blob, "ssh-ed25519");
	buf_string(&blob, pub, 32);
	buf_u32(&priv, 0x53616c79); /* twice the same: "decrypted well" */
	buf_u32(&priv, 0x53616c79);
	buf_put(&priv, blob.p, blob.len);
	buf_u32(&priv, 64);
	buf_put(&priv, seed, 32);
	buf_put(&priv, pub, 32);
	buf_cstring(&priv, "");
	for (uint8_t i = 1; priv.len % 8 != 0; i++)
		buf_u8(&priv, i);
	buf_put(&all, "openssh-key-v1", 15);
	buf_cstring(&all, "none");
	buf_cstring(&all, "none");
	buf_cstring(&all, "");
	buf_u32(&all, 1);
	buf_string(&all, blob.p, blob.len);
	buf_string(&all, priv.p, priv.len);
	if (buf_err(&all) != 0 || buf_err(&blob) != 0 || buf_err(&priv) != 0)
		goto out;
	n = sizeof(head) + str_b64_size(all.len) + sizeof(tail);
	if ((text = malloc(n)) == NULL)
		goto out;
	memcpy(text, head, sizeof(head));
	str_b64(text + strlen(text), all.p, all.len);
	memcpy(text + strlen(text), tail, sizeof(tail));
out:
	buf_done(&all);
	buf_done(&blob);
	buf_done(&priv);
	return text;
}

int
key_new(ssh_key *ret, uint8_t retpub[static 32])
{
	EVP_PKEY *pk = NULL;
	struct secret seed = {0};
	char *text = NULL;
	size_t n = 32;
	int r;

	if ((r = secret_random(&seed, 32)) != 0)
		goto out;
	r = GW_ECRYPTO;
	pk = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed.p, seed.len);
	if (pk == NULL || EVP_PKEY_get_raw_public_key(pk, retpub, &n) != 1 ||
	    (text = key_text(retpub, seed.p)) == NULL ||
	    ssh_pki_import_privkey_base64(text, NULL, NULL, NULL, ret) !=
		SSH_OK)
		goto out;
	r = 0;
out:
	EVP_PKEY_free(pk);
	secret_free(&seed);
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	return r;
}

void
key_blob_fingerprint(char *ret, size_t size, const uint8_t *blob, size_t n)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	char *text = NULL;

	ret[0] = '\0';
	(void)SHA256(blob, n, hash);
	text = ssh_get_fingerprint_hash(
	    SSH_PUBLICKEY_HASH_SHA256, hash, sizeof(hash));
	if (text != NULL)
		text_fit(ret, size, "%s", text);
	ssh_string_free_char(text);
}

void
key_fingerprint(char *ret, size_t size, ssh_key key)
{
	unsigned char *hash = NULL;
	size_t n = 0;
	char *text = NULL;

	ret[0] = '\0';
	if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) !=
	    SSH_OK)
		return;
	text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, n);
	if (text != NULL)
		text_fit(ret, size, "%s", text);
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
}
