/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/holds.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

enum { BUCKETS = 65536 }; /* a power of two */

struct holds_key {
	struct set_key key;
	char named[LIMIT_ID_SIZE]; /* whom the kernel's comment names */
	struct hold *holds;
	struct holds_key *next;
};

struct holds {
	struct holds_key *keys[BUCKETS];
	struct hold *ids[BUCKETS];
	struct hold *grants[BUCKETS];
	struct hold *all;
	size_t n;
};

static size_t
bucket(uint8_t seed, const void *p, size_t n)
{
	const uint8_t *c = p;
	uint64_t h = 0xcbf29ce484222325ULL ^ seed;
	size_t i = 0;

	for (i = 0; i < n; i++)
		h = (h ^ c[i]) * 0x100000001b3ULL;
	return (size_t)(h ^ h >> 32) & (BUCKETS - 1);
}

static size_t
text_bucket(const char *s)
{
	return bucket(0, s, strlen(s));
}

static size_t
key_bucket(const struct set_key *k)
{
	return bucket(k->set, k->b, k->n);
}

int
holds_new(struct holds **ret)
{
	struct holds *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return GW_ENOMEM;
	*ret = l;
	return 0;
}

void
holds_free(struct holds *l)
{
	struct hold *h = NULL;

	if (l == NULL)
		return;
	while ((h = l->all) != NULL) {
		l->all = h->next_all; /* holds_drop too, but analyzers
				       * cannot follow prev_all */
		holds_drop(l, h);
	}
	free(l);
}

static struct holds_key *
find_key(const struct holds *l, const struct set_key *k)
{
	struct holds_key *lk = NULL;

	for (lk = l->keys[key_bucket(k)]; lk != NULL; lk = lk->next)
		if (set_key_equal(&lk->key, k))
			break;
	return lk;
}

struct hold *
holds_find(const struct holds *l, const struct set_key *k, const char *id)
{
	const struct holds_key *lk = find_key(l, k);
	struct hold *h = NULL;

	if (lk == NULL)
		return NULL;
	for (h = lk->holds; h != NULL; h = h->next_key)
		if (strcmp(h->id, id) == 0)
			break;
	return h;
}

static void
link_all(struct holds *l, struct hold *h)
{
	h->next_all = l->all;
	h->prev_all = &l->all;
	if (l->all != NULL)
		l->all->prev_all = &h->next_all;
	l->all = h;
	l->n++;
}

static int
add(struct holds *l, struct hold **ret, const struct set_key *k, const char *id,
    const char *grant)
{
	struct holds_key *lk = find_key(l, k), *made = NULL;
	struct hold *h = NULL;
	size_t at = 0;
	int r = GW_ELIMIT;

	if (l->n >= HOLDS_MAX)
		goto out;
	r = GW_ENOMEM;
	if ((h = calloc(1, sizeof(*h))) == NULL ||
	    (lk == NULL && (made = calloc(1, sizeof(*made))) == NULL))
		goto out;
	if ((r = str_copy(h->id, sizeof(h->id), id)) != 0 ||
	    (r = str_copy(h->grant, sizeof(h->grant), grant)) != 0)
		goto out;
	if (lk == NULL) {
		lk = made;
		made = NULL;
		lk->key = *k;
		at = key_bucket(k);
		lk->next = l->keys[at];
		l->keys[at] = lk;
	}
	h->key = *k;
	h->at = lk;
	h->next_key = lk->holds;
	lk->holds = h;
	at = text_bucket(id);
	h->next_id = l->ids[at];
	l->ids[at] = h;
	at = text_bucket(grant);
	h->next_grant = l->grants[at];
	l->grants[at] = h;
	link_all(l, h);

	*ret = h;
	h = NULL;
	r = 0;
out:
	free(made);
	free(h);
	return r;
}

int
holds_put(struct holds *l, struct hold **ret, const struct set_key *k,
    const struct element *e, const char *id, const char *grant, uint32_t round)
{
	struct hold *h = holds_find(l, k, id);
	int r = 0;

	if (h != NULL && strcmp(h->grant, grant) != 0)
		return GW_EINVAL; /* an id never changes its grant */
	if (h == NULL && (r = add(l, &h, k, id, grant)) != 0)
		return r;
	h->element = *e;
	h->end_ms = e->end_boot_ms;
	h->round = round;
	h->closing = false;
	*ret = h;
	return 0;
}

static void
drop_key(struct holds *l, struct holds_key *lk)
{
	struct holds_key **p = &l->keys[key_bucket(&lk->key)];

	while (*p != lk)
		p = &(*p)->next;
	*p = lk->next;
	free(lk);
}

void
holds_drop(struct holds *l, struct hold *h)
{
	struct hold **p = NULL;

	for (p = &h->at->holds; *p != h; p = &(*p)->next_key)
		;
	*p = h->next_key;
	for (p = &l->ids[text_bucket(h->id)]; *p != h; p = &(*p)->next_id)
		;
	*p = h->next_id;
	p = &l->grants[text_bucket(h->grant)];
	for (; *p != h; p = &(*p)->next_grant)
		;
	*p = h->next_grant;
	*h->prev_all = h->next_all;
	if (h->next_all != NULL)
		h->next_all->prev_all = h->prev_all;
	l->n--;
	if (h->at->holds == NULL)
		drop_key(l, h->at);
	free(h);
}

const struct hold *
holds_longest(const struct holds *l, const struct set_key *k)
{
	const struct holds_key *lk = find_key(l, k);
	const struct hold *h = NULL, *best = NULL;

	if (lk == NULL)
		return NULL;
	for (h = lk->holds; h != NULL; h = h->next_key)
		if (best == NULL || h->end_ms > best->end_ms)
			best = h;
	return best;
}

bool
holds_is_named(const struct hold *h)
{
	return strcmp(h->at->named, h->id) == 0;
}

void
holds_name(const struct hold *h)
{
	memcpy(h->at->named, h->id, sizeof(h->at->named));
}

struct hold *
holds_of(const struct holds *l, const char *id, const struct hold *after)
{
	bool grant = id[0] == 'g';
	struct hold *h = NULL;

	if (after != NULL)
		h = grant ? after->next_grant : after->next_id;
	else
		h = grant ? l->grants[text_bucket(id)]
			  : l->ids[text_bucket(id)];
	while (h != NULL && strcmp(grant ? h->grant : h->id, id) != 0)
		h = grant ? h->next_grant : h->next_id;
	return h;
}

struct hold *
holds_all(const struct holds *l, const struct hold *after)
{
	return after == NULL ? l->all : after->next_all;
}

size_t
holds_count(const struct holds *l)
{
	return l->n;
}

int64_t
holds_first_end(const struct holds *l)
{
	const struct hold *h = NULL;
	int64_t first = INT64_MAX;

	for (h = l->all; h != NULL; h = h->next_all)
		if (h->end_ms < first)
			first = h->end_ms;
	return first;
}
