/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recovery - recovery codes, salted and hashed; and those on paper.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "broker/store/store_sql.h"

/* Two texts and the table between them. */
#define OF(user, head, tail)                                                   \
	((user)[0] != '\0' ? head " recovery_codes " tail                      \
			   : head " glass_codes " tail)

int
store_recovery_get(struct store *s, const char *user, struct recovery_set *ret)
{
	struct query *q =
	    query_new(s->sql, OF(user, "SELECT hash, salt, used FROM",
				  "WHERE user = ?1 ORDER BY hash"));

	memset(ret, 0, sizeof(*ret));
	query_str(q, user);
	while (query_next(q)) {
		struct recovery_hash *h = &ret->hash[ret->n];

		if (ret->n == LIMIT_RECOVERY_CODES ||
		    str_unhex(h->p, sizeof(h->p), query_get_str(q, 0)) != 0 ||
		    str_unhex(ret->salt, sizeof(ret->salt),
			query_get_str(q, 1)) != 0) {
			memset(ret, 0, sizeof(*ret));
			return store_done(q, GW_ECORRUPT);
		}
		h->used = query_get_num(q, 2) != 0;
		ret->n++;
	}
	return query_done(q);
}

static int
clear(struct store *s, const char *user)
{
	struct query *q =
	    query_new(s->sql, OF(user, "DELETE FROM", "WHERE user = ?1"));

	query_str(q, user);
	return query_run(q);
}

static int
add(struct store *s, const char *user, const struct recovery_set *set,
    unsigned i, uint64_t seq)
{
	char salt[RECOVERY_SALT_SIZE * 2 + 1];
	char hash[RECOVERY_HASH_SIZE * 2 + 1];
	struct query *q = query_new(s->sql, OF(user, "INSERT INTO",
						"(user, hash, salt, used, seq)"
						" VALUES(?1,?2,?3,?4,?5)"));

	str_hex(salt, set->salt, sizeof(set->salt));
	str_hex(hash, set->hash[i].p, sizeof(set->hash[i].p));
	query_str(q, user);
	query_str(q, hash);
	query_str(q, salt);
	query_num(q, set->hash[i].used ? 1 : 0);
	query_num(q, (int64_t)seq);
	return query_run(q);
}

int
store_recovery_put(struct store *s, const char *user,
    const struct recovery_set *set, uint64_t seq)
{
	int r = sql_begin(s->sql);

	if (r != 0)
		return r;
	r = clear(s, user);
	for (unsigned i = 0; r == 0 && i < set->n; i++)
		r = add(s, user, set, i, seq);
	return store_finish(s, r);
}

int
store_recovery_burn(struct store *s, const char *user,
    const uint8_t hash[static RECOVERY_HASH_SIZE], uint64_t seq)
{
	struct recovery_set set;
	const struct recovery_hash *h = NULL;
	char hex[RECOVERY_HASH_SIZE * 2 + 1];
	struct query *q = NULL;
	int r = store_recovery_get(s, user, &set);

	if (r != 0)
		return r;
	if ((h = recovery_find(&set, hash)) == NULL || h->used)
		return GW_ENOENT;
	s->changes++;
	q = query_new(s->sql, OF(user, "UPDATE",
				  "SET used = 1, seq = ?3"
				  " WHERE user = ?1"
				  " AND hash = ?2"));
	str_hex(hex, hash, RECOVERY_HASH_SIZE);
	query_str(q, user);
	query_str(q, hex);
	query_num(q, (int64_t)seq);
	return query_run(q);
}
