/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootask - see the header.
 */
#include "supervisor/rootask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "supervisor/rootsock.h"

enum { ANSWER_MS = 20000 };

static int
dial(const struct conf *conf, struct ipc *ret)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char path[LIMIT_PATH_SIZE];
	int fd;

	if (rootsock_path(conf, path) != 0 ||
	    str_copy(sun.sun_path, sizeof(sun.sun_path), path) != 0)
		return GW_ELIMIT;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0) {
		ipc_init(ret, fd, PROC_SUPERVISOR, PROC_SUPERVISOR);
		return 0;
	}
	(void)fprintf(stderr,
	    "gatewayd cannot be asked at %s: %s. Does it run, and are you "
	    "root?\n",
	    path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return GW_ESYS;
}

int
rootask(const struct conf *conf, enum msg_type type, const void *body,
    enum msg_type in, void **ret)
{
	struct ipc_msg m = {.body = ipc_room(), .fds = {-1, -1}};
	struct ipc c;
	int r = GW_ENOMEM;

	*ret = m.body;
	if (m.body == NULL || (r = dial(conf, &c)) != 0)
		return r;
	if ((r = ipc_send_wait(&c, type, body, NULL, 0, ANSWER_MS)) == 0)
		r = ipc_recv_wait(&c, &m, ANSWER_MS);
	ipc_msg_close(&m);
	ipc_done(&c);
	if (r == 0 && m.type != in)
		r = GW_EPROTO;
	if (r != 0)
		(void)fprintf(
		    stderr, "gatewayd does not answer: %s\n", err_str(r));
	return r;
}
