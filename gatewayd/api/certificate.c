/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate - see the header. The TLS library would only say that it does
 * not start; what is wrong with which file is found out here.
 */
#include "api/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/str.h"
#include "sys/pem.h"

enum { PATH_SIZE = LIMIT_PATH_SIZE + 32 };

static int
read_file(struct secret *ret, const char *path, unsigned flags)
{
	const int r = safefile_read(ret, path, LIMIT_PEM_SIZE, flags);
	const char *why = NULL;

	switch (r) {
	case 0:
		return 0;
	case GW_ESYS:
		why = strerror(errno);
		break;
	case GW_EDENIED:
		why = "its kind, owner or mode is wrong";
		break;
	case GW_ELIMIT:
		why = "it is too long";
		break;
	default:
		why = err_str(r);
	}
	log_err("cannot read %s: %s; it must be a regular file%s", path, why,
	    (flags & SAFEFILE_PRIVATE) != 0
		? " that belongs to sallyport-api, with mode 0600"
		: " that sallyport-api can read");
	return r;
}

/* Why OpenSSL could not parse something: its first word on it. */
static const char *
parse_reason(void)
{
	const char *s = ERR_reason_error_string(ERR_peek_error());

	return s != NULL ? s : "it cannot be parsed";
}

/* What follows the first certificate: more of them, or nothing. */
static bool
chain_ok(BIO *bio)
{
	X509 *x = NULL;
	unsigned long e;

	while ((x = pem_certificate(bio)) != NULL)
		X509_free(x);
	e = ERR_peek_last_error();
	if (ERR_GET_LIB(e) == ERR_LIB_PEM &&
	    ERR_GET_REASON(e) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return true;
	}
	return false;
}

static int
parse_crt(X509 **ret, const struct secret *pem, const char *path)
{
	BIO *bio = BIO_new_mem_buf(pem->p, (int)pem->len);

	ERR_clear_error();
	*ret = bio != NULL ? pem_certificate(bio) : NULL;
	if (*ret != NULL && !chain_ok(bio)) {
		X509_free(*ret);
		*ret = NULL;
	}
	if (*ret == NULL)
		log_err("%s: %s; it must hold certificates as PEM text, the "
			"API's first "
			"(\"-----BEGIN CERTIFICATE-----\")",
		    path, parse_reason());
	BIO_free(bio);
	return *ret != NULL ? 0 : GW_ECORRUPT;
}

static int
parse_key(EVP_PKEY **ret, const struct secret *pem, const char *path)
{
	ERR_clear_error();
	*ret = pem_key(pem);
	if (*ret == NULL)
		log_err(
		    "%s: %s; it must hold a private key as PEM text, "
		    "without a passphrase (\"-----BEGIN PRIVATE KEY-----\")",
		    path, parse_reason());
	return *ret != NULL ? 0 : GW_ECORRUPT;
}

/* Is it the key that clients pin? Else every one of them would hang up. */
static int
check_known(const struct conf *conf, const X509 *crt, const char *path)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	unsigned char *der = NULL;
	char hex[65];
	const int n = i2d_PUBKEY(X509_get0_pubkey(crt), &der);

	if (n <= 0)
		return GW_ECRYPTO;
	(void)SHA256(der, (size_t)n, digest);
	OPENSSL_free(der);
	str_hex(hex, digest, sizeof(digest));
	if (strcmp(hex, conf->tls_spki) == 0)
		return 0;
	log_err("%s and %s/pub/tls.spki are not of one key: one of them was "
		"replaced; clients know the second",
	    path, conf->state_dir);
	return GW_ECORRUPT;
}

static void
warn_dates(const X509 *crt, const char *path)
{
	if (X509_cmp_current_time(X509_get0_notAfter(crt)) < 0)
		log_warn("%s has expired: jitctl does not mind, but clients "
			 "that check dates refuse it",
		    path);
	if (X509_cmp_current_time(X509_get0_notBefore(crt)) > 0)
		log_warn("%s is not valid yet: is the clock right? jitctl does "
			 "not mind, but clients that check dates refuse it",
		    path);
}

static int
check(const struct certificate *c, const struct conf *conf,
    const char *crt_path, const char *key_path)
{
	X509 *crt = NULL;
	EVP_PKEY *key = NULL;
	int r;

	if ((r = parse_crt(&crt, &c->crt, crt_path)) != 0 ||
	    (r = parse_key(&key, &c->key, key_path)) != 0)
		goto out;
	if (X509_check_private_key(crt, key) != 1) {
		log_err("%s is not the key of %s: the certificate was made for "
			"another one",
		    key_path, crt_path);
		r = GW_ECORRUPT;
		goto out;
	}
	if ((r = check_known(conf, crt, crt_path)) == 0)
		warn_dates(crt, crt_path);
out:
	ERR_clear_error();
	EVP_PKEY_free(key);
	X509_free(crt);
	return r;
}

static int
paths(char crt[static PATH_SIZE], char key[static PATH_SIZE],
    const struct conf *conf)
{
	int r;

	if ((r = str_fmt(crt, PATH_SIZE, "%s/api/tls.crt", conf->state_dir)) !=
	    0)
		return r;
	return str_fmt(key, PATH_SIZE, "%s/api/tls.key", conf->state_dir);
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool
certificate_renewed(const struct certificate *c, const struct conf *conf)
{
	char crt[PATH_SIZE], key[PATH_SIZE];
	struct stat crt_is, key_is;

	return paths(crt, key, conf) == 0 && stat(crt, &crt_is) == 0 &&
	       stat(key, &key_is) == 0 &&
	       (!same(&crt_is, &c->crt_was) || !same(&key_is, &c->key_was)) &&
	       !FAULT(read_once);
}

/* A byte of it, from where it lies. */
static int
readable(const char *path)
{
	char c = 0;
	int e = 0;
	const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno;
	if (pread(fd, &c, 1, 0) < 0)
		e = errno;
	(void)close(fd);
	return e;
}

int
certificate_missing(const struct conf *conf)
{
	char crt[PATH_SIZE], key[PATH_SIZE];
	int e;

	if (paths(crt, key, conf) != 0)
		return ENAMETOOLONG;
	return (e = readable(crt)) != 0 ? e : readable(key);
}

void
certificate_seen(struct certificate *c, const struct conf *conf)
{
	char crt[PATH_SIZE], key[PATH_SIZE];

	if (paths(crt, key, conf) != 0 || stat(crt, &c->crt_was) != 0 ||
	    stat(key, &c->key_was) != 0)
		return; /* they are looked at again */
}

int
certificate_load(struct certificate *ret, const struct conf *conf)
{
	struct certificate c = {0};
	char crt[PATH_SIZE], key[PATH_SIZE];
	int r;

	if ((r = paths(crt, key, conf)) != 0)
		return r;
	/* before they are read: a change meanwhile is one more, later */
	if (stat(crt, &c.crt_was) != 0 || stat(key, &c.key_was) != 0)
		memset(&c, 0, sizeof(c));
	if ((r = read_file(&c.crt, crt, 0)) != 0 ||
	    (r = read_file(&c.key, key, SAFEFILE_PRIVATE)) != 0 ||
	    (r = check(&c, conf, crt, key)) != 0)
		goto out;
	*ret = c;
	c = (struct certificate){0};
out:
	certificate_free(&c);
	return r;
}

void
certificate_free(struct certificate *c)
{
	secret_free(&c->crt);
	secret_free(&c->key);
}
