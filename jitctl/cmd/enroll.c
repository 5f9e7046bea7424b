/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enroll - joins a gateway: the invitation pins its key before a byte of it
 * is sent, the user's SSH key signs, an authenticator app is set up, and one
 * code from it confirms.
 *
 * MUST NOT take the invitation or the code from argv or the environment.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/factor.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/invitation.h"
#include "jitctl/gateway/learn.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static int
get_invitation(struct ctx *c, struct secret *ret)
{
	const char *file = opt_get(&c->opt, F_INVITE_FILE);

	if (file == NULL)
		file = getenv("JITCTL_INVITE_FILE");
	if (file != NULL && file[0] != '\0')
		return prompt_file(file, invitation_whole, ret);
	if (!prompt_possible(c)) {
		say_error(
		    "the invitation is needed; give it with --invite-file "
		    "FILE (- is stdin)");
		return EXIT_LOGIN;
	}
	return prompt_pasted(
	    c, "Invitation (not shown): ", invitation_whole, ret);
}

/* Puts the invitation into c->prof, which keeps its name and key. */
static int
use_invitation(struct ctx *c, struct secret *retcode)
{
	struct secret text = {0};
	struct profile p = {0};
	int x = get_invitation(c, &text);

	if (x != EXIT_OK)
		return x;
	if (invitation_parse(&p, retcode, (const char *)text.p) != 0) {
		say_error("this is not a whole invitation "
			  "(sp2:HOST:PORT:KEY:CODE, in one line or broken "
			  "into several)");
		x = EXIT_USAGE;
	} else if (c->have_profile && !c->yes &&
		   strcmp(c->prof.host, p.host) != 0) {
		say_error("profile \"%s\" is of the gateway %s; join %s beside "
			  "it with --profile NAME, or in its place with --yes",
		    c->prof.name, c->prof.host, p.host);
		secret_free(retcode);
		x = EXIT_CONFLICT;
	} else {
		memcpy(p.name, c->prof.name, sizeof(p.name));
		memcpy(p.key, c->prof.key, sizeof(p.key));
		c->prof = p;
		c->have_profile = true;
	}
	secret_free(&text);
	return x;
}

/* The first contact: the gateway's key has to be the invitation's. */
static int
first_contact(struct ctx *c)
{
	const int x = learn_server(c);

	if (x == EXIT_OK)
		say(c,
		    "%s:%u is the server your invitation names "
		    "(SHA256:%.8s...%s).",
		    c->prof.host, c->prof.port, c->prof.tls, c->prof.tls + 56);
	return x;
}

/* Its user is active as they are: they have no second factor to make. */
static bool
is_machine(const json_t *o)
{
	return strcmp(member(o, "state"), "active") == 0;
}

/* enroll.begin: the key becomes the user's, or is one of theirs already.
 * *retdone: that was all. */
static int
begin(struct ctx *c, const struct secret *code, bool *retdone)
{
	char fp[SSHKEY_FP_SIZE] = "";
	char key[LIMIT_PATH_SIZE] = "";
	const struct call_opts o = {.show_problem = true, .retfp = fp};
	struct reply r = {0};
	json_t *body = json_pack("{s:s}", "invite", (const char *)code->p);
	int x = sign_key(c, key, sizeof(key));

	if (x == EXIT_OK)
		x = call_signed(c, VERB_ENROLL, body, &o, &r);
	explicit_bzero((void *)(uintptr_t)member(body, "invite"),
	    strlen(member(body, "invite")));
	json_decref(body);
	if (x != EXIT_OK)
		goto out;
	say(c, "Key: %s %s", fp,
	    sign_is_fingerprint(key) ? "from ssh-agent" : key);
	if (member_name(r.json, "user")[0] == '\0' ||
	    str_copy(c->prof.user, sizeof(c->prof.user),
		member_name(r.json, "user")) != 0 ||
	    (!is_machine(r.json) && !factor_ok(r.json))) {
		say_error("the gateway's answer is not what was expected");
		x = EXIT_FAILED;
		goto out;
	}
	(void)snprintf(c->prof.key, sizeof(c->prof.key), "%s", key);
	/* A relative path would mean another file tomorrow. */
	if (key[0] != '/' && !sign_is_fingerprint(key)) {
		char *full = realpath(key, NULL);

		if (full != NULL)
			(void)snprintf(
			    c->prof.key, sizeof(c->prof.key), "%s", full);
		free(full);
	}
	x = profile_save(&c->prof);
	*retdone = is_machine(r.json);
	if (x == EXIT_OK && *retdone)
		say(c,
		    "%s is no person, and gives no codes: nothing is to be "
		    "confirmed.",
		    c->prof.user);
	else if (x == EXIT_OK)
		factor_show(c, r.json);
out:
	reply_done(&r);
	return x;
}

static int
confirm(struct ctx *c)
{
	const struct call_opts o = {.show_problem = true};
	struct reply r = {0};
	json_t *body = json_object();
	int x = call_signed(c, VERB_ENROLL_CONFIRM, body, &o, &r);

	json_decref(body);
	if (x == EXIT_OK) {
		say(c, "Enrolled %s at %s.", c->prof.user, c->prof.host);
		factor_show_codes(c, r.json);
		say(c, "Next: %s targets ls, %s ssh-config", self(c), self(c));
	} else if (x != EXIT_CONFLICT) { /* then there is nothing to confirm */
		say(c, "Not confirmed yet. Try again: %s enroll --confirm",
		    self(c));
	}
	reply_done(&r);
	return x;
}

int
run_enroll(struct ctx *c)
{
	struct secret code = {0};
	const bool can_confirm = opt_has(&c->opt, F_CODE_FILE) ||
				 getenv("JITCTL_CODE_FILE") != NULL ||
				 prompt_possible(c);
	bool done = false;
	int x = EXIT_OK;

	if (c->socket != NULL) {
		say_error("enrolling needs a user's key; the admin socket has "
			  "none");
		return EXIT_USAGE;
	}
	if (opt_has(&c->opt, F_CONFIRM)) {
		if (!c->have_profile) {
			say_error("nothing to confirm; begin with: %s enroll",
			    self(c));
			return EXIT_USAGE;
		}
		return confirm(c);
	}
	if ((x = use_invitation(c, &code)) == EXIT_OK &&
	    (x = first_contact(c)) == EXIT_OK)
		x = begin(c, &code, &done);
	secret_free(&code);
	if (x != EXIT_OK || done)
		return x;
	if (can_confirm)
		return confirm(c);
	say(c,
	    "Confirm with a code from the app: %s enroll --confirm "
	    "--code-file FILE",
	    self(c));
	return EXIT_OK;
}
