/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit - reads the evidence (tail). search.c finds in it, verify.c proves it.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/str.h"
#include "jitctl/cmd/audit.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/record.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

enum { POLL_MS = 1000, TAIL_DEFAULT = 20 };

/* Reads one piece of the log; *retend when nothing came. */
static int
read_piece(struct reader *rd, bool *retend)
{
	struct reply r = {0};
	struct query q = {0};
	const char *p = NULL;
	const char *lf = NULL;
	int x = EXIT_FAILED;

	query_add_u64(&q, "from", rd->next);
	x = read_verb(rd->c, VERB_AUDIT, NULL, &q, &r);
	*retend = true;
	if (x != EXIT_OK)
		goto out;
	for (p = r.body; !rd->stopped; p = lf + 1) {
		lf = memchr(p, '\n', r.len - (size_t)(p - r.body));
		if (lf == NULL)
			break;
		*retend = false;
		rd->stopped = !rd->each(rd->arg, p, (size_t)(lf - p));
		rd->next++;
	}
out:
	reply_done(&r);
	return x;
}

int
audit_read(struct reader *rd)
{
	bool end = false;
	int x = EXIT_OK;

	while (x == EXIT_OK && !end && !rd->stopped)
		x = read_piece(rd, &end);
	return x;
}

/* ------------------------------------------------------------------ tail */

struct ring {
	char **line;
	size_t *len;
	size_t size, at;
};

static bool
keep_record(void *arg, const char *line, size_t n)
{
	struct ring *r = arg;
	const size_t i = r->at++ % r->size;

	free(r->line[i]);
	r->line[i] = malloc(n + 1);
	if (r->line[i] == NULL)
		return false;
	memcpy(r->line[i], line, n);
	r->line[i][n] = '\0';
	r->len[i] = n;
	return true;
}

static bool
show_one(void *arg, const char *line, size_t n)
{
	record_show(arg, line, n);
	return ferror(stdout) == 0;
}

static volatile sig_atomic_t stopped;

static void
on_stop(int sig)
{
	stopped = sig;
}

/* Is there a record of this number? */
static int
has_record(struct ctx *c, uint64_t seq, bool *ret)
{
	struct reply r = {0};
	struct query q = {0};
	int x = EXIT_OK;

	query_add_u64(&q, "from", seq);
	query_add_u64(&q, "max", 1);
	x = read_verb(c, VERB_AUDIT, NULL, &q, &r);
	*ret = x == EXIT_OK && r.len > 0;
	reply_done(&r);
	return x;
}

/* By asking for some: the log may be large, and only its end is wanted. */
int
audit_count(struct ctx *c, uint64_t *ret)
{
	uint64_t low = 0; /* at least so many there are */
	uint64_t high = 1024;
	bool there = true;
	int x = EXIT_OK;

	for (; there; high *= 2) {
		if ((x = has_record(c, high - 1, &there)) != EXIT_OK)
			return x;
		if (!there)
			break;
		low = high;
		if (high > INT64_MAX / 2) {
			say_error("the gateway's log has no end");
			return EXIT_FAILED;
		}
	}
	while (low < high) {
		const uint64_t mid = low + (high - low) / 2;

		if ((x = has_record(c, mid, &there)) != EXIT_OK)
			return x;
		if (there)
			low = mid + 1;
		else
			high = mid;
	}
	*ret = low;
	return EXIT_OK;
}

/* Is the record of this number before that time? */
static int
is_before(struct ctx *c, uint64_t seq, int64_t utc_ms, bool *ret)
{
	struct reply r = {0};
	struct query q = {0};
	const char *end = NULL;
	json_t *o = NULL;
	int64_t ms = 0;
	int x = EXIT_OK;

	query_add_u64(&q, "from", seq);
	query_add_u64(&q, "max", 1);
	x = read_verb(c, VERB_AUDIT, NULL, &q, &r);
	if (x == EXIT_OK && r.len > 0)
		end = memchr(r.body, '\n', r.len);
	if (end != NULL)
		o = json_parse_record(r.body, (size_t)(end - r.body));
	*ret = o != NULL && str_time_parse(member(o, "time"), &ms) == 0 &&
	       ms < utc_ms;
	json_decref(o);
	reply_done(&r);
	return x;
}

int
audit_since(struct ctx *c, int64_t utc_ms, uint64_t *ret)
{
	uint64_t low = 0, high = 0;
	int x = utc_ms > 0 ? audit_count(c, &high) : EXIT_OK;

	while (x == EXIT_OK && low < high) {
		const uint64_t mid = low + (high - low) / 2;
		bool before = false;

		x = is_before(c, mid, utc_ms, &before);
		if (before)
			low = mid + 1;
		else
			high = mid;
	}
	*ret = low;
	return x;
}

static int
follow(struct reader *rd)
{
	struct sigaction sa = {.sa_handler = on_stop};
	bool end = false;
	int x = EXIT_OK;

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGINT, &sa, NULL);
	while (stopped == 0 && ferror(stdout) == 0) {
		x = read_piece(rd, &end);
		if (x == EXIT_UNREACHABLE)
			say(rd->c, "The gateway does not answer; trying "
				   "again.");
		else if (x != EXIT_OK)
			return x;
		(void)fflush(stdout);
		if (end)
			(void)poll(NULL, 0, POLL_MS);
	}
	if (stopped == 0)
		return EXIT_OK;
	if (isatty(STDERR_FILENO) == 1)
		(void)fputc('\n', stderr); /* after the terminal's "^C" */
	return EXIT_INTERRUPTED;
}

int
run_audit_tail(struct ctx *c)
{
	const char *text = opt_get(&c->opt, F_LINES);
	struct ring ring = {0};
	struct reader rd = {.c = c, .each = keep_record, .arg = &ring};
	uint64_t lines = TAIL_DEFAULT;
	int x = EXIT_FAILED;

	if (text != NULL && str_u64(text, 1, LIMIT_TAIL_LINES, &lines) != 0) {
		say_error("--lines: 1 to %d", (int)LIMIT_TAIL_LINES);
		return EXIT_USAGE;
	}
	ring.size = (size_t)lines;
	ring.line = calloc(ring.size, sizeof(*ring.line));
	ring.len = calloc(ring.size, sizeof(*ring.len));
	if (ring.line != NULL && ring.len != NULL &&
	    (x = audit_count(c, &rd.next)) == EXIT_OK) {
		rd.next -= rd.next < lines ? rd.next : lines;
		x = audit_read(&rd);
	}
	for (size_t i = ring.at > ring.size ? ring.at - ring.size : 0;
	     x == EXIT_OK && i < ring.at; i++)
		record_show(
		    c, ring.line[i % ring.size], ring.len[i % ring.size]);
	(void)fflush(stdout);
	for (size_t i = 0; ring.line != NULL && i < ring.size; i++)
		free(ring.line[i]);
	free(ring.line);
	free(ring.len);
	if (x != EXIT_OK || !opt_has(&c->opt, F_FOLLOW))
		return x;
	rd.each = show_one;
	rd.arg = c;
	return follow(&rd);
}
