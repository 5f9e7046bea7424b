/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safefile - trusted files: absolute path, O_NOFOLLOW|O_CLOEXEC, checks on the
 * opened descriptor itself, and writes that survive power loss.
 */
#ifndef BASE_SAFEFILE_H
#define BASE_SAFEFILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/secret.h"

enum {
	SAFEFILE_PRIVATE = 1 << 0,    /* also: no group/other access at all */
	SAFEFILE_ANY_OWNER = 1 << 1,  /* else owner must be root or euid */
	SAFEFILE_NOT_OTHERS = 1 << 2, /* also: its group alone may read it */
};

/* Reads a regular file of at most max bytes that only its owner may write.
 * *ret gets a NUL after its len bytes (not counted). GW_EINVAL (not absolute),
 * GW_ESYS (errno ELOOP: a symbolic link), GW_EDENIED (wrong kind, owner or
 * mode), GW_ELIMIT, GW_ESTATE (its length changed while it was read; files of
 * /proc are refused this way too). */
MUST_CHECK int safefile_read(
    struct secret *ret, const char *path, size_t max, unsigned flags);
/* tmp + fsync + rename + fsync of the folder. uid/gid -1 = leave. */
MUST_CHECK int safefile_write(const char *path, const void *p, size_t n,
    mode_t mode, uid_t uid, gid_t gid);
/* write(2) until all is out; GW_ESYS. */
MUST_CHECK int safefile_write_all(int fd, const void *p, size_t n);
/* mkdir if absent; then owner and mode are set. The parent must exist. */
MUST_CHECK int safefile_mkdir(
    const char *path, mode_t mode, uid_t uid, gid_t gid);

#endif
