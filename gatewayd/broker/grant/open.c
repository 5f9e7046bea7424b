/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open - see the header.
 *
 * MUST: nothing opens before the intent is durable. MUST: whatever fails after
 * it closes the grant as aborted. MUST: nothing opens for whom the API has told
 * that nothing is known to have changed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/disk.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/subject.h"
#include "broker/call/wait.h"
#include "broker/grant/close.h"
#include "broker/grant/firewall.h"
#include "broker/grant/intent.h"
#include "broker/grant/live.h"
#include "broker/grant/open.h"
#include "broker/grant/recheck.h"
#include "broker/identity/mfa.h"

struct opening {
	struct broker *b;
	struct intent *in;
	open_fn *fn;
	void *arg;
	uint64_t seq;
};

/* The end of every way: says how it went, and forgets it. */
static void
finish(struct opening *x, enum open_result result, int error,
    struct live_grant *lg)
{
	const struct opened o = {
	    .result = result, .error = error, .seq = x->seq, .grant = lg};

	x->fn(x->arg, x->in, &o);
	intent_free(x->in);
	free(x);
}

/* Written, and to be shut again: in the kernel, in the log, in the lists. */
static void
undo(struct live_grant *lg, enum end_reason why, const char *by)
{
	struct broker *b = lg->b;

	firewall_close(b, lg->g.id, &lg->g, why);
	close_grant(b, lg->g.id, why, by, NULL, NULL);
	grant_remember(b, &lg->g, why, 0, lg->seq);
	grant_drop(lg);
}

/* A right was taken away while we waited: that saw no active grant yet, so it
 * is judged here once more. */
static void
taken_away(struct opening *x, struct live_grant *lg, const struct recheck *rc)
{
	struct subject *s = &x->in->subject;
	const bool there = subject_user(x->b, s, x->in->user) == 0 &&
			   s->user.state != USER_DISABLED;

	undo(lg, there ? rc->why : END_LOCKED, rc->by);
	finish(x, OPEN_TAKEN_AWAY, 0, NULL);
}

/* The log or the firewall took too long: true, and x is done with. */
static bool
too_late(struct opening *x, struct live_grant *lg)
{
	if (!call_late(x->b, x->in->late_boot_ms))
		return false;
	undo(lg, END_ABORTED, "gateway");
	finish(x, OPEN_LATE, 0, NULL);
	return true;
}

static void
activate(struct opening *x, struct live_grant *lg)
{
	grant_activate(lg);
	/* it may have been as short as this took */
	lg = grant_find(x->b, x->in->grant);
	finish(x, lg != NULL ? OPEN_DONE : OPEN_OVER, 0, lg);
}

/* ---- open */

static void
fw_opened(struct broker *b, void *arg, const void *body)
{
	const struct msg_fw_opened *m = body;
	struct opening *x = arg;
	struct live_grant *lg = grant_find(b, x->in->grant);
	struct recheck rc;

	if (lg == NULL) { /* it was ended, and shut again, meanwhile */
		finish(x, OPEN_TAKEN_AWAY, 0, NULL);
		return;
	}
	if (!recheck_grant(&x->in->subject, lg, &rc)) {
		taken_away(x, lg, &rc);
		return;
	}
	if (too_late(x, lg))
		return;
	if (m != NULL && m->result == 0) {
		activate(x, lg);
		return;
	}
	undo(lg, END_ABORTED, "gateway");
	finish(x, OPEN_NO_DOOR, m == NULL ? GW_ECLOSED : msg_error(m->result),
	    NULL);
}

static void
open_door(struct opening *x, struct live_grant *lg)
{
	struct msg_fw_open m = {.seq = lg->seq};

	text_set(m.id, sizeof(m.id), lg->g.id);
	text_set(m.grant, sizeof(m.grant), lg->g.id);
	memcpy(m.mac, lg->mac, sizeof(m.mac));
	m.elements.p = lg->elements;
	m.elements.len = lg->nelements;
	if (ask(x->b, PROC_FIREWALL, MSG_FW_OPEN, &m, MSG_FW_OPENED, fw_opened,
		x) != 0)
		fw_opened(x->b, x, NULL);
}

/* ---- intent */

/* If it was written, yet without a receipt that serves, it is not left open in
 * the log. */
static void
not_written(struct opening *x, struct live_grant *lg, int error)
{
	const bool used = error == GW_EDENIED && x->in->mfa_step > 0;

	if (x->seq != 0)
		close_grant(
		    x->b, x->in->grant, END_ABORTED, "gateway", NULL, NULL);
	if (lg != NULL)
		grant_drop(lg);
	if (!used)
		log_warn(
		    "the notary did not write a grant: %s", err_str(error));
	finish(x, used ? OPEN_CODE_USED : OPEN_FAILED, error, NULL);
}

static void
nt_opened(struct broker *b, void *arg, const void *body)
{
	const struct msg_nt_grant_opened *m = body;
	struct opening *x = arg;
	struct live_grant *lg = grant_find(b, x->in->grant);
	struct recheck rc;

	if (m != NULL)
		x->seq = m->seq;
	if (m == NULL || lg == NULL) {
		not_written(x, lg, GW_ECLOSED);
		return;
	}
	if (m->result != 0 || m->elements.len > sizeof(lg->elements)) {
		not_written(
		    x, lg, m->result != 0 ? msg_error(m->result) : GW_ELIMIT);
		return;
	}
	lg->seq = m->seq;
	memcpy(lg->mac, m->mac, sizeof(lg->mac));
	if (m->elements.len > 0)
		memcpy(lg->elements, m->elements.p, m->elements.len);
	lg->nelements = m->elements.len;
	if (x->in->mfa_step > 0)
		mfa_given(b, x->in->user, x->in->key_fp, &x->in->peer);
	if (!recheck_grant(&x->in->subject, lg, &rc))
		taken_away(x, lg, &rc);
	else if (too_late(x, lg))
		return;
	else if (x->in->probe)
		activate(x, lg);
	else
		open_door(x, lg);
}

static int
write_intent(struct opening *x, const struct grant *g)
{
	const struct intent *in = x->in;
	struct msg_nt_grant_open m = {.grant = *g, .mfa_step = in->mfa_step};
	char commands[COMMAND_TEXT_SIZE];

	memcpy(m.factor, in->factor, sizeof(m.factor));
	text_set(m.key_fp, sizeof(m.key_fp), in->key_fp);
	text_set(m.by, sizeof(m.by), in->user);
	text_set(m.idempotency, sizeof(m.idempotency), in->idempotency);
	command_text(commands, &in->verdict.commands);
	m.commands.p = (const uint8_t *)commands;
	m.commands.len = (uint32_t)strlen(commands);
	if (!in->probe && in->payload != NULL) {
		m.payload.p = in->payload;
		m.payload.len = (uint32_t)in->payload_len;
		m.signature.p = (const uint8_t *)in->signature;
		m.signature.len = (uint32_t)strlen(in->signature);
	}
	return ask(x->b, PROC_NOTARY, MSG_NT_GRANT_OPEN, &m,
	    MSG_NT_GRANT_OPENED, nt_opened, x);
}

/* ---- reserve */

/* In doubt there is none. */
bool
open_has_room(const struct broker *b)
{
	struct disk d;

	return broker_disk(b, "notary", &d) == 0 && disk_may_open(&d);
}

const char *
open_no_room(const struct broker *b, char ret[static LIMIT_TEXT_SIZE])
{
	struct disk d;

	if (broker_disk(b, "notary", &d) != 0) {
		(void)snprintf(ret, LIMIT_TEXT_SIZE,
		    "the disk of the log cannot be looked at (%s): new access "
		    "is refused until it can be",
		    strerror(errno));
		return "disk-failed";
	}
	if (disk_lacks_files(&d)) {
		(void)snprintf(ret, LIMIT_TEXT_SIZE,
		    "only %llu more files can be made on the disk of the log "
		    "(df -i): new access is refused until there is room",
		    (unsigned long long)d.files_free);
		return "disk-full";
	}
	(void)snprintf(ret, LIMIT_TEXT_SIZE,
	    "less than %d MiB of the disk of the log are free: new access is "
	    "refused until there is room",
	    LIMIT_DISK_OPEN_MIN >> 20);
	return "disk-full";
}

void
open_start(struct broker *b, struct intent *in, open_fn *fn, void *arg)
{
	struct opening *x = calloc(1, sizeof(*x));
	const struct opened o = {.result = OPEN_FAILED, .error = GW_ENOMEM};
	struct live_grant *lg = NULL;
	struct grant g;

	if (x == NULL) {
		fn(arg, in, &o);
		intent_free(in);
		return;
	}
	*x = (struct opening){.b = b, .in = in, .fn = fn, .arg = arg};
	intent_grant(b, in, &g);
	if (!open_has_room(b))
		finish(x, OPEN_DISK_FULL, 0, NULL);
	else if (!grant_ok(&g))
		finish(x, OPEN_NOT_WHOLE, 0, NULL);
	else if ((lg = grant_new(b, &g, in->key_fp)) == NULL)
		finish(x, OPEN_FAILED, GW_ENOMEM, NULL);
	else if (write_intent(x, &g) != 0)
		not_written(x, lg, GW_ECLOSED);
}
