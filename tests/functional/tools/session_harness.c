/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_harness - plays supervisor, notary, broker and recorder for the real
 * sallyport-session, so that the session can be driven by real OpenSSH clients
 * against a real sshd without the rest of the gateway. It verifies the user's
 * signature as the broker does (over the session id the "notary" signed) and
 * issues real certificates. Not a substitute for the lab: no firewall, no log.
 *
 * session_harness ZYGOTE DIR PORT TARGET_PORT
 * DIR has user.pub (who may log in), target.pub (pinned host key); host.pub
 * and ca.pub are written there, events go to DIR/events, recorded output to
 * DIR/rec.N. Commands on standard input, one per line: stop TEXT, end SECONDS,
 * caps N, record 0|1, idle SECONDS, deny TEXT, nodial TEXT, holddial 0|1, drop
 * NAME, link NAME, mute NAME (it reads nothing; "" = all do), hold 0|1|2
 * (evidence, 2: and certificates), pin FILE, user FILE, target PORT (dialled
 * from now on), probe LOGIN, kill, quit.
 */
#include "tests/functional/tools/session_peers.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "wire/messages.h"

static const enum proc peers[LINKS] = {
    PROC_SESSION, PROC_SESSION, PROC_SESSION, PROC_SESSION};
static const enum proc selves[LINKS] = {
    PROC_SUPERVISOR, PROC_NOTARY, PROC_BROKER, PROC_RECORDER};
static const char *const link_names[LINKS] = {
    "ctl", "notary", "broker", "recorder"};

static void
read_key(struct harness *h, const char *name, struct sshkey *ret)
{
	char path[512];
	char line[8192];
	FILE *f;

	path_in(h, path, sizeof(path), name);
	if ((f = fopen(path, "re")) == NULL ||
	    fgets(line, sizeof(line), f) == NULL)
		die(path);
	line[strcspn(line, "\n")] = '\0';
	if (sshkey_parse_line(ret, line) != 0)
		die(name);
	(void)fclose(f);
}

static void
make_key(struct harness *h, const char *name, struct secret *seed, char *line,
    size_t size)
{
	uint8_t pub[32];
	char path[512];
	FILE *f;

	if (secret_random(seed, 32) != 0 ||
	    sshkey_ed25519_public(pub, seed) != 0 ||
	    sshkey_ed25519_line(line, size, pub) != 0)
		die("key");
	path_in(h, path, sizeof(path), name);
	if ((f = fopen(path, "we")) == NULL)
		die(path);
	(void)fprintf(f, "%s\n", line);
	(void)fclose(f);
}

/* ---- plumbing */
static void
link_up(struct harness *h, struct conn *c, int which)
{
	struct msg_sup_link m = {.proc = (uint8_t)selves[which], .conn = c->id};
	int fd[2];

	if (ipc_pair(fd) != 0)
		die("socketpair");
	if (c->up[which])
		ipc_done(&c->link[which]);
	ipc_init(&c->link[which], fd[0], selves[which], peers[which]);
	if (c->nsid > 0)
		c->link[which].state = MST_READY;
	c->up[which] = true;
	send_to(h, c, CTL, MSG_SUP_LINK, &m, fd[1]);
	(void)close(fd[1]);
}

static struct conn *
start(struct harness *h, int client, bool probe)
{
	struct msg_sup_spawn m = {.conn = ++h->next, .probe = probe};
	struct conn *c = NULL;
	int fd[2];
	int fds[2];

	for (size_t i = 0; i < CONNS && c == NULL; i++)
		if (!h->conn[i].used)
			c = &h->conn[i];
	if (c == NULL)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->used = true;
	c->id = m.conn;
	if (ipc_pair(fd) != 0)
		die("socketpair");
	ipc_init(&c->link[CTL], fd[0], PROC_SUPERVISOR, PROC_SESSION);
	c->up[CTL] = true;
	fds[0] = client;
	fds[1] = fd[1];
	if (ipc_send_wait(&h->zygote, MSG_SUP_SPAWN, &m, fds, 2, 1000) != 0)
		die("spawn");
	(void)close(fd[1]);
	for (int i = NOTARY; i < LINKS; i++)
		link_up(h, c, i);
	return c;
}

static void
conn_gone(struct harness *h, struct conn *c)
{
	(void)fprintf(h->events, "gone %llu\n", (unsigned long long)c->id);
	(void)fflush(h->events);
	for (int i = 0; i < LINKS; i++)
		if (c->up[i])
			ipc_done(&c->link[i]);
	memset(c, 0, sizeof(*c));
}

static bool
reads(const struct harness *h, const struct conn *c, int which)
{
	return c->used && c->up[which] &&
	       strcmp(h->mute, link_names[which]) != 0;
}

static void
read_link(struct harness *h, struct conn *c, int which)
{
	struct ipc_msg m = {.body = h->body, .fds = {-1, -1}};
	int r;

	while (reads(h, c, which) &&
	       (r = ipc_recv(&c->link[which], &m)) != GW_EAGAIN) {
		if (r == 0)
			handle(h, c, &m);
		ipc_msg_close(&m);
		if (r == 0)
			continue;
		if (r == GW_EPROTO)
			(void)fprintf(h->events, "PROTOCOL %s type=%u\n",
			    link_names[which], m.type);
		ipc_done(&c->link[which]);
		c->up[which] = false;
		if (which != CTL)
			continue;
		/* what it said last, on other lines, was sent before */
		for (int i = NOTARY; i < LINKS; i++)
			read_link(h, c, i);
		conn_gone(h, c);
	}
}

static void
probe(struct harness *h, const char *login)
{
	struct msg_ses_probe m = {.rid = 7, .login = login[0] != '\0'};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct conn *c = start(h, null, true);
	struct buf b;
	int fd;

	(void)close(null);
	if (c == NULL)
		return;
	buf_init(&b, 8192);
	pinned(h, &b);
	m.host_keys.p = b.p;
	m.host_keys.len = (uint32_t)b.len;
	(void)strcpy(m.grant, "g-TESTTEST");
	(void)strcpy(m.sid, "s-TESTTEST");
	if (str_copy(m.user, sizeof(m.user), login) != 0)
		die("login");
	fd = dial(h);
	send_to(h, c, BROKER, MSG_SES_PROBE, &m, fd);
	(void)close(fd);
	buf_done(&b);
	c->link[NOTARY].state = MST_READY;
}

static void
each(struct harness *h, void (*fn)(struct harness *, struct conn *, char *),
    char *arg)
{
	for (size_t i = 0; i < CONNS; i++)
		if (h->conn[i].used)
			fn(h, &h->conn[i], arg);
}

static void
do_stop(struct harness *h, struct conn *c, char *text)
{
	struct msg_ses_stop m = {.reason = END_REVOKED};

	if (str_copy(m.text, sizeof(m.text), text) == 0)
		send_to(h, c, BROKER, MSG_SES_STOP, &m, -1);
}

static void
do_drop(struct harness *h, struct conn *c, char *name)
{
	(void)h;
	for (int i = NOTARY; i < LINKS; i++)
		if (strcmp(name, link_names[i]) == 0 && c->up[i]) {
			ipc_done(&c->link[i]);
			c->up[i] = false;
		}
}

static void
do_kill(struct harness *h, struct conn *c, char *unused)
{
	const struct msg_sup_conn m = {.conn = c->id};

	(void)unused;
	if (ipc_send(&h->zygote, MSG_SUP_KILL, &m, NULL, 0) != 0)
		die("kill");
}

static void
do_link(struct harness *h, struct conn *c, char *name)
{
	for (int i = NOTARY; i < LINKS; i++)
		if (strcmp(name, link_names[i]) == 0)
			link_up(h, c, i);
}

/* ssh.algorithms, read again: for connections from now on. */
static void
algorithms(struct harness *h, const char *arg)
{
	struct msg_sup_config *c = calloc(1, sizeof(*c));

	if (c == NULL)
		die("memory");
	c->conf.algorithms = (uint8_t)atoi(arg);
	if (ipc_send(&h->zygote, MSG_SUP_CONFIG, c, NULL, 0) != 0)
		die("algorithms");
	free(c);
}

static void
hold_dial(struct harness *h, bool on)
{
	h->holddial = on;
	if (!on && h->held != NULL)
		answer_dial(h, h->held, h->held_rid);
	h->held = NULL;
}

static void
command(struct harness *h, char *line)
{
	char *arg = strchr(line, ' ');

	if (arg == NULL)
		arg = line + strlen(line);
	else
		*arg++ = '\0';
	if (strcmp(line, "stop") == 0)
		each(h, do_stop, arg);
	else if (strcmp(line, "drop") == 0)
		each(h, do_drop, arg);
	else if (strcmp(line, "link") == 0)
		each(h, do_link, arg);
	else if (strcmp(line, "end") == 0)
		h->end_s = atoll(arg);
	else if (strcmp(line, "caps") == 0)
		h->caps = (uint32_t)atoll(arg);
	else if (strcmp(line, "record") == 0)
		h->record = (uint8_t)atoll(arg);
	else if (strcmp(line, "idle") == 0)
		h->idle_s = (uint32_t)atoll(arg);
	else if (strcmp(line, "hold") == 0)
		h->hold = atol(arg);
	else if (strcmp(line, "mute") == 0)
		(void)snprintf(h->mute, sizeof(h->mute), "%s", arg);
	else if (strcmp(line, "deny") == 0)
		(void)snprintf(h->deny, sizeof(h->deny), "%s", arg);
	else if (strcmp(line, "holddial") == 0)
		hold_dial(h, arg[0] == '1');
	else if (strcmp(line, "nodial") == 0)
		(void)snprintf(h->nodial, sizeof(h->nodial), "%s", arg);
	else if (strcmp(line, "kill") == 0)
		each(h, do_kill, arg);
	else if (strcmp(line, "target") == 0)
		h->target_port = (uint16_t)atoi(arg);
	else if (strcmp(line, "probe") == 0)
		probe(h, arg);
	else if (strcmp(line, "user") == 0)
		read_key(h, arg, &h->user_key);
	else if (strcmp(line, "pin") == 0)
		read_key(h, arg, &h->target_key);
	else if (strcmp(line, "algorithms") == 0)
		algorithms(h, arg);
	else if (strcmp(line, "quit") == 0)
		h->quit = true;
	(void)fprintf(h->events, "did %s\n", line);
	(void)fflush(h->events);
}

static void
commands(struct harness *h)
{
	char buf[4096];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf) - 1);
	char *save = NULL;

	if (n <= 0) {
		h->quit = true;
		return;
	}
	buf[n] = '\0';
	for (char *l = strtok_r(buf, "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save))
		command(h, l);
}

static void
run(struct harness *h)
{
	struct pollfd p[2 + CONNS * LINKS];
	struct ipc_msg m = {.body = h->body, .fds = {-1, -1}};
	nfds_t n;
	int fd;

	while (!h->quit) {
		n = 0;
		p[n++] = (struct pollfd){.fd = h->listener, .events = POLLIN};
		p[n++] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
		for (size_t i = 0; i < CONNS; i++)
			for (int k = 0; k < LINKS; k++)
				if (reads(h, &h->conn[i], k))
					p[n++] = (struct pollfd){
					    .fd = h->conn[i].link[k].fd,
					    .events = POLLIN};
		if (poll(p, n, 1000) < 0 && errno != EINTR)
			die("poll");
		if (ipc_recv(&h->zygote, &m) == GW_ECLOSED)
			die("the zygote is gone");
		for (size_t i = 0; i < CONNS; i++)
			/* the control socket last: its end is the session's */
			for (int k = LINKS - 1; k >= 0; k--)
				read_link(h, &h->conn[i], k);
		if (p[1].revents != 0)
			commands(h);
		if ((p[0].revents & POLLIN) != 0 &&
		    (fd = accept4(h->listener, NULL, NULL, SOCK_CLOEXEC)) >=
			0) {
			(void)start(h, fd, false);
			(void)close(fd);
		}
	}
}

static void
start_zygote(struct harness *h, const char *path, const char *host_line)
{
	struct msg_sup_config *c = calloc(1, sizeof(*c));
	struct ipc_msg m = {.body = h->body, .fds = {-1, -1}};
	int fd[2];
	pid_t pid;

	if (c == NULL || ipc_pair(fd) != 0)
		die("zygote");
	if ((pid = fork()) < 0)
		die("fork");
	if (pid == 0) {
		/* sessions write there what they should not: a sanitizer's
		 * words are wanted */
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
		(void)dup2(fd[1], 3);
		(void)execl(path, path, (char *)NULL);
		die(path);
	}
	(void)close(fd[1]);
	ipc_init(&h->zygote, fd[0], PROC_SUPERVISOR, PROC_ZYGOTE);
	if (getenv("SALLYPORT_FAULTS") != NULL &&
	    str_copy(c->faults, sizeof(c->faults), getenv("SALLYPORT_FAULTS")))
		die("faults");
	if (str_copy(c->conf.host_key, sizeof(c->conf.host_key), host_line))
		die("host key");
	if (ipc_send(&h->zygote, MSG_SUP_CONFIG, c, NULL, 0) != 0 ||
	    ipc_recv_wait(&h->zygote, &m, 10000) != 0 ||
	    m.type != MSG_SUP_READY)
		die("the zygote is not ready");
	free(c);
}

int
main(int argc, char **argv)
{
	static struct harness h;
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int one = 1;
	char line[512];
	char ca[512];
	char path[512];

	if (argc != 5) {
		(void)fprintf(stderr,
		    "usage: session_harness ZYGOTE DIR PORT TARGET_PORT\n");
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	h.dir = argv[2];
	h.target_port = (uint16_t)atoi(argv[4]);
	h.caps = CAP_DEFAULT;
	h.end_s = 600;
	a.sin_port = htons((uint16_t)atoi(argv[3]));
	read_key(&h, "user.pub", &h.user_key);
	read_key(&h, "target.pub", &h.target_key);
	make_key(&h, "host.pub", &h.host_seed, line, sizeof(line));
	read_key(&h, "host.pub", &h.host_key);
	make_key(&h, "ca.pub", &h.ca_seed, ca, sizeof(ca));
	path_in(&h, path, sizeof(path), "events");
	if ((h.events = fopen(path, "we")) == NULL ||
	    (h.body = ipc_room()) == NULL)
		die(path);
	start_zygote(&h, argv[1], line);
	h.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (h.listener < 0 ||
	    setsockopt(
		h.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    bind(h.listener, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    listen(h.listener, 64) != 0)
		die("listen");
	(void)printf("ready\n");
	(void)fflush(stdout);
	run(&h);
	return 0;
}
