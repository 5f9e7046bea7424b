/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe - see probe.h.
 */
#include "session/probe.h"

#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/str.h"
#include "session/links.h"
#include "session/session.h"
#include "session/target_leg.h"
#include "session/text.h"

enum { PROBE_MS = 15000 };

/* Seconds: %N is not in every date; the broker compares seconds. Then the
 * target's addresses, among other words: Linux without iproute2, and most other
 * systems, have one of the others. */
static const char command[] =
    "date +%s; ip -o addr 2>/dev/null || hostname -I 2>/dev/null || "
    "ifconfig -a 2>/dev/null";

void
probe_asked(struct session *s, const struct msg_ses_probe *m, int fd)
{
	struct probe *p = s->probe;
	struct target_leg *t = s->target;

	if (!s->spawn.probe || p->asked || s->phase != PH_LINKS) {
		(void)close(fd);
		return;
	}
	p->asked = true;
	p->req = *m;
	p->until_ms = s->now.boot_ms + PROBE_MS;
	t->login = m->user[0] == '\0' ? "probe" : p->req.user;
	t->grant = p->req.grant;
	t->sid = p->req.sid;
	t->no_login = !m->login;
	t->ask_first = true;
	t->since_ms = s->now.boot_ms;
	text_fit(t->host_alg, sizeof(t->host_alg), "%s",
	    strcmp(m->host_alg, "ssh-rsa") == 0 ? "rsa-sha2-512,rsa-sha2-256"
						: m->host_alg);
	s->phase = PH_RELAY;
	s->broker.ipc.state = MST_READY;
	s->notary.ipc.state = MST_READY;
	target_start(s, fd, &m->host_keys);
}

/* The words of the command's output that are addresses others may reach it at:
 * "inet 10.0.0.1/24 brd 10.0.0.255 ..." has two, of which one is. */
static void
read_addresses(char *ret, size_t size, char *out)
{
	char *save = NULL;
	const char *before = "";
	size_t used = 0;
	unsigned n = 0;
	struct addr a;
	char text[ADDR_TEXT_SIZE];

	for (char *w = strtok_r(out, " \t\r\n", &save);
	     w != NULL && n < LIMIT_HOST_ADDRESSES;
	     before = w, w = strtok_r(NULL, " \t\r\n", &save)) {
		w[strcspn(w, "/%")] = '\0';
		if (strcmp(before, "brd") == 0 ||
		    strcmp(before, "broadcast") == 0 ||
		    strcmp(before, "netmask") == 0 || addr_parse(&a, w) != 0 ||
		    !addr_is_host(&a))
			continue;
		addr_format(text, &a);
		if (str_fmt(ret + used, size - used, "%s%s", n == 0 ? "" : " ",
			text) != 0)
			break;
		used = strlen(ret);
		n++;
	}
}

static void
report(struct session *s)
{
	struct probe *p = s->probe;
	const struct target_leg *t = s->target;
	struct msg_ses_probed m = {.rid = p->req.rid};
	const char *banner =
	    t->leg.ssh == NULL ? NULL : ssh_get_serverbanner(t->leg.ssh);
	uint64_t secs = 0;
	char *rest = p->out + strcspn(p->out, "\r\n");

	m.kex = t->nshown > 0;
	m.key_ok = t->key_ok;
	m.login_ok = t->phase == TG_UP;
	m.cert_known = t->known;
	m.partial = t->partial;
	m.session = (uint8_t)p->got;
	m.methods = t->methods;
	m.no_common = (uint8_t)t->no_common;
	if (banner != NULL)
		str_escape(m.banner, sizeof(m.banner), banner, strlen(banner));
	text_fit(m.text, sizeof(m.text), "%s", t->text);
	if (t->told)
		words_line(m.said, sizeof(m.said), &t->words);
	m.host_key.p = t->shown;
	m.host_key.len = (uint32_t)t->nshown;
	if (*rest != '\0')
		*rest++ = '\0';
	if (str_u64(p->out, 1, UINT32_MAX, &secs) == 0)
		m.clock_ms = (int64_t)secs * 1000;
	read_addresses(m.addresses, sizeof(m.addresses), rest);
	link_post(&s->broker, MSG_SES_PROBED, &m);
	if (p->chan != NULL)
		ssh_channel_free(p->chan);
	p->chan = NULL;
	s->phase = PH_DONE;
}

/* What a login is for is a channel with a program on it. False: it said no, or
 * has hung up, which libssh says by the same words. */
static bool
is_open(struct session *s, int n)
{
	struct probe *p = s->probe;
	struct target_leg *t = s->target;

	if (n == SSH_OK) {
		p->step++;
		return true;
	}
	if (t->leg.dead || !ssh_is_connected(t->leg.ssh))
		p->got = PROBE_CLOSED;
	else
		p->got = p->step == 0 ? PROBE_REFUSED : PROBE_NO_EXEC;
	target_refusal(t, t->text, sizeof(t->text));
	return false;
}

/* Runs the command; true when there is nothing more to do. */
static bool
command_step(struct session *s)
{
	struct probe *p = s->probe;
	int n;

	if (p->chan == NULL &&
	    (p->chan = ssh_channel_new(s->target->leg.ssh)) == NULL)
		return true;
	if (p->step == 0) {
		n = ssh_channel_open_session(p->chan);
		if (n == SSH_AGAIN)
			return false;
		if (!is_open(s, n))
			return true;
	}
	if (p->step == 1) {
		n = ssh_channel_request_exec(p->chan, command);
		if (n == SSH_AGAIN)
			return false;
		if (!is_open(s, n))
			return true;
		p->got = PROBE_SILENT;
	}
	while (p->nout < sizeof(p->out) - 1) {
		n = ssh_channel_read_nonblocking(p->chan, p->out + p->nout,
		    (uint32_t)(sizeof(p->out) - 1 - p->nout), 0);
		if (n <= 0)
			break;
		p->nout += (size_t)n;
		p->got = PROBE_RAN;
	}
	return p->nout == sizeof(p->out) - 1 || ssh_channel_is_eof(p->chan);
}

void
probe_step(struct session *s)
{
	struct target_leg *t = s->target;
	const struct probe *p = s->probe;
	bool late = s->now.boot_ms >= p->until_ms;

	if (s->phase != PH_RELAY)
		return;
	if (late && t->text[0] == '\0' && t->phase < TG_UP)
		text_fit(t->text, sizeof(t->text), "%s",
		    "the target did not answer in time");
	if (t->phase == TG_UP && t->leg.dead && p->step < 2)
		(void)is_open(s, SSH_ERROR);
	if (t->phase == TG_FAILED || late ||
	    (t->phase == TG_CERT && t->no_login) ||
	    (t->phase == TG_UP && (t->leg.dead || command_step(s))))
		report(s);
}
