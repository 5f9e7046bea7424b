/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - the targets of the gateway: listed, scanned, added, removed.
 */
#include <stddef.h>
#include <string.h>

#include "base/addr.h"
#include "base/str.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/gateway/key_file.h"
#include "jitctl/gateway/policy_file.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

int
run_targets(struct ctx *c)
{
	static const struct col cols[] = {
	    {"TARGET", "target", COL_TEXT, false},
	    {"ADDRESSES", "addresses", COL_LIST, false},
	    {"PORT", "port", COL_TEXT, false},
	    {"LOGINS", "logins", COL_LIST, false},
	    {"LABELS", "labels", COL_MAP, false},
	    {"PROTECTED", "protected", COL_BOOL, false},
	    {"REACH", "reach", COL_TEXT, true},
	    {"HOST KEYS", "host_keys", COL_LIST, true},
	};

	return list_print(
	    c, VERB_TARGETS, NULL, cols, ARRAY_LEN(cols), "No targets.");
}

int
run_target_rm(struct ctx *c)
{
	return change_remove(
	    c, VERB_TARGET_REMOVE, "target", "; its port stays closed");
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

/* Asks the gateway which keys the target shows, and the admin whether they are
 * the target's. */
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

/* The commands that make a target's sshd let our sessions in, to be pasted
 * there. */
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
	say(c, "Target %s (%s) is closed to everything but granted sessions.",
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
	say(c, "Run this on it once, as root, so that its sshd accepts our "
	       "certificates:");
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
		say_error(
		    "which host key does it have? name it with --host-key "
		    "FILE, or ask the target with --scan");
		x = EXIT_USAGE;
	}
	if (!change_set(body, "host_keys", keys))
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
	if (port_text != NULL && !port_arg(port_text, &port))
		return EXIT_USAGE;
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
	if (body == NULL || !change_set(body, "labels", labels_object(c)) ||
	    !change_set(body, "logins", names_array(c, F_LOGIN)))
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
