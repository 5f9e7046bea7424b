/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - the forked child: sandbox, links, then one loop in which each leg
 * is fed, messages are taken, channels move and what was written is sent. One
 * thread, nothing blocks but the host key signature (bounded).
 */
#include "session/session.h"

#include <poll.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "session/hooks.h"
#include "session/shim.h"
#include "sys/sandbox.h"

enum { HOSTSIGN_MS = 5000, TURN_MS = 1000 };

#define NR(name) SCMP_SYS(name)

/* All a relay needs. No file, no new socket, no other process. */
static const int allowed[] = {NR(read), NR(write), NR(close), NR(fcntl),
    NR(recvfrom), NR(sendto), NR(recvmsg), NR(sendmsg), NR(poll), NR(ppoll),
    NR(setsockopt), NR(getsockopt), NR(shutdown), NR(futex), NR(brk),
    NR(munmap), NR(mremap), NR(madvise), NR(getpid), NR(gettid), NR(getrandom),
    NR(clock_gettime), NR(gettimeofday), NR(time), NR(rt_sigreturn),
    NR(rt_sigprocmask), NR(getrusage), NR(restart_syscall), NR(exit),
    NR(exit_group), -1};

/* libssh looks for known_hosts and a home folder, glibc for /proc. */
static const int refused[] = {NR(openat), NR(open), NR(newfstatat), NR(stat),
    NR(lstat), NR(fstat), NR(statx), NR(access), NR(faccessat), NR(faccessat2),
    NR(readlink), NR(socket), NR(connect), NR(ioctl), NR(uname), NR(getuid),
    NR(geteuid), NR(getgid), NR(getegid), NR(lseek), NR(sysinfo), NR(prlimit64),
    NR(getcwd), NR(mlock), NR(munlock), NR(getsockname), NR(getpeername),
    NR(sched_getaffinity), -1};

uint32_t
session_rid(struct session *s)
{
	if (++s->rid == 0)
		s->rid = 1;
	return s->rid;
}

static int
enter_sandbox(void)
{
	const struct rlimit as = {LIMIT_SESSION_MEMORY, LIMIT_SESSION_MEMORY};
	const struct rlimit none = {0, 0};
	const struct sandbox box = {
	    .allow = allowed, .deny_errno = refused, .strict = true};

	if (setrlimit(RLIMIT_AS, &as) != 0 ||
	    setrlimit(RLIMIT_NPROC, &none) != 0)
		return GW_ESYS;
	return sandbox_enter(&box);
}

/* Called by libssh's key exchange through hooks.c. */
static int
sign_by_notary(void *arg, uint8_t sig[static 64], const void *tbs, size_t n)
{
	struct session *s = arg;
	struct msg_nt_hostsign m = {.hash = {tbs, (uint32_t)n}};
	int r;

	if (n > LIMIT_HASH_MAX)
		return GW_ELIMIT;
	m.rid = session_rid(s);
	s->hostsign.rid = m.rid;
	s->hostsign.done = false;
	if ((r = link_send(s, &s->notary, MSG_NT_HOSTSIGN, &m)) != 0 ||
	    (r = link_wait_notary(s, &s->hostsign.done, HOSTSIGN_MS)) != 0 ||
	    (r = s->hostsign.result) != 0) {
		log_warn("connection %llu: no host key signature: %s",
		    (unsigned long long)s->spawn.conn, err_str(r));
		return r;
	}
	memcpy(sig, s->hostsign.sig, 64);
	return 0;
}

static int
bind_new(ssh_bind *ret, ssh_key host_key)
{
	const bool no = false;
	const int rsa = 3072;
	const struct {
		enum ssh_bind_options_e o;
		const void *v;
	} opts[] = {
	    {SSH_BIND_OPTIONS_PROCESS_CONFIG, &no},
	    /* only to a server that begins like this do OpenSSH clients send
	     * eow@openssh.com (relay.c) */
	    {SSH_BIND_OPTIONS_BANNER, "OpenSSH_compatible_Sallyport"},
	    {SSH_BIND_OPTIONS_CIPHERS_C_S, ssh_ciphers},
	    {SSH_BIND_OPTIONS_CIPHERS_S_C, ssh_ciphers},
	    {SSH_BIND_OPTIONS_KEY_EXCHANGE, ssh_kex},
	    {SSH_BIND_OPTIONS_HMAC_C_S, ssh_macs},
	    {SSH_BIND_OPTIONS_HMAC_S_C, ssh_macs},
	    {SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, "ssh-ed25519"},
	    {SSH_BIND_OPTIONS_RSA_MIN_SIZE, &rsa},
	    {SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES,
		"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
		"ecdsa-sha2-nistp521,sk-ssh-ed25519@openssh.com,"
		"sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,"
		"rsa-sha2-256"},
	    {SSH_BIND_OPTIONS_IMPORT_KEY, host_key},
	};
	ssh_bind b = ssh_bind_new();

	if (b == NULL)
		return GW_ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(opts); i++)
		if (ssh_bind_options_set(b, opts[i].o, opts[i].v) != SSH_OK) {
			log_err("libssh refuses a server option: %s",
			    ssh_get_error(b));
			return GW_EUNSUPPORTED;
		}
	*ret = b;
	return 0;
}

static int
serve(struct session *s)
{
	ssh_session ssh = s->user.ssh;

	if (ssh_bind_accept_fd(s->bind, ssh, s->user.fd) != SSH_OK) {
		log_err("libssh does not take the connection: %s",
		    ssh_get_error(s->bind));
		return GW_EUNSUPPORTED;
	}
	ssh_set_auth_methods(ssh, SSH_AUTH_METHOD_PUBLICKEY);
	s->phase = PH_KEX;
	s->busy = true;
	return 0;
}

static void
step_kex(struct session *s)
{
	struct leg *l = &s->user;
	size_t before;
	int rc;

	do {
		before = shim_rx(l->fd);
		rc = ssh_handle_key_exchange(l->ssh);
	} while (
	    rc == SSH_AGAIN && shim_rx(l->fd) > 0 && shim_rx(l->fd) != before);
	if (rc == SSH_AGAIN && !(shim_eof(l->fd) && shim_rx(l->fd) == 0))
		return;
	if (rc != SSH_OK || leg_evented(l) != 0) {
		l->dead = true;
		return;
	}
	hooks_capture(true);
	s->phase = PH_AUTH;
	s->busy = true;
}

static void
on_message(struct session *s, ssh_message m)
{
	const char *service;

	switch (ssh_message_type(m)) {
	case SSH_REQUEST_AUTH:
		auth_message(s, m);
		return;
	case SSH_REQUEST_SERVICE:
		service = ssh_message_service_service(m);
		if (service != NULL && strcmp(service, "ssh-userauth") == 0)
			(void)ssh_message_service_reply_success(m);
		else
			(void)ssh_message_reply_default(m);
		ssh_message_free(m);
		return;
	default:
		break;
	}
	if (s->auth.ok) {
		chan_message(s, m);
		return;
	}
	/* a channel before login is an attack, not a mistake */
	ssh_message_free(m);
	end_begin(s, END_PROTOCOL, "sallyport: not logged in");
}

static void
step_user(struct session *s)
{
	ssh_message m;

	if (s->user.dead)
		return;
	if (s->phase == PH_KEX)
		step_kex(s);
	if (s->phase < PH_AUTH || s->user.event == NULL)
		return;
	leg_feed(&s->user);
	/* one login attempt at a time: the rest waits for the verdict */
	while (!s->user.dead && s->auth.held == NULL && s->phase != PH_DONE &&
	       (m = ssh_message_get(s->user.ssh)) != NULL)
		on_message(s, m);
}

static void
step_target(struct session *s)
{
	ssh_message m;

	if (s->target_leg.ssh == NULL || s->phase != PH_RELAY)
		return;
	leg_feed(&s->target_leg);
	while (!s->target_leg.dead && s->target_leg.event != NULL &&
	       (m = ssh_message_get(s->target_leg.ssh)) != NULL) {
		/* agent, X11 and forwarded channels from the target */
		(void)ssh_message_reply_default(m);
		ssh_message_free(m);
	}
	target_step(s);
}

static void
step_channels(struct session *s)
{
	struct chan *next;

	for (struct chan *c = s->chans; c != NULL && s->phase == PH_RELAY;
	     c = next) {
		next = c->next;
		chan_step(s, c);
	}
	relay_step(s);
}

static void
turn(struct session *s)
{
	s->now = clock_now();
	links_read(s);
	if (s->phase == PH_LINKS && !s->probe.on && s->notary.up &&
	    s->broker.up && s->recorder.up && serve(s) != 0)
		s->phase = PH_DONE;
	if (leg_fill(&s->user))
		s->busy = true;
	if (leg_fill(&s->target_leg))
		s->busy = true;
	step_user(s);
	step_target(s);
	if (s->probe.on)
		probe_step(s);
	else
		step_channels(s);
	leg_flush(&s->user);
	leg_flush(&s->target_leg);
	if (s->user.dead && !s->probe.on && s->phase >= PH_KEX &&
	    s->phase < PH_TELL)
		end_begin(s, END_LOGOUT, NULL);
	end_check_clocks(s);
	end_step(s);
	leg_flush(&s->user);
}

static int
wait_ms(const struct session *s)
{
	int64_t left = TURN_MS;

	if (s->busy)
		return 0;
	if (s->phase == PH_RELAY && !s->probe.on &&
	    s->auth.grant.end_boot_ms - s->now.boot_ms < left)
		left = s->auth.grant.end_boot_ms - s->now.boot_ms;
	if (s->phase == PH_TELL)
		left = 100;
	return left < 0 ? 0 : (int)left;
}

static void
add_fd(struct pollfd *p, nfds_t *n, int fd, bool in, bool out)
{
	if (fd < 0)
		return;
	p[*n].fd = fd;
	p[*n].events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
	p[*n].revents = 0;
	(*n)++;
}

static void
wait_for_work(struct session *s)
{
	struct pollfd p[6];
	nfds_t n = 0;
	const struct link *links[] = {
	    &s->ctl, &s->notary, &s->broker, &s->recorder};

	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (links[i]->up)
			add_fd(p, &n, links[i]->ipc.fd, true,
			    links[i] == &s->recorder && s->rec_full);
	if (!s->user.dead)
		add_fd(p, &n, s->user.fd, s->phase >= PH_KEX,
		    shim_tx(s->user.fd) > 0);
	if (!s->target_leg.dead)
		add_fd(p, &n, s->target_leg.fd, true,
		    shim_tx(s->target_leg.fd) > 0);
	(void)shim_wait(p, n, wait_ms(s));
	s->rec_full = false;
	s->busy = false;
}

static void
say_end(struct session *s)
{
	struct msg_ses_end m = {.reason = (uint8_t)s->ending.reason,
	    .bytes_in = s->bytes_in,
	    .bytes_out = s->bytes_out,
	    .exit = s->exit};

	if (!s->auth.ok)
		return;
	memcpy(m.text, s->ending.text, sizeof(m.text));
	link_tell(s, &s->broker, MSG_SES_END, &m);
}

static void
session_done(struct session *s)
{
	struct chan *c;

	auth_done(s);
	while ((c = s->chans) != NULL) {
		record_close(s, c);
		chan_free(s, c);
	}
	say_end(s);
	target_done(s);
	leg_done(&s->target_leg);
	leg_done(&s->user);
	if (s->bind != NULL)
		ssh_bind_free(s->bind);
	ipc_done(&s->ctl.ipc);
	ipc_done(&s->notary.ipc);
	ipc_done(&s->broker.ipc);
	ipc_done(&s->recorder.ipc);
	free(s->body);
	free(s->wait_body);
}

static int
session_init(struct session *s, int client_fd, int ctl_fd, ssh_key host_key)
{
	int r;

	s->user.fd = s->target_leg.fd = -1;
	s->notary.ipc.fd = s->broker.ipc.fd = s->recorder.ipc.fd = -1;
	ipc_init(&s->ctl.ipc, ctl_fd, PROC_SESSION, PROC_SUPERVISOR);
	s->ctl.up = true;
	s->exit = -1;
	s->now = clock_now();
	s->start_ms = s->active_ms = s->now.boot_ms;
	s->probe.on = s->spawn.probe != 0;
	if (s->probe.on)
		(void)close(client_fd);
	else if ((r = leg_init(&s->user, client_fd)) != 0)
		return r;
	if ((s->body = calloc(1, msg_size_max())) == NULL ||
	    (s->wait_body = calloc(1, msg_size_max())) == NULL)
		return GW_ENOMEM;
	hooks_signer(sign_by_notary, s);
	if (!s->probe.on && (r = bind_new(&s->bind, host_key)) != 0)
		return r;
	return enter_sandbox();
}

int
session_main(const struct msg_sup_spawn *spawn, int client_fd, int ctl_fd,
    ssh_key host_key)
{
	struct session *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return 1;
	s->spawn = *spawn;
	if ((r = session_init(s, client_fd, ctl_fd, host_key)) != 0) {
		log_err("connection %llu: no session: %s",
		    (unsigned long long)spawn->conn, err_str(r));
		return 1;
	}
	while (s->phase != PH_DONE) {
		turn(s);
		if (s->phase != PH_DONE)
			wait_for_work(s);
	}
	session_done(s);
	free(s);
	return 0;
}
