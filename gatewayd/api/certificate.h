/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate - what HTTPS is served with: api/tls.crt and api/tls.key below
 * the state folder, as `gatewayd init` wrote them. Both are read and judged
 * before anything is served; there is no HTTPS with half of them.
 */
#ifndef API_CERTIFICATE_H
#define API_CERTIFICATE_H

#include "base/attr.h"
#include "base/secret.h"
#include "core/conf.h"

struct certificate {
	struct secret crt; /* PEM, ended by a NUL; a chain may follow */
	struct secret key; /* PEM, ended by a NUL */
};

/*
 * Fills *ret, which is the caller's to free. Fails when a file cannot be read
 * or holds no PEM, when the key is not the certificate's, or when it is not
 * the one clients know (conf->tls_spki); a line in the log then says which
 * file, why, and what it must be. A certificate whose dates do not cover the
 * present is served with a warning: clients of the gateway pin its key.
 */
MUST_CHECK int certificate_load(
    struct certificate *ret, const struct conf *conf);
void certificate_free(struct certificate *c); /* an empty one is a no-op */

#endif
