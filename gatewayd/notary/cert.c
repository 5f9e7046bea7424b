/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert - NT_CERT: the one-session certificate. The session names a grant, a
 * session and a key of its own; everything else comes from the fold.
 *
 * MUST sign only for the connection the leg was opened for, while the leg is
 * open and its grant lives in the fold by our own clock.
 * MUST write cert.issue before the certificate leaves this process.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "notary/foldrecord.h"
#include "notary/notary.h"
#include "ssh/sshcert.h"
#include "ssh/sshkey.h"

enum {
	KEY_ID_SIZE = 192,
	PRINCIPAL_SIZE = 2 * LIMIT_NAME_SIZE,
};

struct issue {
	uint32_t rid;
	char sid[LIMIT_ID_SIZE];
	char grant[LIMIT_ID_SIZE];
	char key_id[KEY_ID_SIZE];
	char principal[PRINCIPAL_SIZE];
	char source[ADDR_TEXT_SIZE];
	struct sshcert cert;
};

struct refusal {
	uint32_t rid;
};

static int
reply(struct peer *p, uint32_t rid, int result, const struct buf *cert)
{
	struct msg_nt_cert_ok out = {.rid = rid, .result = msg_result(result)};

	if (result == 0) {
		out.cert.p = cert->p;
		out.cert.len = (uint32_t)cert->len;
	}
	return peer_send(p, MSG_NT_CERT_OK, &out, -1);
}

/* Why not; NULL when it may be. */
static const char *
cert_check(struct notary *n, const struct session_peer *s,
    const struct msg_nt_cert *m, const struct fold_leg *l,
    const struct fold_grant *g)
{
	struct now now = clock_now();

	if (l == NULL || queue_has(n, EV_SESSION_END, m->sid))
		return "no such session is open";
	if (!FAULT(cert_conn) && (l->conn != s->conn || !s->has_leg ||
				     strcmp(s->leg.sid, m->sid) != 0))
		return "the session belongs to another connection";
	if (strcmp(l->grant, m->grant) != 0)
		return "the session belongs to another grant";
	if (g == NULL ||
	    (!FAULT(cert_grant) &&
		(queue_has(n, EV_GRANT_CLOSE, m->grant) ||
		    grant_left_ms(&g->grant, &now, clock_boot_id()) <= 0)))
		return "the grant is over";
	if (s->certs >= LIMIT_CERTS_PER_LEG)
		return "too many certificates for one session";
	return NULL;
}

static void
refused(struct notary *n, struct peer *p, void *arg, int result, uint64_t seq)
{
	const struct refusal *d = arg;

	(void)n;
	(void)seq;
	(void)!reply(p, d->rid, result < 0 ? result : GW_EDENIED, NULL);
}

static int
refuse(struct notary *n, struct peer *p, const struct session_peer *s,
    const struct msg_nt_cert *m, const char *why)
{
	struct refusal *d = calloc(1, sizeof(*d));
	struct queue_item item = {.event = EV_CERT_DENIED,
	    .origin = PROC_NOTARY,
	    .peer = p,
	    .fn = refused,
	    .arg = d};
	struct event_fields f;
	int r;

	if (d == NULL)
		return GW_ENOMEM;
	d->rid = m->rid;
	event_fields_init(&f);
	if (s->has_leg) {
		event_str(&f, EF_USER, s->leg.user);
		event_str(&f, EF_USER_ID, s->leg.user_id);
		event_str(&f, EF_OWNER, s->leg.owner);
	}
	event_str(&f, EF_GRANT, m->grant);
	event_str(&f, EF_SID, m->sid);
	event_num(&f, EF_CONN, (int64_t)s->conn);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_MSG, why);
	r = tally_add(n, &item, &f);
	event_fields_done(&f);
	return r;
}

/* The record is durable: sign, if the grant still lives now. */
static void
issued(struct notary *n, struct peer *p, void *arg, int result, uint64_t seq)
{
	struct issue *i = arg;
	const struct fold_leg *l = fold_leg(n->fold, i->sid);
	struct buf cert;

	buf_init(&cert, LIMIT_CERT_MAX);
	if (result == 0 && l == NULL)
		result = GW_EDENIED;
	if (result == 0 && seq != i->cert.serial)
		result = GW_ESTATE; /* the record would name another serial */
	if (result == 0) {
		i->cert.key_id = i->key_id;
		i->cert.principal = i->principal;
		i->cert.source_address = i->source;
		result = sshcert_build(&cert, &i->cert, &n->ca_seed);
	}
	(void)!reply(p, i->rid, result, &cert);
	buf_done(&cert);
}

static int
issue_make(struct issue *i, struct notary *n, const struct msg_nt_cert *m,
    const struct fold_leg *l, const struct grant *g)
{
	struct now now = clock_now();
	int64_t left_s = (grant_left_ms(g, &now, clock_boot_id()) + 999) / 1000;
	int64_t life_s = LIMIT_CERT_LIFE_S;
	int r;

	i->rid = m->rid;
	memcpy(i->sid, m->sid, sizeof(i->sid));
	memcpy(i->grant, m->grant, sizeof(i->grant));
	memcpy(i->cert.pubkey, m->pubkey, sizeof(i->cert.pubkey));
	i->cert.serial = queue_next_seq(n);
	i->cert.caps = g->caps;
	if (left_s < life_s && !FAULT(cert_outlives))
		life_s = left_s; /* no certificate outlives its grant */
	i->cert.valid_after = (uint64_t)(now.utc_ms / 1000 - LIMIT_CERT_SKEW_S);
	i->cert.valid_before = (uint64_t)(now.utc_ms / 1000 + life_s);
	addr_format(i->source, &l->gateway);
	if ((r = str_fmt(i->key_id, sizeof(i->key_id),
		 "user=%s%s%s grant=%s session=%s", l->user,
		 l->owner[0] != '\0' ? " owner=" : "", l->owner, l->grant,
		 l->sid)) < 0)
		return r;
	return str_fmt(i->principal, sizeof(i->principal), "%s@%s", l->login,
	    l->target_name);
}

static int
issue_add(
    struct notary *n, struct peer *p, struct issue *i, const struct fold_leg *l)
{
	struct queue_item item = {.event = EV_CERT_ISSUE,
	    .origin = PROC_NOTARY,
	    .key = i->sid,
	    .peer = p,
	    .fn = issued,
	    .arg = i};
	char line[256] = "", fp[SSHKEY_FP_SIZE] = "";
	struct event_fields f;
	struct sshkey k;
	int r;

	if (sshkey_ed25519_line(line, sizeof(line), i->cert.pubkey) == 0 &&
	    sshkey_parse_line(&k, line) == 0)
		sshkey_fingerprint(fp, k.blob, k.len);
	event_fields_init(&f);
	fold_leg_fields(&f, l);
	event_num(&f, EF_SERIAL, (int64_t)i->cert.serial);
	event_str(&f, EF_KEY_ID, i->key_id);
	event_str(&f, EF_KEY_FP, fp);
	event_num(&f, EF_CAPS, i->cert.caps);
	event_num(&f, EF_END, (int64_t)i->cert.valid_before * 1000);
	event_str(&f, EF_OUTCOME, "success");
	r = queue_add(n, &item, &f);
	event_fields_done(&f);
	return r;
}

int
on_cert(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_cert *m = msg->body;
	struct notary *n = process_ctx(r);
	struct session_peer *s = peer_data(p);
	const struct fold_leg *l;
	const struct fold_grant *g;
	const char *why;
	struct issue *i;
	int e;

	if (s == NULL)
		return GW_EPROTO;
	queue_make_room(n); /* the serial below is the record's number */
	l = fold_leg(n->fold, m->sid);
	g = fold_grant(n->fold, m->grant);
	if ((why = cert_check(n, s, m, l, g)) != NULL)
		return refuse(n, p, s, m, why);
	if ((i = calloc(1, sizeof(*i))) == NULL)
		return GW_ENOMEM;
	if ((e = issue_make(i, n, m, l, &g->grant)) < 0) {
		free(i);
		return e;
	}
	s->certs++;
	return issue_add(n, p, i, l);
}
