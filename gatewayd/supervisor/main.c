/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gatewayd - the supervisor. Reads the configuration, opens the sockets, drops
 * what it does not need, starts the others (child.c), accepts (accept.c) when
 * all of them are ready, and stops them in order.
 */
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "supervisor/accept.h"
#include "supervisor/beat.h"
#include "supervisor/child.h"
#include "supervisor/config.h"
#include "supervisor/init.h"
#include "supervisor/libssh_check.h"
#include "supervisor/listen.h"
#include "supervisor/notify.h"
#include "supervisor/pulse.h"
#include "supervisor/reload.h"
#include "supervisor/rootsock.h"
#include "supervisor/said.h"
#include "supervisor/supervisor.h"
#include "supervisor/tlskey.h"
#include "supervisor/unprotect.h"
#include "sys/conf_yaml.h"
#include "sys/confine.h"
#include "sys/privdrop.h"
#include "sys/sinkfile.h"

enum {
	EXIT_USAGE = 2,
	STOP_MS = 8000,
	GOODBYE_MS = 2500,   /* for sessions to say goodbye to their users */
	KILLED_MS = 1000,    /* for those that did not to be gone */
	LAST_WORDS_MS = 200, /* for what they sent the others to arrive */
};

#define CAP(c) (UINT64_C(1) << CAP_##c)
/* SETUID, SETGID, SETPCAP, KILL: become and end children. NET_ADMIN, NET_RAW:
 * to hand to the firewall. DAC_*: sockets and folders of other uids. */
#define KEEP                                                                   \
	(CAP(SETUID) | CAP(SETGID) | CAP(SETPCAP) | CAP(KILL) |                \
	    CAP(NET_ADMIN) | CAP(NET_RAW) | CAP(NET_BIND_SERVICE) |            \
	    CAP(DAC_OVERRIDE) | CAP(CHOWN) | CAP(FOWNER))

static int
on_ready(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	struct supervisor *s = process_ctx(r);

	(void)msg;
	if (!child_ready(s, p))
		return 0;
	if (!s->served && accept_start(s) != 0) {
		log_err("cannot accept connections: out of memory");
		process_exit(r, 1);
		return 0;
	}
	notify_send("READY=1\nSTATUS=doors shut, serving");
	if (!s->served)
		log_info(
		    "ready: doors are shut, %s serves", s->conf->server_id);
	s->served = true;
	return 0;
}

static int
on_relink(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_sup_relink *m = msg->body;

	return child_relink(process_ctx(r), p, (enum proc)m->proc);
}

static int
on_probe(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_sup_conn *m = msg->body;
	int e;

	/* The broker chooses the number: a bit keeps it apart from ours. */
	if ((m->conn & ~(CONN_PROBE - 1)) != CONN_PROBE)
		return GW_EPROTO;
	if ((e = accept_probe(process_ctx(r), m->conn)) == 0)
		return 0;
	log_warn("cannot start a probe: %s", err_str(e));
	return peer_send(p, MSG_SUP_PROBE, m, -1); /* somebody waits for it */
}

static int
on_known(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	(void)p;
	accept_known(process_ctx(r), msg->body);
	return 0;
}

static int
on_logged_in(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	(void)p;
	accept_logged_in(
	    process_ctx(r), ((const struct msg_sup_conn *)msg->body)->conn);
	return 0;
}

static int
on_kill(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	(void)p;
	accept_kill(
	    process_ctx(r), ((const struct msg_sup_conn *)msg->body)->conn);
	return 0;
}

/* After a session has gone: who waited for it? */
static void
session_gone(struct supervisor *s)
{
	child_rest(s);
	if (s->conns != NULL)
		return;
	if (s->stop == STOP_SESSIONS || s->stop == STOP_ZYGOTES)
		timer_set(s->stop_timer, LAST_WORDS_MS);
	else if (s->stop == STOP_NOW)
		timer_set(s->stop_timer, 0);
}

static int
on_session(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	struct supervisor *s = process_ctx(r);
	const pid_t zygote = supervisor_zygote_pid(s, p);
	struct child *now = supervisor_child(s, PROC_ZYGOTE);

	if (zygote != 0 && accept_told(s, zygote, msg->body) &&
	    now->pid == zygote)
		child_renew_zygote(s);
	session_gone(s);
	return 0;
}

static int
on_say(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	accept_said(process_ctx(r), p, msg->body);
	return 0;
}

static int
on_alive(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	(void)r;
	(void)msg;
	beat_answered(p);
	return 0;
}

static void
on_peer_down(struct process *r, struct peer *p)
{
	struct supervisor *s = process_ctx(r);

	if (peer_proc(p) != PROC_SESSION) {
		child_link_lost(s, p);
		if (peer_proc(p) == PROC_FIREWALL)
			rootsock_firewall_lost(s);
		return;
	}
	accept_lost(s, p);
	session_gone(s);
}

/* Only now: without broker, notary and recorder a session's end is written
 * nowhere. */
static void
stop_children(struct supervisor *s)
{
	s->stop = STOP_CHILDREN;
	child_stop_all(s);
	timer_set(s->stop_timer, STOP_MS);
}

/* Together: the last record is the notary's, and it is shipped too. */
static void
stop_last_writers(struct supervisor *s)
{
	struct msg_empty m = {0};

	s->stop = STOP_LAST_WRITERS;
	child_say_open(s);
	(void)peer_send(supervisor_peer(s, PROC_NOTARY), MSG_SUP_STOP, &m, -1);
	(void)peer_send(supervisor_peer(s, PROC_SHIPPER), MSG_SUP_STOP, &m, -1);
	timer_set(s->stop_timer, STOP_MS);
}

static void
on_stop_step(struct process *r, void *arg)
{
	struct supervisor *s = process_ctx(r);

	(void)arg;
	switch (s->stop) {
	case STOP_SESSIONS:
		if (s->conns != NULL && !s->sessions_killed) {
			log_warn("%u sessions did not end when asked: they are "
				 "killed",
			    s->nconns);
			s->sessions_killed = true;
			timer_set(s->stop_timer, KILLED_MS);
			accept_kill_all(s);
			break;
		}
		if (s->conns == NULL) {
			stop_children(s);
			break;
		}
		s->stop = STOP_ZYGOTES;
		timer_set(s->stop_timer, KILLED_MS);
		child_kill_zygotes(s);
		break;
	case STOP_ZYGOTES:
		if (s->conns != NULL) {
			s->killed = true;
			log_err("%u sessions were killed and are still there",
			    s->nconns);
		}
		stop_children(s);
		break;
	case STOP_CHILDREN:
		stop_last_writers(s);
		break;
	case STOP_LAST_WRITERS:
		child_kill_all(s); /* reap() ends it */
		break;
	case STOP_NOW:
		process_exit(r, s->killed ? 1 : 0);
		break;
	case STOP_NONE:
	default:
		break;
	}
}

static void
begin_stop(struct supervisor *s)
{
	if (s->stop != STOP_NONE) { /* asked twice: at once */
		if (s->stop == STOP_NOW)
			return;
		s->stop = STOP_NOW;
		child_say_open(s);
		accept_kill_all(s);
		child_kill_zygotes(s);
		timer_set(s->stop_timer, s->conns != NULL ? KILLED_MS : 0);
		return;
	}
	s->stop = STOP_SESSIONS;
	log_info("stopping: sessions end, doors shut");
	notify_send("STOPPING=1\nSTATUS=ending sessions, shutting doors");
	accept_stop(s);
	(void)process_append(s->process, EV_GATEWAY_STOP, NULL, NULL, NULL);
	if (s->conns == NULL)
		stop_children(s);
	else
		timer_set(s->stop_timer, GOODBYE_MS);
}

static void
reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		said_drain(s);
		child_exited(s, pid, status);
	}
	session_gone(s);
	if (s->stop == STOP_NONE)
		return;
	if (s->stop == STOP_CHILDREN &&
	    !child_any(s, PROC_BIT(PROC_NOTARY) | PROC_BIT(PROC_SHIPPER)))
		stop_last_writers(s);
	if (!child_any(s, 0))
		process_exit(s->process, s->killed ? 1 : 0);
}

static void
on_signal(struct process *r, int fd, unsigned what, void *arg)
{
	struct supervisor *s = arg;
	struct signalfd_siginfo si;

	(void)r;
	(void)what;
	while (read(fd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGCHLD)
			reap(s);
		else if (si.ssi_signo == SIGHUP)
			reload_begin(s);
		else
			begin_stop(s);
	}
}

static int
watch_signals(struct supervisor *s)
{
	struct watch *w;
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    (fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) < 0)
		return GW_ESYS;
	if ((w = watch_new(s->process, fd, on_signal, s)) == NULL)
		return GW_ENOMEM;
	watch_set(w, WATCH_READ);
	return 0;
}

/* Every connection is several descriptors here, in broker and in notary; the
 * soft limit of a shell is far below LIMIT_SESSIONS of them. */
static void
raise_files(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0)
		return;
	l.rlim_cur = l.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &l) != 0)
		log_warn("cannot raise the limit of open files: %s",
		    strerror(errno));
}

static int
start(struct process *r, const struct conf *conf)
{
	struct supervisor *s = process_ctx(r);
	struct event_fields f;
	int e;

	s->process = r;
	s->conf = conf;
	raise_files();
	if ((e = listen_lock(conf)) != 0 || (e = listen_open(s)) != 0)
		return e;
	if ((e = privdrop_keep(KEEP)) != 0) {
		log_err("cannot drop capabilities: %s", strerror(errno));
		return e;
	}
	/* sessions whose zygote dies are ours to reap */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
		log_err("cannot become the reaper: %s", strerror(errno));
		return GW_ESYS;
	}
	if ((e = child_init(s)) != 0)
		return e;
	if ((e = confine_enter(PROC_SUPERVISOR, NULL, NULL)) != 0) {
		log_err("cannot enter the sandbox: %s", err_str(e));
		return e;
	}
	if ((e = watch_signals(s)) != 0 ||
	    (s->stop_timer = timer_new(r, on_stop_step, NULL)) == NULL) {
		log_err("cannot watch signals: %s", strerror(errno));
		return e != 0 ? e : GW_ENOMEM;
	}
	event_fields_init(&f);
	event_str(&f, EF_VERSION,
	    FAULT_BUILD ? SALLYPORT_VERSION " fault-test build"
			: SALLYPORT_VERSION);
	event_str(&f, EF_CONFIG, conf->config_sha256);
	config_tls_fields(&f, conf);
	(void)process_append(r, EV_GATEWAY_START, &f, NULL, NULL);
	event_fields_done(&f);
	if ((e = child_start_all(s)) != 0 || (e = rootsock_start(s)) != 0)
		return e;
	return pulse_start(s);
}

static const struct process_handler handlers[] = {
    {MSG_SUP_READY, on_ready},
    {MSG_SUP_RELINK, on_relink},
    {MSG_SUP_PROBE, on_probe},
    {MSG_SUP_KILL, on_kill},
    {MSG_SUP_SESSION, on_session},
    {MSG_SUP_SAY, on_say},
    {MSG_SUP_ALIVE, on_alive},
    {MSG_FW_UNPROTECTED, on_fw_unprotected},
    {MSG_SUP_WHOSE_IS, on_whose_is},
    {MSG_SUP_KNOWN, on_known},
    {MSG_SUP_LOGGED_IN, on_logged_in},
};

static const struct process_def def = {
    .proc = PROC_SUPERVISOR,
    .name = "gatewayd",
    .handlers = handlers,
    .nhandlers = ARRAY_LEN(handlers),
    .start = start,
    .peer_down = on_peer_down,
};

static void
usage(FILE *f)
{
	fputs("gatewayd - just-in-time access and SSH bastion gateway\n\n"
	      "  gatewayd init            ask a few questions, make keys and\n"
	      "                           configuration, print an invitation\n"
	      "  gatewayd                 serve (in the foreground)\n"
	      "  gatewayd tls             renew the API's certificate or key\n"
	      "  gatewayd -t              check the configuration and exit\n"
	      "  gatewayd unprotect ADDRESS PORT\n"
	      "                           open a port to everybody that was a\n"
	      "                           target's, by mistake or before\n\n"
	      "  -c, --config FILE        default " SYSCONFDIR
	      "/sallyport/gatewayd.yaml\n"
	      "      --allow-old-libssh   serve although the libssh installed\n"
	      "                           lacks security fixes\n"
	      "      --version\n"
	      "  -h, --help               `gatewayd init --help` for its own\n",
	    f);
}

static int
serve(const char *path, bool old_libssh)
{
	static struct supervisor s;
	struct msg_sup_config *config = NULL;
	int status = 1;

	if (geteuid() != 0) {
		log_err("gatewayd must be started as root (it drops what it "
			"does not need)");
		return 1;
	}
	if ((config = calloc(1, sizeof(*config))) == NULL ||
	    config_read(&config->conf, path) != 0)
		goto out;
	if (!old_libssh && libssh_check() != 0)
		goto out;
	if (FAULT_BUILD)
		log_warn("this is a fault-test build: checks can be switched "
			 "off; never use it to guard anything");
	s.config_path = path;
	status = process_supervise(&def, &s, config);
out:
	free(config);
	return status;
}

/* As the one who will read it, where that can be tried: who may not become
 * them does not say that they may not read. */
static int
try_file(const struct conf_sink *k, enum sinkfile f)
{
	const struct passwd *pw =
	    geteuid() == 0 ? getpwnam("sallyport-shipper") : NULL;
	int r, e;

	if (pw == NULL) {
		r = sinkfile_check(k, f);
		return r == GW_ESYS && errno == EACCES ? 0 : r;
	}
	if (setgroups(0, NULL) != 0 || setegid(pw->pw_gid) != 0 ||
	    seteuid(pw->pw_uid) != 0)
		return GW_ESYS;
	r = sinkfile_check(k, f);
	e = errno;
	if (seteuid(0) != 0 || setegid(0) != 0)
		return GW_ESYS;
	errno = e;
	return r;
}

static int
check_config(const char *path)
{
	struct conf conf;

	if (conf_try(&conf, path, try_file, stderr) != 0)
		return 1;
	printf("%s: ok\n", path);
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"allow-old-libssh", no_argument, NULL, 'L'},
	    {"version", no_argument, NULL, 'V'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	const char *path = SYSCONFDIR "/sallyport/gatewayd.yaml";
	bool check = false;
	bool old_libssh = false;
	int c;

	secret_no_dumps();
	log_init("gatewayd", LOG_LV_INFO);
	if (argc > 1 && strcmp(argv[1], "init") == 0)
		return init_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "unprotect") == 0)
		return unprotect_main(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "tls") == 0)
		return tlskey_main(argc - 1, argv + 1);
	while ((c = getopt_long(argc, argv, "c:th", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			path = optarg;
			break;
		case 't':
			check = true;
			break;
		case 'L':
			old_libssh = true;
			break;
		case 'V':
			puts("gatewayd " SALLYPORT_VERSION);
			if (FAULT_BUILD)
				puts("fault-test build: not for use");
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		log_err(
		    "unknown word \"%s\"; see gatewayd --help", argv[optind]);
		return EXIT_USAGE;
	}
	return check ? check_config(path) : serve(path, old_libssh);
}
