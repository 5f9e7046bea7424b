/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sql_medium - what SQLite's files lie on: does it live? The page cache answers
 * for a dead disk, descriptors for files that were removed, so neither says
 * anything of it. For sql_sqlite.c alone.
 */
#ifndef BROKER_STORE_SQL_MEDIUM_H
#define BROKER_STORE_SQL_MEDIUM_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "broker/store/medium.h"

/* Does what SQLite answered (an extended code) say that no further use of db
 * can do anything? A full disk is none, nor is a lack of memory; *ret is the
 * errno behind it, 0 if there is none. */
bool sql_medium_dead(sqlite3 *db, int rc, int *ret);
/* Reads and writes the first bytes of the database and its log as they are, by
 * the descriptors that the store has, and waits for the medium. Text says why
 * not. */
enum medium sql_medium_look(
    sqlite3 *db, const char *path, char *ret, size_t size);

#endif
