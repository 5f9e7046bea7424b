/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_agents - an agent has what its own roles, its owner's and what it was
 * lent all give; of each limit the strictest; and its verdict is never wider
 * than its owner's.
 */
#include "tests/unit/core/policyscene.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "core/behalf.h"
#include "core/grant.h"

enum { T0 = 1000000000 };
#define KEY "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

struct pair {
	struct world *w;
	struct policy_role *own, *its; /* of the owner, of the agent */
	struct behalf b;
	struct prefix_list from;
	struct name_list groups;
	struct policy_facts f;
	struct approval yes;
	struct policy_result v;
};

/* alice has ops, her helper bots: both give deploy at web-01; she has lent it
 * that. */
static struct pair *
pair_new(void)
{
	static struct pair p;

	memset(&p, 0, sizeof(p));
	p.w = world_new();
	p.own = add_role(p.w, "ops");
	p.its = add_role(p.w, "bots");
	p.its->groups.names.n = 0;
	must(member_add(&p.its->users, "helper", ""));
	must(prefix_list_add(&p.from, "198.51.100.0/24"));
	name_set(p.b.owner, "alice");
	must(name_list_add(&p.b.groups, "ops"));
	memcpy(p.b.owner_id, "u-alice", 8);
	p.b.stands = true;
	memcpy(p.b.d.id, "d-1", 4);
	name_set(p.b.d.agent, "helper");
	name_set(p.b.d.owner, "alice");
	must(name_list_add(&p.b.d.targets, "web-01"));
	must(name_list_add(&p.b.d.logins, "deploy"));
	p.b.d.caps = CAP_DEFAULT;
	p.b.d.max_s = 7200;
	p.b.d.until_ms = T0 + 86400000;
	p.f = facts(p.w);
	p.f.user = "helper";
	p.f.user_id = "u-helper";
	p.f.kind = KIND_AGENT;
	p.f.groups = &p.groups;
	p.f.from = &p.from;
	p.f.behalf = &p.b;
	p.f.mfa_age_s = POLICY_MFA_NONE;
	p.f.utc_ms = p.f.when_ms = T0;
	p.yes = (struct approval){
	    .user_id = "u-alice", .level = 1, .groups = &p.b.groups};
	p.f.approvals = &p.yes;
	p.f.napprovals = 1;
	return &p;
}

static enum policy_verdict
verdict(struct pair *p)
{
	p->v = decide(p->w, &p->f);
	return p->v.verdict;
}

static void
refused(struct pair *p, const char *field, const char *row)
{
	CHECK_ROW(verdict(p) == POLICY_DENY, row);
	CHECK_ROW(
	    p->v.nrefused > 0 && strcmp(p->v.refused[0].field, field) == 0,
	    row);
	CHECK_ROW(!p->v.code, row);
}

void
test_agent(void **state)
{
	struct pair *p = pair_new();

	(void)state;
	assert_int_equal(verdict(p), POLICY_ALLOW);
	assert_string_equal(p->v.role, "bots");
	assert_int_equal(p->v.owner_roles.n, 1);
	assert_string_equal(p->v.owner_roles.name[0], "ops");
	/* nobody is asked for a code, and somebody for a yes */
	p->f.napprovals = 0;
	assert_int_equal(verdict(p), POLICY_APPROVAL);
	assert_false(p->v.code);
	assert_int_equal(p->v.needs.n, 1);
	assert_true(p->v.needs.quorum[0].owner);
}

/* Each of the three has to give it. */
void
test_agent_of_three(void **state)
{
	static const struct {
		const char *name, *field;
	} rows[] = {
	    {"nothing is lent", "delegation"},
	    {"it is over", "delegation"},
	    {"for another target", "delegation"},
	    {"for another login", "login"},
	    {"the owner has no role", "target"},
	    {"the owner is denied", "target"},
	    {"the owner is not active", "owner"},
	    {"there is no owner", "owner"},
	    {"the agent has no role", "target"},
	    {"the agent is elsewhere", "source"},
	    {"for a role the owner has not", "role"},
	    {"nothing in common", "allow"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pair *p = pair_new();
		struct policy_role *no = NULL;

		switch (i) {
		case 0:
			p->b.d.id[0] = '\0';
			break;
		case 1:
			p->f.utc_ms = p->b.d.until_ms;
			break;
		case 2:
			name_set(p->b.d.targets.name[0], "web-02");
			break;
		case 3:
			name_set(p->b.d.logins.name[0], "root");
			break;
		case 4:
			p->b.groups.n = 0;
			break;
		case 5:
			no = add_role(p->w, "no");
			no->deny = true;
			break;
		case 6:
			p->b.stands = false;
			break;
		case 7:
			p->f.behalf = NULL;
			break;
		case 8:
			p->its->users.names.n = 0;
			name_set(p->its->groups.names.name[0], "x");
			p->its->groups.names.n = 1;
			break;
		case 9:
			p->from.n = 0;
			break;
		case 10:
			must(name_list_add(&p->b.d.roles, "bots"));
			break;
		default:
			p->b.d.caps = CAP_SFTP;
			p->own->caps = CAP_EXEC;
		}
		refused(p, rows[i].field, rows[i].name);
	}
}

/* A deny is for all users here: the owner's alone is theirs to be denied by. */
void
test_agent_locked(void **state)
{
	struct pair *p = pair_new();
	struct lock l = {.id = "l-1"};

	(void)state;
	must(lock_set(&l, LOCK_USER, "alice"));
	name_set(l.by, "eve");
	p->f.locks = &l;
	p->f.nlocks = 1;
	refused(p, "lock", "the owner is locked");
	assert_true(p->v.locked);
	assert_string_equal(p->v.locked_by, "eve");
	assert_int_equal(p->v.nrefused, 1);
	must(lock_set(&l, LOCK_KEY, KEY));
	assert_int_equal(verdict(p), POLICY_ALLOW);
	memcpy(p->b.d.key_fp, KEY, sizeof(KEY));
	refused(p, "lock", "the key it was lent by is locked");
}

/* Of each limit the strictest, whoever sets it; a field that is new fails here
 * until it is taken as well. */
void
test_agent_strictest(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		const struct rolefield *f = &rolefields()[i];
		struct pair *p = pair_new();
		struct policy_result before;

		if (f->merge == ROLE_SELECTS || f->merge == ROLE_SHOWN)
			continue;
		assert_int_equal(verdict(p), POLICY_ALLOW);
		before = p->v;
		p->its->record = p->own->record = false;
		p->its->reason = p->own->reason = false;
		p->its->hardware_code = p->own->hardware_code = true;
		p->its->mfa_age_extend_s = p->own->mfa_age_extend_s = 60;
		p->its->mfa_age_move_s = p->own->mfa_age_move_s = 60;
		p->f.open = 1;
		p->f.reason = "why";
		p->f.hardware = HARDWARE_VERIFIED;
		if (verdict(p) == POLICY_ALLOW)
			before = p->v;
		switch (f->merge) {
		case ROLE_SHORTEST:
			*(uint32_t *)rolefield_member(f, p->own) = 1;
			break;
		case ROLE_LARGEST:
			*(uint32_t *)rolefield_member(f, p->own) =
			    HARDWARE_VERIFIED;
			break;
		case ROLE_COMMON:
			*(uint32_t *)rolefield_member(f, p->own) = CAP_EXEC;
			break;
		case ROLE_EVERY:
			*(bool *)rolefield_member(f, p->own) = false;
			break;
		case ROLE_ANY:
			*(bool *)rolefield_member(f, p->own) = true;
			break;
		default:
			must(rolefield_add(f, p->own,
			    f->kind == ROLE_QUORUMS    ? "1 of sre"
			    : f->kind == ROLE_COMMANDS ? "ls {name}"
						       : "w.*",
			    ""));
		}
		p->f.ticket = "w";
		(void)verdict(p);
		CHECK_ROW(memcmp(&before, &p->v, sizeof(before)) != 0, f->name);
	}
}

void
test_agent_limits(void **state)
{
	struct pair *p = pair_new();

	(void)state;
	/* how long: by what was lent, by the owner's role, by its own */
	p->b.d.max_s = 600;
	assert_int_equal(verdict(p), POLICY_ALLOW);
	assert_int_equal(p->v.max_s, 600);
	assert_int_equal(p->v.seconds, 600);
	p->f.seconds = 601;
	refused(p, "for", "longer than was lent");
	assert_true(p->v.would_pass);
	assert_int_equal(p->v.seconds, 600);
	p->b.d.max_s = 7200;
	p->own->max_s = 300;
	refused(p, "for", "longer than the owner may");
	assert_true(p->v.would_pass);
	assert_int_equal(p->v.seconds, 300);
	/* until when */
	p = pair_new();
	p->b.d.until_ms = T0 + 60000;
	assert_int_equal(verdict(p), POLICY_ALLOW);
	assert_int_equal(p->v.seconds, 60);
	p->f.seconds = 120;
	refused(p, "for", "beyond its end");
	/* what is open and would last beyond it has to end */
	p = pair_new();
	p->f.seconds = 60;
	p->f.since_ms = T0 - 60000;
	p->f.end_ms = T0 + 60000;
	assert_int_equal(verdict(p), POLICY_ALLOW);
	p->b.d.until_ms = T0 + 30000;
	assert_int_equal(verdict(p), POLICY_DENY);
	/* what a session may do, and record */
	p = pair_new();
	p->b.d.caps = CAP_EXEC | CAP_SFTP;
	p->own->caps = CAP_EXEC | CAP_SHELL;
	p->its->record = false;
	assert_int_equal(verdict(p), POLICY_ALLOW);
	assert_int_equal(p->v.caps, CAP_EXEC);
	assert_true(p->v.record);
	/* commands of either: each has to allow it */
	must(command_add(&p->own->commands, "ls {name}"));
	must(command_add(&p->its->commands, "ls {int}"));
	assert_int_equal(verdict(p), POLICY_ALLOW);
	assert_true(command_allowed(&p->v.commands, "ls 7", 4));
	assert_false(command_allowed(&p->v.commands, "ls a", 4));
}

/* Who has to approve: whoever a role of either says; else the owner. Theirs is
 * none where they could not open it alone themselves. */
void
test_agent_approvals(void **state)
{
	struct pair *p = pair_new();
	struct name_list sre = {0};

	(void)state;
	must(name_list_add(&sre, "sre"));
	must(name_list_add(&p->b.groups, "sre"));
	p->yes.user_id = "u-helper";
	assert_int_equal(verdict(p), POLICY_APPROVAL);
	p->yes.user_id = "u-carol";
	assert_int_equal(verdict(p), POLICY_APPROVAL);
	p->yes.user_id = "u-alice";
	p->yes.level = 0; /* it counts no more */
	assert_int_equal(verdict(p), POLICY_APPROVAL);
	p->yes.level = 1;
	assert_int_equal(verdict(p), POLICY_ALLOW);
	/* by its own roles: the owner is one of those asked */
	must(quorum_add(&p->its->approvals, "1 of sre"));
	assert_int_equal(verdict(p), POLICY_ALLOW);
	assert_false(p->v.needs.quorum[0].owner);
	/* by the owner's: another one */
	p->its->approvals.n = 0;
	must(quorum_add(&p->own->approvals, "1 of sre"));
	assert_int_equal(verdict(p), POLICY_APPROVAL);
	assert_false(quorum_counts(&p->v.needs, 1, "u-alice", &p->b.groups));
	assert_true(quorum_counts(&p->v.needs, 1, "u-carol", &sre));
	p->yes.user_id = "u-carol";
	p->yes.groups = &sre;
	assert_int_equal(verdict(p), POLICY_ALLOW);
}

static unsigned seed;

static unsigned
pick(unsigned n)
{
	seed = seed * 1103515245U + 12345U;
	return (seed >> 16) % n;
}

static void
vary(struct policy_role *r)
{
	static const uint32_t caps[] = {
	    CAP_DEFAULT, CAP_EXEC, CAP_EXEC | CAP_SHELL, CAP_SFTP};

	r->max_s = 600 * (1 + pick(4));
	r->caps = caps[pick(ARRAY_LEN(caps))];
	r->record = pick(2) == 0;
	r->deny = pick(8) == 0;
	r->machine = !r->deny && pick(8) == 0;
	r->sources.n = 0;
	if (pick(4) == 0)
		must(prefix_list_add(&r->sources, "203.0.113.0/24"));
	if (pick(3) == 0)
		must(quorum_add(&r->approvals, "1 of sre"));
	if (pick(3) == 0 && !name_list_has(&r->logins, "root"))
		must(login_add(&r->logins, "root"));
	if (pick(4) == 0)
		must(command_add(&r->commands, "ls {name}"));
	if (pick(3) == 0 && member_until_ms(&r->users, "helper") == 0)
		must(member_add(&r->users, "helper", ""));
	if (pick(3) == 0) {
		r->groups.names.n = 0;
		if (r->users.names.n == 0)
			must(member_add(&r->users, "alice", ""));
	}
}

/* Whatever roles there are and whatever was lent: what the agent gets, its
 * owner could have had, by one of the roles that were lent. */
static bool
is_within(struct pair *p)
{
	struct policy_facts f = p->f;
	struct policy_result own;

	f.user = "alice";
	f.user_id = "u-alice";
	f.kind = KIND_PERSON;
	f.groups = &p->b.groups;
	f.login = p->v.login;
	f.seconds = p->v.seconds;
	f.role = "";
	f.mfa_age_s = 0;
	f.only = p->b.d.roles.n > 0 ? &p->b.d.roles : NULL;
	own = decide(p->w, &f);
	return own.verdict != POLICY_DENY && p->v.max_s <= own.max_s &&
	       (p->v.caps & ~own.caps) == 0 && (p->v.record || !own.record) &&
	       (own.commands.n == 0 || p->v.commands.n > 0) &&
	       own.needs.n <= p->v.needs.n;
}

void
test_agent_never_wider(void **state)
{
	unsigned given = 0;

	(void)state;
	seed = 7;
	for (unsigned i = 0; i < 4000; i++) {
		struct pair *p = pair_new();

		for (unsigned k = pick(3); k > 0; k--)
			(void)add_role(p->w, k == 1 ? "more" : "most");
		for (size_t k = 0; k < p->w->nroles; k++)
			vary(&p->w->role[k]);
		if (pick(3) == 0)
			must(name_list_add(&p->b.d.roles, "ops"));
		if (pick(3) == 0)
			must(name_list_add(&p->b.d.logins, "root"));
		if (pick(2) == 0)
			must(name_list_add(&p->groups, "ops"));
		if (pick(3) == 0)
			p->f.seconds = 300 * (1 + pick(8));
		if (pick(3) == 0)
			p->f.login = pick(2) == 0 ? "root" : "deploy";
		if (pick(4) == 0)
			p->f.role = "bots";
		if (verdict(p) == POLICY_DENY)
			continue;
		given++;
		assert_true(is_within(p));
		assert_true((p->v.caps & ~p->b.d.caps) == 0);
		assert_true(name_list_has(&p->b.d.logins, p->v.login));
		assert_true(p->v.seconds <= p->b.d.max_s);
		assert_true(p->v.needs.n > 0);
	}
	assert_in_range(given, 100, 4000);
}

/* ---- no wider than its owner, when it is lent */

void
test_agent_lent(void **state)
{
	struct pair *p = pair_new();
	struct policy_facts f = p->f;

	(void)state;
	f.login = "deploy";
	f.settled = f.anywhere = f.anytime = true;
	assert_true(behalf_lends(&p->v, &p->b, &f, p->w->role, 2));
	assert_true(behalf_lends_role(&p->v, &p->b, "ops", p->w->role, 2, T0));
	assert_false(
	    behalf_lends_role(&p->v, &p->b, "bots", p->w->role, 2, T0));
	f.login = "root";
	assert_false(behalf_lends(&p->v, &p->b, &f, p->w->role, 2));
	f.login = "deploy";
	p->own->caps = CAP_EXEC;
	assert_false(behalf_lends(&p->v, &p->b, &f, p->w->role, 2));
	assert_string_equal(p->v.refused[0].field, "allow");
	p->own->caps = CAP_DEFAULT;
	p->b.d.max_s = p->own->max_s + 1;
	assert_false(behalf_lends(&p->v, &p->b, &f, p->w->role, 2));
	assert_string_equal(p->v.refused[0].field, "max");
	assert_false(behalf_lends_role(&p->v, &p->b, "ops", p->w->role, 2, T0));
	/* what wants approval is theirs all the same */
	p->b.d.max_s = 60;
	must(quorum_add(&p->own->approvals, "1 of sre"));
	assert_true(behalf_lends(&p->v, &p->b, &f, p->w->role, 2));
	/* the caps that a role with commands gives */
	must(command_add(&p->own->commands, "ls {name}"));
	assert_false(behalf_lends_role(&p->v, &p->b, "ops", p->w->role, 2, T0));
}

void
test_delegation_ok(void **state)
{
	struct delegation d = pair_new()->b.d;

	(void)state;
	d.created_ms = T0;
	assert_true(delegation_ok(&d));
	d.until_ms = T0 + (int64_t)LIMIT_DELEGATION_S * 1000 + 1;
	assert_false(delegation_ok(&d));
	d.until_ms--;
	assert_true(delegation_ok(&d));
	d.targets.n = 0;
	assert_false(delegation_ok(&d));
	must(selector_add(&d.select, "env=prod"));
	assert_true(delegation_ok(&d));
	assert_true(delegation_covers(&d, &world_new()->target));
	d.logins.n = 0;
	assert_false(delegation_ok(&d));
	d.logins.n = 1;
	d.caps = 0;
	assert_false(delegation_ok(&d));
	d.caps = CAP_FORWARD;
	assert_false(delegation_ok(&d));
}
