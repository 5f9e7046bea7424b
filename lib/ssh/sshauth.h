/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshauth - what a client signs to log in with a key.
 */
#ifndef SSH_SSHAUTH_H
#define SSH_SSHAUTH_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct sshauth {            /* all borrowed */
	const uint8_t *sid; /* the session id: the first exchange hash */
	size_t nsid;
	const char *user;
	const char *alg; /* of the signature */
	const uint8_t *key;
	size_t nkey;
	/* of the server, where it is signed as well: then the method is
	 * publickey-hostbound-v00@openssh.com, and not publickey; NULL */
	const uint8_t *host_key;
	size_t nhost_key;
};

/* Appends it: RFC 4252 section 7, for the service ssh-connection. */
void sshauth_signed(struct buf *b, const struct sshauth *a);

#endif
