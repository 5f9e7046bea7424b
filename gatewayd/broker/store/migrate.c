/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate - brings a store to the version this program works with.
 *
 * MUST: a step is made whole or not at all. MUST: nothing of a store that
 * holds anything is changed before a copy of it is on disk.
 */
#include <stdio.h>

#include "base/err.h"
#include "base/fault.h"
#include "broker/store/store_sql.h"

static int
step(struct store *s, const struct migration *m, int64_t version,
    char rettext[static LIMIT_TEXT_SIZE])
{
	int r = FAULT(torn_migration) ? 0 : sql_begin(s->sql);

	if (r == 0 && (r = sql_define(s->sql, m->text)) == 0 && m->fill != NULL)
		r = m->fill(s);
	if (r == 0)
		r = sql_set_version(s->sql, version);
	if (r != 0)
		(void)snprintf(rettext, LIMIT_TEXT_SIZE,
		    "the change from version %lld to %lld failed, and the "
		    "store is as it was before: %s (%s)",
		    (long long)version - 1, (long long)version, err_str(r),
		    sql_error(s->sql));
	return FAULT(torn_migration) ? r : store_finish(s, r);
}

static int
newer(int64_t version, unsigned n, char rettext[static LIMIT_TEXT_SIZE])
{
	(void)snprintf(rettext, LIMIT_TEXT_SIZE,
	    "it is of version %lld, which a newer Sallyport made; this one "
	    "knows versions up to %u. Start the newer one again, or put the "
	    "copy it kept of version %u or below in its place (the same name "
	    "with .v%u at the end), remove store.db-wal, and lose what was "
	    "changed since",
	    (long long)version, n, n, n);
	return GW_EUNSUPPORTED;
}

int
store_migrate(struct store *s, const struct migration *list, unsigned n,
    char rettext[static LIMIT_TEXT_SIZE])
{
	char copy[LIMIT_TEXT_SIZE / 2] = "";
	int64_t was = 0;
	int r;

	rettext[0] = '\0';
	if ((r = sql_version(s->sql, &was)) != 0 || was < 0) {
		(void)snprintf(rettext, LIMIT_TEXT_SIZE,
		    "its version cannot be read: %s", sql_error(s->sql));
		return r != 0 ? r : GW_ECORRUPT;
	}
	if (was > (int64_t)n && !FAULT(newer_store))
		return newer(was, n, rettext);
	if (was >= (int64_t)n)
		return 0;
	if (was > 0 && (r = sql_copy(s->sql, was, copy, sizeof(copy))) != 0) {
		(void)snprintf(rettext, LIMIT_TEXT_SIZE,
		    "no copy of it can be made, so it was not changed from "
		    "version %lld to %u: %s (%s)",
		    (long long)was, n, err_str(r), sql_error(s->sql));
		return r;
	}
	for (int64_t v = was; r == 0 && v < (int64_t)n; v++)
		r = step(s, &list[v], v + 1, rettext);
	if (r == 0 && was > 0)
		(void)snprintf(rettext, LIMIT_TEXT_SIZE,
		    "changed from version %lld to %u; a copy as it was before "
		    "is %s",
		    (long long)was, n, copy);
	return r;
}
