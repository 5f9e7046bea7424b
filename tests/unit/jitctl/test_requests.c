/* SPDX-License-Identifier: Apache-2.0 */
/* test_requests - jitctl approve, wait and request where others have to
 * approve: what is shown is what is signed, and what the exit status says. The
 * gateway is scripted.c. */
#include "tests/unit/support/test.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/waiting.h"
#include "tests/unit/jitctl/scripted.h"

#define R1 "r-7Q2MXK4P"
#define TOKEN                                                                  \
	{                                                                      \
		"/v1/token", 200, "{\"token\":\"x\",\"expires\":\"x\"}"        \
	}
#define SHOW "/v1/requests/" R1
/* As a string in JSON, and as it is. */
#define REVISION(q, target)                                                    \
	"{" q "request" q ":" q R1 q "," q "user" q ":" q "alice" q "," q      \
	"target" q ":" q target q "," q "login" q ":" q "deploy" q "," q       \
	"commands" q ":[[" q "id" q "," q "uptime {int}" q "],[" q "id" q      \
	"]]}"
#define PENDING                                                                \
	"{\"request\":\"" R1 "\",\"state\":\"pending\",\"asked\":\"1 of "      \
	"sre\",\"have\":0,\"want\":1,\"until\":\"2026-12-01T00:00:00Z\"}"
#define STATE(s, more) "{\"request\":\"" R1 "\",\"state\":\"" s "\"" more "}"

/* All of one, and what asks for it again. */
#define WHOLE                                                                  \
	",\"target\":\"web-01\",\"login\":\"deploy\",\"port\":22,"             \
	"\"role\":\"prod\",\"role_named\":true,\"for\":1800,"                  \
	"\"ticket\":\"CHG-1\",\"why\":\"it's on fire\""
#define AGAIN                                                                  \
	"Ask again:  jitctl request web-01 --login deploy --role prod "        \
	"--for 30m --ticket CHG-1 --reason "

struct place {
	struct ctx c;
	struct signer s;
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	signer_make(&p->s, &p->c);
	(void)setenv("XDG_STATE_HOME", p->s.dir, 1);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	char cmd[64];

	forget_sent();
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s/sallyport", p->s.dir);
	(void)!system(cmd);
	signer_done(&p->s);
	free(p);
	return 0;
}

/* What run() prints for that argument, and its exit code. */
static char *
said(struct place *p, int (*run)(struct ctx *), const char *arg,
    const struct step *steps, int want)
{
	char *text = NULL;
	int x = -1;

	forget_sent();
	script = steps;
	p->c.opt.arg[0] = arg;
	p->c.opt.nargs = 1;
	text = output_of(run, &p->c, &x, true);
	if (x != want)
		fail_msg("exit %d, not %d: %s", x, want, text);
	return text;
}

static void
want_said(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("no \"%s\" in: %s", part, text);
}

/* The body that was signed last. */
static void
want_signed(const char *want)
{
	struct signed_request r = {0};
	struct problem p = {0};
	json_t *o = json_loads(want, 0, NULL);

	assert_non_null(o);
	assert_true(nsent > 0);
	assert_int_equal(signed_parse(&r, sent[nsent - 1].payload,
			     sent[nsent - 1].payload_len, &p),
	    0);
	if (!json_equal(r.body, o))
		fail_msg("signed: %s", json_dumps(r.body, 0));
	json_decref(o);
	signed_done(&r);
}

/* The digest is of the text that is shown, whichever the gateway names, and
 * whatever it says beside it. */
static void
test_approved_as_shown(void **state)
{
	static const char seen[] = REVISION("\"", "web-01");
	static const struct step steps[] = {CHALLENGE, TOKEN,
	    {SHOW, 200,
		"{\"request\":\"" R1 "\",\"state\":\"pending\",\"target\":"
		"\"other\",\"user\":\"eve\","
		"\"digest\":\"" HEX64
		"\",\"revision\":\"" REVISION("\\\"", "web-01") "\"}"},
	    CHALLENGE, {"/v1/requests/approve", 200, STATE("approved", "")},
	    {NULL, 0, NULL}};
	struct place *p = *state;
	uint8_t hash[SHA256_DIGEST_LENGTH];
	char digest[65], want[256];
	char *text = said(p, run_approve, R1, steps, EXIT_FAILED);

	want_said(text, "nothing was approved: if that is meant, say --yes");
	assert_int_equal(nsent, 1); /* for the token */
	free(text);
	p->c.yes = true;
	text = said(p, run_approve, R1, steps, EXIT_OK);
	want_said(text, "alice asks for web-01");
	want_said(text, "only these commands, without a shell:\n    id\n"
			"    uptime {int}\n");
	want_said(text, "one of these as well:\n    id\n");
	assert_null(strstr(text, "eve"));
	assert_null(strstr(text, "other"));
	want_said(text, "is approved");
	(void)SHA256((const uint8_t *)seen, strlen(seen), hash);
	str_hex(digest, hash, sizeof(hash));
	(void)snprintf(want, sizeof(want),
	    "{\"request\":\"" R1 "\",\"revision\":\"%s\"}", digest);
	want_signed(want);
	free(text);
}

#define SHOWN(more)                                                            \
	{                                                                      \
		SHOW, 200,                                                     \
		    "{\"request\":\"" R1 "\",\"state\":\"pending\","           \
		    "\"revision\":\"" REVISION("\\\"", "web-01") "\"" more "}" \
	}

/* What its user had before, by our own words, and what holds it. */
static void
test_told_of_user(void **state)
{
	static const struct step steps[] = {CHALLENGE, TOKEN,
	    SHOWN(",\"habit\":{\"since\":\"2026-09-01T00:00:00Z\",\"times\":3,"
		  "\"last\":\"2026-11-30T00:00:00Z\",\"denied\":1,"
		  "\"new\":[\"longer\",\"source\",\"x\\u001b\"]},"
		  "\"held\":\"the target web-01 is locked\""),
	    {NULL, 0, NULL}};
	struct place *p = *state;
	char *text = said(p, run_request_show, R1, steps, EXIT_OK);

	want_said(text, "they had this target, login and role 3 times, last "
			"at ");
	want_said(text, "and were denied this login there 1 time.");
	want_said(text, "New in that time: a longer time than any they had, an "
			"address that they never came from.");
	want_said(text, "Held: the target web-01 is locked.");
	assert_null(strchr(text, '\x1b'));
	free(text);
}

#define OPEN(more)                                                             \
	{                                                                      \
		"/v1/requests", 201,                                           \
		    "{\"grant\":\"g-22222222\",\"login\":\"deploy\","          \
		    "\"target\":\"web-01\",\"ssh_port\":2222,"                 \
		    "\"record\":true,\"role\":\"ops\"" more "}"                \
	}

/* The line to be pasted is one that works, and what is recorded is said as it
 * is. */
static void
test_line_of_commands(void **state)
{
	static const struct {
		struct step opened;
		const char *line, *recorded;
	} rows[] = {{OPEN(",\"caps\":[\"exec\"]"), " COMMAND\n",
			"what runs is on record, its output is not"},
	    {OPEN(",\"caps\":[\"exec\",\"pty\"]"), " COMMAND\n",
		"terminals and shells recorded"},
	    {OPEN(",\"caps\":[\"sftp\"]"), "sftp ",
		"what runs is on record, its output is not"},
	    {OPEN(",\"caps\":[\"shell\",\"exec\"],\"roles\":\"ops,prod\""),
		"deploy@web-01@", "(role ops,prod)"}};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct step steps[] = {
		    CHALLENGE, rows[i].opened, {NULL, 0, NULL}};
		char *text = said(p, run_request, "web-01", steps, EXIT_OK);

		want_said(text, rows[i].line);
		want_said(text, rows[i].recorded);
		CHECK_ROW(i < 3 || strstr(text, "COMMAND") == NULL, text);
		free(text);
	}
}

/* What is said at the end of another command, at a terminal. */
static void
aside_of(struct ctx *c, const struct step *steps, char *ret, size_t size)
{
	const int master = posix_openpt(O_RDWR | O_NOCTTY);
	const int keep = dup(STDERR_FILENO);
	int slave = -1;
	size_t at = 0;
	ssize_t n;

	assert_true(master >= 0 && keep >= 0 && grantpt(master) == 0);
	assert_int_equal(unlockpt(master), 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	forget_sent();
	script = steps;
	assert_true(dup2(slave, STDERR_FILENO) >= 0);
	waiting_tell_aside(c);
	assert_true(dup2(keep, STDERR_FILENO) >= 0);
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

/* What waits is told with whatever was asked. What is approved is opened, but
 * not with a code that is at hand for something else; of a gateway that says
 * anything else it is not believed. */
static void
test_told_aside(void **state)
{
	static const struct step more[] = {CHALLENGE,
	    {"/v1/token", 200,
		"{\"token\":\"x\",\"expires\":\"x\",\"waits_for_you\":2,"
		"\"approved\":[\"" R1 "\"]}"},
	    SHOWN(""), {NULL, 0, NULL}};
	static const struct step bad[] = {CHALLENGE,
	    {"/v1/token", 200,
		"{\"token\":\"x\",\"expires\":\"x\",\"waits_for_you\":-1,"
		"\"approved\":[\"r-7Q2\\u001b[2J\"]}"},
	    SHOWN(""), {NULL, 0, NULL}};
	static const struct step opens[] = {CHALLENGE,
	    {"/v1/requests/activate", 201,
		"{\"target\":\"web-01\",\"end\":\"2026-12-01T00:00:00Z\"}"},
	    {NULL, 0, NULL}};
	static const struct step wants_code[] = {CHALLENGE,
	    {"/v1/requests/activate", 401, "{\"code\":\"code-needed\"}"},
	    {NULL, 0, NULL}};
	struct place *p = *state;
	char text[1024];

	free(said(p, run_request_show, R1, bad, EXIT_OK));
	assert_int_equal(p->c.waits, 0);
	assert_string_equal(p->c.approved, "");
	free(said(p, run_request_show, R1, more, EXIT_OK));
	assert_int_equal(p->c.waits, 2);
	assert_string_equal(p->c.approved, R1);
	aside_of(&p->c, opens, text, sizeof(text));
	want_said(text, "2 requests wait for you: ");
	want_said(text, "Request " R1 " was approved: web-01 is open for you");
	want_signed("{\"request\":\"" R1 "\"}");
	aside_of(&p->c, wants_code, text, sizeof(text));
	want_said(text, R1 " is approved: ");
	assert_int_equal(nsent, 1);
	assert_string_equal(sent[0].code, "");
	p->c.quiet = true;
	aside_of(&p->c, opens, text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(nsent, 0);
}

/* A text that is none, or another request's: nothing is signed. */
static void
test_nothing_to_approve(void **state)
{
	static const char *const shown[] = {"{\"request\":\"" R1 "\"}",
	    "{\"revision\":\"\"}", "{\"revision\":\"[]\"}",
	    "{\"revision\":\"{}\"}",
	    "{\"revision\":\"{\\\"request\\\":\\\"r-22222222\\\"}\"}",
	    "{\"revision\":\"{\\\"request\\\":\\\"" R1
	    "\\\",\\\"request\\\":\\\"" R1 "\\\"}\"}",
	    "{\"revision\":{\"request\":\"" R1 "\"}}"};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		const struct step steps[] = {
		    CHALLENGE, TOKEN, {SHOW, 200, shown[i]}, {NULL, 0, NULL}};

		free(said(p, run_approve, R1, steps, EXIT_VERIFY));
		CHECK_ROW(nsent == 1, shown[i]); /* for the token */
	}
}

/* Nobody is at a terminal: it is said that it waits, and it stays. */
static void
test_waits(void **state)
{
	static const struct step steps[] = {
	    CHALLENGE, {"/v1/requests", 202, PENDING}, {NULL, 0, NULL}};
	struct place *p = *state;
	char *text = said(p, run_request, "web-01", steps, EXIT_PENDING);

	want_said(text, "Waiting for approval by 1 of sre (0 of 1 so far)");
	want_said(text, "jitctl wait " R1);
	free(text);
	p->c.out = OUT_NAME;
	text = said(p, run_request, "web-01", steps, EXIT_PENDING);
	want_said(text, R1 "\n");
	free(text);
	p->c.opt.n[F_WAIT] = p->c.opt.n[F_NO_WAIT] = 1;
	text = said(p, run_request, "web-01", steps, EXIT_USAGE);
	assert_int_equal(nsent, 0);
	free(text);
}

/* What it is when its user comes back. */
static void
test_waited(void **state)
{
	static const struct {
		const char *shown, *says;
		int x;
	} rows[] = {
	    {PENDING, "Waiting for approval by 1 of sre", EXIT_PENDING},
	    {STATE("denied", ",\"by\":\"bob\",\"note\":\"not now\""),
		"is denied by bob: not now: nothing was opened", EXIT_REFUSED},
	    {STATE("lapsed", ",\"by\":\"\",\"note\":\"\""),
		"is lapsed: nothing was opened", EXIT_CONFLICT},
	    {STATE("withdrawn", ",\"by\":\"alice\""),
		"is withdrawn by alice: nothing was opened", EXIT_CONFLICT},
	    {STATE("ended", ",\"by\":\"alice\",\"note\":\"ok\""),
		"was opened and has ended: ask again", EXIT_CONFLICT},
	    {STATE("", ""), "nothing was opened", EXIT_CONFLICT},
	    {STATE("changed", WHOLE), AGAIN, EXIT_CONFLICT},
	    {STATE("ended", WHOLE), AGAIN, EXIT_CONFLICT},
	    {STATE("pending", ",\"asked\":\"1 of sre\",\"have\":0,\"want\":1,"
			      "\"wants\":\"1 of sre, then 2 of leads\""),
		"1 of sre (0 of 1 so far), then 2 of leads; it lapses",
		EXIT_PENDING},
	    {STATE("pending", ",\"asked\":\"1 of sre\",\"have\":0,\"want\":1,"
			      "\"held\":\"the target web-01 is locked\""),
		"Held until that is gone: the target web-01 is locked",
		EXIT_PENDING},
	    {STATE("pending", ",\"asked\":\"1 of sre\",\"have\":0,\"want\":1,"
			      "\"unapprovable\":\"nobody is in sre\""),
		"Too few can approve it: nobody is in sre", EXIT_PENDING},
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct step steps[] = {CHALLENGE, TOKEN,
		    {SHOW, 200, rows[i].shown}, {NULL, 0, NULL}};
		char *text = said(p, run_wait, R1, steps, rows[i].x);

		want_said(text, rows[i].says);
		free(text);
	}
}

/* Approved: it is opened, by a call of its own. */
static void
test_opens(void **state)
{
	static const struct step steps[] = {CHALLENGE, TOKEN,
	    {SHOW, 200,
		STATE("approved",
		    ",\"approvals\":[{\"user\":\"bob\",\"note\":\"ok\"}]")},
	    CHALLENGE,
	    {"/v1/requests/activate", 201,
		"{\"grant\":\"g-22222222\",\"state\":\"active\"}"},
	    {NULL, 0, NULL}};
	static const struct step refused[] = {CHALLENGE, TOKEN,
	    {SHOW, 200, STATE("approved", "")}, CHALLENGE,
	    {"/v1/requests/activate", 409,
		"{\"code\":\"conflict\",\"detail\":\"ask again\"}"},
	    {NULL, 0, NULL}};
	struct place *p = *state;
	char *text = NULL;

	p->c.out = OUT_NAME;
	text = said(p, run_wait, R1, steps, EXIT_OK);
	want_said(text, "Approved by bob: ok");
	want_said(text, "g-22222222\n");
	want_signed("{\"request\":\"" R1 "\"}");
	free(text);
	text = said(p, run_wait, R1, refused, EXIT_CONFLICT);
	want_said(text, "ask again");
	free(text);
}

/* Nobody waits here for time: it is counted. */
static unsigned naps;

int
nanosleep(const struct timespec *t, struct timespec *left)
{
	(void)t;
	(void)left;
	naps++;
	return 0;
}

/* Each read by a token of its own: the one before has no end that could be
 * read. */
#define READ(path, status, body)                                               \
	CHALLENGE, TOKEN,                                                      \
	{                                                                      \
		path, status, body                                             \
	}
#define EVENT(last)                                                            \
	READ("/v1/events?last=" last, 200,                                     \
	    "id: 5\nevent: request\ndata: {}\n\n")
#define LOOK_PENDING READ(SHOW, 200, PENDING)
#define LOOK_APPROVED READ(SHOW, 200, STATE("approved", ""))
#define OPENS                                                                  \
	CHALLENGE,                                                             \
	    {"/v1/requests/activate", 201,                                     \
		"{\"grant\":\"g-22222222\",\"state\":\"active\"}"},            \
	{                                                                      \
		NULL, 0, NULL                                                  \
	}

/* Whoever waits hears of it at once; where the stream breaks it is looked at
 * and heard again, and where none is to be had it is looked at now and then,
 * without a word of that. */
static void
test_hears(void **state)
{
	static const struct step at_once[] = {
	    LOOK_PENDING, EVENT("0"), LOOK_APPROVED, OPENS};
	static const struct step broken[] = {LOOK_PENDING, EVENT("0"),
	    LOOK_PENDING, LOOK_PENDING, EVENT("5"), LOOK_APPROVED, OPENS};
	static const struct step deaf[] = {LOOK_PENDING,
	    READ("/v1/events?last=0", 429,
		"{\"code\":\"too-many\",\"detail\":\"4 streams\"}"),
	    LOOK_PENDING, LOOK_APPROVED, OPENS};
	static const struct {
		const struct step *steps;
		unsigned naps;
	} rows[] = {{at_once, 0}, {broken, 1}, {deaf, 2}};
	struct place *p = *state;

	p->c.opt.n[F_WAIT] = 1;
	p->c.out = OUT_NAME;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = NULL;

		naps = 0;
		text = said(p, run_wait, R1, rows[i].steps, EXIT_OK);
		want_said(text, "Request " R1 " stays, whatever becomes");
		assert_null(strstr(text, "Ctrl-C"));
		assert_null(strstr(text, "streams"));
		assert_int_equal(naps, rows[i].naps);
		free(text);
	}
}

#define HEARD                                                                  \
	READ("/v1/events?last=0", 200,                                         \
	    "id: 7\nevent: request\ndata: {\"request\":\"" R1                  \
	    "\",\"state\":\"denied\"}\n\n"),                                   \
	    READ("/v1/requests", 200, "{\"items\":[]}")
#define NO_KEY                                                                 \
	{                                                                      \
		NULL, WRONG_KEY, "x"                                           \
	}

/* What the list does not have is read: what was decided, and to who has rights
 * what others have asked for. A key that is another one ends it at once. */
static void
test_watched(void **state)
{
	static const struct step gone[] = {HEARD,
	    READ(SHOW, 200,
		STATE("denied",
		    ",\"user\":\"al\\u001b[2Jice\",\"target\":\"web-01\","
		    "\"by\":\"bob\",\"note\":\"not now\"")),
	    NO_KEY, {NULL, 0, NULL}};
	static const struct step none[] = {HEARD,
	    READ(SHOW, 404, "{\"code\":\"not-found\",\"detail\":\"none\"}"),
	    NO_KEY, {NULL, 0, NULL}};
	struct place *p = *state;
	char *text = NULL;

	p->c.opt.n[F_WATCH] = 1;
	text = said(p, run_requests, NULL, gone, EXIT_UNREACHABLE);
	want_said(text, " for web-01 is denied by bob: not now\n");
	assert_null(strchr(text, '\x1b'));
	free(text);
	p->c.key_changed = false;
	text = said(p, run_requests, NULL, none, EXIT_UNREACHABLE);
	assert_string_equal(text, "");
	free(text);
}

/* A no has its reason, before anything is sent. */
static void
test_words(void **state)
{
	static const struct step none[] = {{NULL, 200, "{}"}, {NULL, 0, NULL}};
	static const char *const bad[] = {
	    "", "g-22222222", "r-1", "r-7Q2MXK4P2", "../users"};
	struct place *p = *state;

	free(said(p, run_deny, R1, none, EXIT_USAGE));
	p->c.opt.n[F_REASON] = 1;
	p->c.opt.value[F_REASON][0] = "  ";
	free(said(p, run_deny, R1, none, EXIT_USAGE));
	p->c.opt.value[F_REASON][0] = "two\nlines";
	free(said(p, run_deny, R1, none, EXIT_USAGE));
	free(said(p, run_cancel, R1, none, EXIT_USAGE));
	p->c.opt.n[F_REASON] = 0;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		free(said(p, run_approve, bad[i], none, EXIT_USAGE));
		free(said(p, run_request_show, bad[i], none, EXIT_USAGE));
		free(said(p, run_cancel, bad[i], none, EXIT_USAGE));
		free(said(p, run_wait, bad[i], none, EXIT_USAGE));
	}
	assert_int_equal(nsent, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_approved_as_shown),
	    T(test_nothing_to_approve),
	    T(test_told_of_user),
	    T(test_line_of_commands),
	    T(test_told_aside),
	    T(test_waits),
	    T(test_waited),
	    T(test_opens),
	    T(test_hears),
	    T(test_watched),
	    T(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
