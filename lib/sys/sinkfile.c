/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sinkfile - see the header.
 */
#include "sys/sinkfile.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/safefile.h"
#include "core/hook.h"
#include "sys/pem.h"

enum { SECRET_MAX = 1024 /* internal: two lines */ };

#define ROOTS                                                                  \
	"it must be a regular file that belongs to root and that nobody else " \
	"may write"
#define SECRETS                                                                \
	ROOTS ", and only its group read (chgrp sallyport-shipper, chmod 640)"

static const struct {
	const char *name;
	size_t max;
	unsigned flags; /* of safefile_read() */
	const char *lacks, *bad, *mode;
} files[SINKFILES] = {
    [SINKFILE_CA] = {"ca", LIMIT_CA_FILE_MAX, 0, "it has no certificate",
	"OpenSSL refuses it", ROOTS},
    [SINKFILE_CERT] = {"cert", LIMIT_CA_FILE_MAX, 0, "it has no certificate",
	"OpenSSL refuses it", ROOTS},
    [SINKFILE_KEY] = {"key", LIMIT_CA_FILE_MAX, SAFEFILE_NOT_OTHERS,
	"it has no private key that needs no passphrase",
	"it is not the key of the certificate", SECRETS},
    [SINKFILE_SECRET] = {"secret", SECRET_MAX, SAFEFILE_NOT_OTHERS,
	"a line like whsec_BASE64 was expected, of 24 to 64 bytes, or two of "
	"them",
	"OpenSSL refuses it", SECRETS},
};

const char *
sinkfile_name(enum sinkfile f)
{
	return files[f].name;
}

const char *
sinkfile_path(const struct conf_sink *k, enum sinkfile f)
{
	return f == SINKFILE_CA     ? k->ca_file
	       : f == SINKFILE_CERT ? k->cert_file
	       : f == SINKFILE_KEY  ? k->key_file
				    : k->secret_file;
}

int
sinkfile_read(struct secret *ret, enum sinkfile f, const char *path)
{
	return safefile_read(ret, path, files[f].max, files[f].flags);
}

static X509 *
first_certificate(const struct secret *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->p, (int)pem->len);
	X509 *c = bio == NULL ? NULL : pem_certificate(bio);

	BIO_free(bio);
	return c;
}

/* A certificate that cannot be read is told of by itself. */
static int
check_key(const struct secret *pem, const char *cert)
{
	EVP_PKEY *key = pem_key(pem);
	struct secret text = {0};
	X509 *c = NULL;
	int r = key == NULL ? GW_EINVAL : 0;

	if (r == 0 && sinkfile_read(&text, SINKFILE_CERT, cert) == 0 &&
	    (c = first_certificate(&text)) != NULL &&
	    X509_check_private_key(c, key) != 1)
		r = GW_ECRYPTO;
	X509_free(c);
	secret_free(&text);
	EVP_PKEY_free(key);
	return r;
}

int
sinkfile_check(const struct conf_sink *k, enum sinkfile f)
{
	const char *path = sinkfile_path(k, f);
	struct hook_keys keys = {.n = 0};
	struct secret text = {0};
	X509 *c = NULL;
	int r;

	if (path[0] == '\0')
		return 0;
	if ((r = sinkfile_read(&text, f, path)) != 0)
		return r;
	if (f == SINKFILE_SECRET)
		r = hook_keys_parse(&keys, text.p, text.len);
	else if (f == SINKFILE_KEY)
		r = check_key(&text, k->cert_file);
	else if ((c = first_certificate(&text)) == NULL)
		r = GW_EINVAL;
	ERR_clear_error();
	X509_free(c);
	hook_keys_done(&keys);
	secret_free(&text);
	return r;
}

void
sinkfile_why(char *ret, size_t size, enum sinkfile f, const char *path, int e)
{
	(void)snprintf(ret, size, "%s cannot be used: %s", path,
	    e == GW_ESYS      ? strerror(errno)
	    : e == GW_EINVAL  ? files[f].lacks
	    : e == GW_ECRYPTO ? files[f].bad
	    : e == GW_EDENIED ? files[f].mode
			      : err_str(e));
}
