/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_roles - more than one role: deny beats allow, and of what overlaps the
 * strictest holds.
 */
#include "tests/unit/core/policyscene.h"

#include <string.h>

#include "core/grant.h"

void
test_deny(void **state)
{
	struct world *w = world_new();
	struct policy_role *no = NULL;
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	add_role(w, "ops");
	add_role(w, "ops2");
	no = &w->role[w->nroles++];
	name_set(no->name, "freeze");
	no->deny = true;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_string_equal(r.role, "freeze");
	assert_false(r.would_pass);
	/* only for another login, port or source: not for this one */
	must(name_list_add(&no->logins, "root"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	must(name_list_add(&no->logins, "deploy"));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	must(port_list_add(&no->ports, "443"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	must(port_list_add(&no->ports, "22"));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	must(prefix_list_add(&no->sources, "203.0.113.0/24"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	/* one denied source of two is enough */
	f.nsources = 2;
	must(addr_parse(&f.sources[1], "203.0.113.9"));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
}

void
test_merge(void **state)
{
	struct world *w = world_new();
	struct policy_role *a = add_role(w, "a-long");
	struct policy_role *b = add_role(w, "b-short");
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	a->max_s = 14400;
	a->record = false;
	a->caps = CAP_SHELL | CAP_PTY;
	b->max_s = 3600;
	b->reason = true;
	b->mfa_age_s = 60;
	b->caps = CAP_SHELL | CAP_EXEC;
	f.reason = "x";
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_ALLOW);
	assert_string_equal(r.role, "b-short");
	assert_int_equal(r.max_s, 3600);
	assert_int_equal(r.mfa_age_s, 60);
	assert_int_equal(r.caps, CAP_SHELL);
	assert_true(r.record);
	assert_true(r.reason);
	/* nothing in common: one has to be named */
	b->caps = CAP_SFTP;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_string_equal(r.refused[0].field, "role");
	assert_non_null(strstr(r.refused[0].text, "a-long, b-short"));
	f.role = "b-short";
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_ALLOW);
	assert_int_equal(r.caps, CAP_SFTP);
	f.role = "a-long";
	assert_int_equal(decide(w, &f).caps, CAP_SHELL | CAP_PTY);
	assert_int_equal(decide(w, &f).max_s, 14400);
	f.role = "c";
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_string_equal(r.refused[0].field, "role");
	f.role = "";
	b->caps = CAP_SHELL;
	/* the same time: first by name */
	a->max_s = 3600;
	assert_string_equal(decide(w, &f).role, "a-long");
}

void
test_merge_only_what_gives_it(void **state)
{
	struct world *w = world_new();
	struct policy_role *wide = add_role(w, "wide");
	struct policy_role *root = add_role(w, "rooters");
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	memset(&root->logins, 0, sizeof(root->logins));
	must(name_list_add(&root->logins, "root"));
	root->max_s = 600;
	wide->max_s = 7200;
	f.login = "deploy";
	r = decide(w, &f);
	assert_int_equal(r.max_s, 7200); /* the other gives root only */
	f.login = "root";
	assert_int_equal(decide(w, &f).max_s, 600);
	/* two logins are possible: say which */
	f.login = "";
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_string_equal(r.refused[0].field, "login");
	assert_non_null(strstr(r.refused[0].text, "deploy, root"));
	assert_true(r.would_pass);
	/* a role for the office does not bind those outside it */
	must(prefix_list_add(&wide->sources, "10.0.0.0/8"));
	must(name_list_add(&root->logins, "deploy"));
	f.login = "deploy";
	assert_int_equal(decide(w, &f).max_s, 600);
}

void
test_gateway_limits(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	add_role(w, "ops")->max_s = 86400;
	r = decide(w, &f);
	assert_int_equal(r.seconds, LIMIT_GRANT_DEFAULT_S);
	f.max_s = 1800;
	f.seconds = 3600;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_int_equal(r.seconds, 1800);
	/* whose limit it is; of two equal ones the role's */
	assert_string_equal(r.refused[0].text,
	    "1h is over the 30m that the gateway allows anybody (its "
	    "policy.max_grant)");
	f.max_s = 86400;
	f.seconds = 86401;
	r = decide(w, &f);
	assert_non_null(strstr(r.refused[0].text, "that role ops allows"));
	f.max_s = 1800;
	f.seconds = 0;
	assert_int_equal(decide(w, &f).seconds, 1800);
	f.mfa_max_s = 30;
	f.mfa_age_s = 31;
	assert_int_equal(decide(w, &f).verdict, POLICY_CODE);
	f.mfa_age_s = 30;
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
}

void
test_both_sources_count(void **state)
{
	struct world *w = world_new();
	struct policy_role *ops = add_role(w, "ops");
	struct policy_facts f = facts(w);

	(void)state;
	must(prefix_list_add(&ops->sources, "198.51.100.0/24"));
	f.nsources = 2;
	must(addr_parse(&f.sources[1], "2001:db8::7"));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	must(prefix_list_add(&ops->sources, "2001:db8::/32"));
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
	f.nsources = 0;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
}

void
test_broken_target_denies(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);

	(void)state;
	add_role(w, "ops");
	w->target.port = 0;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	w->target.port = 22;
	w->target.reach = REACH_PROBE;
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	w->target.reach = REACH_PROXY;
	memset(&w->target.addr4, 0, sizeof(w->target.addr4));
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
}

void
test_process_ok(void **state)
{
	struct world *w = world_new();
	struct policy_role good = *add_role(w, "ops");
	struct policy_role r = good;

	(void)state;
	assert_true(policy_role_ok(&r));
	assert_true(policy_role_equal(&good, &r));
	r.max_s = 0;
	assert_false(policy_role_ok(&r));
	assert_false(policy_role_equal(&good, &r));
	r = good;
	r.max_s = 86401;
	assert_false(policy_role_ok(&r));
	r = good;
	r.groups.names.n = 0;
	assert_false(policy_role_ok(&r));
	r = good;
	r.labels.n = 0;
	assert_false(policy_role_ok(&r));
	r = good;
	r.logins.n = 0;
	assert_false(policy_role_ok(&r));
	r = good;
	r.ports.n = 0;
	assert_false(policy_role_ok(&r));
	r = good;
	r.caps = 0;
	assert_false(policy_role_ok(&r));
	memset(&r, 0, sizeof(r));
	name_set(r.name, "freeze");
	r.deny = true;
	assert_true(policy_role_ok(&r));
	/* which would be read as if it denied these */
	must(command_add(&r.commands, "uptime"));
	assert_false(policy_role_ok(&r));
}

/* A role that lists commands gives them and nothing else, whatever it allows
 * beside; of two lists a command has to be on both. */
void
test_commands(void **state)
{
	struct world *w = world_new();
	struct policy_role *a = add_role(w, "a");
	struct policy_role *b = add_role(w, "b");
	struct policy_facts f = facts(w);
	struct policy_result r;

	(void)state;
	must(command_add(&b->commands, "uptime {int}"));
	b->caps = CAP_SHELL;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_ALLOW);
	assert_int_equal(r.caps, CAP_EXEC);
	assert_int_equal(r.commands.n, 1);
	must(command_add(&a->commands, "uptime 1"));
	r = decide(w, &f);
	assert_int_equal(r.caps, CAP_EXEC);
	assert_true(command_allowed(&r.commands, "uptime 1", 8));
	assert_false(command_allowed(&r.commands, "uptime 2", 8));
	/* a role without any restricts nothing, but what it does not give */
	a->commands.n = 0;
	a->caps = CAP_SHELL | CAP_PTY;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_string_equal(r.refused[0].field, "role");
	a->caps = CAP_DEFAULT;
	/* past the gateway nothing can be held to a list */
	w->target.reach = REACH_DIRECT;
	r = decide(w, &f);
	assert_int_equal(r.verdict, POLICY_DENY);
	assert_string_equal(r.refused[0].field, "commands");
	assert_false(r.would_pass);
	f.role = "a";
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
}

/* More than one request can have: a role has to be named. */
void
test_too_many_commands(void **state)
{
	struct world *w = world_new();
	struct policy_facts f = facts(w);
	char text[] = "uptime a0";

	(void)state;
	for (char ch = 'a'; ch <= 'c'; ch++) {
		struct policy_role *r = add_role(w, (char[]){ch, '\0'});

		text[7] = ch;
		for (unsigned i = 0; i < LIMIT_COMMANDS_ROLE; i++) {
			text[8] = (char)('A' + i);
			must(command_add(&r->commands, text));
		}
	}
	assert_int_equal(decide(w, &f).verdict, POLICY_DENY);
	assert_string_equal(decide(w, &f).refused[0].field, "role");
	f.role = "b";
	assert_int_equal(decide(w, &f).verdict, POLICY_ALLOW);
}

/* Other commands than those it was opened for end a grant, fewer as well: which
 * they were it does not say. */
void
test_within_commands(void **state)
{
	struct policy_result v = {.verdict = POLICY_ALLOW, .caps = CAP_EXEC};
	char one[COMMAND_DIGEST_SIZE], two[COMMAND_DIGEST_SIZE];

	(void)state;
	assert_true(policy_within(&v, CAP_EXEC, false, ""));
	must(command_add(&v.commands, "uptime"));
	command_digest(one, &v.commands);
	assert_false(policy_within(&v, CAP_EXEC, false, ""));
	assert_true(policy_within(&v, CAP_EXEC, false, one));
	must(command_add(&v.commands, "id"));
	command_digest(two, &v.commands);
	assert_false(policy_within(&v, CAP_EXEC, false, one));
	assert_true(policy_within(&v, CAP_EXEC, false, two));
	v.commands.n = 0;
	assert_false(policy_within(&v, CAP_EXEC, false, two));
}

/* What a live grant has, against what would be given now. */
void
test_within(void **state)
{
	static const struct {
		const char *name;
		enum policy_verdict verdict;
		uint32_t gives, has;
		bool records, recorded, within;
	} cases[] = {
	    {"denied", POLICY_DENY, CAP_DEFAULT, CAP_SFTP, 0, 0, false},
	    {"a code wanted", POLICY_CODE, CAP_DEFAULT, CAP_SFTP, 0, 0, false},
	    {"the same", POLICY_ALLOW, CAP_SFTP, CAP_SFTP, 1, 1, true},
	    {"less", POLICY_ALLOW, CAP_DEFAULT, CAP_SFTP, 0, 0, true},
	    {"one more", POLICY_ALLOW, CAP_SFTP, CAP_SFTP | CAP_PTY, 0, 0,
		false},
	    {"another", POLICY_ALLOW, CAP_SFTP, CAP_SHELL, 0, 0, false},
	    {"nothing given", POLICY_ALLOW, 0, CAP_EXEC, 0, 0, false},
	    {"recorded by now", POLICY_ALLOW, CAP_SFTP, CAP_SFTP, 1, 0, false},
	    {"no more recorded", POLICY_ALLOW, CAP_SFTP, CAP_SFTP, 0, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct policy_result v = {.verdict = cases[i].verdict,
		    .caps = cases[i].gives,
		    .record = cases[i].records};

		CHECK_ROW(policy_within(&v, cases[i].has, cases[i].recorded,
			      "") == cases[i].within,
		    cases[i].name);
	}
}
