/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor - see the header.
 */
#include "shipper/cursor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/str.h"

enum { TEXT_SIZE = 32 };

static int
parse(uint64_t *ret, const char *path)
{
	struct secret s = {0};
	char *text;
	int e = safefile_read(&s, path, TEXT_SIZE, 0);

	if (e == GW_ESYS && errno == ENOENT)
		return 0;
	if (e != 0)
		return e;
	text = (char *)s.p;
	text[strcspn(text, "\n")] = '\0';
	e = str_u64(text, 0, INT64_MAX, ret);
	secret_free(&s);
	return e != 0 ? GW_ECORRUPT : 0;
}

bool
cursor_is_new(const char *path)
{
	return access(path, F_OK) != 0 && errno == ENOENT;
}

uint64_t
cursor_read(const char *path)
{
	uint64_t next = 0;
	int e;

	if ((e = parse(&next, path)) == 0)
		return next;
	log_warn("%s: %s; sending the log from its beginning", path,
	    e == GW_ESYS ? strerror(errno) : err_str(e));
	return 0;
}

int
cursor_write(const char *path, uint64_t next)
{
	char text[TEXT_SIZE];
	const int n =
	    snprintf(text, sizeof(text), "%llu\n", (unsigned long long)next);
	int error = 0;

	if (safefile_write(path, text, (size_t)n, 0600, (uid_t)-1, (gid_t)-1) ==
	    0)
		return 0;
	error = errno;
	log_err("cannot write %s: %s (records will be sent again)", path,
	    strerror(error));
	return error != 0 ? error : EINVAL;
}
