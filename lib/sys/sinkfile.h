/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sinkfile - the files that a receiver needs and gatewayd.yaml names: how each
 * is read, what has to be in it, and what is said of one that cannot be used:
 * the same to `gatewayd -t` as when it is used.
 */
#ifndef SYS_SINKFILE_H
#define SYS_SINKFILE_H

#include <stddef.h>

#include "base/attr.h"
#include "base/secret.h"
#include "core/conf.h"

enum sinkfile {
	SINKFILE_CA = 0,
	SINKFILE_CERT,
	SINKFILE_KEY,
	SINKFILE_TLS, /* how many of them are for TLS */
	SINKFILE_SECRET = SINKFILE_TLS,
	SINKFILES,
};

/* Its key in gatewayd.yaml. */
const char *sinkfile_name(enum sinkfile f);
/* "" = it has none. */
const char *sinkfile_path(const struct conf_sink *k, enum sinkfile f);
/* As safefile_read(), by the rules of this kind. */
MUST_CHECK int sinkfile_read(
    struct secret *ret, enum sinkfile f, const char *path);
/* Is it there (or not wanted), may this process read it, and is in it what
 * should be? As sinkfile_read(), and GW_EINVAL: it lacks that, GW_ECRYPTO: the
 * key is of another certificate. */
MUST_CHECK int sinkfile_check(const struct conf_sink *k, enum sinkfile f);
/* The sentence for such a result; errno is still that of GW_ESYS. */
void sinkfile_why(
    char *ret, size_t size, enum sinkfile f, const char *path, int e);

#endif
