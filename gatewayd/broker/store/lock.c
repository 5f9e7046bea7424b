/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock - locks that stand; what became of the others is in the log.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "broker/store/store_sql.h"

#define COLUMNS                                                                \
	"id, kind, value, by, why, created, until, seq, boot_id, end_boot"

int
store_lock_put(struct store *s, const struct lock *l)
{
	struct query *q =
	    query_new(s->sql, "INSERT INTO locks(" COLUMNS
			      ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)");

	query_str(q, l->id);
	query_num(q, l->kind);
	query_str(q, l->value);
	query_str(q, l->by);
	query_str(q, l->reason);
	query_num(q, l->created_ms);
	query_num(q, l->until_ms);
	query_num(q, (int64_t)l->seq);
	query_str(q, l->boot_id);
	query_num(q, l->end_boot_ms);
	return query_run(q);
}

int
store_lock_remove(struct store *s, const char *id, uint64_t seq)
{
	struct query *q = NULL;
	int r;

	if ((r = sql_begin(s->sql)) != 0)
		return r;
	q = query_new(s->sql, "DELETE FROM locks WHERE id = ?1");
	query_str(q, id);
	if ((r = query_run(q)) == 0)
		r = store_mark(s, seq);
	return store_finish(s, r);
}

static int
read_lock(struct lock *l, struct query *q)
{
	const int64_t kind = query_get_num(q, 1);

	memset(l, 0, sizeof(*l));
	if (kind <= LOCK_NONE || kind >= LOCK_KIND_COUNT ||
	    lock_set(l, (enum lock_kind)kind, query_get_str(q, 2)) != 0)
		return GW_ECORRUPT;
	store_text(l->id, sizeof(l->id), q, 0);
	store_text(l->by, sizeof(l->by), q, 3);
	store_text(l->reason, sizeof(l->reason), q, 4);
	l->created_ms = query_get_num(q, 5);
	l->until_ms = query_get_num(q, 6);
	l->seq = (uint64_t)query_get_num(q, 7);
	store_text(l->boot_id, sizeof(l->boot_id), q, 8);
	l->end_boot_ms = query_get_num(q, 9);
	return 0;
}

int
store_lock_all(struct store *s, struct lock **ret, size_t *retn)
{
	struct query *q =
	    query_new(s->sql, "SELECT " COLUMNS " FROM locks ORDER BY id");
	struct lock *list = NULL, *more = NULL;
	size_t n = 0, cap = 0;
	int r = 0;

	*ret = NULL;
	*retn = 0;
	while (r == 0 && query_next(q)) {
		if (n == cap) {
			cap = cap == 0 ? 16 : cap * 2;
			more = reallocarray(list, cap, sizeof(*more));
			if (more == NULL) {
				r = GW_ENOMEM;
				break;
			}
			list = more;
		}
		if ((r = read_lock(&list[n], q)) == 0)
			n++;
		else
			store_problem(
			    s, "lock %s cannot be read", query_get_str(q, 0));
	}
	if ((r = store_done(q, r)) != 0) {
		free(list);
		return r;
	}
	*ret = list;
	*retn = n;
	return 0;
}
