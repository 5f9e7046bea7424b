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
#include "sys/scrypt.h"

enum { WINDOW_MS = 60 * 1000 };

/* The tries of one minute. */
struct lock_me {
	int64_t since_boot_ms;
	unsigned n;
	struct {
		struct addr network;
		unsigned n;
	} source[LIMIT_LOCK_ME_ALL];
};

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

/* Counted, be it right or wrong. */
static bool
may_try(struct lock_me *m, const struct addr *peer, int64_t boot_ms)
{
	const struct addr network = addr_network(peer);
	size_t i = 0;

	if (m->n == 0 || boot_ms - m->since_boot_ms >= WINDOW_MS) {
		memset(m, 0, sizeof(*m));
		m->since_boot_ms = boot_ms;
	}
	if (m->n == LIMIT_LOCK_ME_ALL && !FAULT(lock_me_always))
		return false;
	while (
	    m->source[i].n > 0 && !addr_equal(&m->source[i].network, &network))
		i++;
	if (m->source[i].n >= LIMIT_LOCK_ME && !FAULT(lock_me_always))
		return false;
	m->source[i].network = network;
	m->source[i].n++;
	m->n++;
	return true;
}

/* Who they say they are, and whether it is their code. What takes time is done
 * for a name that nobody has as well. */
static int
check(struct call *c, const char *name, const char *plain,
    uint8_t rethash[static RECOVERY_HASH_SIZE], bool *retright)
{
	const struct recovery_hash *h = NULL;
	struct recovery_set set = {0};
	char id[LIMIT_ID_SIZE];
	int r = store_id(c->b->store, STORE_USERS, name, id);

	*retright = false;
	if (r == 0)
		r = store_recovery_get(c->b->store, name, &set);
	if (r != 0 && r != GW_ENOENT)
		return r;
	if ((r = scrypt_hash(rethash, set.salt, plain)) != 0)
		return r;
	h = recovery_find(&set, rethash);
	*retright = h != NULL && (!h->used || FAULT(lock_me_again));
	return 0;
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

void
verb_lock_me(struct call *c)
{
	struct lock l = {0};
	struct problem p = {0};
	char plain[RECOVERY_SIZE] = "";
	const char *name = NULL;
	uint8_t hash[RECOVERY_HASH_SIZE];
	bool right = false;
	int r = read_body(c, &name, plain, &p);

	if (r != 0) {
		call_problem(c, &p);
	} else if (!may_try(
		       c->b->lock_me, &c->peer, broker_now(c->b).boot_ms)) {
		call_refuse(c, 429, "too-many", NULL,
		    "nothing is locked: too many tries within a minute: try "
		    "again after that, or ask an admin (jitctl lock user %s)",
		    name);
	} else if ((r = check(c, name, plain, hash, &right)) != 0) {
		log_err("a recovery code cannot be checked: %s", err_str(r));
		call_refuse(c, 503, "unavailable", NULL,
		    "nothing is locked: the code cannot be checked");
	} else if (!right) {
		wrong(c, name);
	} else if (lock_set(&l, LOCK_USER, name) != 0) {
		call_unavailable(c, "memory");
	} else {
		name_set(c->user, name);
		name_set(l.by, name);
		text_set(l.reason, sizeof(l.reason),
		    "by themself, with a recovery code");
		lock_themself(c, &l, hash);
	}
	explicit_bzero(plain, sizeof(plain));
}
