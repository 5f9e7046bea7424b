/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers - see the header.
 */
#include "broker/admin/answers.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/put.h"
#include "broker/identity/caller.h"

struct answer {
	struct answer *next; /* the newest first */
	char user_id[LIMIT_ID_SIZE];
	char key[ANSWER_KEY_SIZE];
	int64_t end_boot_ms;
	char *text;
	size_t n;
};

static void
drop(struct answer **at)
{
	struct answer *x = *at;

	*at = x->next;
	explicit_bzero(x->text, x->n);
	free(x->text);
	explicit_bzero(x, sizeof(*x));
	free(x);
}

/* Those beyond most, those that are too old, and those of a user. */
static void
drop_some(struct broker *b, unsigned most, const char *user_id)
{
	const int64_t now = broker_now(b).boot_ms;
	unsigned n = 0;

	for (struct answer **at = &b->answers; *at != NULL;)
		if (n >= most || (*at)->end_boot_ms <= now ||
		    (user_id != NULL && strcmp((*at)->user_id, user_id) == 0)) {
			drop(at);
		} else {
			at = &(*at)->next;
			n++;
		}
}

void
answers_tidy(struct broker *b)
{
	drop_some(b, LIMIT_ANSWERS, NULL);
}

int
answers_keep(struct broker *b, const char *user_id, char *text, size_t n,
    char retkey[static ANSWER_KEY_SIZE])
{
	struct answer *x = calloc(1, sizeof(*x));
	uint8_t random[16];

	if (x == NULL) {
		explicit_bzero(text, n);
		free(text);
		return GW_ENOMEM;
	}
	drop_some(b, LIMIT_ANSWERS - 1, user_id);
	secret_fill(random, sizeof(random));
	str_hex(x->key, random, sizeof(random));
	memcpy(retkey, x->key, sizeof(x->key));
	text_set(x->user_id, sizeof(x->user_id), user_id);
	x->text = text;
	x->n = n;
	x->end_boot_ms =
	    broker_now(b).boot_ms + (int64_t)LIMIT_ANSWER_LIFE_S * 1000;
	x->next = b->answers;
	b->answers = x;
	return 0;
}

static const struct answer *
find(struct call *c, const char *key)
{
	answers_tidy(c->b);
	for (const struct answer *x = c->b->answers; x != NULL; x = x->next)
		if (strcmp(x->user_id, call_user_id(c)) == 0 &&
		    strlen(key) == sizeof(x->key) - 1 &&
		    (CRYPTO_memcmp(x->key, key, sizeof(x->key)) == 0 ||
			FAULT(any_answer)))
			return x;
	return NULL;
}

void
verb_policy_answer(struct call *c)
{
	static const char *const keys[] = {"key", "offset", NULL};
	const struct answer *x = NULL;
	struct problem p = {0};
	struct buf data;
	const char *key = "";
	int64_t at = 0;
	size_t n;
	json_t *o = NULL;

	if (json_only(c->req.body, keys, &p) != 0 ||
	    json_get_str(
		c->req.body, "key", true, ANSWER_KEY_SIZE - 1, &key, &p) != 0 ||
	    json_get_int(c->req.body, "offset", true, 0, LIMIT_ANSWER_MAX, &at,
		&p) != 0) {
		call_problem(c, &p);
		return;
	}
	if ((x = find(c, key)) == NULL || (size_t)at >= x->n) {
		caller_refuse(c, 404, "not-found",
		    "there is no such answer of yours, or not any more");
		return;
	}
	n = x->n - (size_t)at;
	buf_init(&data, LIMIT_BODY_MAX);
	buf_b64(
	    &data, x->text + at, n < LIMIT_UPLOAD_PART ? n : LIMIT_UPLOAD_PART);
	o = json_object();
	put_num(o, "size", (int64_t)x->n);
	if (o != NULL && buf_err(&data) == 0)
		(void)json_object_set_new(
		    o, "data", json_stringn((const char *)data.p, data.len));
	buf_done(&data);
	call_reply(c, 200, o);
}
