/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_glass - break-glass: no role gives it, and a lock, a role that denies,
 * a use that nobody has reviewed and a way past the recorder refuse it.
 */
#include "tests/unit/core/policyscene.h"

#include <string.h>

#include "base/attr.h"
#include "core/glass.h"

static struct policy_result
glass(const struct world *w, const struct policy_facts *f,
    const struct glass_use *owed)
{
	struct policy_result r;

	memset(&r, 0xff, sizeof(r)); /* all of it must be written */
	glass_decide(&r, f, w->role, w->nroles, owed);
	return r;
}

static void
want_no(const struct policy_result *r, const char *field, const char *says)
{
	assert_int_equal(r->verdict, POLICY_DENY);
	assert_int_equal(r->nrefused, 1);
	assert_string_equal(r->refused[0].field, field);
	if (strstr(r->refused[0].text, says) == NULL)
		fail_msg("not \"%s\": %s", says, r->refused[0].text);
}

void
test_glass(void **state)
{
	static const struct {
		const char *login;
		uint32_t seconds;
		const char *reason;
		const char *field; /* NULL: allowed, for so long */
		const char *says;
		uint32_t want;
	} rows[] = {
	    {"root", 0, "INC-1", NULL, NULL, 1800},
	    {"deploy", 1800, "INC-1", NULL, NULL, 1800},
	    {"deploy", 5, "INC-1", NULL, NULL, 5},
	    {"deploy", 1801, "INC-1", "for", "over the 30m that break-glass",
		0},
	    {"deploy", 4, "INC-1", "for", "too short", 0},
	    {"", 60, "INC-1", "login", "say which one you want: deploy, root",
		0},
	    {"oracle", 60, "INC-1", "login", "oracle is no login of this", 0},
	    {"root", 60, "", "reason", "break-glass wants one", 0},
	    {"root", 60, "  ", "reason", "break-glass wants one", 0},
	};
	struct world *w = world_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct policy_facts f = facts(w);
		struct policy_result r;

		f.login = rows[i].login;
		f.seconds = rows[i].seconds;
		f.reason = rows[i].reason;
		f.mfa_age_s = POLICY_MFA_NONE;
		r = glass(w, &f, NULL);
		if (rows[i].field != NULL) {
			want_no(&r, rows[i].field, rows[i].says);
			continue;
		}
		CHECK_ROW(r.verdict == POLICY_ALLOW, rows[i].login);
		assert_int_equal(r.seconds, rows[i].want);
		assert_int_equal(r.caps, CAP_SHELL | CAP_EXEC | CAP_PTY);
		assert_true(r.record);
		assert_int_equal(r.commands.n, 0);
		assert_string_equal(r.role, GLASS_ROLE);
		assert_string_equal(r.role_id, "");
		assert_string_equal(r.login, rows[i].login);
		assert_int_equal(r.port, 22);
	}
}

static struct policy_facts
root_facts(const struct world *w)
{
	struct policy_facts f = facts(w);

	f.login = "root";
	f.reason = "INC-1";
	f.seconds = 60;
	return f;
}

void
test_glass_denied(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = root_facts(w);
	struct policy_role *no = add_role(w, "no");
	struct policy_result r;

	(void)state;
	no->deny = true;
	r = glass(w, &f, NULL);
	assert_int_equal(r.verdict, POLICY_ALLOW); /* it denies deploy alone */
	must(name_list_add(&no->logins, "root"));
	r = glass(w, &f, NULL);
	want_no(&r, "target", "no");
}

void
test_glass_locked(void **state)
{
	static const struct {
		enum lock_kind kind;
		const char *value;
		bool want;
	} rows[] = {{LOCK_USER, "alice", true}, {LOCK_GROUP, "ops", true},
	    {LOCK_TARGET, "web-01", true}, {LOCK_LOGIN, "root", true},
	    {LOCK_SOURCE, "198.51.100.0/24", true}, {LOCK_EVERYTHING, "", true},
	    {LOCK_USER, "bob", false}, {LOCK_LOGIN, "deploy", false},
	    {LOCK_TARGET, "web-02", false}};
	struct world *w = world_new();
	struct policy_facts f = root_facts(w);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct lock l = {.id = "l-7Q2MXK4P", .by = "bob"};
		struct policy_result r;

		must(lock_set(&l, rows[i].kind, rows[i].value));
		f.locks = &l;
		f.nlocks = 1;
		f.utc_ms = 1;
		r = glass(w, &f, NULL);
		CHECK_ROW(r.locked == rows[i].want, rows[i].value);
		if (rows[i].want) {
			want_no(&r, "lock", "is locked");
			assert_string_equal(r.lock, "l-7Q2MXK4P");
		}
	}
}

void
test_glass_owed(void **state)
{
	const struct glass_use owed = {
	    .id = "b-7Q2MXK4P", .user = "carol", .state = GLASS_USED};
	struct world *w = world_new();
	struct policy_facts f = root_facts(w);
	struct policy_result r = glass(w, &f, &owed);

	(void)state;
	want_no(&r, "review", "b-7Q2MXK4P, by carol");
}

/* What does not pass through the gateway is recorded by nobody. */
void
test_glass_direct(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = root_facts(w);
	struct policy_result r;

	(void)state;
	w->target.reach = REACH_DIRECT;
	r = glass(w, &f, NULL);
	want_no(&r, "target", "reached directly");
	f.target = NULL;
	r = glass(w, &f, NULL);
	want_no(&r, "target", "there is no target web-01");
}
