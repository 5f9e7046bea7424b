/* SPDX-License-Identifier: Apache-2.0 */
/* test_role - jitctl role set and roles ls: each field of a role has its flag
 * and its column. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/rolefield.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/table.h"
#include "tests/unit/jitctl/scripted.h"

static const struct cmd *
command(const char *name)
{
	const struct cmd *c = cmd_table();

	while (c->name != NULL && strcmp(c->name, name) != 0)
		c++;
	assert_non_null(c->name);
	return c;
}

/* Runs role set with these flags, split at spaces, where a ~ is one; what it
 * sends is in sent_local. */
static int
role_set(const char *flags)
{
	static const struct step steps[] = {
	    {NULL, 201, "{\"role\":\"ops\"}"}, {0}};
	struct ctx c = {.quiet = true, .socket = "/admin.sock"};
	char text[512], err[256] = "";
	char *argv[32] = {NULL};
	char *save = NULL;
	int n = 0;

	(void)snprintf(text, sizeof(text), "ops %s", flags);
	for (char *w = strtok_r(text, " ", &save); w != NULL && n < 32;
	     w = strtok_r(NULL, " ", &save)) {
		for (char *s = w; *s != '\0'; s++)
			if (*s == '~')
				*s = ' ';
		argv[n++] = w;
	}
	script = steps;
	sent_local[0] = '\0';
	if (!opt_parse(
		&c.opt, n, argv, &command("role set")->flags, err, sizeof(err)))
		fail_msg("%s", err);
	return run_role_set(&c);
}

static void
test_flags(void **state)
{
	static const struct {
		const char *flags, *body; /* NULL: refused here */
	} rows[] = {
	    {"--login deploy", "'logins':['deploy']"},
	    {"--deny", "'deny':true"},
	    {"--deny --user a --user b --group g",
		"'users':['a','b'],'groups':['g'],'deny':true"},
	    {"--deny --target t --label env=prod",
		"'targets':['t'],'labels':{'env':'prod'},'deny':true"},
	    {"--deny --port 22 --port 2222 --port 22",
		"'ports':[22,2222],'deny':true"},
	    {"--deny --max 1h30m --mfa-age 0s",
		"'max':5400,'mfa_age':0,'deny':true"},
	    {"--deny --source 10.0.0.0/8",
		"'sources':['10.0.0.0/8'],'deny':true"},
	    {"--deny --reason-optional --no-record",
		"'reason':'optional','record':false,'deny':true"},
	    {"--deny --allow shell --allow pty",
		"'allow':['shell','pty'],'deny':true"},
	    {"--deny --note Eve-knows", "'deny':true,'note':'Eve-knows'"},
	    {"--deny --select env!=prod --select !old",
		"'select':['env!=prod','!old'],'deny':true"},
	    {"--deny --user u1~until~2026-12-04~18:00~UTC",
		"'users':[{'name':'u1','until':'2026-12-04T18:00:00Z'}],"
		"'deny':true"},
	    {"--deny --group g~until~2026-12-04~UTC --group h",
		"'groups':[{'name':'g','until':'2026-12-05T00:00:00Z'},'h'],"
		"'deny':true"},
	    {"--deny --user u1~until~tomorrow", NULL},
	    {"--deny --user u1~until~2h", NULL},
	    {"--deny --user u1~until~14:30", NULL},
	    {"--deny --hardware-key verified",
		"'hardware_key':'verified','deny':true"},
	    {"--deny --hardware-key touch", NULL},
	    {"--login deploy --or group=oncall --or reason=INC-[0-9]+",
		"'logins':['deploy'],'or':['group=oncall','reason=INC-[0-9]+'"
		"]"},
	    {"--login deploy --or oncall", NULL},
	    {"--deny --report-only", "'deny':true,'report_only':true"},
	    {"--deny --select env==prod", NULL},
	    {"--deny --hours always", NULL},
	    {"--deny --max 4s", NULL},
	    {"--deny --max 25h", NULL},
	    {"--deny --port 65536", NULL},
	    {"--deny --port x", NULL},
	    {"--deny --source 10.1.0.0/8", NULL},
	    {"--deny --allow agent", NULL},
	    {"--deny --user a/b", NULL},
	    {"--deny --label env", NULL},
	    {"--deny --note \x1b[2J", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char want[512] = "";

		if (rows[i].body == NULL) {
			CHECK_ROW(role_set(rows[i].flags) == EXIT_USAGE,
			    rows[i].flags);
			CHECK_ROW(sent_local[0] == '\0', rows[i].flags);
			continue;
		}
		(void)snprintf(
		    want, sizeof(want), "{'role':'ops',%s}", rows[i].body);
		for (char *s = want; *s != '\0'; s++)
			if (*s == '\'')
				*s = '"';
		CHECK_ROW(role_set(rows[i].flags) == EXIT_OK, rows[i].flags);
		assert_string_equal(sent_local, want);
	}
}

/* Nothing is said of what it is to be: what it is, is asked for. */
static void
test_no_flag(void **state)
{
	(void)state;
	assert_int_equal(role_set(""), EXIT_NOT_FOUND);
	assert_string_equal(sent_local, "");
}

/* Whatever a role has can be said here. */
static void
test_each_has_a_flag(void **state)
{
	const struct rolefield *f = rolefields();

	(void)state;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		const enum flag flag = flag_find(f[i].flag);

		if (f[i].kind == ROLE_NAME)
			continue;
		CHECK_ROW(flag < F_COUNT, f[i].name);
		CHECK_ROW(command("role set")->flags.has[flag], f[i].name);
	}
}

/* ---- roles ls */

/* The first line that roles ls prints; malloc'd. */
static char *
heads(enum out_format format)
{
	static const struct step steps[] = {
	    {NULL, 200, "{\"items\":[{\"role\":\"ops\"}]}"}, {0}};
	struct ctx c = {.socket = "/admin.sock", .out = format};
	const int fd = memfd_create("output", MFD_CLOEXEC);
	const int out = dup(STDOUT_FILENO);
	char *text = calloc(1, 4096);

	assert_true(fd >= 0 && out >= 0);
	assert_non_null(text);
	script = steps;
	(void)fflush(stdout);
	(void)dup2(fd, STDOUT_FILENO);
	assert_int_equal(run_roles(&c), EXIT_OK);
	(void)fflush(stdout);
	(void)dup2(out, STDOUT_FILENO);
	(void)close(out);
	assert_true(pread(fd, text, 4095, 0) > 0);
	(void)close(fd);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void
test_columns(void **state)
{
	static const char *const few[] = {"ROLE", "USERS", "GROUPS", "TARGETS",
	    "LABELS", "LOGINS", "MAX", "ALLOW", "DENY", "NOTE"};
	static const char *const more[] = {"SELECT", "PORTS", "SOURCES",
	    "HOURS", "MFA AGE", "REASON", "RECORD"};
	char *table = heads(OUT_TABLE);
	char *wide = heads(OUT_WIDE);
	const char *at = table;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(few); i++) {
		at = strstr(at, few[i]);
		CHECK_ROW(at != NULL, few[i]);
		CHECK_ROW(strstr(wide, few[i]) != NULL, few[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		CHECK_ROW(strstr(table, more[i]) == NULL, more[i]);
		CHECK_ROW(strstr(wide, more[i]) != NULL, more[i]);
	}
	free(table);
	free(wide);
}

/* ---- what an empty list means */

static void
check_out(int (*run)(struct ctx *), enum out_format format, const char *body,
    const char *const parts[], bool wanted)
{
	const struct step steps[] = {{NULL, 200, body}, {0}};
	struct ctx c = {.socket = "/admin.sock", .out = format};
	char *text = NULL;
	int x = EXIT_FAILED;

	c.opt.nargs = 1;
	c.opt.arg[0] = "r2";
	script = steps;
	text = output_of(run, &c, &x, true);
	assert_int_equal(x, EXIT_OK);
	for (size_t i = 0; parts[i] != NULL; i++)
		if ((strstr(text, parts[i]) != NULL) != wanted)
			fail_msg("%s in:\n%s", parts[i], text);
	free(text);
}

#define EMPTY(deny)                                                            \
	"{\"items\":[{\"role\":\"r2\",\"users\":[],\"groups\":[],"             \
	"\"targets\":[],\"labels\":{},\"logins\":[],\"ports\":[],"             \
	"\"sources\":[],\"deny\":" deny "}]}"

static void
test_empty(void **state)
{
	static const char *const deny[] = {"everybody", "all", NULL};
	static const char *const allow[] = {"nobody", "none", NULL};
	static const char *const named[] = {"everybody", "nobody", NULL};
	static const char in_group[] =
	    "{\"items\":[{\"role\":\"r2\",\"users\":[],\"groups\":[\"g\"],"
	    "\"deny\":true}]}";

	(void)state;
	check_out(run_roles, OUT_TABLE, EMPTY("true"), deny, true);
	check_out(run_role_show, OUT_TABLE, EMPTY("true"), deny, true);
	check_out(run_roles, OUT_TABLE, EMPTY("true"), allow, false);
	check_out(run_roles, OUT_WIDE, EMPTY("false"), allow, true);
	check_out(run_role_show, OUT_TABLE, EMPTY("false"), allow, true);
	check_out(run_roles, OUT_TABLE, in_group, named, false);
	check_out(run_roles, OUT_JSON, EMPTY("true"), deny, false);
	check_out(run_role_show, OUT_YAML, EMPTY("true"), deny, false);
}

/* What forbids everything to everybody wants a yes. */
static void
test_forbids_all(void **state)
{
	static const struct step steps[] = {
	    {NULL, 200,
		"{\"role\":\"r2\",\"warning\":\"it forbids everything\"}"},
	    {0}};
	struct ctx c = {.socket = "/admin.sock", .no_input = true};
	char *text = NULL;
	int x = EXIT_OK;

	(void)state;
	c.opt.nargs = c.opt.n[F_ROLE_deny] = 1;
	c.opt.arg[0] = "r2";
	script = steps;
	text = output_of(run_role_add, &c, &x, true);
	assert_int_equal(x, EXIT_FAILED);
	assert_non_null(strstr(text, "it forbids everything"));
	assert_non_null(strstr(text, "say --yes"));
	assert_non_null(strstr(sent_local, "\"dry_run\":true"));
	free(text);
	c.yes = true;
	text = output_of(run_role_add, &c, &x, true);
	assert_int_equal(x, EXIT_OK);
	assert_non_null(strstr(text, "role r2: it forbids everything"));
	assert_null(strstr(sent_local, "dry_run"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_flags),
	    cmocka_unit_test(test_no_flag),
	    cmocka_unit_test(test_each_has_a_flag),
	    cmocka_unit_test(test_columns),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_forbids_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
