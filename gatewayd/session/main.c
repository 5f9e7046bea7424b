/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main - the zygote: execed once by the supervisor with its control socket as
 * descriptor 3, it loads libssh, libcrypto and the public host key, then forks
 * one session per SUP_SPAWN (58 KiB each, against 709 KiB for an exec). It
 * holds no secret, reads nothing from the network, and never becomes a session
 * itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "session/hooks.h"
#include "session/key.h"
#include "session/names.h"
#include "session/nul.h"
#include "session/selftest.h"
#include "session/session.h"
#include "sys/confine.h"

enum { CONTROL_FD = 3, TELL_WAIT_MS = 5000 };

struct child {
	uint64_t conn;
	pid_t pid;
	bool killed; /* by us */
};

struct zygote {
	struct ipc ctl;
	void *body;
	ssh_key host_key;
	uint8_t algorithms; /* enum conf_algorithms */
	struct child child[LIMIT_SESSIONS];
	size_t nchildren;
	bool stop;
};

static void
on_sigchld(int sig)
{
	(void)sig; /* only to interrupt poll */
}

/* "ssh-ed25519 AAAA..." -> libssh's key with that public half and the marker
 * as its private half (hooks.h). */
static int
load_host_key(struct zygote *z, const char *line)
{
	static const uint8_t type[] = "\0\0\0\x0bssh-ed25519\0\0\0 ";
	const size_t head = sizeof(type) - 1;
	uint8_t blob[64];
	const char *b64 = line + strlen("ssh-ed25519 ");
	char *text = NULL;
	size_t n = 0;
	int r = GW_EINVAL;

	if (strncmp(line, "ssh-ed25519 ", 12) != 0 ||
	    str_unb64(blob, sizeof(blob), b64, strcspn(b64, " \n"), &n) != 0 ||
	    n != head + 32 || memcmp(blob, type, head) != 0)
		return GW_EINVAL;
	if ((text = key_text(blob + head, hooks_marker)) == NULL)
		return GW_ENOMEM;
	if (hooks_host_key(blob + head) == 0 &&
	    ssh_pki_import_privkey_base64(
		text, NULL, NULL, NULL, &z->host_key) == SSH_OK)
		r = 0;
	free(text);
	return r;
}

/* Touches what sessions use, so that it is loaded once, before the fork, and
 * no session needs a file. */
static void
warm_up(void)
{
	static const char *const ciphers[] = {
	    "AES-128-GCM", "AES-256-GCM", "ChaCha20", "AES-256-CTR"};
	static const char *const digests[] = {"SHA256", "SHA384", "SHA512"};
	uint8_t seed[32];
	uint8_t sig[64];
	size_t n = sizeof(sig);
	EVP_PKEY *key;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++)
		EVP_CIPHER_free(EVP_CIPHER_fetch(NULL, ciphers[i], NULL));
	for (size_t i = 0; i < ARRAY_LEN(digests); i++)
		EVP_MD_free(EVP_MD_fetch(NULL, digests[i], NULL));
	secret_fill(seed, sizeof(seed));
	key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
	if (key != NULL && ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1)
		(void)EVP_DigestSign(ctx, sig, &n, seed, sizeof(seed));
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

/* The supervisor counts a session until it hears this. False: it has not. */
static bool
report_session(struct zygote *z, uint64_t conn, pid_t pid, bool gone, int sig)
{
	const struct msg_sup_session m = {.conn = conn,
	    .pid = (uint32_t)pid,
	    .gone = gone,
	    .signal = (uint8_t)sig};
	const int r =
	    ipc_send_wait(&z->ctl, MSG_SUP_SESSION, &m, NULL, 0, TELL_WAIT_MS);

	if (r != 0 && r != GW_ECLOSED)
		log_err("the supervisor cannot be told about connection %llu: "
			"%s",
		    (unsigned long long)conn, err_str(r));
	return r == 0;
}

static void
reaped(struct zygote *z, const struct child *c, int status)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (sig == SIGKILL && c->killed)
		sig = 0;
	if (sig != 0)
		log_err("the session of connection %llu died by signal %d",
		    (unsigned long long)c->conn, sig);
	(void)report_session(z, c->conn, c->pid, true, sig);
}

/* Waits for one if it may (0), else takes those that have ended (WNOHANG). */
static void
reap(struct zygote *z, int how)
{
	int status = 0;
	pid_t pid;

	while (z->nchildren > 0 && (pid = waitpid(-1, &status, how)) > 0)
		for (size_t i = 0; i < z->nchildren; i++) {
			const struct child c = z->child[i];

			if (c.pid != pid)
				continue;
			z->child[i] = z->child[--z->nchildren];
			reaped(z, &c, status);
			break;
		}
}

/* In the child: has the supervisor heard of it? If the zygote dies before, it
 * says nothing here either: nobody would know whom to kill. */
static bool
is_counted(int gate[static 2])
{
	char yes = 0;
	ssize_t n;

	(void)close(gate[1]);
	do
		n = read(gate[0], &yes, 1);
	while (n < 0 && errno == EINTR);
	(void)close(gate[0]);
	return n == 1 || FAULT(uncounted);
}

static void
let_begin(int gate[static 2], bool counted)
{
	(void)close(gate[0]);
	if (counted && write(gate[1], "", 1) != 1)
		log_err(
		    "a session cannot be told to begin: %s", strerror(errno));
	(void)close(gate[1]); /* one that was not told ends */
}

static void
spawn(struct zygote *z, const struct msg_sup_spawn *m, struct ipc_msg *msg)
{
	int gate[2];
	pid_t pid;

	if (z->nchildren == LIMIT_SESSIONS) {
		log_warn("%d sessions: connection %llu is refused",
		    LIMIT_SESSIONS, (unsigned long long)m->conn);
		(void)report_session(z, m->conn, 0, true, 0);
		return;
	}
	if (pipe2(gate, O_CLOEXEC) != 0) {
		log_err("pipe: %s: connection %llu is refused", strerror(errno),
		    (unsigned long long)m->conn);
		(void)report_session(z, m->conn, 0, true, 0);
		return;
	}
	if ((pid = fork()) < 0) {
		log_err("fork: %s: connection %llu is refused", strerror(errno),
		    (unsigned long long)m->conn);
		let_begin(gate, false);
		(void)report_session(z, m->conn, 0, true, 0);
		return;
	}
	if (pid == 0) {
		struct msg_sup_spawn own = *m;

		(void)signal(SIGCHLD, SIG_DFL);
		secret_no_dumps();
		ipc_done(&z->ctl);
		ipc_room_free(z->body); /* m is in it, own is not */
		if (!is_counted(gate))
			_exit(1);
		_exit(session_main(&own, msg->fds[0], msg->fds[1], z->host_key,
		    z->algorithms));
	}
	z->child[z->nchildren++] = (struct child){.conn = m->conn, .pid = pid};
	let_begin(gate, report_session(z, m->conn, pid, false, 0));
}

/* Not reaped yet, so the pid is still its own. */
static void
kill_child(struct child *c)
{
	c->killed = true;
	(void)kill(c->pid, SIGKILL);
}

static void
kill_conn(struct zygote *z, uint64_t conn)
{
	for (size_t i = 0; i < z->nchildren; i++)
		if (z->child[i].conn == conn) {
			kill_child(&z->child[i]);
			return;
		}
	(void)report_session(z, conn, 0, true, 0);
}

/* SUP_STOP: whoever has not ended when asked does so now. */
static void
kill_all(struct zygote *z)
{
	for (size_t i = 0; i < z->nchildren; i++)
		kill_child(&z->child[i]);
	reap(z, 0);
}

static int
handle(struct zygote *z, struct ipc_msg *m)
{
	const struct msg_empty alive = {0};

	switch (m->type) {
	case MSG_SUP_SPAWN:
		spawn(z, m->body, m);
		return 0;
	case MSG_SUP_KILL:
		kill_conn(z, ((const struct msg_sup_conn *)m->body)->conn);
		return 0;
	case MSG_SUP_BEAT:
		return ipc_send(&z->ctl, MSG_SUP_ALIVE, &alive, NULL, 0);
	case MSG_SUP_STOP:
		z->stop = true;
		return 0;
	case MSG_SUP_CONFIG: /* read again: for sessions from now on */
		z->algorithms =
		    ((const struct msg_sup_config *)m->body)->conf.algorithms;
		return 0;
	case MSG_SUP_LINK:
		return 0;
	default:
		return GW_EPROTO;
	}
}

static int
configure(struct zygote *z)
{
	struct ipc_msg m = {.body = z->body, .fds = {-1, -1}};
	const struct msg_sup_config *c = z->body;
	const struct msg_empty ready = {0};
	int r;

	if ((r = ipc_recv_wait(&z->ctl, &m, 10000)) != 0)
		return r;
	if (m.type != MSG_SUP_CONFIG) {
		ipc_msg_close(&m);
		return GW_EPROTO;
	}
#if FAULT_BUILD
	(void)setenv("SALLYPORT_FAULTS", c->faults, 1);
	(void)clock_now(); /* before the sandbox */
#endif
	z->algorithms = c->conf.algorithms;
	if ((r = load_host_key(z, c->conf.host_key)) != 0) {
		log_err("the host key of the configuration is not an "
			"ssh-ed25519 public key: run gatewayd init");
		return r;
	}
	if ((r = selftest(session_confine)) != 0 && !FAULT(selftest_ignored))
		return r;
	if ((r = confine_enter(PROC_ZYGOTE, NULL, NULL)) != 0) {
		log_err("cannot enter the sandbox: %s", err_str(r));
		return r;
	}
	return ipc_send(&z->ctl, MSG_SUP_READY, &ready, NULL, 0);
}

static int
run(struct zygote *z)
{
	struct pollfd p = {.fd = z->ctl.fd, .events = POLLIN};
	struct ipc_msg m = {.body = z->body, .fds = {-1, -1}};
	int r = 0;

	while (!z->stop) {
		(void)poll(&p, 1, 1000);
		reap(z, WNOHANG);
		while ((r = ipc_recv(&z->ctl, &m)) == 0 && !z->stop) {
			r = handle(z, &m);
			ipc_msg_close(&m);
			if (r != 0)
				return r;
		}
		if (r != 0 && r != GW_EAGAIN)
			return r == GW_ECLOSED ? 0 : r;
	}
	kill_all(z);
	return 0;
}

int
main(int argc, char **argv)
{
	static struct zygote z;
	const struct sigaction chld = {.sa_handler = on_sigchld};
	int r;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		(void)printf("sallyport-session%s, libssh %s\n",
		    FAULT_BUILD ? " (FAULT TEST BUILD)" : "", ssh_version(0));
		return 0;
	}
	secret_no_dumps();
	log_init("zygote", LOG_LV_INFO);
	if (ssh_version(SSH_VERSION_INT(0, 10, 6)) == NULL) {
		log_err("libssh %s is too old: 0.10.6 or newer is needed "
			"(package libssh-4)",
		    ssh_version(0));
		return 1;
	}
	(void)sigaction(SIGCHLD, &chld, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	ipc_init(&z.ctl, CONTROL_FD, PROC_ZYGOTE, PROC_SUPERVISOR);
	if ((z.body = ipc_room()) == NULL || ssh_init() != SSH_OK ||
	    hooks_init() != 0 || names_init() != 0 || nul_init() != 0) {
		log_err("libssh and libcrypto cannot be set up");
		return 1;
	}
	warm_up();
	if ((r = configure(&z)) == 0)
		r = run(&z);
	if (r != 0)
		log_err("control socket: %s", err_str(r));
	return r == 0 ? 0 : 1;
}
