/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - the targets of the gateway: listed, scanned, added, removed.
 */
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/str.h"
#include "jitctl/cmd/answers.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/left.h"
#include "jitctl/cmd/list.h"
#include "jitctl/cmd/setup.h"
#include "jitctl/cmd/whole.h"
#include "jitctl/gateway/key_file.h"
#include "jitctl/gateway/policy_file.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static const struct col cols[] = {
    {"TARGET", "target", COL_TEXT, COL_SHOWN},
    {"ADDRESSES", "addresses", COL_LIST, COL_SHOWN},
    {"PORT", "port", COL_TEXT, COL_SHOWN},
    {"LOGINS", "logins", COL_LIST, COL_SHOWN},
    {"LABELS", "labels", COL_MAP, COL_LESS},
    {"PROTECTED", "protected", COL_BOOL, COL_SHOWN},
    {"REACH", "reach", COL_TEXT, COL_WIDE},
    {"HOST KEYS", "host_keys", COL_LIST, COL_WIDE},
    {"ID", "target_id", COL_TEXT, COL_WIDE},
};

int
run_targets(struct ctx *c)
{
	return list_print(
	    c, VERB_TARGETS, NULL, cols, ARRAY_LEN(cols), "No targets.");
}

int
run_target_show(struct ctx *c)
{
	return list_show(c, VERB_TARGETS, "target", cols, ARRAY_LEN(cols));
}

int
run_target_rm(struct ctx *c)
{
	struct reply r = {0};
	const int x = change_remove(c, VERB_TARGET_REMOVE, VERB_TARGETS,
	    "target", "; its port stays closed", &r);

	if (x == EXIT_OK && !opt_has(&c->opt, F_DRY_RUN) &&
	    (c->out == OUT_TABLE || c->out == OUT_WIDE))
		left_tell(c, "Was it added by mistake?", r.json);
	reply_done(&r);
	return x;
}

/* "a,b": addresses, or names, which are resolved here and now. */
static json_t *
addresses_array(const char *text)
{
	json_t *list = json_array();
	char copy[LIMIT_HOST_SIZE * 2];
	char *save = NULL;

	if (str_copy(copy, sizeof(copy), text) != 0) {
		say_error("ADDRESS: too long");
		json_decref(list);
		return NULL;
	}
	for (char *s = strtok_r(copy, ",", &save); s != NULL;
	     s = strtok_r(NULL, ",", &save)) {
		struct addr found[LIMIT_SOURCES] = {0};
		const char *why = NULL;
		const unsigned n =
		    policy_addresses(s, policy_resolve_system, found, &why);

		if (n == 0) {
			char shown[128];

			say_text(shown, sizeof(shown), s, strlen(s));
			say_error("%s: %s", shown, why);
			json_decref(list);
			return NULL;
		}
		for (unsigned i = 0; i < n; i++) {
			char a[ADDR_TEXT_SIZE];

			addr_format(a, &found[i]);
			(void)json_array_append_new(list, json_string(a));
		}
	}
	if (json_array_size(list) == 0)
		say_error("ADDRESS: empty");
	return list;
}

/* After a no. */
static const char *
nothing(enum api_verb verb)
{
	return verb == VERB_TARGET_ADD ? "nothing was added"
				       : "nothing was changed";
}

/* Asks the gateway which keys the target shows, and the admin whether they are
 * the target's. */
static int
scan(struct ctx *c, enum api_verb verb, const char *address, uint64_t port,
    json_t *keys)
{
	struct reply r = {0};
	const json_t *found = NULL;
	char t[2][CELL_SIZE];
	size_t n = 0;
	int x = change(c, VERB_TARGET_SCAN,
	    json_pack(
		"{s:s,s:I}", "address", address, "port", (json_int_t)port),
	    &r);

	if (x != EXIT_OK)
		goto out;
	found = json_object_get(r.json, "host_keys");
	for (size_t i = 0; i < json_array_size(found); i++) {
		const json_t *k = json_array_get(found, i);

		cell_text(t[0], json_object_get(k, "type"), COL_TEXT);
		cell_text(t[1], json_object_get(k, "fingerprint"), COL_TEXT);
		(void)fprintf(stderr, "  %-20s %s\n", t[0], t[1]);
		if (json_array_append(keys, json_object_get(k, "key")) == 0)
			n++;
	}
	cell_text(t[0], json_object_get(r.json, "warning"), COL_SAID);
	if (t[0][0] != '\0')
		say_error("%s: %s", address, t[0]);
	x = EXIT_FAILED;
	if (n == 0)
		say_error("%s port %llu shows no host key", address,
		    (unsigned long long)port);
	else if (!c->yes && !prompt_possible(c))
		say_error("%s; compare the fingerprints with the target's own "
			  "(for k in /etc/ssh/ssh_host_*_key.pub; do "
			  "ssh-keygen -lf \"$k\"; done) and say --yes",
		    nothing(verb));
	else if ((x = prompt_yes(c, "Are these the target's host keys?")) !=
		 EXIT_OK)
		say_error("%s", nothing(verb));
out:
	reply_done(&r);
	return x;
}

/* A port that is shut stays so for good: what answers there, if not the SSH
 * server with these keys? Where nobody can be asked it is taken as said. */
static int
try_port(struct ctx *c, enum api_verb verb, const char *address, uint64_t port,
    const json_t *keys)
{
	static const char *const what[] = {
	    [ANSWERS_UNKNOWN] = NULL, /* the call itself says what is wrong */
	    [ANSWERS_NOT] = NULL,
	    [ANSWERS_SAME] = NULL,
	    [ANSWERS_OTHER_KEYS] = "shows other host keys",
	    [ANSWERS_NO_SSH] = "answers, but not as an SSH server",
	};
	const enum answers is = answers_at(c, address, port, keys);
	char question[ADDR_TEXT_SIZE + 128];
	int x = EXIT_OK;

	if (is == ANSWERS_NOT)
		say(c,
		    "%s port %llu does not answer the gateway now; it is shut "
		    "all the same, and doctor tells whether it answers then.",
		    address, (unsigned long long)port);
	if (what[is] == NULL)
		return EXIT_OK;
	(void)snprintf(question, sizeof(question),
	    "%s port %llu %s. Shut it to everybody all the same?", address,
	    (unsigned long long)port, what[is]);
	x = prompt_yes(c, question);
	if (x != EXIT_OK && c->no_input)
		say_error("%s port %llu %s: %s; if it is meant, say --yes",
		    address, (unsigned long long)port, what[is], nothing(verb));
	else if (x != EXIT_OK)
		say_error("%s", nothing(verb));
	return x;
}

/* Another target that is the same one: a role that gives either gives this. */
static void
tell_same_host(const char *name, const json_t *o)
{
	char text[CELL_SIZE];

	cell_text(text, json_object_get(o, "same_host"), COL_LIST);
	if (text[0] != '\0')
		say_error("target %s: the same host and port as %s: what is "
			  "given by one name reaches the other",
		    name, text);
}

static void
tell_warning(const char *name, const json_t *o)
{
	char text[CELL_SIZE];

	cell_text(text, json_object_get(o, "warning"), COL_SAID);
	if (text[0] != '\0')
		say_error("%s: %s", name, text);
	tell_same_host(name, o);
}

/* Its sshd knows the gateway's CA and the principals of its logins: nothing of
 * the rest. */
static bool
concerns_host(const json_t *o)
{
	const json_t *list = json_object_get(o, "changes");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(member(json_array_get(list, i), "field"),
			"logins") == 0)
			return true;
	return list == NULL; /* it is new */
}

static int
print_target(const struct ctx *c, const json_t *logins, const json_t *o)
{
	const char *name = c->opt.arg[0];
	char text[CELL_SIZE];
	int x = EXIT_OK;

	cell_text(text, json_object_get(o, "addresses"), COL_LIST);
	change_tell(c, "Target", name, o);
	if (opt_has(&c->opt, F_DRY_RUN)) {
		tell_warning(name, o);
		return EXIT_OK;
	}
	if (json_is_true(json_object_get(o, "protected")))
		say(c,
		    "Target %s (%s) is closed to everything but granted "
		    "sessions.",
		    name, text);
	tell_warning(name, o);
	left_tell(
	    c, "What it had before stays shut.", json_object_get(o, "left"));
	if (c->out == OUT_NAME) {
		(void)printf("%s\n", name);
		return EXIT_OK;
	}
	if (c->quiet)
		return EXIT_OK;
	if (!concerns_host(o)) {
		say(c, "For the host itself nothing changes by this.");
		return EXIT_OK;
	}
	say(c, "Run this on it once, as root, so that its sshd accepts our "
	       "certificates:");
	x = setup_print(c, name, logins, o);
	if (x == EXIT_OK)
		say(c, "Then: %s doctor %s", self(c), name);
	return x;
}

/* The keys to pin: from files, or by --scan. */
static int
host_keys(struct ctx *c, enum api_verb verb, json_t *body,
    const json_t *addresses, uint64_t port)
{
	json_t *keys = key_files_array(c, F_HOST_KEY);
	const bool may_ask = !opt_has(&c->opt, F_SCAN) && !c->yes &&
			     (prompt_possible(c) || c->no_input) &&
			     strcmp(member(body, "reach"), "direct") != 0;
	int x = EXIT_OK;

	if (keys == NULL)
		return EXIT_USAGE;
	if (opt_has(&c->opt, F_SCAN))
		x = scan(c, verb,
		    json_string_value(json_array_get(addresses, 0)), port,
		    keys);
	else if (json_array_size(keys) == 0) {
		say_error(
		    "which host key does it have? name it with --host-key "
		    "FILE, or ask the target with --scan");
		x = EXIT_USAGE;
	}
	for (size_t i = 0;
	     x == EXIT_OK && may_ask && i < json_array_size(addresses); i++)
		x = try_port(c, verb,
		    json_string_value(json_array_get(addresses, i)), port,
		    keys);
	if (!change_set(body, "host_keys", keys))
		x = EXIT_FAILED;
	return x;
}

/* For one who named a part of it only. */
static int
say_whole(struct ctx *c)
{
	struct reply r = {0};
	int x = EXIT_USAGE;
	const json_t *t = whole_begin(c, VERB_TARGETS, "target", &r, &x);
	char addresses[CELL_SIZE];

	if (t != NULL) {
		cell_text(addresses, json_object_get(t, "addresses"), COL_LIST);
		whole_word(c->opt.nargs > 1 ? c->opt.arg[1] : addresses);
		whole_flag(c, F_PORT, json_object_get(t, "port"), false);
		whole_flag(c, F_LOGIN, json_object_get(t, "logins"), false);
		whole_flag(c, F_LABEL, json_object_get(t, "labels"), false);
		whole_flag(c, F_REACH, json_object_get(t, "reach"), false);
		whole_flag(c, F_HOST_KEY, NULL, false);
		whole_bool(c, F_SCAN, !opt_has(&c->opt, F_HOST_KEY));
		x = whole_end();
	}
	reply_done(&r);
	return x;
}

/* A key that was changed on purpose: the rest of it stays. */
static bool
sets_keys_only(const struct ctx *c)
{
	return c->opt.nargs == 1 &&
	       (opt_has(&c->opt, F_SCAN) || opt_has(&c->opt, F_HOST_KEY)) &&
	       !opt_has(&c->opt, F_LOGIN) && !opt_has(&c->opt, F_PORT) &&
	       !opt_has(&c->opt, F_LABEL) && !opt_has(&c->opt, F_REACH);
}

/* As the gateway has it, without its keys. */
static int
kept_body(struct ctx *c, json_t **ret)
{
	static const char *const kept[] = {"port", "reach", "labels", "logins"};
	struct reply r = {0};
	const json_t *now = NULL, *list = NULL;
	json_t *addresses = json_array();
	int x = list_get(c, VERB_TARGETS, "target", &r, &now);

	list = json_object_get(now, "addresses");
	*ret = json_pack(
	    "{s:s,s:o}", "target", c->opt.arg[0], "addresses", addresses);
	for (size_t i = 0; x == EXIT_OK && i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		char text[ADDR_TEXT_SIZE];
		struct addr a;

		if (s == NULL || addr_parse(&a, s) != 0)
			continue;
		addr_format(text, &a);
		(void)json_array_append_new(addresses, json_string(text));
	}
	for (size_t i = 0; x == EXIT_OK && i < ARRAY_LEN(kept); i++)
		(void)json_object_set(
		    *ret, kept[i], json_object_get(now, kept[i]));
	if (x == EXIT_OK && (json_array_size(addresses) == 0 ||
				member_port(*ret, "port") == 0)) {
		say_error("the gateway's answer is not what was expected");
		x = EXIT_VERIFY;
	}
	reply_done(&r);
	return x;
}

/* As the flags say it, without its keys; NULL after a complaint. */
static json_t *
said_body(const struct ctx *c)
{
	const char *reach = opt_get(&c->opt, F_REACH);
	const char *port_text = opt_get(&c->opt, F_PORT);
	uint64_t port = 22;
	json_t *addresses = NULL, *body = NULL;

	if (port_text != NULL && !port_arg(port_text, &port))
		return NULL;
	if (reach != NULL && strcmp(reach, "proxy") != 0 &&
	    strcmp(reach, "direct") != 0) {
		say_error("--reach: proxy or direct");
		return NULL;
	}
	if (!opt_has(&c->opt, F_LOGIN)) {
		say_error("which logins may be asked for? --login NAME");
		return NULL;
	}
	addresses = addresses_array(c->opt.arg[1]);
	if (json_array_size(addresses) > 0)
		body = json_pack("{s:s,s:O,s:I,s:s}", "target", c->opt.arg[0],
		    "addresses", addresses, "port", (json_int_t)port, "reach",
		    reach != NULL ? reach : "proxy");
	json_decref(addresses);
	if (body != NULL && change_set(body, "labels", labels_object(c)) &&
	    change_set(body, "logins", names_array(c, F_LOGIN)))
		return body;
	json_decref(body);
	return NULL;
}

/* With its keys; body is taken over. */
static int
send_target(struct ctx *c, enum api_verb verb, json_t *body)
{
	char question[LIMIT_NAME_SIZE + 32];
	json_t *addresses = json_incref(json_object_get(body, "addresses"));
	json_t *logins = json_incref(json_object_get(body, "logins"));
	const unsigned port = member_port(body, "port");
	struct reply r = {0};
	int x = host_keys(c, verb, body, addresses, port);

	if (x == EXIT_OK && verb == VERB_TARGET_ADD &&
	    (x = answers_beside(c, c->opt.arg[0], addresses, port,
		 json_object_get(body, "host_keys"))) != EXIT_OK)
		say_error("%s", nothing(verb));
	if (x != EXIT_OK) {
		json_decref(body);
		goto out;
	}
	(void)snprintf(question, sizeof(question), "%s %s?",
	    verb == VERB_TARGET_ADD ? "Add" : "Change", c->opt.arg[0]);
	x = change_asked(c, verb, body, ASK_IF_WARNED, question, &r);
	if (x == EXIT_OK && !out_object(c, r.json))
		x = print_target(c, logins, r.json);
out:
	json_decref(addresses);
	json_decref(logins);
	reply_done(&r);
	return x;
}

static int
target_set(struct ctx *c, enum api_verb verb)
{
	json_t *body = NULL;
	int x = EXIT_USAGE;

	if (!name_arg("NAME", c->opt.arg[0]))
		return EXIT_USAGE;
	if (verb == VERB_TARGET_SET && sets_keys_only(c))
		x = kept_body(c, &body);
	else if (verb == VERB_TARGET_SET &&
		 (c->opt.nargs < 2 || !opt_has(&c->opt, F_LOGIN)))
		return say_whole(c);
	else if ((body = said_body(c)) != NULL)
		x = EXIT_OK;
	if (x == EXIT_OK)
		return send_target(c, verb, body);
	json_decref(body);
	return x;
}

int
run_target_add(struct ctx *c)
{
	return target_set(c, VERB_TARGET_ADD);
}

int
run_target_set(struct ctx *c)
{
	return target_set(c, VERB_TARGET_SET);
}

/* Which logins is said here: a gateway adds none to what root pastes. */
int
run_target_setup(struct ctx *c)
{
	const char *name = c->opt.arg[0];
	json_t *logins = NULL, *principals = json_object();
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (!name_arg("NAME", name))
		goto out;
	if (!opt_has(&c->opt, F_LOGIN)) {
		say_error("for which of its logins? --login NAME");
		goto out;
	}
	if ((logins = names_array(c, F_LOGIN)) == NULL ||
	    (x = read_verb(c, VERB_SERVER, NULL, NULL, &r)) != EXIT_OK)
		goto out;
	for (size_t i = 0; i < json_array_size(logins); i++) {
		const char *login =
		    json_string_value(json_array_get(logins, i));

		(void)json_object_set_new(
		    principals, login, json_sprintf("%s@%s", login, name));
	}
	x = EXIT_FAILED;
	if (json_object_set(r.json, "principals", principals) == 0 &&
	    !out_object(c, r.json))
		x = setup_print(c, name, logins, r.json);
out:
	json_decref(logins);
	json_decref(principals);
	reply_done(&r);
	return x;
}
