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

/* Whose signature it says it is, before anything is checked: so that a
 * stranger's key costs no verification. *retfp is the key's fingerprint;
 * *rettype "", or the type if this version does not know it. GW_EPROTO. */
enum { SSHSIG_TYPE_SIZE = 80 };
MUST_CHECK int sshsig_claims(char retfp[static SSHKEY_FP_SIZE],
    char rettype[static SSHSIG_TYPE_SIZE], const char *armor);
/* Fills *retkey with the key that signed; whether it may is the caller's
 * question. 0 or GW_ECRYPTO/GW_EPROTO. */
MUST_CHECK int sshsig_verify(struct sshkey *retkey, const char *armor,
    const char *namespace, const void *message, size_t n);

#endif
