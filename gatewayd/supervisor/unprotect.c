/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unprotect - see the header.
 */
#include "supervisor/unprotect.h"

#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/ask.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"
#include "supervisor/rootask.h"
#include "supervisor/rootsock.h"
#include "sys/conf_yaml.h"
#include "wire/messages.h"

enum {
	EXIT_USAGE = 2,
	STATE_MAX = 4 * 1024 * 1024 /* internal: the firewall's */
};

static void
usage(FILE *f)
{
	fputs("gatewayd unprotect - open a port to everybody that the gateway "
	      "keeps shut\n\n"
	      "  gatewayd unprotect [-c FILE] ADDRESS PORT\n"
	      "  gatewayd unprotect [-c FILE] --list    what no target "
	      "names\n\n"
	      "It asks why (that goes into the log, with who you are) and "
	      "whether.\n"
	      "Remove the target first: jitctl --socket PATH target rm NAME. "
	      "Of one that is\n"
	      "still there nothing is opened.\n\n"
	      "  -c, --config FILE default " SYSCONFDIR
	      "/sallyport/gatewayd.yaml\n",
	    f);
}

/* Why, and whether. */
static bool
asked(struct msg_sup_unprotect *m, const char *address)
{
	(void)printf("TCP port %u of %s is open to EVERYBODY afterwards, until "
		     "it is a target's again.\n",
	    (unsigned)m->port, address);
	if (!ask_line("Why? ", m->why, sizeof(m->why)) || m->why[0] == '\0') {
		(void)fputs("Without a reason nothing is done.\n", stderr);
		return false;
	}
	return ask_yes("Open it?");
}

static int
order(const struct conf *conf, const struct msg_sup_unprotect *m)
{
	const struct msg_sup_unprotected *answer;
	void *body = NULL;
	int r = rootask(conf, MSG_SUP_UNPROTECT, m, MSG_SUP_UNPROTECTED, &body);

	if (r == 0) {
		answer = body;
		if ((r = msg_error(answer->result)) != 0)
			(void)fprintf(stderr, "%s\n", answer->text);
	}
	ipc_room_free(body);
	return r;
}

/* ---- what is kept shut */

/* The lines of what is protected (firewall/closed_state.h), which the firewall
 * writes as it changes. */
static int
read_state(const struct conf *conf, struct secret *ret)
{
	char path[LIMIT_PATH_SIZE + 32];
	int r;

	if ((r = str_fmt(path, sizeof(path), "%s/firewall/closed.state",
		 conf->state_dir)) == 0)
		r = safefile_read(ret, path, STATE_MAX, SAFEFILE_ANY_OWNER);
	if (r != 0)
		(void)fprintf(stderr, "cannot read %s: %s\n", path,
		    r == GW_ESYS ? strerror(errno) : err_str(r));
	return r;
}

static bool
is_shut(const struct secret *state, const char *address, unsigned port)
{
	char line[ADDR_TEXT_SIZE + 32];

	return str_fmt(line, sizeof(line), "\nprotect %s tcp %u\n", address,
		   port) == 0 &&
	       memmem(state->p, state->len, line, strlen(line)) != NULL;
}

/* Who names it? GW_ENOENT: nobody; 0 with its name. */
static int
whose(const struct conf *conf, const struct addr *a, unsigned port,
    char ret[static LIMIT_NAME_SIZE])
{
	const struct msg_fw_unprotect ask = {
	    .addr = *a, .proto = IPPROTO_TCP, .port = (uint16_t)port};
	void *body = NULL;
	int r = rootask(conf, MSG_SUP_WHOSE, &ask, MSG_SUP_WHOSE_IS, &body);

	if (r == 0) {
		const struct msg_sup_whose_is *is = body;

		r = is->target[0] != '\0' ? 0 : GW_ENOENT;
		(void)snprintf(ret, LIMIT_NAME_SIZE, "%s", is->target);
	}
	ipc_room_free(body);
	return r;
}

/* The line of one, when no target names it. */
static int
list_line(const struct conf *conf, const char *line, unsigned *retn)
{
	char address[ADDR_TEXT_SIZE], name[LIMIT_NAME_SIZE];
	struct addr a;
	unsigned port = 0;
	int r;

	if (sscanf(line, "protect %45s tcp %5u", address, &port) != 2 ||
	    addr_parse(&a, address) != 0)
		return 0;
	if ((r = whose(conf, &a, port, name)) == GW_ENOENT) {
		(void)printf("gatewayd unprotect %s %u\n", address, port);
		(*retn)++;
		return 0;
	}
	return r;
}

static int
list(const struct conf *conf)
{
	struct secret state = {0};
	char *next = NULL;
	unsigned n = 0;
	int r = read_state(conf, &state);
	char *text = r == 0 ? strndup((const char *)state.p, state.len) : NULL;

	if (r == 0 && text == NULL)
		r = GW_ENOMEM;
	for (char *p = text != NULL ? strtok_r(text, "\n", &next) : NULL;
	     r == 0 && p != NULL; p = strtok_r(NULL, "\n", &next))
		r = list_line(conf, p, &n);
	if (r == 0 && n == 0)
		(void)fputs(
		    "Every port that is kept shut is a target's.\n", stderr);
	else if (r == 0)
		(void)fputs("No target names these, and they are kept shut to "
			    "everybody; each line opens one.\n",
		    stderr);
	free(text);
	secret_free(&state);
	return r;
}

/* Of what nothing can come nobody is asked why. */
static bool
of_use(const struct conf *conf, const struct msg_sup_unprotect *m,
    const char *address)
{
	struct secret state = {0};
	char name[LIMIT_NAME_SIZE];
	const int named = whose(conf, &m->addr, m->port, name);
	bool yes = named == GW_ENOENT || FAULT(unprotect_named) ||
		   FAULT(unprotect_unasked);

	if (named == GW_ESYS)
		return false; /* nobody is there: said */
	if (!yes && named != 0)
		(void)fputs(UNPROTECT_UNTOLD "\n", stderr);
	else if (!yes)
		(void)fprintf(stderr,
		    "target %s still names it, and it would be shut again at "
		    "once: nothing was changed. Remove that first: jitctl "
		    "--socket %s target rm %s\n",
		    name, conf->admin_socket, name);
	else if (named == GW_ENOENT && read_state(conf, &state) == 0 &&
		 !(yes = is_shut(&state, address, m->port)))
		(void)fprintf(stderr,
		    "TCP port %u of %s is not protected: nothing was changed. "
		    "What is, and is no target's: gatewayd unprotect --list\n",
		    (unsigned)m->port, address);
	secret_free(&state);
	return yes;
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
	    {"list", no_argument, NULL, 'l'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	const char *config = SYSCONFDIR "/sallyport/gatewayd.yaml";
	struct msg_sup_unprotect m = {0};
	char address[ADDR_TEXT_SIZE];
	struct conf conf;
	bool all = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		if (c == 'h') {
			usage(stdout);
			return 0;
		}
		if (c == 'l')
			all = true;
		else if (c == 'c')
			config = optarg;
		else
			break;
	}
	all = all || (c == -1 && optind == argc);
	if (c != -1 || argc - optind != (all ? 0 : 2)) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!all && !read_args(&m, argv + optind))
		return EXIT_USAGE;
	if (conf_load(&conf, config, stderr) != 0)
		return 1;
	if (all)
		return list(&conf) == 0 ? 0 : 1;
	addr_format(address, &m.addr);
	if (!of_use(&conf, &m, address) || !asked(&m, address) ||
	    order(&conf, &m) != 0)
		return 1;
	(void)printf("Open: TCP port %u of %s.\n", (unsigned)m.port, address);
	return 0;
}
