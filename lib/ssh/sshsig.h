/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshsig - signatures over a message in a namespace, as ssh-keygen -Y sign
 * makes them: OpenSSH's PROTOCOL.sshsig. Which keys are good enough is sshkey's
 * word.
 */
#ifndef SSH_SSHSIG_H
#define SSH_SSHSIG_H

#include <stddef.h>

#include "base/attr.h"
#include "ssh/sshkey.h"

/* Fills *retkey with the key that signed; whether it may is the caller's
 * question. 0 or GW_ECRYPTO/GW_EPROTO. */
MUST_CHECK int sshsig_verify(struct sshkey *retkey, const char *armor,
    const char *namespace, const void *message, size_t n);

#endif
