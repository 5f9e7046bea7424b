/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token - see the header.
 */
#include "jitctl/gateway/token.h"

#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/say.h"

enum {
	TOKEN_FILE_MAX = 4096, /* internal: more than the names in it fill */
	TOKEN_LEFT_MS = 30000, /* less is not worth a call */
};

static int
token_path(const struct ctx *c, char *ret, size_t size)
{
	char name[LIMIT_NAME_SIZE + 16];

	if (str_fmt(name, sizeof(name), "token-%s.json", c->prof.name) != 0)
		return GW_ELIMIT;
	return state_path(ret, size, name);
}

bool
token_load(const struct ctx *c, struct token *t)
{
	char path[LIMIT_PATH_SIZE * 2];
	struct secret text = {0};
	struct problem p = {0};
	json_t *o = NULL;
	int64_t expires = 0;
	bool ok = false;

	if (token_path(c, path, sizeof(path)) != 0 ||
	    safefile_read(&text, path, TOKEN_FILE_MAX, SAFEFILE_PRIVATE) != 0)
		return false;
	o = json_parse_object(text.p, text.len, &p);
	ok = strcmp(member(o, "tls"), c->prof.tls) == 0 &&
	     strcmp(member(o, "host"), c->prof.host) == 0 &&
	     strcmp(member(o, "key"), sign_key_named(c)) == 0 &&
	     str_time_parse(member(o, "expires"), &expires) == 0 &&
	     expires > clock_now().utc_ms + TOKEN_LEFT_MS &&
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
	char text[TOKEN_FILE_MAX];
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:i}", "token", t->text,
	    "expires", expires, "tls", c->prof.tls, "host", c->prof.host, "key",
	    sign_key_named(c), "family", t->family);
	const size_t n =
	    o == NULL ? 0 : json_dumpb(o, text, sizeof(text) - 1, JSON_COMPACT);
	bool stored = false;

	if (n == 0 || n >= sizeof(text) ||
	    token_path(c, path, sizeof(path)) != 0)
		goto out;
	text[n] = '\0';
	stored = profile_write(path, text) == 0;
out:
	if (!stored)
		say_debug(c, "the token could not be stored");
	explicit_bzero(text, sizeof(text));
	json_decref(o);
}

static bool
is_token(const char *s)
{
	return s[0] != '\0' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789-._~+/=") == strlen(s);
}

int
token_new(struct ctx *c, struct token *ret)
{
	const struct call_opts o = {.show_problem = true};
	json_t *body = json_object();
	struct reply r = {0};
	int x = call_signed(c, VERB_TOKEN, body, &o, &r);

	json_decref(body);
	if (x != EXIT_OK)
		goto out;
	x = EXIT_FAILED;
	/* It goes into a header: a line end in it would be another header. */
	if (!is_token(member(r.json, "token")) ||
	    str_copy(ret->text, sizeof(ret->text), member(r.json, "token")) !=
		0) {
		say_error("the gateway gave no token");
		goto out;
	}
	ret->family = r.family;
	token_store(c, ret, member(r.json, "expires"));
	x = EXIT_OK;
out:
	reply_done(&r);
	return x;
}
