/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copies - the files that hold the database as it was: they lie beside it, the
 * version of its schema in their names. What fills one is the database's own
 * (sql_copy()); here it becomes one, and the old ones go.
 */
#ifndef BROKER_STORE_COPIES_H
#define BROKER_STORE_COPIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"

enum {
	COPIES_KEPT = 2,
	COPIES_PATH_SIZE = LIMIT_PATH_SIZE + 64, /* a path, and its ends */
};

/* The name of that version's copy of path. GW_ELIMIT. */
MUST_CHECK int copies_name(
    char *ret, size_t size, const char *path, int64_t version);
/* The name that it has until it is whole; nothing has it now. GW_ELIMIT. */
MUST_CHECK int copies_begin(char *ret, size_t size, const char *copy);
/* part, which is filled, is durable and becomes copy; of path's copies those
 * beyond COPIES_KEPT go. GW_ESYS (errno says why): part is gone. */
MUST_CHECK int copies_settle(
    const char *path, const char *part, const char *copy);

#endif
