/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust - see the header.
 */
#include "shipper/transport/trust.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/safefile.h"
#include "sys/pem.h"

struct trust {
	const char *ca_file;
	SSL_CTX *ctx;    /* NULL = not read */
	struct stat was; /* the file, when it was */
};

static int
add_cas(SSL_CTX *ctx, const struct secret *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->p, (int)pem->len);
	X509 *c = NULL;
	int n = 0;
	int e = GW_ECRYPTO;

	if (bio == NULL)
		return GW_ENOMEM;
	while ((c = pem_certificate(bio)) != NULL) {
		const int ok =
		    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), c);

		X509_free(c);
		if (ok != 1)
			goto out;
		n++;
	}
	e = n > 0 ? 0 : GW_EINVAL;
out:
	ERR_clear_error(); /* the end of the file is an error too */
	BIO_free(bio);
	return e;
}

static int
read_context(SSL_CTX **ret, const char *ca_file)
{
	struct secret pem = {0};
	SSL_CTX *ctx = NULL;
	int e;

	if ((e = safefile_read(&pem, ca_file, LIMIT_CA_FILE_MAX, 0)) != 0)
		return e;
	e = GW_ECRYPTO;
	if ((ctx = SSL_CTX_new(TLS_client_method())) == NULL ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		goto out;
	SSL_CTX_set_verify(ctx,
	    FAULT(no_tls_verify) ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
					SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if ((e = add_cas(ctx, &pem)) != 0)
		goto out;
	*ret = ctx;
	ctx = NULL;
out:
	SSL_CTX_free(ctx);
	secret_free(&pem);
	return e;
}

int
trust_new(struct trust **ret, const char *ca_file)
{
	if ((*ret = calloc(1, sizeof(**ret))) == NULL)
		return GW_ENOMEM;
	(*ret)->ca_file = ca_file;
	return 0;
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int
trust_read(struct trust *t, char *rettext, size_t size)
{
	struct stat now;
	int e = GW_ESYS;

	if (t->ctx != NULL && FAULT(read_once))
		return 0;
	if (stat(t->ca_file, &now) == 0) {
		if (t->ctx != NULL && same(&now, &t->was))
			return 0;
		SSL_CTX_free(t->ctx);
		t->ctx = NULL;
		t->was = now; /* a change while it is read is seen next time */
		if ((e = read_context(&t->ctx, t->ca_file)) == 0)
			return 0;
	}
	(void)snprintf(rettext, size, "%s cannot be used: %s", t->ca_file,
	    e == GW_ESYS     ? strerror(errno)
	    : e == GW_EINVAL ? "it has no certificate"
	    : e == GW_EDENIED
		? "it must be a regular file that belongs to root and that "
		  "nobody else may write"
		: err_str(e));
	return e;
}

SSL_CTX *
trust_context(const struct trust *t)
{
	return t->ctx;
}
