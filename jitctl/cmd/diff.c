/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff - see the header: what policy files would change of whose access. It is
 * found out here, by what the gateway has now and the code that it judges
 * requests by.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "core/access.h"
#include "core/gap.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/diff.h"
#include "jitctl/cmd/entries.h"
#include "jitctl/cmd/files.h"
#include "jitctl/cmd/widens.h"
#include "jitctl/gateway/policy_now.h"
#include "jitctl/gateway/policy_values.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "wire/role_json.h"

enum {
	PAIRS_MAX = 200000, /* internal: kinds of users and targets, judged */
	LINES_MAX = 500,    /* internal: that are told */
	SHOWN_MAX = 8,      /* internal: names in a line; -o json has all */
};

struct side {
	json_t *policy;
	json_t *users, *targets; /* by name */
	struct policy_role *roles;
	size_t nroles;
};

struct diff {
	struct side before, after;
	struct access_diff *access;
	json_t *list; /* of what is told */
	unsigned left_out;
	const char *user, *target; /* these alone; NULL: all */
};

/* Takes the policy. */
static bool
side_read(struct side *s, json_t *policy)
{
	s->policy = policy;
	s->users = policy_by_name(json_object_get(policy, "users"), "user");
	s->targets =
	    policy_by_name(json_object_get(policy, "targets"), "target");
	return policy != NULL && s->users != NULL && s->targets != NULL &&
	       policy_roles(policy, &s->roles, &s->nroles);
}

static void
side_done(struct side *s)
{
	json_decref(s->policy);
	json_decref(s->users);
	json_decref(s->targets);
	free(s->roles);
}

/* ---- who and what */

/* NULL: not there, or shut out. False: it cannot be read. */
static bool
user_of(const json_t *users, const char *name, struct policy_user *room,
    const struct name_list **retgroups)
{
	const json_t *o = json_object_get(users, name);

	*retgroups = NULL;
	room->kind = KIND_NONE;
	if (o == NULL)
		return true;
	if (!policy_user(o, room))
		return false;
	if (room->in)
		*retgroups = &room->groups;
	return true;
}

static bool
add_user(struct diff *d, const char *name)
{
	struct policy_user room[2];
	const struct name_list *before = NULL, *after = NULL;

	if (d->user != NULL && strcmp(name, d->user) != 0)
		return true;
	return user_of(d->before.users, name, &room[0], &before) &&
	       user_of(d->after.users, name, &room[1], &after) &&
	       access_diff_user(d->access, name,
		   room[room[1].kind != KIND_NONE ? 1 : 0].kind, before,
		   after) == 0;
}

static bool
target_of(const json_t *targets, const char *name, struct target *room,
    const struct target **ret)
{
	const json_t *o = json_object_get(targets, name);

	*ret = o != NULL ? room : NULL;
	return o == NULL || policy_target(o, room);
}

static bool
add_target(struct diff *d, const char *name)
{
	struct target room[2];
	const struct target *before = NULL, *after = NULL;

	if (d->target != NULL && strcmp(name, d->target) != 0)
		return true;
	return target_of(d->before.targets, name, &room[0], &before) &&
	       target_of(d->after.targets, name, &room[1], &after) &&
	       access_diff_target(d->access, before, after) == 0;
}

/* All names of both, those of before first. */
static bool
add_all(struct diff *d, json_t *before, json_t *after,
    bool (*add)(struct diff *d, const char *name))
{
	const char *name = NULL;
	const json_t *v = NULL;

	json_object_foreach(before, name, v)
	{
		if (!add(d, name))
			return false;
	}
	json_object_foreach(after, name, v)
	{
		if (json_object_get(before, name) == NULL && !add(d, name))
			return false;
	}
	return true;
}

/* ---- what the gateway would not take */

static bool
somebody_in(json_t *users, const char *group)
{
	const char *name = NULL;
	json_t *v = NULL, *one = NULL;
	size_t i = 0;

	json_object_foreach(users, name, v)
	{
		json_array_foreach(json_object_get(v, "groups"), i, one)
		{
			if (json_is_string(one) &&
			    strcmp(json_string_value(one), group) == 0)
				return true;
		}
	}
	return false;
}

/* As apply is: approvals by groups that nobody is in then. */
static bool
approvable(const struct side *s, const struct policy_role *r)
{
	char text[QUORUM_TEXT_SIZE];

	for (unsigned i = 0; i < r->approvals.n; i++) {
		const struct quorum *q = &r->approvals.quorum[i];
		bool any = q->ngroups == 0;

		for (unsigned k = 0; !any && k < q->ngroups; k++)
			any = somebody_in(s->users, q->group[k]);
		if (any)
			continue;
		quorum_text(text, q);
		say_error("role %s: nobody is in a group of \"%s\", so apply "
			  "refuses all of it: put somebody in it first (jitctl "
			  "user set NAME --group GROUP), or with the same "
			  "policy",
		    r->name, text);
		return false;
	}
	return true;
}

static bool
is_written(const json_t *file, const char *role)
{
	const json_t *list = json_object_get(file, "roles");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(member(json_array_get(list, i), "role"), role) == 0)
			return true;
	return false;
}

static bool
is_taken(const struct side *after, const json_t *file)
{
	for (size_t i = 0; i < after->nroles; i++)
		if (is_written(file, after->roles[i].name) &&
		    !approvable(after, &after->roles[i]))
			return false;
	return true;
}

/* ---- what is found */

static json_t *
names_json(const struct access_names *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++)
		(void)json_array_append_new(list, json_string(l->name[i]));
	return list;
}

static json_t *
list_json(const struct name_list *l)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < l->n; i++)
		(void)json_array_append_new(list, json_string(l->name[i]));
	return list;
}

/* As change_print_fields() has them. Conditions of roles are in the roles. */
static json_t *
fields_json(const struct access_change *c)
{
	const struct rolefield *f = rolefields();
	json_t *b = role_json(&c->before->all), *a = role_json(&c->after->all);
	json_t *list = json_array();

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		const bool one = f[i].merge != ROLE_SELECTS;
		json_t *o = NULL;

		if (!c->differs[i])
			continue;
		o = json_pack("{s:s}", "field", f[i].name);
		if (one)
			(void)json_object_set(
			    o, "before", json_object_get(b, f[i].name));
		if (one)
			(void)json_object_set(
			    o, "after", json_object_get(a, f[i].name));
		(void)json_array_append_new(list, o);
	}
	json_decref(b);
	json_decref(a);
	return list;
}

static const struct policy_role *
role_of(const struct side *s, const char *name)
{
	for (size_t i = 0; i < s->nroles; i++)
		if (strcmp(s->roles[i].name, name) == 0)
			return &s->roles[i];
	return NULL;
}

/* What who names that role has beyond what all give together; "" = nothing. */
static void
more_named(char ret[static GAP_TEXT_SIZE], const struct side *s,
    const struct access *a, const char *name)
{
	const struct policy_role *r = role_of(s, name);

	ret[0] = '\0';
	if (a->any && a->roles.n > 1 && r != NULL &&
	    name_list_has(&a->roles, name))
		gap_role_text(ret, &a->all, r);
}

/* The roles that give more to who names them, as they did not before. */
static void
add_named(json_t *o, const struct diff *d, const struct access_change *c)
{
	char was[GAP_TEXT_SIZE], more[GAP_TEXT_SIZE];
	json_t *list = json_array();

	for (unsigned i = 0; i < c->after->roles.n; i++) {
		const char *name = c->after->roles.name[i];

		more_named(was, &d->before, c->before, name);
		more_named(more, &d->after, c->after, name);
		if (more[0] != '\0' && strcmp(was, more) != 0)
			(void)json_array_append_new(
			    list, json_pack("{s:s, s:s}", "role", name, "more",
				      more));
	}
	if (json_array_size(list) > 0)
		(void)json_object_set(o, "named", list);
	json_decref(list);
}

static void
found(void *arg, const struct access_change *c)
{
	static const char *const is[] = {NULL, "gained", "lost", "changed"};
	struct diff *d = arg;
	json_t *o = NULL;

	if (json_array_size(d->list) >= LINES_MAX) {
		d->left_out++;
		return;
	}
	o = json_pack("{s:s, s:o, s:o, s:o}", "access", is[c->is], "users",
	    names_json(c->users), "targets", names_json(c->targets), "logins",
	    list_json(c->logins));
	if (c->before->any)
		(void)json_object_set_new(
		    o, "before_by", list_json(&c->before->roles));
	if (c->after->any)
		(void)json_object_set_new(o, "by", list_json(&c->after->roles));
	if (c->is == ACCESS_GAINED)
		(void)json_object_set_new(
		    o, "max", json_integer(c->after->all.max_s));
	if (c->is == ACCESS_CHANGED)
		(void)json_object_set_new(o, "changes", fields_json(c));
	if (c->after->any)
		add_named(o, d, c);
	(void)json_array_append_new(d->list, o);
}

/* ---- what users may beside */

/* The roles whose requests whoever is in such groups approves. */
static json_t *
approves(const struct side *s, const json_t *user)
{
	const json_t *groups = json_object_get(user, "groups");
	json_t *list = json_array();

	for (size_t i = 0; i < s->nroles; i++) {
		bool any = false;

		for (size_t k = 0; !any && k < json_array_size(groups); k++)
			any = quorum_names(&s->roles[i].approvals,
			    json_string_value(json_array_get(groups, k)));
		if (any)
			(void)json_array_append_new(
			    list, json_string(s->roles[i].name));
	}
	return list;
}

/* By what groups they are in; what groups a role names is the role's. */
static void
compare_approves(
    json_t *list, const struct diff *d, const json_t *b, const json_t *a)
{
	json_t *before = NULL, *after = NULL;

	if (json_equal(
		json_object_get(b, "groups"), json_object_get(a, "groups")))
		return;
	before = approves(&d->before, b);
	after = approves(&d->after, a);
	if (!json_equal(before, after))
		(void)json_array_append_new(
		    list, json_pack("{s:s, s:O, s:O}", "field", "approves",
			      "before", before, "after", after));
	json_decref(before);
	json_decref(after);
}

static const char *
is_now(const json_t *b, const json_t *a)
{
	return b == NULL ? "new" : a == NULL ? "removed" : "changed";
}

/* Where it is and what proves that; who reaches it is told of those. */
static bool
compare_target(struct diff *d, const char *name)
{
	static const char *const but[] = {"target", "labels", "logins", NULL};
	json_t *b = json_object_get(d->before.targets, name);
	json_t *a = json_object_get(d->after.targets, name);
	json_t *list = NULL;

	if (b == NULL || a == NULL ||
	    (d->target != NULL && strcmp(name, d->target) != 0))
		return true;
	list = entries_differ(b, a, but);
	if (json_array_size(list) > 0)
		(void)json_array_append_new(
		    d->list, json_pack("{s:s, s:s, s:O}", "target", name, "is",
				 "changed", "changes", list));
	json_decref(list);
	return true;
}

static bool
compare_user(struct diff *d, const char *name)
{
	static const char *const but[] = {"user", "groups", NULL};
	json_t *b = json_object_get(d->before.users, name);
	json_t *a = json_object_get(d->after.users, name);
	json_t *list = entries_differ(b, a, but);

	compare_approves(list, d, b, a);
	if (b == NULL || a == NULL || json_array_size(list) > 0)
		(void)json_array_append_new(
		    d->list, json_pack("{s:s, s:s, s:O}", "user", name, "is",
				 is_now(b, a), "changes", list));
	json_decref(list);
	return true;
}

/* ---- told */

static void
put_some(const char *before, const json_t *list)
{
	const size_t n = json_array_size(list);
	char text[CELL_SIZE];

	(void)fputs(before, stdout);
	for (size_t i = 0; i < n && (i < SHOWN_MAX || n == SHOWN_MAX + 1);
	     i++) {
		cell_text(text, json_array_get(list, i), COL_TEXT);
		(void)printf("%s%s", i > 0 ? ", " : "", text);
	}
	if (n > SHOWN_MAX + 1)
		(void)printf(", and %zu more", n - SHOWN_MAX);
}

/* "+ alice, bob: web-01 as deploy, by ops, for 3h at most" */
static void
print_access(const json_t *o)
{
	const char *is = member(o, "access");
	const bool lost = strcmp(is, "lost") == 0;
	const bool changed = strcmp(is, "changed") == 0;
	const json_t *was = json_object_get(o, "before_by");
	const json_t *by = json_object_get(o, "by");
	char text[CELL_SIZE];

	(void)fputc(lost ? '-' : changed ? '~' : '+', stdout);
	put_some(" ", json_object_get(o, "users"));
	put_some(": ", json_object_get(o, "targets"));
	put_some(" as ", json_object_get(o, "logins"));
	put_some(", by ", lost || changed ? was : by);
	if (changed && !json_equal(was, by))
		put_some(" -> ", by);
	cell_text(text, json_object_get(o, "max"), COL_SECONDS);
	if (text[0] != '\0')
		(void)printf(", for %s at most", text);
	(void)fputc('\n', stdout);
}

static void
print_entry(const json_t *o, const char *kind)
{
	const char *is = member(o, "is");
	char text[CELL_SIZE];

	cell_text(text, json_object_get(o, kind), COL_TEXT);
	(void)printf("%s %s %s\n",
	    strcmp(is, "new") == 0       ? "+"
	    : strcmp(is, "removed") == 0 ? "-"
					 : "~",
	    kind, text);
}

/* A condition is not one value: its roles are what says it. */
static void
print_changes(const json_t *list)
{
	char text[CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *o = json_array_get(list, i);
		json_t *one = json_pack("[O]", o);

		if (json_object_get(o, "before") != NULL) {
			change_print_fields(stdout, one);
		} else {
			cell_text(text, json_object_get(o, "field"), COL_TEXT);
			(void)printf("  %-10s other than before\n", text);
		}
		json_decref(one);
	}
}

/* Who names a role is judged by it alone. */
static void
print_named(const json_t *list)
{
	char t[2][CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		cell_text(t[0], json_object_get(o, "role"), COL_TEXT);
		cell_text(t[1], json_object_get(o, "more"), COL_TEXT);
		(void)printf(
		    "  whoever names role %s has more: %s\n", t[0], t[1]);
	}
}

static int
print(struct ctx *c, struct diff *d, bool all)
{
	json_t *o = json_pack("{s:O, s:i, s:b}", "items", d->list, "left_out",
	    (int)d->left_out, "complete", (int)all);
	const size_t n = json_array_size(d->list);

	if (!out_object(c, o)) {
		for (size_t i = 0; i < n; i++) {
			const json_t *e = json_array_get(d->list, i);

			if (json_object_get(e, "access") != NULL)
				print_access(e);
			else
				print_entry(
				    e, json_object_get(e, "user") != NULL
					   ? "user"
					   : "target");
			print_changes(json_object_get(e, "changes"));
			print_named(json_object_get(e, "named"));
		}
		if (n == 0 && all)
			say(c, "Nobody's access changes.");
	}
	json_decref(o);
	if (d->left_out > 0)
		say_error("%u more changes are not shown: --user NAME or "
			  "--target NAME shows those of one",
		    d->left_out);
	if (!all)
		say_error("it is too much to judge all of it: --user NAME or "
			  "--target NAME judges those of one");
	return d->left_out == 0 && all ? EXIT_OK : EXIT_FAILED;
}

/* ---- the command */

static int
judge(struct ctx *c, struct diff *d)
{
	int r = GW_EINVAL;

	d->list = json_array();
	d->access = access_diff_new(d->before.roles, d->before.nroles,
	    d->after.roles, d->after.nroles, clock_now().utc_ms);
	if (d->access == NULL || d->list == NULL) {
		say_error("out of memory");
		return EXIT_FAILED;
	}
	if (!add_all(d, d->before.users, d->after.users, add_user) ||
	    !add_all(d, d->before.targets, d->after.targets, add_target))
		return EXIT_FAILED;
	if (d->user == NULL)
		(void)add_all(
		    d, d->before.targets, d->after.targets, compare_target);
	if (d->target == NULL && d->user == NULL)
		(void)add_all(d, d->before.users, d->after.users, compare_user);
	r = access_diff_run(d->access, PAIRS_MAX, found, d);
	return print(c, d, r == 0);
}

/* The gateway itself says it of an apply; of all, not of one. */
static void
tell_widens(const struct ctx *c, const struct diff *d)
{
	struct widens_side before = {.users = d->before.users,
	    .targets = d->before.targets,
	    .roles = d->before.roles,
	    .nroles = d->before.nroles};
	struct widens_side after = {.users = d->after.users,
	    .targets = d->after.targets,
	    .roles = d->after.roles,
	    .nroles = d->after.nroles};

	if (d->user == NULL && d->target == NULL && c->out != OUT_JSON &&
	    c->out != OUT_YAML)
		widens_tell(
		    c, c->socket != NULL ? "" : c->prof.user, &before, &after);
}

int
diff_print(
    struct ctx *c, json_t *now, const json_t *file, bool prune, bool power)
{
	struct diff d = {.user = opt_get(&c->opt, F_USER),
	    .target = opt_get(&c->opt, F_TARGET)};
	int x = EXIT_FAILED;

	if (side_read(&d.after, policy_laid_over(now, file, prune)) &&
	    side_read(&d.before, json_incref(now)))
		x = power && !is_taken(&d.after, file) ? EXIT_CONFLICT
						       : judge(c, &d);
	if (x == EXIT_OK && power)
		tell_widens(c, &d);
	access_diff_free(d.access);
	side_done(&d.before);
	side_done(&d.after);
	json_decref(d.list);
	return x;
}

int
run_diff(struct ctx *c)
{
	json_t *file = files_read(c), *now = json_object();
	int x = EXIT_USAGE;

	if (file != NULL)
		x = policy_now(c, now);
	if (x == EXIT_OK)
		x = diff_print(c, now, file, opt_has(&c->opt, F_PRUNE), true);
	json_decref(file);
	json_decref(now);
	return x;
}
