/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust - whom every connection to one sink believes: TLS 1.2 at the least, the
 * receiver verified against the sink's own CA file and nothing else; and who we
 * are for it, where it has a certificate of ours. The files are read again
 * whenever they are other ones: certificates are renewed. The name to verify is
 * set per connection.
 */
#ifndef SHIPPER_TRANSPORT_TRUST_H
#define SHIPPER_TRANSPORT_TRUST_H

#include <stddef.h>

#include <openssl/types.h>

#include "base/attr.h"
#include "core/conf.h"

struct trust;

/* The files of conf (PEM; of CAs one or more, of ours with those between it and
 * its CA), which lives on; nothing is read yet. GW_ENOMEM. Lives as long as the
 * process. */
MUST_CHECK int trust_new(struct trust **ret, const struct conf_sink *conf);
/* Before each connection: reads the files if one has changed since. On failure
 * rettext is a sentence, and there is no context. */
MUST_CHECK int trust_read(struct trust *t, char *rettext, size_t size);
/* As it was read last; NULL = not at all. The trust's. */
SSL_CTX *trust_context(const struct trust *t);

#endif
