/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply - see the header.
 */
#include "jitctl/gateway/reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/str.h"
#include "core/otp.h"
#include "jitctl/term/json.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/when.h"
#include "jitctl/term/words.h"
#include "ssh/sshkey.h"

const char *
member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

const char *
member_name(const json_t *o, const char *key)
{
	const char *s = member(o, key);

	return str_name_ok(s) || FAULT(believe_reply) ? s : "";
}

const char *
member_id(const json_t *o, const char *key, char kind)
{
	const char *s = member(o, key);

	return id_ok(s, kind) || FAULT(believe_reply) ? s : "";
}

unsigned
member_port(const json_t *o, const char *key)
{
	const json_int_t n = json_integer_value(json_object_get(o, key));

	return n >= 1 && n <= 65535 ? (unsigned)n : 0;
}

bool
key_text(char ret[static KEY_TEXT_SIZE], const json_t *v)
{
	const char *s = json_string_value(v);
	struct sshkey k;

	ret[0] = '\0';
	if (s != NULL && FAULT(believe_reply)) {
		text_set(ret, KEY_TEXT_SIZE, s);
		return true;
	}
	return s != NULL && sshkey_parse_line(&k, s) == 0 &&
	       sshkey_format_line(ret, KEY_TEXT_SIZE, k.blob, k.len) == 0;
}

bool
key_same(const char *a, const char *b)
{
	size_t n = 0;

	if (a == NULL || b == NULL || a[0] == '\0')
		return false;
	if (FAULT(key_comments))
		return strcmp(a, b) == 0;
	n = strcspn(a, " ");
	n += a[n] == ' ' ? 1 + strcspn(a + n + 1, " ") : 0;
	return strncmp(a, b, n) == 0 && (b[n] == '\0' || b[n] == ' ');
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

unsigned
reply_digits(const struct reply *r)
{
	const json_int_t n =
	    json_integer_value(json_object_get(r->json, "digits"));

	return n >= OTP_DIGITS && n <= OTP_DIGITS_LONG ? (unsigned)n : 0;
}

static enum problem_kind
problem_kind_of(const char *code)
{
	static const struct {
		const char *code;
		enum problem_kind kind;
	} kinds[] = {{"code-needed", PROBLEM_CODE_NEEDED},
	    {"code-wrong", PROBLEM_CODE_WRONG},
	    {"code-used", PROBLEM_CODE_WRONG},
	    {"unknown-key", PROBLEM_KEY_UNKNOWN},
	    {"wrong-tls", PROBLEM_OTHER_GATEWAY},
	    {"wrong-server", PROBLEM_OTHER_GATEWAY}};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i].code, code) == 0)
			return kinds[i].kind;
	return PROBLEM_OTHER;
}

void
reply_read(struct reply *ret, long status, char *body, size_t len)
{
	struct problem p = {0};

	reply_done(ret);
	ret->status = status;
	ret->body = body;
	ret->len = len;
	if (len > 0 && body[0] == '{')
		ret->json = json_parse_object(body, len, &p);
	if (status < 200 || status >= 300)
		ret->problem = problem_kind_of(member(ret->json, "code"));
}

int
reply_exit_code(const struct reply *r)
{
	if (r->status >= 200 && r->status < 300)
		return EXIT_OK;
	if (r->problem == PROBLEM_OTHER_GATEWAY)
		return EXIT_UNREACHABLE;
	switch (r->status) {
	case 400:
	case 413:
		return EXIT_USAGE;
	case 401:
		return EXIT_LOGIN;
	case 429: /* too many of what; wrong codes are a login's */
		return strcmp(member(r->json, "field"), "code") == 0 &&
			       !FAULT(codes_fail)
			   ? EXIT_LOGIN
			   : EXIT_FAILED;
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
reply_print_problem(const struct ctx *c, const struct reply *r)
{
	const char *detail = member(r->json, "detail");
	char text[LIMIT_TEXT_SIZE * 2];
	char local[LIMIT_TEXT_SIZE * 2];
	char hint[LIMIT_TEXT_SIZE * 2 + sizeof(c->self)];
	char id[CELL_SIZE];

	if (c->out == OUT_JSON && r->json != NULL) {
		out_json(stderr, r->json, JSON_COMPACT);
		(void)fputc('\n', stderr);
		return;
	}
	if (detail[0] == '\0')
		detail = member(r->json, "title");
	say_text(text, sizeof(text), detail, strlen(detail));
	when_in_text(local, sizeof(local), text);
	self_text(c, hint, sizeof(hint), local);
	cell_text(id, json_object_get(r->json, "event"), COL_TEXT);
	if (text[0] == '\0')
		say_error("the gateway answered with status %ld", r->status);
	else
		say_error("%s%s%s%s", hint, id[0] != '\0' ? " (event " : "", id,
		    id[0] != '\0' ? ")" : "");
}
