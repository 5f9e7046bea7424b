/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tlskey - the key of the API and its certificate: made by `gatewayd init`,
 * renewed and replaced by `gatewayd tls`. Clients know the key (they pin it),
 * not the certificate, which may be renewed at any time. A new key is announced
 * first, signed by the one that clients know, and takes its place when they
 * have heard of it. Below state_dir there are
 *
 *	api/tls.key, api/tls.crt	in use
 *	api/tls-next.key		announced
 *	pub/tls.spki			the key in use, hex SHA-256
 *	pub/tls.next			the announcement (wire/rollover.h)
 */
#ifndef SUPERVISOR_TLSKEY_H
#define SUPERVISOR_TLSKEY_H

#include <stdbool.h>

#include "base/attr.h"
#include "core/conf.h"

struct tlskey_facts {
	const char *state_dir, *host, *server_id;
	/* of `gatewayd tls` alone */
	const struct conf *conf;
	bool unheard; /* also what clients have not heard of */
	bool yes;     /* without asking */
};

/* All but retspki print a sentence on failure. */
/* A first key and its certificate. */
MUST_CHECK int tlskey_make(
    const struct tlskey_facts *f, char retspki[static 65]);

/* `gatewayd tls show | renew | announce | replace`: argv[0] is "tls"; returns
 * an exit status. */
int tlskey_main(int argc, char **argv);

#endif
