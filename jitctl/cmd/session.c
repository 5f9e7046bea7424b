/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - lists and kills sessions, and plays recordings in this terminal:
 * space pauses, . steps to the next output, q leaves.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/safefile.h"
#include "base/str.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/compare.h"
#include "jitctl/cmd/list.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/cast.h"
#include "jitctl/term/json.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static bool
sid_arg(const struct ctx *c, const char *s)
{
	if (id_ok(s, 's'))
		return true;
	say_error("not a session: they look like s-9D3FAB2K; %s sessions "
		  "lists them",
	    self(c));
	return false;
}

int
run_sessions(struct ctx *c)
{
	static const struct col cols[] = {
	    {"SESSION", "sid", COL_TEXT, COL_SHOWN},
	    {"WHO", "user", COL_TEXT, COL_SHOWN},
	    {"TARGET", "target", COL_TEXT, COL_SHOWN},
	    {"LOGIN", "login", COL_TEXT, COL_LESS},
	    {"START", "start", COL_TIME, COL_SHOWN},
	    {"END", "end", COL_TIME, COL_SHOWN},
	    {"ENDED", "reason", COL_TEXT, COL_SHOWN},
	    {"REC", "recorded", COL_BOOL, COL_LESS},
	    {"GRANT", "grant", COL_TEXT, COL_WIDE},
	    {"SOURCE", "source", COL_TEXT, COL_WIDE},
	    {"IN", "bytes_in", COL_TEXT, COL_WIDE},
	    {"OUT", "bytes_out", COL_TEXT, COL_WIDE},
	};
	char empty[sizeof(c->self) + 80] = "No sessions.";
	struct query q = {0};

	if (opt_has(&c->opt, F_ALL))
		query_add(&q, "all", "1");
	else
		(void)snprintf(empty, sizeof(empty),
		    "No live sessions%s. Ended ones too: %s sessions --all",
		    c->socket == NULL ? " of yours" : "", self(c));
	return list_print(c, VERB_SESSIONS, &q, cols, ARRAY_LEN(cols), empty);
}

int
run_session_kill(struct ctx *c)
{
	struct reply r = {0};
	const char *grant = NULL, *why = opt_get(&c->opt, F_REASON);
	int x = EXIT_USAGE;

	if (!sid_arg(c, c->opt.arg[0]) ||
	    (why != NULL && !text_arg("--reason", why)))
		return EXIT_USAGE;
	x = change(c, VERB_SESSION_KILL,
	    json_pack("{s:s,s:s*}", "sid", c->opt.arg[0], "reason", why), &r);
	if (x == EXIT_OK && !out_object(c, r.json) &&
	    strcmp(member(r.json, "state"), "ended") == 0) {
		grant = member_id(r.json, "grant", 'g');
		say(c, "Session %s ended.%s%s%s%s", c->opt.arg[0],
		    grant[0] != '\0'
			? " Its grant is still live; end that too with: "
			: "",
		    grant[0] != '\0' ? self(c) : "",
		    grant[0] != '\0' ? " revoke " : "", grant);
	}
	reply_done(&r);
	return x;
}

/* ---------------------------------------------------------------- player */

struct player {
	struct ctx *c;
	struct taken taken;
	uint64_t channel;
	struct buf text; /* lines not yet played */
	struct cast_filter filter;
	bool header;
	double last;     /* time of the event before */
	double speed;    /* 0 = as fast as it goes */
	double idle_max; /* seconds; 0 = as recorded */
	int tty;         /* where keys come from; -1 = nowhere */
	bool paused;
	bool step;
};

static volatile sig_atomic_t stopped;

static void
on_stop(int sig)
{
	stopped = sig;
}

enum key { KEY_NONE = 0, KEY_QUIT, KEY_PAUSE, KEY_STEP };

static enum key
read_key(const struct player *p, int wait_ms)
{
	struct pollfd pfd = {.fd = p->tty, .events = POLLIN};
	char ch = 0;

	if (p->tty < 0) {
		if (wait_ms > 0)
			(void)poll(NULL, 0, wait_ms);
		return stopped != 0 ? KEY_QUIT : KEY_NONE;
	}
	if (poll(&pfd, 1, wait_ms) != 1 || read(p->tty, &ch, 1) != 1)
		return stopped != 0 ? KEY_QUIT : KEY_NONE;
	if (ch == 'q' || ch == 3)
		return KEY_QUIT;
	return ch == ' ' ? KEY_PAUSE : ch == '.' ? KEY_STEP : KEY_NONE;
}

/* Waits for the time before an event. false: the user leaves. */
static bool
wait_for(struct player *p, double seconds)
{
	int64_t until = 0;

	if (p->idle_max > 0 && seconds > p->idle_max)
		seconds = p->idle_max;
	seconds = p->speed > 0 ? seconds / p->speed : 0;
	if (seconds > 86400)
		seconds = 86400;
	until = clock_mono_us() + (int64_t)(seconds * 1e6);
	for (;;) {
		const int64_t left = until - clock_mono_us();
		int ms = left > 0 ? (int)(left / 1000 + 1) : 0;
		enum key k = KEY_NONE;

		if (p->paused)
			ms = -1;
		k = read_key(p, ms);
		if (k == KEY_QUIT)
			return false;
		if (k == KEY_PAUSE)
			p->paused = !p->paused;
		if (k == KEY_STEP) {
			p->paused = true;
			return true;
		}
		if (!p->paused && clock_mono_us() >= until)
			return true;
	}
}

static int
play_line(struct player *p, const char *line, size_t n)
{
	struct cast_event e = {0};
	struct buf shown;
	unsigned w = 0;
	unsigned h = 0;
	int x = EXIT_OK;

	if (!p->header) {
		p->header = cast_header(line, n, &w, &h);
		if (p->header)
			return EXIT_OK;
		say_error("this is not an asciicast v2 recording");
		return EXIT_VERIFY;
	}
	if (!cast_event(&e, line, n)) {
		say_error("the recording has a line that is not an event");
		return EXIT_VERIFY;
	}
	buf_init(&shown, 16 * 1024 * 1024);
	if (!wait_for(p, e.time > p->last ? e.time - p->last : 0)) {
		x = EXIT_INTERRUPTED;
	} else if (e.kind == 'o') {
		cast_filter(&p->filter, &shown, e.data, e.len);
		if (buf_err(&shown) != 0 ||
		    safefile_write_all(STDOUT_FILENO, shown.p, shown.len) != 0)
			x = out_reader_left() ? EXIT_NO_READER : EXIT_FAILED;
	}
	p->last = e.time;
	buf_done(&shown);
	cast_event_done(&e);
	return x;
}

typedef int line_fn(struct player *p, const char *line, size_t n);

/* All that are there whole. */
static int
each_line(struct player *p, line_fn *fn)
{
	int x = EXIT_OK;

	while (x == EXIT_OK && p->text.len > 0) {
		const char *line = (const char *)p->text.p;
		const char *end = memchr(line, '\n', p->text.len);

		if (end == NULL)
			break;
		x = fn(p, line, (size_t)(end - line));
		buf_shift(&p->text, (size_t)(end - line) + 1);
	}
	return x;
}

/* The next piece of what was taken; *retend when there is no more. */
static int
fetch(struct player *p, bool *retend)
{
	char piece[16 * 1024];
	const ssize_t n = read(p->taken.fd, piece, sizeof(piece));

	*retend = n <= 0;
	if (n > 0)
		buf_put(&p->text, piece, (size_t)n);
	if (n >= 0 && buf_err(&p->text) == 0)
		return EXIT_OK;
	say_error("a line of the recording is too long");
	return EXIT_FAILED;
}

static int
play(struct player *p)
{
	struct sigaction sa = {.sa_handler = on_stop};
	struct sigaction old;
	struct termios before;
	struct termios raw;
	bool end = false;
	int x = EXIT_OK;

	if (isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 &&
	    tcgetattr(STDIN_FILENO, &before) == 0) {
		p->tty = STDIN_FILENO;
		raw = before;
		raw.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
		(void)tcsetattr(p->tty, TCSANOW, &raw);
	}
	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGINT, &sa, &old);
	while (x == EXIT_OK && !end) {
		x = fetch(p, &end);
		if (x == EXIT_OK)
			x = each_line(p, play_line);
	}
	(void)sigaction(SIGINT, &old, NULL);
	if (isatty(STDOUT_FILENO) == 1) {
		/* Attributes, characters, cursor, keys, colours, wrapping,
		 * scrolling, main screen: as a shell expects. */
		(void)printf("\x1b[0m\x1b(B\x0f\x1b[?25h\x1b[?1l\x1b>"
			     "\x1b[?5l\x1b[?6l\x1b[?7h\x1b[4l"
			     "\x1b[?1049l\x1b"
			     "7\x1b[r\x1b"
			     "8\n");
		(void)fflush(stdout);
	}
	if (p->tty >= 0)
		(void)tcsetattr(p->tty, TCSANOW, &before);
	if (x == EXIT_INTERRUPTED && stopped == 0)
		x = EXIT_OK; /* q */
	return x;
}

/* A line of the file for a terminal: the same JSON, harmless. */
static int
show_line(struct player *p, const char *line, size_t n)
{
	json_t *v = json_loadb(line, n, JSON_ALLOW_NUL, NULL);

	if (v == NULL) {
		say_error("the recording has a line that is not an event");
		return EXIT_VERIFY;
	}
	p->header = true;
	out_json(stdout, v, JSON_COMPACT);
	(void)fputc('\n', stdout);
	json_decref(v);
	return EXIT_OK;
}

/* The file as it is, for any player. */
static int
export_bytes(struct player *p)
{
	const size_t n = p->text.len;

	p->header = p->header || n > 0;
	if (safefile_write_all(STDOUT_FILENO, p->text.p, n) != 0) {
		if (out_reader_left())
			return EXIT_NO_READER;
		say_error("the output could not be written");
		return EXIT_FAILED;
	}
	buf_shift(&p->text, n);
	return EXIT_OK;
}

static int
export_file(struct player *p)
{
	const bool shown = isatty(STDOUT_FILENO) == 1;
	bool end = false;
	int x = EXIT_OK;

	while (x == EXIT_OK && !end) {
		x = fetch(p, &end);
		if (x == EXIT_OK)
			x = shown ? each_line(p, show_line) : export_bytes(p);
	}
	return x;
}

static bool
player_flags(const struct ctx *c, struct player *p)
{
	const char *speed = opt_get(&c->opt, F_SPEED);
	const char *idle = opt_get(&c->opt, F_IDLE);
	const char *channel = opt_get(&c->opt, F_CHANNEL);
	uint64_t v = 1;
	uint32_t s = 0;

	if (speed != NULL && str_u64(speed, 0, 1000, &v) != 0) {
		say_error("--speed: 1 to 1000, or 0 for no waiting");
		return false;
	}
	if (idle != NULL && !duration_arg(F_IDLE, idle, &s))
		return false;
	if (channel != NULL && str_u64(channel, 0, 1000, &p->channel) != 0) {
		say_error("--channel: 0 to 1000");
		return false;
	}
	/* Nobody watches a pipe: it need not wait. */
	p->speed = speed == NULL && isatty(STDOUT_FILENO) == 0 ? 0 : (double)v;
	p->idle_max = s;
	return true;
}

/* Takes it, and compares it with the log before any of it is shown. */
static int
take_compared(struct player *p)
{
	const char *sid = p->c->opt.arg[0];
	int x = take(p->c, sid, p->channel, &p->taken);

	if (x == EXIT_NOT_FOUND)
		return compare_gone(p->c, sid, p->channel);
	if (x != EXIT_OK)
		return x;
	x = compare(p->c, sid, p->channel, &p->taken);
	if (x == EXIT_VERIFY && opt_has(&p->c->opt, F_FORCE))
		return EXIT_OK;
	if (x == EXIT_VERIFY)
		say_error("nothing is shown of it but with --force");
	return x;
}

int
run_session_play(struct ctx *c)
{
	struct player p = {.c = c,
	    .taken = {.fd = -1},
	    .tty = -1,
	    .filter = {.ascii = !say_utf8()}};
	int x = EXIT_USAGE;

	if (!sid_arg(c, c->opt.arg[0]) || !player_flags(c, &p))
		return EXIT_USAGE;
	buf_init(&p.text, 16 * 1024 * 1024);
	x = take_compared(&p);
	if (x == EXIT_OK)
		x = c->out == OUT_JSON ? export_file(&p) : play(&p);
	if (x == EXIT_OK && !p.header) {
		say_error("%s has no recording of channel %llu", c->opt.arg[0],
		    (unsigned long long)p.channel);
		x = EXIT_NOT_FOUND;
	}
	buf_done(&p.text);
	taken_done(&p.taken);
	return x;
}
