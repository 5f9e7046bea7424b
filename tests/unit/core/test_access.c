/* SPDX-License-Identifier: Apache-2.0 */
/* test_access - what a change of policy makes of whose access. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "core/access.h"
#include "core/login.h"
#include "core/member.h"
#include "tests/unit/core/policyscene.h"
#include "tests/unit/support/rnd.h"

enum { TEXT = 4096, MOST = 10000 };

/* What is told, a line each: "+ alice web-01 deploy by ops". */
struct told {
	char text[TEXT];
	unsigned n;
};

static void
put(struct told *t, const char *s)
{
	(void)snprintf(t->text + strlen(t->text),
	    sizeof(t->text) - strlen(t->text), "%s", s);
}

static void
put_names(struct told *t, const struct access_names *l)
{
	for (size_t i = 0; i < l->n; i++) {
		put(t, i > 0 ? "," : " ");
		put(t, l->name[i]);
	}
}

static void
put_list(struct told *t, const char *before, const struct name_list *l)
{
	char text[512];

	name_list_text(text, sizeof(text), l);
	put(t, before);
	put(t, text);
}

static void
tell(void *arg, const struct access_change *c)
{
	static const char *const is[] = {"?", "+", "-", "~"};
	const struct rolefield *f = rolefields();
	struct told *t = arg;

	put(t, is[c->is]);
	put_names(t, c->users);
	put_names(t, c->targets);
	put_list(t, " ", c->logins);
	if (c->is != ACCESS_GAINED)
		put_list(t, " by ", &c->before->roles);
	if (c->is != ACCESS_LOST)
		put_list(t, c->is == ACCESS_CHANGED ? " -> " : " by ",
		    &c->after->roles);
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		if (c->differs[i]) {
			put(t, " ");
			put(t, f[i].name);
		}
	put(t, "\n");
	t->n++;
}

/* The difference of two worlds for alice and bob, who are in ops, and carol. */
static void
diff(struct told *t, const struct world *before, const struct world *after)
{
	struct access_diff *d = access_diff_new(
	    before->role, before->nroles, after->role, after->nroles, 1000);
	static const struct name_list nothing;

	memset(t, 0, sizeof(*t));
	assert_non_null(d);
	must(access_diff_user(
	    d, "alice", KIND_PERSON, &before->groups, &after->groups));
	must(access_diff_user(
	    d, "bob", KIND_PERSON, &before->groups, &after->groups));
	must(access_diff_user(d, "carol", KIND_PERSON, &nothing, &nothing));
	must(access_diff_target(d, &before->target, &after->target));
	must(access_diff_run(d, MOST, tell, t));
	access_diff_free(d);
}

/* ---- one change each */

typedef void change_fn(struct world *w);

static void
nothing(struct world *w)
{
	(void)w;
}

static void
role_gone(struct world *w)
{
	w->nroles = 0;
}

static void
role_more(struct world *w)
{
	(void)add_role(w, "zz");
}

static void
login_more(struct world *w)
{
	must(name_list_add(&w->role[0].logins, "root"));
}

static void
user_more(struct world *w)
{
	must(member_add(&w->role[0].users, "carol", ""));
}

/* In it until a moment; nobody is after that. */
static void
until(struct world *w)
{
	must(member_add(&w->role[0].users, "carol", "2026-12-04T00:00:00Z"));
}

static void
until_later(struct world *w)
{
	must(member_add(&w->role[0].users, "carol", "2026-12-05T00:00:00Z"));
}

static void
until_past(struct world *w)
{
	must(member_add(&w->role[0].users, "carol", "1970-01-01T00:00:01Z"));
}

/* Of two roles that give a login each, one; of the other nothing is said. */
static void
beside(struct world *w, const char *moment)
{
	struct policy_role *r = add_role(w, "zz");

	r->logins.n = 0;
	must(name_list_add(&r->logins, "root"));
	until(w);
	must(member_add(&r->users, "carol", moment));
}

static void
until_beside(struct world *w)
{
	beside(w, "2026-12-04T00:00:00Z");
}

static void
until_beside_later(struct world *w)
{
	beside(w, "2026-12-05T00:00:00Z");
}

/* Each their own. */
static void
own_login(struct world *w)
{
	must(login_add(&w->role[0].logins, "{{user}}"));
	must(name_list_add(&w->target.logins, "alice"));
}

static void
group_left(struct world *w)
{
	w->groups.n = 0;
}

static void
label_gone(struct world *w)
{
	w->target.labels.n = 0;
}

static void
denied(struct world *w)
{
	struct policy_role *r = add_role(w, "never");

	r->deny = true;
	r->groups.names.n = 0;
	must(member_add(&r->users, "bob", ""));
}

static void
denied_at_night(struct world *w)
{
	denied(w);
	must(hours_add(&w->role[1].hours, "mon-sun 22:00-06:00 UTC"));
}

static void
shorter(struct world *w)
{
	w->role[0].max_s = 60;
}

static void
approved(struct world *w)
{
	must(quorum_add(&w->role[0].approvals, "1 of sre"));
}

static void
other_hours(struct world *w)
{
	must(hours_add(&w->role[0].hours, "mon-fri 08:00-18:00 Mars/Olympus"));
}

static void
other_note(struct world *w)
{
	(void)snprintf(w->role[0].note, sizeof(w->role[0].note), "x");
}

static void
other_port(struct world *w)
{
	w->target.port = 2222;
}

/* Of the merge nothing changes by it. */
static void
role_wider(struct world *w)
{
	struct policy_role *r = add_role(w, "wide");

	r->max_s = 86400;
}

static void
wider_again(struct world *w)
{
	role_wider(w);
	w->role[1].max_s = 80000;
}

static void
test_changes(void **state)
{
	static const struct {
		change_fn *before, *after;
		const char *told;
	} rows[] = {
	    {nothing, nothing, ""},
	    {nothing, other_note, ""},
	    {role_wider, wider_again, ""},
	    {nothing, role_gone, "- alice,bob web-01 deploy by ops\n"},
	    {role_gone, nothing, "+ alice,bob web-01 deploy by ops\n"},
	    {nothing, role_more,
		"~ alice,bob web-01 deploy by ops -> ops, zz\n"},
	    {nothing, login_more, "+ alice,bob web-01 root by ops\n"},
	    {role_gone, login_more, "+ alice,bob web-01 deploy, root by ops\n"},
	    {nothing, user_more, "+ carol web-01 deploy by ops\n"},
	    {nothing, until, "+ carol web-01 deploy by ops\n"},
	    {nothing, until_past, ""},
	    {until, until, ""},
	    {until, user_more, "~ carol web-01 deploy by ops -> ops users\n"},
	    {until, until_later, "~ carol web-01 deploy by ops -> ops users\n"},
	    {until_beside, until_beside_later,
		"~ carol web-01 root by zz -> zz users\n"},
	    {nothing, own_login, "+ alice web-01 alice by ops\n"},
	    {nothing, group_left, "- alice,bob web-01 deploy by ops\n"},
	    {nothing, label_gone, "- alice,bob web-01 deploy by ops\n"},
	    {nothing, other_port, "- alice,bob web-01 deploy by ops\n"},
	    {nothing, denied, "- bob web-01 deploy by ops\n"},
	    {nothing, denied_at_night, ""},
	    {nothing, shorter, "~ alice,bob web-01 deploy by ops -> ops max\n"},
	    {nothing, approved,
		"~ alice,bob web-01 deploy by ops -> ops approvals\n"},
	    {nothing, other_hours,
		"~ alice,bob web-01 deploy by ops -> ops hours\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world *w = world_new();
		struct world *before = calloc(1, sizeof(*before));
		struct world *after = calloc(1, sizeof(*after));
		struct told t;

		assert_true(before != NULL && after != NULL);
		(void)add_role(w, "ops");
		*before = *after = *w;
		rows[i].before(before);
		rows[i].after(after);
		diff(&t, before, after);
		if (strcmp(t.text, rows[i].told) != 0)
			fail_msg(
			    "%zu: \"%s\", not \"%s\"", i, t.text, rows[i].told);
		free(before);
		free(after);
	}
}

/* ---- as if each were judged by itself */

enum { USERS = 6, TARGETS = 5, RUNS = 60 };

struct random {
	struct rnd rnd;
	struct name_list groups[2][USERS];
	bool there[2][USERS], is_target[2][TARGETS];
	struct target target[2][TARGETS];
	struct policy_role role[2][ROLES];
	size_t nroles[2];
	char told[USERS][TARGETS][2]; /* of deploy and root */
};

static bool
coin(struct random *x)
{
	return rnd_below(&x->rnd, 2) == 0;
}

static void
random_role(struct random *x, struct world *w, unsigned i)
{
	char name[] = {'r', (char)('0' + i), '\0'};
	struct policy_role *r = add_role(w, name);

	r->groups.names.n = r->labels.n = 0;
	r->deny = rnd_below(&x->rnd, 4) == 0;
	must(member_add(&r->groups, coin(x) ? "g0" : "g1", ""));
	must(label_list_add(&r->labels, "env", coin(x) ? "prod" : "test"));
	if (coin(x))
		must(name_list_add(&r->logins, "root"));
	if (coin(x))
		r->max_s = 60;
}

static void
random_side(struct random *x, unsigned s)
{
	struct world *w = world_new();
	const size_t n = rnd_below(&x->rnd, ROLES);

	for (unsigned i = 0; i < n; i++)
		random_role(x, w, i);
	memcpy(x->role[s], w->role, sizeof(w->role));
	x->nroles[s] = n;
	for (unsigned u = 0; u < USERS; u++) {
		x->groups[s][u].n = 0;
		x->there[s][u] = rnd_below(&x->rnd, 5) > 0;
		for (unsigned g = 0; g < 2; g++)
			if (coin(x))
				must(name_list_add(
				    &x->groups[s][u], g == 0 ? "g0" : "g1"));
	}
	for (unsigned t = 0; t < TARGETS; t++) {
		struct target *target = &x->target[s][t];

		*target = w->target;
		target->name[5] = (char)('1' + t);
		x->is_target[s][t] = rnd_below(&x->rnd, 5) > 0;
		target->labels.n = 0;
		must(label_list_add(
		    &target->labels, "env", coin(x) ? "prod" : "test"));
		if (coin(x))
			target->logins.n = 1;
	}
}

static bool
may(const struct random *x, unsigned s, unsigned u, unsigned t,
    const char *login, uint32_t *retmax_s)
{
	const char name[] = {'u', (char)('0' + u), '\0'};
	struct policy_facts f = {.user = name,
	    .kind = KIND_PERSON,
	    .groups = &x->groups[s][u],
	    .target_name = x->target[s][t].name,
	    .target = &x->target[s][t],
	    .login = login,
	    .role = "",
	    .reason = "",
	    .ticket = "",
	    .settled = true,
	    .anywhere = true,
	    .max_s = LIMIT_GRANT_MAX_S,
	    .mfa_max_s = LIMIT_GRANT_MAX_S};
	struct policy_result v;

	policy_decide(&v, &f, x->role[s], x->nroles[s]);
	*retmax_s = v.max_s;
	return x->there[s][u] && x->is_target[s][t] && v.verdict != POLICY_DENY;
}

static void
note(void *arg, const struct access_change *c)
{
	struct random *x = arg;

	for (size_t u = 0; u < c->users->n; u++)
		for (size_t t = 0; t < c->targets->n; t++)
			for (unsigned l = 0; l < c->logins->n; l++) {
				char *at =
				    &x->told[c->users->name[u][1] - '0']
					    [c->targets->name[t][5] - '1']
					    [c->logins->name[l][0] == 'r'];

				assert_int_equal(*at, 0); /* told once */
				*at = (char)c->is;
			}
}

static void
check_pairs(const struct random *x)
{
	for (unsigned u = 0; u < USERS; u++)
		for (unsigned t = 0; t < TARGETS; t++)
			for (unsigned l = 0; l < 2; l++) {
				const char *login = l == 0 ? "deploy" : "root";
				const char told = x->told[u][t][l];
				uint32_t was_s = 0, is_s = 0;
				const bool b = may(x, 0, u, t, login, &was_s);
				const bool a = may(x, 1, u, t, login, &is_s);

				assert_int_equal(
				    told == ACCESS_GAINED, !b && a);
				assert_int_equal(told == ACCESS_LOST, b && !a);
				if (a && b && was_s != is_s)
					assert_int_equal(told, ACCESS_CHANGED);
			}
}

static void
test_as_judged(void **state)
{
	struct random *x = calloc(1, sizeof(*x));

	(void)state;
	assert_non_null(x);
	for (unsigned run = 0; run < RUNS; run++) {
		struct access_diff *d = NULL;

		x->rnd.s = run;
		memset(x->told, 0, sizeof(x->told));
		random_side(x, 0);
		random_side(x, 1);
		d = access_diff_new(
		    x->role[0], x->nroles[0], x->role[1], x->nroles[1], 0);
		assert_non_null(d);
		for (unsigned u = 0; u < USERS; u++) {
			const char name[] = {'u', (char)('0' + u), '\0'};

			must(access_diff_user(d, name, KIND_PERSON,
			    x->there[0][u] ? &x->groups[0][u] : NULL,
			    x->there[1][u] ? &x->groups[1][u] : NULL));
		}
		for (unsigned t = 0; t < TARGETS; t++)
			must(access_diff_target(d,
			    x->is_target[0][t] ? &x->target[0][t] : NULL,
			    x->is_target[1][t] ? &x->target[1][t] : NULL));
		must(access_diff_run(d, MOST, note, x));
		access_diff_free(d);
		check_pairs(x);
	}
	free(x);
}

/* It ends where it would be too much, and says so. */
static void
test_bounded(void **state)
{
	struct world *w = world_new();
	struct access_diff *d = NULL;
	struct told t = {.n = 0};

	(void)state;
	(void)add_role(w, "ops");
	d = access_diff_new(NULL, 0, w->role, 1, 0);
	assert_non_null(d);
	must(access_diff_user(d, "alice", KIND_PERSON, NULL, &w->groups));
	must(access_diff_target(d, NULL, &w->target));
	assert_int_equal(access_diff_run(d, 0, tell, &t), GW_ELIMIT);
	assert_int_equal(t.n, 0);
	must(access_diff_run(d, 1, tell, &t));
	assert_int_equal(t.n, 1);
	access_diff_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_changes),
	    cmocka_unit_test(test_as_judged),
	    cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
