/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/fw.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "firewall/elem.h"
#include "firewall/fw_impl.h"

enum { TICK_MS = 1000, RETRY_MS = 100 };

static int
copy_rules(struct ruleset *ret, const struct ruleset *rs)
{
	struct ruleset c = *rs;
	int r = ruleset_copy_protected(&c, rs);

	c.poke_uid = geteuid();
	*ret = c;
	return r;
}

static int
inherit_one(void *arg, const struct elem *e)
{
	struct triple t;
	bool added = false;

	memset(&t, 0, sizeof(t));
	if (!set_key_triple(&t.addr, &t.proto, &t.port, &e->key))
		return GW_EPROTO;
	return ruleset_protect(arg, &t, &added);
}

/* What an earlier life or sallyport-closed had shut stays shut, also when no
 * list of it is left. */
static int
inherit(struct fw *f)
{
	int r = elem_dump(f->ask, SET_PROTECTED4, inherit_one, &f->rules);

	if (r == 0)
		r = elem_dump(f->ask, SET_PROTECTED6, inherit_one, &f->rules);
	return r == GW_ENOENT ? 0 : r; /* no table yet */
}

int
fw_open(struct fw **ret, const struct fw_opts *opts)
{
	struct cut_opts co;
	struct fw *f = NULL;
	int r = GW_ENOMEM;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		goto out;
	f->o = *opts;
	f->o.rules = NULL;
	f->next_end = INT64_MAX;
	f->slept_ms = clock_now().boot_ms - clock_mono_us() / 1000;
	if ((r = copy_rules(&f->rules, opts->rules)) != 0 ||
	    (r = holds_new(&f->holds)) != 0)
		goto out;
	r = GW_ENOMEM;
	if ((f->wants = calloc(WANTS_MAX, sizeof(*f->wants))) == NULL)
		goto out;
	if (!opts->force_old && (r = ability_probe(&f->can)) != 0)
		goto out;
	/* Events first: what happens from here on is noticed. */
	if ((r = nl_open(&f->events, true)) != 0 ||
	    (r = nl_open(&f->nft, false)) != 0 ||
	    (r = nl_open(&f->ask, false)) != 0)
		goto out;
	if ((r = inherit(f)) != 0 ||
	    (r = ruleset_load(f->nft, &f->can, &f->rules, &f->loaded)) != 0 ||
	    (r = fw_remember(f)) != 0)
		goto out;
	memset(&co, 0, sizeof(co));
	co.nft = f->nft;
	co.ask = f->ask;
	co.can = &f->can;
	co.arg = f->o.arg;
	co.on_flow = f->o.on_flow;
	if ((r = cut_new(&f->cut, &co)) != 0 || (r = fw_check_bypass(f)) != 0)
		goto out;

	*ret = f;
	f = NULL;
out:
	fw_free(f);
	return r;
}

void
fw_free(struct fw *f)
{
	if (f == NULL)
		return;
	cut_free(f->cut);
	holds_free(f->holds);
	free(f->wants);
	nl_close(f->events);
	nl_close(f->ask);
	nl_close(f->nft);
	ruleset_done(&f->rules);
	free(f);
}

enum load_result
fw_loaded(const struct fw *f)
{
	return f->loaded;
}

const struct ability *
fw_can(const struct fw *f)
{
	return &f->can;
}

const struct ruleset *
fw_rules(const struct fw *f)
{
	return &f->rules;
}

/* All of them in one transaction. What fails was not added: it is not shut, so
 * it is not believed to be. */
static int
protect_batch(struct fw *f, const struct triple *t, size_t n, bool *added)
{
	const size_t before = f->rules.nprotected;
	size_t i = 0;
	int r = 0;

	for (i = 0; i < n && r == 0; i++)
		r = ruleset_protect(&f->rules, &t[i], &added[i]);
	if (r == 0 && f->rules.nprotected > before)
		r = ruleset_add(f->nft, &f->rules.protected_[before],
		    f->rules.nprotected - before);
	if (r != 0) {
		ruleset_cut(&f->rules, before);
		memset(added, 0, n * sizeof(*added));
	}
	return r;
}

void
fw_protect(
    struct fw *f, const struct triple *t, size_t n, bool *retadded, int *reterr)
{
	size_t i = 0;
	const int r = protect_batch(f, t, n, retadded);

	/* one that cannot be does not leave the others open */
	for (i = 0; i < n; i++)
		reterr[i] = r == 0 || n == 1
				? r
				: protect_batch(f, &t[i], 1, &retadded[i]);
}

int
fw_unprotect(struct fw *f, const struct triple *t)
{
	bool added = false;
	int r = ruleset_unprotect(&f->rules, t);

	if (r == 0 && (r = ruleset_remove(f->nft, &f->can, t)) != 0)
		(void)!ruleset_protect(&f->rules, t, &added); /* still shut */
	return r;
}

static void
ends_at(struct fw *f, int64_t end_ms)
{
	if (end_ms < f->next_end)
		f->next_end = end_ms;
}

/* After this the hold counts for nothing; it goes once its flows are cut. */
static int
shut(struct fw *f, struct hold *h, const struct now *now)
{
	h->end_ms = 0;
	h->closing = true;
	ends_at(f, 0); /* if we fail here the tick tries again */
	return fw_apply(f, &h->key, now);
}

static int
cut_wanted(struct fw *f, const struct now *now, struct cut_totals *totals)
{
	int r = cut_flows(f->cut, f->wants, f->nwants, now, totals);

	f->nwants = 0;
	return r;
}

/* The hold goes; its flows are cut by cut_wanted. */
static int
drop(struct fw *f, struct hold *h, const struct now *now,
    struct cut_totals *totals)
{
	struct set_key key = h->key;
	struct cut_want *w = &f->wants[f->nwants];

	w->element = h->element;
	memcpy(w->grant, h->grant, sizeof(w->grant));
	memcpy(w->id, h->id, sizeof(w->id));
	holds_drop(f->holds, h);
	/* An entry another grant still holds is also its sessions' way in. */
	if (w->element.kind == ELEMENT_ENTRY &&
	    holds_longest(f->holds, &key) != NULL)
		return 0;
	if (++f->nwants < WANTS_MAX)
		return 0;
	return cut_wanted(f, now, totals);
}

static int
open_one(struct fw *f, const struct element *e, const char *id,
    const char *grant, const struct now *now)
{
	int64_t left = e->end_boot_ms - now->boot_ms;
	struct hold *h = NULL;
	struct set_key k;
	int r = set_key_of(&k, e);

	if (r != 0)
		return r;
	if (e->end_boot_ms <= now->boot_ms || left < ELEM_LIFE_MIN_MS)
		return GW_ESTATE;
	if (left > ELEM_LIFE_MAX_MS)
		return GW_EDENIED;
	if (e->kind == ELEMENT_LEG && (r = cut_forget(f->cut, e, now)) != 0)
		return r;
	r = holds_put(f->holds, &h, &k, e, id, grant, f->round);
	if (r != 0)
		return r;
	ends_at(f, h->end_ms);
	if ((r = fw_apply(f, &k, now)) != 0)
		(void)!shut(f, h, now); /* the tick tries again */
	return r;
}

int
fw_open_elements(struct fw *f, const struct element_list *l, const char *id,
    const char *grant, const struct now *now)
{
	struct hold *h = NULL;
	struct set_key k;
	uint32_t i = 0, done = 0;
	int r = 0;

	if (l->n > ELEMENT_MAX || id[0] == '\0' || grant[0] == '\0')
		return GW_EINVAL;
	for (i = 0; i < l->n && r == 0; i++) {
		r = open_one(f, &l->e[i], id, grant, now);
		if (r == 0)
			done++;
	}
	if (r == 0)
		return 0;
	for (i = 0; i < done; i++) { /* all or nothing */
		if (set_key_of(&k, &l->e[i]) != 0)
			continue;
		h = holds_find(f->holds, &k, id);
		if (h != NULL && shut(f, h, now) == 0)
			(void)!drop(f, h, now, NULL);
	}
	(void)!cut_wanted(f, now, NULL);
	return r;
}

/* What id holds of l now, in *ret. GW_ENOENT: not all of it. */
static int
held_of(const struct fw *f, const struct element_list *l, const char *id,
    struct element_list *ret)
{
	const struct hold *h = NULL;
	struct set_key k;
	uint32_t i = 0;
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	if (l->n == 0 || l->n > ELEMENT_MAX)
		return GW_EINVAL;
	for (i = 0; i < l->n; i++) {
		if ((r = set_key_of(&k, &l->e[i])) != 0)
			return r;
		h = holds_find(f->holds, &k, id);
		if (h == NULL || h->closing)
			return GW_ENOENT;
		ret->e[ret->n++] = h->element;
	}
	return 0;
}

/* One that is held: the element in the kernel moves its end in place. */
static int
move_end(struct fw *f, const struct element *e, const char *id,
    const char *grant, const struct now *now)
{
	struct hold *h = NULL;
	struct set_key k;
	int r = set_key_of(&k, e);

	if (r == 0)
		r = holds_put(f->holds, &h, &k, e, id, grant, f->round);
	if (r != 0)
		return r;
	ends_at(f, h->end_ms);
	return fw_apply(f, &k, now);
}

int
fw_move_ends(struct fw *f, const struct element_list *l, const char *id,
    const char *grant, const struct now *now, struct element_list *retwas)
{
	uint32_t i = 0, k = 0;
	int r = held_of(f, l, id, retwas);

	for (i = 0; i < l->n && r == 0; i++) {
		const int64_t left = l->e[i].end_boot_ms - now->boot_ms;

		if (left < ELEM_LIFE_MIN_MS)
			r = GW_ESTATE;
		else if (left > ELEM_LIFE_MAX_MS)
			r = GW_EDENIED;
	}
	if (r != 0)
		return r;
	for (i = 0; i < l->n && r == 0; i++)
		r = move_end(f, &l->e[i], id, grant, now);
	/* all or nothing; where the kernel does not take that, fw_check sees
	 * that its element is not what the holds say */
	for (k = 0; r != 0 && k < i; k++)
		(void)!move_end(f, &retwas->e[k], id, grant, now);
	return r;
}

int
fw_close_grant(
    struct fw *f, const char *id, const struct now *now, struct cut_totals *ret)
{
	int64_t tail = now->boot_ms + LIMIT_CLIENT_TAIL_S * 1000;
	struct cut_totals totals = {0, 0, 0, 0, 0};
	struct hold *h = NULL, *next = NULL;
	int r = GW_ENOENT, one = 0;

	/* First nothing passes, then both ends learn it. */
	for (h = holds_of(f->holds, id, NULL); h != NULL;
	     h = holds_of(f->holds, id, h)) {
		r = r == GW_ENOENT ? 0 : r;
		if (h->element.kind != ELEMENT_ENTRY) {
			one = shut(f, h, now);
		} else if (h->end_ms > tail) {
			h->end_ms = tail;
			h->closing = true;
			ends_at(f, tail);
			one = fw_apply(f, &h->key, now);
		}
		if (one != 0)
			r = one;
	}
	for (h = holds_of(f->holds, id, NULL); h != NULL && r == 0; h = next) {
		next = holds_of(f->holds, id, h);
		if (h->end_ms == 0 && (one = drop(f, h, now, &totals)) != 0)
			r = one;
	}
	if ((one = cut_wanted(f, now, &totals)) != 0)
		r = r != 0 ? r : one;
	if (ret != NULL)
		*ret = totals;
	return r;
}

bool
fw_holds(const struct fw *f, const char *id)
{
	const struct hold *h = holds_of(f->holds, id, NULL);

	while (h != NULL && h->closing)
		h = holds_of(f->holds, id, h);
	return h != NULL;
}

struct allowed_walk {
	const struct now *now;
	void (*cb)(void *arg, const struct allowed *a);
	void *arg;
};

static int
allowed_one(void *arg, const struct elem *e)
{
	const struct allowed_walk *w = arg;
	struct allowed a = {.loginuid = -1};
	struct element x;

	if (!id_ok(e->comment, 'b') || !set_key_element(&x, &e->key) ||
	    FAULT(fw_allowed))
		return 0;
	memcpy(a.id, e->comment, sizeof(a.id));
	a.source = x.source;
	a.target = x.target;
	a.port = x.port;
	a.end_ms = w->now->utc_ms + e->left_ms;
	w->cb(w->arg, &a);
	return 0;
}

int
fw_allowed(struct fw *f, const struct now *now,
    void (*cb)(void *arg, const struct allowed *a), void *arg)
{
	struct allowed_walk w = {now, cb, arg};
	int r = elem_dump(f->ask, SET_PATH4, allowed_one, &w);

	return r != 0 ? r : elem_dump(f->ask, SET_PATH6, allowed_one, &w);
}

void
fw_sync_begin(struct fw *f)
{
	f->round++;
}

int
fw_sync_end(struct fw *f, const struct now *now, uint32_t *retremoved,
    uint32_t *retkept)
{
	struct hold *h = NULL, *next = NULL;
	uint32_t removed = 0, strangers = 0;
	int r = 0, one = 0;

	for (h = holds_all(f->holds, NULL); h != NULL; h = next) {
		next = holds_all(f->holds, h);
		if (h->round == f->round || h->end_ms <= now->boot_ms)
			continue;
		removed++;
		if ((one = shut(f, h, now)) == 0)
			one = drop(f, h, now, NULL);
		r = r != 0 ? r : one;
	}
	one = cut_wanted(f, now, NULL);
	r = r != 0 ? r : one;
	one = fw_strangers(f, now, &strangers);
	*retremoved = removed + strangers;
	*retkept = (uint32_t)holds_count(f->holds);
	return r != 0 ? r : one;
}

/* The kernel ended these by itself, except where somebody else holds the key
 * or an earlier removal failed. */
static void
end_due(struct fw *f, const struct now *now)
{
	struct hold *h = NULL, *next = NULL;
	bool retry = false;

	if (f->next_end > now->boot_ms)
		return;
	for (h = holds_all(f->holds, NULL); h != NULL; h = next) {
		next = holds_all(f->holds, h);
		if (h->end_ms > now->boot_ms)
			continue;
		if (h->closing && fw_apply(f, &h->key, now) != 0)
			retry = true;
		else
			(void)!drop(f, h, now, NULL);
	}
	(void)!cut_wanted(f, now, NULL);
	f->next_end =
	    retry ? now->boot_ms + RETRY_MS : holds_first_end(f->holds);
}

int64_t
fw_tick(struct fw *f, const struct now *now)
{
	int64_t next = TICK_MS, cut = 0;

	end_due(f, now);
	cut = cut_tick(f->cut, now);
	if (cut >= 0 && cut < next)
		next = cut;
	if (f->next_end - now->boot_ms < next)
		next = f->next_end - now->boot_ms;
	return next < 1 ? 1 : next;
}
