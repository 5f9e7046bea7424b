/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child - see the header. A process that dies is started again after a growing
 * pause and linked anew; what it had opened is kept by the kernel and the log.
 */
#include "supervisor/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "supervisor/accept.h"
#include "supervisor/beat.h"
#include "supervisor/failing.h"
#include "supervisor/listen.h"
#include "supervisor/notify.h"
#include "supervisor/said.h"
#include "sys/privdrop.h"
#include "wire/ipc.h"

enum {
	CONTROL_FD = 3,
	RESTART_MIN_MS = 50,
	RESTART_MAX_MS = 5000,        /* internal: tries are this far apart */
	LINGER_MS = 2000,             /* without its link, until it ends */
	STEADY_US = 10 * 1000 * 1000, /* ran this long: failures forgotten */
	SHUTS_MAX = 3,                /* internal: at a stop, after the first */
	FAILURES_MAX = 3, /* internal: in a row, before anybody is served */
};

#define BIT(p) PROC_BIT(PROC_##p)

static const struct child_spec specs[CHILD_COUNT] = {
    {PROC_NOTARY, "sallyport-notary", "sallyport-notary", "", 0,
	BIT(BROKER) | BIT(FIREWALL) | BIT(API) | BIT(ADMIN) | BIT(RECORDER) |
	    BIT(SHIPPER)},
    {PROC_FIREWALL, "sallyport-firewall", "sallyport-firewall", "",
	UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_RAW,
	BIT(NOTARY) | BIT(BROKER)},
    {PROC_BROKER, "sallyport-broker", "sallyport-broker", "", 0,
	BIT(NOTARY) | BIT(FIREWALL) | BIT(API) | BIT(ADMIN) | BIT(RECORDER) |
	    BIT(SHIPPER)},
    {PROC_RECORDER, "sallyport-recorder", "sallyport-recorder", "", 0,
	BIT(NOTARY) | BIT(BROKER)},
    {PROC_SHIPPER, "sallyport-shipper", "sallyport-shipper", "", 0,
	BIT(NOTARY) | BIT(BROKER)},
    {PROC_ZYGOTE, "sallyport-session", "sallyport-session", "", 0, 0},
    {PROC_API, "sallyport-api", "sallyport-api", "https", 0,
	BIT(NOTARY) | BIT(BROKER)},
    {PROC_ADMIN, "sallyport-api", "sallyport-api", "admin", 0,
	BIT(NOTARY) | BIT(BROKER)},
};

bool
child_any(const struct supervisor *s, uint32_t but)
{
	for (int i = 0; i < CHILD_COUNT; i++)
		if (s->child[i].pid != 0 &&
		    (but & PROC_BIT(s->child[i].spec->proc)) == 0)
			return true;
	return s->retired != NULL && (but & PROC_BIT(PROC_ZYGOTE)) == 0;
}

/* In the forked child: becomes the process, or exits. Async-signal-safe enough:
 * the supervisor has one thread. */
static NORETURN void
become(const struct child *c, int control, int err)
{
	const struct child_spec *spec = c->spec;
	char path[LIMIT_PATH_SIZE];
	char name[LIMIT_NAME_SIZE];
	char instance[16];
	char *argv[] = {name, instance, NULL};
	char *envp[] = {NULL};
	sigset_t none;
	int null;

	if (str_fmt(path, sizeof(path), "%s/%s", PKGLIBEXECDIR, spec->binary) !=
		0 ||
	    str_copy(name, sizeof(name), spec->binary) != 0 ||
	    str_copy(instance, sizeof(instance), spec->instance) != 0)
		_exit(126);
	if (instance[0] == '\0')
		argv[1] = NULL;
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0 ||
	    dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
	    (!FAULT(shared_stderr) && dup2(err, STDERR_FILENO) < 0) ||
	    dup2(control, CONTROL_FD) < 0 ||
	    syscall(SYS_close_range, CONTROL_FD + 1, ~0U, 0) != 0)
		_exit(126);
	if (setsid() < 0 || chdir("/") != 0)
		_exit(126);
	if (privdrop_become(c->uid, c->gid, spec->caps) != 0) {
		log_err("cannot become %s: %s", spec->user, strerror(errno));
		_exit(126);
	}
	(void)execve(path, argv, envp);
	log_err("cannot run %s: %s", path, strerror(errno));
	_exit(127);
}

static int
send_config(struct supervisor *s, struct child *c)
{
	struct msg_sup_config *m = calloc(1, sizeof(*m));
	int r;

	if (m == NULL)
		return GW_ENOMEM;
	m->conf = *s->conf;
	r = str_copy(m->instance, sizeof(m->instance), c->spec->instance);
	if (r == 0 && FAULT_BUILD && getenv("SALLYPORT_FAULTS") != NULL)
		r = str_copy(
		    m->faults, sizeof(m->faults), getenv("SALLYPORT_FAULTS"));
	if (r == 0)
		r = peer_send(c->peer, MSG_SUP_CONFIG, m, -1);
	free(m);
	return r;
}

void
child_config_all(struct supervisor *s)
{
	int r;

	for (int i = 0; i < CHILD_COUNT; i++)
		if (s->child[i].peer != NULL &&
		    (r = send_config(s, &s->child[i])) != 0)
			log_warn("%s does not hear of the new configuration "
				 "until it is started again: %s",
			    s->child[i].spec->binary, err_str(r));
}

static int
send_listeners(struct supervisor *s, struct child *c)
{
	struct msg_sup_listener m = {0};
	int r;

	if (c->spec->proc == PROC_ADMIN) {
		listen_mend_admin(s);
		return peer_send(c->peer, MSG_SUP_LISTENER, &m, s->admin_fd);
	}
	if (c->spec->proc != PROC_API)
		return 0;
	listen_mend_api(s);
	m.tls = 1;
	for (int i = 0; i < LIMIT_LISTEN; i++)
		if (s->api_fd[i] >= 0 &&
		    (r = peer_send(
			 c->peer, MSG_SUP_LISTENER, &m, s->api_fd[i])) != 0)
			return r;
	return 0;
}

static int
link_pair(struct child *a, struct child *b)
{
	struct msg_sup_link m = {0};
	int fd[2];
	int r;

	if ((r = ipc_pair(fd)) != 0)
		return r;
	m.proc = (uint8_t)b->spec->proc;
	if ((r = peer_send(a->peer, MSG_SUP_LINK, &m, fd[0])) == 0) {
		m.proc = (uint8_t)a->spec->proc;
		r = peer_send(b->peer, MSG_SUP_LINK, &m, fd[1]);
	}
	(void)close(fd[0]);
	(void)close(fd[1]);
	return r;
}

int
child_relink(struct supervisor *s, struct peer *p, enum proc proc)
{
	struct child *a = supervisor_child(s, peer_proc(p));
	struct child *b = supervisor_child(s, proc);
	int r;

	if (a == NULL || b == NULL || (a->spec->links & PROC_BIT(proc)) == 0)
		return GW_EPROTO;
	if (s->stop != STOP_NONE || b->peer == NULL)
		return 0; /* its start links them */
	log_warn("the link between %s and %s was lost: they get a new one",
	    proc_name(peer_proc(p)), proc_name(proc));
	if ((r = link_pair(a, b)) != 0)
		log_warn("cannot link %s and %s: %s", proc_name(peer_proc(p)),
		    proc_name(proc), err_str(r));
	return 0;
}

static int
link_all(struct supervisor *s, struct child *c)
{
	int r;

	for (int i = 0; i < CHILD_COUNT; i++) {
		struct child *o = &s->child[i];

		if (o == c || o->peer == NULL ||
		    (c->spec->links & PROC_BIT(o->spec->proc)) == 0)
			continue;
		/* the other one may be dying: its restart links us again */
		if ((r = link_pair(c, o)) != 0 && c->peer == NULL)
			return r;
	}
	/* to those that hold evidence once they can: child_ready() */
	if (!accept_waits(c->spec->proc) || FAULT(early_lines))
		accept_relink(s, c->spec->proc);
	return 0;
}

static int
start(struct supervisor *s, struct child *c)
{
	const struct child_spec *spec = c->spec;
	struct msg_sup_link link = {.proc = (uint8_t)spec->proc};
	int fd[2];
	int err = -1;
	int r;

	if ((r = ipc_pair(fd)) != 0)
		return r;
	/* the zygote's are those of its sessions, too */
	if ((r = said_open(s, proc_name(spec->proc),
		 spec->proc == PROC_ZYGOTE ? NULL : c->said, &err)) != 0) {
		(void)close(fd[0]);
		(void)close(fd[1]);
		return r;
	}
	if ((c->pid = fork()) == 0)
		become(c, fd[1], err);
	(void)close(err);
	(void)close(fd[1]);
	if (c->pid < 0) {
		c->pid = 0;
		(void)close(fd[0]);
		return GW_ESYS;
	}
	c->started_us = clock_mono_us();
	c->ready = c->was_ready = false;
	if ((r = process_adopt(
		 s->process, &c->peer, spec->proc, &link, fd[0])) != 0)
		return r;
	beat_begin(&c->beat, c->peer);
	if ((r = send_config(s, c)) != 0 || (r = send_listeners(s, c)) != 0)
		return r;
	if (spec->proc == PROC_NOTARY)
		process_notary_up(s->process);
	failing_tell(s, c);
	return link_all(s, c);
}

/* With a process its end brings us back to the start; without one, nothing else
 * would. */
static void
cannot_start(struct child *c, int e)
{
	log_err("cannot start %s: %s", c->spec->binary, err_str(e));
	if (c->pid != 0)
		(void)kill(c->pid, SIGKILL);
	else
		timer_set(c->restart, RESTART_MAX_MS);
}

static void
on_restart(struct process *r, void *arg)
{
	struct supervisor *s = process_ctx(r);
	struct child *c = arg;
	int e;

	if (s->stop != STOP_NONE)
		return;
	if (c->pid != 0 && c->peer == NULL) {
		log_err("%s has closed its link and lives on: killed",
		    c->spec->binary);
		(void)kill(c->pid, SIGKILL);
	}
	if (c->pid != 0)
		return;
	if ((e = start(s, c)) == 0)
		return;
	cannot_start(c, e);
}

int
child_init(struct supervisor *s)
{
	for (int i = 0; i < CHILD_COUNT; i++) {
		struct child *c = &s->child[i];
		const struct passwd *pw = getpwnam(specs[i].user);

		if (pw == NULL) {
			log_err("no system user \"%s\": run `gatewayd init`",
			    specs[i].user);
			return GW_ENOENT;
		}
		c->uid = pw->pw_uid;
		c->gid = pw->pw_gid;
		c->spec = &specs[i];
		c->restart = timer_new(s->process, on_restart, c);
		if (c->restart == NULL)
			return GW_ENOMEM;
	}
	return 0;
}

int
child_start_all(struct supervisor *s)
{
	int r;

	for (int i = 0; i < CHILD_COUNT; i++)
		if ((r = start(s, &s->child[i])) != 0) {
			log_err(
			    "cannot start %s: %s", specs[i].binary, err_str(r));
			return r;
		}
	return 0;
}

void
child_link_lost(struct supervisor *s, struct peer *p)
{
	for (int i = 0; i < CHILD_COUNT; i++)
		if (s->child[i].peer == p) {
			s->child[i].peer = NULL;
			s->child[i].ready = false;
			timer_set(s->child[i].restart, LINGER_MS);
		}
	for (struct retired *z = s->retired; z != NULL; z = z->next)
		if (z->peer == p) {
			z->peer = NULL;
			if (!z->exited)
				(void)kill(z->pid, SIGKILL);
		}
}

/* ---- zygotes that have retired */

void
child_kill_zygotes(struct supervisor *s)
{
	const struct child *c = supervisor_child(s, PROC_ZYGOTE);

	if (FAULT(zygotes_spared))
		return;
	if (c->pid != 0)
		(void)kill(c->pid, SIGKILL);
	for (const struct retired *z = s->retired; z != NULL; z = z->next)
		(void)kill(z->pid, SIGKILL);
}

void
child_rest(struct supervisor *s)
{
	const struct msg_empty m = {0};

	for (struct retired *z = s->retired; z != NULL; z = z->next)
		if (!accept_any_of(s, z->pid))
			(void)peer_send(z->peer, MSG_SUP_STOP, &m, -1);
}

static bool
retired_exited(struct supervisor *s, pid_t pid)
{
	for (struct retired **zp = &s->retired; *zp != NULL;
	     zp = &(*zp)->next) {
		struct retired *z = *zp;

		if (z->pid != pid)
			continue;
		z->exited = true;
		if (z->peer != NULL)
			peer_drain(z->peer);
		*zp = z->next;
		s->nretired--;
		free(z);
		accept_orphans(s, pid);
		return true;
	}
	return false;
}

void
child_renew_zygote(struct supervisor *s)
{
	struct child *c = supervisor_child(s, PROC_ZYGOTE);
	struct retired *z;
	int e;

	/* one that has ended is started anew as it is */
	if (s->stop != STOP_NONE || c->pid == 0 || c->exited ||
	    FAULT(old_zygote))
		return;
	if ((z = calloc(1, sizeof(*z))) == NULL) {
		/* no further session of this one either */
		(void)kill(c->pid, SIGKILL);
		return;
	}
	log_warn("a session died: those that begin now come from a new %s",
	    c->spec->binary);
	z->pid = c->pid;
	z->peer = c->peer;
	beat_begin(&z->beat, z->peer);
	z->next = s->retired;
	s->retired = z;
	s->nretired++;
	c->pid = 0;
	c->peer = NULL;
	if ((e = start(s, c)) == 0)
		return;
	cannot_start(c, e);
}

/* ---- ends */

static void
audit_exit(struct supervisor *s, const struct child *c, pid_t pid, int status)
{
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_PROCESS, proc_name(c->spec->proc));
	event_num(&f, EF_PID, pid);
	event_num(&f, EF_STATUS,
	    WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
	(void)process_append(s->process, EV_PROCESS_EXIT, &f, NULL, NULL);
	event_fields_done(&f);
}

static void
notify_child_down(const struct child *c)
{
	char text[128];

	if (str_fmt(text, sizeof(text),
		"STATUS=not serving: %s is started again",
		c->spec->binary) == 0)
		notify_send(text);
}

static void
log_exit(const struct child *c, int status, const char *then)
{
	if (WIFSIGNALED(status))
		log_warn("%s was killed by signal %d%s", c->spec->binary,
		    WTERMSIG(status), then);
	else if (WEXITSTATUS(status) == 0) /* as it was told to, or wanted */
		log_info("%s exited with status 0%s", c->spec->binary, then);
	else
		log_warn("%s exited with status %d%s", c->spec->binary,
		    WEXITSTATUS(status), then);
}

/* An orderly stop shuts every door, also after a firewall process that hung, or
 * died: another adopts what the kernel has, and shuts it. */
static void
shut_again(struct supervisor *s)
{
	const struct msg_empty m = {0};
	struct child *c = supervisor_child(s, PROC_FIREWALL);
	int e = 0;

	if (s->shuts++ >= SHUTS_MAX || FAULT(shut_again))
		return;
	log_warn("%s has not said that every door is shut: started once more "
		 "for that",
	    c->spec->binary);
	if ((e = start(s, c)) == 0)
		e = peer_send(c->peer, MSG_SUP_STOP, &m, -1);
	if (e == 0)
		return;
	log_err("cannot start %s: %s", c->spec->binary, err_str(e));
	if (c->pid != 0)
		(void)kill(c->pid, SIGKILL);
}

static void
stopped(struct supervisor *s, const struct child *c, int status)
{
	if (s->stop != STOP_CHILDREN || c->spec->proc != PROC_FIREWALL)
		return;
	s->shut = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (!s->shut)
		shut_again(s);
}

void
child_say_open(struct supervisor *s)
{
	static const char what[] =
	    "The gateway stops and no firewall process has said that every "
	    "door is shut: what is open may stay so until the end of its grant "
	    "(nft list table inet sallyport)";
	const struct child *c = supervisor_child(s, PROC_FIREWALL);
	struct event_fields f;

	if (s->shut || c == NULL)
		return;
	s->killed = true;
	log_err("%s", what);
	event_fields_init(&f);
	event_str(&f, EF_PROCESS, proc_name(c->spec->proc));
	event_str(&f, EF_MSG, what);
	(void)process_append(s->process, EV_PROCESS_HUNG, &f, NULL, NULL);
	event_fields_done(&f);
	if (c->pid != 0)
		(void)kill(c->pid, SIGKILL);
}

void
child_exited(struct supervisor *s, pid_t pid, int status)
{
	struct child *c = NULL;
	bool hopeless;
	int64_t pause;

	for (int i = 0; i < CHILD_COUNT; i++)
		if (s->child[i].pid == pid)
			c = &s->child[i];
	if (c == NULL) {
		if (!retired_exited(s, pid))
			accept_reaped(s, pid, status);
		return;
	}
	c->exited = true;
	if (c->peer != NULL)
		peer_drain(c->peer); /* child_link_lost() follows */
	c->pid = 0;
	c->exited = false;
	if (c->spec->proc == PROC_ZYGOTE)
		accept_orphans(s, pid);
	if (s->stop != STOP_NONE) {
		stopped(s, c, status);
		return;
	}
	if (clock_mono_us() - c->started_us > STEADY_US)
		c->failures = 0;
	/* nobody was ever served: giving up says it best */
	hopeless = !s->served && c->failures >= FAILURES_MAX;
	log_exit(c, status, hopeless ? "" : ": starting it again");
	audit_exit(s, c, pid, status);
	failing_exited(s, c, status);
	if (s->served)
		notify_child_down(c);
	if (hopeless) {
		log_err("%s does not start: giving up; the lines above say why",
		    c->spec->binary);
		process_exit(s->process, 1);
		return;
	}
	pause = RESTART_MIN_MS;
	for (unsigned i = 0; i < c->failures && pause < RESTART_MAX_MS; i++)
		pause *= 2;
	c->failures++;
	timer_set(c->restart, pause < RESTART_MAX_MS ? pause : RESTART_MAX_MS);
}

bool
child_ready(struct supervisor *s, struct peer *p)
{
	bool all = true, relink = false;

	for (int i = 0; i < CHILD_COUNT; i++) {
		if (s->child[i].peer == p) {
			relink = !s->child[i].ready;
			s->child[i].ready = true;
			failing_over(s, &s->child[i]);
			if (relink && accept_waits(s->child[i].spec->proc))
				accept_relink(s, s->child[i].spec->proc);
		}
		all = all && s->child[i].ready;
	}
	return all;
}

void
child_stop_all(struct supervisor *s)
{
	struct msg_empty m = {0};

	for (int i = CHILD_COUNT - 1; i >= 0; i--)
		if (s->child[i].peer != NULL &&
		    s->child[i].spec->proc != PROC_NOTARY &&
		    s->child[i].spec->proc != PROC_SHIPPER)
			(void)peer_send(s->child[i].peer, MSG_SUP_STOP, &m, -1);
	for (struct retired *z = s->retired; z != NULL; z = z->next)
		(void)peer_send(z->peer, MSG_SUP_STOP, &m, -1);
	if (supervisor_child(s, PROC_FIREWALL)->pid == 0)
		shut_again(s); /* it was about to be started anyway */
}

void
child_kill_all(struct supervisor *s)
{
	for (int i = 0; i < CHILD_COUNT; i++) {
		if (s->child[i].pid == 0)
			continue;
		log_err("%s did not stop: killed", s->child[i].spec->binary);
		s->killed = true;
		(void)kill(s->child[i].pid, SIGKILL);
	}
	for (const struct retired *z = s->retired; z != NULL; z = z->next)
		(void)kill(z->pid, SIGKILL);
}
