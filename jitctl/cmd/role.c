/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role - the roles of the gateway: listed, set, removed.
 */
#include <string.h>

#include "base/addr.h"
#include "base/str.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

int
run_roles(struct ctx *c)
{
	static const struct col cols[] = {
	    {"ROLE", "role", COL_TEXT, false},
	    {"USERS", "users", COL_LIST, false},
	    {"GROUPS", "groups", COL_LIST, false},
	    {"TARGETS", "targets", COL_LIST, false},
	    {"LABELS", "labels", COL_MAP, false},
	    {"LOGINS", "logins", COL_LIST, false},
	    {"MAX", "max", COL_SECONDS, false},
	    {"ALLOW", "allow", COL_LIST, false},
	    {"DENY", "deny", COL_BOOL, false},
	    {"PORTS", "ports", COL_LIST, true},
	    {"SOURCES", "sources", COL_LIST, true},
	    {"MFA AGE", "mfa_age", COL_SECONDS, true},
	    {"REASON", "reason", COL_TEXT, true},
	    {"RECORD", "record", COL_BOOL, true},
	};

	return list_print(
	    c, VERB_ROLES, NULL, cols, ARRAY_LEN(cols), "No roles.");
}

static json_t *
ports_array(const struct ctx *c)
{
	json_t *list = json_array();
	uint64_t port = 0;

	for (unsigned i = 0; i < c->opt.n[F_PORT]; i++) {
		if (port_arg(c->opt.value[F_PORT][i], &port) &&
		    json_array_append_new(
			list, json_integer((json_int_t)port)) == 0)
			continue;
		json_decref(list);
		return NULL;
	}
	/* For a role that forbids, what it does not name is all. */
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
		say_error("--source: expected an address or prefix like "
			  "198.51.100.0/24");
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
	return change_set(body, key, json_integer((json_int_t)v));
}

static json_t *
role_body(const struct ctx *c)
{
	json_t *o = json_pack("{s:s}", "role", c->opt.arg[0]);

	if (change_set(o, "users", names_array(c, F_USER)) &&
	    change_set(o, "groups", names_array(c, F_GROUP)) &&
	    (!opt_has(&c->opt, F_TARGET) ||
		change_set(o, "targets", names_array(c, F_TARGET))) &&
	    (!opt_has(&c->opt, F_LABEL) ||
		change_set(o, "labels", labels_object(c))) &&
	    change_set(o, "logins", names_array(c, F_LOGIN)) &&
	    change_set(o, "ports", ports_array(c)) &&
	    set_duration(c, o, F_MAX, "max") &&
	    (!opt_has(&c->opt, F_SOURCE) ||
		change_set(o, "sources", prefixes_array(c))) &&
	    set_duration(c, o, F_MFA_AGE, "mfa_age") &&
	    change_set(o, "reason",
		json_string(opt_has(&c->opt, F_REASON_OPTIONAL)
				? "optional"
				: "required")) &&
	    change_set(o, "allow", allow_array(c)) &&
	    change_set(
		o, "record", json_boolean(!opt_has(&c->opt, F_NO_RECORD))) &&
	    change_set(o, "deny", json_boolean(opt_has(&c->opt, F_DENY))))
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
		say(c,
		    "Role %s is set. See who may do what: jitctl roles -o wide",
		    c->opt.arg[0]);
	reply_done(&r);
	return x;
}

int
run_role_rm(struct ctx *c)
{
	return change_remove(c, VERB_ROLE_REMOVE, "role", "");
}
