/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pin - see the header.
 */
#include "jitctl/gateway/pin.h"

#include <openssl/bio.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/str.h"
#include "sys/pem.h"

bool
pin_of_pem(const char *pem, char ret[static 65])
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = bio != NULL ? pem_certificate(bio) : NULL;
	unsigned char *der = NULL;
	uint8_t hash[SHA256_DIGEST_LENGTH];
	int n = 0;

	if (cert != NULL)
		n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	if (n > 0) {
		(void)SHA256(der, (size_t)n, hash);
		str_hex(ret, hash, sizeof(hash));
	}
	OPENSSL_free(der);
	X509_free(cert);
	BIO_free(bio);
	return n > 0;
}
