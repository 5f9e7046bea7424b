/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile - which gateways this user knows: $XDG_CONFIG_HOME/sallyport/
 * config.yaml, and the short read tokens in $XDG_STATE_HOME/sallyport. Makes
 * no connection.
 */
#ifndef JITCTL_GATEWAY_PROFILE_H
#define JITCTL_GATEWAY_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/limits.h"
#include "jitctl/jitctl.h"

struct profiles {
	struct profile p[LIMIT_PROFILES];
	unsigned n;
};

/* "host:port" or "[v6]:port"; a host is an address or a name as base/addr.h has
 * them. */
MUST_CHECK int gateway_parse(
    char *rethost, size_t size, unsigned *retport, const char *text);

/* The text of a configuration file. false: errors were printed to f. */
bool profiles_parse(struct profiles *ret, const char *name, const char *text,
    size_t n, FILE *f);
/* YAML; malloc'd, NULL = no memory. */
char *profiles_text(const struct profiles *ps);

/* Where the configuration file is, or would be; GW_EINVAL, said, without HOME.
 */
MUST_CHECK int profiles_path(char *ret, size_t size);
/* Puts p into the file, in place of one of its name. EXIT_OK or
 * EXIT_FAILED. */
MUST_CHECK int profile_save(const struct profile *p);
/* The gateway's key of that profile is tls, and the announced one next ("" =
 * none); in the file, as it is now. EXIT_OK or EXIT_FAILED. */
MUST_CHECK int profile_set_key(
    const char *name, const char *tls, const char *next);
/* Chooses c->prof by flag, environment, "default". EXIT_OK,
 * also when there is none of that name (c->have_profile is false then); else
 * what went wrong is said. */
MUST_CHECK int profile_choose(struct ctx *c);

/* A file's place in $XDG_STATE_HOME/sallyport; GW_EINVAL without HOME. */
MUST_CHECK int state_path(char *ret, size_t size, const char *name);
/* Writes such a file 0600 by rename, its folders made if absent (0700).
 * GW_ESYS with errno. */
MUST_CHECK int profile_write(const char *path, const char *text);

#endif
