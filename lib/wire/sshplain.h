/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshplain - the little SSH that is said before there are keys: who we are, and
 * why we hang up. It is written only; nothing is parsed here.
 */
#ifndef WIRE_SSHPLAIN_H
#define WIRE_SSHPLAIN_H

#include <stdint.h>

#include "base/buf.h"

/* What follows "SSH-2.0-". Only to a server that begins like this do OpenSSH
 * clients send eow@openssh.com, without which "ssh host yes | head" never ends.
 */
#define SSHPLAIN_SOFTWARE "OpenSSH_compatible_Sallyport"

enum { /* RFC 4253 section 11.1 */
	SSHPLAIN_NO_KEX = 3,
	SSHPLAIN_TOO_MANY = 12,
};

/* The identification line, which a server sends first. */
void sshplain_version(struct buf *out);
/* SSH_MSG_DISCONNECT as a packet without cipher and MAC: clients show text. It
 * is no valid packet any more once there are keys. */
void sshplain_disconnect(struct buf *out, uint32_t reason, const char *text);

#endif
