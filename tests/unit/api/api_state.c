/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_state - see the header.
 */
#include "tests/unit/api/api_state.h"

#include "tests/unit/support/test.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"

void
api_state_path(char ret[static API_STATE_PATH_SIZE], const struct api_state *s,
    const char *name)
{
	assert_int_equal(
	    str_fmt(ret, API_STATE_PATH_SIZE, "%s/%s", s->conf.state_dir, name),
	    0);
}

void
api_state_remove(const struct api_state *s, const char *name)
{
	char path[API_STATE_PATH_SIZE];

	api_state_path(path, s, name);
	(void)remove(path);
}

static FILE *
open_anew(const struct api_state *s, const char *name)
{
	char path[API_STATE_PATH_SIZE];
	FILE *f;

	api_state_remove(s, name);
	api_state_path(path, s, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	return f;
}

void
api_state_write(const struct api_state *s, const char *name, const char *text)
{
	FILE *f = open_anew(s, name);

	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

void
api_state_append(const struct api_state *s, const char *name, const char *text)
{
	char path[API_STATE_PATH_SIZE];
	FILE *f = NULL;

	api_state_path(path, s, name);
	assert_non_null(f = fopen(path, "a"));
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

void
api_state_write_key(
    const struct api_state *s, EVP_PKEY *key, const char *passphrase)
{
	FILE *f = open_anew(s, "api/tls.key");

	assert_int_equal(
	    PEM_write_PKCS8PrivateKey(f, key,
		passphrase != NULL ? EVP_aes_256_cbc() : NULL, passphrase,
		(int)strlen(passphrase ? passphrase : ""), NULL, NULL),
	    1);
	assert_int_equal(fclose(f), 0);
}

void
api_state_write_crt(
    const struct api_state *s, EVP_PKEY *key, long from_s, long to_s)
{
	FILE *f = open_anew(s, "api/tls.crt");
	X509 *c = X509_new();

	assert_non_null(c);
	assert_int_equal(X509_set_version(c, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(c), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(c), from_s));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(c), to_s));
	assert_int_equal(X509_set_pubkey(c, key), 1);
	assert_int_equal(
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN",
		MBSTRING_ASC, (const unsigned char *)"t", -1, -1, 0),
	    1);
	assert_int_equal(X509_set_issuer_name(c, X509_get_subject_name(c)), 1);
	assert_true(X509_sign(c, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_X509(f, c), 1);
	assert_int_equal(fclose(f), 0);
	X509_free(c);
}

/* As pub/tls.spki has it. */
static void
spki_hex(char ret[static 65], EVP_PKEY *key)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);

	assert_true(n > 0);
	(void)SHA256(der, (size_t)n, digest);
	OPENSSL_free(der);
	str_hex(ret, digest, sizeof(digest));
}

void
api_state_new(struct api_state *s)
{
	char path[API_STATE_PATH_SIZE];

	memset(s, 0, sizeof(*s));
	assert_int_equal(
	    str_copy(s->conf.server_id, sizeof(s->conf.server_id), "gw.test"),
	    0);
	assert_int_equal(
	    str_fmt(s->conf.state_dir, sizeof(s->conf.state_dir),
		"%s/sallyport-test-api.XXXXXX",
		getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp"),
	    0);
	assert_non_null(mkdtemp(s->conf.state_dir));
	api_state_path(path, s, "api");
	assert_int_equal(mkdir(path, 0700), 0);
	s->key = EVP_EC_gen("P-256");
	assert_non_null(s->key);
	s->conf.caps = (struct conf_caps){.source = LIMIT_PER_SOURCE,
	    .network = LIMIT_PER_NETWORK,
	    .site = LIMIT_PER_SITE};
	spki_hex(s->conf.tls_spki, s->key);
	api_state_write_key(s, s->key, NULL);
	api_state_write_crt(s, s->key, -60, 3600);
}

void
api_state_free(struct api_state *s)
{
	static const char *const names[] = {
	    "api/tls.crt", "api/tls.key", "admin.sock", "log", "api", ""};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		api_state_remove(s, names[i]);
	EVP_PKEY_free(s->key);
	s->key = NULL;
}
