/* SPDX-License-Identifier: Apache-2.0 */
/* test_requests - jitctl approve, wait and request where others have to
 * approve: what is shown is what is signed, and what the exit status says. The
 * gateway is scripted.c. */
#include "tests/unit/support/test.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "jitctl/cmd/cmd.h"
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
	    T(test_waits),
	    T(test_waited),
	    T(test_opens),
	    T(test_hears),
	    T(test_watched),
	    T(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
