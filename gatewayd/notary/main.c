/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sallyport-notary - writes and signs. Holds the log and its fold, the host
 * key, the user CA's key, the checkpoint key and the receipt key. Has no
 * network and obeys nobody: each verb is checked against the fold.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/disk.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/str.h"
#include "notary/notary.h"
#include "notary/unended.h"
#include "ssh/sshkey.h"

enum {
	SEED_SIZE = 32,
	GOODBYE_MS = 7000, /* less than the supervisor's patience */
};

/* ---- start */

static int
seed_load(struct secret *ret, const struct conf *conf, const char *name)
{
	char path[LIMIT_PATH_SIZE + 32];
	int r;

	if ((r = str_fmt(path, sizeof(path), "%s/notary/%s", conf->state_dir,
		 name)) < 0)
		return r;
	if ((r = safefile_read(ret, path, SEED_SIZE, SAFEFILE_PRIVATE)) < 0) {
		log_err("%s: %s; \"gatewayd init\" makes it, with mode 0600",
		    path, err_str(r));
		return r;
	}
	if (ret->len != SEED_SIZE) {
		log_err("%s: a key of %d bytes was expected", path, SEED_SIZE);
		return GW_ECORRUPT;
	}
	return 0;
}

/* The key file and the published key must be one, or clients and targets would
 * meet a stranger. */
static int
seed_is(const struct secret *seed, const char *line, const char *name)
{
	char own[256];
	struct sshkey a, b;
	uint8_t pub[32];
	int r;

	if ((r = sshkey_ed25519_public(pub, seed)) < 0 ||
	    (r = sshkey_ed25519_line(own, sizeof(own), pub)) < 0 ||
	    (r = sshkey_parse_line(&a, own)) < 0)
		return r;
	if (sshkey_parse_line(&b, line) < 0 || !sshkey_equal(&a, &b)) {
		log_err("notary/%s.seed and pub/%s.pub are not one key: one "
			"of them was replaced",
		    name, name);
		return GW_ECORRUPT;
	}
	return 0;
}

static int
keys_load(struct notary *n, const struct conf *conf)
{
	struct secret next = {0};
	int r;

	if ((r = seed_load(&n->host_seed, conf, "host.seed")) < 0 ||
	    (r = seed_is(&n->host_seed, conf->host_key, "host")) < 0 ||
	    (r = seed_load(&n->ca_seed, conf, "ca.seed")) < 0 ||
	    (r = seed_is(&n->ca_seed, conf->ca_key, "ca")) < 0 ||
	    (r = seed_load(&next, conf, "ca-next.seed")) < 0 ||
	    (r = seed_is(&next, conf->ca_next_key, "ca-next")) < 0)
		goto out;
	secret_fill(n->receipt_key, sizeof(n->receipt_key));
out:
	secret_free(&next);
	return r;
}

static int
on_record(void *arg, const struct record *r, const void *line, size_t len)
{
	struct notary *n = arg;

	if (n->ledger == NULL && /* still reading what earlier runs wrote */
	    (r->event == EV_GATEWAY_START || r->event == EV_GATEWAY_STOP))
		n->orderly = r->event == EV_GATEWAY_STOP;
	if (n->ledger != NULL || !FAULT(forget_usage))
		usage_record(n->usage, r, line, len);
	return fold_record(n->fold, r, line, len);
}

static int
log_open(struct notary *n, const struct conf *conf, uint64_t *retcut)
{
	struct ledger_def def = {.dir = n->log_dir,
	    .node = conf->server_id,
	    .boot = clock_boot_id(),
	    .vkey = conf->log_key,
	    .on_record = on_record,
	    .arg = n};
	struct secret seed = {0};
	char why[LIMIT_TEXT_SIZE] = "";
	int r;

	if ((r = str_fmt(n->log_dir, sizeof(n->log_dir), "%s/notary/log",
		 conf->state_dir)) < 0 ||
	    (r = seed_load(&seed, conf, "log.seed")) < 0)
		goto out;
	def.log_seed = &seed;
	if ((r = ledger_open(&n->ledger, &def, retcut, why, sizeof(why))) < 0)
		log_err("%s", why[0] == '\0' ? err_str(r) : why);
out:
	secret_free(&seed);
	return r;
}

static int
hashes_load(struct notary *n)
{
	int r = hashes_open(&n->hashes, n->log_dir);

	if (r < 0)
		log_err("the exchange hashes signed before, in %s/signed.bin, "
			"cannot be read: %s",
		    n->log_dir, err_str(r));
	return r;
}

/* What a crash left behind is gone; the log says so. */
static int
record_cut(struct notary *n, uint64_t cut)
{
	struct queue_item item = {
	    .event = EV_AUDIT_RECOVERED, .origin = PROC_NOTARY};
	struct event_fields f;
	int r;

	if (cut == 0)
		return 0;
	log_warn("the last line of the audit log was not complete: %llu bytes "
		 "were cut off",
	    (unsigned long long)cut);
	event_fields_init(&f);
	event_str(&f, EF_REASON, "torn_line");
	event_num(&f, EF_SIZE, (int64_t)cut);
	event_str(&f, EF_MSG,
	    "The last line was not complete and had not been acknowledged; it "
	    "was cut off.");
	r = queue_add(n, &item, &f);
	event_fields_done(&f);
	return r;
}

static void
on_commit(struct process *r, void *arg)
{
	(void)r;
	queue_commit(arg, false);
}

static void
on_checkpoint(struct process *r, void *arg)
{
	(void)r;
	queue_commit(arg, true);
}

/* No reserve at the start: said before anything is refused for it. */
static int
record_degraded(struct notary *n)
{
	struct queue_item item = {
	    .event = EV_AUDIT_DEGRADED, .origin = PROC_NOTARY};
	struct event_fields f;
	int r;

	if (!ledger_degraded(n->ledger))
		return 0;
	log_err("the disk of the audit log is full: new access is refused "
		"until there is room");
	event_fields_init(&f);
	event_str(&f, EF_REASON, "disk_full");
	event_str(&f, EF_MSG,
	    "The disk of the audit log was full at the start: no new access "
	    "until there is room.");
	r = queue_add(n, &item, &f);
	event_fields_done(&f);
	return r;
}

static void
on_goodbye(struct process *r, void *arg)
{
	(void)arg;
	process_exit(r, 0);
}

static int
usage_open(struct notary *n, const struct conf *conf)
{
	struct disk d = {0};
	char path[LIMIT_PATH_SIZE + 16];
	int e;

	if ((e = str_fmt(path, sizeof(path), "%s/notary", conf->state_dir)) < 0)
		return e;
	if (disk_read(&d, path) < 0) /* as if it were small */
		log_warn("cannot tell how large the disk of the log is");
	return usage_new(&n->usage, disk_kept(&d));
}

static const struct queue_hooks hooks = {
    .commit = clock_look, .written = quota_look};

static int
start(struct process *r, const struct conf *conf)
{
	struct notary *n = process_ctx(r);
	uint64_t cut = 0;
	int e;

	n->process = r;
	n->hooks = &hooks;
	n->commit_timer = timer_new(r, on_commit, n);
	n->checkpoint_timer = timer_new(r, on_checkpoint, n);
	n->fold_timer = timer_new(r, foldget_more, n);
	n->goodbye_timer = timer_new(r, on_goodbye, n);
	n->clock_timer = timer_new(r, clock_timer, n);
	n->lost_timer = timer_new(r, lost_look, n);
	if (n->clock_timer == NULL || n->lost_timer == NULL ||
	    n->goodbye_timer == NULL || n->commit_timer == NULL ||
	    n->checkpoint_timer == NULL || n->fold_timer == NULL)
		return GW_ENOMEM;
	if ((e = tally_new(&n->tally, n)) < 0 ||
	    (e = usage_open(n, conf)) < 0 || (e = keys_load(n, conf)) < 0 ||
	    (e = fold_new(&n->fold)) < 0 || (e = log_open(n, conf, &cut)) < 0 ||
	    (e = hashes_load(n)) < 0)
		return e;
	clock_open(n);
	if (ledger_next(n->ledger) == 0)
		queue_commit(n, true); /* record 0 signs for the empty log */
	if (ledger_next(n->ledger) == 0) {
		log_err("the audit log in %s cannot be begun: %s", n->log_dir,
		    ledger_degraded(n->ledger) ? "the disk is full"
					       : "the disk failed");
		return GW_ESYS;
	}
	if ((e = clock_begin(n)) < 0 || (e = record_cut(n, cut)) < 0 ||
	    (e = record_degraded(n)) < 0)
		return e;
	if (n->queue.n > 0 || ledger_next(n->ledger) > 1)
		queue_commit(n, true);
	clock_begun(n);
	lost_begin(n);
	if (ledger_reserve_in_file(n->ledger))
		log_warn("the file system of %s cannot keep room for the log "
			 "alone: once it is full, others there may take it",
		    n->log_dir);
	log_info("audit log open, %llu records",
	    (unsigned long long)ledger_next(n->ledger));
	return 0;
}

/* Writes the last checkpoint; the shipper may still read it before we end. */
static void
stop(struct process *r)
{
	struct notary *n = process_ctx(r);

	if (n->stopping)
		return;
	n->stopping = true;
	tally_end(n->tally);
	queue_commit(n, true);
	if (process_peer(r, PROC_SHIPPER) == NULL)
		process_exit(r, 0);
	else
		timer_set(n->goodbye_timer, GOODBYE_MS);
}

/* ---- links */

static int
session_up(struct notary *n, struct peer *p)
{
	const struct msg_sup_link *link = peer_link(p);
	struct session_peer *s = calloc(1, sizeof(*s));
	const struct fold_leg *l;

	if (s == NULL)
		return GW_ENOMEM;
	s->peer = p;
	s->conn = peer_conn(p);
	/* linked again after our restart, or a probe's leg came first */
	l = fold_leg_of_conn(n->fold, s->conn, &link->peer, link->peer_port);
	if (l == NULL) /* it may be over, and have more to say */
		l = unended_leg_of_conn(fold_unended(n->fold), s->conn,
		    &link->peer, link->peer_port);
	if (l != NULL) {
		s->leg = *l;
		s->has_leg = true;
		peer_set_state(p, MST_READY);
	}
	s->next = n->sessions;
	n->sessions = s;
	peer_set_data(p, s);
	return 0;
}

static void
session_down(struct notary *n, struct peer *p)
{
	struct session_peer **s = &n->sessions;

	while (*s != NULL && (*s)->peer != p)
		s = &(*s)->next;
	if (*s != NULL) {
		struct session_peer *gone = *s;

		*s = gone->next;
		free(gone);
	}
	peer_set_data(p, NULL);
	lost_look(n->process, n);
}

static void
peer_up(struct process *r, struct peer *p)
{
	struct notary *n = process_ctx(r);
	struct msg_nt_key key;

	switch (peer_proc(p)) {
	case PROC_SESSION:
		if (session_up(n, p) < 0)
			peer_close(p);
		break;
	case PROC_FIREWALL:
		/* one that just started does not know what an earlier one
		 * closed: receipts from before open nothing there; the broker
		 * asks for the fold, and so for new ones */
		secret_fill(n->receipt_key, sizeof(n->receipt_key));
		memcpy(key.key, n->receipt_key, sizeof(key.key));
		if (peer_send(p, MSG_NT_KEY, &key, -1) < 0)
			log_err("the firewall did not get the receipt key");
		explicit_bzero(&key, sizeof(key));
		break;
	case PROC_BROKER:
		hostsign_send_sids(n);
		clock_tell(n);
		break;
	case PROC_SHIPPER:
		read_tail(n);
		break;
	case PROC_RECORDER:
		foldget_unended(n, p);
		break;
	default:
		break;
	}
}

static void
peer_down(struct process *r, struct peer *p)
{
	struct notary *n = process_ctx(r);

	queue_forget(n, p);
	if (peer_proc(p) == PROC_SHIPPER && n->stopping)
		process_exit(r, 0);
	if (peer_proc(p) == PROC_BROKER)
		timer_stop(n->fold_timer);
	if (peer_proc(p) == PROC_SESSION)
		session_down(n, p);
}

/* The skeleton's own records: messages it refused before we saw them. */
static int
append_own(struct process *r, enum event_code ev, const struct event_fields *f)
{
	struct queue_item item = {.event = ev, .origin = PROC_NOTARY};

	return queue_add(process_ctx(r), &item, f);
}

static const struct process_handler handlers[] = {
    {MSG_LOG_APPEND, on_append},
    {MSG_NT_GRANT_OPEN, on_grant_open},
    {MSG_NT_GRANT_EXTEND, on_grant_extend},
    {MSG_NT_GRANT_CLOSE, on_grant_close},
    {MSG_NT_LEG_OPEN, on_leg_open},
    {MSG_NT_LEG_RENEW, on_leg_renew},
    {MSG_NT_LEG_CLOSE, on_leg_close},
    {MSG_NT_MFA_BURN, on_mfa_burn},
    {MSG_NT_FOLD_GET, on_fold_get},
    {MSG_NT_READ, on_read},
    {MSG_NT_CLOCK, on_clock},
    {MSG_NT_HOSTSIGN, on_hostsign},
    {MSG_NT_CERT, on_cert},
};

int
main(int argc, char **argv)
{
	static struct notary ctx; /* the process's one context */
	const char *const rw[] = {ctx.log_dir, NULL};
	struct process_sandbox box = {.rw = rw};
	const struct process_def def = {
	    .proc = PROC_NOTARY,
	    .name = "notary",
	    .handlers = handlers,
	    .nhandlers = ARRAY_LEN(handlers),
	    .start = start,
	    .peer_up = peer_up,
	    .peer_down = peer_down,
	    .stop = stop,
	    .sandbox = &box,
	    .append = append_own,
	};
	int status = process_main(&def, &ctx, argc, argv);

	queue_done(&ctx);
	ledger_free(ctx.ledger);
	fold_free(ctx.fold);
	tally_free(ctx.tally);
	usage_free(ctx.usage);
	hashes_free(ctx.hashes);
	secret_free(&ctx.host_seed);
	secret_free(&ctx.ca_seed);
	explicit_bzero(ctx.receipt_key, sizeof(ctx.receipt_key));
	while (ctx.sessions != NULL) {
		struct session_peer *s = ctx.sessions;

		ctx.sessions = s->next;
		free(s);
	}
	return status;
}
