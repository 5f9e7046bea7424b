/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sallyport-api - HTTP in, calls to the broker out, and the answers back. Two
 * instances of one binary: "https" for everybody and "admin" for root on a unix
 * socket (argv[1], as the supervisor starts it). It decides nothing, keeps
 * nothing, and holds one key, the TLS key.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/certificate.h"
#include "api/http.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "wire/verbs.h"

enum {
	TICK_MS = 500,
	LOOK_MS = 30 * 1000, /* for a renewed certificate */
	/* a queue that is too long loses the link to the broker */
	QUEUED_MAX = LIMIT_PEER_QUEUE / 2,
};

struct pending {
	struct pending *next;
	struct http_req *q;
	uint32_t rid;
	int64_t deadline_ms;
};

struct api {
	struct process *process;
	struct http *http;
	const struct conf *conf;
	/* of the instance "https": the one in use, and the one before it, which
	 * somebody may still be served with */
	struct certificate certificate, earlier;
	char
	    served[sizeof(((struct conf *)0)->tls_spki)]; /* key of the first */
	struct timer *look;
	bool refused;                 /* what lies there now is not served */
	char unread[LIMIT_TEXT_SIZE]; /* why a restart would fail; "" = not */
	char broker_fails[LIMIT_TEXT_SIZE]; /* why it does not start */
	char folder[LIMIT_PATH_SIZE + 8];
	const char *readable[2];
	struct pending *pending;
	struct timer *tick;
};

/* ---- calls */

static void
fail_pending(struct pending *p, const char *why)
{
	http_problem(p->q, 503, "unavailable", NULL,
	    "the broker %s; nothing is known to have changed: ask for the "
	    "state before you try again",
	    why);
	free(p);
}

/* Root is told why; others whom to ask. */
static void
no_broker(const struct api *a, const char *error, char *ret, size_t size)
{
	const bool admin = strcmp(process_instance(a->process), "admin") == 0;

	if (a->broker_fails[0] == '\0')
		(void)snprintf(ret, size, "cannot be reached (%s)", error);
	else if (admin)
		(void)snprintf(
		    ret, size, "does not start: %.400s", a->broker_fails);
	else
		(void)snprintf(ret, size,
		    "does not start (root on the gateway reads why: jitctl "
		    "--socket %s doctor)",
		    a->conf->admin_socket);
}

/* Whoever takes something away has another way. */
static const char *
without_broker(unsigned verb)
{
	const struct verb *v = verb_get(verb);

	return v != NULL && verb_takes(v)
		   ? ", and doors may STILL BE OPEN; try again, or stop the "
		     "gateway (root: systemctl stop gatewayd), which shuts "
		     "every door without it"
		   : "";
}

static void
on_call(void *ctx, struct http_req *q, const struct msg_api_call *call)
{
	struct api *a = ctx;
	struct peer *broker = process_peer(a->process, PROC_BROKER);
	struct msg_api_call m = *call;
	struct pending *p = NULL;
	char why[LIMIT_TEXT_SIZE];
	int e;

	if (peer_queued(broker) + m.body.len > QUEUED_MAX) {
		http_problem(q, 503, "unavailable", NULL,
		    "too many calls wait for the broker; nothing was done");
		return;
	}
	if ((p = calloc(1, sizeof(*p))) == NULL) {
		http_problem(q, 503, "unavailable", NULL, "out of memory");
		return;
	}
	p->q = q;
	p->rid = m.rid = process_rid(a->process);
	p->deadline_ms = clock_now().boot_ms + LIMIT_API_ANSWER_MS;
	/* one that is on its way to the same end would only go away */
	e = a->broker_fails[0] != '\0'
		? GW_ECLOSED
		: peer_send(broker, MSG_API_CALL, &m, -1);
	explicit_bzero(m.token, sizeof(m.token));
	if (e != 0) {
		no_broker(a, err_str(e), why, sizeof(why));
		http_problem(q, 503, "unavailable", NULL,
		    "the broker %s; nothing was done%s", why,
		    without_broker(call->verb));
		free(p);
		return;
	}
	if (a->pending == NULL)
		timer_set(a->tick, TICK_MS);
	p->next = a->pending;
	a->pending = p;
}

static void
answer(struct http_req *q, const struct msg_api_reply *m)
{
	if (m->next == 0)
		http_reply(
		    q, m->status, m->content_type, m->body.p, m->body.len);
	else if (http_part(q, m->content_type, m->body.p, m->body.len))
		http_ask_on(q, m->next);
}

/* Nobody waits for the part that was asked for. */
static void
on_gone(void *ctx, struct http_req *q)
{
	struct api *a = ctx;

	for (struct pending **pp = &a->pending; *pp != NULL;
	     pp = &(*pp)->next) {
		struct pending *p = *pp;

		if (p->q != q)
			continue;
		*pp = p->next;
		free(p);
		return;
	}
}

static int
on_reply(struct process *r, struct peer *peer, const struct ipc_msg *msg)
{
	const struct msg_api_reply *m = msg->body;
	struct api *a = process_ctx(r);

	if (peer_proc(peer) != PROC_BROKER || m->status < 200 ||
	    m->status > 599)
		return GW_EPROTO;
	for (struct pending **pp = &a->pending; *pp != NULL;
	     pp = &(*pp)->next) {
		struct pending *p = *pp;

		if (p->rid != m->rid)
			continue;
		*pp = p->next;
		answer(p->q, m);
		free(p);
		return 0;
	}
	return 0; /* its caller was answered 503 long ago */
}

static int
on_known(struct process *r, struct peer *peer, const struct ipc_msg *msg)
{
	const struct msg_sup_known *m = msg->body;
	const struct api *a = process_ctx(r);

	(void)peer;
	http_known(a->http, &m->source, m->known != 0);
	return 0;
}

static int
on_fails(struct process *r, struct peer *peer, const struct ipc_msg *msg)
{
	const struct msg_sup_fails *m = msg->body;
	struct api *a = process_ctx(r);

	(void)peer;
	if (m->proc == PROC_BROKER)
		text_set(a->broker_fails, sizeof(a->broker_fails), m->text);
	return 0;
}

static void
on_tick(struct process *r, void *arg)
{
	struct api *a = arg;
	const int64_t now = clock_now().boot_ms;

	(void)r;
	for (struct pending **pp = &a->pending; *pp != NULL;) {
		struct pending *p = *pp;

		if (now < p->deadline_ms) {
			pp = &p->next;
			continue;
		}
		*pp = p->next;
		fail_pending(p, "did not answer in time");
	}
	if (a->pending != NULL)
		timer_set(a->tick, TICK_MS);
}

static void
send_disk(const struct api *a)
{
	struct msg_disk m = {0};

	text_set(m.text, sizeof(m.text), a->unread);
	if (peer_send(
		process_peer(a->process, PROC_BROKER), MSG_DISK, &m, -1) != 0)
		log_debug("no broker hears of the certificate yet");
}

static void
peer_up(struct process *r, struct peer *p)
{
	const struct api *a = process_ctx(r);

	if (peer_proc(p) == PROC_BROKER && a->look != NULL)
		send_disk(a);
}

static void
peer_down(struct process *r, struct peer *p)
{
	struct api *a = process_ctx(r);

	if (peer_proc(p) != PROC_BROKER)
		return;
	while (a->pending != NULL) {
		struct pending *k = a->pending;

		a->pending = k->next;
		fail_pending(k, "went away");
	}
}

static void
on_intruder(void *ctx, int64_t uid, int64_t loginuid, int64_t pid)
{
	struct api *a = ctx;
	struct event_fields f;

	log_warn("uid %lld (pid %lld) called the admin socket, which is "
		 "root's: refused",
	    (long long)uid, (long long)pid);
	event_fields_init(&f);
	event_num(&f, EF_UID, uid);
	event_num(&f, EF_LOGINUID, loginuid);
	event_num(&f, EF_PID, pid);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, "not-root");
	if (process_append(a->process, EV_API_DENIED, &f, NULL, NULL) != 0)
		log_warn("that refusal is not in the audit log");
	event_fields_done(&f);
}

/* ---- a renewed certificate */

/* What is wrong with a new one is in the log; the one there was is served on.
 */
static void
renew(struct api *a)
{
	const bool other = strcmp(a->served, a->conf->tls_spki) != 0;
	struct certificate c = {0};

	if (!http_settled(a->http))
		return; /* at the next look */
	if (certificate_load(&c, a->conf) != 0) {
		log_warn("the certificate that was read last is served on");
		certificate_seen(&a->certificate, a->conf);
		a->refused = true;
		return;
	}
	a->refused = false;
	certificate_free(&a->earlier);
	a->earlier = a->certificate;
	a->certificate = c;
	if (http_renew(a->http, &a->certificate.crt, &a->certificate.key,
		other) != 0) {
		log_err("HTTPS cannot be served with the new certificate: "
			"starting anew");
		process_exit(a->process, 1);
		return;
	}
	text_set(a->served, sizeof(a->served), a->conf->tls_spki);
	http_announce(a->http, a->conf->tls_next);
	log_info("HTTPS is served with the certificate of %s/tls.crt as it is "
		 "now",
	    a->folder);
}

/* What is served on, a process that were started now would not find. */
static void
look(struct api *a)
{
	char text[LIMIT_TEXT_SIZE] = "";
	const int e = certificate_missing(a->conf);

	if (e != 0 || a->refused)
		(void)snprintf(text, sizeof(text),
		    "%.256s/tls.crt or tls.key %s: what was read last is "
		    "served "
		    "on, until the gateway is started again",
		    a->folder,
		    e != 0 ? strerror(e)
			   : "is not what it must be (see the "
			     "log)");
	if (strcmp(text, a->unread) == 0)
		return;
	text_set(a->unread, sizeof(a->unread), text);
	if (e != 0)
		log_err("%s", text);
	send_disk(a);
}

static void
on_look(struct process *r, void *arg)
{
	struct api *a = arg;

	(void)r;
	if (certificate_renewed(&a->certificate, a->conf) && !FAULT(no_look))
		renew(a);
	look(a);
	timer_set(a->look, LOOK_MS);
}

static void
reload(struct process *r, const struct conf *old)
{
	struct api *a = process_ctx(r);

	if (a->look == NULL)
		return; /* the admin socket has none */
	if (strcmp(old->tls_spki, a->conf->tls_spki) != 0 ||
	    certificate_renewed(&a->certificate, a->conf))
		renew(a);
	look(a);
	/* A key that is served on for now announces what it did. */
	if (strcmp(a->served, a->conf->tls_spki) == 0)
		http_announce(a->http, a->conf->tls_next);
}

/* ---- start */

static int
on_listener(struct process *r, int fd, bool tls)
{
	struct api *a = process_ctx(r);
	const bool admin = strcmp(process_instance(r), "admin") == 0;
	int e;

	if (tls == admin)
		return GW_EINVAL;
	e = http_listen(a->http, fd, tls ? &a->certificate.crt : NULL,
	    tls ? &a->certificate.key : NULL);
	if (e != 0)
		log_err("cannot serve %s: %s",
		    tls ? "HTTPS with api/tls.crt and api/tls.key"
			: "the admin socket",
		    err_str(e));
	return e;
}

static int
start(struct process *r, const struct conf *conf)
{
	struct api *a = process_ctx(r);
	const bool admin = strcmp(process_instance(r), "admin") == 0;
	const struct http_hooks hooks = {.call = on_call,
	    .gone = on_gone,
	    .intruder = on_intruder,
	    .ctx = a};
	int e;

	a->process = r;
	a->conf = conf;
	if ((a->tick = timer_new(r, on_tick, a)) == NULL)
		return GW_ENOMEM;
	if ((e = http_new(&a->http, r, &conf->caps, &hooks)) != 0)
		return e;
	if (admin) {
		a->readable[0] = "/proc"; /* who is at the other end */
		return 0;
	}
	if ((e = str_fmt(
		 a->folder, sizeof(a->folder), "%s/api", conf->state_dir)) != 0)
		return e;
	a->readable[0] = a->folder;
	text_set(a->served, sizeof(a->served), conf->tls_spki);
	http_announce(a->http, conf->tls_next);
	if ((a->look = timer_new(r, on_look, a)) == NULL)
		return GW_ENOMEM;
	timer_set(a->look, LOOK_MS);
	return certificate_load(&a->certificate, conf);
}

int
main(int argc, char **argv)
{
	static const struct process_handler handlers[] = {
	    {MSG_API_REPLY, on_reply}, {MSG_SUP_KNOWN, on_known},
	    {MSG_SUP_FAILS, on_fails}};
	static struct api api; /* the process's one context */
	const bool admin = argc > 1 && strcmp(argv[1], "admin") == 0;
	struct process_sandbox box = {.ro = api.readable};
	const struct process_def def = {.proc = admin ? PROC_ADMIN : PROC_API,
	    .name = admin ? "admin" : "api",
	    .needs = PROC_BIT(PROC_BROKER) | PROC_BIT(PROC_NOTARY),
	    .handlers = handlers,
	    .nhandlers = ARRAY_LEN(handlers),
	    .start = start,
	    .peer_up = peer_up,
	    .peer_down = peer_down,
	    .listener = on_listener,
	    .reload = reload,
	    .sandbox = &box};
	int status = process_main(&def, &api, argc, argv);

	certificate_free(&api.certificate);
	certificate_free(&api.earlier);
	return status;
}
