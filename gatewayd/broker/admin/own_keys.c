/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_keys - the keys of whoever asks. Signed by a key that they have, with a
 * code that came with the call: a stolen key alone makes itself no company.
 *
 * MUST: the last key stays. MUST: a key of another user is nobody else's. What
 * came by a key that is removed ends.
 */
#include "broker/admin/own_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/admin/change.h"
#include "broker/admin/user.h"
#include "broker/call/put.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"

typedef int own_edit_fn(struct call *c, struct user *u, struct problem *p);

struct key_change {
	struct change ch;
	own_edit_fn *edit;
	const char *reason;      /* of the record */
	struct user old, u;      /* before and after */
	char fp[SSHKEY_FP_SIZE]; /* the key it is about; "" = none yet */
};

static void
own_free(void *p)
{
	struct key_change *x = p;

	change_done(&x->ch);
	explicit_bzero(x, sizeof(*x));
	free(x);
}

/* ---- key.list */

void
verb_keys(struct call *c)
{
	struct user *u = calloc(1, sizeof(*u));
	json_t *o = NULL, *list = NULL;
	int r = u != NULL ? store_user_get(c->b->store, c->user, u) : GW_ENOMEM;

	if (r == 0) {
		o = json_object();
		list = json_array();
	}
	for (unsigned i = 0; r == 0 && i < u->nkeys; i++) {
		const struct user_key *k = &u->keys[i];
		json_t *item = json_object();

		put_str(item, "fingerprint", k->fp);
		put_str(item, "type", k->type);
		put_str(item, "comment", k->comment);
		put_bool(item, "current", strcmp(k->fp, c->key_fp) == 0);
		(void)json_array_append_new(list, item);
	}
	if (u != NULL)
		explicit_bzero(u, sizeof(*u));
	free(u);
	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	(void)json_object_set_new(o, "items", list);
	call_reply(c, 200, o);
}

/* ---- what both do */

/* Laid over what the store says now: an admin may have changed the user while
 * the record was written. */
static int
put_edited(struct call *c, struct problem *p)
{
	struct key_change *x = c->state;
	char id[LIMIT_ID_SIZE];
	int r;

	memcpy(id, x->old.id, sizeof(id));
	if ((r = change_same(c, STORE_USERS, c->user, id, p)) != 0 ||
	    (r = store_user_get(c->b->store, c->user, &x->u)) != 0)
		return r;
	if (!permission_still(c)) {
		problem_set(p, 409, "conflict", NULL,
		    "your key was taken from you meanwhile, or you were "
		    "locked: nothing was done");
		return GW_ESTATE;
	}
	if ((r = x->edit(c, &x->u, p)) != 0)
		return r;
	return store_user_put(c->b->store, &x->u, c->seq);
}

static void
fields(struct call *c, struct event_fields *f)
{
	const struct key_change *x = c->state;

	call_fields(c, f);
	event_str(f, EF_USER, c->user);
	event_str(f, EF_USER_ID, call_user_id(c));
	event_str(f, EF_KEYS, x->fp);
}

static void
refuse(struct call *c, const struct problem *p)
{
	struct event_fields f;

	fields(c, &f);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, p->code);
	if (process_append(c->b->process, EV_USER_KEY_DENIED, &f, NULL, NULL) !=
	    0)
		log_warn("a refused change of keys could not be recorded");
	event_fields_done(&f);
	call_problem(c, p);
}

static void
made(struct call *c)
{
	struct key_change *x = c->state;

	if (!change_make(c, &x->ch, put_edited))
		return;
	change_end(c, &x->ch, x->u.name, NULL);
	call_reply(
	    c, 200, change_json(&x->ch, user_json(&x->old), user_json(&x->u)));
}

static void
code_burned(struct call *c)
{
	struct key_change *x = c->state;
	struct event_fields f;

	if (!change_weigh(c, &x->ch, put_edited))
		return;
	fields(c, &f);
	event_str(&f, EF_OUTCOME, "success");
	event_str(&f, EF_REASON, x->reason);
	call_append_change(
	    c, EV_USER_KEY, &f, user_json(&x->old), user_json(&x->u), made);
}

/* What would end by it, for whoever is about to give a code for it. */
static void
tried(struct call *c)
{
	struct key_change *x = c->state;

	if (change_weigh(c, &x->ch, put_edited))
		call_reply(c, 200,
		    change_json(&x->ch, user_json(&x->old), user_json(&x->u)));
}

/* What cannot be is told before a code is used up for it. */
static void
begin(struct call *c, const char *key, const char *reason, own_edit_fn *edit)
{
	const char *const keys[] = {key, NULL};
	struct key_change *x = call_state(c, sizeof(*x), own_free);
	struct problem p = {0};
	int r;

	if (x == NULL)
		return;
	x->edit = edit;
	x->reason = reason;
	x->ch.own_keys = !FAULT(own_keys_wait);
	if (change_read(&x->ch, c, &p) != 0 ||
	    json_only(c->req.body, keys, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if ((r = store_user_get(c->b->store, c->user, &x->old)) != 0) {
		call_store_failed(c, r);
		return;
	}
	x->u = x->old;
	if (edit(c, &x->u, &p) != 0)
		refuse(c, &p);
	else if (x->ch.dry_run)
		tried(c);
	else
		mfa_fresh(c, code_burned);
}

/* ---- key.add */

static int
add(struct call *c, struct user *u, struct problem *p)
{
	struct key_change *x = c->state;
	const unsigned n = u->nkeys;
	const char *line = NULL;
	int r = json_get_str(
	    c->req.body, "key", true, LIMIT_PUBKEY_MAX * 2, &line, p);

	if (r != 0 || (r = user_add_key(u, c->b, "key", line, p)) != 0)
		return r;
	if (u->nkeys == n) {
		problem_set(p, 409, "conflict", "key",
		    "key: it is one of yours already: jitctl key ls");
		return GW_EEXIST;
	}
	memcpy(x->fp, u->keys[n].fp, sizeof(x->fp));
	return 0;
}

void
verb_key_add(struct call *c)
{
	begin(c, "key", "added", add);
}

/* ---- key.remove */

static int
drop(struct call *c, struct user *u, struct problem *p)
{
	struct key_change *x = c->state;
	const char *fp = NULL;
	unsigned i = 0;
	int r = json_get_str(
	    c->req.body, "fingerprint", true, sizeof(x->fp) - 1, &fp, p);

	if (r != 0)
		return r;
	text_set(x->fp, sizeof(x->fp), fp);
	while (i < u->nkeys && strcmp(u->keys[i].fp, fp) != 0)
		i++;
	if (i == u->nkeys) {
		problem_set(p, 404, "not-found", "fingerprint",
		    "fingerprint: you have no such key: jitctl key ls");
		return GW_ENOENT;
	}
	if (u->nkeys == 1 && !FAULT(last_key)) {
		problem_set(p, 409, "last-key", "fingerprint",
		    "fingerprint: it is the only key you have: add another "
		    "first (jitctl key add FILE)");
		return GW_ESTATE;
	}
	u->nkeys--;
	memmove(
	    &u->keys[i], &u->keys[i + 1], (u->nkeys - i) * sizeof(u->keys[0]));
	return 0;
}

void
verb_key_remove(struct call *c)
{
	begin(c, "fingerprint", "removed", drop);
}
