/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_kinds - roles for people and roles for machines: what each gives, and
 * from where a machine is given it.
 */
#include "tests/unit/core/policyscene.h"

#include <string.h>

#include "base/attr.h"
#include "core/grant.h"

static struct policy_facts
facts_of(const struct world *w, enum user_kind kind,
    const struct prefix_list *from, const char *source)
{
	struct policy_facts f = facts(w);

	f.kind = (uint8_t)kind;
	f.from = from;
	must(addr_parse(&f.sources[0], source));
	return f;
}

void
test_kinds(void **state)
{
	static const struct {
		const char *name;
		enum user_kind kind;
		bool machine, deny;
		const char *source;
		enum policy_verdict want;
	} rows[] = {
	    {"a person by a role for people", KIND_PERSON, false, false,
		"192.0.2.7", POLICY_CODE},
	    {"a person by one for machines", KIND_PERSON, true, false,
		"192.0.2.7", POLICY_DENY},
	    {"a machine, and no code", KIND_MACHINE, true, false, "192.0.2.7",
		POLICY_ALLOW},
	    {"a machine by a role for people", KIND_MACHINE, false, false,
		"192.0.2.7", POLICY_DENY},
	    {"a machine elsewhere", KIND_MACHINE, true, false, "192.0.2.17",
		POLICY_DENY},
	    {"a role that denies is for machines too", KIND_MACHINE, true, true,
		"192.0.2.7", POLICY_DENY},
	    {"of no kind", KIND_NONE, false, false, "192.0.2.7", POLICY_DENY},
	    {"of no kind, for machines", KIND_NONE, true, false, "192.0.2.7",
		POLICY_DENY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world *w = world_new();
		struct policy_role *r = add_role(w, "ops");
		struct prefix_list from = {.n = 0};
		struct policy_facts f =
		    facts_of(w, rows[i].kind, &from, rows[i].source);

		must(prefix_list_add(&from, "192.0.2.0/28"));
		r->machine = rows[i].machine;
		f.mfa_age_s = POLICY_MFA_NONE;
		if (rows[i].deny) {
			r = add_role(w, "never");
			r->deny = true;
		}
		CHECK_ROW(decide(w, &f).verdict == rows[i].want, rows[i].name);
	}
}

/* Of both, each counts for its own kind alone: none makes the other longer. */
void
test_kinds_do_not_merge(void **state)
{
	struct world *w = world_new();
	struct policy_role *people = add_role(w, "people");
	struct policy_role *machines = add_role(w, "machines");
	struct prefix_list from = {.n = 0};
	struct policy_facts f = facts(w);
	struct policy_result v;

	(void)state;
	(void)people;
	machines->machine = true;
	machines->max_s = 600;
	v = decide(w, &f);
	assert_string_equal(v.role, "people");
	assert_int_equal(v.roles.n, 1);
	assert_int_equal(v.max_s, 7200);
	must(prefix_list_add(&from, "198.51.100.0/24"));
	f.kind = KIND_MACHINE;
	f.from = &from;
	v = decide(w, &f);
	assert_string_equal(v.role, "machines");
	assert_int_equal(v.roles.n, 1);
	assert_int_equal(v.max_s, 600);
}

/* Where it is, is said, and what would be right; nothing is everywhere. */
void
test_machine_elsewhere(void **state)
{
	struct world *w = world_new();
	struct policy_role *r = add_role(w, "deploys");
	struct prefix_list from = {.n = 0};
	struct policy_facts f = facts_of(w, KIND_MACHINE, &from, "203.0.113.9");
	struct policy_result v;

	(void)state;
	r->machine = true;
	v = decide(w, &f);
	assert_int_equal(v.verdict, POLICY_DENY);
	must(prefix_list_add(&from, "192.0.2.0/28"));
	v = decide(w, &f);
	assert_int_equal(v.verdict, POLICY_DENY);
	assert_string_equal(v.refused[0].field, "source");
	assert_non_null(
	    strstr(v.refused[0].text, "outside the networks of machine"));
	/* both addresses have to be inside */
	must(addr_parse(&f.sources[1], "192.0.2.3"));
	f.nsources = 2;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	must(prefix_list_add(&from, "203.0.113.9/32"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.nsources = 0;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	f.nsources = 2;
	f.from = NULL;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
}

void
test_machine_role_ok(void **state)
{
	struct world *w = world_new();
	struct policy_role *r = add_role(w, "deploys");

	(void)state;
	r->machine = true;
	assert_int_equal(r->max_s, 7200);
	assert_false(policy_role_ok(r));
	r->max_s = LIMIT_MACHINE_S;
	assert_true(policy_role_ok(r));
	must(login_add(&r->logins, "d-{{user}}"));
	assert_false(policy_role_ok(r));
	must(command_add(&r->commands, "systemctl restart shop"));
	assert_true(policy_role_ok(r));
	r->commands.n = 0;
	r->logins.n = 1;
	assert_true(policy_role_ok(r));
	r->deny = true;
	assert_false(policy_role_ok(r));
}
