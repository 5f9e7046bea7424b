/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read - see the header.
 */
#include "jitctl/gateway/read.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/http.h"
#include "jitctl/gateway/token.h"
#include "jitctl/term/say.h"

static int
get(struct ctx *c, const char *path, const struct token *t,
    const struct http_call *how, struct reply *ret)
{
	struct http_call call = *how;
	int r;

	call.method = how->body != NULL ? "POST" : "GET";
	call.path = path;
	call.token = t->text[0] != '\0' ? t->text : NULL;
	call.family = t->family;
	r = http_do(c, &call, ret);

	return r == EXIT_OK ? reply_exit_code(ret) : r;
}

static int
read_by(struct ctx *c, enum api_verb verb, const char *arg,
    const struct query *q, const struct http_call *how, struct reply *ret)
{
	const struct verb *v = verb_get(verb);
	struct token t = {0};
	char path[URL_SIZE];
	bool fresh = false;
	int r = call_need_profile(c);

	*ret = (struct reply){0};
	if (r != EXIT_OK)
		return r;
	if (url_make(path, v->path, arg, q) != 0) {
		say_error("the argument is too long");
		return EXIT_USAGE;
	}
	if (c->socket == NULL && v->auth == AUTH_TOKEN && !token_load(c, &t)) {
		fresh = true;
		if ((r = token_new(c, &t)) != EXIT_OK)
			return r;
	}
	r = get(c, path, &t, how, ret);
	/* The gateway forgot the token, or our address changed. */
	if (r == EXIT_LOGIN && c->socket == NULL && !fresh) {
		t = (struct token){0};
		if ((r = token_new(c, &t)) == EXIT_OK)
			r = get(c, path, &t, how, ret);
		else
			ret->status = 0;
	}
	explicit_bzero(&t, sizeof(t));
	if (r != EXIT_OK && ret->status != 0 && !how->no_problem)
		reply_print_problem(c, ret);
	return r;
}

int
read_verb(struct ctx *c, enum api_verb verb, const char *arg,
    const struct query *q, struct reply *ret)
{
	return read_by(c, verb, arg, q, &(struct http_call){0}, ret);
}

int
read_quiet(
    struct ctx *c, enum api_verb verb, const char *arg, struct reply *ret)
{
	return read_by(
	    c, verb, arg, NULL, &(struct http_call){.no_problem = true}, ret);
}

int
read_posted(
    struct ctx *c, enum api_verb verb, const json_t *body, struct reply *ret)
{
	char *text = json_text(body);
	const struct http_call how = {
	    .body = text, .len = text != NULL ? strlen(text) : 0};
	int r = EXIT_FAILED;

	*ret = (struct reply){0};
	if (text != NULL)
		r = read_by(c, verb, NULL, NULL, &how, ret);
	free(text);
	return r;
}

int
read_stream(struct ctx *c, enum api_verb verb, const struct query *q,
    const struct stream *s)
{
	const int64_t most_ms = INT64_C(2) * LIMIT_TOKEN_LIFE_S * 1000;
	const struct http_call how = {.heard = s->heard,
	    .arg = s->arg,
	    .total_ms =
		(long)(s->most_ms > 0 && s->most_ms < most_ms ? s->most_ms
							      : most_ms),
	    .silent = true,
	    .no_problem = s->quiet};
	struct reply r = {0};
	int x = read_by(c, verb, NULL, q, &how, &r);

	reply_done(&r);
	return x;
}

int
read_page(json_t *all, const json_t *page, char next[static LIMIT_NAME_SIZE])
{
	const char *at = member(page, "next");
	const bool goes_on = json_is_true(json_object_get(page, "more"));

	if (all != page && json_array_extend(json_object_get(all, "items"),
			       json_object_get(page, "items")) != 0)
		return GW_EINVAL;
	if (!goes_on) {
		next[0] = '\0';
		return 0;
	}
	if (!str_name_ok(at) || strcmp(at, next) == 0)
		return GW_EINVAL;
	return str_copy(next, LIMIT_NAME_SIZE, at);
}

int
read_list(
    struct ctx *c, enum api_verb verb, const struct query *q, struct reply *ret)
{
	char next[LIMIT_NAME_SIZE] = "";
	struct reply page = {0};
	int bad = 0;
	int r = read_verb(c, verb, NULL, q, ret);

	if (r == EXIT_OK)
		bad = read_page(ret->json, ret->json, next);
	while (r == EXIT_OK && bad == 0 && next[0] != '\0') {
		struct query rest = q != NULL ? *q : (struct query){0};

		query_add(&rest, "after", next);
		r = read_verb(c, verb, NULL, &rest, &page);
		if (r == EXIT_OK)
			bad = read_page(ret->json, page.json, next);
		reply_done(&page);
	}
	if (bad != 0) {
		say_error("the gateway does not say where its list continues");
		r = EXIT_FAILED;
	}
	(void)json_object_del(ret->json, "more");
	(void)json_object_del(ret->json, "next");
	return r;
}
