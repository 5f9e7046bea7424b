/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply - policy.apply: a whole document of users, targets and roles, all or
 * nothing. It is read and compared some entries in each turn of the loop, so
 * that what ends something never waits for it; then one record says what
 * changes (after records of the document itself, if it is large), and all of it
 * is stored in one transaction. What the document does not name is left alone,
 * but with "prune".
 *
 * Until that transaction there is nothing of it but memory: a crash leaves
 * nothing. With "prune" what its lists do not name is removed as well
 * (apply_gone.c). One document at a time, the next when it is answered. Single
 * changes come in between: as the log has them, the document is the later one,
 * so what it says is so in the end, and what it does not say stays as they made
 * it. One that made or removed what it names is a conflict, and nothing is
 * done.
 */
#include "broker/admin/apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/admin/apply_doc.h"
#include "broker/admin/user.h"
#include "broker/broker.h"
#include "broker/call/order.h"
#include "broker/grant/protect.h"
#include "broker/identity/caller.h"
#include "broker/identity/permission.h"

enum {
	PART_SIZE = 8 * 1024, /* a record has room for it, all of it escaped */
	TURN = 32,            /* entries: a millisecond or two */
};

static void
apply_free(void *p)
{
	struct apply *a = p;
	struct broker *b = a->c->b;
	struct apply **at = &b->applies;

	while (*at != NULL && *at != a)
		at = &(*at)->next;
	if (*at != NULL)
		*at = a->next;
	if (at == &b->applies && b->applies != NULL)
		timer_set(b->applies->timer, 0); /* it is the next one's turn */
	timer_free(a->timer);
	apply_put_stop(a);
	apply_lists_done(a);
	change_done(&a->ch);
	json_decref(a->list);
	buf_done(&a->told);
	buf_done(&a->pieces);
	apply_upload_done(a);
	free(a->whole);
	free(a);
}

/* ---- in turns */

/* What goes is looked for first. */
static void
seek(struct apply *a)
{
	struct problem p = {0};
	bool more = true;

	if (apply_seek(a, TURN, &more, &p) != 0) {
		call_problem(a->c, &p);
		return;
	}
	if (more) {
		timer_set(a->timer, 0);
		return;
	}
	a->seek_then(a->c);
}

static void
fetch(struct apply *a)
{
	struct problem p = {0};
	call_fn *then = a->fetch_then;
	bool more = true;
	const int r = apply_fetch(a, &more, &p);

	if (r != 0 && p.status == 409) {
		caller_refuse(a->c, p.status, p.code, p.text);
	} else if (r != 0) {
		call_problem(a->c, &p);
	} else if (more) {
		timer_set(a->timer, 0);
	} else {
		a->fetch_then = NULL;
		then(a->c);
	}
}

static void
on_turn(struct process *r, void *arg)
{
	struct apply *a = arg;
	const size_t n = apply_entries(a);
	struct problem p = {0};

	(void)r;
	if (a->fetch_then != NULL) {
		fetch(a);
		return;
	}
	if (a->seek_then != NULL) {
		seek(a);
		return;
	}
	if (a->put_then != NULL) {
		apply_put_turn(a);
		return;
	}
	if (a->at == n) {
		a->then(a->c);
		return;
	}
	a->long_ = false;
	for (size_t i = 0;
	     a->at < n && ((i < TURN && !a->long_) || FAULT(one_turn)); i++)
		if (a->each(a, a->at++, &p) != 0) {
			call_problem(a->c, &p);
			return;
		}
	if (FAULT(one_turn))
		a->then(a->c);
	else
		timer_set(a->timer, 0);
}

/* each for every entry, then the rest, in turns from the next one on. */
static void
in_turns(struct apply *a, apply_each_fn *each, call_fn *then)
{
	a->each = each;
	a->then = then;
	a->at = 0;
	if (FAULT(one_turn))
		on_turn(a->c->b->process, a);
	else
		timer_set(a->timer, 0);
}

static void
out_of_memory(struct call *c)
{
	call_refuse(c, 503, "unavailable", NULL, "out of memory");
}

/* ---- doing */

static void
answer(struct call *c)
{
	struct apply *a = c->state;
	const bool applied = !a->ch.dry_run;

	call_reply(c, 200,
	    a->in_pieces ? apply_reply_pieces(a, applied)
			 : apply_reply(a, applied));
}

static int
after(struct apply *a, size_t k, struct problem *p)
{
	if (k < a->nusers && a->users[k].invitation[0] != '\0')
		user_invited(a->c, apply_user(a, k));
	apply_share(a, k);
	return apply_list(a, k, p);
}

static void
made(struct call *c)
{
	struct apply *a = c->state;

	if (!apply_put_end(c))
		return;
	for (size_t i = 0; i < a->nusers; i++)
		if (!a->fresh || a->users[i].v.is == ENTRY_CHANGED)
			user_changed(c->b, apply_user(a, i));
	for (size_t i = 0; i < a->ntargets; i++)
		protect_target(c->b, apply_target(a, i));
	apply_gone_changed(a);
	change_end(c, &a->ch, NULL, NULL);
	order_end(c); /* what others order from here on is not ours */
	in_turns(a, after, answer);
}

static void
applied(struct call *c)
{
	apply_put(c->state, false, made);
}

/* ---- recording: the whole text first, where one record is too small */

static void
record(struct call *c)
{
	const struct apply *a = c->state;
	struct event_fields f;

	if (!FAULT(apply_demoted) && !permission_kept(c, "nothing was done"))
		return;
	call_fields(c, &f);
	event_num(&f, EF_COUNT, a->changes);
	/* which tells nothing that the whole does not */
	event_cut(&f, EF_CHANGES, a->told.p, a->told.len, LIMIT_FIELD_MAX / 2);
	if (a->whole != NULL && (c->local || a->uploaded))
		event_str(&f, EF_SHA256, a->digest);
	call_append(c, EV_POLICY_APPLY, &f, applied);
	event_fields_done(&f);
}

/* Never in the middle of a character: it would be lost. */
static size_t
part_len(const char *p, size_t left)
{
	size_t n = PART_SIZE;

	if (left <= n)
		return left;
	while (n > PART_SIZE - 4 && ((uint8_t)p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void
record_parts(struct call *c)
{
	struct apply *a = c->state;
	struct event_fields f;
	size_t n;

	if (a->whole == NULL || a->recorded == a->whole_len ||
	    FAULT(policy_whole)) {
		record(c);
		return;
	}
	n = part_len(a->whole + a->recorded, a->whole_len - a->recorded);
	call_who(c, &f);
	event_str(&f, EF_SHA256, a->digest);
	event_num(&f, EF_SIZE, (int64_t)a->whole_len);
	event_num(&f, EF_CHUNK, ++a->parts);
	event_strn(&f, EF_PAYLOAD, a->whole + a->recorded, n);
	a->recorded += n;
	call_append(c, EV_POLICY_PART, &f, record_parts);
	event_fields_done(&f);
}

/* What was signed; on the admin socket, where the changes tell all if they are
 * not too long, the body. */
static int
find_whole(struct call *c, struct apply *a)
{
	if (a->uploaded) { /* it is kept as it is */
		a->whole = (char *)a->text.p;
		a->whole_len = a->text.len;
		memcpy(a->digest, a->up.digest, sizeof(a->digest));
		a->text = (struct buf){.p = NULL};
		return 0;
	}
	if (c->local ? !a->told_brief
		     : fits_field(c->env.payload, c->env.payload_len))
		return 0;
	a->whole = c->local ? json_text(c->req.body)
			    : strndup((const char *)c->env.payload,
				  c->env.payload_len);
	if (a->whole == NULL)
		return GW_ENOMEM;
	a->whole_len = strlen(a->whole);
	text_digest(a->digest, a->whole, a->whole_len);
	return 0;
}

static void
told(struct call *c)
{
	struct apply *a = c->state;

	apply_tell_end(a);
	if (buf_err(&a->told) != 0 || find_whole(c, a) != 0)
		out_of_memory(c);
	else
		record_parts(c);
}

/* Measured, and perhaps told in full. */
static void
measured(struct call *c)
{
	struct apply *a = c->state;

	const bool can = apply_can_reply(a);

	/* of one in parts the answer may come so, too */
	a->in_pieces = a->uploaded && (!can || a->brief);
	if (a->in_pieces)
		a->brief = a->full_size > LIMIT_ANSWER_MAX / 2;
	if (!can && !a->in_pieces && !a->ch.dry_run && a->changes > 0) {
		call_refuse(c, 413, "too-large", "users",
		    "users: so many invitations do not fit into one answer: "
		    "apply the policy in parts");
		return;
	}
	if (a->ch.dry_run || a->changes == 0) {
		in_turns(a, apply_list, answer);
		return;
	}
	if (fits_field(a->told.p, a->told.len)) {
		told(c);
		return;
	}
	a->told_brief = true;
	apply_tell_begin(a);
	in_turns(a, apply_tell, told);
}

/* ---- weighing */

static bool
writes(const struct call *c, const char *role)
{
	const struct apply *a = c->state;
	char key[LIMIT_NAME_SIZE + 2];

	(void)snprintf(key, sizeof(key), "R %s", role);
	return json_object_get(a->seen, key) != NULL;
}

/* Until a second admin has signed. */
static void
keep_upload(struct call *c)
{
	const struct apply *a = c->state;

	if (store_upload_keep(c->b->store, a->up.id,
		broker_now(c->b).utc_ms + (int64_t)LIMIT_PROPOSAL_S * 1000) !=
	    0)
		log_warn("an upload that waits cannot be kept for so long");
}

static void
tell(struct apply *a)
{
	apply_tell_begin(a);
	in_turns(a, apply_tell, measured);
}

static void
weighed(struct call *c)
{
	struct apply *a = c->state;

	if (!apply_put_end(c))
		return;
	if (a->fresh) /* what was put is taken back: nothing has changed */
		a->as_of = store_changes(c->b->store);
	tell(a);
}

static void
weigh(struct call *c)
{
	struct apply *a = c->state;
	int r = 0;

	a->ch.writes = writes;
	a->ch.waiting = a->uploaded ? keep_upload : NULL;
	if (a->changes > 0)
		apply_put(a, true, weighed);
	else if ((r = change_look(c, &a->ch)) != 0)
		call_store_failed(c, r);
	else
		tell(a);
}

static void
compared(struct call *c)
{
	struct apply *a = c->state;
	struct problem p = {0};

	if (apply_count(a, &p) != 0)
		call_problem(c, &p);
	else
		weigh(c);
}

/* Each right is for its lists. */
static bool
is_theirs(const struct apply *a)
{
	const uint8_t have = a->c->rights;
	const bool users = a->nusers > 0 || (a->prune && a->lists[0] != NULL);
	const bool rest =
	    a->ntargets + a->nroles > 0 ||
	    (a->prune && (a->lists[1] != NULL || a->lists[2] != NULL));

	return ((!users || right_may(have, RIGHT_USER_ADMIN)) &&
		   (!rest || right_may(have, RIGHT_POLICY))) ||
	       FAULT(any_list);
}

static void
sought(struct call *c)
{
	struct apply *a = c->state;

	a->seek_then = NULL;
	in_turns(a, apply_read, compared);
}

static void
begin(struct call *c)
{
	struct apply *a = c->state;
	struct problem p = {0};

	if (a->uploaded && !a->fetched) {
		a->fetch_then = begin;
		timer_set(a->timer, 0);
		return;
	}
	if (apply_lists(a, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (!is_theirs(a)) {
		caller_refuse(c, 403, "forbidden",
		    !right_may(c->rights, RIGHT_USER_ADMIN)
			? "users: this is for admins and user admins"
			: "targets, roles: this is for admins and "
			  "the right policy");
		return;
	}
	if (!a->prune) {
		in_turns(a, apply_read, compared);
		return;
	}
	a->seek_then = sought;
	timer_set(a->timer, 0);
}

/* Behind those that came before. */
static void
wait_turn(struct apply *a)
{
	struct apply **at = &a->c->b->applies;
	unsigned n = 0;

	for (; *at != NULL && !FAULT(applies_at_once); at = &(*at)->next)
		n++;
	if (n > LIMIT_APPLIES) {
		call_refuse(a->c, 503, "unavailable", NULL,
		    "the gateway is busy with %u other policies: ask again "
		    "when they are applied",
		    n);
		return;
	}
	a->then = begin;
	a->next = *at;
	*at = a;
	if (a->c->b->applies == a && FAULT(one_turn))
		on_turn(a->c->b->process, a);
	else if (a->c->b->applies == a)
		timer_set(a->timer, 0);
}

void
verb_apply(struct call *c)
{
	static const char *const keys[] = {
	    "users", "targets", "roles", "prune", NULL};
	static const char *const upload_keys[] = {
	    "upload", "sha256", "prune", NULL};
	const bool up = json_object_get(c->req.body, "upload") != NULL;
	const char *id = "", *digest = "";
	struct apply *a = call_state(c, sizeof(*a), apply_free);
	struct problem p = {0};

	if (a == NULL)
		return;
	a->c = c;
	buf_init(&a->told, 0);
	buf_init(&a->pieces, LIMIT_ANSWER_MAX);
	if ((a->timer = timer_new(c->b->process, on_turn, a)) == NULL)
		out_of_memory(c);
	else if (change_read(&a->ch, c, &p) != 0 ||
		 json_only(c->req.body, up ? upload_keys : keys, &p) != 0 ||
		 json_get_bool(c->req.body, "prune", false, &a->prune, &p) !=
		     0 ||
		 (up && (json_get_name(c->req.body, "upload", true, &id, &p) !=
				0 ||
			    json_get_str(c->req.body, "sha256", true,
				DIGEST_SIZE - 1, &digest, &p) != 0)))
		call_problem(c, &p);
	else if (!up || apply_upload_named(a, id, digest)) {
		a->ch.keep_admin = a->prune;
		wait_turn(a);
	}
}
