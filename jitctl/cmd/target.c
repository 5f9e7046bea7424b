/* SPDX-License-Identifier: Apache-2.0 */
/*
 * c_admin - users, targets and roles by single commands.
 */
#include <stddef.h>
#include <string.h>

#include "base/addr.h"
#include "base/str.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/key_file.h"
#include "jitctl/gateway/policy_file.h"
#include "jitctl/term/out.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

/* Takes the value over; false after "out of memory" or a NULL. */
static bool
set(json_t *o, const char *key, json_t *value)
{
	return value != NULL && json_object_set_new(o, key, value) == 0;
}

static int
change(struct ctx *c, enum api_verb verb, json_t *body, struct reply *r)
{
	const struct call_opts o = {.show_problem = true};
	int x = EXIT_USAGE;

	*r = (struct reply){0};
	if (body != NULL)
		x = call_signed(c, verb, body, &o, r);
	json_decref(body);
	return x;
}

/* The remove verbs are alike. */
static int
remove_named(
    struct ctx *c, enum api_verb verb, const char *key, const char *after)
{
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (!name_arg("NAME", c->opt.arg[0]))
		return EXIT_USAGE;
	x = change(c, verb, json_pack("{s:s}", key, c->opt.arg[0]), &r);
	if (x == EXIT_OK && !out_object(c, r.json))
		say(c, "Removed: %s %s%s.", key, c->opt.arg[0], after);
	reply_done(&r);
	return x;
}

int
run_target_rm(struct ctx *c)
{
	return remove_named(
	    c, VERB_TARGET_REMOVE, "target", "; its port stays shut");
}

int
run_role_rm(struct ctx *c)
{
	return remove_named(c, VERB_ROLE_REMOVE, "role", "");
}

/* ----------------------------------------------------------------- users */

/* Who is disabled has nothing open any more, who lost a phone neither. */
static void
print_user(const struct ctx *c, const json_t *o)
{
	const bool invited = member(o, "invitation")[0] != '\0';
	char text[CELL_SIZE];

	if (opt_has(&c->opt, F_RESET_CODE))
		say(c,
		    "The codes of %s's lost authenticator and all that was "
		    "open by them are void.",
		    c->opt.arg[0]);
	say(c, "User %s is %s.%s", c->opt.arg[0],
	    member(o, "state")[0] != '\0' ? member(o, "state") : "set",
	    invited ? " The invitation, good for 24 h and once:" : "");
	cell_text(text, json_object_get(o, "invitation"), COL_TEXT);
	if (invited)
		(void)printf("%s\n", text);
}

static bool
state_arg(const struct ctx *c, json_t *body)
{
	const char *s = opt_get(&c->opt, F_STATE);

	if (s == NULL)
		return true;
	if (strcmp(s, "active") == 0 || strcmp(s, "disabled") == 0)
		return set(body, "state", json_string(s));
	say_error("--state: active or disabled");
	return false;
}

int
run_user_add(struct ctx *c)
{
	struct reply r = {0};
	json_t *body = NULL;
	int x = EXIT_USAGE;

	if (!name_arg("NAME", c->opt.arg[0]))
		return EXIT_USAGE;
	body = json_pack("{s:s}", "user", c->opt.arg[0]);
	if (!state_arg(c, body) ||
	    (opt_has(&c->opt, F_RESET_CODE) &&
		!set(body, "totp", json_false())) ||
	    !set(body, "keys", key_files_array(c, F_KEY)) ||
	    (opt_has(&c->opt, F_GROUP) &&
		!set(body, "groups", names_array(c, F_GROUP))) ||
	    (opt_has(&c->opt, F_ADMIN) && !set(body, "admin", json_true())) ||
	    (opt_has(&c->opt, F_AUDITOR) &&
		!set(body, "auditor", json_true()))) {
		json_decref(body);
		return EXIT_USAGE;
	}
	x = change(c, VERB_USER_ADD, body, &r);
	if (x == EXIT_OK && !out_object(c, r.json))
		print_user(c, r.json);
	reply_done(&r);
	return x;
}

/* --------------------------------------------------------------- targets */

/* "a,b": addresses, or names resolved here and now. */
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
		unsigned n = 1;

		if (addr_parse(&found[0], s) != 0)
			n = policy_resolve_system(s, found);
		if (n == 0) {
			char shown[128];

			str_escape(shown, sizeof(shown), s, strlen(s));
			say_error("%s: not an address, and no name that "
				  "resolves here",
			    shown);
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

/* Asks the gateway what the target shows, and the admin whether that is it. */
static int
scan(struct ctx *c, const char *address, uint64_t port, json_t *keys)
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
	x = EXIT_FAILED;
	if (n == 0)
		say_error("%s port %llu shows no host key", address,
		    (unsigned long long)port);
	else if (!c->yes && !prompt_possible(c))
		say_error("nothing was added; compare the fingerprints with "
			  "the target's own (ssh-keygen -lf "
			  "/etc/ssh/ssh_host_*_key.pub) and say --yes");
	else if ((x = prompt_yes(c, "Are these the target's host keys?")) !=
		 EXIT_OK)
		say_error("nothing was added");
out:
	reply_done(&r);
	return x;
}

static void
put_lines(const json_t *list)
{
	char text[CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		cell_text(text, json_array_get(list, i), COL_TEXT);
		(void)printf("%s\n", text);
	}
}

/* "AuthorizedPrincipalsFile /x/%u" -> "/x/", or "" */
static void
principals_folder(const json_t *lines, char *ret, size_t size)
{
	static const char key[] = "AuthorizedPrincipalsFile ";

	ret[0] = '\0';
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const char *s = json_string_value(json_array_get(lines, i));
		const char *end = s != NULL ? strstr(s, "%u") : NULL;

		if (end != NULL && strncmp(s, key, strlen(key)) == 0)
			(void)snprintf(ret, size, "%.*s",
			    (int)(end - s - (ptrdiff_t)strlen(key)),
			    s + strlen(key));
	}
}

/* What makes a target's sshd let our sessions in, to be pasted there. */
static void
put_target_setup(const json_t *o)
{
	const json_t *lines = json_object_get(o, "sshd");
	const json_t *value = NULL;
	const char *login = NULL;
	char folder[128];
	char path[256];

	principals_folder(lines, folder, sizeof(folder));
	(void)printf("cat >/etc/ssh/sallyport_ca.pub <<'END'\n");
	put_lines(json_object_get(o, "ca_keys"));
	(void)printf("END\nmkdir -p ");
	put_shell_word(stdout, folder);
	(void)fputc('\n', stdout);
	json_object_foreach(json_object_get(o, "principals"), login, value)
	{
		(void)snprintf(path, sizeof(path), "%s%s", folder, login);
		(void)printf("echo ");
		put_shell_word(stdout, json_string_value(value) != NULL
					   ? json_string_value(value)
					   : "");
		(void)printf(" >>");
		put_shell_word(stdout, path);
		(void)fputc('\n', stdout);
	}
	(void)printf("cat >/etc/ssh/sshd_config.d/sallyport.conf <<'END'\n");
	put_lines(lines);
	(void)printf("END\nsshd -t && systemctl reload ssh\n");
}

static void
print_target(const struct ctx *c, const json_t *o)
{
	char t[2][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "target"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "addresses"), COL_LIST);
	say(c, "Target %s (%s) is shut to everybody but granted sessions.",
	    t[0], t[1]);
	cell_text(t[1], json_object_get(o, "warning"), COL_TEXT);
	if (t[1][0] != '\0')
		say_error("%s: %s", t[0], t[1]);
	if (c->out == OUT_NAME) {
		(void)printf("%s\n", t[0]);
		return;
	}
	if (c->quiet || json_array_size(json_object_get(o, "sshd")) == 0)
		return;
	say(c, "On it, as root (once; its sshd then takes our certificates):");
	put_target_setup(o);
	say(c, "Then: jitctl doctor %s", t[0]);
}

/* The keys to pin: from files, or by --scan. */
static int
host_keys(struct ctx *c, json_t *body, const json_t *addresses, uint64_t port)
{
	json_t *keys = key_files_array(c, F_HOST_KEY);
	int x = EXIT_OK;

	if (keys == NULL)
		return EXIT_USAGE;
	if (opt_has(&c->opt, F_SCAN))
		x = scan(c, json_string_value(json_array_get(addresses, 0)),
		    port, keys);
	else if (json_array_size(keys) == 0) {
		say_error("which host key does it have? --host-key FILE, or "
			  "--scan to ask it");
		x = EXIT_USAGE;
	}
	if (!set(body, "host_keys", keys))
		x = EXIT_FAILED;
	return x;
}

int
run_target_add(struct ctx *c)
{
	const char *reach = opt_get(&c->opt, F_REACH);
	const char *port_text = opt_get(&c->opt, F_PORT);
	uint64_t port = 22;
	json_t *addresses = NULL;
	json_t *body = NULL;
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (!name_arg("NAME", c->opt.arg[0]) || !once(c, F_PORT))
		return EXIT_USAGE;
	if (port_text != NULL && str_u64(port_text, 1, 65535, &port) != 0) {
		say_error("--port: 1 to 65535");
		return EXIT_USAGE;
	}
	if (reach != NULL && strcmp(reach, "proxy") != 0 &&
	    strcmp(reach, "direct") != 0) {
		say_error("--reach: proxy or direct");
		return EXIT_USAGE;
	}
	if (!opt_has(&c->opt, F_LOGIN)) {
		say_error("which logins may be asked for? --login NAME");
		return EXIT_USAGE;
	}
	addresses = addresses_array(c->opt.arg[1]);
	if (json_array_size(addresses) == 0)
		goto out;
	body = json_pack("{s:s,s:O,s:I,s:s}", "target", c->opt.arg[0],
	    "addresses", addresses, "port", (json_int_t)port, "reach",
	    reach != NULL ? reach : "proxy");
	if (body == NULL || !set(body, "labels", labels_object(c)) ||
	    !set(body, "logins", names_array(c, F_LOGIN)))
		goto out;
	if ((x = host_keys(c, body, addresses, port)) != EXIT_OK)
		goto out;
	x = change(c, VERB_TARGET_ADD, body, &r);
	body = NULL;
	if (x == EXIT_OK && !out_object(c, r.json))
		print_target(c, r.json);
out:
	json_decref(addresses);
	json_decref(body);
	reply_done(&r);
	return x;
}

/* ----------------------------------------------------------------- roles */

static json_t *
ports_array(const struct ctx *c)
{
	json_t *list = json_array();
	uint64_t port = 0;

	for (unsigned i = 0; i < c->opt.n[F_PORT]; i++) {
		if (str_u64(c->opt.value[F_PORT][i], 1, 65535, &port) == 0 &&
		    json_array_append_new(
			list, json_integer((json_int_t)port)) == 0)
			continue;
		say_error("--port: 1 to 65535");
		json_decref(list);
		return NULL;
	}
	/* what a role that denies does not name is all */
	if (json_array_size(list) == 0 && !opt_has(&c->opt, F_DENY))
		(void)json_array_append_new(list, json_integer(22));
	return list;
}

static json_t *
prefixes_array(const struct ctx *c)
{
	json_t *list = json_array();
	struct prefix p;

	for (unsigned i = 0; i < c->opt.n[F_SOURCE]; i++) {
		const char *s = c->opt.value[F_SOURCE][i];

		if (prefix_parse(&p, s) == 0 &&
		    json_array_append_new(list, json_string(s)) == 0)
			continue;
		say_error("--source: an address or prefix like "
			  "198.51.100.0/24 was expected");
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *
allow_array(const struct ctx *c)
{
	static const char *const all[] = {"shell", "exec", "sftp", "pty"};

	if (opt_has(&c->opt, F_ALLOW))
		return names_array(c, F_ALLOW);
	return json_pack("[s,s,s,s]", all[0], all[1], all[2], all[3]);
}

static bool
set_duration(const struct ctx *c, json_t *body, enum flag f, const char *key)
{
	const char *s = opt_get(&c->opt, f);
	uint32_t v = 0;

	if (s == NULL)
		return true;
	if (strcmp(s, "0s") != 0 && !duration_arg(f, s, &v))
		return false;
	if (v > LIMIT_GRANT_MAX_S || (f == F_MAX && v < LIMIT_GRANT_MIN_S)) {
		say_error("--%s: from %s to 24h", flag_spec(f)->name,
		    f == F_MAX ? "5s" : "0s");
		return false;
	}
	return set(body, key, json_integer((json_int_t)v));
}

static json_t *
role_body(const struct ctx *c)
{
	json_t *o = json_pack("{s:s}", "role", c->opt.arg[0]);

	if (set(o, "users", names_array(c, F_USER)) &&
	    set(o, "groups", names_array(c, F_GROUP)) &&
	    (!opt_has(&c->opt, F_TARGET) ||
		set(o, "targets", names_array(c, F_TARGET))) &&
	    (!opt_has(&c->opt, F_LABEL) ||
		set(o, "labels", labels_object(c))) &&
	    set(o, "logins", names_array(c, F_LOGIN)) &&
	    set(o, "ports", ports_array(c)) &&
	    set_duration(c, o, F_MAX, "max") &&
	    (!opt_has(&c->opt, F_SOURCE) ||
		set(o, "sources", prefixes_array(c))) &&
	    set_duration(c, o, F_MFA_AGE, "mfa_age") &&
	    set(o, "reason",
		json_string(opt_has(&c->opt, F_REASON_OPTIONAL)
				? "optional"
				: "required")) &&
	    set(o, "allow", allow_array(c)) &&
	    set(o, "record", json_boolean(!opt_has(&c->opt, F_NO_RECORD))) &&
	    set(o, "deny", json_boolean(opt_has(&c->opt, F_DENY))))
		return o;
	json_decref(o);
	return NULL;
}

int
run_role_set(struct ctx *c)
{
	struct reply r = {0};
	json_t *body = NULL;
	int x = EXIT_USAGE;

	if (!name_arg("NAME", c->opt.arg[0]))
		return EXIT_USAGE;
	if (!opt_has(&c->opt, F_LOGIN) && !opt_has(&c->opt, F_DENY)) {
		say_error("which logins does it allow? --login NAME");
		return EXIT_USAGE;
	}
	body = role_body(c);
	if (body == NULL)
		return EXIT_USAGE;
	/* Without --max the gateway's default holds. */
	x = change(c, VERB_ROLE_SET, body, &r);
	if (x == EXIT_OK && !out_object(c, r.json))
		say(c, "Role %s is set. Who may what now: jitctl roles -o wide",
		    c->opt.arg[0]);
	reply_done(&r);
	return x;
}
