/* SPDX-License-Identifier: Apache-2.0 */
/* What came from somebody else never reaches the terminal as it is. */
#include "tests/unit/support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/table.h"
#include "tests/unit/jitctl/scripted.h"

/* Every member that a command shows; ' stands for ", @ for the evil text. */
static const char everything[] =
    "'user':'@','server_id':'@','key_fp':'@','source':'@','target':'@',"
    "'login':'@','role':'@','grant':'@','end':'@','ssh':'@','host':'@',"
    "'reason':'@','state':'@','invitation':'@','warning':'@','time':'@',"
    "'title':'@','mfa_until':'@','token_expires':'@','detail':'@',"
    "'event':'@','host_key':'@','reach':'@','field':'@','sid':'@',"
    "'start':'@','why':'@','log_key':'@','labels':{'@':'@'},"
    "'sources':['@'],'sshd':['@','AuthorizedPrincipalsFile @%u'],"
    "'ca_keys':['@'],'principals':{'@':'@'},"
    "'host_keys':[{'type':'@','fingerprint':'@','key':'@'}],"
    "'checks':[{'name':'@','detail':'@','remedy':'@','status':'@'}],"
    "'changes':[{'kind':'@','name':'@','detail':'@','warning':'@',"
    "'change':'@','field':'@','before':'@','after':['@']}],'invitations':{'@':'"
    "@'},"
    "'refused':[{'field':'@','text':'@'}],"
    "'would_pass':{'target':'@','login':'@','reason':'@'},"
    "'roles':['@'],'unmatched':['@'],'ended':{'grants':1,'sessions':1,"
    "'list':[{'grant':'@','user':'@','target':'@','sessions':'@'}]}";
/* A title, a colour as C1, a line end and a bidirectional override. */
static const char evil[] = "\\u001b]0;x\\u0007\\u009b31m\\n\\u202e";

/* A reply that is all that and a list of it; malloc'd. */
static char *
evil_body(void)
{
	char *quoted = NULL;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_true(asprintf(&quoted, "{%s,'items':[{%s}]}", everything,
			everything) > 0);
	for (const char *s = quoted; *s != '\0'; s++)
		if (*s == '@')
			assert_true(fputs(evil, f) >= 0);
		else
			(void)fputc(*s == '\'' ? '"' : *s, f);
	assert_int_equal(fclose(f), 0);
	free(quoted);
	return text;
}

static void
check_harmless(
    const struct cmd *cmd, struct ctx *c, const struct step *steps, bool shown)
{
	static const char *const bad[] = {
	    "\x1b", "\x07", "\xc2\x9b", "\xe2\x80\xae"};
	char *text = NULL;
	int x = EXIT_OK;

	script = steps;
	text = output_of(cmd->run, c, &x, true);
	/* Names that are none are left out: test_pasted. */
	if ((c->out != OUT_NAME || steps->status != 200) &&
	    shown != (strstr(text, "\\x1b]0;x\\x07") != NULL))
		fail_msg("%s, status %ld: %s", cmd->name, steps->status, text);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (strstr(text, bad[i]) != NULL)
			fail_msg("%s, status %ld: %s", cmd->name, steps->status,
			    text);
	free(text);
}

static void
test_output_is_escaped(void **state)
{
	static const long statuses[] = {200, 401, 403, 404};
	static const enum out_format formats[] = {
	    OUT_TABLE, OUT_WIDE, OUT_NAME};
	static char policy[] = "/tmp/sallyport-jitctl.XXXXXX";
	static const struct {
		const char *name, *arg, *arg2;
		bool shows; /* of what a reply without error holds */
	} cmds[] = {
	    {"status", NULL, NULL, true},
	    {"grants ls", NULL, NULL, true},
	    {"release", "g-7Q2MXK4P", NULL, true},
	    {"targets ls", NULL, NULL, true},
	    {"sessions ls", NULL, NULL, true},
	    {"sessions play", "s-9D3FAB2K", NULL, false},
	    {"whoami", NULL, NULL, true},
	    {"doctor", NULL, NULL, true},
	    {"doctor", "web-01", NULL, true},
	    {"sessions kill", "s-9D3FAB2K", NULL, false},
	    {"target add", "web-01", "192.0.2.1", true},
	    {"target rm", "web-01", NULL, true},
	    {"user add", "alice", NULL, true},
	    {"user show", "alice", NULL, true},
	    {"user lock", "alice", NULL, true},
	    {"user rm", "alice", NULL, true},
	    {"target set", "web-01", "192.0.2.1", true},
	    {"target show", "web-01", NULL, true},
	    {"role show", "ops", NULL, true},
	    {"users ls", NULL, NULL, true},
	    {"role set", "ops", NULL, true},
	    {"role rm", "ops", NULL, true},
	    {"roles ls", NULL, NULL, true},
	    {"apply", NULL, NULL, true},
	    {"audit tail", NULL, NULL, true},
	    {"audit search", NULL, NULL, false},
	    {"audit verify", NULL, NULL, false},
	};
	const int fd = mkstemp(policy);
	char *body = evil_body();

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "users: []\n", 10), 10);
	(void)close(fd);
	for (size_t i = 0; i < ARRAY_LEN(cmds); i++) {
		const struct cmd *cmd = cmd_table();
		struct ctx c = {.socket = "x", .yes = true};

		while (
		    cmd->name != NULL && strcmp(cmd->name, cmds[i].name) != 0)
			cmd++;
		assert_non_null(cmd->name);
		c.opt.arg[0] = cmds[i].arg;
		c.opt.arg[1] = cmds[i].arg2;
		c.opt.nargs = cmds[i].arg2 != NULL  ? 2
			      : cmds[i].arg != NULL ? 1
						    : 0;
		c.opt.n[F_FILE] = c.opt.n[F_LOGIN] = c.opt.n[F_SCAN] = 1;
		c.opt.value[F_FILE][0] = policy;
		c.opt.value[F_LOGIN][0] = "deploy";
		for (size_t k = 0; k < ARRAY_LEN(statuses); k++)
			for (size_t m = 0; m < ARRAY_LEN(formats); m++) {
				const struct step steps[] = {
				    {NULL, statuses[k], body}, {NULL, 0, NULL}};

				c.out = formats[m];
				check_harmless(cmd, &c, steps,
				    cmds[i].shows || statuses[k] != 200);
			}
	}
	(void)unlink(policy);
	free(body);
}

/* Whatever somebody gave as a reason, it is one field. */
static void
test_fields(void **state)
{
	static const struct {
		const char *json, *shown;
	} cases[] = {
	    {"INC-4711", " why=INC-4711\n"},
	    {"two words", " why=\"two words\"\n"},
	    {"a=b", " why=\"a=b\"\n"},
	    {"x\\\" user=admin outcome=failure why=\\\"y",
		" why=\"x\\\" user=admin outcome=failure why=\\\"y\"\n"},
	    {"C:\\\\", " why=\"C:\\\\\"\n"},
	    {"\\u001b \\\\x1b", " why=\"\\x1b \\\\x1b\"\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char body[256];
		struct ctx c = {.socket = "x"};
		const struct step steps[] = {
		    {NULL, 200, body}, {NULL, 200, ""}, {NULL, 0, NULL}};
		char *text = NULL;
		int x = EXIT_FAILED;

		(void)snprintf(body, sizeof(body),
		    "{\"seq\":1,\"time\":\"2026-11-22T01:02:03.456Z\","
		    "\"event\":\"grant.open\",\"why\":\"%s\"}\n",
		    cases[i].json);
		script = steps;
		text = output_of(run_audit_search, &c, &x, true);
		if (x != EXIT_OK || strstr(text, cases[i].shown) == NULL)
			fail_msg("%s: %d, %s", cases[i].json, x, text);
		free(text);
	}
}

/* Of a change, what was and what is. */
static void
test_changes(void **state)
{
	static const struct {
		const char *record, *shown;
	} rows[] = {
	    {"'event':'role.set','by':'root','role':'ops','was':"
	     "'{#max#:10800,#logins#:[#deploy#]}','changes':'{#role#:#ops#,"
	     "#max#:3600,#logins#:[#deploy#,#ops#],#record#:true}'",
		" role=ops changes=\"max 3h -> 1h; logins deploy -> "
		"deploy,ops\"\n"},
	    {"'event':'user.update','user':'bob','was':'{#state#:#active#}',"
	     "'changes':'{#user#:#bob#,#state#:#disabled#}'",
		" user=bob changes=\"state active -> disabled\"\n"},
	    {"'event':'user.update','user':'bob','reason':'unlocked',"
	     "'changes':'{#user#:#bob#,#state#:#active#}'",
		" user=bob reason=unlocked\n"},
	    {"'event':'target.set','target':'db','changes':'{#target#:#db#,"
	     "#port#:22,#addresses#:[#192.0.2.1#],#labels#:{}}'",
		" target=db changes=\"port 22; addresses 192.0.2.1\"\n"},
	    {"'event':'user.remove','user':'bob','was':'{#user#:#bob#,"
	     "#groups#:[#dev#]}'",
		" user=bob changes=\"groups dev\"\n"},
	    {"'event':'policy.apply','by':'root','changes':'[{#kind#:#user#,"
	     "#name#:#eve#,#change#:#new#},{#kind#:#role#,#name#:#ops#,"
	     "#change#:#changed#,#changes#:[{#field#:#max#,#before#:3600,"
	     "#after#:600}]},{#kind#:#user#,#name#:#al#,#change#:#same#}]'",
		" by=root changes=\"user eve: new; role ops: max 1h -> "
		"10m\"\n"},
	    {"'event':'policy.apply','by':'root','changes':'[{#kind',"
	     "'truncated':true",
		" by=root changes=\"[{\\\"kind\"\n"},
	    {"'event':'port.unprotect','uid':0,'why':'moved','dst':"
	     "'192.0.2.1','dst_port':22",
		" uid=0 dst=192.0.2.1 dst_port=22 why=moved\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char body[1024] =
		    "{\"seq\":1,\"time\":\"2026-11-22T01:02:03.456Z\",";
		struct ctx c = {.socket = "x"};
		const struct step steps[] = {
		    {NULL, 200, body}, {NULL, 200, ""}, {NULL, 0, NULL}};
		char *to = body + strlen(body);
		char *text = NULL;
		int x = EXIT_FAILED;

		for (const char *s = rows[i].record; *s != '\0'; s++) {
			if (*s == '#')
				*to++ = '\\';
			*to++ = *s == '\'' || *s == '#' ? '"' : *s;
		}
		memcpy(to, "}\n", 3);
		script = steps;
		text = output_of(run_audit_search, &c, &x, true);
		if (x != EXIT_OK || strstr(text, rows[i].shown) == NULL)
			fail_msg("%s: %d, %s", rows[i].shown, x, text);
		free(text);
	}
}

/* What a target had before it moved: only what is an address and a port, with
 * the command that opens it. */
static void
test_left(void **state)
{
	static const char reply[] =
	    "{\"target\":\"web-01\",\"host_keys\":[{\"type\":\"x\",\"key\":"
	    "\"x\"}],\"left\":{\"addresses\":"
	    "[\"192.0.2.1\",\"192.0.2.2\",\"; reboot\"],\"port\":22,\"shared\":"
	    "[{\"address\":\"192.0.2.2\",\"target\":\"db-01\"}]}}";
	static const char told[] =
	    "What it had before stays shut. Only root on the gateway can open "
	    "that port to everybody again, there:\n"
	    "  gatewayd unprotect 192.0.2.1 22\n"
	    "192.0.2.2 port 22 is target db-01's as well.\n";
	const char *const texts[] = {reply,
	    "{\"applied\":true,\"changes\":[{\"kind\":\"target\","
	    "\"name\":\"web-01\",\"change\":\"changed\",\"left\":"
	    "{\"addresses\":[\"192.0.2.1\"],\"port\":22}}]}"};
	static char policy[] = "/tmp/sallyport-jitctl.XXXXXX";
	const int fd = mkstemp(policy);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "users: []\n", 10), 10);
	(void)close(fd);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct ctx c = {.socket = "x", .yes = true};
		const struct step steps[] = {{NULL, 200, texts[i]},
		    {NULL, 200, texts[i]}, {NULL, 0, NULL}};
		char *text = NULL;
		int x = EXIT_FAILED;

		c.opt.arg[0] = "web-01";
		c.opt.arg[1] = "192.0.2.3";
		c.opt.nargs = 2;
		c.opt.n[F_FILE] = c.opt.n[F_LOGIN] = c.opt.n[F_SCAN] = 1;
		c.opt.value[F_FILE][0] = policy;
		c.opt.value[F_LOGIN][0] = "deploy";
		script = steps;
		text = output_of(
		    i == 0 ? run_target_set : run_apply, &c, &x, true);
		if (strstr(text, i == 0
				     ? told
				     : "  gatewayd unprotect 192.0.2.1 22\n") ==
			NULL ||
		    strstr(text, "reboot") != NULL)
			fail_msg("%d: %s", x, text);
		free(text);
	}
	assert_int_equal(unlink(policy), 0);
}

/* What policy files change, for people: no JSON, and of a dry run that it was
 * one. */
static void
test_applied(void **state)
{
	static const char reply[] =
	    "{\"changes\":[{\"kind\":\"role\",\"name\":\"ops\",\"change\":"
	    "\"new\",\"detail\":\"{\\\"role\\\":\\\"ops\\\",\\\"groups\\\":["
	    "\\\"dev\\\"],\\\"max\\\":3600,\\\"deny\\\":false}\"},"
	    "{\"kind\":\"user\",\"name\":\"alice\",\"change\":\"changed\","
	    "\"detail\":\"{\\\"user\\\":\\\"alice\\\"}\",\"changes\":[{"
	    "\"field\":\"groups\",\"before\":[\"dev\"],\"after\":[]}]},"
	    "{\"kind\":\"user\",\"name\":\"bob\",\"change\":\"same\","
	    "\"detail\":\"\"}],\"invitations\":{},\"ended\":{\"grants\":1,"
	    "\"sessions\":0,\"list\":[{\"grant\":\"g-22222222\",\"user\":"
	    "\"alice\",\"target\":\"web-01\",\"sessions\":0}]},\"applied\":%s,"
	    "\"dry_run\":%s}";
	static const char *const told[] = {
	    "+ role    ops  groups dev; max 1h\n"
	    "~ user    alice\n"
	    "  groups     dev -> none\n"
	    "Ended: 1 grant, 0 sessions.\n"
	    "- g-22222222  alice on web-01, sessions: 0\n"
	    "1 added, 1 changed, 1 unchanged.\n",
	    "+ role    ops  groups dev; max 1h\n"
	    "~ user    alice\n"
	    "  groups     dev -> none\n"
	    "This ends: 1 grant, 0 sessions.\n"
	    "- g-22222222  alice on web-01, sessions: 0\n"
	    "Would be: 1 added, 1 changed, 1 unchanged. This was a dry run: "
	    "nothing was changed; apply it without --dry-run.\n"};
	static char policy[] = "/tmp/sallyport-jitctl.XXXXXX";
	const int fd = mkstemp(policy);
	char body[1024];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "users: []\n", 10), 10);
	(void)close(fd);
	for (unsigned dry = 0; dry <= 1; dry++) {
		struct ctx c = {.socket = "x", .yes = true};
		const struct step steps[] = {
		    {NULL, 200, body}, {NULL, 0, NULL}};
		char *text = NULL;
		int x = EXIT_FAILED;

		(void)snprintf(body, sizeof(body), reply,
		    dry ? "false" : "true", dry ? "true" : "false");
		c.opt.n[F_FILE] = 1;
		c.opt.n[F_DRY_RUN] = dry;
		c.opt.value[F_FILE][0] = policy;
		script = steps;
		text = output_of(run_apply, &c, &x, true);
		assert_int_equal(x, EXIT_OK);
		assert_string_equal(text, told[dry]);
		free(text);
	}
	assert_int_equal(unlink(policy), 0);
}

/* What it prints on a terminal of so many columns. */
static void
shown_at(int (*run)(struct ctx *), struct ctx *c, unsigned short columns,
    char *ret, size_t size)
{
	const struct winsize ws = {.ws_row = 24, .ws_col = columns};
	const int keep = dup(STDOUT_FILENO);
	const int master = posix_openpt(O_RDWR | O_NOCTTY);
	int slave = -1;
	size_t at = 0;
	ssize_t n = 0;

	assert_true(master >= 0 && grantpt(master) == 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &ws), 0);
	(void)fflush(stdout);
	assert_true(dup2(slave, STDOUT_FILENO) >= 0);
	assert_int_equal(run(c), EXIT_OK);
	(void)fflush(stdout);
	assert_true(dup2(keep, STDOUT_FILENO) >= 0);
	assert_int_equal(write(slave, "\004", 1), 1); /* all is read by then */
	while (at == 0 || ret[at - 1] != '\004') {
		n = read(master, ret + at, size - 1 - at);
		assert_true(n > 0);
		at += (size_t)n;
	}
	ret[at - 1] = '\0';
	(void)close(keep);
	(void)close(slave);
	(void)close(master);
}

/* The lists with long names and of days ago: grids, and none wraps. */
static void
test_lists_fit(void **state)
{
#define LONG "a-rather-long-name-of-it"
#define TIMES                                                                  \
	"\"start\":\"2026-01-02T12:00:00Z\",\"end\":\"2026-01-02T13:00:00Z\""
	static const struct {
		int (*run)(struct ctx *);
		const char *head, *item;
	} lists[] = {
	    {run_grants, "GRANT ",
		"\"grant\":\"g-22222222\",\"user\":\"" LONG
		"\",\"target\":\"" LONG "\",\"login\":\"" LONG
		"\",\"state\":\"active\",\"left_s\":7199,"
		"\"why\":\"a reason, and what else is to be said\"," TIMES},
	    {run_sessions, "SESSION ",
		"\"sid\":\"s-22222222\",\"user\":\"" LONG
		"\",\"target\":\"" LONG "\",\"login\":\"" LONG
		"\",\"reason\":\"hostkey_changed\","
		"\"recorded\":true," TIMES},
	    {run_targets, "TARGET ",
		"\"target\":\"" LONG
		"-and-more-of-it\",\"addresses\":[\"2001:db8:"
		"1:2:3:4:5:6\",\"192.0.2.111\"],\"port\":10022,\"logins\":["
		"\"" LONG "\",\"root\"],\"labels\":{\"env\":\"production\"},"
		"\"protected\":"
		"true"},
	    {run_users, "USER ",
		"\"user\":\"" LONG "-and-more-of-it\",\"state\":\"disabled\","
		"\"admin\":true,\"auditor\":true,\"groups\":[\"" LONG
		"\",\"oncall\"],\"keys\":[],\"totp\":true"},
	};
	static const unsigned short columns[] = {80, 110};
	char body[1024], out[4096];

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LEN(lists); i++) {
		const unsigned short width = columns[i % 2];
		const struct step steps[] = {
		    {NULL, 200, body}, {NULL, 0, NULL}};
		struct ctx c = {.socket = "x", .quiet = true};

		(void)snprintf(body, sizeof(body), "{\"items\":[{%s}]}",
		    lists[i / 2].item);
		script = steps;
		shown_at(lists[i / 2].run, &c, width, out, sizeof(out));
		assert_int_equal(
		    strncmp(out, lists[i / 2].head, strlen(lists[i / 2].head)),
		    0);
		for (const char *p = out; *p != '\0'; p += strspn(p, "\r\n")) {
			const char *shown = p;

			p += strcspn(p, "\r\n");
			if ((size_t)(p - shown) > width)
				fail_msg("%u columns:\n%s", width, out);
		}
	}
}

/* Before a recording is shown it is compared with the log: one that was changed
 * is not shown but by force, and what was not compared is said. (After what is
 * here the script has a line that is none.) */
static void
test_compared(void **state)
{
#define SID "s-9D3FAB2K"
#define CAST                                                                   \
	"{\"version\": 2, \"width\": 80, \"height\": 24, \"timestamp\": "      \
	"1767355200}\n[0.5, \"o\", \"shown\"]"
#define REC                                                                    \
	"\"time\":\"2026-01-02T12:00:00.000Z\",\"sid\":\"" SID                 \
	"\",\"channel\":1,"                                                    \
	"\"file\":\"" SID ".0.cast\""
#define START "{\"seq\":0,\"event\":\"recording.start\"," REC "}\n"
#define END(size, sha256)                                                      \
	"{\"seq\":1,\"event\":\"recording.end\",\"size\":" size                \
	",\"sha256\":\"" sha256 "\"," REC "}"
#define OTHER(n)                                                               \
	"{\"event\":\"recording.start\",\"time\":\"2026-01-02T12:00:00."       \
	"000Z\","                                                              \
	"\"sid\":\"" SID "\",\"channel\":" #n ",\"file\":\"" SID "." #n        \
	".cast\"}\n"
#define SIZE "96"
#define SHA256                                                                 \
	"affa99387814e318c7955131b13f15e6"                                     \
	"96798682a953dd0846945547ddc029ce"
	static const struct {
		const char *log, *says;
		bool force, shown;
	} rows[] = {
	    {START END(SIZE, SHA256),
		"Compared with the log: it has the digest of record 1 ", false,
		true},
	    {START END(SIZE, HEX64), "this is NOT what was recorded: record 1 ",
		false, false},
	    {START END(SIZE, HEX64), "this is NOT what was recorded: record 1 ",
		true, true},
	    {START END("5", SHA256), "the digest of 5 other bytes", false,
		false},
	    {START, "Not compared with the log: it has not ended", false, true},
	    /* each part is asked for by itself */
	    {START OTHER(1) END(SIZE, SHA256),
		"this is NOT what was recorded: record 1 has the digest of 96 "
		"other bytes",
		false, false},
	    {OTHER(2) START OTHER(3) END(SIZE, SHA256),
		"Compared with the log: it has the digest of record 1 ", false,
		true},
	    {"{}", "the log knows nothing of this recording", false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct step steps[] = {
		    {"/v1/recordings/" SID "?offset=0&channel=0", 200, CAST},
		    {"/v1/recordings/" SID "?offset=" SIZE "&channel=0", 200,
			""},
		    {NULL, 200, rows[i].log}, {NULL, 0, NULL}};
		struct ctx c = {.socket = "x"};
		char *text = NULL;
		int x = EXIT_OK;

		c.opt.arg[0] = SID;
		c.opt.nargs = 1;
		c.opt.n[F_FORCE] = rows[i].force;
		script = steps;
		text = output_of(run_session_play, &c, &x, true);
		assert_int_equal(x, EXIT_VERIFY);
		if (strstr(text, rows[i].says) == NULL ||
		    (strstr(text, "\nshown") != NULL) != rows[i].shown)
			fail_msg("%zu: %s", i, text);
		free(text);
	}
}

/* One whose file was taken away is not one that never was. */
static void
test_gone(void **state)
{
	static const struct {
		const char *log, *says;
		int exit;
	} rows[] = {
	    {START END(SIZE, SHA256),
		"record 1 says that it was recorded (96 bytes, SHA-256 " SHA256
		"): the file " SID ".0.cast is gone",
		EXIT_VERIFY},
	    {START, "record 0 says that a recording was begun", EXIT_VERIFY},
	    {"{}", "there is none", EXIT_NOT_FOUND},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct step steps[] = {
		    {"/v1/recordings/" SID "?offset=0&channel=0", 404,
			"{\"title\":\"there is none\",\"status\":404,"
			"\"detail\":\"there is none\"}"},
		    {NULL, 200, rows[i].log}, {NULL, 0, NULL}};
		struct ctx c = {.socket = "x"};
		char *text = NULL;
		int x = EXIT_OK;

		c.opt.arg[0] = SID;
		c.opt.nargs = 1;
		script = steps;
		text = output_of(run_session_play, &c, &x, true);
		if (x != rows[i].exit || strstr(text, rows[i].says) == NULL)
			fail_msg("%zu: %d: %s", i, x, text);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_output_is_escaped),
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_changes),
	    cmocka_unit_test(test_left),
	    cmocka_unit_test(test_applied),
	    cmocka_unit_test(test_lists_fit),
	    cmocka_unit_test(test_compared),
	    cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
