/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust - see the header.
 */
#include "shipper/transport/trust.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fault.h"
#include "sys/pem.h"
#include "sys/sinkfile.h"

struct trust {
	const struct conf_sink *conf;
	SSL_CTX *ctx;                  /* NULL = not read */
	struct stat was[SINKFILE_TLS]; /* when they were */
};

static int
add_cas(SSL_CTX *ctx, BIO *bio)
{
	X509 *c = NULL;
	int n = 0;

	while ((c = pem_certificate(bio)) != NULL) {
		const int ok =
		    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), c);

		X509_free(c);
		if (ok != 1)
			return GW_ECRYPTO;
		n++;
	}
	return n > 0 ? 0 : GW_EINVAL;
}

/* Ours first, then those between it and its CA. */
static int
use_certificate(SSL_CTX *ctx, BIO *bio)
{
	X509 *c = pem_certificate(bio);
	int e = 0;

	if (c == NULL)
		return GW_EINVAL;
	if (SSL_CTX_use_certificate(ctx, c) != 1)
		e = GW_ECRYPTO;
	X509_free(c);
	while (e == 0 && (c = pem_certificate(bio)) != NULL)
		if (SSL_CTX_add0_chain_cert(ctx, c) != 1) {
			X509_free(c);
			e = GW_ECRYPTO;
		}
	return e;
}

static int
use_key(SSL_CTX *ctx, const struct secret *pem)
{
	EVP_PKEY *k = pem_key(pem);
	int e = 0;

	if (k == NULL)
		return GW_EINVAL;
	/* compared with the certificate, which is there already */
	if (SSL_CTX_use_PrivateKey(ctx, k) != 1)
		e = GW_ECRYPTO;
	EVP_PKEY_free(k);
	return e;
}

static int
read_file(SSL_CTX *ctx, enum sinkfile i, const char *path)
{
	struct secret pem = {0};
	BIO *bio = NULL;
	int e = sinkfile_read(&pem, i, path);

	if (e != 0)
		return e;
	if (i == SINKFILE_KEY)
		e = use_key(ctx, &pem);
	else if ((bio = BIO_new_mem_buf(pem.p, (int)pem.len)) != NULL)
		e = i == SINKFILE_CA ? add_cas(ctx, bio)
				     : use_certificate(ctx, bio);
	else
		e = GW_ENOMEM;
	ERR_clear_error(); /* the end of the file is an error too */
	BIO_free(bio);
	secret_free(&pem);
	return e;
}

static SSL_CTX *
make_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	SSL_CTX_set_verify(ctx,
	    FAULT(no_tls_verify) ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
					SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return ctx;
}

/* All of them, or nothing: *retbad is the one that cannot be used. */
static int
read_context(struct trust *t, enum sinkfile *retbad)
{
	SSL_CTX *ctx = make_context();
	int e = ctx == NULL ? GW_ECRYPTO : 0;

	for (enum sinkfile i = 0; e == 0 && i < SINKFILE_TLS; i++) {
		const char *path = sinkfile_path(t->conf, i);

		*retbad = i;
		if (path[0] != '\0')
			e = read_file(ctx, i, path);
	}
	if (e == 0)
		t->ctx = ctx;
	else
		SSL_CTX_free(ctx);
	return e;
}

int
trust_new(struct trust **ret, const struct conf_sink *conf)
{
	if ((*ret = calloc(1, sizeof(**ret))) == NULL)
		return GW_ENOMEM;
	(*ret)->conf = conf;
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

/* Are they what was read? now[] is what they are, *retbad one that cannot be
 * looked at. */
static int
look(const struct trust *t, struct stat now[static SINKFILE_TLS], bool *retsame,
    enum sinkfile *retbad)
{
	*retsame = t->ctx != NULL;
	memset(now, 0, SINKFILE_TLS * sizeof(*now));
	for (enum sinkfile i = 0; i < SINKFILE_TLS; i++) {
		const char *path = sinkfile_path(t->conf, i);

		*retbad = i;
		if (path[0] == '\0')
			continue;
		if (stat(path, &now[i]) != 0)
			return GW_ESYS;
		*retsame = *retsame && same(&now[i], &t->was[i]);
	}
	return 0;
}

int
trust_read(struct trust *t, char *rettext, size_t size)
{
	struct stat now[SINKFILE_TLS];
	bool is_same = false;
	enum sinkfile bad = SINKFILE_CA;
	int e;

	if (t->ctx != NULL && FAULT(read_once))
		return 0;
	if ((e = look(t, now, &is_same, &bad)) == 0) {
		if (is_same)
			return 0;
		SSL_CTX_free(t->ctx);
		t->ctx = NULL;
		/* a change while they are read is seen next time */
		memcpy(t->was, now, sizeof(t->was));
		if ((e = read_context(t, &bad)) == 0)
			return 0;
	}
	sinkfile_why(rettext, size, bad, sinkfile_path(t->conf, bad), e);
	return e;
}

SSL_CTX *
trust_context(const struct trust *t)
{
	return t->ctx;
}
