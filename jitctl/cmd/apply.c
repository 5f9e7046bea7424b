/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply - policy files: checked here as a whole, applied by the gateway as a
 * whole.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "jitctl/cmd/apply.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/diff.h"
#include "jitctl/cmd/files.h"
#include "jitctl/cmd/left.h"
#include "jitctl/cmd/record.h"
#include "jitctl/cmd/tests.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/policy_now.h"
#include "jitctl/gateway/upload.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

/* Says where the entry is that a problem names. */
static void
print_place(const struct ctx *c, const json_t *problem, const json_t *places)
{
	const char *list = member_name(problem, "list");
	const json_int_t n =
	    json_integer_value(json_object_get(problem, "entry"));
	const char *place = NULL;

	if (c->out == OUT_JSON || c->out == OUT_YAML || n < 1)
		return;
	place = json_string_value(
	    json_array_get(json_object_get(places, list), (size_t)n - 1));
	if (place != NULL && place[0] != '\0')
		(void)fprintf(stderr, "%s: entry %lld of %s is here\n", place,
		    (long long)n, list);
}

/* What a new one is, in words: the reply has it as JSON, where that is short.
 */
static void
print_fields(FILE *f, const json_t *e)
{
	const json_t *v = json_object_get(e, "detail");
	json_t *o = json_is_string(v) ? json_loadb(json_string_value(v),
					    json_string_length(v), 0, NULL)
				      : NULL;
	struct buf b;

	buf_init(&b, 64 * 1024);
	record_put_fields(&b, o);
	if (b.len > 0 && buf_err(&b) == 0)
		(void)fprintf(f, "  %.*s", (int)b.len, (const char *)b.p);
	buf_done(&b);
	json_decref(o);
}

/* "+ role    ops  ...": one of them, and below it what changes in it. */
static void
print_change(const struct ctx *c, FILE *f, const json_t *e, bool dry)
{
	const char *change = member(e, "change");
	const bool is_new = strcmp(change, "new") == 0;
	char t[3][CELL_SIZE];

	cell_text(t[0], json_object_get(e, "kind"), COL_TEXT);
	cell_text(t[1], json_object_get(e, "name"), COL_TEXT);
	cell_text(t[2], json_object_get(e, "warning"), COL_SAID);
	if (!c->changes_told) {
		(void)fprintf(f, "%s %-7s %s",
		    is_new                           ? "+"
		    : strcmp(change, "removed") == 0 ? "-"
						     : "~",
		    t[0], t[1]);
		if (is_new)
			print_fields(f, e);
		(void)fputc('\n', f);
		change_print_fields(f, json_object_get(e, "changes"));
		if (t[2][0] != '\0')
			say_error("%s: %s", t[1], t[2]);
	}
	if (!dry)
		left_tell(c, "What it had before stays shut.",
		    json_object_get(e, "left"));
}

/* How many of each kind go: those who are asked read that last. */
static void
tell_removed(const struct ctx *c, const json_t *changes)
{
	static const char *const kinds[] = {"user", "target", "role"};
	unsigned n[ARRAY_LEN(kinds)] = {0};

	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *e = json_array_get(changes, i);

		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			n[k] += strcmp(member(e, "change"), "removed") == 0 &&
				strcmp(member(e, "kind"), kinds[k]) == 0;
	}
	if (n[0] + n[1] + n[2] > 0)
		say(c,
		    "What the files do not name goes: users %u, targets %u, "
		    "roles %u.",
		    n[0], n[1], n[2]);
}

void
apply_tell_planned(const struct ctx *c, FILE *f, const json_t *o)
{
	const json_t *changes = json_object_get(o, "changes");

	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *e = json_array_get(changes, i);

		if (strcmp(member(e, "change"), "same") != 0)
			print_change(c, f, e, true);
	}
	tell_removed(c, changes);
}

/* Before it is asked whether to apply them. */
static void
tell_planned(const struct ctx *c, const json_t *o)
{
	apply_tell_planned(c, stdout, o);
}

static int
print_changes(const struct ctx *c, const json_t *o, bool dry)
{
	const json_t *changes = json_object_get(o, "changes");
	unsigned added = 0, changed = 0, same = 0, removed = 0;
	char gone[32] = "";
	int x = EXIT_OK;

	for (size_t i = 0; i < json_array_size(changes); i++) {
		const json_t *e = json_array_get(changes, i);
		const char *change = member(e, "change");

		if (strcmp(change, "same") == 0) {
			same++;
			continue;
		}
		added += strcmp(change, "new") == 0;
		changed += strcmp(change, "changed") == 0;
		removed += strcmp(change, "removed") == 0;
		print_change(c, stdout, e, dry);
	}
	if (removed > 0)
		(void)snprintf(gone, sizeof(gone), ", %u removed", removed);
	x = change_print_invitations(c, json_object_get(o, "invitations"));
	change_tell_ended(c, o);
	say(c, "%s%u added, %u changed, %u unchanged%s.%s",
	    dry ? "Would be: " : "", added, changed, same, gone,
	    dry ? " This was a dry run: nothing was changed; apply it without "
		  "--dry-run."
		: "");
	return x;
}

/* On all that there would be then. They are not sent. */
static int
try_tests(struct ctx *c, json_t *body, bool prune)
{
	json_t *tests = json_incref(json_object_get(body, "tests"));
	json_t *now = json_object(), *after = NULL;
	int x = EXIT_OK;

	(void)json_object_del(body, "tests");
	if (json_array_size(tests) > 0) {
		x = policy_now(c, now);
		if (x == EXIT_OK)
			after = policy_laid_over(now, body, prune);
		if (x == EXIT_OK &&
		    tests_try(c, after, tests, false) != EXIT_OK) {
			say_error("nothing was changed at the gateway");
			x = EXIT_FAILED;
		}
	}
	json_decref(tests);
	json_decref(now);
	json_decref(after);
	return x;
}

/* Of whom --prune takes a role: what they lose, and what the roles that stay
 * give them. For whoever looks first. */
static int
tell_access(struct ctx *c, const json_t *body)
{
	json_t *now = NULL;
	int x = EXIT_OK;

	if (c->quiet || c->out == OUT_JSON || c->out == OUT_YAML ||
	    (c->yes && !opt_has(&c->opt, F_DRY_RUN)))
		return EXIT_OK;
	now = json_object();
	if ((x = policy_now(c, now)) == EXIT_OK) {
		say(c, "Whose access changes:");
		if (diff_print(c, now, body, true, false) != EXIT_OK)
			say(c, "That is not all; it is applied all the same.");
	}
	json_decref(now);
	return x;
}

int
run_apply(struct ctx *c)
{
	const bool dry = opt_has(&c->opt, F_DRY_RUN);
	const bool prune = opt_has(&c->opt, F_PRUNE);
	struct reply r = {0};
	json_t *body = files_read(c), *places = NULL;
	int x = EXIT_USAGE;

	if (body == NULL)
		goto out;
	places = json_incref(json_object_get(body, "places"));
	(void)json_object_del(body, "places");
	x = try_tests(c, body, prune);
	if (x != EXIT_OK)
		goto out;
	if (prune && (x = tell_access(c, body)) != EXIT_OK)
		goto out;
	if (upload_wanted(body) && (x = upload_policy(c, body)) != EXIT_OK)
		goto out;
	if (prune)
		(void)json_object_set_new(body, "prune", json_true());
	x = change_asked_telling(c, VERB_APPLY, body,
	    prune ? ASK_IF_WARNED : ASK_IF_ENDS, "Apply?", tell_planned, &r);
	body = NULL;
	if (x == EXIT_OK && !out_object(c, r.json))
		x = print_changes(c, r.json, dry);
	if (x != EXIT_OK)
		print_place(c, r.json, places);
out:
	json_decref(places);
	json_decref(body);
	reply_done(&r);
	return x;
}
