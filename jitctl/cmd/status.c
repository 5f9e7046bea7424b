/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status - who the user is to the gateway, what is open, and what waits.
 */
#include "jitctl/cmd/breakglass.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/door.h"
#include "jitctl/cmd/grant.h"
#include "jitctl/cmd/lock.h"
#include "jitctl/cmd/waiting.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

/* What an admin has to know of others: root, and who waits for them. */
static void
print_notices(const struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "root_widened");
	const json_int_t n =
	    json_integer_value(json_object_get(o, "changes_waiting"));
	char t[2][CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *x = json_array_get(list, i);

		cell_text(t[0], json_object_get(x, "time"), COL_TIME);
		cell_text(t[1], json_object_get(x, "widens"), COL_LIST);
		(void)printf("root on the gateway, %s, made power wider: %s\n",
		    t[0], t[1]);
	}
	if (n > 0)
		(void)printf("%lld change%s for a second admin: %s changes\n",
		    (long long)n, n == 1 ? " waits" : "s wait", self(c));
}

static void
print_whoami(const struct ctx *c, const json_t *o)
{
	char t[5][CELL_SIZE];

	cell_text(t[4], json_object_get(o, "rights"), COL_LIST);
	cell_text(t[0], json_object_get(o, "user"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "server_id"), COL_TEXT);
	cell_text(t[2], json_object_get(o, "key_fp"), COL_TEXT);
	cell_text(t[3], json_object_get(o, "source"), COL_TEXT);
	if (c->out == OUT_NAME) {
		(void)printf("%s\n", member_name(o, "user"));
		return;
	}
	(void)printf("%s at %s%s%s%s%s%s%s\n", t[0], t[1],
	    t[4][0] != '\0' ? ", " : "", t[4], t[3][0] != '\0' ? ", from " : "",
	    t[3], t[2][0] != '\0' ? ", key " : "", t[2]);
}

int
run_whoami(struct ctx *c)
{
	struct reply r = {0};
	int x = read_verb(c, VERB_WHOAMI, NULL, NULL, &r);

	if (x == EXIT_OK && !out_object(c, r.json))
		print_whoami(c, r.json);
	reply_done(&r);
	return x;
}

/* For a laptop that moved: the door is open for where it was, over one family
 * or both, and ssh would only time out. */
static void
hint_moved(struct ctx *c, const json_t *grants)
{
	struct challenges seen;
	char text[DOOR_TEXT_SIZE];

	if (c->socket != NULL || json_array_size(grants) == 0 ||
	    challenge_get(c, &seen) != EXIT_OK)
		return;
	door_seen(&seen, text);
	say(c, "The gateway sees you at %s.", text);
	for (size_t i = 0; i < json_array_size(grants); i++) {
		door_moved(c, json_array_get(grants, i), &seen, text);
		if (text[0] != '\0')
			say(c, "%s", text);
	}
}

/* Whom a lock covers gets nothing: theirs, wherever they want to go. */
static void
tell_locked(struct ctx *c, const json_t *who)
{
	char text[LOCK_COVERS_SIZE];
	json_t *locks = c->socket == NULL ? lock_all(c) : NULL;

	if (lock_covers(text, locks, who))
		(void)printf("%s\n", text);
	json_decref(locks);
}

int
run_status(struct ctx *c)
{
	struct reply who = {0};
	struct reply grants = {0};
	struct reply asked = {0};
	const json_t *item = NULL;
	size_t i = 0;
	char text[CELL_SIZE];
	json_t *both = NULL;
	int x = read_verb(c, VERB_WHOAMI, NULL, NULL, &who);

	if (x == EXIT_OK)
		x = read_list(c, VERB_GRANTS, NULL, &grants);
	if (x == EXIT_OK)
		x = read_list(c, VERB_REQUESTS, NULL, &asked);
	if (x != EXIT_OK)
		goto out;
	grant_drop_ended(grants.json);
	both = json_pack("{s:O,s:O,s:O}", "whoami", who.json, "grants",
	    json_object_get(grants.json, "items"), "requests",
	    json_object_get(asked.json, "items"));
	if (both == NULL) {
		say_error("the gateway's answer is not what was expected");
		x = EXIT_FAILED;
		goto out;
	}
	if (out_object(c, both))
		goto out;
	print_whoami(c, who.json);
	print_notices(c, who.json);
	cell_text(text, json_object_get(who.json, "mfa_until"), COL_TIME);
	if (text[0] != '\0')
		(void)printf("the last code counts until %s, where a role "
			     "allows it\n",
		    text);
	cell_text(text, json_object_get(who.json, "token_expires"), COL_TIME);
	if (text[0] != '\0')
		(void)printf("the read token is valid until %s\n", text);
	tell_locked(c, who.json);
	x = grant_print(c, grants.json,
	    c->socket == NULL ? "No live grants of yours." : "No live grants.");
	json_array_foreach(json_object_get(asked.json, "items"), i, item)
	{
		waiting_print(c, item);
	}
	breakglass_tell_owed(c, who.json);
	hint_moved(c, json_object_get(grants.json, "items"));
out:
	json_decref(both);
	reply_done(&who);
	reply_done(&grants);
	reply_done(&asked);
	return x;
}
