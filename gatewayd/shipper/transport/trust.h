/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust - whom every connection to one sink believes: TLS 1.2 at the least, the
 * receiver verified against the sink's own CA file and nothing else. The file
 * is read again whenever it is another one: certificates are renewed. The name
 * to verify is set per connection.
 */
#ifndef SHIPPER_TRANSPORT_TRUST_H
#define SHIPPER_TRANSPORT_TRUST_H

#include <stddef.h>

#include <openssl/types.h>

#include "base/attr.h"

struct trust;

/* ca_file (PEM, one certificate or more) lives on; nothing is read yet.
 * GW_ENOMEM. Lives as long as the process. */
MUST_CHECK int trust_new(struct trust **ret, const char *ca_file);
/* Before each connection: reads ca_file if it has changed since. On failure
 * rettext is a sentence, and there is no context. */
MUST_CHECK int trust_read(struct trust *t, char *rettext, size_t size);
/* As it was read last; NULL = not at all. The trust's. */
SSL_CTX *trust_context(const struct trust *t);

#endif
