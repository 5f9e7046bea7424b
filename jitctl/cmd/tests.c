/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests - see the header.
 */
#include "jitctl/cmd/tests.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/approver.h"
#include "core/behalf.h"
#include "core/grant.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/files.h"
#include "jitctl/gateway/policy_now.h"
#include "jitctl/gateway/policy_values.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "sys/zones.h"

static const struct col cols[] = {
    {"TEST", "place", COL_TEXT, COL_SHOWN},
    {"USER", "user", COL_TEXT, COL_SHOWN},
    {"TARGET", "target", COL_TEXT, COL_SHOWN},
    {"EXPECTED", "expected", COL_TEXT, COL_SHOWN},
    {"ANSWER", "answer", COL_TEXT, COL_SHOWN},
    {"WHY", "why", COL_SAID, COL_SHOWN},
};

struct trial {
	json_t *users, *targets; /* by name */
	struct policy_role *roles;
	size_t nroles;
	struct zone_table *zones;
	json_t *lacks; /* roles that nobody can approve */
	json_t *wrong; /* what came out otherwise */
	struct policy_result verdict;
};

static const char *
verdict_str(enum policy_verdict v)
{
	switch (v) {
	case POLICY_DENY:
		return "deny";
	case POLICY_APPROVAL:
		return "approval";
	case POLICY_CODE:
	case POLICY_ALLOW:
		return "allow";
	}
	return "deny";
}

/* As if its owner lent it all that they have. */
static bool
lend(const struct trial *t, const json_t *test, const json_t *agent,
    const struct target *target, struct behalf *ret)
{
	const char *name = member(agent, "owner");
	const json_t *o = json_object_get(t->users, name);
	struct policy_user owner = {.in = false};

	memset(ret, 0, sizeof(*ret));
	if (target == NULL || o == NULL)
		return true; /* there is none */
	if (!policy_user(o, &owner))
		return false;
	name_set(ret->owner, name);
	ret->stands = owner.in && owner.kind == KIND_PERSON;
	ret->groups = owner.groups;
	name_set(ret->d.owner, name);
	name_set(ret->d.agent, member(test, "user"));
	text_set(ret->d.id, sizeof(ret->d.id), "d-TESTTEST");
	ret->d.targets.n = 1;
	name_set(ret->d.targets.name[0], target->name);
	ret->d.logins = target->logins;
	ret->d.caps = CAP_DEFAULT;
	ret->d.max_s = LIMIT_GRANT_MAX_S;
	ret->d.until_ms = HOURS_NEVER;
	return true;
}

/* With a code, and without what the test does not say being asked for. */
static void
judge(struct trial *t, const json_t *test, const struct policy_user *user,
    const struct behalf *behalf, const struct target *target)
{
	const json_t *at = json_object_get(test, "at");
	const int64_t now =
	    at != NULL ? json_integer_value(at) : clock_now().utc_ms;
	struct policy_facts f = {.user = member(test, "user"),
	    .kind = user->kind,
	    .from = &user->from,
	    .behalf = behalf,
	    .groups = &user->groups,
	    .target_name = member(test, "target"),
	    .target = target,
	    .login = member(test, "login"),
	    .role = member(test, "role"),
	    .reason = member(test, "reason"),
	    .ticket = member(test, "ticket"),
	    .seconds =
		(uint32_t)json_integer_value(json_object_get(test, "for")),
	    .hardware = HARDWARE_VERIFIED,
	    .settled = json_object_get(test, "reason") == NULL &&
		       json_object_get(test, "ticket") == NULL,
	    .anywhere = json_object_get(test, "from") == NULL,
	    .anytime = at == NULL,
	    .utc_ms = now,
	    .when_ms = now,
	    .max_s = LIMIT_GRANT_MAX_S,
	    .mfa_max_s = LIMIT_GRANT_MAX_S,
	    .zones = t->zones};

	if (!f.anywhere && addr_parse(&f.sources[0], member(test, "from")) == 0)
		f.nsources = 1;
	policy_decide(&t->verdict, &f, t->roles, t->nroles);
}

static void
note(struct trial *t, const json_t *test, const char *answer, const char *why)
{
	const char *by = member(test, "by");
	char expected[LIMIT_NAME_SIZE * 2], got[LIMIT_NAME_SIZE * 2];

	(void)snprintf(expected, sizeof(expected), "%s%s%s",
	    member(test, "expect"), by[0] != '\0' ? " by " : "", by);
	(void)snprintf(got, sizeof(got), "%s%s%s", answer,
	    t->verdict.role[0] != '\0' ? " by " : "", t->verdict.role);
	(void)json_array_append_new(
	    t->wrong, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "place",
			  member(test, "place"), "user", member(test, "user"),
			  "target", member(test, "target"), "expected",
			  expected, "answer", got, "why", why));
}

/* False: it cannot be tried. */
static bool
try(struct trial *t, const json_t *test)
{
	const json_t *user = json_object_get(t->users, member(test, "user"));
	const json_t *o = json_object_get(t->targets, member(test, "target"));
	const char *answer = "deny", *by = member(test, "by"), *why = NULL;
	struct policy_user u = {.in = false};
	struct target target;
	struct behalf behalf;

	memset(&t->verdict, 0, sizeof(t->verdict));
	if ((user != NULL && !policy_user(user, &u)) ||
	    (o != NULL && !policy_target(o, &target)) ||
	    !lend(t, test, user, o != NULL ? &target : NULL, &behalf))
		return false;
	if (user == NULL) {
		why = "there is no such user";
	} else if (!u.in) {
		why = "the user is disabled";
	} else {
		judge(t, test, &u, &behalf, o != NULL ? &target : NULL);
		answer = verdict_str(t->verdict.verdict);
		why = t->verdict.nrefused > 0 ? t->verdict.refused[0].text : "";
	}
	if (strcmp(answer, member(test, "expect")) != 0 ||
	    (by[0] != '\0' && strcmp(by, t->verdict.role) != 0))
		note(t, test, answer, why);
	return true;
}

/* By the file alone: who is in it and not disabled counts as enrolled. */
static int
add_user(struct approvers *a, const char *name, const json_t *user)
{
	struct policy_user u = {.in = false};
	struct approver x = {.name = name, .id = name, .groups = &u.groups};

	if (!policy_user(user, &u))
		return 0;
	x.kind = u.kind;
	x.disabled = !u.in;
	x.enrolled = u.in;
	return approvers_add(a, &x);
}

/* A file without users says nothing of who approves. */
static void
find_lacks(struct trial *t)
{
	struct approvers *a = NULL;
	struct shortage s;
	const char *name = NULL;
	json_t *user = NULL;
	int r = json_object_size(t->users) > 0 ? approvers_new(&a) : -1;

	json_object_foreach(t->users, name, user) if (r == 0) r =
	    add_user(a, name, user);
	for (size_t i = 0; r == 0 && i < t->nroles; i++)
		if (approvers_lack(&s, a, &t->roles[i].approvals, ""))
			(void)json_array_append_new(
			    t->lacks, json_pack("{s:s, s:s}", "role",
					  t->roles[i].name, "text", s.text));
	approvers_free(a);
}

static int
print(struct ctx *c, const struct trial *t, size_t n)
{
	const size_t bad = json_array_size(t->wrong);
	json_t *o =
	    json_pack("{s:O, s:O, s:I, s:I}", "items", t->wrong, "unapprovable",
		t->lacks, "tests", (json_int_t)n, "failed", (json_int_t)bad);
	int x = EXIT_OK;

	if (bad > 0 || c->out == OUT_JSON || c->out == OUT_YAML)
		x = out_items(c, o, cols, ARRAY_LEN(cols), "");
	json_decref(o);
	for (size_t i = 0; i < json_array_size(t->lacks); i++)
		say_error("warning: role %s: %s",
		    member(json_array_get(t->lacks, i), "role"),
		    member(json_array_get(t->lacks, i), "text"));
	say(c, "%zu test%s, %zu failed.", n, n == 1 ? "" : "s", bad);
	return x == EXIT_OK && bad > 0 ? EXIT_FAILED : x;
}

int
tests_try(struct ctx *c, const json_t *policy, const json_t *tests, bool lacks)
{
	struct trial *t = calloc(1, sizeof(*t));
	const size_t n = json_array_size(tests);
	bool good = t != NULL &&
		    zones_read(&t->zones, ZONES_DIR, clock_now().utc_ms) == 0;
	int x = EXIT_FAILED;

	if (!good)
		say_error("out of memory");
	good = good && policy_roles(policy, &t->roles, &t->nroles);
	if (good) {
		t->wrong = json_array();
		t->users =
		    policy_by_name(json_object_get(policy, "users"), "user");
		t->targets = policy_by_name(
		    json_object_get(policy, "targets"), "target");
		t->lacks = json_array();
		if (lacks)
			find_lacks(t);
	}
	for (size_t i = 0; good && i < n; i++)
		good = try(t, json_array_get(tests, i));
	if (good)
		x = print(c, t, n);
	if (t != NULL) {
		json_decref(t->wrong);
		json_decref(t->lacks);
		json_decref(t->users);
		json_decref(t->targets);
		zone_table_free(t->zones);
		free(t->roles);
	}
	free(t);
	return x;
}

int
run_policy_test(struct ctx *c)
{
	json_t *file = NULL;
	const json_t *tests = NULL;
	int x = EXIT_USAGE;

	if (c->opt.n[F_FILE] < LIMIT_FLAG_VALUES)
		c->opt.value[F_FILE][c->opt.n[F_FILE]++] = c->opt.arg[0];
	file = files_read(c);
	tests = json_object_get(file, "tests");
	if (file != NULL && json_array_size(tests) == 0)
		say_error("there are no tests in it");
	else if (file != NULL)
		x = tests_try(c, file, tests, true);
	json_decref(file);
	return x;
}
