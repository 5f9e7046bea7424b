/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shift - what was dated by a log that was ahead of the clock.
 */
#include "broker/store/store_sql.h"

/* ?1: the time now; ?2: by how much it was ahead; ?3, the record. States are
 * PENDING and APPROVED of core/request.h. */
static const char *const shifts[] = {
    /* asked, or approved, meanwhile */
    "UPDATE requests SET until = until - ?2, seq = ?3"
    " WHERE state IN (1, 2) AND (created > ?1 OR EXISTS(SELECT 1 FROM"
    " approvals WHERE request = requests.id AND at > ?1))",
    "UPDATE proposals SET until = until - ?2, seq = ?3"
    " WHERE state = 1 AND created > ?1",
    "UPDATE locks SET until = until - ?2, created = created - ?2, seq = ?3"
    " WHERE until <> 0 AND created > ?1",
};

int
store_ends_shift(
    struct store *s, int64_t now_ms, int64_t ahead_ms, uint64_t seq)
{
	int r = sql_begin(s->sql);

	if (r != 0)
		return r;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(shifts); i++) {
		struct query *q = query_new(s->sql, shifts[i]);

		query_num(q, now_ms);
		query_num(q, ahead_ms);
		query_num(q, (int64_t)seq);
		r = query_run(q);
	}
	return store_finish(s, r);
}
