/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed - the CA of break-glass in its file (core/glassca.h): sealed under a
 * key that is nowhere but, split, on paper. Calls no gateway.
 */
#ifndef JITCTL_CMD_SEALED_H
#define JITCTL_CMD_SEALED_H

#include "base/attr.h"
#include "base/secret.h"
#include "core/glassca.h"
#include "core/sheet.h"
#include "jitctl/jitctl.h"

/* Reads a CA's file; an exit code, what went wrong is said. */
MUST_CHECK int sealed_read(struct glassca *ret, const char *path);
/* Seals a CA's seed under what is on paper: *ca gets what was sealed, and the
 * salt. Its other members are set. GW_*. */
MUST_CHECK int sealed_close(
    struct glassca *ca, const struct secret *seed, const struct secret *paper);
/* The CA's seed. GW_ECRYPTO: that is not what it is sealed under, or its file
 * is another. */
MUST_CHECK int sealed_open(struct secret *retseed, const struct glassca *ca,
    const struct secret *paper);
/* The fingerprint of the CA's public key. GW_EINVAL. */
MUST_CHECK int sealed_fingerprint(char *ret, const struct glassca *ca);

#endif
