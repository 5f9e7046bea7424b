/* SPDX-License-Identifier: Apache-2.0 */
/* jitctl's pure parts: the tables, flags, invitations, profiles, exit codes,
 * tables on screen, policy files, recordings. */
#include "tests/unit/support/test.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "jitctl/cmd/find.h"
#include "jitctl/cmd/help.h"
#include "jitctl/cmd/table.h"
#include "jitctl/gateway/code.h"
#include "jitctl/gateway/policy_file.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/gateway/program.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/cast.h"
#include "jitctl/term/out.h"
#include "ssh/sshsig.h"
#include "wire/signed.h"

#define HEX64 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY                                                                    \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIHcyNZ7kzfyTfjvTY1WWIEHUOmTs2yEC9kSVzuVhKCkN"

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
parse(struct opts *o, const char *line, uint64_t allowed, char *err)
{
	static char text[512]; /* opts borrow from it */
	char *argv[16];

	(void)snprintf(text, sizeof(text), "%s", line);
	return opt_parse(o, split(text, argv, 16), argv, allowed, err, 256);
}

static void
test_opts(void **state)
{
	const uint64_t some = FLAG_BIT(F_FOR) | FLAG_BIT(F_LOGIN) |
			      FLAG_BIT(F_QUIET) | FLAG_BIT(F_OUTPUT);
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
	    {"a b c d e", "too many arguments"},
	};
	struct opts o;
	char err[256] = "";

	(void)state;
	assert_true(parse(
	    &o, "a --for=2h -q b --login x -l y -ojson -- --for", some, err));
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
		CHECK_ROW(!parse(&o, bad[i].line, some, err), bad[i].line);
		CHECK_ROW(strstr(err, bad[i].part) != NULL, err);
	}
	/* -f is --file here and --follow there. */
	assert_true(parse(&o, "-f x", FLAG_BIT(F_FILE), err));
	assert_string_equal(opt_get(&o, F_FILE), "x");
	assert_true(parse(&o, "-f", FLAG_BIT(F_FOLLOW), err));
}

static void
test_command_table(void **state)
{
	const uint64_t common = CMD_COMMON_FLAGS;
	char err[256] = "";
	struct opts o;
	unsigned used = 0;

	(void)state;
	for (unsigned i = 0; cmd_table()[i].name != NULL; i++) {
		const struct cmd *c = &cmd_table()[i];

		assert_non_null(c->run);
		CHECK_ROW(c->min_args <= c->max_args, c->name);
		CHECK_ROW((c->flags & common) == 0, c->name);
		CHECK_ROW(c->what[0] != '\0', c->name);
		/* The example is a call of this very command. */
		if (strchr(c->example, '"') == NULL &&
		    strchr(c->example, '>') == NULL) {
			CHECK_ROW(
			    parse(&o, c->example, c->flags | common, err), err);
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
	    {"target", NULL, "There are: target add, target rm"},
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

/* What cannot be a code is not sent: it would cost a try. */
static void
test_code_tidy(void **state)
{
	static const char *const bad[] = {
	    "12345", "1234567", "12345a", "123-456", "      "};
	struct secret code = {0};

	(void)state;
	assert_int_equal(secret_copy(&code, "123 456", 7), 0);
	assert_true(code_tidy(&code));
	assert_string_equal((const char *)code.p, "123456");
	assert_int_equal(code.len, 6);
	secret_free(&code);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(secret_copy(&code, bad[i], strlen(bad[i])), 0);
		CHECK_ROW(!code_tidy(&code), bad[i]);
		assert_null(code.p);
	}
}

static char *
read_manual(const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[512];
	char *text = NULL;
	FILE *f = NULL;
	size_t n = 0;

	(void)snprintf(
	    path, sizeof(path), "%s/man/%s", top != NULL ? top : ".", name);
	f = fopen(path, "re");
	if (f == NULL)
		return NULL;
	text = calloc(1, 256 * 1024);
	assert_non_null(text);
	n = fread(text, 1, 256 * 1024 - 1, f);
	assert_true(n > 1000);
	(void)fclose(f);
	return text;
}

/* Every command and flag has its place in the manual page. */
static void
test_manual(void **state)
{
	char *text = read_manual("jitctl.1");

	(void)state;
	if (text == NULL)
		fail_msg("no manual page below top_srcdir");
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
	for (int code = 0; code <= EXIT_VERIFY; code++) {
		char want[32];

		(void)snprintf(want, sizeof(want), ".It %d\n", code);
		CHECK_ROW(strstr(text, want) != NULL, want);
	}
	free(text);
}

static void
test_exit_codes(void **state)
{
	static const struct {
		long status;
		const char *code;
		int want;
		enum problem_kind kind;
	} cases[] = {
	    {200, "", EXIT_OK, PROBLEM_OTHER},
	    {200, "wrong-tls", EXIT_OK, PROBLEM_OTHER}, /* no refusal */
	    {201, "", EXIT_OK, PROBLEM_OTHER},
	    {204, "", EXIT_OK, PROBLEM_OTHER},
	    {301, "", EXIT_FAILED, PROBLEM_OTHER},
	    {0, "", EXIT_FAILED, PROBLEM_OTHER},
	    {400, "bad-field", EXIT_USAGE, PROBLEM_OTHER},
	    {401, "code-needed", EXIT_LOGIN, PROBLEM_CODE_NEEDED},
	    {401, "code-wrong", EXIT_LOGIN, PROBLEM_CODE_WRONG},
	    {401, "code-used", EXIT_LOGIN, PROBLEM_CODE_WRONG},
	    {401, "unknown-key", EXIT_LOGIN, PROBLEM_OTHER},
	    {401, "wrong-tls", EXIT_UNREACHABLE, PROBLEM_OTHER_GATEWAY},
	    {401, "wrong-server", EXIT_UNREACHABLE, PROBLEM_OTHER_GATEWAY},
	    {403, "denied", EXIT_REFUSED, PROBLEM_OTHER},
	    {403, "forbidden", EXIT_REFUSED, PROBLEM_OTHER},
	    {404, "not-found", EXIT_NOT_FOUND, PROBLEM_OTHER},
	    {409, "conflict", EXIT_CONFLICT, PROBLEM_OTHER},
	    {413, "", EXIT_USAGE, PROBLEM_OTHER},
	    {429, "too-many", EXIT_FAILED, PROBLEM_OTHER},
	    {503, "unavailable", EXIT_FAILED, PROBLEM_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reply r = {0};
		char body[64];

		(void)snprintf(
		    body, sizeof(body), "{\"code\":\"%s\"}", cases[i].code);
		reply_read(&r, cases[i].status, strdup(body), strlen(body));
		assert_int_equal(reply_exit_code(&r), cases[i].want);
		assert_int_equal(r.problem, cases[i].kind);
		reply_done(&r);
	}
}

static void
test_invitation(void **state)
{
	static const char *const bad[] = {"", "sp1:", "sp2:h:1:" HEX64 ":C",
	    "sp1:h:0:" HEX64 ":C", "sp1:h:65536:" HEX64 ":C",
	    "sp1:h:1:" HEX64 ":", "sp1:h:1:" HEX64, "sp1::1:" HEX64 ":C",
	    "sp1:h:1:0" HEX64 ":C", "sp1:2001:db8::1:443:" HEX64 ":C",
	    "sp1:h/x:1:" HEX64 ":C", "sp1:-h:1:" HEX64 ":C",
	    "sp1:h:1:" HEX64 ":a b"};
	struct profile p = {0};
	struct secret code = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(invitation_parse(&p, &code, bad[i]) != 0, bad[i]);
	assert_null(code.p);
	assert_int_equal(invitation_parse(&p, &code,
			     "sp1:gw.example.net:8443:" HEX64 ":CODE1"),
	    0);
	assert_string_equal(p.host, "gw.example.net");
	assert_int_equal(p.port, 8443);
	assert_string_equal(p.tls, HEX64);
	assert_string_equal((const char *)code.p, "CODE1");
	secret_free(&code);
	assert_int_equal(invitation_parse(&p, &code,
			     "sp1:[2001:db8::1]:8443:" HEX64 ":CODE1"),
	    0);
	assert_string_equal(p.host, "2001:db8::1");
	secret_free(&code);
}

static void
test_profiles(void **state)
{
	struct profiles ps = {.n = 2,
	    .p = {{.name = "default",
		      .host = "2001:db8::1",
		      .port = 8443,
		      .server_id = "gw-1",
		      .tls = HEX64,
		      .key = "/home/a \"b\"\\c/id",
		      .user = "alice",
		      .ssh_port = 2222,
		      .host_key = KEY},
		{.name = "lab",
		    .host = "gw",
		    .port = 1,
		    .server_id = "gw-2",
		    .tls = HEX64}}};
	struct profiles got;
	char *text = profiles_text(&ps);
	char out[512] = "";
	FILE *f = fmemopen(out, sizeof(out), "w");

	(void)state;
	assert_non_null(text);
	assert_true(profiles_parse(&got, "c", text, strlen(text), stderr));
	assert_int_equal(got.n, 2);
	assert_string_equal(got.p[0].key, ps.p[0].key);
	assert_string_equal(got.p[0].host, ps.p[0].host);
	assert_string_equal(got.p[0].host_key, KEY);
	assert_int_equal(got.p[0].ssh_port, 2222);
	assert_string_equal(got.p[1].name, "lab");
	assert_int_equal(got.p[1].ssh_port, 0);
	free(text);
	/* A profile without its pin is no profile. */
	assert_false(profiles_parse(&got, "c",
	    "profiles: {a: {gateway: \"h:1\", server_id: g}}", 45, f));
	(void)fclose(f);
	assert_non_null(strstr(out, "\"tls\" is missing"));
}

static void
test_table(void **state)
{
	static const char *const cells[] = {"ID", "TEXT", "g-1",
	    "a rather long text that has to be cut", "g-22",
	    "\xe6\xbc\xa2\xe5\xad\x97"};
	struct table t = {.rows = 3, .cols = 2};
	char out[1024] = "";
	FILE *f = fmemopen(out, sizeof(out), "w");

	(void)state;
	t.cell = calloc(6, sizeof(*t.cell));
	assert_non_null(t.cell);
	for (size_t i = 0; i < 6; i++)
		strcpy(t.cell[i], cells[i]);
	table_print(f, &t, 0);
	table_print(f, &t, 20);
	t.whole = 2; /* what must stay whole does */
	table_print(f, &t, 20);
	(void)fclose(f);
	assert_string_equal(out, "ID    TEXT\n"
				 "g-1   a rather long text that has to be cut\n"
				 "g-22  \xe6\xbc\xa2\xe5\xad\x97\n"
				 "ID    TEXT\n"
				 "g-1   a rather long\xe2\x80\xa6\n"
				 "g-22  \xe6\xbc\xa2\xe5\xad\x97\n"
				 "ID    TEXT\n"
				 "g-1   a rather long text that has to be cut\n"
				 "g-22  \xe6\xbc\xa2\xe5\xad\x97\n");
	free(t.cell);
}

static void
test_cells(void **state)
{
	json_t *o = json_loads("{\"s\":\"a\\u001b[31m\",\"n\":5,\"b\":true,"
			       "\"l\":[\"x\",22],\"m\":{\"env\":\"prod\"},"
			       "\"d\":5400,\"t\":\"2026-11-22T01:02:03Z\","
			       "\"z\":null}",
	    0, NULL);
	static const struct {
		const char *key;
		enum col_kind kind;
		const char *want;
	} cases[] = {
	    {"s", COL_TEXT, "a\\x1b[31m"},
	    {"n", COL_TEXT, "5"},
	    {"b", COL_BOOL, "yes"},
	    {"l", COL_LIST, "x,22"},
	    {"m", COL_MAP, "env=prod"},
	    {"d", COL_SECONDS, "1h30m"},
	    {"t", COL_TIME, "2026-11-22 01:02:03 UTC"},
	    {"z", COL_TIME, ""},
	    {"none", COL_TEXT, ""},
	};
	char text[CELL_SIZE];

	(void)state;
	assert_non_null(o);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cell_text(
		    text, json_object_get(o, cases[i].key), cases[i].kind);
		assert_string_equal(text, cases[i].want);
	}
	out_time_short(text, sizeof(text), "2026-11-22T01:02:03Z",
	    INT64_C(1795312800000)); /* the same day */
	assert_string_equal(text, "01:02:03 UTC");
	out_time_short(
	    text, sizeof(text), "2026-11-21T01:02:03Z", INT64_C(1795312800000));
	assert_string_equal(text, "2026-11-21 01:02");
	json_decref(o);
}

static void
test_yaml_output(void **state)
{
	json_t *o = json_loads(
	    "{\"a\":\"no\",\"l\":[{\"x\":1,\"y\":[]},\"s\",[2]],\"m\":{\"k\":"
	    "null}}",
	    0, NULL);
	char out[512] = "";
	FILE *f = fmemopen(out, sizeof(out), "w");
	struct yaml *y = NULL;

	(void)state;
	out_yaml(f, o);
	(void)fclose(f);
	assert_string_equal(out, "a: \"no\"\n"
				 "l:\n"
				 "  - x: 1\n"
				 "    y: []\n"
				 "  - \"s\"\n"
				 "  -\n"
				 "    - 2\n"
				 "m:\n"
				 "  k: null\n");
	assert_int_equal(yaml_open(&y, "o", out, strlen(out)), 0);
	assert_int_equal(yaml_errors(y), 0);
	yaml_close(y);
	json_decref(o);
}

/* Stands for DNS: one name with both families. */
static unsigned
resolve(const char *name, struct addr ret[static LIMIT_SOURCES])
{
	if (strcmp(name, "web.example") != 0 ||
	    addr_parse(&ret[0], "192.0.2.1") != 0 ||
	    addr_parse(&ret[1], "2001:db8::1") != 0)
		return 0;
	return 2;
}

static json_t *
policy(const char *text, unsigned *reterrors, char *retfirst)
{
	json_t *p = policy_new();
	struct yaml *y = NULL;

	assert_non_null(p);
	assert_int_equal(yaml_open(&y, "p", text, strlen(text)), 0);
	assert_int_equal(policy_add(p, y, resolve), 0);
	*reterrors = yaml_errors(y);
	if (retfirst != NULL)
		(void)snprintf(retfirst, 256, "%s",
		    yaml_diag(y, 0) != NULL ? yaml_diag(y, 0)->text : "");
	yaml_close(y);
	return p;
}

static void
test_policy(void **state)
{
	unsigned errors = 0;
	json_t *p =
	    policy("users:\n"
		   "  - {user: alice, keys: [\"" KEY " a@b\"], groups: [ops]}\n"
		   "targets:\n"
		   "  - target: web-01\n"
		   "    addresses: [web.example]\n"
		   "    labels: {env: prod}\n"
		   "    logins: [deploy]\n"
		   "    host_keys: [\"" KEY "\"]\n"
		   "roles:\n"
		   "  - role: ops\n"
		   "    groups: [ops]\n"
		   "    labels: {env: prod}\n"
		   "    logins: [deploy]\n"
		   "    ports: [22]\n"
		   "    max: 3h\n"
		   "    mfa_age: 5m\n"
		   "    reason: required\n"
		   "    allow: [shell, pty]\n"
		   "    record: true\n",
		&errors, NULL);
	json_t *want = json_loads(
	    "{\"users\":[{\"user\":\"alice\",\"keys\":[\"" KEY
	    " a@b\"],\"groups\":[\"ops\"]}],"
	    "\"targets\":[{\"target\":\"web-01\",\"addresses\":[\"192.0.2.1\","
	    "\"2001:db8::1\"],\"port\":22,\"reach\":\"proxy\",\"labels\":{"
	    "\"env\":\"prod\"},\"logins\":[\"deploy\"],\"host_keys\":[\"" KEY
	    "\"]}],"
	    "\"roles\":[{\"role\":\"ops\",\"groups\":[\"ops\"],\"labels\":{"
	    "\"env\":\"prod\"},\"logins\":[\"deploy\"],\"ports\":[22],"
	    "\"max\":10800,\"mfa_age\":300,\"reason\":\"required\","
	    "\"allow\":[\"shell\",\"pty\"],\"record\":true}]}",
	    0, NULL);

	(void)state;
	assert_int_equal(errors, 0);
	assert_non_null(want);
	assert_true(json_equal(p, want));
	json_decref(p);
	json_decref(want);
}

/* The manual page's example is a policy. */
static void
test_policy_manual(void **state)
{
	static const char begin[] = ".Bd -literal -offset indent\n";
	char *text = read_manual("sallyport-policy.5");
	char *at = NULL;
	unsigned errors = 0;
	json_t *p = NULL;

	(void)state;
	if (text == NULL)
		fail_msg("no manual page below top_srcdir");
	at = strstr(strstr(text, ".Sh EXAMPLES"), begin);
	assert_non_null(at);
	at += strlen(begin);
	assert_non_null(strstr(at, ".Ed"));
	*strstr(at, ".Ed") = '\0';
	p = policy(at, &errors, NULL);
	assert_int_equal(errors, 0);
	assert_int_equal(json_array_size(json_object_get(p, "roles")), 1);
	json_decref(p);
	free(text);
}

static void
test_policy_refuses(void **state)
{
	static const struct {
		const char *text, *part;
	} cases[] = {
	    {"- a\n", "users, targets and roles"},
	    {"user: []\n", "did you mean \"users\"?"},
	    {"users: [alice]\n", "an entry with \"user: NAME\""},
	    {"users: [{keys: []}]\n", "\"user\" is missing"},
	    {"users: [{user: a, keys: [x]}]\n", "not a public key"},
	    {"users: [{user: a}, {user: a}]\n", "twice"},
	    {"users: [{user: a, admin: yes}]\n", "true or false"},
	    {"targets: [{target: t, addresses: [no.example], logins: [x], "
	     "host_keys: []}]\n",
		"no name that resolves"},
	    {"roles: [{role: r, logins: [x], max: 25h}]\n", "is not between"},
	    {"roles: [{role: r, logins: [x], max: 3}]\n", "not a duration"},
	    {"roles: [{role: r, logins: [x], sources: [10.1.0.0/8]}]\n",
		"no host bits"},
	    {"roles: [{role: r}]\n", "\"logins\" is missing"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		unsigned errors = 0;
		char first[256] = "";

		json_decref(policy(cases[i].text, &errors, first));
		CHECK_ROW(errors > 0, cases[i].text);
		CHECK_ROW(strstr(first, cases[i].part) != NULL, first);
	}
}

static void
test_cast(void **state)
{
	static const char head[] =
	    "{\"version\": 2, \"width\": 80, \"height\": "
	    "24, \"timestamp\": 1}";
	static const char line[] = "[1.5, \"o\", \"a\\r\\n\"]";
	struct cast_event e = {0};
	unsigned w = 0;
	unsigned h = 0;

	(void)state;
	assert_true(cast_header(head, strlen(head), &w, &h));
	assert_int_equal(w, 80);
	assert_int_equal(h, 24);
	assert_false(cast_header("{\"version\":1}", 13, &w, &h));
	assert_false(cast_header("x", 1, &w, &h));
	assert_true(cast_event(&e, line, strlen(line)));
	assert_int_equal(e.kind, 'o');
	assert_string_equal(e.data, "a\r\n");
	cast_event_done(&e);
	assert_false(cast_event(&e, "[1]", 3));
	assert_false(cast_event(&e, "{}", 2));
	cast_event_done(&e);
}

static void
test_cast_filter(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"plain\r\n", "plain\r\n"},
	    {"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"},
	    {"\x1b[?1049h\x1b[2J", "\x1b[?1049h\x1b[2J"},
	    {"a\x1b]0;title\x07z", "az"},
	    {"a\x1b]52;c;aGk=\x1b\\z", "az"},
	    {"a\x1bPq#0\x1b\\z", "az"},
	    {"a\x1b[6nz", "az"},
	    {"a\x1b[>cz", "az"},
	    {"a\x1b[21tz", "az"},
	    {"a\x05z", "az"},
	    {"a\x1bZz", "az"},
	    {"\x1b(B", "\x1b(B"},
	    /* What a sequence is broken off by must not hide the next. */
	    {"a\x1b\x1b]0;t\x07z", "az"},
	    {"a\x1b(\x1b]0;t\x07z", "az"},
	    {"a\x1b[1\x1b]0;t\x07z", "az"},
	    {"a\x1b\x1b[6nz", "az"},
	    {"a\xc2\x9d"
	     "52;x\x07z",
		"az"},
	    {"\xc3\xa4", "\xc3\xa4"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const size_t n = strlen(cases[i].in);

		/* Cut at every place: the state must carry over. */
		for (size_t cut = 0; cut <= n; cut++) {
			struct cast_filter f = {0};
			struct buf b;

			/* The cut never falls inside of a character. */
			if (((unsigned char)cases[i].in[cut] & 0xc0) == 0x80)
				continue;
			buf_init(&b, 4096);
			cast_filter(&f, &b, cases[i].in, cut);
			cast_filter(&f, &b, cases[i].in + cut, n - cut);
			buf_u8(&b, 0);
			assert_int_equal(buf_err(&b), 0);
			assert_string_equal((const char *)b.p, cases[i].out);
			buf_done(&b);
		}
	}
}

/* With the real ssh-keygen: what it signs verifies, and only that. */
static void
test_sign(void **state)
{
	char dir[] = "/tmp/sallyport-jitctl.XXXXXX";
	char key[64];
	char pub[64];
	char fp[SSHKEY_FP_SIZE] = "";
	struct ctx c = {.no_input = true};
	struct sshkey k;
	char *armor = NULL;
	char *out = NULL;
	int made = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(key, sizeof(key), "%s/id", dir);
	(void)snprintf(pub, sizeof(pub), "%s/id.pub", dir);
	const char *const argv[] = {
	    "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key, NULL};
	made = program_run(argv, NULL, 0, &out, 1024, true, true);
	free(out);
	if (made == 0) {
		assert_int_equal(
		    sign_data(&c, key, "data", 4, &armor, fp), EXIT_OK);
		assert_int_equal(strncmp(fp, "SHA256:", 7), 0);
		assert_int_equal(
		    sshsig_verify(&k, armor, SIGNED_NAMESPACE, "data", 4), 0);
		assert_int_not_equal(
		    sshsig_verify(&k, armor, SIGNED_NAMESPACE, "datb", 4), 0);
		free(armor);
		(void)unlink(key);
		armor = NULL;
		assert_int_equal(sign_data(&c, key, "data", 4, &armor, fp),
		    EXIT_LOGIN); /* only the public half is left */
		assert_null(armor);
	}
	(void)unlink(pub);
	(void)rmdir(dir);
	if (made != 0)
		fail_msg("needs ssh-keygen (scripts/deps test)");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opts),
	    cmocka_unit_test(test_command_table),
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_manual),
	    cmocka_unit_test(test_help_width),
	    cmocka_unit_test(test_code_tidy),
	    cmocka_unit_test(test_exit_codes),
	    cmocka_unit_test(test_invitation),
	    cmocka_unit_test(test_profiles),
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_cells),
	    cmocka_unit_test(test_yaml_output),
	    cmocka_unit_test(test_policy),
	    cmocka_unit_test(test_policy_manual),
	    cmocka_unit_test(test_policy_refuses),
	    cmocka_unit_test(test_sign),
	    cmocka_unit_test(test_cast),
	    cmocka_unit_test(test_cast_filter),
	};

	(void)setenv("TZ", "UTC", 1);
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
