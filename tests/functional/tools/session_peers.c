/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_peers - what supervisor, notary, broker and recorder answer to a
 * session.
 */
#include "tests/functional/tools/session_peers.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "core/part.h"
#include "ssh/sshauth.h"
#include "ssh/sshcert.h"
#include "wire/messages.h"

void NORETURN
die(const char *what)
{
	(void)fprintf(
	    stderr, "session_harness: %s: %s\n", what, strerror(errno));
	exit(2);
}

void
send_to(struct harness *h, struct conn *c, int to, unsigned type,
    const void *body, int fd)
{
	int r = ipc_send_wait(&c->link[to], type, body, fd < 0 ? NULL : &fd,
	    fd < 0 ? 0 : 1, 5000);

	if (r != 0) {
		(void)fprintf(
		    h->events, "send-failed %u %s\n", type, err_str(r));
		(void)fflush(h->events);
	}
}

void
path_in(const struct harness *h, char *ret, size_t size, const char *name)
{
	if (str_fmt(ret, size, "%s/%s", h->dir, name) != 0)
		die("path too long");
}

int
dial(const struct harness *h)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons(h->target_port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		die("connect to the target");
	return fd;
}

/* With a newer libssh clients sign our host key as well. */
static bool
signature_ok(
    const struct harness *h, const struct conn *c, const struct msg_ses_auth *m)
{
	struct sshauth a = {.sid = c->sid,
	    .nsid = c->nsid,
	    .user = m->user,
	    .alg = m->alg,
	    .key = m->blob.p,
	    .nkey = m->blob.len};
	struct buf b;
	bool ok = false;

	for (int bound = 0; bound < 2 && !ok; bound++) {
		a.host_key = bound != 0 ? h->host_key.blob : NULL;
		a.nhost_key = bound != 0 ? h->host_key.len : 0;
		buf_init(&b, 65536);
		sshauth_signed(&b, &a);
		ok = buf_err(&b) == 0 && c->nsid > 0 &&
		     sshkey_verify(&h->user_key, m->alg, m->sig.p, m->sig.len,
			 m->sk_flags, m->sk_counter, b.p, b.len) == 0;
		buf_done(&b);
		if (ok && bound != 0)
			(void)fprintf(h->events, "host-bound\n");
	}
	return ok;
}

static void
on_auth(struct harness *h, struct conn *c, const struct msg_ses_auth *m)
{
	struct msg_ses_auth_ok ok = {.rid = m->rid, .query = m->query};
	struct msg_ses_auth_no no = {.rid = m->rid, .query = m->query};
	struct now now = clock_now();
	const char *at = strrchr(m->user, '@');
	bool key = m->blob.len == h->user_key.len &&
		   memcmp(m->blob.p, h->user_key.blob, m->blob.len) == 0;

	(void)fprintf(h->events, "auth query=%d key=%d alg=%s user=%s\n",
	    m->query, key, m->alg, m->user);
	if (!key || at == NULL || (!m->query && !signature_ok(h, c, m)) ||
	    (!m->query && h->deny[0] != '\0')) {
		if (key && !m->query)
			(void)snprintf(no.text, sizeof(no.text), "%s", h->deny);
		send_to(h, c, BROKER, MSG_SES_AUTH_NO, &no, -1);
		return;
	}
	if (str_fmt(ok.login, sizeof(ok.login), "%.*s", (int)(at - m->user),
		m->user) != 0 ||
	    str_copy(ok.target, sizeof(ok.target), at + 1) != 0)
		die("name");
	(void)strcpy(ok.grant, "g-TESTTEST");
	(void)strcpy(ok.sid, "s-TESTTEST");
	(void)strcpy(ok.user, "alice");
	ok.caps = h->caps;
	ok.record = h->record;
	ok.idle_s = h->idle_s;
	ok.end_ms = now.utc_ms + h->end_s * 1000;
	ok.end_boot_ms = now.boot_ms + h->end_s * 1000;
	if (!m->query)
		c->link[BROKER].state = MST_READY;
	send_to(h, c, BROKER, MSG_SES_AUTH_OK, &ok, -1);
	if (!m->query)
		c->link[NOTARY].state = c->link[RECORDER].state = MST_READY;
}

void
pinned(const struct harness *h, struct buf *b)
{
	buf_u32(b, 1);
	buf_string(b, h->target_key.blob, h->target_key.len);
	if (buf_err(b) != 0)
		die("pinned");
}

void
answer_dial(struct harness *h, struct conn *c, uint32_t rid)
{
	struct msg_ses_target t = {.rid = rid, .port = h->target_port};
	struct msg_ses_dial_no no = {.rid = rid};
	struct buf b;
	int fd;

	if (h->nodial[0] != '\0') {
		(void)snprintf(no.text, sizeof(no.text), "%s", h->nodial);
		send_to(h, c, BROKER, MSG_SES_DIAL_NO, &no, -1);
		return;
	}
	fd = dial(h);
	buf_init(&b, 8192);
	pinned(h, &b);
	t.host_keys.p = b.p;
	t.host_keys.len = (uint32_t)b.len;
	send_to(h, c, BROKER, MSG_SES_TARGET, &t, fd);
	(void)close(fd);
	buf_done(&b);
}

static void
on_dial(struct harness *h, struct conn *c, const struct msg_ses_dial *m)
{
	if (!h->holddial) {
		answer_dial(h, c, m->rid);
		return;
	}
	h->held = c;
	h->held_rid = m->rid;
	(void)fprintf(h->events, "dial held\n");
}

static void
on_hostsign(struct harness *h, struct conn *c, const struct msg_nt_hostsign *m)
{
	struct msg_nt_hostsig r = {.rid = m->rid};
	uint8_t sig[64];

	if (sshkey_ed25519_sign(sig, &h->host_seed, m->hash.p, m->hash.len) !=
	    0)
		die("sign");
	if (c->nsid == 0 && m->hash.len <= sizeof(c->sid)) {
		memcpy(c->sid, m->hash.p, m->hash.len);
		c->nsid = m->hash.len;
	}
	r.sig.p = sig;
	r.sig.len = sizeof(sig);
	send_to(h, c, NOTARY, MSG_NT_HOSTSIG, &r, -1);
}

static void
on_cert(struct harness *h, struct conn *c, const struct msg_nt_cert *m)
{
	struct msg_nt_cert_ok r = {.rid = m->rid};
	struct now now = clock_now();
	struct sshcert cert = {.serial = 1,
	    .key_id = "user=alice grant=g-TESTTEST",
	    .principal = "root",
	    .valid_after = (uint64_t)(now.utc_ms / 1000 - 60),
	    .valid_before = (uint64_t)(now.utc_ms / 1000 + 60),
	    .source_address = "127.0.0.1",
	    .caps = CAP_DEFAULT};
	struct buf b;

	memcpy(cert.pubkey, m->pubkey, sizeof(cert.pubkey));
	buf_init(&b, 8192);
	if (sshcert_build(&b, &cert, &h->ca_seed) != 0)
		die("certificate");
	r.cert.p = b.p;
	r.cert.len = (uint32_t)b.len;
	if (h->hold < 2)
		send_to(h, c, NOTARY, MSG_NT_CERT_OK, &r, -1);
	else
		(void)fprintf(h->events, "cert held\n");
	buf_done(&b);
}

static int
on_part(void *arg, const struct part *part)
{
	struct harness *h = arg;

	(void)fprintf(h->events, "part %s %u %.*s\n",
	    event_field_name(part->field), part->chunk, (int)part->n,
	    (const char *)part->p);
	return 0;
}

static void
on_append(struct harness *h, struct conn *c, const struct msg_log_append *m)
{
	struct msg_log_durable d = {.rid = m->rid, .seq = 1};
	struct event_fields f;
	struct buf b;

	if (!event_may_write(m->event, PROC_SESSION))
		die("an event a session may not write");
	buf_init(&b, LIMIT_RECORD_MAX);
	event_fields_init(&f);
	if (part_fields(&f, m->fields.p, m->fields.len, on_part, h) != 0 ||
	    event_fields_json(&b, f.b.p, f.b.len) != 0)
		die("event fields");
	(void)fprintf(h->events, "event %s %.*s\n", event_spec(m->event)->name,
	    (int)b.len, (const char *)b.p);
	event_fields_done(&f);
	buf_done(&b);
	if (m->rid != 0 && h->hold == 0)
		send_to(h, c, NOTARY, MSG_LOG_DURABLE, &d, -1);
}

static void
record_path(const struct harness *h, const struct conn *c, uint32_t channel,
    char *ret, size_t size)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "rec.%llu.%u",
	    (unsigned long long)c->id, channel);
	path_in(h, ret, size, name);
}

/* As the recorder does: what is in the file, whoever wrote it. */
static void
send_written(struct harness *h, struct conn *c, uint32_t channel, bool ended)
{
	struct msg_rec_state st = {.channel = channel, .ended = ended};
	struct stat sb;
	char path[512];

	record_path(h, c, channel, path, sizeof(path));
	if (stat(path, &sb) == 0)
		st.bytes = (uint64_t)sb.st_size;
	send_to(h, c, RECORDER, MSG_REC_STATE, &st, -1);
}

static void
on_record(struct harness *h, struct conn *c, const struct ipc_msg *m)
{
	const struct msg_rec_open *o = m->body;
	const struct msg_rec_data *d = m->body;
	char path[512];
	FILE *f;

	if (m->type == MSG_REC_OPEN) {
		(void)fprintf(h->events, "rec open %u %ux%u %.*s\n", o->channel,
		    o->cols, o->rows, (int)o->command.len,
		    (const char *)o->command.p);
		send_written(h, c, o->channel, false);
		return;
	}
	if (m->type == MSG_REC_CLOSE) {
		(void)fprintf(h->events, "rec close %u\n", d->channel);
		send_written(h, c, d->channel, true);
		return;
	}
	if (d->kind == REC_RESIZE) {
		(void)fprintf(h->events, "rec resize %.*s\n", (int)d->data.len,
		    (const char *)d->data.p);
		return;
	}
	record_path(h, c, d->channel, path, sizeof(path));
	if ((f = fopen(path, "ae")) == NULL)
		die(path);
	(void)fwrite(d->data.p, 1, d->data.len, f);
	(void)fclose(f);
	send_written(h, c, d->channel, false);
}

static void
on_probed(struct harness *h, const struct msg_ses_probed *m)
{
	(void)fprintf(h->events,
	    "probed kex=%d key_ok=%d login_ok=%d banner=%s clock=%lld "
	    "key=%u text=%s\n",
	    m->kex, m->key_ok, m->login_ok, m->banner, (long long)m->clock_ms,
	    m->host_key.len, m->text);
}

void
handle(struct harness *h, struct conn *c, const struct ipc_msg *m)
{
	const struct msg_ses_end *e = m->body;
	struct msg_ses_channel_ok ok = {.given = 1};

	switch (m->type) {
	case MSG_SES_CHANNEL:
		ok.rid = ((const struct msg_ses_channel *)m->body)->rid;
		send_to(h, c, BROKER, MSG_SES_CHANNEL_OK, &ok, -1);
		break;
	case MSG_SES_AUTH:
		on_auth(h, c, m->body);
		break;
	case MSG_SES_DIAL:
		on_dial(h, c, m->body);
		break;
	case MSG_SES_END:
		(void)fprintf(h->events,
		    "end reason=%s in=%llu out=%llu exit=%lld text=%s\n",
		    end_reason_str((enum end_reason)e->reason),
		    (unsigned long long)e->bytes_in,
		    (unsigned long long)e->bytes_out, (long long)e->exit,
		    e->text);
		break;
	case MSG_SES_PROBED:
		on_probed(h, m->body);
		break;
	case MSG_NT_HOSTSIGN:
		on_hostsign(h, c, m->body);
		break;
	case MSG_NT_CERT:
		on_cert(h, c, m->body);
		break;
	case MSG_SUP_SAY:
		(void)fprintf(stderr, "%s\n",
		    ((const struct msg_sup_say *)m->body)->text);
		break;
	case MSG_LOG_APPEND:
		on_append(h, c, m->body);
		break;
	default:
		on_record(h, c, m);
		break;
	}
	(void)fflush(h->events);
}
