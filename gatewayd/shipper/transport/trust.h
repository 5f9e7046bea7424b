/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust - whom every connection to one sink believes: TLS 1.2 at the least, the
 * receiver verified against the sink's own CA file and nothing else. The name
 * to verify is set per connection.
 */
#ifndef SHIPPER_TRANSPORT_TRUST_H
#define SHIPPER_TRANSPORT_TRUST_H

#include <openssl/types.h>

#include "base/attr.h"

/* Reads ca_file (PEM, one certificate or more). GW_EINVAL when it holds none,
 * safefile_read's errors. SSL_CTX_free. */
MUST_CHECK int trust_context(SSL_CTX **ret, const char *ca_file);

#endif
