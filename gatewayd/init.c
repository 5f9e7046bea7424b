/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init - the first five minutes: asks (or takes flags), refuses a port that
 * would cut somebody off, then makes everything or says which step failed and
 * what is there already. Never overwrites keys: a second run says so.
 */
#include "init.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "initkeys.h"
#include "supervisor.h"
#include "sys/conf_yaml.h"

enum { EXIT_USAGE = 2 };

static void
usage(FILE *f)
{
	fputs("gatewayd init - make keys, configuration, and one invitation\n\n"
	      "  --host NAME       what clients connect to (name or address)\n"
	      "  --server-id NAME  default: this host's name\n"
	      "  --ssh-port N      default 2222\n"
	      "  --api-port N      default 8443\n"
	      "  --admin NAME      the first administrator, default admin\n"
	      "  --sink HOST:PORT  a syslog receiver (TLS), with\n"
	      "  --sink-ca FILE    the CA that signed its certificate\n"
	      "  -c, --config FILE default " SYSCONFDIR
	      "/sallyport/gatewayd.yaml\n"
	      "  -y, --yes         ask nothing\n",
	    f);
}

/* An answer from the terminal, or the default on an empty line. */
static int
ask(const char *question, char *value, size_t size, bool quiet)
{
	char line[LIMIT_HOST_SIZE];
	size_t n;

	if (quiet || !isatty(STDIN_FILENO))
		return 0;
	(void)fprintf(stderr, "%s [%s]: ", question, value);
	if (fgets(line, sizeof(line), stdin) == NULL) {
		(void)fprintf(stderr, "\n");
		return GW_ECLOSED;
	}
	n = strcspn(line, "\n");
	line[n] = '\0';
	return n == 0 ? 0 : str_copy(value, size, line);
}

static int
port_free(uint64_t port, const char *flag)
{
	const char *me = getenv("SSH_CONNECTION");
	struct port_use use = {0};
	unsigned mine = 0;

	if (listen_port_use(&use, (uint16_t)port) != 0) {
		(void)fprintf(
		    stderr, "cannot read /proc/net/tcp: %s\n", strerror(errno));
		return GW_ESYS;
	}
	/* "client port server port": the session this very command runs in */
	if (me != NULL && sscanf(me, "%*s %*u %*s %u", &mine) == 1 &&
	    mine == port) {
		(void)fprintf(stderr,
		    "You are connected through port %llu: the gateway would "
		    "cut you off. Choose another with %s.\n",
		    (unsigned long long)port, flag);
		return GW_EDENIED;
	}
	if ((!use.listening && !use.established) || FAULT(init_port))
		return 0;
	(void)fprintf(stderr, "Port %llu has %s%s. Choose another with %s.\n",
	    (unsigned long long)port,
	    use.listening ? "a running server"
			  : "live connections of another server",
	    use.who, flag);
	return GW_EEXIST;
}

static int
number(const char *text, const char *flag, uint64_t *ret)
{
	if (str_u64(text, 1, 65535, ret) == 0)
		return 0;
	(void)fprintf(
	    stderr, "%s: not a port: \"%s\" (1 to 65535)\n", flag, text);
	return GW_EINVAL;
}

struct answers {
	struct init_facts facts;
	char ssh_port[8], api_port[8];
	bool yes;
};

static int
parse(struct answers *a, int argc, char **argv)
{
	static const struct option options[] = {
	    {"host", required_argument, NULL, 'H'},
	    {"server-id", required_argument, NULL, 'I'},
	    {"ssh-port", required_argument, NULL, 'S'},
	    {"api-port", required_argument, NULL, 'A'},
	    {"admin", required_argument, NULL, 'U'},
	    {"sink", required_argument, NULL, 'K'},
	    {"sink-ca", required_argument, NULL, 'C'},
	    {"config", required_argument, NULL, 'c'},
	    {"yes", no_argument, NULL, 'y'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	struct init_facts *f = &a->facts;
	int r = 0;
	int c;

	while (r == 0 &&
	       (c = getopt_long(argc, argv, "c:yh", options, NULL)) != -1) {
		switch (c) {
		case 'H':
			r = str_copy(f->host, sizeof(f->host), optarg);
			break;
		case 'I':
			r = str_copy(
			    f->server_id, sizeof(f->server_id), optarg);
			break;
		case 'S':
			r = str_copy(a->ssh_port, sizeof(a->ssh_port), optarg);
			break;
		case 'A':
			r = str_copy(a->api_port, sizeof(a->api_port), optarg);
			break;
		case 'U':
			r = str_copy(f->admin, sizeof(f->admin), optarg);
			break;
		case 'K':
			r = str_copy(f->sink, sizeof(f->sink), optarg);
			break;
		case 'C':
			r = str_copy(f->sink_ca, sizeof(f->sink_ca), optarg);
			break;
		case 'c':
			r = str_copy(f->config, sizeof(f->config), optarg);
			break;
		case 'y':
			a->yes = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			return GW_EINVAL;
		}
		if (r != 0)
			(void)fprintf(stderr, "too long: %s\n", optarg);
	}
	return r;
}

static int
check_names(const struct init_facts *f)
{
	if (!str_name_ok(f->server_id)) {
		(void)fprintf(stderr,
		    "--server-id: not a name: \"%s\" (letters, digits, . _ - "
		    "and at most %d of them)\n",
		    f->server_id, LIMIT_NAME_MAX);
		return GW_EINVAL;
	}
	if (!str_name_ok(f->admin)) {
		(void)fprintf(
		    stderr, "--admin: not a name: \"%s\"\n", f->admin);
		return GW_EINVAL;
	}
	if (!conf_host_ok(f->host)) {
		(void)fprintf(stderr,
		    "--host: name the address or host name that clients "
		    "connect to\n");
		return GW_EINVAL;
	}
	if ((f->sink[0] == '\0') != (f->sink_ca[0] == '\0')) {
		(void)fprintf(stderr,
		    "--sink and --sink-ca belong together: evidence is sent "
		    "over verified TLS only\n");
		return GW_EINVAL;
	}
	return 0;
}

static int
ask_all(struct answers *a)
{
	struct init_facts *f = &a->facts;
	int r;

	if ((r = ask("Name or address clients connect to", f->host,
		 sizeof(f->host), a->yes)) != 0 ||
	    (r = ask("Short name of this gateway", f->server_id,
		 sizeof(f->server_id), a->yes)) != 0 ||
	    (r = ask("SSH port of the gateway", a->ssh_port,
		 sizeof(a->ssh_port), a->yes)) != 0 ||
	    (r = ask("HTTPS port of its API", a->api_port, sizeof(a->api_port),
		 a->yes)) != 0 ||
	    (r = ask("First administrator", f->admin, sizeof(f->admin),
		 a->yes)) != 0)
		return r;
	if ((r = number(a->ssh_port, "--ssh-port", &f->ssh_port)) != 0 ||
	    (r = number(a->api_port, "--api-port", &f->api_port)) != 0 ||
	    (r = check_names(f)) != 0)
		return r;
	if (f->ssh_port == f->api_port) {
		(void)fprintf(stderr, "SSH and API need different ports.\n");
		return GW_EINVAL;
	}
	if ((r = port_free(f->ssh_port, "--ssh-port")) != 0)
		return r;
	return port_free(f->api_port, "--api-port");
}

int
init_main(int argc, char **argv)
{
	struct answers a = {.ssh_port = "2222", .api_port = "8443"};
	struct init_facts *f = &a.facts;
	char invitation[INIT_INVITATION_SIZE];

	(void)snprintf(f->config, sizeof(f->config),
	    SYSCONFDIR "/sallyport/gatewayd.yaml");
	(void)snprintf(f->admin, sizeof(f->admin), "admin");
	if (gethostname(f->server_id, sizeof(f->server_id) - 1) != 0)
		f->server_id[0] = '\0';
	(void)snprintf(f->host, sizeof(f->host), "%s", f->server_id);
	if (parse(&a, argc, argv) != 0)
		return EXIT_USAGE;
	if (geteuid() != 0) {
		(void)fprintf(stderr, "gatewayd init must run as root.\n");
		return 1;
	}
	if (access(f->config, F_OK) == 0 && !FAULT(init_twice)) {
		(void)fprintf(stderr,
		    "%s exists: this gateway was set up already; nothing was "
		    "changed.\n",
		    f->config);
		return 1;
	}
	if (ask_all(&a) != 0)
		return 1;
	if (init_make(f, invitation) != 0)
		return 1;
	(void)printf("\n%s is set up: SSH on port %llu, API on port %llu.\n"
		     "Configuration: %s   Start, now and at every boot:\n"
		     "  systemctl enable --now sallyport-closed gatewayd\n\n"
		     "Invitation for %s, good for 24 hours, once, for `jitctl "
		     "enroll`:\n\n  %s\n",
	    f->server_id, (unsigned long long)f->ssh_port,
	    (unsigned long long)f->api_port, f->config, f->admin, invitation);
	explicit_bzero(invitation, sizeof(invitation));
	return 0;
}
