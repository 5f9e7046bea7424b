/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call - see the header.
 *
 * MUST NOT send a code that was not asked for or that the user did not mean for
 * this request: the commitment in the signed payload binds them.
 * MUST wipe the envelope's text, which holds the code.
 */
#include "jitctl/gateway/call.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"
#include "jitctl/gateway/call_parts.h"
#include "jitctl/gateway/http.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/out.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "wire/signed.h"

enum { CODE_DIGITS = 6, PROBE_MS = 2000 };

const char *
member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

void
reply_done(struct reply *r)
{
	json_decref(r->json);
	if (r->body != NULL)
		explicit_bzero(r->body, r->len);
	free(r->body);
	*r = (struct reply){0};
}

/* ------------------------------------------------------------- problems */

int
call_exit_code(long status, const char *code)
{
	if (status >= 200 && status < 300)
		return EXIT_OK;
	if (strcmp(code, "wrong-tls") == 0 || strcmp(code, "wrong-server") == 0)
		return EXIT_UNREACHABLE;
	switch (status) {
	case 400:
	case 413:
		return EXIT_USAGE;
	case 401:
		return EXIT_LOGIN;
	case 403:
		return EXIT_REFUSED;
	case 404:
		return EXIT_NOT_FOUND;
	case 409:
		return EXIT_CONFLICT;
	default:
		return EXIT_FAILED;
	}
}

void
call_print_problem(const struct ctx *c, const struct reply *r)
{
	const char *detail = member(r->json, "detail");
	char text[LIMIT_TEXT_SIZE * 2];
	char id[CELL_SIZE];

	if (c->out == OUT_JSON && r->json != NULL) {
		(void)json_dumpf(r->json, stderr, JSON_COMPACT);
		(void)fputc('\n', stderr);
		return;
	}
	if (detail[0] == '\0')
		detail = member(r->json, "title");
	str_escape(text, sizeof(text), detail, strlen(detail));
	cell_text(id, json_object_get(r->json, "event"), COL_TEXT);
	if (text[0] == '\0')
		say_error("the gateway answered with status %ld", r->status);
	else
		say_error("%s%s%s%s", text, id[0] != '\0' ? " (event " : "", id,
		    id[0] != '\0' ? ")" : "");
}

/* Takes the HTTP reply's body over. */
int
reply_take(struct reply *ret, struct http_reply *hr)
{
	struct problem p = {0};

	reply_done(ret);
	ret->status = hr->status;
	ret->body = hr->body;
	ret->len = hr->len;
	*hr = (struct http_reply){0};
	if (ret->len > 0 && ret->body[0] == '{')
		ret->json = json_parse_object(ret->body, ret->len, &p);
	return call_exit_code(ret->status, member(ret->json, "code"));
}

/* ------------------------------------------------------------ challenges */

struct challenges {
	struct signed_source source[LIMIT_SOURCES];
	unsigned n;
	int family[LIMIT_SOURCES]; /* over which it came */
	char server[LIMIT_NAME_SIZE];
};

/* Which families the gateway's name has. */
unsigned
call_families(const struct ctx *c, int ret[2])
{
	const struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	const struct addrinfo numeric = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *list = NULL;
	bool v4 = false;
	bool v6 = false;
	unsigned n = 0;

	/* AI_ADDRCONFIG ignores loopback: literals must not depend on it. */
	if (getaddrinfo(c->prof.host, NULL, &numeric, &list) != 0 &&
	    getaddrinfo(c->prof.host, NULL, &hints, &list) != 0)
		return 0;
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		v4 = v4 || a->ai_family == AF_INET;
		v6 = v6 || a->ai_family == AF_INET6;
	}
	freeaddrinfo(list);
	if (v4)
		ret[n++] = HTTP_V4;
	if (v6)
		ret[n++] = HTTP_V6;
	return n;
}

static int
read_challenge(
    struct ctx *c, struct challenges *ch, const struct reply *r, int family)
{
	struct signed_source *s = &ch->source[ch->n];
	const char *server = member(r->json, "server_id");

	if (str_copy(s->nonce, sizeof(s->nonce), member(r->json, "nonce")) !=
		0 ||
	    strlen(s->nonce) != LIMIT_NONCE_SIZE - 1 ||
	    addr_parse(&s->addr, member(r->json, "source")) != 0 ||
	    !str_name_ok(server) ||
	    str_copy(ch->server, sizeof(ch->server), server) != 0) {
		say_error("%s:%u does not answer like a Sallyport gateway",
		    c->prof.host, c->prof.port);
		return EXIT_UNREACHABLE;
	}
	if (c->prof.server_id[0] != '\0' &&
	    strcmp(c->prof.server_id, server) != 0) {
		say_error("the gateway calls itself %s, your profile says %s",
		    server, c->prof.server_id);
		return EXIT_UNREACHABLE;
	}
	/* Both names may lead through one translator to one address. */
	for (unsigned i = 0; i < ch->n; i++)
		if (ch->source[i].addr.family == s->addr.family)
			return EXIT_OK;
	ch->family[ch->n++] = family;
	return EXIT_OK;
}

/* One challenge for each family that works; a family that does not is left
 * out, unless none works. */
static int
get_challenges(struct ctx *c, struct challenges *ch)
{
	int family[2] = {HTTP_ANY, HTTP_ANY};
	const unsigned n = call_families(c, family);
	int r = EXIT_UNREACHABLE;

	*ch = (struct challenges){0};
	if (n == 0)
		say_error("%s: no address known for this name", c->prof.host);
	for (unsigned i = 0; i < n; i++) {
		const struct http_call call = {.method = "POST",
		    .path = verb_get(VERB_CHALLENGE)->path,
		    .body = "{}",
		    .len = 2,
		    .family = family[i],
		    .connect_ms = PROBE_MS,
		    .silent = i + 1 < n || ch->n > 0};
		struct http_reply hr = {0};
		struct reply reply = {0};

		if (http_do(c, &call, &hr) != EXIT_OK) {
			if (c->key_changed)
				return EXIT_UNREACHABLE;
			continue;
		}
		r = reply_take(&reply, &hr);
		if (r == EXIT_OK)
			r = read_challenge(c, ch, &reply, family[i]);
		else
			call_print_problem(c, &reply);
		reply_done(&reply);
		if (r != EXIT_OK)
			return r;
	}
	return ch->n > 0 ? EXIT_OK : EXIT_UNREACHABLE;
}

/* Keeps only the addresses named by --from. */
static int
filter_from(struct challenges *ch, const struct call_opts *o)
{
	struct challenges kept = *ch;
	char text[2][ADDR_TEXT_SIZE] = {"", ""};
	struct addr want;

	if (o == NULL || o->nfrom == 0)
		return EXIT_OK;
	kept.n = 0;
	for (unsigned i = 0; i < o->nfrom; i++) {
		unsigned at = 0;

		if (addr_parse(&want, o->from[i]) != 0) {
			say_error("--from: an address was expected, like "
				  "198.51.100.7");
			return EXIT_USAGE;
		}
		while (at < ch->n && !addr_equal(&ch->source[at].addr, &want))
			at++;
		if (at == ch->n) {
			for (unsigned k = 0; k < ch->n; k++)
				addr_format(text[k], &ch->source[k].addr);
			say_error("--from %s: the gateway sees you as %s%s%s; "
				  "access is given to addresses it sees",
			    o->from[i], text[0], ch->n > 1 ? " and " : "",
			    text[1]);
			return EXIT_USAGE;
		}
		if (kept.n == LIMIT_SOURCES)
			break;
		kept.source[kept.n] = ch->source[at];
		kept.family[kept.n++] = ch->family[at];
	}
	*ch = kept;
	return EXIT_OK;
}

/* ----------------------------------------------------------------- codes */

/* Apps show "123 456". Anything but six digits would cost a try for nothing:
 * it stays here. */
bool
code_tidy(struct secret *code)
{
	size_t n = 0;

	for (size_t i = 0; i < code->len; i++)
		if (code->p[i] != ' ')
			code->p[n++] = code->p[i];
	explicit_bzero(code->p + n, code->len - n);
	code->len = n;
	if (n == CODE_DIGITS &&
	    strspn((const char *)code->p, "0123456789") == n)
		return true;
	say_error("a code has %d digits; it was not sent", (int)CODE_DIGITS);
	secret_free(code);
	return false;
}

static const char *
code_file(const struct ctx *c)
{
	const char *file = opt_get(&c->opt, F_CODE_FILE);

	if (file == NULL)
		file = getenv("JITCTL_CODE_FILE");
	return file != NULL && file[0] != '\0' ? file : NULL;
}

/* From the flag's or the environment's file once, else from the terminal. */
static int
get_code(const struct ctx *c, bool again, struct secret *ret)
{
	const char *file = code_file(c);
	const char *question =
	    again ? "Next code (not shown): " : "Code (not shown): ";
	int r = EXIT_LOGIN;

	if (file != NULL) {
		if (again || (r = prompt_file(file, ret)) != EXIT_OK)
			return again ? EXIT_LOGIN : r;
		return code_tidy(ret) ? EXIT_OK : EXIT_LOGIN;
	}
	if (!prompt_possible(c)) {
		say_error("a code is needed; give it with --code-file FILE (- "
			  "is stdin)");
		return EXIT_LOGIN;
	}
	for (int i = 0; i < LIMIT_CODE_ASKS; i++) {
		r = prompt_secret(c, question, ret);
		if (r != EXIT_OK || code_tidy(ret))
			return r;
	}
	return EXIT_LOGIN;
}

/* ---------------------------------------------------------------- signed */

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

void
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

/* Challenge, payload, signature -> envelope text and the family to use. */
static int
prepare(struct attempt *a, char **rettext, int *retfamily)
{
	struct signed_request s = {.time_ms = clock_now().utc_ms};
	struct challenges ch;
	char salt[33] = "";
	char *payload = NULL;
	char *armor = NULL;
	int r = get_challenges(a->c, &ch);

	if (r != EXIT_OK || (r = filter_from(&ch, a->o)) != EXIT_OK)
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

/* One envelope. A connection lost after sending is tried once more: the
 * idempotency key makes that safe. */
static int
send_once(struct attempt *a, struct reply *ret)
{
	struct http_reply hr = {0};
	struct http_call call = {.method = "POST", .path = a->verb->path};
	char *text = NULL;
	int r = EXIT_FAILED;

	for (int try = 0; try < 2; try++) {
		if ((r = prepare(a, &text, &call.family)) != EXIT_OK)
			return r;
		call.body = text;
		call.len = strlen(text);
		call.silent = try == 0;
		r = http_do(a->c, &call, &hr);
		wipe_text(text);
		if (r == EXIT_OK)
			return reply_take(ret, &hr);
		say_debug(a->c, "no answer; trying again with the same "
				"idempotency key");
	}
	return r;
}

/* A code is asked for, or what was given was no good: get one. */
static int
want_code(struct attempt *a, const char *problem, const struct reply *r,
    bool *retsaid)
{
	const bool wrong = strcmp(problem, "code-wrong") == 0 ||
			   strcmp(problem, "code-used") == 0;
	const bool file = code_file(a->c) != NULL;
	const bool can_ask = !file && prompt_possible(a->c);

	if (!wrong && strcmp(problem, "code-needed") != 0)
		return EXIT_LOGIN;
	if (a->sent >= LIMIT_CODE_ASKS + 1)
		return EXIT_LOGIN;
	/* A file is read once: the same code would fail again. A script that
	 * reads JSON gets the problem, which says what is wanted. */
	if (!can_ask && (wrong || (!file && a->c->out == OUT_JSON)))
		return EXIT_LOGIN;
	/* From here on the person has been told what there is to tell. */
	*retsaid = a->c->out != OUT_JSON || wrong;
	if (wrong)
		call_print_problem(a->c, r);
	secret_free(&a->code);
	return get_code(a->c, wrong, &a->code);
}

static int
send_with_code(struct attempt *a, struct reply *ret)
{
	const char *problem = NULL;
	bool said = false;
	int w = EXIT_OK;
	int r = EXIT_OK;

	if (a->verb->code == CODE_ALWAYS &&
	    (r = get_code(a->c, false, &a->code)) != EXIT_OK)
		return r;
	for (;;) {
		r = send_once(a, ret);
		a->sent++;
		problem = member(ret->json, "code");
		if (r != EXIT_LOGIN || ret->json == NULL)
			return r;
		said = false;
		w = want_code(a, problem, ret, &said);
		if (w != EXIT_OK && said)
			ret->status = 0; /* nothing left to print */
		if (w == EXIT_INTERRUPTED)
			return w;
		if (w != EXIT_OK)
			return r;
	}
}

/* The admin socket: the bare body, no signature, no code. */
static int
send_local(struct ctx *c, const struct verb *v, json_t *body, struct reply *ret)
{
	struct http_call call = {.method = v->method, .path = v->path};
	struct http_reply hr = {0};
	char *text = json_text(body);
	int r = EXIT_FAILED;

	if (text == NULL)
		return EXIT_FAILED;
	call.body = text;
	call.len = strlen(text);
	if ((r = http_do(c, &call, &hr)) == EXIT_OK)
		r = reply_take(ret, &hr);
	free(text);
	return r;
}

int
call_need_profile(const struct ctx *c)
{
	if (c->socket != NULL || c->have_profile)
		return EXIT_OK;
	if (strcmp(c->prof.name, "default") != 0)
		say_error("no profile \"%s\"; join its gateway first: jitctl "
			  "enroll --profile %s",
		    c->prof.name, c->prof.name);
	else
		say_error("this account has not joined a gateway yet: jitctl "
			  "enroll%s",
		    geteuid() == 0 ? " (or, on the gateway itself: --socket "
				     "/run/sallyport/admin.sock)"
				   : "");
	return EXIT_LOGIN;
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
		r = send_local(c, a.verb, body, ret);
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
	}
	if (r != EXIT_OK && ret->status != 0 && (o == NULL || o->show_problem))
		call_print_problem(c, ret);
	return r;
}
