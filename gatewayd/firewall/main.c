/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sallyport-firewall - opens and shuts. It MUST NOT open anything without the
 * notary's receipt over exactly these elements, MUST NOT open anything for
 * longer than the hard cap, and MUST NOT accept a receipt again once what it
 * opened was closed (the notary makes a new key for each start of this process,
 * so no receipt outlives its memory). Shutting needs no proof. It decides
 * nothing else, and leaves the doors as they are when it ends.
 */
#include <errno.h>
#include <pwd.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/str.h"
#include "core/shutport.h"
#include "firewall/closed_state.h"
#include "firewall/conntrack.h"
#include "firewall/fw.h"
#include "firewall/glass.h"
#include "firewall/keep.h"
#include "firewall/others.h"
#include "firewall/prolong.h"
#include "firewall/proof.h"
#include "firewall/report.h"
#include "process/process.h"

enum {
	CHECK_MS = 1000,
};

struct context {
	struct process *process;
	const struct conf *conf;
	struct fw *fw;
	struct proof proof;
	struct prolong prolong;
	struct timer *tick, *check;
	struct watch *events;
	char folder[LIMIT_PATH_SIZE];
	char state[LIMIT_PATH_SIZE + sizeof(CLOSED_STATE_FILE) + 1];
	const char *rw[2];
	struct keep *keep;
	bool syncing;
	uint32_t shut_by_sync; /* ports the kernel did not have */
	bool synced;           /* once since the start */
	/* since when no closing, and no look at the table, went through */
	int64_t closing_fails_ms, looking_fails_ms;
	struct others others;
	struct glass glass;
};

static const char *
reason(int r)
{
	return r == GW_ESYS ? strerror(errno) : err_str(r);
}

/* The kernel may be busy now and then. A process that does not get through to
 * it for longer is no better than one that hangs: the next one begins with what
 * is to be open. */
static void
judge_kernel(struct context *c, int64_t *since_ms, int e)
{
	const int64_t now_ms = clock_now().boot_ms;

	if (e == 0 || e == GW_ENOENT) {
		*since_ms = 0;
	} else if (*since_ms == 0) {
		*since_ms = now_ms;
	} else if (now_ms - *since_ms > LIMIT_CONFIRM_MS &&
		   !FAULT(deaf_kernel)) {
		log_err("the kernel has taken nothing of ours for %d s: "
			"starting anew",
		    LIMIT_CONFIRM_MS / 1000);
		process_exit(c->process, 1);
	}
}

/* ---- time */
static void
run_tick(struct context *c)
{
	struct now now = clock_now();

	timer_set(c->tick, fw_tick(c->fw, &now));
}

static void
on_tick(struct process *r, void *arg)
{
	(void)r;
	run_tick(arg);
}

static void
on_check(struct process *r, void *arg)
{
	struct context *c = arg;
	struct now now = clock_now();
	int e = fw_check(c->fw, &now);

	if (e != 0)
		log_err("cannot check the firewall table: %s", reason(e));
	judge_kernel(c, &c->looking_fails_ms, e);
	others_look(&c->others, r, c->fw, c->conf);
	timer_set(c->check, CHECK_MS);
	run_tick(c);
}

static void
on_kernel(struct process *r, int fd, unsigned what, void *arg)
{
	struct context *c = arg;
	struct now now = clock_now();
	int e = fw_events(c->fw, &now);

	(void)r;
	(void)fd;
	(void)what;
	if (e != 0)
		log_err(
		    "cannot read or repair the firewall table: %s", reason(e));
	run_tick(c);
}

/* ---- closed.state */
/* A file that cannot be read costs nothing now: what the kernel has shut stays
 * shut, and the broker sends the list. */
static int
load_state(struct context *c, struct ruleset *rs)
{
	return closed_state_read(rs, c->state, 0) == GW_ENOMEM ? GW_ENOMEM : 0;
}

/* ---- openings */
/* An id is a grant's or a session's; a grant's opens no leg and a session's
 * nothing else, so neither can be passed off as the other. */
static int
check_shape(const struct msg_fw_open *m, const struct element_list *l)
{
	bool session = id_ok(m->id, 's');
	uint32_t i = 0;

	if (!id_ok(m->grant, 'g'))
		return GW_EINVAL;
	if (!session && strcmp(m->id, m->grant) != 0)
		return GW_EINVAL;
	for (i = 0; i < l->n; i++)
		if ((l->e[i].kind == ELEMENT_LEG) != session)
			return GW_EINVAL;
	return l->n > 0 ? 0 : GW_EINVAL;
}

/* A sync repeats openings that were reported when they opened, by this process
 * or the one before it. Anything else is reported, whatever the broker calls
 * it. */
static bool
is_repeated(const struct context *c, const struct msg_fw_open *m)
{
	return m->sync != 0 && c->syncing &&
	       (!c->synced || fw_holds(c->fw, m->id));
}

/* ---- messages */
static int
on_key(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_key *m = msg->body;
	struct context *c = process_ctx(r);

	(void)p;
	return proof_key(&c->proof, m->key);
}

/* One list, one transaction, one answer; closed.state follows. */
static void
protect_all(struct process *r, const struct shutport *p, size_t n,
    uint8_t retresults[static SHUTPORT_MAX])
{
	struct context *c = process_ctx(r);
	struct triple t[SHUTPORT_MAX];
	bool added[SHUTPORT_MAX] = {false};
	int err[SHUTPORT_MAX];
	int error = 0;
	bool any = false;

	memset(t, 0, sizeof(t));
	for (size_t i = 0; i < n; i++) {
		t[i].addr = p[i].addr;
		t[i].proto = p[i].proto;
		t[i].port = p[i].port;
	}
	fw_protect(c->fw, t, n, added, err);
	error = errno;
	for (size_t i = 0; i < n; i++) {
		errno = error; /* not that of the report before */
		if (err[i] != 0)
			log_err("cannot protect port %u of target %s: %s",
			    (unsigned)p[i].port, p[i].target, reason(err[i]));
		retresults[i] = msg_result(err[i]);
		any = any || added[i];
		if (err[i] == 0 && added[i] && c->syncing)
			c->shut_by_sync++;
		else if (err[i] != 0 || added[i])
			report_protected(r, &p[i], err[i]);
	}
	if (any)
		keep_changed(c->keep);
}

static int
on_protect(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_fw_protect *m = msg->body;
	static struct shutport list[SHUTPORT_MAX]; /* large, for this call */
	uint8_t results[SHUTPORT_MAX];
	struct msg_fw_protected reply = {.rid = m->rid};
	struct rd in;
	size_t n = 0;

	rd_init(&in, m->ports.p, m->ports.len);
	while (in.left > 0) {
		if (n == SHUTPORT_MAX || shutport_get(&in, &list[n++]) != 0)
			return GW_EPROTO;
	}
	protect_all(r, list, n, results);
	run_tick(process_ctx(r));
	reply.results.p = results;
	reply.results.len = (uint32_t)n;
	return peer_send(p, MSG_FW_PROTECTED, &reply, -1);
}

/* Root's order, by way of the supervisor, and on record before it came here. */
static int
on_unprotect(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_fw_unprotect *m = msg->body;
	struct context *c = process_ctx(r);
	struct msg_fw_unprotected reply = {
	    .rid = m->rid, .addr = m->addr, .proto = m->proto, .port = m->port};
	struct triple t;
	int e = 0;

	memset(&t, 0, sizeof(t));
	t.addr = m->addr;
	t.proto = m->proto;
	t.port = m->port;
	e = fw_unprotect(c->fw, &t);
	report_unprotected(r, m, e);
	if (e == 0)
		keep_now(c->keep);
	reply.result = msg_result(e);
	if (e == 0)
		(void)peer_send(process_peer(r, PROC_BROKER),
		    MSG_FW_UNPROTECTED, &reply, -1);
	return peer_send(p, MSG_FW_UNPROTECTED, &reply, -1);
}

/* 0 and *retwas with n > 0: it was open, and its end moved. */
static int
open_or_move(struct context *c, const struct msg_fw_open *m,
    const struct element_list *l, struct element_list *retwas)
{
	const struct now now = clock_now();
	int e = GW_ENOENT;

	retwas->n = 0;
	/* a sync says what is open, not what changes */
	if (m->sync == 0 && fw_holds(c->fw, m->id))
		e = fw_move_ends(c->fw, l, m->id, m->grant, &now, retwas);
	if (e != GW_ENOENT)
		return e;
	retwas->n = 0;
	return fw_open_elements(c->fw, l, m->id, m->grant, &now);
}

static int
on_open(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_fw_open *m = msg->body;
	struct context *c = process_ctx(r);
	struct msg_fw_opened reply = {.rid = m->rid};
	struct element_list l, was = {0};
	bool repeated = is_repeated(c, m);
	int e = proof_check(&c->proof, c->fw, m);

	memset(&l, 0, sizeof(l));
	if (e == 0)
		e = element_decode(&l, m->elements.p, m->elements.len);
	if (e == 0)
		e = check_shape(m, &l);
	if (e == 0)
		e = open_or_move(c, m, &l, &was);
	if (e == 0 && was.n > 0 && strcmp(m->id, m->grant) == 0) {
		prolong_confirm(&c->prolong, m, &l, &was);
		run_tick(c);
		return 0;
	}
	if (e != 0)
		log_err("nothing is opened for %s: %s", m->id, reason(e));
	if (e != 0 || !repeated)
		report_opened(r, m, &l, e);
	reply.result = msg_result(e);
	run_tick(c);
	return peer_send(p, MSG_FW_OPENED, &reply, -1);
}

static int
on_close(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_fw_close *m = msg->body;
	struct context *c = process_ctx(r);
	struct msg_fw_closed reply = {.rid = m->rid};
	struct cut_totals t = {0, 0, 0, 0, 0};
	struct now now = clock_now();
	int e = fw_close_grant(c->fw, m->id, &now, &t);

	proof_closed(&c->proof, m->id);
	judge_kernel(c, &c->closing_fails_ms, e);
	/* an earlier life may have opened it: the next sync knows */
	if (e == GW_ENOENT && !c->synced && !FAULT(close_early))
		e = GW_ESTATE;
	if (e != 0 && e != GW_ENOENT)
		log_err("cannot close %s completely: %s; it is tried again",
		    m->id, reason(e));
	reply.result = msg_result(e);
	reply.packets_in = t.packets_in;
	reply.bytes_in = t.bytes_in;
	reply.packets_out = t.packets_out;
	reply.bytes_out = t.bytes_out;
	run_tick(c);
	return peer_send(p, MSG_FW_CLOSED, &reply, -1);
}

static int
on_sync_begin(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	struct context *c = process_ctx(r);

	(void)p;
	(void)msg;
	c->syncing = true;
	c->proof.refused = false;
	c->shut_by_sync = 0;
	if (!c->synced) /* before what nobody asserts is taken away */
		glass_look(&c->glass, r, c->fw, c->folder);
	fw_sync_begin(c->fw);
	return 0;
}

static int
on_sync_end(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_fw_sync *m = msg->body;
	struct context *c = process_ctx(r);
	struct msg_fw_synced reply = {.rid = m->rid};
	struct now now = clock_now();
	int e = GW_ESTATE;

	/* The notary or we were started anew between the fold and this: the
	 * broker asks again, and what is open stays until then. */
	if (c->syncing && c->proof.refused)
		e = GW_EDENIED;
	else if (c->syncing)
		e = fw_sync_end(c->fw, &now, &reply.removed, &reply.kept);
	c->syncing = false;
	c->synced = c->synced || e == 0;
	if (e != 0)
		log_err(
		    "the openings are not in step with the log: %s", reason(e));
	report_synced(r, e, reply.removed, reply.kept);
	report_protected_count(r, c->shut_by_sync);
	c->shut_by_sync = 0;
	run_tick(c);
	reply.result = msg_result(e);
	return peer_send(p, MSG_FW_SYNCED, &reply, -1);
}

static void
on_peer_up(struct process *r, struct peer *p)
{
	const struct context *c = process_ctx(r);

	if (peer_proc(p) != PROC_BROKER)
		return;
	others_tell(&c->others, p);
	keep_tell(c->keep, p);
}

/* A broker that dies in the middle of a sync has not asserted everything: the
 * next one begins again. */
static void
on_peer_down(struct process *r, struct peer *p)
{
	struct context *c = process_ctx(r);

	if (peer_proc(p) != PROC_BROKER)
		return;
	c->syncing = false;
	c->prolong.broker++;
}

/* ---- start */
static void
on_flow(void *arg, const struct fw_flow *f)
{
	report_flow(((struct context *)arg)->process, f);
}

static void
on_busy(void *arg)
{
	process_alive(((struct context *)arg)->process);
}

static void
on_event(void *arg, enum fw_event ev, const char *text)
{
	report_event(((struct context *)arg)->process, ev, text);
}

/* Without that user nobody may dial. */
static uid_t
broker_uid(void)
{
	const struct passwd *pw = getpwnam("sallyport-broker");

	if (pw == NULL)
		log_err("no system user \"sallyport-broker\": no session "
			"reaches its target; run `gatewayd init`");
	return pw == NULL ? (uid_t)-1 : pw->pw_uid;
}

static int
rules_of(struct context *c, struct ruleset *rs, const struct conf *conf)
{
	size_t i = 0, k = 0;
	int e = load_state(c, rs);

	rs->leg_uid = broker_uid();
	rs->nown = 0; /* the configuration says, not the file */
	for (i = 0; i < LIMIT_LISTEN && e == 0; i++) {
		if (conf->ssh[i].port == 0)
			continue;
		for (k = 0; k < rs->nown; k++)
			if (rs->own[k] == conf->ssh[i].port)
				break;
		if (k == rs->nown)
			rs->own[rs->nown++] = conf->ssh[i].port;
	}
	for (i = 0; i < LIMIT_NETWORKS && e == 0; i++) {
		if (conf->entry != ENTRY_NETWORKS ||
		    conf->networks[i][0] == '\0')
			continue;
		e = prefix_parse(
		    &rs->networks[rs->nnetworks++], conf->networks[i]);
	}
	return e;
}

static int
open_firewall(struct context *c, const struct conf *conf)
{
	static const char *const how[] = {[LOAD_FAILED] = "failed",
	    [LOAD_NEW] = "created",
	    [LOAD_ADOPTED] = "adopted",
	    [LOAD_REBUILT] = "rebuilt: what was open is shut"};
	struct ruleset rs;
	struct fw_opts o;
	const struct ability *can = NULL;
	int e = 0;

	memset(&rs, 0, sizeof(rs));
	memset(&o, 0, sizeof(o));
	if ((e = rules_of(c, &rs, conf)) != 0)
		goto out;
	o.force_old = conf->kernel == KERNEL_OLD;
	o.rules = &rs;
	o.arg = c;
	o.on_flow = on_flow;
	o.on_event = on_event;
	o.on_busy = on_busy;
	if ((e = fw_open(&c->fw, &o)) != 0) {
		log_err("cannot load table inet sallyport: %s%s", reason(e),
		    e == GW_EDENIED ? " (CAP_NET_ADMIN and CAP_NET_RAW are "
				      "needed, and no other owner)"
				    : "");
		goto out;
	}
	can = fw_can(c->fw);
	log_info("table inet sallyport %s; nobody else can change it: %s, "
		 "ends move in place: %s, removal of what is gone: %s",
	    how[fw_loaded(c->fw)], can->owner ? "yes" : "no",
	    can->update ? "yes" : "no", can->destroy ? "yes" : "no");
out:
	ruleset_done(&rs);
	return e;
}

/* The rules are made at the start; what is open stays open in the kernel until
 * a new process has them. */
static void
reload(struct process *r, const struct conf *old)
{
	const struct context *c = process_ctx(r);
	bool same = old->entry == c->conf->entry;

	for (int i = 0; i < LIMIT_NETWORKS; i++)
		same =
		    same && strcmp(old->networks[i], c->conf->networks[i]) == 0;
	if (same)
		return;
	log_info("ssh.entry or ssh.networks is new: starting anew");
	process_exit(r, 1); /* 0 says that every door is shut */
}

static int
start(struct process *r, const struct conf *conf)
{
	struct context *c = process_ctx(r);
	int e = 0;

	c->process = r;
	c->conf = conf;
	if ((e = str_fmt(c->folder, sizeof(c->folder), "%s/firewall",
		 conf->state_dir)) != 0 ||
	    (e = str_fmt(c->state, sizeof(c->state), "%s/" CLOSED_STATE_FILE,
		 c->folder)) != 0)
		return e;
	c->rw[0] = c->folder;
	if ((e = open_firewall(c, conf)) != 0)
		return e;
	c->prolong.process = r;
	c->prolong.fw = c->fw;
	/* The rules loaded conntrack: only now its switches are there. */
	if (conntrack_accounting() != 0)
		log_warn("cannot turn on conntrack accounting: flow records "
			 "will lack packets and bytes");
	c->tick = timer_new(r, on_tick, c);
	c->check = timer_new(r, on_check, c);
	c->events = watch_new(r, fw_fd(c->fw), on_kernel, c);
	if (c->tick == NULL || c->check == NULL || c->events == NULL)
		return GW_ENOMEM;
	watch_set(c->events, WATCH_READ);
	timer_set(c->check, CHECK_MS);
	if ((e = keep_new(&c->keep, r, c->state, fw_rules(c->fw))) != 0)
		return e;
	keep_now(c->keep);
	others_look(&c->others, r, c->fw, conf);
	run_tick(c);
	return 0;
}

/* An orderly stop shuts every door: nobody asserts anything again. The grants
 * stay in the log, and the next start opens what has time left. Status 0 tells
 * the supervisor that every door is shut; else it starts another for that. */
static void
on_stop(struct process *r)
{
	struct context *c = process_ctx(r);
	const struct now now = clock_now();
	uint32_t removed = 0;
	uint32_t kept = 0;
	int e = 0;

	fw_sync_begin(c->fw);
	if (!FAULT(stop_doors))
		e = fw_sync_end(c->fw, &now, &removed, &kept);
	if (e != 0)
		log_err("not every door could be shut: %s", reason(e));
	keep_free(c->keep);
	c->keep = NULL;
	process_exit(r, e != 0);
}

static const struct process_handler handlers[] = {
    {MSG_NT_KEY, on_key},
    {MSG_FW_PROTECT, on_protect},
    {MSG_FW_UNPROTECT, on_unprotect},
    {MSG_FW_OPEN, on_open},
    {MSG_FW_CLOSE, on_close},
    {MSG_FW_SYNC_BEGIN, on_sync_begin},
    {MSG_FW_SYNC_END, on_sync_end},
};

int
main(int argc, char **argv)
{
	static struct context context;
	static struct process_sandbox sandbox;
	static const struct process_def def = {
	    .proc = PROC_FIREWALL,
	    .name = "firewall",
	    .needs = PROC_BIT(PROC_NOTARY),
	    .handlers = handlers,
	    .nhandlers = ARRAY_LEN(handlers),
	    .start = start,
	    .peer_up = on_peer_up,
	    .peer_down = on_peer_down,
	    .stop = on_stop,
	    .reload = reload,
	    .sandbox = &sandbox,
	};
	int status = 0;

	sandbox.rw = context.rw;
	status = process_main(&def, &context, argc, argv);
	fw_free(context.fw);
	proof_free(&context.proof);
	return status;
}
