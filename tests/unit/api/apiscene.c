/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apiscene - see the header.
 */
#include "tests/unit/api/apiscene.h"

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"

int
listen_tcp(int *retport)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	*retport = ntohs(sa.sin_port);
	return fd;
}

void
api_start(struct api_test *t, enum proc proc, int fd)
{
	const bool https = proc == PROC_API;
	const struct msg_sup_listener l = {.tls = https};

	proc_harness_start(&t->p, proc, "sallyport-api",
	    https ? "https" : "admin", &t->files.conf);
	proc_harness_fd(&t->p, MSG_SUP_LISTENER, &l, fd);
	(void)close(fd);
	proc_harness_link(&t->p, &t->broker, PROC_BROKER, 0);
	proc_harness_link(&t->p, &t->notary, PROC_NOTARY, 0);
	proc_harness_ready(&t->p);
}

void
admin_path(struct sockaddr_un *ret, const struct api_test *t)
{
	char path[API_STATE_PATH_SIZE];

	api_state_path(path, &t->files, "admin.sock");
	ret->sun_family = AF_UNIX;
	assert_int_equal(
	    str_copy(ret->sun_path, sizeof(ret->sun_path), path), 0);
}

int
dial_from(int port, unsigned last)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	struct sockaddr_in own = {.sin_family = AF_INET};
	struct timeval tv = {.tv_sec = 10};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_port = htons((uint16_t)port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	own.sin_addr.s_addr = htonl((127U << 24) + last);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	return fd;
}

int
dial(int port)
{
	return dial_from(port, 1);
}

int
client_over(struct client *c, int fd, int version_max, const char *ciphers)
{
	c->ctx = NULL;
	c->ssl = NULL;
	c->fd = fd;
	c->ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(c->ctx);
	SSL_CTX_set_security_level(c->ctx, 0);
	assert_int_equal(SSL_CTX_set_min_proto_version(c->ctx, 0), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(c->ctx, version_max), 1);
	if (ciphers != NULL)
		assert_int_equal(SSL_CTX_set_cipher_list(c->ctx, ciphers), 1);
	c->ssl = SSL_new(c->ctx);
	assert_non_null(c->ssl);
	assert_int_equal(SSL_set_fd(c->ssl, c->fd), 1);
	return SSL_connect(c->ssl) == 1;
}

int
client_ciphers(struct client *c, int port, int version_max, const char *ciphers)
{
	return client_over(c, dial(port), version_max, ciphers);
}

int
client_tls(struct client *c, int port, int version_max)
{
	return client_ciphers(c, port, version_max, NULL);
}

void
client_close(struct client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	(void)close(c->fd);
}

void
client_send(struct client *c, const char *text)
{
	const size_t n = strlen(text);

	if (c->ssl != NULL)
		assert_int_equal(SSL_write(c->ssl, text, (int)n), (int)n);
	else
		assert_int_equal(write(c->fd, text, n), (ssize_t)n);
}

int
client_status(struct client *c)
{
	size_t len = 0;
	size_t want = 0;
	int status = 0;

	c->reply[0] = '\0';
	while (want == 0 || len < want) {
		const size_t room = sizeof(c->reply) - 1 - len;
		ssize_t n = c->ssl != NULL
				? SSL_read(c->ssl, c->reply + len, (int)room)
				: read(c->fd, c->reply + len, room);
		const char *end, *cl;

		if (n <= 0)
			break;
		len += (size_t)n;
		c->reply[len] = '\0';
		if ((end = strstr(c->reply, "\r\n\r\n")) != NULL &&
		    (cl = strstr(c->reply, "Content-Length: ")) != NULL)
			want = (size_t)(end + 4 - c->reply) +
			       strtoul(cl + 16, NULL, 10);
	}
	if (sscanf(c->reply, "HTTP/1.1 %d", &status) != 1)
		return 0;
	return status;
}

int
ask(struct client *c, const char *request)
{
	client_send(c, request);
	return client_status(c);
}
