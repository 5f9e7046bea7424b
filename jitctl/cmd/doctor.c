/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor - tests this client and its gateway, or has the gateway test a target.
 */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/str.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/door.h"
#include "jitctl/cmd/grant.h"
#include "jitctl/cmd/list.h"
#include "jitctl/cmd/lock.h"
#include "jitctl/cmd/ssh.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/challenge.h"
#include "jitctl/gateway/http.h"
#include "jitctl/gateway/knock.h"
#include "jitctl/gateway/program.h"
#include "jitctl/gateway/read.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/out.h"
#include "jitctl/term/words.h"

enum { API_MS = 3000 }; /* internal */

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

/* Does it sign? */
static bool
check_key(struct ctx *c, json_t *checks)
{
	static const char probe[] = "jitctl doctor";
	char key[LIMIT_PATH_SIZE] = "";
	char fp[SSHKEY_FP_SIZE] = "";
	char text[CELL_SIZE];
	char *armor = NULL;
	bool ok = false;

	if (sign_key(c, key, sizeof(key)) != EXIT_OK) {
		(void)snprintf(text, sizeof(text),
		    "ssh-keygen -t ed25519, then %s enroll", self(c));
		add_check(checks, "key", CHECK_FAIL, "no SSH key found", text);
		return false;
	}
	ok = sign_data(c, key, probe, strlen(probe), &armor, fp) == EXIT_OK;
	if (ok)
		(void)snprintf(text, sizeof(text), "%s (%s) signs", fp, key);
	else
		(void)snprintf(
		    text, sizeof(text), "%s does not sign (see above)", key);
	add_check(checks, "key", ok ? CHECK_OK : CHECK_FAIL, text,
	    ok ? "" : "ssh-add, or --identity FILE");
	free(armor);
	return ok;
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
	(void)snprintf(
	    text, sizeof(text), "%lld s off the gateway's", (long long)skew);
	add_check(checks, "your clock",
	    skew <= 15   ? CHECK_OK
	    : skew <= 60 ? CHECK_WARN
			 : CHECK_FAIL,
	    text, skew <= 15 ? "" : "set the clock (timedatectl)");
}

static enum check_status
ready_status(const json_t *check)
{
	if (!json_is_true(json_object_get(check, "ok")))
		return CHECK_FAIL;
	return json_is_true(json_object_get(check, "warn")) ? CHECK_WARN
							    : CHECK_OK;
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

			const enum check_status is = ready_status(k);
			const char *detail = member(k, "detail");
			const bool mute = is != CHECK_OK && detail[0] == '\0';

			const char *const why =
			    is == CHECK_WARN
				? "there is a warning; which, it says to root "
				  "alone"
				: "it does not work; why, it says to root "
				  "alone";

			add_check(checks, member(k, "name"), is,
			    mute ? why : detail,
			    mute ? "ask its admin to look, " ROOT_DOCTOR : "");
		}
	} else {
		add_check(checks, "gateway itself", CHECK_FAIL,
		    "it did not say what it finds (see above)", "");
	}
	reply_done(&r);
}

static void
check_user(struct ctx *c, json_t *checks)
{
	struct reply r = {0};
	char text[CELL_SIZE], locked[LOCK_COVERS_SIZE];
	json_t *locks = NULL;

	if (read_verb(c, VERB_WHOAMI, NULL, NULL, &r) == EXIT_OK) {
		(void)snprintf(text, sizeof(text), "%.64s%s%.48s",
		    member(r.json, "user"),
		    member(r.json, "source")[0] != '\0' ? ", seen from " : "",
		    member(r.json, "source"));
		locks = c->socket == NULL ? lock_all(c) : NULL;
		if (lock_covers(locked, locks, r.json))
			add_check(checks, "user", CHECK_FAIL, locked,
			    "an admin takes a lock away: jitctl unlock");
		else
			add_check(checks, "user", CHECK_OK, text, "");
		json_decref(locks);
	} else {
		add_check(checks, "user", CHECK_FAIL,
		    "the gateway did not say who you are (see above)", "");
	}
	reply_done(&r);
}

/* Asks there for a challenge, as a client of this gateway would, which goes all
 * the way to the broker. Why it is not the API, or NULL. */
static const char *
ask_api(const char *host, unsigned port, const json_t *server)
{
	const struct http_call call = {.method = "POST",
	    .path = "/v1/challenge",
	    .body = "{}",
	    .len = 2,
	    .total_ms = API_MS,
	    .silent = true};
	struct ctx c = {.key_changed = true}; /* that is said below */
	struct reply r = {0};
	const char *why = NULL;

	text_set(c.prof.host, sizeof(c.prof.host), host);
	text_set(c.prof.tls, sizeof(c.prof.tls), member(server, "tls_spki"));
	c.prof.port = port;
	if (http_do(&c, &call, &r) != EXIT_OK)
		why = http_why(&c);
	else if (member(r.json, "nonce")[0] == '\0' ||
		 strcmp(member(r.json, "server_id"),
		     member(server, "server_id")) != 0)
		why = "it does not answer as this gateway's API";
	reply_done(&r);
	http_done(&c);
	return why;
}

/* On the gateway: is the API where it should be? That it is set up, and that
 * its process runs, says nothing about its sockets; nor that something takes
 * connections there, about who. */
static void
check_api(json_t *checks, const json_t *server)
{
	const json_t *list = json_object_get(server, "api");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		struct knock k = {.port = member_port(o, "port")};
		const char *why = NULL;
		char host[ADDR_TEXT_SIZE];
		char text[CELL_SIZE];

		if (addr_parse(&k.addr, member(o, "address")) != 0 ||
		    k.port == 0)
			continue;
		knock_at(&k, 1);
		addr_format(host, &k.addr);
		if (k.error != 0)
			why = knock_why(&k);
		else
			why = ask_api(host, k.port, server);
		(void)snprintf(text, sizeof(text), "%.48s port %u: %s", host,
		    k.port, why == NULL ? "answers" : why);
		add_check(checks, "api", why == NULL ? CHECK_OK : CHECK_FAIL,
		    text,
		    why == NULL
			? ""
			: "gatewayd's log, and what tables of others drop "
			  "(nft list ruleset)");
	}
}

/* Over each family that the gateway's name has: ssh takes the one it likes. */
static void
check_addresses(json_t *checks, const struct challenges *seen)
{
	char seen_at[DOOR_TEXT_SIZE];
	char text[DOOR_TEXT_SIZE + 128];

	door_seen(seen, seen_at);
	(void)snprintf(
	    text, sizeof(text), "the gateway sees you at %s", seen_at);
	if (seen->silent == 0) {
		add_check(checks, "address", CHECK_OK, text, "");
		return;
	}
	(void)snprintf(text, sizeof(text),
	    "the gateway sees you at %s; over IPv%d its name has an address, "
	    "and the API does not answer there",
	    seen_at, seen->silent);
	add_check(checks, "address", CHECK_WARN, text,
	    seen->silent == HTTP_V6 ? "until it does: ssh -4"
				    : "until it does: ssh -6");
}

/* What is open: for where this client is now, and does it open? */
static void
check_doors(struct ctx *c, json_t *checks)
{
	const json_t *items = NULL;
	struct challenges seen;
	struct reply r = {0};
	char text[DOOR_TEXT_SIZE];
	char again[CELL_SIZE + SSH_TEXT_SIZE];
	char ssh[SSH_TEXT_SIZE];

	if (challenge_get(c, &seen) != EXIT_OK) {
		add_check(checks, "door", CHECK_FAIL,
		    "the gateway did not say where it sees you (see above)",
		    "");
		return;
	}
	check_addresses(checks, &seen);
	if (read_list(c, VERB_GRANTS, NULL, &r) != EXIT_OK) {
		add_check(checks, "door", CHECK_FAIL,
		    "the gateway did not say what is open (see above)", "");
		reply_done(&r);
		return;
	}
	grant_drop_ended(r.json);
	items = json_object_get(r.json, "items");
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *g = json_array_get(items, i);

		door_moved(c, g, &seen, text);
		if (text[0] != '\0')
			add_check(checks, "door", CHECK_WARN, text, "");
		else if (!door_knock(c, g, text))
			add_check(checks, "door", CHECK_FAIL, text,
			    "ask its admin to look, " ROOT_DOCTOR);
		else if (text[0] != '\0')
			add_check(checks, "door", CHECK_OK, text, "");
	}
	ssh_begin(c, c->prof.ssh_port, ssh);
	(void)snprintf(again, sizeof(again),
	    "%s request TARGET --reason 'WHY', then %s LOGIN@TARGET@%.64s: no "
	    "target answers who calls it directly",
	    self(c), ssh, c->prof.host);
	if (json_array_size(items) == 0)
		add_check(checks, "door", CHECK_SKIP,
		    "nothing of yours is open: not knocked at", again);
	reply_done(&r);
}

/* Before it is asked whether the key is the gateway's, or is refused. */
static void
check_known(struct ctx *c, json_t *checks)
{
	char name[LIMIT_HOST_SIZE + 16];
	char text[CELL_SIZE];
	char remedy[CELL_SIZE * 2];

	if (c->prof.host_key[0] == '\0' || c->prof.ssh_port == 0)
		return;
	ssh_name(c, name);
	switch (ssh_knows(name, c->prof.host_key)) {
	case SSH_KNOWS:
		add_check(checks, "known_hosts", CHECK_OK,
		    "ssh knows the gateway's host key", "");
		return;
	case SSH_KNOWS_OTHER:
		(void)snprintf(text, sizeof(text),
		    "ssh knows another host key of %s than the gateway had "
		    "when you joined, and refuses it",
		    name);
		(void)snprintf(remedy, sizeof(remedy),
		    "ssh-keygen -R '%s'; %s known-hosts >> ~/.ssh/known_hosts",
		    name, self(c));
		add_check(checks, "known_hosts", CHECK_FAIL, text, remedy);
		return;
	case SSH_KNOWS_NONE:
		break;
	}
	(void)snprintf(text, sizeof(text),
	    "ssh does not know the host key of %s, and would ask", name);
	(void)snprintf(remedy, sizeof(remedy),
	    "%s known-hosts >> ~/.ssh/known_hosts", self(c));
	add_check(checks, "known_hosts", CHECK_WARN, text, remedy);
}

static void
check_gateway(struct ctx *c, json_t *checks, bool signs)
{
	struct reply r = {0};
	char text[CELL_SIZE];
	int x = read_verb(c, VERB_SERVER, NULL, NULL, &r);

	if (x != EXIT_OK) {
		if (c->socket != NULL)
			add_check(checks, "gateway", CHECK_FAIL,
			    "the admin socket does not answer (see above)",
			    "systemctl status gatewayd; journalctl -u "
			    "gatewayd");
		else
			add_check(checks, "gateway", CHECK_FAIL,
			    "no connection with the pinned key (see above)",
			    "check that it runs, and that its key is the one "
			    "that gatewayd tls show prints there");
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
	if (c->socket == NULL) /* else it is the same one */
		check_clock(checks, member(r.json, "time"));
	if (c->socket == NULL &&
	    !key_same(member(r.json, "host_key"), c->prof.host_key)) {
		(void)snprintf(text, sizeof(text),
		    "ask its admin; if it was changed on purpose, as gatewayd "
		    "tls show on the gateway says: %s pin KEY",
		    self(c));
		add_check(checks, "host key", CHECK_WARN,
		    "the gateway's SSH host key is not the profile's", text);
	}
	if (c->socket == NULL)
		check_known(c, checks);
	else
		check_api(checks, r.json);
	reply_done(&r);
	check_ready(c, checks);
	if (signs && c->socket == NULL)
		check_doors(c, checks);
	if (signs)
		check_user(c, checks);
	else
		add_check(
		    checks, "user", CHECK_SKIP, "not asked: nothing signs", "");
}

/* {"checks":[...]}. What the gateway advises is in its words and within quotes:
 * only our own lines are there to be pasted. EXIT_FAILED when one failed. */
static int
print_checks(struct ctx *c, const json_t *o, bool own)
{
	const json_t *list = json_object_get(o, "checks");
	int x = EXIT_OK;
	char t[4][CELL_SIZE];
	char said[CELL_SIZE * 2];
	char hint[CELL_SIZE * 2];

	for (size_t i = 0; i < json_array_size(list); i++)
		if (status_of(json_array_get(list, i)) == CHECK_FAIL)
			x = EXIT_FAILED;
	if (out_object(c, o))
		return x;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *k = json_array_get(list, i);

		cell_text(t[0], json_object_get(k, "status"), COL_TEXT);
		cell_text(t[1], json_object_get(k, "name"), COL_TEXT);
		cell_text(t[2], json_object_get(k, "detail"), COL_SAID);
		cell_text(t[3], json_object_get(k, "remedy"), COL_SAID);
		self_text(c, said, sizeof(said), t[2]);
		self_text(c, hint, sizeof(hint), t[3]);
		(void)printf("%-4s  %-18s  %s%s%s%s\n", t[0], t[1], said,
		    hint[0] == '\0' ? ""
		    : own           ? "\n      -> "
				    : "\n      the gateway says: \"",
		    hint, hint[0] == '\0' || own ? "" : "\"");
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
		x = print_checks(c, r.json, false);
	else if (x == EXIT_NOT_FOUND)
		list_hint_name(c, VERB_TARGETS, "target", target);
	reply_done(&r);
	return x;
}

static int
doctor_client(struct ctx *c)
{
	json_t *checks = json_array();
	json_t *o = NULL;
	char why[CALL_TEXT_SIZE], remedy[CALL_TEXT_SIZE];
	bool signs = c->socket != NULL;
	int x = EXIT_FAILED;

	check_ssh(checks);
	if (c->socket == NULL && c->have_profile)
		signs = check_key(c, checks);
	if (c->socket != NULL || c->have_profile) {
		check_gateway(c, checks, signs);
	} else {
		call_no_profile(c, why, remedy);
		add_check(checks, "profile", CHECK_FAIL, why, remedy);
	}
	o = json_pack("{s:o}", "checks", checks);
	if (o != NULL)
		x = print_checks(c, o, true);
	json_decref(o);
	return x;
}

int
run_doctor(struct ctx *c)
{
	return c->opt.nargs > 0 ? doctor_target(c, c->opt.arg[0])
				: doctor_client(c);
}
