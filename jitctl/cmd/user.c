/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user - the users of the gateway: listed, added, changed, locked out.
 */
#include <string.h>

#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/gateway/key_file.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

int
run_users(struct ctx *c)
{
	static const struct col cols[] = {
	    {"USER", "user", COL_TEXT, false},
	    {"STATE", "state", COL_TEXT, false},
	    {"ADMIN", "admin", COL_BOOL, false},
	    {"AUDITOR", "auditor", COL_BOOL, false},
	    {"GROUPS", "groups", COL_LIST, false},
	    {"KEYS", "keys", COL_KEYS, false},
	    {"TOTP", "totp", COL_BOOL, false},
	};

	return list_print(
	    c, VERB_USERS, NULL, cols, ARRAY_LEN(cols), "No users.");
}

static int
print_user(const struct ctx *c, const json_t *o)
{
	const bool invited = json_object_get(o, "invitation") != NULL;
	const char *invitation = "";
	char text[CELL_SIZE];

	if (invited)
		invitation = change_invitation(
		    c, c->opt.arg[0], json_object_get(o, "invitation"));
	cell_text(text, json_object_get(o, "state"), COL_TEXT);
	if (opt_has(&c->opt, F_RESET_CODE))
		say(c,
		    "The codes of %s's lost authenticator are void; what they "
		    "opened is closed.",
		    c->opt.arg[0]);
	say(c, "User %s is %s.%s", c->opt.arg[0],
	    text[0] != '\0' ? text : "set",
	    invitation[0] != '\0'
		? " The invitation, good for 24 hours and once:"
		: "");
	if (invitation[0] != '\0')
		(void)printf("%s\n", invitation);
	return invited && invitation[0] == '\0' ? EXIT_VERIFY : EXIT_OK;
}

static bool
state_arg(const struct ctx *c, json_t *body)
{
	const char *s = opt_get(&c->opt, F_STATE);

	if (s == NULL)
		return true;
	if (strcmp(s, "active") == 0 || strcmp(s, "disabled") == 0)
		return change_set(body, "state", json_string(s));
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
		!change_set(body, "totp", json_false())) ||
	    !change_set(body, "keys", key_files_array(c, F_KEY)) ||
	    (opt_has(&c->opt, F_GROUP) &&
		!change_set(body, "groups", names_array(c, F_GROUP))) ||
	    (opt_has(&c->opt, F_ADMIN) &&
		!change_set(body, "admin", json_true())) ||
	    (opt_has(&c->opt, F_AUDITOR) &&
		!change_set(body, "auditor", json_true()))) {
		json_decref(body);
		return EXIT_USAGE;
	}
	x = change(c, VERB_USER_ADD, body, &r);
	if (x == EXIT_OK && !out_object(c, r.json))
		x = print_user(c, r.json);
	reply_done(&r);
	return x;
}
