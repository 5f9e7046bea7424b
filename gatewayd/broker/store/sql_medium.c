/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql_medium - see the header.
 */
#include "broker/store/sql_medium.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/disk.h"
#include "base/fault.h"

enum { HEAD = 32 }; /* of a file; both are longer, or empty */

/* Errors that SQLite passes on as those of a file, and that go by or are of a
 * limit, which another process would have too. */
static bool
goes_by(int error)
{
	return disk_is_full(error) || error == EFBIG || error == ENOMEM ||
	       error == EINTR || error == EAGAIN || error == EMFILE ||
	       error == ENFILE;
}

/* The same bytes, so that nothing is changed by them. */
static int
touch(sqlite3_file *f)
{
	sqlite3_int64 size = 0;
	char head[HEAD];
	int rc;

	if (f == NULL || f->pMethods == NULL)
		return SQLITE_OK; /* not open yet */
	if ((rc = f->pMethods->xFileSize(f, &size)) != SQLITE_OK || size < HEAD)
		return rc;
	if ((rc = f->pMethods->xRead(f, head, HEAD, 0)) != SQLITE_OK ||
	    (rc = f->pMethods->xWrite(f, head, HEAD, 0)) != SQLITE_OK)
		return rc;
	return f->pMethods->xSync(f, SQLITE_SYNC_DATAONLY);
}

static int
touch_both(sqlite3 *db)
{
	static const int which[] = {
	    SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER};
	int rc = SQLITE_OK;

	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
		sqlite3_file *f = NULL;

		rc = sqlite3_file_control(db, "main", which[i], &f);
		errno = 0;
		if (rc != SQLITE_OK || (rc = touch(f)) != SQLITE_OK)
			return rc;
	}
	return rc;
}

bool
sql_medium_dead(sqlite3 *db, int rc, int *ret)
{
	const int kind = rc & 0xff;

	*ret = sqlite3_system_errno(db);
	if ((kind != SQLITE_IOERR && kind != SQLITE_READONLY &&
		kind != SQLITE_CANTOPEN) ||
	    rc == SQLITE_IOERR_NOMEM || goes_by(*ret))
		return false;
	if (kind == SQLITE_READONLY || disk_is_dead(*ret))
		return true;
	/* without a word of the system's that says so it is tried */
	if (touch_both(db) == SQLITE_OK || goes_by(errno))
		return false;
	*ret = errno;
	return true;
}

enum medium
sql_medium_look(sqlite3 *db, const char *path, char *ret, size_t size)
{
	int moved = 0;
	int rc, error;

	ret[0] = '\0';
	if (FAULT(store_unlooked))
		return MEDIUM_WELL;
	rc = touch_both(db);
	error = errno;
	if (rc != SQLITE_OK) {
		(void)snprintf(ret, size, "%s%s%s%s", sqlite3_errstr(rc),
		    error != 0 ? " (" : "", error != 0 ? strerror(error) : "",
		    error != 0 ? ")" : "");
		return rc == SQLITE_FULL || goes_by(error) ? MEDIUM_FULL
							   : MEDIUM_DEAD;
	}
	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) !=
		SQLITE_OK ||
	    moved == 0)
		return MEDIUM_WELL;
	(void)snprintf(
	    ret, size, "%s was removed, or another put in its place", path);
	return MEDIUM_GONE;
}
