/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read - reads with the short token: found in the state folder, or made by one
 * signed call and kept there, 0600.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/call_parts.h"
#include "jitctl/gateway/http.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/say.h"

struct token {
	char text[96];
	int family;
};

static int
token_path(const struct ctx *c, char *ret, size_t size)
{
	char name[LIMIT_NAME_SIZE + 16];

	if (str_fmt(name, sizeof(name), "token-%s.json", c->prof.name) != 0)
		return GW_ELIMIT;
	return state_path(ret, size, name);
}

/* A stored token for this gateway with half a minute left. It belongs to a
 * user: the key that made it says which. */
static bool
token_load(const struct ctx *c, struct token *t)
{
	char path[LIMIT_PATH_SIZE * 2];
	struct secret text = {0};
	struct problem p = {0};
	json_t *o = NULL;
	int64_t expires = 0;
	bool ok = false;

	if (token_path(c, path, sizeof(path)) != 0 ||
	    safefile_read(&text, path, 4096, SAFEFILE_PRIVATE) != 0)
		return false;
	o = json_parse_object(text.p, text.len, &p);
	ok = strcmp(member(o, "tls"), c->prof.tls) == 0 &&
	     strcmp(member(o, "host"), c->prof.host) == 0 &&
	     strcmp(member(o, "key"), sign_key_named(c)) == 0 &&
	     str_time_parse(member(o, "expires"), &expires) == 0 &&
	     expires > clock_now().utc_ms + 30000 &&
	     str_copy(t->text, sizeof(t->text), member(o, "token")) == 0 &&
	     t->text[0] != '\0';
	t->family = (int)json_integer_value(json_object_get(o, "family"));
	json_decref(o);
	secret_free(&text);
	return ok;
}

/* Best effort: without the file the next read signs again. */
static void
token_store(const struct ctx *c, const struct token *t, const char *expires)
{
	char path[LIMIT_PATH_SIZE * 2];
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:i}", "token", t->text,
	    "expires", expires, "tls", c->prof.tls, "host", c->prof.host, "key",
	    sign_key_named(c), "family", t->family);
	char *text = o != NULL ? json_text(o) : NULL;

	if (text == NULL || token_path(c, path, sizeof(path)) != 0 ||
	    profile_write(path, text) != 0)
		say_debug(c, "the token could not be stored");
	wipe_text(text);
	json_decref(o);
}

/* The token is bound to the address we called from: use the same family. */
static int
token_new(struct ctx *c, struct token *t)
{
	const struct call_opts o = {.show_problem = true};
	json_t *body = json_object();
	struct reply r = {0};
	int family[2] = {HTTP_ANY, HTTP_ANY};
	int x = call_signed(c, VERB_TOKEN, body, &o, &r);

	json_decref(body);
	if (x != EXIT_OK)
		goto out;
	x = EXIT_FAILED;
	if (member(r.json, "token")[0] == '\0' ||
	    str_copy(t->text, sizeof(t->text), member(r.json, "token")) != 0) {
		say_error("the gateway gave no token");
		goto out;
	}
	t->family = call_families(c, family) > 0 ? family[0] : HTTP_ANY;
	token_store(c, t, member(r.json, "expires"));
	x = EXIT_OK;
out:
	reply_done(&r);
	return x;
}

static int
get_once(
    struct ctx *c, const char *path, const struct token *t, struct reply *ret)
{
	const struct http_call call = {.method = "GET",
	    .path = path,
	    .token = t->text[0] != '\0' ? t->text : NULL,
	    .family = t->family};
	struct http_reply hr = {0};
	int r = http_do(c, &call, &hr);

	return r == EXIT_OK ? reply_take(ret, &hr) : r;
}

/* "/v1/recordings/{id}" with the id in its place. */
static int
make_path(char *ret, size_t size, const char *path, const char *arg,
    const char *query)
{
	return str_fmt(ret, size, "%.*s%s%s", (int)strcspn(path, "{"), path,
	    arg != NULL ? arg : "", query);
}

int
call_get(struct ctx *c, enum api_verb verb, const char *arg, const char *query,
    struct reply *ret)
{
	const struct verb *v = verb_get(verb);
	struct token t = {0};
	char path[512];
	bool fresh = false;
	int r = call_need_profile(c);

	*ret = (struct reply){0};
	if (r != EXIT_OK)
		return r;
	if (make_path(path, sizeof(path), v->path, arg, query) != 0) {
		say_error("the argument is too long");
		return EXIT_USAGE;
	}
	if (c->socket == NULL && v->auth == AUTH_TOKEN && !token_load(c, &t)) {
		fresh = true;
		if ((r = token_new(c, &t)) != EXIT_OK)
			return r;
	}
	r = get_once(c, path, &t, ret);
	/* The gateway forgot it, or our address changed. */
	if (r == EXIT_LOGIN && c->socket == NULL && !fresh) {
		t = (struct token){0};
		if ((r = token_new(c, &t)) == EXIT_OK)
			r = get_once(c, path, &t, ret);
		else
			ret->status = 0;
	}
	explicit_bzero(&t, sizeof(t));
	if (r != EXIT_OK && ret->status != 0)
		call_print_problem(c, ret);
	return r;
}

/* One more reply's items; says in next where the rest begins, "" = nowhere. */
static int
take_items(json_t *all, const json_t *more, char next[static LIMIT_NAME_SIZE])
{
	const char *at = member(more, "next");
	const bool goes_on = json_is_true(json_object_get(more, "more"));

	if (all != more && json_array_extend(json_object_get(all, "items"),
			       json_object_get(more, "items")) != 0)
		return EXIT_FAILED;
	if (!goes_on) {
		next[0] = '\0';
		return EXIT_OK;
	}
	if (str_name_ok(at) && strcmp(at, next) != 0 &&
	    str_copy(next, LIMIT_NAME_SIZE, at) == 0)
		return EXIT_OK;
	say_error("the gateway does not say where its list goes on");
	return EXIT_FAILED;
}

int
call_list(
    struct ctx *c, enum api_verb verb, const char *query, struct reply *ret)
{
	char text[160], next[LIMIT_NAME_SIZE] = "";
	struct reply more = {0};
	int r = call_get(c, verb, NULL, query, ret);

	if (r == EXIT_OK)
		r = take_items(ret->json, ret->json, next);
	while (r == EXIT_OK && next[0] != '\0') {
		(void)snprintf(text, sizeof(text), "%s%safter=%s", query,
		    query[0] != '\0' ? "&" : "?", next);
		if ((r = call_get(c, verb, NULL, text, &more)) == EXIT_OK)
			r = take_items(ret->json, more.json, next);
		reply_done(&more);
	}
	(void)json_object_del(ret->json, "more");
	(void)json_object_del(ret->json, "next");
	return r;
}
