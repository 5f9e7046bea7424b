/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock_me - see the header. A wrong code counts against nobody: whoever can
 * guess one of 80 bits needs no tries, and a stranger must not be able to have
 * a user's codes refused.
 */
#include "broker/admin/lock_me.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/admin/lock.h"
#include "broker/broker.h"
#include "broker/identity/denials.h"
#include "broker/identity/slow.h"

enum { WINDOW_MS = 60 * 1000 };

/* The tries of one minute. */
struct lock_me {
	int64_t since_boot_ms;
	unsigned n;
	struct count {
		struct addr network;
		unsigned n;
	} source[LIMIT_LOCK_ME_ALL + 1], wide[LIMIT_LOCK_ME_ALL + 1];
};

/* One of them. */
struct attempt {
	struct slow slow;
	char name[LIMIT_NAME_SIZE];
};

static void
attempt_free(void *p)
{
	struct attempt *x = p;

	slow_done(&x->slow);
	free(x);
}

int
lock_me_new(struct broker *b)
{
	b->lock_me = calloc(1, sizeof(*b->lock_me));
	return b->lock_me != NULL ? 0 : GW_ENOMEM;
}

void
lock_me_free(struct broker *b)
{
	free(b->lock_me);
	b->lock_me = NULL;
}

static unsigned *
count_of(struct count *all, const struct addr *network)
{
	while (all->n > 0 && !addr_equal(&all->network, network))
		all++;
	all->network = *network;
	return &all->n;
}

/* Counted, be it right or wrong. *retafter gets how many of its network came
 * before it, and itself. */
static bool
may_try(struct lock_me *m, const struct addr *peer, int64_t boot_ms,
    unsigned *retafter)
{
	const struct addr network = addr_network(peer);
	const struct addr wide = addr_masked(peer, peer->family == 6 ? 48 : 24);
	unsigned *n = NULL, *of_wide = NULL;

	if (m->n == 0 || boot_ms - m->since_boot_ms >= WINDOW_MS) {
		memset(m, 0, sizeof(*m));
		m->since_boot_ms = boot_ms;
	}
	if (m->n == LIMIT_LOCK_ME_ALL)
		return FAULT(lock_me_always);
	n = count_of(m->source, &network);
	of_wide = count_of(m->wide, &wide);
	if ((*n >= LIMIT_LOCK_ME && !FAULT(lock_me_always)) ||
	    (*of_wide >= LOCK_ME_WIDE && !FAULT(lock_me_wide)))
		return false;
	++*n;
	m->n++;
	*retafter = ++*of_wide;
	return true;
}

/* Who they say they are, and how their codes are kept. What takes time is done
 * for a name that nobody has as well. */
static int
load(struct call *c, const char *name, struct recovery_set *set)
{
	char id[LIMIT_ID_SIZE];
	int r = store_id(c->b->store, STORE_USERS, name, id);

	memset(set, 0, sizeof(*set));
	if (r == 0)
		r = store_recovery_get(c->b->store, name, set);
	return r == GW_ENOENT ? 0 : r;
}

static void
wrong(struct call *c, const char *name)
{
	struct event_fields f;

	call_fields(c, &f);
	event_str(&f, EF_TRIED, name);
	event_str(&f, EF_METHOD, "recovery");
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, "lock-me");
	if (denials_write(c->b, &c->peer) &&
	    process_append(c->b->process, EV_AUTH_MFA_DENIED, &f, NULL, NULL) !=
		0)
		log_warn("a refused recovery code could not be recorded");
	event_fields_done(&f);
	call_refuse(c, 403, "code-wrong", "code",
	    "nothing is locked: this is not a user with one of their recovery "
	    "codes, not used before; an admin can lock them (jitctl lock user "
	    "NAME)");
}

static int
read_body(const struct call *c, const char **retname,
    char plain[static RECOVERY_SIZE], struct problem *p)
{
	static const char *const keys[] = {"user", "code", NULL};
	const char *code = NULL;
	int r;

	if ((r = json_only(c->req.body, keys, p)) != 0 ||
	    (r = json_get_name(c->req.body, "user", true, retname, p)) != 0 ||
	    (r = json_get_str(
		 c->req.body, "code", true, LIMIT_NAME_MAX, &code, p)) != 0)
		return r;
	(void)recovery_read(plain, code);
	json_wipe(c->req.body, "code");
	if (plain[0] != '\0')
		return 0;
	problem_set(p, 400, "bad-field", "code",
	    "code: a recovery code like 4H7K-2MQX-9TRB-6WNC was expected");
	return GW_EINVAL;
}

static void
failed(struct call *c, int r)
{
	log_err("a recovery code cannot be checked: %s", err_str(r));
	call_refuse(c, 503, "unavailable", NULL,
	    "nothing is locked: the code cannot be checked");
}

/* The state of the call is the lock's from here on. */
static void
lock_them(struct call *c)
{
	struct attempt *x = c->state;
	struct lock l = {0};
	uint8_t hash[RECOVERY_HASH_SIZE];

	if (lock_set(&l, LOCK_USER, x->name) != 0) {
		call_unavailable(c, "memory");
		return;
	}
	name_set(c->user, x->name);
	name_set(l.by, x->name);
	text_set(
	    l.reason, sizeof(l.reason), "by themself, with a recovery code");
	memcpy(hash, x->slow.hash, sizeof(hash));
	attempt_free(x);
	c->state = NULL;
	c->state_free = NULL;
	lock_themself(c, &l, hash);
	explicit_bzero(hash, sizeof(hash));
}

/* Against what there is by now. */
static void
hashed(struct call *c, struct slow *s)
{
	struct attempt *x = c->state;
	const struct recovery_hash *h = NULL;
	struct recovery_set set;
	int r = s->result != 0 ? s->result : load(c, x->name, &set);

	if (r != 0) {
		failed(c, r);
		return;
	}
	h = recovery_find(&set, s->hash);
	if (memcmp(set.salt, s->salt, sizeof(set.salt)) == 0 && h != NULL &&
	    (!h->used || FAULT(lock_me_again)))
		lock_them(c);
	else
		wrong(c, x->name);
}

void
verb_lock_me(struct call *c)
{
	struct attempt *x = call_state(c, sizeof(*x), attempt_free);
	struct recovery_set set;
	struct problem p = {0};
	const char *name = NULL;
	int r;

	if (x == NULL)
		return;
	if (read_body(c, &name, x->slow.plain, &p) != 0) {
		call_problem(c, &p);
	} else if (!may_try(c->b->lock_me, &c->peer, broker_now(c->b).boot_ms,
		       &x->slow.after)) {
		call_refuse(c, 429, "too-many", NULL,
		    "nothing is locked: too many tries within a minute: try "
		    "again after that, or ask an admin (jitctl lock user %s)",
		    name);
	} else if ((r = load(c, name, &set)) != 0) {
		failed(c, r);
	} else {
		name_set(x->name, name);
		memcpy(x->slow.salt, set.salt, sizeof(set.salt));
		slow_hash(c, &x->slow, hashed);
	}
}
