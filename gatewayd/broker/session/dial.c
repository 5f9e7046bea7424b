/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial - a connected socket to a target: bind, have the leg written and
 * opened, then connect. The kernel lets no packet out to a protected port
 * before its leg is open, ours included, so the source port must be known
 * first and the order cannot be another.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/route.h"
#include "base/str.h"
#include "base/tcp.h"
#include "broker/broker.h"
#include "broker/call/wait.h"
#include "broker/grant/close.h"
#include "broker/session/dial.h"
#include "broker/session/list.h"
#include "broker/session/renew.h"
#include "broker/session/session.h"

static void
forget_io(struct session *s)
{
	watch_free(s->watch);
	s->watch = NULL;
	timer_free(s->timer);
	s->timer = NULL;
}

static void failed(struct session *s, enum dial_result why, const char *fmt,
    ...) PRINTF_LIKE(3, 4);

static void
failed(struct session *s, enum dial_result why, const char *fmt, ...)
{
	char text[LIMIT_TEXT_SIZE];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dial_cancel(s);
	s->dialed(s, why, -1, text);
}

void
dial_cancel(struct session *s)
{
	forget_io(s);
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

/* A socket bound to our address and a port of its own. */
static int
bind_socket(struct session *s, struct addr *retown, uint16_t *retport)
{
	struct sockaddr_storage ss;
	struct addr own = {0};
	socklen_t len;
	int r;

	if ((r = route_own_address(&own, &s->addr, s->port)) != 0)
		return r;
	len = addr_to_sockaddr(&ss, &own, 0);
	s->fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return GW_ESYS;
	if (bind(s->fd, (const struct sockaddr *)&ss, len) != 0)
		return GW_ESYS;
	len = sizeof(ss);
	if (getsockname(s->fd, (struct sockaddr *)&ss, &len) != 0)
		return GW_ESYS;
	tcp_prepare(s->fd);
	return addr_from_sockaddr(
	    retown, retport, (const struct sockaddr *)&ss);
}

static void
connected(struct session *s)
{
	const int fd = s->fd;
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
		err = errno;
	forget_io(s);
	if (err != 0) {
		failed(s, DIAL_NO_ANSWER, "the target cannot be reached: %s",
		    strerror(err));
		return;
	}
	s->fd = -1;
	s->dialed(s, DIAL_DONE, fd, NULL);
}

static void
on_connect(struct process *r, int fd, unsigned what, void *arg)
{
	(void)r;
	(void)fd;
	(void)what;
	connected(arg);
}

static void
on_connect_timer(struct process *r, void *arg)
{
	(void)r;
	failed(arg, DIAL_NO_ANSWER, "the target did not answer within %d s",
	    (int)LIMIT_CONNECT_MS / 1000);
}

static void
start_connect(struct session *s)
{
	struct sockaddr_storage ss;
	const socklen_t len = addr_to_sockaddr(&ss, &s->addr, s->port);

	if (connect(s->fd, (const struct sockaddr *)&ss, len) != 0 &&
	    errno != EINPROGRESS) {
		failed(s, DIAL_NO_ANSWER, "the target cannot be reached: %s",
		    strerror(errno));
		return;
	}
	s->watch = watch_new(s->b->process, s->fd, on_connect, s);
	timer_free(s->timer);
	s->timer = timer_new(s->b->process, on_connect_timer, s);
	if (s->watch == NULL || s->timer == NULL) {
		failed(s, DIAL_FAILED, "out of memory");
		return;
	}
	watch_set(s->watch, WATCH_WRITE);
	timer_set(s->timer, LIMIT_CONNECT_MS);
}

/* True when the session still wants this; else it is left alone or freed. */
static bool
still_wanted(struct session *s)
{
	s->pending--;
	if (s->gone) {
		session_release(s);
		return false;
	}
	return s->state == SES_DIALING && s->fd >= 0;
}

static void
fw_opened(struct broker *b, void *arg, const void *body)
{
	const struct msg_fw_opened *m = body;
	struct session *s = arg;

	(void)b;
	if (!still_wanted(s))
		return;
	if (m == NULL || m->result != 0)
		failed(s, DIAL_FAILED,
		    "the firewall did not open the way to the target");
	else {
		renew_late(s);
		start_connect(s);
	}
}

static void
open_leg(struct session *s)
{
	struct msg_fw_open m = {.seq = s->leg_seq};

	text_set(m.id, sizeof(m.id), s->sid);
	text_set(m.grant, sizeof(m.grant), s->grant_id);
	memcpy(m.mac, s->mac, sizeof(m.mac));
	m.elements.p = s->elements;
	m.elements.len = s->nelements;
	s->pending++;
	if (ask(s->b, PROC_FIREWALL, MSG_FW_OPEN, &m, MSG_FW_OPENED, fw_opened,
		s) == 0)
		return;
	s->pending--;
	failed(s, DIAL_FAILED, "the firewall process cannot be reached");
}

/* The leg is in the log. If the session went meanwhile, it must be closed. */
static void
nt_opened(struct broker *b, void *arg, const void *body)
{
	const struct msg_nt_leg_opened *m = body;
	struct session *s = arg;
	const bool ok = m != NULL && m->result == 0 &&
			m->elements.len <= sizeof(s->elements) &&
			m->elements.len > 0;

	/* written, but of no use: its end is written too */
	if (m != NULL && m->seq != 0 &&
	    (!ok || s->gone || s->state != SES_DIALING))
		close_leg(b, s->sid,
		    s->reason != END_NONE ? s->reason : END_ABORTED, s->user, 0,
		    0, -1);
	if (!still_wanted(s))
		return;
	if (!ok) {
		failed(s, DIAL_FAILED,
		    m == NULL ? "the gateway's log went away: try again"
			      : "the gateway's log refused this session (%s)",
		    m == NULL ? "" : err_str(msg_error(m->result)));
		return;
	}
	s->leg = true;
	s->cut = false;
	s->leg_seq = m->seq;
	memcpy(s->mac, m->mac, sizeof(s->mac));
	memcpy(s->elements, m->elements.p, m->elements.len);
	s->nelements = m->elements.len;
	open_leg(s);
}

/* What people had approved says by whom, or does not begin. */
static int
approved_by(const struct session *s, char *ret, size_t size)
{
	struct request r;
	int e;

	if (s->grant == NULL || s->grant->g.req[0] == '\0')
		return 0;
	e = store_request_get(s->b->store, s->grant->g.req, &r);
	if (e == 0)
		text_set(ret, size, r.approved_by);
	return e == GW_ENOENT ? 0 : e; /* nobody had to */
}

void
dial_start(struct session *s)
{
	struct msg_nt_leg_open m = {.conn = s->conn,
	    .client = s->client,
	    .client_port = s->client_port};
	int r = bind_socket(s, &m.gateway, &m.sport);

	if (r != 0 && s->addr.family == 4 && s->grant != NULL &&
	    s->grant->g.addr6.family == 6) {
		dial_cancel(s); /* no way there over IPv4 */
		s->addr = s->grant->g.addr6;
		r = bind_socket(s, &m.gateway, &m.sport);
	}
	if (r != 0) {
		failed(s, DIAL_NO_WAY,
		    "there is no way to the target from this gateway: %s",
		    r == GW_ESYS ? strerror(errno) : err_str(r));
		return;
	}
	m.target = s->addr;
	text_set(m.grant, sizeof(m.grant), s->grant_id);
	text_set(m.sid, sizeof(m.sid), s->sid);
	text_set(m.key_fp, sizeof(m.key_fp), s->key_fp);
	text_set(m.client_version, sizeof(m.client_version), s->client_version);
	if (approved_by(s, m.approved_by, sizeof(m.approved_by)) != 0) {
		failed(s, DIAL_FAILED,
		    "the gateway's store cannot be read: try again");
		return;
	}
	s->pending++;
	if (ask(s->b, PROC_NOTARY, MSG_NT_LEG_OPEN, &m, MSG_NT_LEG_OPENED,
		nt_opened, s) == 0)
		return;
	s->pending--;
	failed(
	    s, DIAL_FAILED, "the gateway's log cannot be reached: try again");
}
