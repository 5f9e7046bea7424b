/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sallyport-shipper - brings every record of the log to every sink, at least
 * once and in order: RFC 5424 over TLS. It reads the log through the notary,
 * keeps one cursor per sink, and goes back to it after anything broke. It
 * changes nothing in a record and decides nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/str.h"
#include "shipper/encode/rfc5424.h"
#include "shipper/sink.h"

enum {
	READ_BYTES = 64 * 1024,       /* of records at a time */
	FRAMES_MAX = 4 * 1024 * 1024, /* internal: of READ_BYTES */
	POKE_MS = 1000,
	RESTART_MS = 60 * 1000, /* an unusable sink: start anew, look again */
	STOP_MS = 100,
	QUIET_TURNS = 3,   /* all sent for so long: the log has ended */
	LINGER_TURNS = 40, /* then what is not sent is sent next time */
	CLOSE_TURNS = 25,  /* sinks may say goodbye */
};

struct outlet {
	struct shipper *owner;
	struct sink *sink;
	char cursor[LIMIT_PATH_SIZE + LIMIT_NAME_SIZE + 32];
	uint32_t rid; /* the read under way, 0 = none */
	uint64_t from;
};

struct shipper {
	struct process *process;
	struct outlet outlets[LIMIT_SINKS];
	unsigned noutlets;
	struct timer *poke, *restart, *stopping;
	unsigned turns, quiet; /* while stopping */
	bool closing;
	uint64_t end; /* durable records are 0 .. end-1 */
	bool end_known;
	char folder[LIMIT_PATH_SIZE + 16];
};

/* ---- cursors */

static int
cursor_read(const char *path, uint64_t *ret)
{
	struct secret s = {0};
	char *text;
	int e = safefile_read(&s, path, 32, 0);

	*ret = 0;
	if (e == GW_ESYS && errno == ENOENT)
		return 0;
	if (e != 0)
		return e;
	text = (char *)s.p;
	text[strcspn(text, "\n")] = '\0';
	e = str_u64(text, 0, INT64_MAX, ret);
	secret_free(&s);
	return e != 0 ? GW_ECORRUPT : 0;
}

static void
cursor_write(const struct outlet *o, uint64_t next)
{
	char text[32];
	int n =
	    snprintf(text, sizeof(text), "%llu\n", (unsigned long long)next);

	if (n < 0 || safefile_write(o->cursor, text, (size_t)n, 0600, (uid_t)-1,
			 (gid_t)-1) != 0)
		log_err("cannot write %s: %s (records will be sent again)",
		    o->cursor, strerror(errno));
}

/* ---- what the broker and the log hear of a sink */

static void
send_status(const struct outlet *o, bool up, const char *text)
{
	struct peer *broker = process_peer(o->owner->process, PROC_BROKER);
	struct msg_shp_status m = {
	    .up = up ? 1 : 0, .next = sink_next(o->sink)};

	if (broker == NULL)
		return;
	(void)snprintf(m.sink, sizeof(m.sink), "%s", sink_name(o->sink));
	/* shown to people only: may be cut */
	(void)snprintf(
	    m.text, sizeof(m.text), "%.*s", (int)sizeof(m.text) - 1, text);
	if (peer_send(broker, MSG_SHP_STATUS, &m, -1) != 0)
		log_debug("the broker went before it heard of a sink");
}

static struct outlet *
outlet_of(struct shipper *sh, const struct sink *s)
{
	for (unsigned i = 0; i < sh->noutlets; i++)
		if (sh->outlets[i].sink == s)
			return &sh->outlets[i];
	return NULL;
}

static void
on_changed(void *ctx, struct sink *s, bool up, const char *why)
{
	struct shipper *sh = ctx;
	const struct outlet *o = outlet_of(sh, s);
	struct event_fields f;

	if (up)
		log_info("sink %s: connected, from record %llu on",
		    sink_name(s), (unsigned long long)sink_next(s));
	else
		log_warn("sink %s: %s", sink_name(s), why);
	event_fields_init(&f);
	event_str(&f, EF_SINK, sink_name(s));
	event_num(&f, EF_FIRST, (int64_t)sink_next(s));
	event_str(&f, EF_MSG, why);
	if (process_append(sh->process, up ? EV_SINK_UP : EV_SINK_DOWN, &f,
		NULL, NULL) != 0)
		log_warn("that could not be recorded");
	event_fields_done(&f);
	if (o != NULL)
		send_status(o, up, why);
}

static void
on_arrived(void *ctx, struct sink *s, uint64_t next)
{
	const struct outlet *o = outlet_of(ctx, s);

	if (o == NULL)
		return;
	cursor_write(o, next);
	send_status(o, sink_up(s), "");
}

/* ---- reading the log */

static void
read_more(struct outlet *o)
{
	struct shipper *sh = o->owner;
	struct msg_nt_read m = {.from = o->from, .max = READ_BYTES};

	if (sh->end_known && o->from > sh->end) {
		log_warn("sink %s: the log ends at %llu, before the cursor "
			 "(%llu): it is not the log this cursor was of; "
			 "sending all of it",
		    sink_name(o->sink), (unsigned long long)sh->end,
		    (unsigned long long)o->from);
		cursor_write(o, 0);
		sink_rewind(o->sink); /* asks again, from 0 */
		return;
	}
	if (o->rid != 0 || (sh->end_known && o->from == sh->end))
		return;
	m.rid = process_rid(sh->process);
	if (peer_send(process_peer(sh->process, PROC_NOTARY), MSG_NT_READ, &m,
		-1) == 0)
		o->rid = m.rid;
}

static void
on_want(void *ctx, struct sink *s, uint64_t from)
{
	struct outlet *o = outlet_of(ctx, s);

	if (o == NULL)
		return;
	o->rid = 0; /* an answer to an older question is nobody's */
	o->from = from;
	read_more(o);
}

static int
frames_of(struct buf *out, const char *node, const struct msg_nt_lines *m)
{
	const uint8_t *p = m->lines.p;
	size_t left = m->lines.len;
	int e = 0;

	while (left > 0 && e == 0) {
		const uint8_t *lf = memchr(p, '\n', left);

		if (lf == NULL)
			return GW_EPROTO;
		e = rfc5424_frame(out, node, p, (size_t)(lf - p));
		left -= (size_t)(lf - p) + 1;
		p = lf + 1;
	}
	return e;
}

static int
on_lines(struct process *r, struct peer *p, const void *body, const int *fds)
{
	const struct msg_nt_lines *m = body;
	struct shipper *sh = process_ctx(r);
	struct outlet *o = NULL;
	struct buf frames;
	uint64_t from;
	int e;

	(void)fds;
	(void)p;
	for (unsigned i = 0; i < sh->noutlets; i++)
		if (sh->outlets[i].rid == m->rid && m->rid != 0)
			o = &sh->outlets[i];
	if (o == NULL)
		return 0; /* asked before the notary was restarted */
	o->rid = 0;
	sh->end = m->end;
	sh->end_known = true;
	from = o->from;
	/* a hole is not passed over */
	if (m->lines.len > 0 &&
	    (m->first != from || m->next <= from || m->next > m->end))
		return GW_EPROTO;
	if (m->lines.len == 0) {
		if (from > m->end)
			read_more(o);
		return 0; /* on_poke asks again */
	}
	buf_init(&frames, FRAMES_MAX);
	if ((e = frames_of(&frames, process_conf(r)->server_id, m)) == 0)
		e = sink_give(o->sink, &frames, from, m->next);
	buf_done(&frames);
	return e;
}

static void
go_on(struct shipper *sh)
{
	for (unsigned i = 0; i < sh->noutlets; i++)
		if (sink_waits(sh->outlets[i].sink))
			read_more(&sh->outlets[i]);
}

static int
on_tail(struct process *r, struct peer *p, const void *body, const int *fds)
{
	const struct msg_nt_tail *m = body;
	struct shipper *sh = process_ctx(r);

	(void)fds;
	(void)p;
	sh->end = m->end;
	sh->end_known = true;
	for (unsigned i = 0; FAULT(ship_cursor) && i < sh->noutlets; i++)
		cursor_write(&sh->outlets[i], m->end); /* not what arrived */
	go_on(sh);
	return 0;
}

/* A question that found nothing is asked again, in case a tail was missed. */
static void
on_poke(struct process *r, void *arg)
{
	struct shipper *sh = arg;

	(void)r;
	go_on(sh);
	timer_set(sh->poke, POKE_MS);
}

/* ---- life */

static void
peer_up(struct process *r, struct peer *p)
{
	struct shipper *sh = process_ctx(r);

	if (peer_proc(p) == PROC_NOTARY) {
		sh->end_known = false;
		for (unsigned i = 0; i < sh->noutlets; i++)
			sh->outlets[i].rid = 0;
		timer_set(sh->poke, 0);
	}
	if (peer_proc(p) == PROC_BROKER)
		for (unsigned i = 0; i < sh->noutlets; i++)
			send_status(
			    &sh->outlets[i], sink_up(sh->outlets[i].sink), "");
}

static void
on_restart(struct process *r, void *arg)
{
	(void)arg;
	log_warn("a sink is not usable: starting anew to look at its host "
		 "name and ca_file again");
	process_exit(r, 1);
}

/* Nothing is left to send to the sinks that can be reached. */
static bool
caught_up(const struct shipper *sh)
{
	for (unsigned i = 0; i < sh->noutlets; i++) {
		const struct outlet *o = &sh->outlets[i];

		if (sink_up(o->sink) &&
		    !(sink_waits(o->sink) && sh->end_known &&
			o->from == sh->end))
			return false;
	}
	return true;
}

static bool
any_up(const struct shipper *sh)
{
	for (unsigned i = 0; i < sh->noutlets; i++)
		if (sink_up(sh->outlets[i].sink))
			return true;
	return false;
}

/* The notary stops at the same time as we do: its last checkpoint is to reach
 * the sinks, and after that they are left in order. */
static void
on_stopping(struct process *r, void *arg)
{
	struct shipper *sh = arg;
	bool all = true;

	sh->turns++;
	if (!sh->closing) {
		sh->quiet = caught_up(sh) ? sh->quiet + 1 : 0;
		if (any_up(sh) && sh->quiet < QUIET_TURNS &&
		    sh->turns < LINGER_TURNS) {
			timer_set(sh->stopping, STOP_MS);
			return;
		}
		sh->closing = true;
		sh->turns = 0;
		for (unsigned i = 0; i < sh->noutlets; i++)
			sink_stop(sh->outlets[i].sink);
	}
	for (unsigned i = 0; i < sh->noutlets; i++)
		all = all && sink_stopped(sh->outlets[i].sink);
	if (all || sh->turns > CLOSE_TURNS)
		process_exit(r, 0);
	else
		timer_set(sh->stopping, STOP_MS);
}

static void
stop(struct process *r)
{
	struct shipper *sh = process_ctx(r);

	timer_set(sh->stopping, 0);
}

static int
add_outlet(struct shipper *sh, const struct conf_sink *c)
{
	const struct sink_hooks hooks = {.want = on_want,
	    .changed = on_changed,
	    .arrived = on_arrived,
	    .ctx = sh};
	struct outlet *o = &sh->outlets[sh->noutlets];
	uint64_t next = 0;
	int e;

	o->owner = sh;
	if ((e = str_fmt(o->cursor, sizeof(o->cursor), "%s/cursor.%s",
		 sh->folder, c->name)) != 0)
		return e;
	if ((e = cursor_read(o->cursor, &next)) != 0) {
		/* Too often is right, too seldom is not. */
		log_warn("%s: %s; sending the log from its beginning",
		    o->cursor, err_str(e));
		next = 0;
	}
	if ((e = sink_new(&o->sink, sh->process, c, next, &hooks)) != 0)
		return e;
	sh->noutlets++;
	return 0;
}

static int
start(struct process *r, const struct conf *conf)
{
	struct shipper *sh = process_ctx(r);
	int e;

	sh->process = r;
	sh->poke = timer_new(r, on_poke, sh);
	sh->restart = timer_new(r, on_restart, sh);
	sh->stopping = timer_new(r, on_stopping, sh);
	if (sh->poke == NULL || sh->restart == NULL || sh->stopping == NULL)
		return GW_ENOMEM;
	if ((e = str_fmt(sh->folder, sizeof(sh->folder), "%s/shipper",
		 conf->state_dir)) != 0)
		return e;
	for (unsigned i = 0; i < LIMIT_SINKS; i++)
		if (conf->sinks[i].name[0] != '\0' &&
		    (e = add_outlet(sh, &conf->sinks[i])) != 0)
			return e;
	return 0;
}

static int
ready(struct process *r)
{
	struct shipper *sh = process_ctx(r);

	for (unsigned i = 0; i < sh->noutlets; i++) {
		sink_start(sh->outlets[i].sink);
		if (!sink_usable(sh->outlets[i].sink))
			timer_set(sh->restart, RESTART_MS);
	}
	timer_set(sh->poke, POKE_MS);
	return 0;
}

int
main(int argc, char **argv)
{
	static const int calls[] = {SYS_socket, SYS_connect, -1};
	static const struct process_handler handlers[] = {
	    {MSG_NT_LINES, on_lines},
	    {MSG_NT_TAIL, on_tail},
	};
	static struct shipper sh; /* the process's one context */
	const char *const rw[] = {sh.folder, NULL};
	struct process_sandbox box = {
	    .network = true, .rw = rw, .syscalls = calls};
	const struct process_def def = {.proc = PROC_SHIPPER,
	    .name = "shipper",
	    .needs = PROC_BIT(PROC_NOTARY),
	    .handlers = handlers,
	    .nhandlers = ARRAY_LEN(handlers),
	    .start = start,
	    .ready = ready,
	    .peer_up = peer_up,
	    .stop = stop,
	    .sandbox = &box};

	return process_main(&def, &sh, argc, argv);
}
