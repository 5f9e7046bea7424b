/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call - see the header.
 *
 * MUST NOT send a code that was not asked for or that the user did not mean for
 * this request: the commitment in the signed payload binds them.
 * MUST wipe the envelope's text, which holds the code.
 */
#include "jitctl/gateway/call.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/str.h"
#include "jitctl/gateway/challenge.h"
#include "jitctl/gateway/code.h"
#include "jitctl/gateway/http.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "wire/signed.h"

struct attempt {
	struct ctx *c;
	const struct verb *verb;
	json_t *body;
	const struct call_opts *o;
	char key[LIMIT_PATH_SIZE];
	char idempotency[64];
	struct secret code; /* len 0 = none */
	int sent;           /* how often */
};

/* Wipes and frees; NULL is fine. */
static void
wipe_text(char *s)
{
	if (s != NULL)
		explicit_bzero(s, strlen(s));
	free(s);
}

/* The envelope's JSON text; malloc'd, to be wiped. */
static char *
envelope_text(
    const char *payload, const char *armor, const char *code, const char *salt)
{
	const size_t size = str_b64_size(strlen(payload));
	char *b64 = malloc(size);
	json_t *o = NULL;
	char *text = NULL;

	if (b64 == NULL)
		return NULL;
	str_b64(b64, (const uint8_t *)payload, strlen(payload));
	o = json_pack("{s:s,s:s}", "payload", b64, "signature", armor);
	if (o != NULL && code[0] != '\0' &&
	    (json_object_set_new(o, "code", json_string(code)) != 0 ||
		json_object_set_new(o, "salt", json_string(salt)) != 0)) {
		json_decref(o);
		o = NULL;
	}
	if (o != NULL)
		text = json_text(o);
	if (code[0] != '\0' && json_object_get(o, "code") != NULL)
		explicit_bzero(
		    (void *)(uintptr_t)member(o, "code"), strlen(code));
	json_decref(o);
	free(b64);
	return text;
}

/* Gets a challenge and signs: the envelope's text and the family to use. */
static int
prepare(struct attempt *a, char **rettext, int *retfamily)
{
	struct signed_request s = {.time_ms = clock_now().utc_ms};
	struct challenges ch;
	char salt[33] = "";
	char *payload = NULL;
	char *armor = NULL;
	int r = challenge_get(a->c, &ch);

	if (r == EXIT_OK && a->o != NULL)
		r = challenge_filter(&ch, a->o->from, a->o->nfrom);
	if (r != EXIT_OK)
		return r;
	r = EXIT_FAILED;
	(void)snprintf(s.verb, sizeof(s.verb), "%s", a->verb->name);
	memcpy(s.server, ch.server, sizeof(s.server));
	memcpy(s.tls, a->c->prof.tls, sizeof(s.tls));
	memcpy(s.idempotency, a->idempotency, sizeof(s.idempotency));
	memcpy(s.source, ch.source, sizeof(s.source));
	s.nsources = ch.n;
	s.body = json_incref(a->body);
	if ((a->code.len > 0 &&
		signed_commit(s.commit, salt, (const char *)a->code.p) != 0) ||
	    signed_build(&payload, &s) != 0)
		goto out;
	r = sign_data(a->c, a->key, payload, strlen(payload), &armor,
	    a->o != NULL ? a->o->retfp : NULL);
	if (r != EXIT_OK)
		goto out;
	*retfamily = ch.family[0];
	*rettext = envelope_text(payload, armor,
	    a->code.len > 0 ? (const char *)a->code.p : "", salt);
	r = *rettext != NULL ? EXIT_OK : EXIT_FAILED;
out:
	signed_done(&s);
	wipe_text(payload);
	free(armor);
	return r;
}

/* Sends one envelope. If the connection is lost it tries once more: the
 * idempotency key makes that safe. */
static int
send_once(struct attempt *a, struct reply *ret)
{
	struct http_call call = {.method = "POST", .path = a->verb->path};
	char *text = NULL;
	int r = EXIT_FAILED;

	for (int try = 0; try < 2; try++) {
		if ((r = prepare(a, &text, &call.family)) != EXIT_OK)
			return r;
		call.body = text;
		call.len = strlen(text);
		call.silent = try == 0;
		r = http_do(a->c, &call, ret);
		wipe_text(text);
		if (r == EXIT_OK)
			return reply_exit_code(ret);
		say_debug(a->c, "no answer; trying again with the same "
				"idempotency key");
	}
	return r;
}

static int
get_code(struct attempt *a, bool again)
{
	if (a->o != NULL && a->o->paper)
		return code_get_paper(a->c, again, &a->code);
	return a->o != NULL && a->o->recovery
		   ? code_get_recovery(a->c, again, &a->code)
		   : code_get(a->c, again, &a->code);
}

/* The gateway wants a code, or did not accept the one sent: gets one. */
static int
want_code(struct attempt *a, const struct reply *r, bool *retsaid)
{
	const bool wrong = r->problem == PROBLEM_CODE_WRONG;
	const bool file = code_source(a->c) != NULL;
	const bool can_ask = !file && prompt_possible(a->c);

	if (!wrong && r->problem != PROBLEM_CODE_NEEDED)
		return EXIT_LOGIN;
	if (a->sent >= LIMIT_CODE_ASKS + 1)
		return EXIT_LOGIN;
	/* A file is read once: the same code would fail again. A script that
	 * reads JSON gets the problem, which says what is wanted. */
	if (!can_ask && (wrong || (!file && a->c->out == OUT_JSON)))
		return EXIT_LOGIN;
	/* From here on it is said what is wrong; of a file, by who reads it. */
	*retsaid = a->c->out != OUT_JSON || wrong || file;
	if (wrong)
		reply_print_problem(a->c, r);
	secret_free(&a->code);
	a->c->digits = reply_digits(r);
	return get_code(a, wrong);
}

/* Is a code to be had before the gateway was asked? A person is asked once it
 * has said which, and that it can be of use; of a file it costs nobody
 * anything.
 */
static bool
asks_first(const struct attempt *a)
{
	return a->verb->code == CODE_ALWAYS &&
	       (a->o == NULL || !a->o->codeless) &&
	       (a->c->digits != 0 || code_source(a->c) != NULL);
}

static int
send_with_code(struct attempt *a, struct reply *ret)
{
	bool said = false;
	int w = EXIT_OK;
	int r = EXIT_OK;

	if (asks_first(a) && (r = get_code(a, false)) != EXIT_OK)
		return r;
	for (;;) {
		r = send_once(a, ret);
		a->sent++;
		if (r != EXIT_LOGIN || (a->o != NULL && a->o->no_code))
			return r;
		said = false;
		w = want_code(a, ret, &said);
		if (w != EXIT_OK && said)
			ret->status = 0; /* nothing left to print */
		if (w == EXIT_INTERRUPTED)
			return w;
		if (w != EXIT_OK)
			return r;
	}
}

/* The bare body, no signature, no code. */
static int
send_bare(struct ctx *c, const struct verb *v, json_t *body, struct reply *ret)
{
	struct http_call call = {.method = v->method, .path = v->path};
	char *text = json_text(body);
	int r = EXIT_FAILED;

	if (text == NULL)
		return EXIT_FAILED;
	call.body = text;
	call.len = strlen(text);
	if ((r = http_do(c, &call, ret)) == EXIT_OK)
		r = reply_exit_code(ret);
	explicit_bzero(text, strlen(text)); /* may hold a recovery code */
	free(text);
	return r;
}

/* The gateway tells nobody why a key is nobody's: all that it may be. */
static void
hint_unknown_key(const struct ctx *c, const char *key)
{
	if (c->out == OUT_JSON)
		return;
	if (strstr(self(c), " --identity ") != NULL)
		say(c,
		    "The key was %s. If you enrolled with another one, name "
		    "that",
		    key);
	else
		say(c,
		    "The key was %s. If you enrolled with another one:  %s "
		    "--identity FILE COMMAND",
		    key, self(c));
	say(c, "If you were invited and have not enrolled:  %s enroll",
	    self(c));
	if (c->prof.user[0] == '\0')
		return;
	say(c,
	    "If you have enrolled and given no code yet:  %s enroll --confirm",
	    self(c));
	say(c,
	    "Else you are locked, or the key was taken from you; an "
	    "admin sees it with:  jitctl user show %s",
	    c->prof.user);
}

/* What is wrong, and then what may help; once, whatever else is called. */
static void
tell_unknown_key(struct ctx *c, const char *key, struct reply *r)
{
	if (!c->key_unknown) {
		reply_print_problem(c, r);
		hint_unknown_key(c, key);
	}
	c->key_unknown = true;
	r->status = 0; /* nothing left to print */
}

void
call_no_profile(const struct ctx *c, char why[static CALL_TEXT_SIZE],
    char remedy[static CALL_TEXT_SIZE])
{
	const bool named = strcmp(c->prof.name, "default") != 0;

	if (c->profiles[0] != '\0') {
		(void)snprintf(why, CALL_TEXT_SIZE,
		    "there is no profile \"%s\" here, but: %s", c->prof.name,
		    c->profiles);
		(void)snprintf(remedy, CALL_TEXT_SIZE,
		    "jitctl --profile NAME COMMAND, with one of them "
		    "(or for good JITCTL_PROFILE); to join another gateway: "
		    "jitctl enroll --profile %s",
		    c->prof.name);
		return;
	}
	(void)snprintf(why, CALL_TEXT_SIZE, "%s",
	    "this account has not joined a gateway yet");
	(void)snprintf(remedy, CALL_TEXT_SIZE, "jitctl enroll%s%s%s",
	    named ? " --profile " : "", named ? c->prof.name : "",
	    geteuid() == 0 ? " (or, on the gateway itself: jitctl --socket "
			     "/run/sallyport/admin.sock COMMAND)"
			   : "");
}

int
call_need_profile(const struct ctx *c)
{
	char why[CALL_TEXT_SIZE], remedy[CALL_TEXT_SIZE];

	if (c->socket != NULL || c->have_profile)
		return EXIT_OK;
	call_no_profile(c, why, remedy);
	say_error("%s: %s", why, remedy);
	return EXIT_LOGIN;
}

int
call_open(struct ctx *c, enum api_verb verb, json_t *body, struct reply *ret)
{
	int r = call_need_profile(c);

	*ret = (struct reply){0};
	if (r == EXIT_OK)
		r = send_bare(c, verb_get(verb), body, ret);
	if (r != EXIT_OK && ret->status != 0)
		reply_print_problem(c, ret);
	return r;
}

/* Before they are refused. */
static void
tell_code_clock(const struct ctx *c, const struct reply *r)
{
	const char *text = member(r->json, "code_clock");
	char safe[LIMIT_TEXT_SIZE];

	if (text[0] == '\0')
		return;
	str_escape(safe, sizeof(safe), text, strlen(text));
	say(c,
	    "The clock that makes your codes is %s: set it before codes are "
	    "refused.",
	    safe);
}

/* Told at the end, of whatever command it is: waiting_tell_aside(). */
static void
read_aside(struct ctx *c, const struct reply *r)
{
	const json_t *list = json_object_get(r->json, "approved");
	const json_int_t n =
	    json_integer_value(json_object_get(r->json, "waits_for_you"));
	const char *id = json_string_value(json_array_get(list, 0));

	if (n > 0 && n <= 1000)
		c->waits = (unsigned)n;
	if (id != NULL && id_ok(id, 'r'))
		text_set(c->approved, sizeof(c->approved), id);
}

int
call_signed(struct ctx *c, enum api_verb verb, json_t *body,
    const struct call_opts *o, struct reply *ret)
{
	struct attempt a = {
	    .c = c, .verb = verb_get(verb), .body = body, .o = o};
	const char *idem = o != NULL ? o->idempotency : NULL;
	int r = call_need_profile(c);

	*ret = (struct reply){0};
	if (r != EXIT_OK)
		return r;
	if (c->socket != NULL) {
		r = send_bare(c, a.verb, body, ret);
	} else {
		uint8_t random[16];

		secret_fill(random, sizeof(random));
		str_hex(a.idempotency, random, sizeof(random));
		if (idem != NULL &&
		    str_copy(a.idempotency, sizeof(a.idempotency), idem) != 0) {
			say_error("--idempotency: longer than 63 characters");
			return EXIT_USAGE;
		}
		r = sign_key(c, a.key, sizeof(a.key));
		if (r == EXIT_OK)
			r = send_with_code(&a, ret);
		secret_free(&a.code);
		if (r == EXIT_OK) {
			tell_code_clock(c, ret);
			read_aside(c, ret);
		}
	}
	if (r != EXIT_OK && ret->problem == PROBLEM_KEY_UNKNOWN) {
		tell_unknown_key(c, a.key, ret);
		return r;
	}
	if (r != EXIT_OK && ret->status != 0 && (o == NULL || o->show_problem))
		reply_print_problem(c, ret);
	return r;
}
