/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unprotect - see the header. The other end is rootsock.c.
 */
#include "supervisor/unprotect.h"

#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/str.h"
#include "supervisor/rootsock.h"
#include "sys/conf_yaml.h"
#include "wire/ipc.h"
#include "wire/messages.h"

enum { EXIT_USAGE = 2, ANSWER_MS = 20000 };

static void
usage(FILE *f)
{
	fputs("gatewayd unprotect - open a port to everybody that the gateway "
	      "keeps shut\n\n"
	      "  gatewayd unprotect [-c FILE] ADDRESS PORT\n\n"
	      "It asks why (that goes into the log, with who you are) and "
	      "whether.\n"
	      "Remove the target first: jitctl target rm NAME. Of one that "
	      "is still there\n"
	      "nothing is opened.\n\n"
	      "  -c, --config FILE default " SYSCONFDIR
	      "/sallyport/gatewayd.yaml\n",
	    f);
}

/* A line without its end; false at the end of the input. */
static bool
ask(const char *question, char *ret, size_t size)
{
	size_t n = 0;
	int ch = 0;

	(void)fputs(question, stdout);
	(void)fflush(stdout);
	while ((ch = getchar()) != EOF && ch != '\n')
		if (n < size - 1)
			ret[n++] = (char)ch;
	ret[n] = '\0';
	if (ch == EOF)
		(void)putchar('\n');
	return ch != EOF || n > 0;
}

/* Why, and whether. */
static bool
asked(struct msg_sup_unprotect *m, const char *address)
{
	char yes[8] = "";

	(void)printf("TCP port %u of %s is open to EVERYBODY afterwards, until "
		     "it is a target's again.\n",
	    (unsigned)m->port, address);
	if (!ask("Why? ", m->why, sizeof(m->why)) || m->why[0] == '\0') {
		(void)fputs("Without a reason nothing is done.\n", stderr);
		return false;
	}
	if (ask("Open it? [y/N] ", yes, sizeof(yes)) &&
	    (strcmp(yes, "y") == 0 || strcmp(yes, "Y") == 0 ||
		strcmp(yes, "yes") == 0))
		return true;
	(void)fputs("Nothing was changed.\n", stderr);
	return false;
}

static int
dial(const char *config, struct ipc *ret)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char path[LIMIT_PATH_SIZE];
	struct conf conf;
	int fd;

	if (conf_load(&conf, config, stderr) != 0)
		return GW_EINVAL;
	if (rootsock_path(&conf, path) != 0 ||
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

static int
order(const char *config, const struct msg_sup_unprotect *m)
{
	struct ipc_msg in = {.body = ipc_room(), .fds = {-1, -1}};
	const struct msg_sup_unprotected *answer = in.body;
	struct ipc c;
	int r = GW_ENOMEM;

	if (in.body == NULL || dial(config, &c) != 0)
		goto out;
	if ((r = ipc_send_wait(&c, MSG_SUP_UNPROTECT, m, NULL, 0, ANSWER_MS)) ==
	    0)
		r = ipc_recv_wait(&c, &in, ANSWER_MS);
	ipc_msg_close(&in);
	ipc_done(&c);
	if (r == 0 && in.type != MSG_SUP_UNPROTECTED)
		r = GW_EPROTO;
	if (r != 0)
		(void)fprintf(
		    stderr, "gatewayd does not answer: %s\n", err_str(r));
	else if ((r = msg_error(answer->result)) != 0)
		(void)fprintf(stderr, "%s\n", answer->text);
out:
	ipc_room_free(in.body);
	return r;
}

static bool
read_args(struct msg_sup_unprotect *m, char **argv)
{
	uint64_t port = 0;

	if (addr_parse(&m->addr, argv[0]) != 0) {
		(void)fprintf(stderr, "not an address: \"%s\"\n", argv[0]);
		return false;
	}
	if (str_u64(argv[1], 1, 65535, &port) != 0) {
		(void)fprintf(
		    stderr, "not a port: \"%s\" (1 to 65535)\n", argv[1]);
		return false;
	}
	m->port = (uint16_t)port;
	m->proto = IPPROTO_TCP; /* targets have no other */
	return true;
}

int
unprotect_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	const char *config = SYSCONFDIR "/sallyport/gatewayd.yaml";
	struct msg_sup_unprotect m = {0};
	char address[ADDR_TEXT_SIZE];
	int c;

	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return 0;
		}
		if (c != 'c') {
			usage(stderr);
			return EXIT_USAGE;
		}
		config = optarg;
	}
	if (argc - optind != 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!read_args(&m, argv + optind))
		return EXIT_USAGE;
	addr_format(address, &m.addr);
	if (!asked(&m, address) || order(config, &m) != 0)
		return 1;
	(void)printf("Open: TCP port %u of %s.\n", (unsigned)m.port, address);
	return 0;
}
