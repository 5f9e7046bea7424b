/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init - the first five minutes: asks (or reads flags), refuses a port that
 * would cut somebody off, then makes everything or says which step failed and
 * what is there already. Never overwrites keys: a second run says so.
 */
#include "supervisor/init.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "core/event.h"
#include "supervisor/initkeys.h"
#include "supervisor/listen.h"
#include "sys/conf_sinks.h"

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
ask(const char *question, char *value, size_t size)
{
	char line[LIMIT_HOST_SIZE + 2];
	size_t n;
	int ch = 0;

	(void)fprintf(stderr, "%s [%s]: ", question, value);
	if (fgets(line, sizeof(line), stdin) == NULL) {
		(void)fprintf(stderr, "\nNothing was made.\n");
		return GW_ECLOSED;
	}
	n = strcspn(line, "\n");
	while (line[n] == '\0' && ch != '\n' && ch != EOF)
		ch = getchar(); /* not the answer to the next question */
	line[n] = '\0';
	if (n == 0 || str_copy(value, size, line) == 0)
		return 0;
	(void)fprintf(
	    stderr, "That is too long: at most %zu characters.\n", size - 1);
	return GW_ELIMIT;
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
	char ssh_port[LIMIT_HOST_SIZE], api_port[LIMIT_HOST_SIZE]; /* typed */
	char sink[LIMIT_HOST_SIZE], sink_ca[LIMIT_PATH_SIZE]; /* as given */
	bool given['z' + 1]; /* by a flag: its option's letter */
	bool yes;
	bool keys; /* they are there: the configuration alone is missing */
};

static int
port_free(const struct answers *a, uint64_t port, const char *flag)
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
	if ((!use.listening && !use.established) || FAULT(init_port) ||
	    (a->keys && strstr(use.who, ", gatewayd, ") == use.who))
		return 0; /* this gateway's own, which lost its file */
	(void)fprintf(stderr, "Port %llu has %s%s. Choose another with %s.\n",
	    (unsigned long long)port,
	    use.listening ? "a running server"
			  : "live connections of another server",
	    use.who, flag);
	return GW_EEXIST;
}

/* Where the value of an option goes; NULL: there is no such option. */
static char *
place_of(struct answers *a, int option, size_t *retsize)
{
	struct init_facts *f = &a->facts;
	const struct {
		int option;
		char *p;
		size_t size;
	} places[] = {
	    {'H', f->host, sizeof(f->host)},
	    {'I', f->server_id, sizeof(f->server_id)},
	    {'S', a->ssh_port, sizeof(a->ssh_port)},
	    {'A', a->api_port, sizeof(a->api_port)},
	    {'U', f->admin, sizeof(f->admin)},
	    {'K', a->sink, sizeof(a->sink)},
	    {'C', a->sink_ca, sizeof(a->sink_ca)},
	    {'c', f->config, sizeof(f->config)},
	};

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (places[i].option == option) {
			*retsize = places[i].size;
			return places[i].p;
		}
	return NULL;
}

/* ---- one check an answer: 0, or a sentence was printed */

static int
check_name(const char *flag, const char *name)
{
	if (str_name_ok(name))
		return 0;
	(void)fprintf(stderr,
	    "%s: not a name: \"%s\" (letters, digits, . _ - and at most %d "
	    "of them)\n",
	    flag, name, LIMIT_NAME_MAX);
	return GW_EINVAL;
}

static int
check_server_id(struct answers *a)
{
	return check_name("--server-id", a->facts.server_id);
}

static int
check_admin(struct answers *a)
{
	if (event_actor_alike(a->facts.admin)) {
		(void)fprintf(stderr,
		    "--admin: the gateway itself uses the name %s: choose "
		    "another\n",
		    a->facts.admin);
		return GW_EINVAL;
	}
	return check_name("--admin", a->facts.admin);
}

static int
check_host(struct answers *a)
{
	if (conf_host_ok(a->facts.host))
		return 0;
	(void)fprintf(stderr,
	    "--host: name the address or host name that clients connect to\n");
	return GW_EINVAL;
}

static int
read_ssh_port(struct answers *a)
{
	return number(a->ssh_port, "--ssh-port", &a->facts.ssh_port);
}

static int
check_ssh_port(struct answers *a)
{
	int r = read_ssh_port(a);

	return r != 0 ? r : port_free(a, a->facts.ssh_port, "--ssh-port");
}

static int
read_api_port(struct answers *a)
{
	return number(a->api_port, "--api-port", &a->facts.api_port);
}

static int
check_two_ports(struct answers *a)
{
	const struct init_facts *f = &a->facts;
	int r;

	if ((r = read_ssh_port(a)) != 0 || (r = read_api_port(a)) != 0 ||
	    f->ssh_port != f->api_port)
		return r;
	(void)fprintf(stderr,
	    "Port %llu is the SSH port: SSH and API need different ones. "
	    "Choose another for the API (--api-port), or begin anew with "
	    "another --ssh-port.\n",
	    (unsigned long long)f->api_port);
	return GW_EINVAL;
}

static int
check_api_port(struct answers *a)
{
	int r = check_two_ports(a);

	return r != 0 ? r : port_free(a, a->facts.api_port, "--api-port");
}

/* "host", "host:port", "[v6]:port". */
static int
check_sink(struct answers *a)
{
	struct init_facts *f = &a->facts;
	char *port = strrchr(a->sink, ':');
	char *host = a->sink;

	if ((a->sink[0] == '\0') != (a->sink_ca[0] == '\0')) {
		(void)fprintf(stderr,
		    "--sink and --sink-ca belong together: evidence is sent "
		    "over verified TLS only\n");
		return GW_EINVAL;
	}
	if (a->sink[0] == '\0')
		return 0;
	f->sink_port = 6514;
	if (port != NULL && port[-(port > host)] != ']' && host[0] == '[')
		port = NULL; /* "[v6]" without one */
	if (port != NULL) {
		*port = '\0';
		if (number(port + 1, "--sink", &f->sink_port) != 0)
			return GW_EINVAL;
	}
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		host++;
	} else if (strchr(host, ':') != NULL) {
		host[0] = '\0'; /* an IPv6 address without brackets */
	}
	if (!conf_host_ok(host) ||
	    str_copy(f->sink_host, sizeof(f->sink_host), host) != 0) {
		(void)fprintf(stderr,
		    "--sink: HOST:PORT was expected, [ADDRESS]:PORT for "
		    "IPv6\n");
		return GW_EINVAL;
	}
	return 0;
}

/* The CA's path as any process finds it. */
static int
find_sink_ca(struct answers *a)
{
	struct init_facts *f = &a->facts;
	char *ca = NULL;
	int r = GW_EINVAL;

	if (a->sink_ca[0] == '\0')
		return 0;
	if ((ca = realpath(a->sink_ca, NULL)) == NULL)
		(void)fprintf(
		    stderr, "--sink-ca %s: %s\n", a->sink_ca, strerror(errno));
	else if (str_copy(f->sink_ca, sizeof(f->sink_ca), ca) == 0)
		r = 0;
	free(ca);
	return r;
}

/* Of what the flags gave: what is wrong by itself is wrong usage, before
 * anything is looked at. */
static int
check_given(struct answers *a)
{
	static const struct {
		int option;
		int (*check)(struct answers *a);
	} checks[] = {{'H', check_host}, {'I', check_server_id},
	    {'S', read_ssh_port}, {'A', read_api_port}, {'U', check_admin}};
	int r = 0;

	if (a->given['K'] || a->given['C'])
		r = check_sink(a);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(checks); i++)
		if (a->given[checks[i].option])
			r = checks[i].check(a);
	/* the usual one of the API is another where it can be asked for */
	if (r == 0 && (a->given['A'] || a->yes))
		r = check_two_ports(a);
	return r;
}

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
	int r = 0;
	int c;

	while (r == 0 &&
	       (c = getopt_long(argc, argv, "c:yh", options, NULL)) != -1) {
		char *place = NULL;
		size_t size = 0;

		switch (c) {
		case 'y':
			a->yes = true;
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			if ((place = place_of(a, c, &size)) == NULL) {
				usage(stderr);
				return GW_EINVAL;
			}
			r = str_copy(place, size, optarg);
			a->given[c] = true;
		}
		if (r != 0)
			(void)fprintf(stderr, "too long: %s\n", optarg);
	}
	if (r == 0 && optind < argc) {
		(void)fprintf(stderr,
		    "unknown word \"%s\"; see gatewayd init --help\n",
		    argv[optind]);
		return GW_EINVAL;
	}
	if (r == 0 && check_given(a) != 0)
		return GW_EINVAL;
	if (r == 0 && !a->yes && isatty(STDIN_FILENO) != 1) {
		(void)fprintf(stderr,
		    "There is no terminal to ask on: give --yes, and flags "
		    "for what differs from the defaults (gatewayd init "
		    "--help).\n");
		return GW_EINVAL;
	}
	return r;
}

/* Asks until the answer can be used; with --yes the first one counts. */
static int
ask_all(struct answers *a)
{
	struct init_facts *f = &a->facts;
	const struct {
		const char *text;
		char *value;
		size_t size;
		int (*check)(struct answers *a);
		bool anew; /* asked also where there are keys */
	} questions[] = {
	    {"Name or address clients connect to", f->host, sizeof(f->host),
		check_host, true},
	    {"Short name of this gateway", f->server_id, sizeof(f->server_id),
		check_server_id, false},
	    {"SSH port of the gateway", a->ssh_port, sizeof(a->ssh_port),
		check_ssh_port, true},
	    {"HTTPS port of its API", a->api_port, sizeof(a->api_port),
		check_api_port, true},
	    {"First administrator", f->admin, sizeof(f->admin), check_admin,
		false},
	};
	char usual[LIMIT_HOST_SIZE];
	int r = find_sink_ca(a);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(questions); i++) {
		char *value = questions[i].value;

		if (a->keys && !questions[i].anew)
			continue;
		if (!a->yes && value == a->api_port &&
		    strcmp(value, a->ssh_port) == 0) /* no default any more */
			(void)snprintf(value, questions[i].size, "%s",
			    strcmp(value, "8443") == 0 ? "8444" : "8443");
		(void)snprintf(usual, sizeof(usual), "%s", value);
		do {
			if (!a->yes)
				r = ask(questions[i].text, value,
				    questions[i].size);
			if (r == 0)
				r = questions[i].check(a);
			if (r != 0)
				(void)snprintf(
				    value, questions[i].size, "%s", usual);
		} while (r != 0 && r != GW_ECLOSED && !a->yes);
	}
	return r;
}

/* From here on it is all or nothing: no Ctrl-C between the keys. */
static int
hold_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGQUIT);
	(void)sigaddset(&set, SIGTSTP);
	return sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? 0 : GW_ESYS;
}

/* The keys are there and bear a name: the file is written, nothing else. */
static int
write_again(const struct init_facts *f)
{
	if (hold_signals() != 0 || initkeys_config(f) != 0)
		return 1;
	(void)printf("\n%s is written, with the name that the keys bear (%s): "
		     "SSH on port %llu, API on port %llu.\nNo key, user or "
		     "record was touched. What else the lost file said (sinks, "
		     "limits: gatewayd.yaml(5))\nis to be put in by hand. "
		     "Then: gatewayd -t, and start the gateway, or SIGHUP to "
		     "one that runs.\n",
	    f->config, f->server_id, (unsigned long long)f->ssh_port,
	    (unsigned long long)f->api_port);
	return 0;
}

static int
make_all(const struct init_facts *f)
{
	char invitation[INVITE_TEXT_SIZE];

	if (hold_signals() != 0 || initkeys_make(f, invitation) != 0)
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

/* Are there keys? Their name is the gateway's; no other can be given. */
static int
look_for_keys(struct answers *a, const char *usual)
{
	struct init_facts *f = &a->facts;
	char name[LIMIT_NAME_SIZE];
	const int r = initkeys_name(name);

	a->keys = r != GW_ENOENT;
	if (r != 0)
		return a->keys ? r : 0;
	if (strcmp(f->server_id, usual) != 0 &&
	    strcmp(f->server_id, name) != 0) {
		(void)fprintf(stderr,
		    "--server-id: the keys that are there are those of %s\n",
		    name);
		return GW_EINVAL;
	}
	(void)fprintf(stderr,
	    "The keys of gateway %s are there, its configuration %s is not: "
	    "that alone is written.\n",
	    name, f->config);
	return str_copy(f->server_id, sizeof(f->server_id), name);
}

int
init_main(int argc, char **argv)
{
	struct answers a = {.ssh_port = "2222", .api_port = "8443"};
	struct init_facts *f = &a.facts;
	char usual[LIMIT_NAME_SIZE] = "";
	char me[] = "gatewayd init"; /* what getopt calls us */

	argv[0] = me;
	(void)snprintf(f->config, sizeof(f->config),
	    SYSCONFDIR "/sallyport/gatewayd.yaml");
	(void)snprintf(f->admin, sizeof(f->admin), "admin");
	if (gethostname(usual, sizeof(usual) - 1) != 0)
		usual[0] = '\0';
	(void)snprintf(f->server_id, sizeof(f->server_id), "%s", usual);
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
		    "changed.\nAnother invitation for an administrator who has "
		    "not enrolled, while the gateway runs:\n  jitctl --socket "
		    "/run/sallyport/admin.sock user set NAME --invite\n",
		    f->config);
		return 1;
	}
	if (look_for_keys(&a, usual) != 0 || ask_all(&a) != 0)
		return 1;
	return a.keys ? write_again(f) : make_all(f);
}
