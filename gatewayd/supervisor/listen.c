/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen - see the header. A port with a running server, or with live
 * connections of somebody (an administrator's SSH session), is left alone.
 */
#include "supervisor/listen.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"

enum { TCP_STATE_ESTABLISHED = 1, TCP_STATE_LISTEN = 10, BACKLOG = 256 };

/* Has process pid a descriptor of the socket with this inode? */
static bool
holds(const char *pid, unsigned long inode)
{
	char path[64], want[64], link[64];
	struct dirent *e;
	DIR *d = NULL;
	bool hit = false;
	ssize_t n;

	if (str_fmt(path, sizeof(path), "/proc/%s/fd", pid) != 0 ||
	    str_fmt(want, sizeof(want), "socket:[%lu]", inode) != 0 ||
	    (d = opendir(path)) == NULL)
		return false;
	while (!hit && (e = readdir(d)) != NULL) {
		n = readlinkat(dirfd(d), e->d_name, link, sizeof(link));
		hit = n == (ssize_t)strlen(want) &&
		      memcmp(link, want, (size_t)n) == 0;
	}
	(void)closedir(d);
	return hit;
}

/* Best effort: without the right to read them, who stays empty. */
static void
find_owner(struct port_use *ret, unsigned long inode)
{
	char path[64], comm[32] = "", name[64];
	struct dirent *e;
	FILE *f = NULL;
	DIR *d = opendir("/proc");

	while (d != NULL && (e = readdir(d)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    holds(e->d_name, inode))
			break;
	if (d == NULL || e == NULL ||
	    str_fmt(path, sizeof(path), "/proc/%s/comm", e->d_name) != 0 ||
	    (f = fopen(path, "re")) == NULL ||
	    fgets(comm, sizeof(comm), f) == NULL)
		goto out;
	str_escape(name, sizeof(name), comm, strcspn(comm, "\n"));
	(void)snprintf(
	    ret->who, sizeof(ret->who), ", %s, process %.10s", name, e->d_name);
out:
	if (f != NULL)
		(void)fclose(f);
	if (d != NULL)
		(void)closedir(d);
}

static int
scan_table(struct port_use *ret, const char *path, uint16_t port)
{
	char line[512];
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return errno == ENOENT ? 0 : GW_ESYS;
	while (fgets(line, sizeof(line), f) != NULL) {
		unsigned local = 0;
		unsigned state = 0;
		unsigned long inode = 0;

		/* "sl: ADDR:PORT ADDR:PORT ST tx:rx tr:when retr uid timeout
		 * inode", hexadecimal up to retr */
		if (sscanf(line,
			" %*u: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*x:%*x "
			"%*x:%*x %*x %*u %*u %lu",
			&local, &state, &inode) != 3 ||
		    local != port)
			continue;
		if (state == TCP_STATE_LISTEN)
			ret->listening = true;
		else if (state == TCP_STATE_ESTABLISHED)
			ret->established = true;
		else
			continue;
		if (ret->who[0] == '\0' && inode != 0)
			find_owner(ret, inode);
	}
	(void)fclose(f);
	return 0;
}

int
listen_port_use(struct port_use *ret, uint16_t port)
{
	struct port_use use = {0};
	int r;

	if ((r = scan_table(&use, "/proc/net/tcp", port)) != 0 ||
	    (r = scan_table(&use, "/proc/net/tcp6", port)) != 0)
		return r;
	*ret = use;
	return 0;
}

int
listen_lock(const struct conf *c)
{
	int fd = open(c->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	/* never closed: our end is the unlock */
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (fd >= 0 && errno == EWOULDBLOCK)
		log_err("another gatewayd runs with %s: stop it first",
		    c->state_dir);
	else
		log_err("cannot lock %s: %s", c->state_dir, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return GW_EEXIST;
}

/* The reason is in errno. */
static int
bind_tcp(int fd, const struct sockaddr_storage *ss, socklen_t len)
{
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0)
		return GW_ESYS;
	if (ss->ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0)
		return GW_ESYS;
	if (bind(fd, (const struct sockaddr *)ss, len) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return GW_ESYS;
	return 0;
}

static int
open_tcp(int *ret, const struct conf_listen *l)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&ss, &l->addr, l->port);
	struct port_use use;
	char text[ADDR_TEXT_SIZE];
	int fd;

	addr_format(text, &l->addr);
	fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 && errno == EAFNOSUPPORT && l->addr.family == 6) {
		log_warn("this host has no IPv6: nobody listens on [%s]:%u",
		    text, l->port);
		return 0; /* *ret stays -1 */
	}
	if (fd >= 0 && bind_tcp(fd, &ss, len) == 0) {
		*ret = fd;
		return 0;
	}
	if (errno == EADDRINUSE && listen_port_use(&use, l->port) == 0)
		log_err("cannot listen on %s port %u: another program has it%s;"
			" choose a free one in gatewayd.yaml",
		    text, l->port, use.who);
	else
		log_err("cannot listen on %s port %u: %s", text, l->port,
		    strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return GW_ESYS;
}

static int
open_admin(int *ret, const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char folder[LIMIT_PATH_SIZE];
	struct stat st;
	char *slash;
	int fd = -1;
	int r = GW_ESYS;

	if (str_copy(sun.sun_path, sizeof(sun.sun_path), path) != 0 ||
	    str_copy(folder, sizeof(folder), path) != 0) {
		log_err("admin_socket: the path is too long: %s", path);
		return GW_ELIMIT;
	}
	if ((slash = strrchr(folder, '/')) != NULL && slash != folder) {
		*slash = '\0';
		if (mkdir(folder, 0755) != 0 && errno != EEXIST)
			goto out;
	}
	/* an earlier run's; anything else there is a typing error */
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		goto out;
	if (fchmod(fd, 0600) != 0 ||
	    bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) != 0 ||
	    chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0)
		goto out;
	*ret = fd;
	fd = -1;
	r = 0;
out:
	if (r != 0)
		log_err("cannot make the admin socket %s: %s", path,
		    strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* True when an earlier run held this port: what is connected to it is ours. */
static bool
was_ours(const struct conf *c, uint16_t port)
{
	struct secret text = {0};
	char path[LIMIT_PATH_SIZE + 32];
	char line[32];
	bool ours = false;

	/* the firewall writes it: "own PORT" lines (firewall/closed_state.h) */
	if (str_fmt(path, sizeof(path), "%s/firewall/closed.state",
		c->state_dir) == 0 &&
	    str_fmt(line, sizeof(line), "own %u\n", port) == 0 &&
	    safefile_read(&text, path, LIMIT_YAML_MAX, SAFEFILE_ANY_OWNER) == 0)
		ours = memmem(text.p, text.len, line, strlen(line)) != NULL;
	secret_free(&text);
	return ours;
}

/* Shutting the doors of this port would cut whoever is connected to it. */
static int
check_port(const struct conf *c, uint16_t port)
{
	struct port_use use;
	int r;

	if ((r = listen_port_use(&use, port)) != 0) {
		log_err("cannot read /proc/net/tcp: %s", strerror(errno));
		return r;
	}
	if (!use.listening && (!use.established || was_ours(c, port)))
		return 0;
	log_err(
	    "port %u has %s%s: the gateway would cut it off; choose another "
	    "port under ssh.listen",
	    port,
	    use.listening ? "a running server"
			  : "live connections of another server",
	    use.who);
	return GW_EEXIST;
}

int
listen_open(struct supervisor *s)
{
	const struct conf *c = s->conf;
	int r;

	for (int i = 0; i < LIMIT_LISTEN; i++)
		s->ssh_fd[i] = s->api_fd[i] = -1;
	for (int i = 0; i < LIMIT_LISTEN; i++)
		if (c->ssh[i].port != 0 &&
		    (r = check_port(c, c->ssh[i].port)) != 0)
			return r;
	for (int i = 0; i < LIMIT_LISTEN; i++) {
		if (c->ssh[i].port != 0 &&
		    (r = open_tcp(&s->ssh_fd[i], &c->ssh[i])) != 0)
			return r;
		if (c->api[i].port != 0 &&
		    (r = open_tcp(&s->api_fd[i], &c->api[i])) != 0)
			return r;
	}
	return open_admin(&s->admin_fd, c->admin_socket);
}

/* Does the kernel still take connections for it? A shutdown(2) by one who had
 * it holds for all: of a TCP socket it ends the listening, of a Unix socket
 * each connection to it is refused. */
static bool
serves(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};
	socklen_t len = sizeof(int);
	int on = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 &&
	       on != 0 && poll(&p, 1, 0) >= 0 &&
	       (p.revents & (POLLERR | POLLHUP | POLLNVAL | POLLRDHUP)) == 0;
}

/* True when it must be opened (anew); it is closed then. */
static bool
is_dead(struct supervisor *s, int *fd, enum proc holder)
{
	struct event_fields f;

	if (*fd < 0)
		return true;
	if (serves(*fd) || FAULT(dead_listener))
		return false;
	log_warn("a listening socket of %s was shut down: it is made anew",
	    proc_name(holder));
	event_fields_init(&f);
	event_str(&f, EF_PROCESS, proc_name(holder));
	event_str(&f, EF_MSG,
	    "A listening socket it was given was shut down; it is made anew.");
	(void)process_append(s->process, EV_PEER_PROTOCOL, &f, NULL, NULL);
	event_fields_done(&f);
	(void)close(*fd);
	*fd = -1;
	return true;
}

void
listen_mend_api(struct supervisor *s)
{
	for (int i = 0; i < LIMIT_LISTEN; i++)
		if (s->conf->api[i].port != 0 &&
		    is_dead(s, &s->api_fd[i], PROC_API))
			/* a failure is logged; the next start tries again */
			(void)open_tcp(&s->api_fd[i], &s->conf->api[i]);
}

void
listen_mend_admin(struct supervisor *s)
{
	if (is_dead(s, &s->admin_fd, PROC_ADMIN))
		(void)open_admin(&s->admin_fd, s->conf->admin_socket);
}
