/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify - proves the evidence, and says how far: against checkpoints within
 * the log, and against the newest one that can be found outside of it, since a
 * log that was cut back at a record is a good log by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/expect.h"
#include "audit/verify.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/safefile.h"
#include "base/str.h"
#include "jitctl/cmd/audit.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/when.h"

enum { LOOK_BACK = 64 }; /* records of the gateway's end, then twice as many */

/* What the log was compared with. */
enum source { FROM_NOTHING = 0, FROM_FILE, FROM_GATEWAY };

struct job {
	struct ctx *c;
	char vkey[512];
	struct expect expect;
	enum source source;
	uint64_t gateway; /* records it has; 0 = not asked */
};

static const char *
verdict_word(enum verify_verdict v)
{
	switch (v) {
	case VERIFY_OK:
		return "ok";
	case VERIFY_OPEN:
		return "open";
	case VERIFY_SHORT:
		return "short";
	default:
		return "bad";
	}
}

/* The gateway has fewer records than a copy that was taken before: its log was
 * cut back. */
static bool
gateway_short(const struct job *j, const struct verify_result *r)
{
	return j->source == FROM_GATEWAY && j->gateway < r->records;
}

/* How far this reaches beyond the log itself. */
static void
compared(
    const struct job *j, const struct verify_result *r, char *ret, size_t size)
{
	const unsigned long long n = j->expect.newest.size;

	if (j->source == FROM_NOTHING)
		(void)snprintf(ret, size,
		    "It was compared with no checkpoint kept elsewhere, so "
		    "nobody would miss records that were cut off its end: "
		    "--expect names one, or a receiver's copy.");
	else if (j->source == FROM_FILE)
		(void)snprintf(ret, size,
		    "The newest checkpoint in %s, of %llu records, agrees.",
		    opt_get(&j->c->opt, F_EXPECT), n);
	else if (gateway_short(j, r))
		(void)snprintf(ret, size,
		    "The gateway's own log was cut back: it has %llu records, "
		    "this copy %llu.",
		    (unsigned long long)j->gateway,
		    (unsigned long long)r->records);
	else if (n > r->records)
		(void)snprintf(ret, size,
		    "The gateway has %llu records more than this copy.",
		    (unsigned long long)(j->gateway - r->records));
	else if (j->gateway <= r->records)
		(void)snprintf(ret, size,
		    "The gateway's newest checkpoint, of %llu records, "
		    "agrees.",
		    n);
	else
		(void)snprintf(ret, size,
		    "The gateway's newest checkpoint, of %llu records, "
		    "agrees; it has %llu records more than this copy.",
		    n, (unsigned long long)(j->gateway - r->records));
}

/* What there is beside the records. */
static void
others(const struct verify_result *r, char *ret, size_t size)
{
	const size_t n = strlen(ret);

	(void)snprintf(ret + n, size - n,
	    "%s%llu other %s no record and %s left out.", n > 0 ? " " : "",
	    (unsigned long long)r->others,
	    r->others == 1 ? "line is" : "lines are",
	    r->others == 1 ? "was" : "were");
}

static json_t *
verdict_json(const struct job *j, const struct verify_result *r, bool bad_end,
    const char *text, const char *more)
{
	static const char *const sources[] = {"nothing", "file", "gateway"};
	char when[32] = "";
	json_t *o = NULL;

	if (r->covered > 0)
		str_time(when, sizeof(when), r->covered_ms);
	o = json_pack("{s:s,s:I,s:I,s:I,s:I,s:s,s:s,s:I,s:s,s:s}", "verdict",
	    bad_end ? "short" : verdict_word(r->verdict), "records",
	    (json_int_t)r->records, "covered", (json_int_t)r->covered,
	    "checkpoints", (json_int_t)r->checkpoints, "other_lines",
	    (json_int_t)r->others, "covered_until", when, "compared_with",
	    sources[j->source], "expected", (json_int_t)r->expected, "text",
	    text, "comparison", more);
	if (o != NULL && r->verdict == VERIFY_BAD) {
		(void)json_object_set_new(
		    o, "bad_first", json_integer((json_int_t)r->bad_first));
		(void)json_object_set_new(
		    o, "bad_last", json_integer((json_int_t)r->bad_last));
	}
	return o;
}

static int
verdict(const struct job *j, const struct verify_result *r)
{
	const bool good = r->verdict == VERIFY_OK || r->verdict == VERIFY_OPEN;
	const bool bad_end = good && gateway_short(j, r);
	char text[CELL_SIZE], said[LIMIT_TEXT_SIZE] = "", more[CELL_SIZE];
	char local[CELL_SIZE];
	json_t *o = NULL;

	say_text(text, sizeof(text), r->text, strlen(r->text));
	if (good)
		compared(j, r, said, sizeof(said));
	if (r->others > 0)
		others(r, said, sizeof(said));
	say_text(more, sizeof(more), said, strlen(said));
	o = verdict_json(j, r, bad_end, text, more);
	when_in_text(local, sizeof(local), text);
	if (!out_object(j->c, o))
		(void)printf("%s%s%s\n", local, good ? "\n" : "", more);
	json_decref(o);
	return good && !bad_end ? EXIT_OK : EXIT_VERIFY;
}

/* The key that the gateway names, unless it named another when this user
 * joined: who forges a log signs it with a key of their own. */
static int
served_vkey(const struct ctx *c, const char *key, char *ret, size_t size)
{
	if (c->prof.log_key[0] != '\0' && strcmp(c->prof.log_key, key) != 0 &&
	    !FAULT(believe_reply)) {
		say_error("the gateway names another log key than when you "
			  "joined; if it was changed on purpose, name it: "
			  "--vkey FILE, a copy of its "
			  "/var/lib/sallyport/pub/log.vkey");
		return EXIT_VERIFY;
	}
	return str_copy(ret, size, key) == 0 ? EXIT_OK : EXIT_FAILED;
}

/* From --vkey, else from the gateway over the pinned connection. It must not
 * come with the log itself. */
static int
get_vkey(struct ctx *c, char *ret, size_t size)
{
	const char *path = opt_get(&c->opt, F_VKEY);
	struct secret text = {0};
	struct reply r = {0};
	int x = EXIT_FAILED;

	if (path == NULL) {
		x = read_verb(c, VERB_SERVER, NULL, NULL, &r);
		if (x == EXIT_OK)
			x = served_vkey(
			    c, member(r.json, "log_key"), ret, size);
		reply_done(&r);
		return x;
	}
	char *full = realpath(path, NULL);

	if (full == NULL)
		say_error("%s: %s", path, strerror(errno));
	else if (safefile_read(&text, full, size - 1, SAFEFILE_ANY_OWNER) != 0)
		say_error("%s: not a readable key file", path);
	else {
		text.p[strcspn((const char *)text.p, "\r\n")] = '\0';
		if (str_copy(ret, size, (const char *)text.p) == 0)
			x = EXIT_OK;
	}
	free(full);
	secret_free(&text);
	return x;
}

/* ---- what it is compared with */

static bool
on_line(void *arg, const char *line, size_t n)
{
	expect_line(arg, line, n);
	return true;
}

/* The newest one in the gateway's log: near its end. False, and what went wrong
 * is said, when that cannot be had. */
static bool
ask_gateway(struct job *j)
{
	struct reader rd = {.c = j->c, .each = on_line, .arg = &j->expect};
	uint64_t back = LOOK_BACK;

	if (audit_count(j->c, &j->gateway) != EXIT_OK)
		return false;
	for (; !j->expect.found; back *= 2) {
		rd.next = j->gateway > back ? j->gateway - back : 0;
		if (audit_read(&rd) != EXIT_OK)
			return false;
		if (back >= j->gateway)
			break;
	}
	return j->expect.found;
}

static int
read_expected(struct job *j, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? GW_ESYS : expect_fd(&j->expect, fd);

	if (r != 0)
		say_error("%s: %s", path,
		    r == GW_ESYS ? strerror(errno) : err_str(r));
	else if (!j->expect.found)
		say_error(
		    "%s: no checkpoint that this log's key has signed", path);
	if (fd >= 0)
		(void)close(fd);
	return r == 0 && j->expect.found ? EXIT_OK : EXIT_FAILED;
}

/* A file that is named; else, for a copy of the log, the gateway, if this
 * account knows one. The gateway's log is no proof of itself. */
static int
find_expected(struct job *j, bool copy)
{
	const char *path = opt_get(&j->c->opt, F_EXPECT);

	if (path != NULL) {
		j->source = FROM_FILE;
		return read_expected(j, path);
	}
	if (copy && (j->c->socket != NULL || j->c->have_profile) &&
	    ask_gateway(j))
		j->source = FROM_GATEWAY;
	return EXIT_OK;
}

/* ---- the log */

static bool
feed(void *arg, const char *line, size_t n)
{
	return verify_line(arg, line, n);
}

static int
read_dir(struct verify *v, const char *dir)
{
	int r = verify_dir(v, dir);

	if (r == 0)
		return EXIT_OK;
	if (r == GW_ESYS && errno == ENOENT && access(dir, F_OK) == 0)
		say_error("%s: no audit-NUMBER.ndjson in it (a file of another "
			  "name has to be named itself)",
		    dir);
	else
		say_error(
		    "%s: %s", dir, r == GW_ESYS ? strerror(errno) : err_str(r));
	return EXIT_FAILED;
}

int
run_audit_verify(struct ctx *c)
{
	const char *dir = opt_get(&c->opt, F_DIR);
	struct job j = {.c = c};
	struct reader rd = {.c = c, .each = feed};
	struct verify *v = NULL;
	int x = get_vkey(c, j.vkey, sizeof(j.vkey));

	if (x != EXIT_OK)
		return x;
	if (verify_new(&v, j.vkey) != 0 ||
	    expect_init(&j.expect, j.vkey) != 0) {
		say_error("the log's key is not a verifier key "
			  "(name+hash+base64)");
		x = EXIT_FAILED;
		goto out;
	}
	if ((x = find_expected(&j, dir != NULL)) != EXIT_OK)
		goto out;
	if (j.source != FROM_NOTHING)
		verify_expect(v, &j.expect.newest, j.source == FROM_FILE);
	rd.arg = v;
	x = dir != NULL ? read_dir(v, dir) : audit_read(&rd);
	if (x == EXIT_OK)
		x = verdict(&j, verify_result(v));
out:
	verify_free(v);
	return x;
}
