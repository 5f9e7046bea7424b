/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe - a session without a user: reaches a target for `target add --scan`
 * and `doctor`, says what it saw (version line, host key, whether the
 * certificate lets it in, the target's clock) and ends. Runs one fixed
 * command, never one that came from outside.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "session/session.h"
#include "session/text.h"

enum { PROBE_MS = 15000 };

/* Seconds: %N is not in every date; the broker compares seconds. */
static const char clock_command[] = "date +%s";

void
probe_asked(struct session *s, const struct msg_ses_probe *m, int fd)
{
	if (!s->probe.on || s->probe.asked || s->phase != PH_LINKS) {
		(void)close(fd);
		return;
	}
	s->probe.asked = true;
	s->probe.req = *m;
	s->probe.until_ms = s->now.boot_ms + PROBE_MS;
	s->target.login = m->user[0] == '\0' ? "probe" : s->probe.req.user;
	s->target.grant = s->probe.req.grant;
	s->target.sid = s->probe.req.sid;
	s->target.since_ms = s->now.boot_ms;
	text_fmt(
	    s->target.host_alg, sizeof(s->target.host_alg), "%s", m->host_alg);
	if (strcmp(m->host_alg, "ssh-rsa") == 0)
		text_fmt(s->target.host_alg, sizeof(s->target.host_alg), "%s",
		    "rsa-sha2-512,rsa-sha2-256");
	s->phase = PH_RELAY;
	s->broker.ipc.state = MST_READY;
	s->notary.ipc.state = MST_READY;
	target_start(s, fd, &m->host_keys);
}

static void
report(struct session *s)
{
	struct msg_ses_probed m = {.rid = s->probe.req.rid};
	struct target *t = &s->target;
	const char *banner = s->target_leg.ssh == NULL
				 ? NULL
				 : ssh_get_serverbanner(s->target_leg.ssh);
	uint64_t secs = 0;

	m.kex = t->nseen > 0;
	m.key_ok = t->key_ok;
	m.login_ok = t->phase == TG_UP;
	if (banner != NULL)
		str_escape(m.banner, sizeof(m.banner), banner, strlen(banner));
	text_fmt(m.text, sizeof(m.text), "%s", t->text);
	m.host_key.p = t->seen;
	m.host_key.len = (uint32_t)t->nseen;
	s->probe.out[strcspn(s->probe.out, "\r\n")] = '\0';
	if (str_u64(s->probe.out, 1, UINT32_MAX, &secs) == 0)
		m.clock_ms = (int64_t)secs * 1000;
	link_tell(s, &s->broker, MSG_SES_PROBED, &m);
	if (s->probe.chan != NULL)
		ssh_channel_free(s->probe.chan);
	s->probe.chan = NULL;
	s->phase = PH_DONE;
}

/* Reads the target's clock; true when there is nothing more to do. */
static bool
clock_step(struct session *s)
{
	struct probe *p = &s->probe;
	int n;

	if (p->chan == NULL &&
	    (p->chan = ssh_channel_new(s->target_leg.ssh)) == NULL)
		return true;
	if (p->step == 0) {
		n = ssh_channel_open_session(p->chan);
		if (n == SSH_AGAIN)
			return false;
		if (n != SSH_OK)
			return true;
		p->step = 1;
	}
	if (p->step == 1) {
		n = ssh_channel_request_exec(p->chan, clock_command);
		if (n == SSH_AGAIN)
			return false;
		if (n != SSH_OK)
			return true;
		p->step = 2;
	}
	while (p->nout < sizeof(p->out) - 1) {
		n = ssh_channel_read_nonblocking(p->chan, p->out + p->nout,
		    (uint32_t)(sizeof(p->out) - 1 - p->nout), 0);
		if (n <= 0)
			break;
		p->nout += (size_t)n;
	}
	return strchr(p->out, '\n') != NULL || ssh_channel_is_eof(p->chan);
}

void
probe_step(struct session *s)
{
	struct target *t = &s->target;
	bool late = s->now.boot_ms >= s->probe.until_ms;

	if (s->phase != PH_RELAY)
		return;
	if (late && t->text[0] == '\0' && t->phase < TG_UP)
		text_fmt(t->text, sizeof(t->text), "%s",
		    "the target did not answer in time");
	if (t->phase == TG_FAILED || late ||
	    (t->phase == TG_CERT && !s->probe.req.login) ||
	    (t->phase == TG_UP && (s->target_leg.dead || clock_step(s))))
		report(s);
}
