/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshauth - see sshauth.h.
 */
#include "ssh/sshauth.h"

enum { USERAUTH_REQUEST = 50 /* RFC 4252 */ };

void
sshauth_signed(struct buf *b, const struct sshauth *a)
{
	buf_string(b, a->sid, a->nsid);
	buf_u8(b, USERAUTH_REQUEST);
	buf_cstring(b, a->user);
	buf_cstring(b, "ssh-connection");
	buf_cstring(b, a->host_key == NULL
			   ? "publickey"
			   : "publickey-hostbound-v00@openssh.com");
	buf_u8(b, 1);
	buf_cstring(b, a->alg);
	buf_string(b, a->key, a->nkey);
	if (a->host_key != NULL)
		buf_string(b, a->host_key, a->nhost_key);
}
