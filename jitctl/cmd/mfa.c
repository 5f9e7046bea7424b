/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mfa - one's own second factor: another in its place, new recovery codes.
 *
 * MUST NOT take a code from argv or the environment.
 */
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/factor.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/code.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static int
no_socket(const struct ctx *c)
{
	if (c->socket == NULL)
		return EXIT_OK;
	say_error("this is about a user's own second factor; the admin socket "
		  "has none");
	return EXIT_USAGE;
}

/* The old second factor holds until this. */
static int
confirm(struct ctx *c)
{
	const struct call_opts o = {.show_problem = true};
	struct reply r = {0};
	json_t *body = json_object();
	int x = call_signed(c, VERB_MFA_CONFIRM, body, &o, &r);

	json_decref(body);
	if (x == EXIT_OK) {
		say(c, "The new second factor holds; the old one and its "
		       "recovery codes are void.");
		factor_show_codes(c, r.json);
	} else if (x != EXIT_CONFLICT) { /* then there is nothing to confirm */
		say(c,
		    "Not confirmed: the old second factor holds. Try again "
		    "with a code of the new one: %s mfa reset --confirm",
		    self(c));
	}
	reply_done(&r);
	return x;
}

static int
begin(struct ctx *c)
{
	const struct call_opts o = {.show_problem = true, .recovery = true};
	struct reply r = {0};
	json_t *body = json_object();
	int x = factor_want_form(c, body)
		    ? call_signed(c, VERB_MFA_RESET, body, &o, &r)
		    : EXIT_USAGE;

	json_decref(body);
	if (x == EXIT_OK && !factor_ok(r.json)) {
		say_error("the gateway's answer is not what was expected");
		x = EXIT_FAILED;
	}
	if (x == EXIT_OK)
		factor_show(c, r.json);
	reply_done(&r);
	return x;
}

int
run_mfa_reset(struct ctx *c)
{
	int x = no_socket(c);

	if (x != EXIT_OK)
		return x;
	if (opt_has(&c->opt, F_CONFIRM))
		return confirm(c);
	if ((x = begin(c)) != EXIT_OK)
		return x;
	/* a file that was given holds a code of the old one */
	if (code_source(c) == NULL && prompt_possible(c)) {
		say(c, "Now a code of the new one.");
		return confirm(c);
	}
	say(c,
	    "The old second factor holds until a code of the new one confirms "
	    "it, within 15 minutes: %s mfa reset --confirm --code-file FILE",
	    self(c));
	return EXIT_OK;
}

int
run_mfa_codes(struct ctx *c)
{
	const struct call_opts o = {.show_problem = true};
	struct reply r = {0};
	json_t *body = NULL;
	int x = no_socket(c);

	if (x != EXIT_OK)
		return x;
	body = json_object();
	x = call_signed(c, VERB_MFA_CODES, body, &o, &r);
	json_decref(body);
	if (x == EXIT_OK) {
		say(c, "New recovery codes; those before are void.");
		factor_show_codes(c, r.json);
	}
	reply_done(&r);
	return x;
}
