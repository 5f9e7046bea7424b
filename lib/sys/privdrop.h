/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privdrop - capabilities and identities, by libcap-ng. A child of gatewayd
 * never runs as root: it drops between fork and exec.
 */
#ifndef SYS_PRIVDROP_H
#define SYS_PRIVDROP_H

#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

/* Becomes uid:gid with no supplementary groups, no_new_privs, an empty
 * bounding set and exactly these capabilities (bits by CAP_*, kept over
 * execve as ambient). Re-reads the ids. Only for a child about to exec. */
MUST_CHECK int privdrop_become(uid_t uid, gid_t gid, uint64_t caps);

/* The supervisor: stays root, keeps only these capabilities (permitted,
 * effective and bounding). */
MUST_CHECK int privdrop_keep(uint64_t caps);

#endif
