/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust - see the header.
 */
#include "shipper/transport/trust.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/safefile.h"

static int
add_cas(SSL_CTX *ctx, const struct secret *pem)
{
	BIO *bio = BIO_new_mem_buf(pem->p, (int)pem->len);
	X509 *c = NULL;
	int n = 0;
	int e = GW_ECRYPTO;

	if (bio == NULL)
		return GW_ENOMEM;
	while ((c = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
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

int
trust_context(SSL_CTX **ret, const char *ca_file)
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
