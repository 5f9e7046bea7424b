/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload - see the header.
 */
#include "jitctl/gateway/upload.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/say.h"

enum {
	ONE_REQUEST = LIMIT_BODY_MAX / 8 * 5, /* signed, it is a third more */
	ANSWER_MAX = 2 * LIMIT_ANSWER_MAX,    /* internal: then it is none */
	PIECES_MAX = 4096,                    /* internal: of an answer */
};

enum { SHA256_HEX_SIZE = 2 * SHA256_DIGEST_LENGTH + 1 };

static const char *const lists[] = {"users", "targets", "roles"};

static void
put_line(struct buf *b, const char *list, json_t *entry)
{
	json_t *o = json_pack("{s:O}", list, entry);
	char *text = o != NULL ? json_text(o) : NULL;

	if (text != NULL)
		buf_put(b, text, strlen(text));
	else
		b->err = -1;
	buf_u8(b, '\n');
	free(text);
	json_decref(o);
}

/* As it is sent: a line for each list and each entry. NULL: out of memory, or
 * more than a gateway takes. */
static char *
upload_text(const json_t *policy, size_t *retn)
{
	struct buf b;
	char *ret = NULL;

	buf_init(&b, LIMIT_UPLOAD_MAX);
	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		const json_t *l = json_object_get(policy, lists[k]);

		if (l != NULL)
			put_line(&b, lists[k], json_null());
		for (size_t i = 0; i < json_array_size(l); i++)
			put_line(&b, lists[k], json_array_get(l, i));
	}
	*retn = b.len;
	if (buf_err(&b) == 0 && b.len > 0 && (ret = malloc(b.len)) != NULL)
		memcpy(ret, b.p, b.len);
	buf_done(&b);
	return ret;
}

bool
upload_wanted(const json_t *policy)
{
	char *text = json_text(policy);
	const bool large = text != NULL && strlen(text) > ONE_REQUEST;

	free(text);
	return large;
}

static void
sha256_hex(char ret[static SHA256_HEX_SIZE], const void *p, size_t n)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	(void)SHA256(p, n, digest);
	str_hex(ret, digest, sizeof(digest));
}

/* ---- sent */

/* The upload's id, and how large a part may be; "": it is none. */
static int
begin(
    struct ctx *c, const char *text, size_t n, json_t *policy, size_t *retpart)
{
	const struct call_opts o = {.show_problem = true};
	char hex[SHA256_HEX_SIZE];
	struct reply r = {0};
	json_t *body = NULL;
	const char *id = NULL;
	int x = EXIT_FAILED;

	sha256_hex(hex, text, n);
	body = json_pack("{s:I, s:s}", "size", (json_int_t)n, "sha256", hex);
	if (body != NULL)
		x = call_signed(c, VERB_POLICY_UPLOAD, body, &o, &r);
	if (x == EXIT_OK) {
		const json_int_t part =
		    json_integer_value(json_object_get(r.json, "part_max"));

		id = member_id(r.json, "upload", 'x');
		*retpart = part > 0 && part < LIMIT_UPLOAD_PART
			       ? (size_t)part
			       : LIMIT_UPLOAD_PART;
		if (id[0] == '\0') {
			say_error("the gateway's answer is not what was "
				  "expected");
			x = EXIT_FAILED;
		}
	}
	if (x == EXIT_OK)
		for (size_t k = 0; k < ARRAY_LEN(lists); k++)
			(void)json_object_del(policy, lists[k]);
	if (x == EXIT_OK &&
	    (json_object_set_new(policy, "upload", json_string(id)) != 0 ||
		json_object_set_new(policy, "sha256", json_string(hex)) != 0))
		x = EXIT_FAILED;
	json_decref(body);
	reply_done(&r);
	return x;
}

static int
put(struct ctx *c, const char *id, size_t at, const char *p, size_t n)
{
	struct reply r = {0};
	struct buf data;
	json_t *body = NULL;
	int x = EXIT_FAILED;

	buf_init(&data, LIMIT_BODY_MAX);
	buf_b64(&data, p, n);
	if (buf_err(&data) == 0)
		body = json_pack("{s:s, s:I, s:s%}", "upload", id, "offset",
		    (json_int_t)at, "data", (const char *)data.p, data.len);
	if (body != NULL)
		x = read_posted(c, VERB_POLICY_PUT, body, &r);
	json_decref(body);
	buf_done(&data);
	reply_done(&r);
	return x;
}

static void
tell_progress(const struct ctx *c, size_t done, size_t n)
{
	if (c->quiet || isatty(STDERR_FILENO) != 1)
		return;
	(void)fprintf(
	    stderr, "\rUploading: %zu of %zu KiB", done / 1024, n / 1024);
	if (done == n)
		(void)fputc('\n', stderr);
	(void)fflush(stderr);
}

int
upload_policy(struct ctx *c, json_t *policy)
{
	size_t n = 0, part = 0, at = 0;
	char *text = upload_text(policy, &n);
	int x = EXIT_FAILED;

	if (text == NULL) {
		say_error("the policy is larger than a gateway takes at once "
			  "(%d MiB): apply it as several, without --prune",
		    LIMIT_UPLOAD_MAX >> 20);
		return EXIT_USAGE;
	}
	x = begin(c, text, n, policy, &part);
	if (x == EXIT_OK)
		say(c, "The policy is large: %zu KiB go in %zu parts.",
		    n / 1024, (n + part - 1) / part);
	while (x == EXIT_OK && at < n) {
		const size_t len = n - at < part ? n - at : part;

		x = put(c, member(policy, "upload"), at, text + at, len);
		at += len;
		if (x == EXIT_OK)
			tell_progress(c, at, n);
	}
	free(text);
	return x;
}

/* ---- answered */

/* Adds a reply's piece; the size of the whole, 0: it is none. */
static size_t
add_piece(const json_t *o, struct buf *ret)
{
	uint8_t piece[LIMIT_UPLOAD_PART];
	const char *data = member(o, "data");
	size_t n = 0, size = 0;

	if (str_unb64(piece, sizeof(piece), data, strlen(data), &n) == 0 &&
	    n > 0) {
		buf_put(ret, piece, n);
		size = (size_t)json_integer_value(json_object_get(o, "size"));
	}
	explicit_bzero(piece, sizeof(piece)); /* invitations */
	return size <= ANSWER_MAX ? size : 0;
}

static size_t
get_piece(struct ctx *c, const char *key, struct buf *ret)
{
	struct reply r = {0};
	size_t size = 0;
	json_t *body =
	    json_pack("{s:s, s:I}", "key", key, "offset", (json_int_t)ret->len);

	if (body != NULL &&
	    read_posted(c, VERB_POLICY_ANSWER, body, &r) == EXIT_OK)
		size = add_piece(r.json, ret);
	json_decref(body);
	reply_done(&r);
	return size;
}

int
upload_answer(struct ctx *c, json_t **answer)
{
	const json_t *where = json_object_get(*answer, "answer");
	const char *key = member(where, "key");
	struct buf b;
	size_t size = 1;
	json_t *all = NULL;

	if (key[0] == '\0' || !json_is_integer(json_object_get(where, "size")))
		return EXIT_OK;
	buf_init(&b, ANSWER_MAX);
	for (unsigned i = 0; size > 0 && b.len < size && i < PIECES_MAX; i++)
		size = get_piece(c, key, &b);
	if (size > 0 && b.len == size && buf_err(&b) == 0)
		all = json_loadb(
		    (const char *)b.p, b.len, JSON_REJECT_DUPLICATES, NULL);
	buf_done(&b);
	if (!json_is_object(all)) {
		json_decref(all);
		say_error("the gateway has done it, but its answer could not "
			  "be read");
		return EXIT_FAILED;
	}
	(void)json_object_del(*answer, "answer");
	(void)json_object_update_missing(all, *answer);
	json_decref(*answer);
	*answer = all;
	return EXIT_OK;
}

/* ---- read by who signs for it */

static size_t
get_part(struct ctx *c, const char *change, struct buf *ret)
{
	struct query q = {0};
	struct reply r = {0};
	size_t size = 0;

	query_add_u64(&q, "offset", ret->len);
	if (read_verb(c, VERB_CHANGE_SHOW, change, &q, &r) == EXIT_OK)
		size = add_piece(r.json, ret);
	reply_done(&r);
	return size;
}

int
upload_fetch(
    struct ctx *c, const char *change, const char *digest, struct buf *ret)
{
	char hex[SHA256_HEX_SIZE] = "";
	size_t size = 1;

	buf_init(ret, LIMIT_UPLOAD_MAX);
	for (unsigned i = 0; size > 0 && ret->len < size && i < PIECES_MAX; i++)
		size = get_part(c, change, ret);
	if (buf_err(ret) == 0 && ret->len > 0)
		sha256_hex(hex, ret->p, ret->len);
	if (size == 0) /* and it was said why */
		return EXIT_FAILED;
	if (strcmp(hex, digest) == 0)
		return EXIT_OK;
	say_error("the policy that was uploaded is not the one that was signed "
		  "for: do not sign");
	return EXIT_VERIFY;
}
