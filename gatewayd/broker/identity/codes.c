/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codes - see the header.
 */
#include "broker/identity/codes.h"

#include <string.h>

#include "broker/broker.h"
#include "sys/scrypt.h"

static char *
text_of(const struct codes *k, unsigned i)
{
	return (char *)k->text.p + (size_t)i * RECOVERY_TEXT_SIZE;
}

/* The next one. */
static int
make_one(struct codes *k)
{
	uint8_t random[RECOVERY_BYTES];
	char plain[RECOVERY_SIZE];
	int r;

	secret_fill(random, sizeof(random));
	recovery_text(text_of(k, k->set.n), random);
	(void)recovery_read(plain, text_of(k, k->set.n));
	r = scrypt_hash(k->set.hash[k->set.n].p, k->set.salt, plain);
	explicit_bzero(random, sizeof(random));
	explicit_bzero(plain, sizeof(plain));
	return r;
}

static void
failed(struct call *c)
{
	call_refuse(c, 503, "unavailable", NULL,
	    "recovery codes could not be made: nothing was changed; try again "
	    "in a moment");
}

static void
enqueue(struct broker *b, struct codes *k)
{
	struct codes **kp = &b->codes;

	while (*kp != NULL)
		kp = &(*kp)->next;
	*kp = k;
	if (b->codes == k)
		timer_set(k->timer, 0);
}

/* The next one begins; nothing if k does not wait. */
static void
leave(struct broker *b, struct codes *k)
{
	struct codes **kp = &b->codes;
	const bool first = b->codes == k;

	while (*kp != NULL && *kp != k)
		kp = &(*kp)->next;
	if (*kp == NULL)
		return;
	*kp = k->next;
	k->next = NULL;
	if (first && b->codes != NULL)
		timer_set(b->codes->timer, 0);
}

static void
on_turn(struct process *r, void *arg)
{
	struct codes *k = arg;
	const bool made = make_one(k) == 0;

	(void)r;
	if (made && ++k->set.n < LIMIT_RECOVERY_CODES) {
		timer_set(k->timer, 0);
		return;
	}
	leave(k->c->b, k);
	if (made)
		k->then(k->c);
	else
		failed(k->c);
}

void
codes_make(struct call *c, struct codes *k, call_fn *then)
{
	k->c = c;
	k->then = then;
	secret_fill(k->set.salt, sizeof(k->set.salt));
	if (secret_new(&k->text,
		(size_t)LIMIT_RECOVERY_CODES * RECOVERY_TEXT_SIZE) != 0 ||
	    (k->timer = timer_new(c->b->process, on_turn, k)) == NULL) {
		failed(c);
		return;
	}
	enqueue(c->b, k);
}

int
codes_put(const struct codes *k, const struct user *u, uint64_t seq)
{
	struct store *s = k->c->b->store;
	int r = store_begin(s);

	if (r != 0)
		return r;
	if ((r = store_user_put(s, u, seq)) == 0)
		r = store_recovery_put(s, u->name, &k->set, seq);
	if (r == 0)
		return store_commit(s);
	store_rollback(s);
	return r;
}

json_t *
codes_json(const struct codes *k)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < k->set.n; i++)
		(void)json_array_append_new(list, json_string(text_of(k, i)));
	return list;
}

void
codes_done(struct codes *k)
{
	if (k->c != NULL)
		leave(k->c->b, k);
	timer_free(k->timer);
	secret_free(&k->text);
	explicit_bzero(k, sizeof(*k));
}
