/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign - finds the user's SSH key and has ssh-keygen sign with it, so that
 * agents, files, passphrases and hardware keys work as everywhere else. No
 * private key is ever read here.
 */
#ifndef JITCTL_GATEWAY_SIGN_H
#define JITCTL_GATEWAY_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "jitctl/jitctl.h"

/* A key of the agent, "SHA256:...", and not a file. */
bool sign_is_fingerprint(const char *key);
/* The key that the flags, the environment or the profile name; "" if none
 * does. Borrowed from c. */
const char *sign_key_named(const struct ctx *c);
/* The same for ssh: "" too where it tries that one by itself, or the agent has
 * it. */
const char *sign_key_for_ssh(const struct ctx *c);
/* The key to use: the named one, ~/.ssh/id_*, the agent's first. A path or
 * "SHA256:...". EXIT_OK; EXIT_USAGE when it is too long; EXIT_LOGIN. */
MUST_CHECK int sign_key(const struct ctx *c, char *ret, size_t size);
/* SSHSIG armor over data in SIGNED_NAMESPACE; malloc'd. retfp (SSHKEY_FP_SIZE
 * bytes, may be NULL) gets the fingerprint of the key that signed. EXIT_OK,
 * EXIT_LOGIN or EXIT_INTERRUPTED; what went wrong is said. */
MUST_CHECK int sign_data(const struct ctx *c, const char *key, const void *data,
    size_t n, char **retarmor, char *retfp);

#endif
