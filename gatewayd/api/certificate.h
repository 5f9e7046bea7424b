/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate - what HTTPS is served with: api/tls.crt and api/tls.key below
 * the state folder, as `gatewayd init` wrote them. Both are read and judged
 * before anything is served; there is no HTTPS with half of them.
 */
#ifndef API_CERTIFICATE_H
#define API_CERTIFICATE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/attr.h"
#include "base/secret.h"
#include "core/conf.h"

struct certificate {
	struct secret crt; /* PEM, ended by a NUL; a chain may follow */
	struct secret key; /* PEM, ended by a NUL */
	struct stat crt_was, key_was; /* the files */
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
/* Are its files others than those that were loaded? Not being able to tell is
 * no change. */
bool certificate_renewed(const struct certificate *c, const struct conf *conf);
/* Can its files be read, as a start would? 0, or the errno of why not. */
int certificate_missing(const struct conf *conf);
/* Forgets that they are others: what is wrong with them was told. */
void certificate_seen(struct certificate *c, const struct conf *conf);
void certificate_free(struct certificate *c); /* an empty one is a no-op */

#endif
