/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token - short read-only tokens for lists: 15 minutes, bound to user and
 * address, in memory only (a restart forgets them, which is cheap and safe).
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/put.h"
#include "broker/identity/regulars.h"
#include "broker/identity/token.h"

enum { TOKEN_BYTES = 24 };

struct token {
	struct token *next;
	char text[4 + TOKEN_BYTES * 2];
	char user[LIMIT_NAME_SIZE];
	char key_fp[SSHKEY_FP_SIZE];
	struct addr source;
	int64_t end_boot_ms;
};

struct tokens {
	struct token *list;
	unsigned n;
};

int
tokens_new(struct tokens **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL ? 0 : GW_ENOMEM;
}

static void
drop(struct broker *b, struct token **tp)
{
	struct tokens *t = b->tokens;
	struct token *x = *tp;

	regulars_drop(b, &x->source);
	*tp = x->next;
	t->n--;
	explicit_bzero(x, sizeof(*x));
	free(x);
}

/* Drops what has expired, and counts what is left of user. */
static unsigned
tidy(struct broker *b, const char *user, int64_t now)
{
	struct tokens *t = b->tokens;
	unsigned own = 0;

	for (struct token **tp = &t->list; *tp != NULL;) {
		if ((*tp)->end_boot_ms <= now) {
			drop(b, tp);
			continue;
		}
		if (strcmp((*tp)->user, user) == 0)
			own++;
		tp = &(*tp)->next;
	}
	return own;
}

/* False: the call was answered. Asked before the record of it, and after, when
 * another may have got the last one. */
static bool
has_place(struct call *c)
{
	struct tokens *t = c->b->tokens;

	if (tidy(c->b, c->user, broker_now(c->b).boot_ms) >=
		LIMIT_TOKENS_PER_USER ||
	    t->n >= LIMIT_TOKENS) {
		call_refuse(c, 429, "too-many", NULL,
		    "too many tokens are in use; each lives for %d min",
		    (int)LIMIT_TOKEN_LIFE_S / 60);
		return false;
	}
	return true;
}

static void
reply(struct call *c)
{
	const struct now now = broker_now(c->b);
	struct tokens *t = c->b->tokens;
	uint8_t bytes[TOKEN_BYTES];
	struct token *x = NULL;
	json_t *o = NULL;

	if (!has_place(c))
		return;
	if ((x = calloc(1, sizeof(*x))) == NULL) {
		call_refuse(c, 503, "unavailable", NULL, "out of memory");
		return;
	}
	secret_fill(bytes, sizeof(bytes));
	memcpy(x->text, "spt", 3);
	str_hex(x->text + 3, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	name_set(x->user, c->user);
	text_set(x->key_fp, sizeof(x->key_fp), c->key_fp);
	x->source = c->peer;
	x->end_boot_ms = now.boot_ms + (int64_t)LIMIT_TOKEN_LIFE_S * 1000;
	x->next = t->list;
	t->list = x;
	t->n++;
	regulars_add(c->b, &x->source);
	o = json_object();
	put_str(o, "token", x->text);
	put_time(o, "expires", now.utc_ms + (int64_t)LIMIT_TOKEN_LIFE_S * 1000);
	put_str(o, "user", c->user);
	call_reply(c, 201, o);
}

void
verb_token(struct call *c)
{
	static const char *const none[] = {NULL};
	struct event_fields f;
	struct problem p = {0};

	if (json_only(c->req.body, none, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (!has_place(c))
		return;
	call_fields(c, &f);
	event_str(&f, EF_USER, c->user);
	event_str(&f, EF_USER_ID, call_user_id(c));
	call_append(c, EV_TOKEN_CREATE, &f, reply);
	event_fields_done(&f);
}

int
token_check(struct broker *b, const char *token, const struct addr *peer,
    char retuser[static LIMIT_NAME_SIZE], char retkey[static SSHKEY_FP_SIZE],
    int64_t *retend_boot_ms)
{
	const int64_t now = broker_now(b).boot_ms;
	const size_t n = strlen(token);

	for (struct token *x = b->tokens->list; x != NULL; x = x->next) {
		if (n != strlen(x->text) || !secret_equal(token, x->text, n))
			continue;
		if (x->end_boot_ms <= now || !addr_equal(&x->source, peer))
			return GW_EDENIED;
		name_set(retuser, x->user);
		text_set(retkey, SSHKEY_FP_SIZE, x->key_fp);
		*retend_boot_ms = x->end_boot_ms;
		return 0;
	}
	return GW_EDENIED;
}

void
token_forget(struct broker *b, const char *user)
{
	for (struct token **tp = &b->tokens->list; *tp != NULL;) {
		if (strcmp((*tp)->user, user) == 0)
			drop(b, tp);
		else
			tp = &(*tp)->next;
	}
}
