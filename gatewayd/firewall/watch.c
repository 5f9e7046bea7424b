/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch - keeps the table as it should be: notices what others did to it,
 * repairs, reports. Where the kernel lets us own the table nobody can change
 * it and this finds nothing; on older kernels it is what holds the door shut.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "firewall/elem.h"
#include "firewall/fw.h"
#include "firewall/fw_impl.h"

enum {
	SLICE = 64,      /* keys compared per check without suspicion */
	SLACK_MS = 1500, /* a life may differ by this much */
	SLEPT_MS = 50,   /* more is a suspend, less is reading two clocks */
	PASSES = 3,      /* a dump misses elements: dump again */
	STRANGERS_MAX = 4096, /* internal: per pass */
	BUSY_EACH = 256,      /* keyed gets; a few milliseconds */
};

int
fw_remember(struct fw *f)
{
	int r = ruleset_generation(f->ask, &f->gen_base);

	f->commits_base = nl_commits(f->nft);
	return r != 0 ? r : ruleset_print(f->ask, &f->print);
}

static void
busy(struct fw *f, size_t n)
{
	if (n % BUSY_EACH == 0 && f->o.on_busy != NULL)
		f->o.on_busy(f->o.arg);
}

struct strangers {
	struct fw *f;
	struct set_key *keys;
	size_t n, seen;
};

static int
maybe_stranger(void *arg, const struct elem *e)
{
	struct strangers *s = arg;

	busy(s->f, s->seen++);
	if (holds_longest(s->f->holds, &e->key) == NULL && s->n < STRANGERS_MAX)
		s->keys[s->n++] = e->key;
	return 0;
}

static int
expel(struct fw *f, const struct set_key *k, const struct now *now,
    uint32_t *removed)
{
	struct cut_want w;
	struct elem there;
	int r = elem_get(f->ask, &there, k);

	if (r == GW_ENOENT)
		return 0;
	if (r != 0 || (r = elem_remove(f->nft, &f->can, k)) != 0)
		return r;
	(*removed)++;
	memset(&w, 0, sizeof(w));
	if (!set_key_element(&w.element, k))
		return 0;
	/* The comment is all there is to say whose it was. */
	if (str_copy(w.id, sizeof(w.id), there.comment) != 0)
		w.id[0] = '\0';
	memcpy(w.grant, w.id, sizeof(w.grant));
	return cut_flows(f->cut, &w, 1, now, NULL);
}

int
fw_strangers(struct fw *f, const struct now *now, uint32_t *retremoved)
{
	struct strangers s = {f, NULL, 0, 0};
	uint32_t removed = 0;
	size_t i = 0;
	enum set_id set = SET_NONE;
	int r = 0, pass = 0;

	*retremoved = 0;
	if (FAULT(fw_strangers))
		return 0;
	s.keys = calloc(STRANGERS_MAX, sizeof(*s.keys));
	if (s.keys == NULL)
		return GW_ENOMEM;
	for (pass = 0; pass < PASSES && r == 0; pass++) {
		s.n = 0;
		for (set = SET_ENTRY4; set <= SET_LEG6 && r == 0; set++)
			r = elem_dump(f->ask, set, maybe_stranger, &s);
		for (i = 0; i < s.n && r == 0; i++)
			r = expel(f, &s.keys[i], now, &removed);
		if (s.n == 0)
			break;
	}
	free(s.keys);
	*retremoved = removed;
	return r;
}

/* One key, exactly. True in *fixed when it was wrong. */
static int
check_key(
    struct fw *f, const struct set_key *k, const struct now *now, bool *fixed)
{
	const struct hold *h = holds_longest(f->holds, k);
	int64_t want = h == NULL ? 0 : h->end_ms - now->boot_ms, off = 0;
	struct elem e;
	int r = 0;

	if (want < SLACK_MS) /* about to end anyway */
		return 0;
	r = elem_get(f->ask, &e, k);
	if (r != 0 && r != GW_ENOENT)
		return r;
	off = r == 0 ? e.left_ms - want : 0;
	if (r == 0 && e.left_ms > 0 && off < SLACK_MS && off > -SLACK_MS)
		return 0;
	*fixed = true;
	return fw_apply(f, k, now);
}

static int
check_elements(
    struct fw *f, const struct now *now, size_t max, uint32_t *retfixed)
{
	const struct hold *h = NULL;
	size_t at = 0, seen = 0, n = holds_count(f->holds);
	bool fixed = false;
	int r = 0;

	if (f->cursor >= n)
		f->cursor = 0;
	for (h = holds_all(f->holds, NULL); h != NULL && r == 0 && seen < max;
	     h = holds_all(f->holds, h), at++) {
		if (at < f->cursor)
			continue;
		fixed = false;
		busy(f, seen);
		r = check_key(f, &h->key, now, &fixed);
		if (fixed)
			(*retfixed)++;
		seen++;
	}
	f->cursor += seen;
	return r;
}

static int
rules_intact(struct fw *f, bool *ret)
{
	uint64_t print = 0;
	int r = 0, i = 0;

	*ret = false;
	/* Twice: a dump that raced with a change is not the truth. */
	for (i = 0; i < 2; i++) {
		r = ruleset_print(f->ask, &print);
		if (r != 0 && r != GW_ENOENT)
			return r;
		if (r == 0 && print == f->print) {
			if (!f->can.owner) /* else nobody can touch them */
				r = ruleset_lists_check(f->ask, &f->rules);
			*ret = r == 0;
			return r == GW_ENOENT ? 0 : r;
		}
	}
	return 0;
}

/* Skeleton first: it shuts. Then what may be open. */
static int
repair(struct fw *f, const struct now *now)
{
	enum load_result how = LOAD_FAILED;
	uint32_t fixed = 0;
	int r = 0;

	if ((r = ruleset_load(f->nft, &f->can, &f->rules, &how)) != 0 ||
	    (r = fw_remember(f)) != 0) {
		fw_say(f, FW_EVENT_BROKEN,
		    "the firewall table was changed by somebody else and "
		    "could not be restored");
		return r;
	}
	f->loaded = how;
	f->cursor = 0;
	if ((r = check_elements(f, now, SIZE_MAX, &fixed)) != 0)
		return r;
	fw_say(f, FW_EVENT_TAMPER,
	    how == LOAD_NEW
		? "the firewall table had been deleted; it is back"
		: "rules of the firewall table had been changed; restored");
	return 0;
}

int
fw_check_bypass(struct fw *f)
{
	bool before = f->bypassed;
	int r = ruleset_bypassed(f->ask, &f->bypassed);

	if (r == 0 && f->bypassed && !before)
		fw_say(f, FW_EVENT_BROKEN,
		    "rules of another table (fwd, or a flowtable) lead packets "
		    "round this firewall: what is shut may be reached");
	return r;
}

int
fw_foreign(struct fw *f, const uint16_t *ports, size_t n, struct foreign *ret)
{
	if (f->looked)
		return GW_EAGAIN;
	f->looked = true;
	return foreign_look(ret, f->ask, ports, n);
}

static int
suspicious(struct fw *f, const struct now *now)
{
	uint32_t gen = 0, removed = 0, fixed = 0;
	bool intact = false;
	int r = 0;

	if ((r = ruleset_generation(f->ask, &gen)) != 0 ||
	    (r = rules_intact(f, &intact)) != 0)
		return r;
	f->gen_base = gen;
	f->commits_base = nl_commits(f->nft);
	f->looked = false;
	if (!intact && (r = repair(f, now)) != 0)
		return r;
	if ((r = fw_check_bypass(f)) != 0)
		return r;
	if (f->can.owner)
		return 0; /* nobody else can touch its elements */
	f->cursor = 0;
	if ((r = fw_strangers(f, now, &removed)) != 0 ||
	    (r = check_elements(f, now, SIZE_MAX, &fixed)) != 0)
		return r;
	if (removed > 0)
		fw_say(f, FW_EVENT_TAMPER,
		    "openings that no grant explains were put into the "
		    "firewall table; they are removed");
	if (fixed > 0)
		fw_say(f, FW_EVENT_DRIFT,
		    "openings differed from their grants; they are corrected");
	return 0;
}

static int
note_foreign(void *arg, const struct nl_msg *m)
{
	uint32_t *foreign = arg; /* [0] our port id, [1] count */

	if (m->portid != foreign[0])
		foreign[1]++;
	return 0;
}

int
fw_fd(const struct fw *f)
{
	return nl_fd(f->events);
}

int
fw_events(struct fw *f, const struct now *now)
{
	uint32_t foreign[2] = {nl_portid(f->nft), 0};
	int r = nl_events(f->events, note_foreign, foreign);

	if (r == GW_ELIMIT) /* events were lost */
		foreign[1]++;
	else if (r != 0)
		return r;
	return foreign[1] > 0 ? suspicious(f, now) : 0;
}

/* The kernel's timers stood still while the machine slept; grants did not. */
static int
shorten(struct fw *f, const struct now *now)
{
	int64_t slept = clock_now().boot_ms - clock_mono_us() / 1000;
	const struct hold *h = NULL;
	int r = 0;

	if (slept - f->slept_ms < SLEPT_MS)
		return 0;
	for (h = holds_all(f->holds, NULL); h != NULL && r == 0;
	     h = holds_all(f->holds, h))
		r = fw_apply(f, &h->key, now);
	if (r == 0)
		f->slept_ms = slept;
	return r;
}

int
fw_check(struct fw *f, const struct now *now)
{
	uint32_t gen = 0, fixed = 0;
	int r = 0;

	if ((r = shorten(f, now)) != 0 ||
	    (r = ruleset_generation(f->ask, &gen)) != 0)
		return r;
	if (gen - f->gen_base != nl_commits(f->nft) - f->commits_base)
		return suspicious(f, now);
	if ((r = check_elements(f, now, SLICE, &fixed)) != 0)
		return r;
	if (fixed > 0)
		fw_say(f, FW_EVENT_DRIFT,
		    "openings differed from their grants; they are corrected");
	return 0;
}
