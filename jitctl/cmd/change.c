/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change - see the header.
 */
#include "jitctl/cmd/change.h"

#include <string.h>

#include "base/str.h"
#include "jitctl/gateway/invitation.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

bool
change_set(json_t *body, const char *key, json_t *value)
{
	return value != NULL && json_object_set_new(body, key, value) == 0;
}

int
change(struct ctx *c, enum api_verb verb, json_t *body, struct reply *ret)
{
	const struct call_opts o = {.show_problem = true};
	int x = EXIT_USAGE;

	*ret = (struct reply){0};
	if (body != NULL)
		x = call_signed(c, verb, body, &o, ret);
	json_decref(body);
	return x;
}

const char *
change_invitation(const struct ctx *c, const char *user, const json_t *v)
{
	const char *text = json_string_value(v);
	char name[CELL_SIZE];

	if (text != NULL && invitation_is_of(&c->prof, text))
		return text;
	str_escape(name, sizeof(name), user, strlen(user));
	say_error("what the gateway gave as the invitation of %s is none of "
		  "this gateway: it is not shown",
	    name);
	return "";
}

int
change_remove(
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
