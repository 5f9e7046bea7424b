/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sallyport-broker - decides: who may have which door, and whose session it
 * is. Holds the store, the policy, the sealed TOTP seeds. It has no listening
 * socket and parses nothing but typed messages and JSON whose sender is known
 * or whose signature is checked first.
 */
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "broker/admin/answers.h"
#include "broker/admin/clock.h"
#include "broker/admin/lock.h"
#include "broker/admin/lock_me.h"
#include "broker/admin/reconsider.h"
#include "broker/broker.h"
#include "broker/call/wait.h"
#include "broker/grant/ended.h"
#include "broker/grant/history.h"
#include "broker/grant/protect.h"
#include "broker/identity/challenge.h"
#include "broker/identity/codeclock.h"
#include "broker/identity/denials.h"
#include "broker/identity/mfa.h"
#include "broker/identity/regulars.h"
#include "broker/identity/token.h"
#include "broker/inbox.h"
#include "broker/recover.h"
#include "broker/report/audit.h"
#include "broker/report/health.h"
#include "broker/request/aside.h"
#include "broker/request/at.h"
#include "broker/request/events.h"
#include "broker/request/lapse.h"
#include "broker/session/channels.h"
#include "broker/session/login.h"
#include "broker/session/probe.h"
#include "broker/session/session.h"
#include "sys/seal.h"
#include "sys/totp.h"
#include "sys/zones.h"

enum { PRUNE_MS = 3600 * 1000 };

/* ---- answers of the others */

static int
on_answer(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	wait_answer(process_ctx(r), peer_proc(p), msg->type, msg->body);
	return 0;
}

static int
on_fw_foreign(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_fw_foreign *m = msg->body;
	struct broker *b = process_ctx(r);

	(void)p;
	b->foreign = *m;
	return 0;
}

static int
on_shp_status(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_shp_status *m = msg->body;
	struct broker *b = process_ctx(r);

	(void)p;
	for (int i = 0; i < LIMIT_SINKS; i++) {
		if (b->sinks[i].sink[0] != '\0' &&
		    strcmp(b->sinks[i].sink, m->sink) != 0)
			continue;
		b->sinks[i] = *m;
		break;
	}
	return 0;
}

/* ---- links */

static void
peer_up(struct process *r, struct peer *p)
{
	struct broker *b = process_ctx(r);

	switch (peer_proc(p)) {
	case PROC_SESSION:
		session_up(b, p);
		break;
	case PROC_API:
	case PROC_ADMIN:
		b->api_links[peer_proc(p) == PROC_ADMIN]++;
		if (peer_proc(p) == PROC_API)
			regulars_tell(b, p);
		break;
	case PROC_NOTARY:
	case PROC_FIREWALL:
		/* the first time ready() starts it, when both are there */
		if (b->recovery != NULL)
			recover_start(b);
		break;
	default:
		break;
	}
}

static void
peer_down(struct process *r, struct peer *p)
{
	struct broker *b = process_ctx(r);

	if (peer_proc(p) == PROC_SESSION)
		session_down(b, p);
	else
		wait_lost(b, peer_proc(p));
	if (peer_proc(p) == PROC_FIREWALL)
		protect_lost(b);
}

/* ---- start and end */

/* What jansson holds may be a token, a seed, an invitation: it frees without
 * wiping, so that is done here for all. */
size_t malloc_usable_size(void *p); /* glibc's, of no standard header */

static void
wipe_free(void *p)
{
	if (p != NULL)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void
on_prune(struct process *r, void *arg)
{
	struct broker *b = process_ctx(r);
	struct timer **t = arg;
	const int64_t before =
	    broker_now(b).utc_ms - (int64_t)LIMIT_IDEMPOTENCY_LIFE_S * 1000;

	if (store_answer_prune(b->store, before) != 0)
		log_warn("old answers were not forgotten");
	if (store_upload_prune(b->store, broker_now(b).utc_ms) != 0)
		log_warn("old uploads were not removed");
	answers_tidy(b);
	timer_set(*t, PRUNE_MS);
}

static int
open_files(struct broker *b)
{
	char path[LIMIT_PATH_SIZE + 32], text[LIMIT_TEXT_SIZE];
	int r;

	if ((r = str_fmt(path, sizeof(path), "%s/broker/seal.key",
		 b->conf->state_dir)) != 0)
		return r;
	if ((r = seal_key_read(&b->seal_key, path)) != 0) {
		log_err("cannot read %s: %s (gatewayd init makes it)", path,
		    err_str(r));
		return r;
	}
	if ((r = str_fmt(path, sizeof(path), "%s/broker/store.db",
		 b->conf->state_dir)) != 0)
		return r;
	if ((r = store_open(&b->store, path, text)) != 0) {
		log_err("cannot use %s: %s%s", path, text,
		    r == GW_EUNSUPPORTED ? ""
					 : "; every door stays shut until it "
					   "is a database that user "
					   "sallyport-broker may read and "
					   "write: mend its owner, mode or "
					   "disk, or put a copy of it in its "
					   "place, without its -wal and -shm");
		return r;
	}
	if (text[0] != '\0')
		log_info("%s: %s", path, text);
	b->store_is = MEDIUM_WELL;
	store_on_dead(b->store, health_store_dead, b);
	if ((r = broker_load_roles(b)) != 0) {
		log_err("the roles in %s cannot be read: %s (%s)", path,
		    err_str(r), store_error(b->store));
		return r;
	}
	/* it serves all the same: what is closed can still be asked about */
	if (broker_load_locks(b) != 0)
		log_err("the locks in %s cannot be read: everything is locked "
			"(%s)",
		    path, store_error(b->store));
	return 0;
}

/* What roles with hours go by. Without it they give nothing. */
static int
read_zones(struct broker *b)
{
	const int r = zones_read(&b->zones, ZONES_DIR, clock_now().utc_ms);

	if (r != 0)
		return r;
	if (zone_table_count(b->zones) == 0)
		log_warn("no time zones in %s: roles with hours give nothing "
			 "(tzdata brings them)",
		    ZONES_DIR);
	for (size_t i = 0; i < b->nroles; i++) {
		const char *zone = hours_unknown(&b->roles[i].hours, b->zones);

		if (zone == NULL)
			zone =
			    alternative_unknown(&b->roles[i].any_of, b->zones);
		if (zone != NULL)
			log_warn("role %s: the time zone %s is not in %s: it "
				 "%s",
			    b->roles[i].name, zone, ZONES_DIR,
			    b->roles[i].deny ? "denies at all times"
					     : "gives nothing");
	}
	return 0;
}

/* Libraries open files of theirs at first use: not in the sandbox. It also
 * shows that the key seals. */
static int
warm_up(struct broker *b)
{
	struct secret in = {0}, out = {0};
	struct buf sealed;
	char fp[SSHKEY_FP_SIZE];
	int r;

	buf_init(&sealed, 1024);
	if ((r = secret_random(&in, OTP_SEED_LONG)) == 0 &&
	    (r = seal_close(&sealed, &b->seal_key, &in, "self-test")) == 0)
		r = seal_open(
		    &out, &b->seal_key, sealed.p, sealed.len, "self-test");
	if (r == 0 && (out.len != in.len || !secret_equal(in.p, out.p, in.len)))
		r = GW_ECRYPTO;
	sshkey_fingerprint(fp, "self-test", 9);
	if (clock_boot_id()[0] == '\0')
		log_warn("the boot id cannot be read: grants count UTC only");
	buf_done(&sealed);
	secret_free(&in);
	secret_free(&out);
	return r;
}

static int
start(struct process *r, const struct conf *conf)
{
	static struct timer *prune; /* beside the context, as long as it */
	struct broker *b = process_ctx(r);
	int e;

	b->process = r;
	b->resync = recover_start;
	b->wake = inbox_wake;
	b->conf = conf;
	b->early_end = &b->early;
	b->next_probe = (uint64_t)clock_now().utc_ms << 8;
	if ((e = str_fmt(b->state_path, sizeof(b->state_path), "%s/broker",
		 conf->state_dir)) != 0)
		return e;
	b->writable[0] = b->state_path;
	b->box.rw = b->writable;
	if ((e = totp_init()) != 0 || (e = open_files(b)) != 0 ||
	    (e = read_zones(b)) != 0 || (e = warm_up(b)) != 0 ||
	    (e = challenges_new(&b->challenges)) != 0 ||
	    (e = tokens_new(&b->tokens)) != 0 || (e = mfa_new(&b->mfa)) != 0 ||
	    (e = codeclock_new(&b->codeclock)) != 0 ||
	    (e = denials_new(b)) != 0 || (e = history_new(b)) != 0 ||
	    (e = protect_new(b)) != 0 || (e = views_new(&b->views)) != 0 ||
	    (e = channels_new(b)) != 0 || (e = lapse_new(b)) != 0 ||
	    (e = at_new(b)) != 0 || (e = events_new(b)) != 0 ||
	    (e = lock_ends_new(b)) != 0 || (e = lock_me_new(b)) != 0)
		return e;
	session_init(b);
	call_on_answer(aside_waits);
	if ((prune = timer_new(r, on_prune, &prune)) == NULL)
		return GW_ENOMEM;
	timer_set(prune, PRUNE_MS);
	return 0;
}

/* That one admin's word is enough is root's to say, and no secret. */
static void
record_single(struct broker *b)
{
	struct event_fields f;

	if (b->conf->one_admin == 0)
		return;
	event_fields_init(&f);
	event_str(&f, EF_MSG,
	    "policy.second_admin is false: power is widened without a second "
	    "admin");
	if (process_append(b->process, EV_POWER_SINGLE, &f, NULL, NULL) != 0)
		log_warn("policy.second_admin could not be recorded");
	event_fields_done(&f);
}

static int
ready(struct process *r)
{
	struct broker *b = process_ctx(r);

	/* what an earlier broker told of is told anew */
	regulars_tell(b, process_peer(r, PROC_SUPERVISOR));
	record_single(b);
	recover_start(b);
	return PROCESS_LATER; /* recover.c, once in step with log and firewall
			       */
}

/* What is longer than any may be by now is as good as taken away. */
static void
end_longer(struct broker *b)
{
	struct ended count;
	char max[32];

	ended_begin(&count);
	b->ended = &count;
	grants_reconsider(b, NULL, NULL);
	b->ended = NULL;
	str_duration_format(max, sizeof(max), b->conf->max_grant_s);
	if (count.grants > 0 || count.sessions > 0)
		log_warn("policy.max_grant is %s now: %u grant%s and %u "
			 "session%s that would last longer end, as if revoked",
		    max, count.grants, count.grants == 1 ? "" : "s",
		    count.sessions, count.sessions == 1 ? "" : "s");
	json_decref(ended_done(&count));
}

static void
reload(struct process *r, const struct conf *old)
{
	struct broker *b = process_ctx(r);

	if (b->conf->max_grant_s < old->max_grant_s && b->told &&
	    !FAULT(reload_keeps))
		end_longer(b); /* else the start does */
	if (b->conf->one_admin != old->one_admin)
		record_single(b);
}

static void
stop(struct process *r)
{
	struct broker *b = process_ctx(r);

	history_free(b);
	channels_free(b);
	lapse_free(b);
	at_free(b);
	events_free(b);
	lock_ends_free(b);
	lock_me_free(b);
	known_clear(&b->regulars);
	process_exit(r, 0);
}

int
main(int argc, char **argv)
{
	static const struct process_handler handlers[] = {
	    {MSG_API_CALL, on_api_call},
	    {MSG_NT_GRANT_OPENED, on_answer},
	    {MSG_NT_GRANT_EXTENDED, on_answer},
	    {MSG_NT_GRANT_CLOSED, on_answer},
	    {MSG_NT_LEG_OPENED, on_answer},
	    {MSG_NT_LEG_CLOSED, on_answer},
	    {MSG_NT_MFA_BURNED, on_answer},
	    {MSG_NT_FOLD_GRANT, on_fold_grant},
	    {MSG_NT_FOLD_LEG, on_fold_leg},
	    {MSG_NT_FOLD_END, on_answer},
	    {MSG_NT_CLOCKED, on_nt_clocked},
	    {MSG_NT_QUOTA, on_nt_quota},
	    {MSG_NT_LINES, on_answer},
	    {MSG_NT_SID, on_nt_sid},
	    {MSG_FW_OPENED, on_answer},
	    {MSG_FW_CLOSED, on_answer},
	    {MSG_FW_PROTECTED, on_answer},
	    {MSG_FW_UNPROTECTED, on_fw_unprotected},
	    {MSG_SUP_WHOSE, on_whose},
	    {MSG_FW_SYNCED, on_answer},
	    {MSG_SES_AUTH, on_ses_auth},
	    {MSG_SES_DIAL, on_ses_dial},
	    {MSG_SES_CHANNEL, on_ses_channel},
	    {MSG_SES_END, on_ses_end},
	    {MSG_SES_PROBED, on_ses_probed},
	    {MSG_SUP_PROBE, on_sup_probe},
	    {MSG_REC_BYTES, on_answer},
	    {MSG_REC_LOOKED, on_answer},
	    {MSG_REC_STARTED, on_rec_started},
	    {MSG_SHP_STATUS, on_shp_status},
	    {MSG_FW_FOREIGN, on_fw_foreign},
	    {MSG_SUP_FAILS, on_sup_fails},
	    {MSG_DISK, on_disk},
	};
	static struct broker broker; /* the process's one context */
	const struct process_def def = {.proc = PROC_BROKER,
	    .name = "broker",
	    .needs = PROC_BIT(PROC_NOTARY) | PROC_BIT(PROC_FIREWALL),
	    .handlers = handlers,
	    .nhandlers = ARRAY_LEN(handlers),
	    .start = start,
	    .ready = ready,
	    .peer_up = peer_up,
	    .peer_down = peer_down,
	    .reload = reload,
	    .stop = stop,
	    .sandbox = &broker.box};
	int status;

	/* Lists of the policy come and go with each change, whom a call is
	 * about with the call: their memory goes too, and no more is taken than
	 * is used. Nor are 1,400 texts for errors of libcrypto, which nobody
	 * prints here. */
	(void)mallopt(M_MMAP_THRESHOLD, 16 * 1024);
	(void)mallopt(M_TRIM_THRESHOLD, 32 * 1024);
	(void)mallopt(M_TOP_PAD, 16 * 1024);
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, NULL);
	json_set_alloc_funcs(malloc, wipe_free);
	status = process_main(&def, &broker, argc, argv);
	store_close(broker.store);
	zone_table_free(broker.zones);
	secret_free(&broker.seal_key);
	return status;
}
