/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tries - the wrong codes of users' keys. No change of users: nothing that was
 * read at a version differs for it, and the log has no sequence number for it.
 */
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

int
store_tries_get(struct store *s, const char *user_id, const char *key_fp,
    struct tries *ret, uint64_t *retsum)
{
	struct query *q = query_new(s->sql,
	    "SELECT key_fp, wrong, until, until_boot, boot FROM code_tries"
	    " WHERE user_id = ?1");

	memset(ret, 0, sizeof(*ret));
	*retsum = 0;
	query_str(q, user_id);
	while (query_next(q)) {
		const int64_t wrong = query_get_num(q, 1);

		if (wrong < 0 || wrong > UINT32_MAX)
			return store_done(q, GW_ECORRUPT);
		*retsum += (uint64_t)wrong;
		if (strcmp(query_get_str(q, 0), key_fp) != 0)
			continue;
		ret->wrong = (uint32_t)wrong;
		ret->end_ms = query_get_num(q, 2);
		ret->end_boot_ms = query_get_num(q, 3);
		store_text(ret->boot_id, sizeof(ret->boot_id), q, 4);
	}
	return query_done(q);
}

int
store_tries_put(struct store *s, const char *user_id, const char *key_fp,
    const struct tries *t)
{
	struct query *q = query_new(s->sql,
	    "INSERT INTO code_tries(user_id, key_fp, wrong, until, until_boot,"
	    " boot) VALUES(?1,?2,?3,?4,?5,?6)"
	    " ON CONFLICT(user_id, key_fp) DO UPDATE SET"
	    " wrong = excluded.wrong, until = excluded.until,"
	    " until_boot = excluded.until_boot, boot = excluded.boot");

	query_str(q, user_id);
	query_str(q, key_fp);
	query_num(q, t->wrong);
	query_num(q, t->end_ms);
	query_num(q, t->end_boot_ms);
	query_str(q, t->boot_id);
	return query_run(q);
}

int
store_tries_clear(struct store *s, const char *user_id, const char *key_fp)
{
	struct query *q =
	    query_new(s->sql, "DELETE FROM code_tries WHERE user_id = ?1"
			      " AND (?2 = '' OR key_fp = ?2)");

	query_str(q, user_id);
	query_str(q, key_fp != NULL ? key_fp : "");
	return query_run(q);
}
