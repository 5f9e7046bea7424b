/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sallyport-shipper - brings every record of the log to every sink, at least
 * once and in order. It follows the log through the notary and joins for each
 * sink an encoder and a transport; a sink's cursor says where to go on after
 * anything broke. It changes nothing in a record and decides nothing.
 */
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "process/follow.h"
#include "shipper/encode/rfc5424.h"
#include "shipper/encode/webhook.h"
#include "shipper/sink.h"
#include "shipper/transport/http.h"
#include "shipper/transport/tls.h"

enum {
	RESTART_MS = 60 * 1000,    /* an unusable sink: start anew, try again */
	MOVED_MS = 15 * 60 * 1000, /* one that is down: its name may lead
				    * elsewhere by now */
	STOP_MS = 100,
	QUIET_TURNS = 3,   /* all sent for so long: the log has ended */
	LINGER_TURNS = 40, /* then what is not sent is sent next time */
	CLOSE_TURNS = 25,  /* sinks may say goodbye */
	SINK_FILES = 4,    /* CA, certificate, key, secret */
};

/* What sinks speak, and how. */
static const struct kind {
	const struct encoder *encoder;
	const struct transport_ops *transport;
} kinds[] = {[SINK_SYSLOG] = {&encoder_rfc5424, &transport_tls},
    [SINK_WEBHOOK] = {&encoder_webhook, &transport_http}};

struct outlet {
	const struct kind *kind;
	bool named; /* its host has a name, no address */
	struct shipper *owner;
	struct sink *sink;
	struct follower *log;
	char unkept[LIMIT_TEXT_SIZE]; /* why its cursor is not; "" = it is */
};

struct shipper {
	struct process *process;
	struct follow *follow;
	struct outlet outlets[LIMIT_SINKS];
	unsigned noutlets;
	struct timer *restart, *stopping;
	bool restarting;       /* its timer is set */
	unsigned turns, quiet; /* while stopping */
	/* folders of files that are read again when they have changed */
	char readable_at[LIMIT_SINKS * SINK_FILES][LIMIT_PATH_SIZE];
	const char *readable[LIMIT_SINKS * SINK_FILES + 1];
	bool closing;
	char folder[LIMIT_PATH_SIZE + 16];
};

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

/* A name is resolved at the start only: who cannot be reached for long may have
 * another address by then. */
static void
look_again(struct shipper *sh)
{
	bool down = false;

	for (unsigned i = 0; i < sh->noutlets; i++)
		down = down ||
		       (sh->outlets[i].named && !sink_up(sh->outlets[i].sink));
	if (down && !sh->restarting)
		timer_set(sh->restart, MOVED_MS);
	else if (!down)
		timer_stop(sh->restart);
	sh->restarting = down;
}

static void
on_changed(void *ctx, bool up, const char *why, bool fresh)
{
	const struct outlet *o = ctx;
	const uint64_t next = sink_next(o->sink);
	struct event_fields f;

	send_status(o, up, why);
	look_again(o->owner);
	if (!fresh)
		return;
	if (up)
		log_info("sink %s: connected, %s over %s, from record %llu on",
		    sink_name(o->sink), o->kind->encoder->name,
		    o->kind->transport->name, (unsigned long long)next);
	else
		log_warn("sink %s: %s", sink_name(o->sink), why);
	event_fields_init(&f);
	event_str(&f, EF_SINK, sink_name(o->sink));
	event_num(&f, EF_FIRST, (int64_t)next);
	event_str(&f, EF_MSG, why);
	if (process_append(o->owner->process, up ? EV_SINK_UP : EV_SINK_DOWN,
		&f, NULL, NULL) != 0)
		log_warn("that could not be recorded");
	event_fields_done(&f);
}

static void
on_arrived(void *ctx)
{
	const struct outlet *o = ctx;

	send_status(o, sink_up(o->sink), sink_why(o->sink));
}

static void
send_disk(const struct shipper *sh)
{
	struct msg_disk m = {0};

	for (unsigned i = 0; i < sh->noutlets && m.text[0] == '\0'; i++)
		text_set(m.text, sizeof(m.text), sh->outlets[i].unkept);
	if (peer_send(
		process_peer(sh->process, PROC_BROKER), MSG_DISK, &m, -1) != 0)
		log_debug("no broker hears of the cursors yet");
}

static void
on_kept(void *ctx, const char *path, int error)
{
	struct outlet *o = ctx;

	o->unkept[0] = '\0';
	if (error != 0)
		(void)snprintf(o->unkept, sizeof(o->unkept),
		    "cannot write %.300s: %s; what has arrived since is sent "
		    "again after a restart",
		    path, strerror(error));
	else
		log_info("%s is written again", path);
	send_disk(o->owner);
}

/* ---- from the log to a sink */

static void
on_want(void *ctx, uint64_t from)
{
	const struct outlet *o = ctx;

	follower_want(o->log, from);
}

static void
on_unwant(void *ctx)
{
	const struct outlet *o = ctx;

	follower_stop(o->log);
}

static void
on_records(void *ctx, const struct bytes *lines, uint64_t from, uint64_t next)
{
	const struct outlet *o = ctx;

	sink_give(o->sink, lines, from, next);
}

static void
on_shorter(void *ctx, uint64_t end)
{
	const struct outlet *o = ctx;
	const uint64_t cursor = sink_next(o->sink);

	if (sink_shorter(o->sink, end)) /* asks again, from 0 */
		log_warn("sink %s: the log ends at %llu, before the cursor "
			 "(%llu): it is not the log this cursor was of; "
			 "sending all of it",
		    sink_name(o->sink), (unsigned long long)end,
		    (unsigned long long)cursor);
}

static int
on_lines(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct shipper *sh = process_ctx(r);

	(void)p;
	return follow_lines(sh->follow, msg->body);
}

static int
on_tail(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct shipper *sh = process_ctx(r);

	(void)p;
	follow_tail(sh->follow, msg->body);
	return 0;
}

/* ---- life */

static void
peer_up(struct process *r, struct peer *p)
{
	struct shipper *sh = process_ctx(r);

	if (peer_proc(p) == PROC_NOTARY)
		follow_linked(sh->follow);
	if (peer_proc(p) == PROC_BROKER) {
		send_disk(sh);
		for (unsigned i = 0; i < sh->noutlets; i++)
			send_status(&sh->outlets[i],
			    sink_up(sh->outlets[i].sink),
			    sink_why(sh->outlets[i].sink));
	}
}

static void
on_restart(struct process *r, void *arg)
{
	(void)arg;
	log_warn("a sink cannot be reached: starting anew to resolve its host "
		 "name again");
	process_exit(r, 1);
}

/* Nothing is left to send to the sinks that can be reached. */
static bool
caught_up(const struct shipper *sh)
{
	for (unsigned i = 0; i < sh->noutlets; i++) {
		const struct outlet *o = &sh->outlets[i];

		if (sink_up(o->sink) && !follower_at_end(o->log))
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

/* Its host names, its sinks: all is made anew, and the cursors say where to go
 * on. */
static void
reload(struct process *r, const struct conf *old)
{
	(void)old;
	stop(r);
}

static int
add_outlet(
    struct shipper *sh, const struct conf *conf, const struct conf_sink *c)
{
	struct outlet *o = &sh->outlets[sh->noutlets];
	const struct kind *kind =
	    &kinds[c->type < ARRAY_LEN(kinds) ? c->type : 0];
	const struct sink_def def = {.conf = c,
	    .node = conf->server_id,
	    .folder = sh->folder,
	    .encoder = kind->encoder,
	    .transport = kind->transport,
	    .hooks = {.want = on_want,
		.unwant = on_unwant,
		.changed = on_changed,
		.arrived = on_arrived,
		.kept = on_kept,
		.ctx = o}};
	const struct follower_hooks hooks = {
	    .records = on_records, .shorter = on_shorter, .ctx = o};
	int e;

	o->kind = kind;
	o->named = addr_is_name(c->host);
	o->owner = sh;
	if ((e = follower_new(&o->log, sh->follow, &hooks)) != 0 ||
	    (e = sink_new(&o->sink, sh->process, &def)) != 0)
		return e;
	sh->noutlets++;
	return 0;
}

/* A file is renewed by another one of its name: the folder must be readable. Of
 * the root folder all would be: then that file alone, as it is now. */
static void
let_read(struct shipper *sh, const char *file)
{
	char *folder, *slash;
	unsigned i = 0;

	if (file[0] == '\0')
		return;
	while (sh->readable[i] != NULL)
		i++;
	folder = sh->readable_at[i];
	text_set(folder, LIMIT_PATH_SIZE, file);
	slash = strrchr(folder, '/');
	if (slash != NULL && slash != folder)
		*slash = '\0';
	sh->readable[i] = folder;
}

static int
start(struct process *r, const struct conf *conf)
{
	struct shipper *sh = process_ctx(r);
	int e;

	sh->process = r;
	sh->restart = timer_new(r, on_restart, sh);
	sh->stopping = timer_new(r, on_stopping, sh);
	if (sh->restart == NULL || sh->stopping == NULL)
		return GW_ENOMEM;
	if ((e = follow_new(&sh->follow, r)) != 0 ||
	    (e = str_fmt(sh->folder, sizeof(sh->folder), "%s/shipper",
		 conf->state_dir)) != 0)
		return e;
	for (unsigned i = 0; i < LIMIT_SINKS; i++) {
		if (conf->sinks[i].name[0] == '\0')
			continue;
		let_read(sh, conf->sinks[i].ca_file);
		let_read(sh, conf->sinks[i].cert_file);
		let_read(sh, conf->sinks[i].key_file);
		let_read(sh, conf->sinks[i].secret_file);
		if ((e = add_outlet(sh, conf, &conf->sinks[i])) != 0)
			return e;
	}
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
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct process_handler handlers[] = {
	    {MSG_NT_LINES, on_lines},
	    {MSG_NT_TAIL, on_tail},
	};
	static struct shipper sh; /* the process's one context */
	const char *const rw[] = {sh.folder, NULL};
	struct process_sandbox box = {.ro = sh.readable, .rw = rw};
	const struct process_def def = {.proc = PROC_SHIPPER,
	    .name = "shipper",
	    .needs = PROC_BIT(PROC_NOTARY),
	    .handlers = handlers,
	    .nhandlers = ARRAY_LEN(handlers),
	    .start = start,
	    .ready = ready,
	    .peer_up = peer_up,
	    .stop = stop,
	    .reload = reload,
	    .sandbox = &box};

	return process_main(&def, &sh, argc, argv);
}
