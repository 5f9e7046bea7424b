/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor - tests this client and its gateway, or has the gateway test a target.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/str.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/gateway/program.h"
#include "jitctl/gateway/read.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/out.h"

enum { KNOCK_MS = 2000 };

enum check_status { CHECK_FAIL = 0, CHECK_WARN, CHECK_SKIP, CHECK_OK };

static const char *const status_words[] = {[CHECK_FAIL] = "fail",
    [CHECK_WARN] = "warn",
    [CHECK_SKIP] = "skip",
    [CHECK_OK] = "ok"};

/* A word we do not know does not count as passed. */
static enum check_status
status_of(const json_t *check)
{
	for (size_t i = 0; i < ARRAY_LEN(status_words); i++)
		if (strcmp(status_words[i], member(check, "status")) == 0)
			return (enum check_status)i;
	return CHECK_FAIL;
}

static void
add_check(json_t *checks, const char *name, enum check_status status,
    const char *detail, const char *remedy)
{
	const char *word = status_words[status];
	json_t *o = json_pack("{s:s,s:s,s:s,s:s}", "name", name, "status", word,
	    "detail", detail, "remedy", remedy);

	/* A path that is no UTF-8 must not hide that the check failed. */
	if (o == NULL)
		o = json_pack("{s:s,s:s,s:s,s:s}", "name", name, "status", word,
		    "detail", "", "remedy", remedy);
	(void)json_array_append_new(checks, o);
}

static void
check_ssh(json_t *checks)
{
	static const char *const argv[] = {"ssh", "-V", NULL};
	char *text = NULL;
	const int status = program_run(argv, NULL, 0, &text, 1024, true, true);

	if (status == 0)
		add_check(checks, "ssh", CHECK_OK, "OpenSSH client found", "");
	else
		add_check(checks, "ssh", CHECK_FAIL, "ssh cannot be run",
		    "install openssh-client");
	free(text);
}

static void
check_key(struct ctx *c, json_t *checks)
{
	static const char probe[] = "jitctl doctor";
	char key[LIMIT_PATH_SIZE] = "";
	char fp[SSHKEY_FP_SIZE] = "";
	char text[CELL_SIZE];
	char *armor = NULL;

	if (sign_key(c, key, sizeof(key)) != EXIT_OK) {
		add_check(checks, "key", CHECK_FAIL, "no SSH key found",
		    "ssh-keygen -t ed25519, then jitctl enroll");
		return;
	}
	if (sign_data(c, key, probe, strlen(probe), &armor, fp) == EXIT_OK) {
		(void)snprintf(text, sizeof(text), "%s (%s) signs", fp, key);
		add_check(checks, "key", CHECK_OK, text, "");
	} else {
		(void)snprintf(text, sizeof(text), "%s does not sign", key);
		add_check(checks, "key", CHECK_FAIL, text,
		    "ssh-add, or --identity FILE");
	}
	free(armor);
}

static void
check_clock(json_t *checks, const char *server_time)
{
	int64_t theirs = 0;
	int64_t skew = 0;
	char text[CELL_SIZE];

	if (str_time_parse(server_time, &theirs) != 0)
		return;
	skew = (clock_now().utc_ms - theirs) / 1000;
	if (skew < 0)
		skew = -skew;
	(void)snprintf(text, sizeof(text), "%lld s off", (long long)skew);
	add_check(checks, "clock",
	    skew <= 15   ? CHECK_OK
	    : skew <= 60 ? CHECK_WARN
			 : CHECK_FAIL,
	    text, skew <= 15 ? "" : "set the clock (timedatectl)");
}

/* What the gateway finds when it tests itself. */
static void
check_ready(struct ctx *c, json_t *checks)
{
	struct reply r = {0};

	if (read_verb(c, VERB_READYZ, NULL, NULL, &r) == EXIT_OK) {
		const json_t *list = json_object_get(r.json, "checks");

		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *k = json_array_get(list, i);

			add_check(checks, member(k, "name"),
			    json_is_true(json_object_get(k, "ok")) ? CHECK_OK
								   : CHECK_FAIL,
			    member(k, "detail"), "");
		}
	}
	reply_done(&r);
}

static void
check_user(struct ctx *c, json_t *checks)
{
	struct reply r = {0};
	char text[CELL_SIZE];

	if (read_verb(c, VERB_WHOAMI, NULL, NULL, &r) == EXIT_OK) {
		(void)snprintf(text, sizeof(text), "%.64s%s%.48s",
		    member(r.json, "user"),
		    member(r.json, "source")[0] != '\0' ? ", seen from " : "",
		    member(r.json, "source"));
		add_check(checks, "user", CHECK_OK, text, "");
	} else {
		add_check(checks, "user", CHECK_FAIL,
		    "the gateway does not know you", "jitctl enroll");
	}
	reply_done(&r);
}

/* 0, or an errno: what a connection to it comes to. */
static int
knock(const struct addr *a, uint16_t port)
{
	struct sockaddr_storage ss;
	const socklen_t len = addr_to_sockaddr(&ss, a, port);
	struct pollfd p = {.events = POLLOUT};
	socklen_t size = sizeof(int);
	int e = 0;

	p.fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p.fd < 0)
		return errno;
	if (connect(p.fd, (const struct sockaddr *)&ss, len) != 0 &&
	    errno != EINPROGRESS)
		e = errno;
	else if (poll(&p, 1, KNOCK_MS) <= 0)
		e = ETIMEDOUT;
	else if (getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &e, &size) != 0)
		e = errno;
	(void)close(p.fd);
	return e;
}

/* On the gateway: is the API where it should be? That it is set up, and that
 * its process runs, says nothing about its sockets. */
static void
check_api(json_t *checks, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const json_int_t port =
		    json_integer_value(json_object_get(o, "port"));
		char text[CELL_SIZE];
		struct addr a;
		int e;

		if (addr_parse(&a, member(o, "address")) != 0 || port < 1 ||
		    port > UINT16_MAX)
			continue;
		e = knock(&a, (uint16_t)port);
		(void)snprintf(text, sizeof(text), "%.48s port %d: %s",
		    member(o, "address"), (int)port,
		    e == 0 ? "accepts connections" : strerror(e));
		add_check(checks, "api", e == 0 ? CHECK_OK : CHECK_FAIL, text,
		    e == 0 ? ""
			   : "gatewayd's log; then systemctl restart gatewayd");
	}
}

static void
check_gateway(struct ctx *c, json_t *checks)
{
	struct reply r = {0};
	char text[CELL_SIZE];
	int x = read_verb(c, VERB_SERVER, NULL, NULL, &r);

	if (x != EXIT_OK) {
		add_check(checks, "gateway", CHECK_FAIL,
		    "no connection with the pinned key (see above)",
		    "check that it runs, and that its key is the invitation's");
		reply_done(&r);
		return;
	}
	if (c->socket != NULL)
		(void)snprintf(text, sizeof(text), "%s answers on %s",
		    member(r.json, "server_id"), c->socket);
	else
		(void)snprintf(text, sizeof(text),
		    "%s answers, key SHA256:%.16s...",
		    member(r.json, "server_id"), c->prof.tls);
	add_check(checks, "gateway", CHECK_OK, text, "");
	check_clock(checks, member(r.json, "time"));
	if (strcmp(member(r.json, "host_key"), c->prof.host_key) != 0 &&
	    c->socket == NULL)
		add_check(checks, "host key", CHECK_WARN,
		    "the gateway's SSH host key is not the profile's",
		    "ask its admin; then enroll again: jitctl enroll");
	if (c->socket != NULL)
		check_api(checks, json_object_get(r.json, "api"));
	reply_done(&r);
	check_ready(c, checks);
	check_user(c, checks);
}

/* {"checks":[...]}, ours or the gateway's. EXIT_FAILED when one failed. */
static int
print_checks(struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "checks");
	int x = EXIT_OK;
	char t[4][CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++)
		if (status_of(json_array_get(list, i)) == CHECK_FAIL)
			x = EXIT_FAILED;
	if (out_object(c, o))
		return x;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *k = json_array_get(list, i);

		cell_text(t[0], json_object_get(k, "status"), COL_TEXT);
		cell_text(t[1], json_object_get(k, "name"), COL_TEXT);
		cell_text(t[2], json_object_get(k, "detail"), COL_TEXT);
		cell_text(t[3], json_object_get(k, "remedy"), COL_TEXT);
		(void)printf("%-4s  %-18s  %s%s%s\n", t[0], t[1], t[2],
		    t[3][0] != '\0' ? "\n      -> " : "", t[3]);
	}
	return x;
}

static int
doctor_target(struct ctx *c, const char *target)
{
	struct reply r = {0};
	int x =
	    change(c, VERB_DOCTOR, json_pack("{s:s}", "target", target), &r);

	if (x == EXIT_OK)
		x = print_checks(c, r.json);
	reply_done(&r);
	return x;
}

static int
doctor_client(struct ctx *c)
{
	json_t *checks = json_array();
	json_t *o = NULL;
	int x = EXIT_FAILED;

	check_ssh(checks);
	if (c->socket == NULL && c->have_profile)
		check_key(c, checks);
	if (c->socket != NULL || c->have_profile)
		check_gateway(c, checks);
	else
		add_check(checks, "profile", CHECK_FAIL,
		    "no gateway joined yet", "jitctl enroll");
	o = json_pack("{s:o}", "checks", checks);
	if (o != NULL)
		x = print_checks(c, o);
	json_decref(o);
	return x;
}

int
run_doctor(struct ctx *c)
{
	return c->opt.nargs > 0 ? doctor_target(c, c->opt.arg[0])
				: doctor_client(c);
}
