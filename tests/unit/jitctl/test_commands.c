/* SPDX-License-Identifier: Apache-2.0 */
/* jitctl's command line: flags, the command table, help, the guess after a
 * typo, and that the manual page has them all. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "jitctl/cmd/find.h"
#include "jitctl/cmd/help.h"
#include "jitctl/cmd/table.h"
#include "tests/unit/jitctl/manual.h"

/* Splits at spaces; for lines without quotes. */
static int
split(char *text, char **argv, int max)
{
	char *save = NULL;
	int n = 0;

	for (char *w = strtok_r(text, " ", &save); w != NULL && n < max;
	     w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	return n;
}

static bool
parse(
    struct opts *o, const char *line, const struct flag_set *allowed, char *err)
{
	static char text[512]; /* opts borrow from it */
	char *argv[16];

	(void)snprintf(text, sizeof(text), "%s", line);
	return opt_parse(o, split(text, argv, 16), argv, allowed, err, 256);
}

static void
test_opts(void **state)
{
	static const struct flag_set some = {.has = {[F_FOR] = true,
						 [F_LOGIN] = true,
						 [F_QUIET] = true,
						 [F_OUTPUT] = true}};
	static const struct flag_set file = {.has = {[F_FILE] = true}};
	static const struct flag_set twice = {.has = {[F_LOGIN] = true}};
	static const struct flag_set follow = {.has = {[F_FOLLOW] = true}};
	static const struct {
		const char *line, *part;
	} bad[] = {
	    {"--fro 2h", "did you mean --for?"},
	    {"--fo 2h", "unknown flag --fo"}, /* no abbreviations */
	    {"--for", "needs a value"},
	    {"--for 1h --for 2h", "twice"},
	    {"--quiet=yes", "takes no value"},
	    {"--reason x", "unknown flag --reason"},
	    {"-z", "unknown flag -z"},
	    {"--quet", "did you mean --quiet?"},
	    {"--yess", "unknown flag --yess"},
	};
	static const char *const taken[] = {
	    "mean --yes?", "mean --reset-code", "mean --no-", "mean --deny"};
	static const char *const harsh[] = {"--yess", "--reset-cod",
	    "--no-admn", "--no-grop", "--no-recrd", "--dney"};
	char word[] = "a", *many[OPT_ARGS_MAX + 1];
	struct opts o;
	char err[256] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = word;
	assert_true(opt_parse(&o, OPT_ARGS_MAX, many, &some, err, 256));
	assert_false(opt_parse(&o, OPT_ARGS_MAX + 1, many, &some, err, 256));
	assert_non_null(strstr(err, "too many arguments"));
	assert_true(parse(
	    &o, "a --for=2h -q b --login x -l y -ojson -- --for", &some, err));
	assert_int_equal(o.nargs, 3);
	assert_string_equal(o.arg[0], "a");
	assert_string_equal(o.arg[2], "--for");
	assert_string_equal(opt_get(&o, F_FOR), "2h");
	assert_true(opt_has(&o, F_QUIET));
	assert_int_equal(o.n[F_LOGIN], 2);
	assert_string_equal(o.value[F_LOGIN][1], "y");
	assert_string_equal(opt_get(&o, F_OUTPUT), "json");
	assert_null(opt_get(&o, F_REASON));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CHECK_ROW(!parse(&o, bad[i].line, &some, err), bad[i].line);
		CHECK_ROW(strstr(err, bad[i].part) != NULL, err);
	}
	assert_true(parse(&o, "request a --login x --login y", NULL, err));
	assert_false(opt_once(&o, &twice, err, sizeof(err)));
	assert_string_equal(err, "--login is given twice");
	assert_true(opt_once(&o, &file, err, sizeof(err)));
	/* A guess takes nothing away, not even a question. */
	for (size_t i = 0; i < ARRAY_LEN(harsh); i++) {
		CHECK_ROW(!parse(&o, harsh[i], NULL, err), harsh[i]);
		for (size_t k = 0; k < ARRAY_LEN(taken); k++)
			CHECK_ROW(strstr(err, taken[k]) == NULL, err);
	}
	/* -f is --file here and --follow there. */
	assert_true(parse(&o, "-f x", &file, err));
	assert_string_equal(opt_get(&o, F_FILE), "x");
	assert_true(parse(&o, "-f", &follow, err));
}

/* Its help has a line for each flag that it takes, and one only; what is its
 * own stands in the usage too. */
static void
check_help(const struct cmd *c)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	help_command(f, c);
	assert_int_equal(fclose(f), 0);
	for (unsigned i = 0; i < F_COUNT; i++) {
		const bool own = cmd_flags(c).has[i];
		const bool takes = own || cmd_common_flags().has[i];
		const char *at = text;
		char word[64];
		unsigned lines = 0;
		unsigned usage = 0;

		(void)snprintf(word, sizeof(word), "--%s", flag_spec(i)->name);
		while ((at = strstr(at, word)) != NULL) {
			const char after = at[strlen(word)];

			if (strchr(" ]\n", after) != NULL && at[-1] == '[')
				usage++;
			else if (after == ' ' && at[-1] == ' ' &&
				 (at[-2] == ' ' || at[-2] == ','))
				lines++;
			at++;
		}
		if (lines != takes || usage != own)
			fail_msg("help %s: %s has %u lines, %u places: %s",
			    c->name, word, lines, usage, text);
	}
	free(text);
}

static void
test_command_table(void **state)
{
	const struct flag_set common = cmd_common_flags();
	char err[256] = "";
	struct opts o;
	unsigned used = 0;

	(void)state;
	for (unsigned i = 0; cmd_table()[i].name != NULL; i++) {
		const struct cmd *c = &cmd_table()[i];
		const struct flag_set takes = flags_either(&c->flags, &common);

		assert_non_null(c->run);
		CHECK_ROW(c->min_args <= c->max_args, c->name);
		for (unsigned k = 0; k < F_COUNT; k++)
			CHECK_ROW(!c->flags.has[k] || !common.has[k], c->name);
		check_help(c);
		CHECK_ROW(c->what[0] != '\0', c->name);
		/* The example is a call of this very command. */
		if (strchr(c->example, '"') == NULL &&
		    strchr(c->example, '>') == NULL) {
			CHECK_ROW(parse(&o, c->example, &takes, err), err);
			CHECK_ROW(find_command(cmd_table(), &o, &used, err,
				      sizeof(err)) == c,
			    c->name);
			CHECK_ROW(o.nargs - used >= c->min_args &&
				      o.nargs - used <= c->max_args,
			    c->name);
		}
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(c->name, cmd_table()[j].name);
	}
}

static void
test_find(void **state)
{
	static const struct {
		const char *line, *name, *part;
	} cases[] = {
	    {"grants", "grants ls", NULL},
	    {"grants ls", "grants ls", NULL},
	    {"request web-01", "request", NULL},
	    {"target add x y", "target add", NULL},
	    {"requst web-01", NULL, "did you mean \"request\"?"},
	    {"grnts", NULL, "did you mean \"grants ls\"?"},
	    {"audit verfy", NULL, "did you mean \"audit verify\"?"},
	    {"grants lss", NULL, "did you mean \"grants ls\"?"},
	    {"xyzzy", NULL, "jitctl help"},
	    {"target", "targets ls", NULL},
	    {"user", "users ls", NULL},
	    {"role", "roles ls", NULL},
	    {"audit", "audit tail", NULL},
	    {"clock", NULL, "clock what? There are: clock accept"},
	    {"target web-01", NULL,
		"There are: target show, target add, target set, target setup, "
		"target rm"},
	    /* A guess takes nothing away. */
	    {"target rmm", NULL, "target what? There are:"},
	    {"role sett", NULL, "role what? There are:"},
	    {"user lok", NULL, "user what? There are:"},
	    {"relaese g-1", NULL,
		"unknown command \"relaese\"; there are: request, requests "
		"ls, requests show, release, revoke, review ls, review show, "
		"review answer, review start, review end; see: jitctl help"},
	    {"reovke g-1", NULL, "; there are: request,"},
	    {"aply", NULL,
		"unknown command \"aply\"; there are: approve, apply; see: "
		"jitctl help"},
	    {"tagret", NULL, "did you mean \"target\"?"},
	    {"tagret rm", NULL, "; there are: targets ls, target show,"},
	    {"usr", NULL, "did you mean \"user\"?"},
	    {"audit foo", NULL, "audit what? There are: audit tail,"},
	};
	struct opts o;
	char err[256] = "";
	unsigned used = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct cmd *c = NULL;

		assert_true(parse(&o, cases[i].line, 0, err));
		c = find_command(cmd_table(), &o, &used, err, sizeof(err));
		if (cases[i].name != NULL) {
			CHECK_ROW(c != NULL, cases[i].line);
			assert_string_equal(c->name, cases[i].name);
		} else {
			CHECK_ROW(c == NULL, cases[i].line);
			CHECK_ROW(strstr(err, cases[i].part) != NULL, err);
		}
	}
}

/* Help is read in a terminal of 80 columns. */
static void
test_help_width(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	assert_non_null(f);
	help_all(f, cmd_table());
	for (unsigned i = 0; cmd_table()[i].name != NULL; i++)
		help_command(f, &cmd_table()[i]);
	assert_true(help_noun(f, cmd_table(), "target"));
	assert_false(help_noun(f, cmd_table(), "tar"));
	assert_int_equal(fclose(f), 0);
	for (char *s = text, *end = NULL; *s != '\0'; s = end + 1) {
		end = s + strcspn(s, "\n");
		*end = '\0';
		CHECK_ROW(strlen(s) <= 80, s);
	}
	free(text);
}

/* What the manual says of a command names each flag of its own, but for the
 * two that many have, or says whose they are like; and as "Flags:" no other. */
static void
check_section(const char *manual, const struct cmd *c)
{
	char want[96];
	const char *at = NULL, *list = NULL;
	size_t n = 0;
	char *text = NULL;

	(void)snprintf(want, sizeof(want), ".It Cm %s", c->name);
	at = strstr(manual, want);
	assert_non_null(at);
	n = (size_t)(strstr(at + 1, "\n.It ") - at);
	if (strstr(at, "\n.El") < at + n)
		n = (size_t)(strstr(at, "\n.El") - at);
	text = strndup(at, n);
	assert_non_null(text);
	list = strstr(text, "\nFlags:\n");
	for (unsigned i = 0; i < F_COUNT; i++) {
		const bool own = cmd_flags(c).has[i];
		const bool many = i == F_CODE_FILE || i == F_DRY_RUN;
		bool said = false;

		(void)snprintf(
		    want, sizeof(want), "Fl -%s ", flag_spec(i)->name);
		said = strstr(text, want) != NULL;
		if (list != NULL && strstr(list, want) != NULL)
			CHECK_ROW(own, want);
		want[strlen(want) - 1] = '\n';
		said = said || strstr(text, want) != NULL ||
		       strstr(text, "\nFlags as for\n") != NULL ||
		       (flag_spec(i)->chr != 0 && strstr(text, "Fl f") != NULL);
		if (own && !many && !said)
			fail_msg("jitctl.1 on %s lacks %s", c->name, want);
	}
	free(text);
}

/* Every command and flag has its place in the manual page. */
static void
test_manual(void **state)
{
	char *text = manual_read("jitctl.1");

	(void)state;
	for (unsigned i = 0; cmd_table()[i].name != NULL; i++) {
		char want[96];

		(void)snprintf(
		    want, sizeof(want), ".It Cm %s", cmd_table()[i].name);
		CHECK_ROW(strstr(text, want) != NULL, want);
	}
	for (unsigned i = 0; i < F_COUNT; i++) {
		char want[96];

		(void)snprintf(
		    want, sizeof(want), "Fl -%s", flag_spec(i)->name);
		CHECK_ROW(strstr(text, want) != NULL, want);
	}
	for (unsigned i = 0; cmd_table()[i].name != NULL; i++)
		check_section(text, &cmd_table()[i]);
	for (int code = 0; code <= EXIT_VERIFY; code++) {
		char want[32];

		(void)snprintf(want, sizeof(want), ".It %d\n", code);
		CHECK_ROW(strstr(text, want) != NULL, want);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opts),
	    cmocka_unit_test(test_command_table),
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_help_width),
	    cmocka_unit_test(test_manual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
