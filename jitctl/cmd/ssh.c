/* SPDX-License-Identifier: Apache-2.0 */
/*
 * c_ssh - what plain ssh needs to know, and the tests of this client. Writes
 * nothing into ~/.ssh.
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/str.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/http.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"

static int
need_host_key(const struct ctx *c)
{
	int x = EXIT_OK;

	if (c->socket != NULL) {
		say_error("this is what a user's ssh needs; the admin socket "
			  "has no user");
		return EXIT_USAGE;
	}
	if ((x = call_need_profile(c)) == EXIT_OK &&
	    (c->prof.host_key[0] == '\0' || c->prof.ssh_port == 0)) {
		say_error("the profile does not know the gateway's host key: "
			  "jitctl enroll again");
		x = EXIT_LOGIN;
	}
	return x;
}

static void
print_known_hosts(const struct ctx *c)
{
	if (c->prof.ssh_port == 22)
		(void)printf("%s %s\n", c->prof.host, c->prof.host_key);
	else
		(void)printf("[%s]:%u %s\n", c->prof.host, c->prof.ssh_port,
		    c->prof.host_key);
}

/* What both commands say, for scripts; true if it was asked for so. */
static bool
as_object(const struct ctx *c)
{
	json_t *o = json_pack("{s:s,s:i,s:s,s:s}", "host", c->prof.host, "port",
	    (int)c->prof.ssh_port, "host_key", c->prof.host_key, "identity",
	    c->prof.key);
	const bool done = out_object(c, o);

	json_decref(o);
	return done;
}

int
run_known_hosts(struct ctx *c)
{
	const int x = need_host_key(c);

	if (x == EXIT_OK && !as_object(c))
		print_known_hosts(c);
	return x;
}

int
run_ssh_config(struct ctx *c)
{
	const int x = need_host_key(c);

	if (x != EXIT_OK || as_object(c))
		return x;
	(void)printf("# Into ~/.ssh/config, above the first Host. Then:\n"
		     "#   ssh LOGIN@TARGET@%s\n"
		     "Host %s\n"
		     "    Port %u\n"
		     "    StrictHostKeyChecking yes\n"
		     "    UpdateHostKeys no\n",
	    c->prof.host, c->prof.host, c->prof.ssh_port);
	if (c->prof.key[0] == '/' && strchr(c->prof.key, '"') == NULL &&
	    strchr(c->prof.key, '%') == NULL)
		(void)printf("    IdentityFile \"%s\"\n"
			     "    IdentitiesOnly yes\n",
		    c->prof.key);
	(void)printf("# Into ~/.ssh/known_hosts (or: jitctl known-hosts >> "
		     "~/.ssh/known_hosts):\n# ");
	print_known_hosts(c);
	return EXIT_OK;
}

/* ---------------------------------------------------------------- doctor */

struct doctor {
	json_t *checks;
	bool failed;
};

static void
add_check(struct doctor *d, const char *name, const char *status,
    const char *detail, const char *remedy)
{
	d->failed = d->failed || strcmp(status, "fail") == 0;
	(void)json_array_append_new(
	    d->checks, json_pack("{s:s,s:s,s:s,s:s}", "name", name, "status",
			   status, "detail", detail, "remedy", remedy));
}

static void
check_ssh(struct doctor *d)
{
	static const char *const argv[] = {"ssh", "-V", NULL};
	char *text = NULL;
	const int status = run_program(argv, NULL, 0, &text, 1024, true, true);

	if (status == 0)
		add_check(d, "ssh", "ok", "OpenSSH client found", "");
	else
		add_check(d, "ssh", "fail", "ssh cannot be run",
		    "install openssh-client");
	free(text);
}

static void
check_key(struct ctx *c, struct doctor *d)
{
	static const char probe[] = "jitctl doctor";
	char key[LIMIT_PATH_SIZE] = "";
	char fp[SSHKEY_FP_SIZE] = "";
	char text[CELL_SIZE];
	char *armor = NULL;

	if (sign_key(c, key, sizeof(key)) != EXIT_OK) {
		add_check(d, "key", "fail", "no SSH key found",
		    "ssh-keygen -t ed25519, then jitctl enroll");
		return;
	}
	if (sign_data(c, key, probe, strlen(probe), &armor, fp) == EXIT_OK) {
		(void)snprintf(text, sizeof(text), "%s (%s) signs", fp, key);
		add_check(d, "key", "ok", text, "");
	} else {
		(void)snprintf(text, sizeof(text), "%s does not sign", key);
		add_check(
		    d, "key", "fail", text, "ssh-add, or --identity FILE");
	}
	free(armor);
}

static void
check_clock(struct doctor *d, const char *server_time)
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
	add_check(d, "clock",
	    skew <= 15   ? "ok"
	    : skew <= 60 ? "warn"
			 : "fail",
	    text, skew <= 15 ? "" : "set the clock (timedatectl)");
}

static void
check_gateway(struct ctx *c, struct doctor *d)
{
	struct reply r = {0};
	const json_t *list = NULL;
	char text[CELL_SIZE];
	int x = call_get(c, VERB_SERVER, NULL, "", &r);

	if (x != EXIT_OK) {
		add_check(d, "gateway", "fail",
		    "no connection with the pinned key (see above)",
		    "is the gateway up, is its key the invitation's?");
		return;
	}
	if (c->socket != NULL)
		(void)snprintf(text, sizeof(text), "%s answers on %s",
		    member(r.json, "server_id"), c->socket);
	else
		(void)snprintf(text, sizeof(text),
		    "%s answers, key SHA256:%.16s...",
		    member(r.json, "server_id"), c->prof.tls);
	add_check(d, "gateway", "ok", text, "");
	check_clock(d, member(r.json, "time"));
	if (strcmp(member(r.json, "host_key"), c->prof.host_key) != 0 &&
	    c->socket == NULL)
		add_check(d, "host key", "warn",
		    "the gateway's SSH host key is not the profile's",
		    "ask its admin; then jitctl enroll again");
	reply_done(&r);
	if (call_get(c, VERB_READYZ, NULL, "", &r) == EXIT_OK) {
		list = json_object_get(r.json, "checks");
		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *k = json_array_get(list, i);

			add_check(d, member(k, "name"),
			    json_is_true(json_object_get(k, "ok")) ? "ok"
								   : "fail",
			    member(k, "detail"), "");
		}
	}
	reply_done(&r);
	if (call_get(c, VERB_WHOAMI, NULL, "", &r) == EXIT_OK) {
		(void)snprintf(text, sizeof(text), "%.64s%s%.48s",
		    member(r.json, "user"),
		    member(r.json, "source")[0] != '\0' ? ", seen from " : "",
		    member(r.json, "source"));
		add_check(d, "user", "ok", text, "");
	} else {
		add_check(d, "user", "fail", "the gateway does not know you",
		    "jitctl enroll");
	}
	reply_done(&r);
}

static int
print_checks(struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "checks");
	bool failed = false;
	char t[4][CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *k = json_array_get(list, i);

		failed = failed || strcmp(member(k, "status"), "fail") == 0;
	}
	if (out_object(c, o))
		return failed ? EXIT_FAILED : EXIT_OK;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *k = json_array_get(list, i);

		cell_text(t[0], json_object_get(k, "status"), COL_TEXT);
		cell_text(t[1], json_object_get(k, "name"), COL_TEXT);
		cell_text(t[2], json_object_get(k, "detail"), COL_TEXT);
		cell_text(t[3], json_object_get(k, "remedy"), COL_TEXT);
		(void)printf("%-4s  %-18s  %s%s%s\n", t[0], t[1], t[2],
		    t[3][0] != '\0' ? "\n      -> " : "", t[3]);
	}
	return failed ? EXIT_FAILED : EXIT_OK;
}

int
run_doctor(struct ctx *c)
{
	const struct call_opts o = {.show_problem = true};
	struct doctor d = {.checks = json_array()};
	struct reply r = {0};
	json_t *body = NULL;
	int x = EXIT_OK;

	if (c->opt.nargs > 0) {
		body = json_pack("{s:s}", "target", c->opt.arg[0]);
		json_decref(d.checks);
		x = call_signed(c, VERB_DOCTOR, body, &o, &r);
		if (x == EXIT_OK)
			x = print_checks(c, r.json);
		json_decref(body);
		reply_done(&r);
		return x;
	}
	check_ssh(&d);
	if (c->socket == NULL && c->have_profile)
		check_key(c, &d);
	if (c->socket != NULL || c->have_profile)
		check_gateway(c, &d);
	else
		add_check(&d, "profile", "fail", "no gateway joined yet",
		    "jitctl enroll");
	body = json_pack("{s:o}", "checks", d.checks);
	x = print_checks(c, body);
	json_decref(body);
	return x;
}

int
run_version(struct ctx *c)
{
	static const char version[] = SALLYPORT_VERSION;
	json_t *o = json_pack("{s:s,s:b,s:s,s:s,s:s}", "jitctl", version,
	    "fault_build", FAULT_BUILD ? 1 : 0, "libcurl", http_library(),
	    "openssl", OpenSSL_version(OPENSSL_VERSION), "jansson",
	    jansson_version_str());

	if (!out_object(c, o))
		(void)printf("jitctl %s%s\n%s\n%s\njansson %s\n", version,
		    FAULT_BUILD ? " (fault build, for tests only)" : "",
		    http_library(), OpenSSL_version(OPENSSL_VERSION),
		    jansson_version_str());
	json_decref(o);
	return EXIT_OK;
}
