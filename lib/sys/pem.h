/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pem - keys and certificates as PEM text, read where nobody can be asked for a
 * passphrase: what needs one cannot be read. OpenSSL's queue has the reason.
 */
#ifndef SYS_PEM_H
#define SYS_PEM_H

#include <openssl/types.h>

#include "base/secret.h"

/* NULL: it cannot be read. Ours to free. */
EVP_PKEY *pem_key(const struct secret *pem);
/* The next of the text, which may hold more than one. */
X509 *pem_certificate(BIO *bio);

#endif
