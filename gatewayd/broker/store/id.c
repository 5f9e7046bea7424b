/* SPDX-License-Identifier: Apache-2.0 */
/*
 * id - the ids of users, targets and roles. Each that was ever stored stays in
 * the table ids, so that none can come again.
 */
#include "base/ids.h"

#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "broker/store/store_sql.h"

static const struct {
	char letter;
	const char *get, *next, *set;
} kinds[] = {
    [STORE_USERS] = {'u', "SELECT id FROM users WHERE name = ?1",
	"SELECT name FROM users WHERE name > ?1 ORDER BY name LIMIT 1",
	"UPDATE users SET id = ?1 WHERE name = ?2"},
    [STORE_TARGETS] = {'t', "SELECT id FROM targets WHERE name = ?1",
	"SELECT name FROM targets WHERE name > ?1 ORDER BY name LIMIT 1",
	"UPDATE targets SET id = ?1 WHERE name = ?2"},
    [STORE_ROLES] = {'p', "SELECT id FROM roles WHERE name = ?1",
	"SELECT name FROM roles WHERE name > ?1 ORDER BY name LIMIT 1",
	"UPDATE roles SET id = ?1 WHERE name = ?2"},
};

int
store_id(struct store *s, enum store_kind k, const char *name,
    char ret[static LIMIT_ID_SIZE])
{
	struct query *q = query_new(s->sql, kinds[k].get);
	bool hit;
	int r;

	memset(ret, 0, LIMIT_ID_SIZE);
	query_str(q, name);
	if ((hit = query_next(q)))
		store_text(ret, LIMIT_ID_SIZE, q, 0);
	if ((r = query_done(q)) != 0 || hit)
		return r;
	id_new(ret, kinds[k].letter);
	return GW_ENOENT;
}

int
store_next_name(
    struct store *s, enum store_kind k, char name[static LIMIT_NAME_SIZE])
{
	struct query *q = query_new(s->sql, kinds[k].next);

	query_str(q, name);
	return store_one_name(q, name);
}

static int
use(struct store *s, const char *id)
{
	struct query *q = query_new(s->sql, "INSERT INTO ids(id) VALUES(?1)");

	query_str(q, id);
	return query_run(q);
}

int
store_id_claim(struct store *s, enum store_kind k, const char *name,
    const char *id, bool *retfresh)
{
	char has[LIMIT_ID_SIZE];
	int r = store_id(s, k, name, has);

	*retfresh = r == GW_ENOENT;
	if (r == 0)
		return strcmp(has, id) == 0 ? 0 : GW_ESTATE;
	if (r != GW_ENOENT)
		return r;
	if (!id_ok(id, kinds[k].letter))
		return GW_EINVAL;
	r = use(s, id);
	return r == GW_EEXIST ? GW_ESTATE : r;
}

/* A fresh one to that name; one that was drawn before is drawn again. */
static int
assign(struct store *s, enum store_kind k, const char *name)
{
	struct query *q = NULL;
	char id[LIMIT_ID_SIZE];
	int r;

	do
		id_new(id, kinds[k].letter);
	while ((r = use(s, id)) == GW_EEXIST);
	if (r != 0)
		return r;
	q = query_new(s->sql, kinds[k].set);
	query_str(q, id);
	query_str(q, name);
	return query_run(q);
}

int
store_id_fill(struct store *s)
{
	char name[LIMIT_NAME_SIZE];
	int r = 0;

	for (enum store_kind k = STORE_USERS; k <= STORE_ROLES; k++) {
		name[0] = '\0';
		do {
			if ((r = store_next_name(s, k, name)) == 0)
				r = assign(s, k, name);
		} while (r == 0);
		if (r != GW_ENOENT)
			return r;
	}
	return 0;
}
