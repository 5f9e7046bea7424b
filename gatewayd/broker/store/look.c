/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look - names that could be taken for one another. The table looks has every
 * name that was ever stored, by what it looks like (core/look.h); whether it
 * still is a name of some kind, the other tables say.
 */
#include "core/look.h"

#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "broker/store/store_sql.h"

/* Is it in use, as a name of that kind? */
#define USER(x) "EXISTS(SELECT 1 FROM users t WHERE t.name = " x ")"
#define TARGET(x) "EXISTS(SELECT 1 FROM targets t WHERE t.name = " x ")"
#define ROLE(x) "EXISTS(SELECT 1 FROM roles t WHERE t.name = " x ")"
#define IN_ROLE(field, x)                                                      \
	"EXISTS(SELECT 1 FROM role_fields t WHERE t.field = '" field "'"       \
	" AND t.value = " x ")"
/* Of "2 of sre or leads" a word. */
#define APPROVES(x)                                                            \
	"EXISTS(SELECT 1 FROM role_fields t WHERE t.field = 'approvals'"       \
	" AND instr(' ' || t.value || ' ', ' ' || " x " || ' ') > 0)"
#define GROUP(x)                                                               \
	"(EXISTS(SELECT 1 FROM user_groups t WHERE t.name = " x ")"            \
	" OR " IN_ROLE("groups", x) " OR " APPROVES(x) ")"
#define LOGIN(x)                                                               \
	"(EXISTS(SELECT 1 FROM target_logins t WHERE t.login = " x ")"         \
	" OR " IN_ROLE("logins", x) ")"

#define ALIKE(used)                                                            \
	"SELECT l.name FROM looks l WHERE l.look IN (?2, ?3)"                  \
	" AND l.name <> ?1 AND NOT " used("?1") " AND " used(                  \
	    "l.name") " ORDER BY l.name LIMIT 1"

int
store_look_alike(struct store *s, enum store_name kind, const char *name,
    char ret[static LIMIT_NAME_SIZE])
{
	static const char *const text[] = {
	    [STORE_NAME_USER] = ALIKE(USER),
	    [STORE_NAME_TARGET] = ALIKE(TARGET),
	    [STORE_NAME_ROLE] = ALIKE(ROLE),
	    [STORE_NAME_GROUP] = ALIKE(GROUP),
	    [STORE_NAME_LOGIN] = ALIKE(LOGIN),
	};
	char look[LOOKS][LOOK_SIZE];
	struct query *q = query_new(s->sql, text[kind]);

	look_of(look, name);
	query_str(q, name);
	query_str(q, look[0]);
	query_str(q, look[1]);
	return store_one_name(q, ret);
}

int
store_name_used(struct store *s, enum store_name kind, const char *name)
{
	static const char *const text[] = {
	    [STORE_NAME_USER] = "SELECT ?1 WHERE " USER("?1"),
	    [STORE_NAME_TARGET] = "SELECT ?1 WHERE " TARGET("?1"),
	    [STORE_NAME_ROLE] = "SELECT ?1 WHERE " ROLE("?1"),
	    [STORE_NAME_GROUP] = "SELECT ?1 WHERE " GROUP("?1"),
	    [STORE_NAME_LOGIN] = "SELECT ?1 WHERE " LOGIN("?1"),
	};
	struct query *q = query_new(s->sql, text[kind]);
	char ret[LIMIT_NAME_SIZE];

	query_str(q, name);
	return store_one_name(q, ret);
}

/* A statement of two rows would keep a journal of its own. */
int
store_look_add(struct store *s, const char *name)
{
	char look[LOOKS][LOOK_SIZE];
	int r = 0;

	look_of(look, name);
	for (size_t i = 0; r == 0 && i < LOOKS; i++) {
		struct query *q = query_new(s->sql,
		    "INSERT INTO looks(look, name) VALUES(?1,?2)"
		    " ON CONFLICT DO NOTHING");

		query_str(q, look[i]);
		query_str(q, name);
		r = query_run(q);
	}
	return r;
}

static bool
is_known(const struct store *s, const char *name)
{
	for (size_t i = 0; i < LOOKS_KNOWN; i++)
		if (strcmp(s->looks.name[i], name) == 0)
			return true;
	return false;
}

/* Hundreds of targets have the same few logins. */
int
store_look_add_all(struct store *s, const struct name_list *l)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < l->n; i++) {
		if (is_known(s, l->name[i]))
			continue;
		if ((r = store_look_add(s, l->name[i])) == 0)
			name_set(s->looks.name[s->looks.next++ % LOOKS_KNOWN],
			    l->name[i]);
	}
	return r;
}

/* Of "2 of sre or leads", as each role has it that older code wrote. */
int
store_look_fill_approvers(struct store *s)
{
	struct quorum_list l = {0};
	char text[QUORUM_TEXT_SIZE] = "";
	int r = 0;

	do {
		struct query *q = query_new(s->sql,
		    "SELECT value FROM role_fields WHERE field = 'approvals'"
		    " AND value > ?1 ORDER BY value LIMIT 1");
		bool hit = false;

		query_str(q, text);
		if ((hit = query_next(q)))
			text_set(text, sizeof(text), query_get_str(q, 0));
		if ((r = query_done(q)) != 0 || !hit)
			break;
		l.n = 0;
		if (quorum_add(&l, text) != 0)
			continue; /* its role cannot be read either */
		for (unsigned k = 0; r == 0 && k < l.quorum[0].ngroups; k++)
			r = store_look_add(s, l.quorum[0].group[k]);
	} while (r == 0);
	return r;
}

int
store_look_fill(struct store *s)
{
	static const char *const next[] = {
	    "SELECT min(name) FROM users WHERE name > ?1",
	    "SELECT min(name) FROM targets WHERE name > ?1",
	    "SELECT min(name) FROM roles WHERE name > ?1",
	    "SELECT min(name) FROM user_groups WHERE name > ?1",
	    "SELECT min(login) FROM target_logins WHERE login > ?1",
	    "SELECT min(value) FROM role_fields"
	    " WHERE field = 'groups' AND value > ?1",
	    "SELECT min(value) FROM role_fields"
	    " WHERE field = 'logins' AND value > ?1",
	};
	char name[LIMIT_NAME_SIZE];
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(next); i++) {
		name[0] = '\0';
		do {
			struct query *q = query_new(s->sql, next[i]);

			query_str(q, name);
			if ((r = store_one_name(q, name)) == 0 &&
			    name[0] != '\0')
				r = store_look_add(s, name);
		} while (r == 0 && name[0] != '\0');
		if (r != 0)
			return r;
	}
	return 0;
}
