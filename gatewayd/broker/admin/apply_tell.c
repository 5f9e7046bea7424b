/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_tell - what is said of a document: the list of its changes, in the
 * answer and in the record. Both have a size; what is too long is said without
 * details.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "broker/admin/answers.h"
#include "broker/admin/apply_doc.h"
#include "broker/admin/left.h"
#include "broker/admin/target.h"
#include "broker/broker.h"
#include "broker/call/put.h"

enum { REPLY_SPARE = 4096 }; /* for what may come to it until it is stored */

static const char *const entry_names[] = {"same", "new", "changed", "removed"};

static json_t *
change_of(
    const char *kind, const char *name, const struct verdict *v, bool brief)
{
	json_t *o = json_object();

	put_str(o, "kind", kind);
	put_str(o, "name", name);
	put_str(o, "change", entry_names[v->is]);
	put_str(o, "detail", brief || v->detail == NULL ? "" : v->detail);
	if (o != NULL && !brief && v->changes != NULL)
		(void)json_object_set(o, "changes", v->changes);
	return o;
}

static json_t *
entry_json(struct apply *a, size_t k, bool brief)
{
	const size_t t = k - a->nusers, r = t - a->ntargets;
	json_t *o = NULL;

	if (k < a->nusers)
		return change_of(
		    "user", a->users[k].name, &a->users[k].v, brief);
	if (t < a->ntargets) {
		const struct apply_target *x = &a->targets[t];

		o = change_of("target", x->name, &x->v, brief);
		if (x->v.is != ENTRY_SAME)
			put_str(
			    o, "warning", target_warning(apply_target(a, t)));
		return o;
	}
	if (r >= a->nroles) {
		const struct apply_gone *x = &a->gone[r - a->nroles];

		return change_of(apply_gone_kind(x), x->name, &x->v, brief);
	}
	o = change_of("role", a->roles[r].name, &a->roles[r].v, brief);
	if (a->roles[r].warning[0] != '\0')
		put_str(o, "warning", a->roles[r].warning);
	return o;
}

/* Told in the answer alone: the record says what a target was. NULL: none. */
static json_t *
leaves(const struct apply *a, size_t k, const char **retname)
{
	const size_t t = k - a->nusers, g = t - a->ntargets - a->nroles;

	if (k < a->nusers)
		return NULL;
	if (t < a->ntargets) {
		*retname = a->targets[t].name;
		return a->targets[t].left;
	}
	if (t - a->ntargets < a->nroles)
		return NULL;
	*retname = a->gone[g].name;
	return a->gone[g].left;
}

static size_t
left_size(const json_t *x)
{
	char *text = json_text(x);
	const size_t n = text != NULL ? sizeof(",\"left\":") + strlen(text) : 0;

	free(text);
	return n;
}

/* ---- the record */

void
apply_tell_begin(struct apply *a)
{
	buf_done(&a->told);
	buf_init(&a->told, LIMIT_BODY_MAX * 2);
	buf_u8(&a->told, '[');
}

void
apply_tell_end(struct apply *a)
{
	buf_u8(&a->told, ']');
}

static void
add(struct apply *a, const char *text)
{
	if (a->told.len > 1)
		buf_u8(&a->told, ',');
	buf_put(&a->told, text, strlen(text));
}

int
apply_tell(struct apply *a, size_t k, struct problem *p)
{
	json_t *full = entry_json(a, k, false), *brief = entry_json(a, k, true);
	const char *name = NULL;
	const json_t *x = leaves(a, k, &name);
	const size_t left = x != NULL ? left_size(x) : 0;
	char *text = full != NULL ? json_text(full) : NULL;
	char *less = brief != NULL ? json_text(brief) : NULL;
	int r = GW_ENOMEM;

	if (text == NULL || less == NULL) {
		problem_set(p, 503, "unavailable", NULL, "out of memory");
		goto out;
	}
	a->full_size += strlen(text) + left + 1;
	a->brief_size += strlen(less) + left + 1;
	if (x != NULL)
		a->shared_size += left_shared_max(x);
	/* more of it the record has not, but the whole */
	if (a->told_brief && (a->told.len <= LIMIT_BODY_MAX || !a->uploaded))
		add(a, less);
	else if (a->told.len <= LIMIT_FIELD_MAX)
		add(a, text);
	r = 0;
out:
	free(text);
	free(less);
	json_decref(full);
	json_decref(brief);
	return r;
}

/* ---- the answer */

void
apply_share(struct apply *a, size_t k)
{
	const char *name = NULL;
	json_t *x = leaves(a, k, &name);

	if (x == NULL || !a->shared)
		return;
	left_shared(x, a->c->b->store, name);
	a->long_ = true;
}

/* As text, to be read in pieces. */
static int
add_piece(struct apply *a, json_t *o, json_t *left, struct problem *p)
{
	char *text = NULL;

	if (o != NULL && left != NULL)
		(void)json_object_set(o, "left", left);
	text = o != NULL ? json_text(o) : NULL;
	json_decref(o);
	if (text != NULL) {
		if (a->pieces.len > 0)
			buf_u8(&a->pieces, ',');
		buf_put(&a->pieces, text, strlen(text));
	}
	if (text != NULL && buf_err(&a->pieces) == 0) {
		free(text);
		return 0;
	}
	free(text);
	problem_set(p, 503, "unavailable", NULL, "out of memory");
	return GW_ENOMEM;
}

int
apply_list(struct apply *a, size_t k, struct problem *p)
{
	const char *name = NULL;
	json_t *x = leaves(a, k, &name);
	json_t *o = entry_json(a, k, a->brief);

	if (a->in_pieces)
		return add_piece(a, o, x, p);
	if (a->list == NULL)
		a->list = json_array();
	if (o != NULL && x != NULL)
		(void)json_object_set(o, "left", x);
	if (json_array_append_new(a->list, o) == 0)
		return 0;
	problem_set(p, 503, "unavailable", NULL, "out of memory");
	return GW_ENOMEM;
}

json_t *
apply_reply(const struct apply *a, bool applied)
{
	json_t *o = json_object();
	json_t *invitations = json_object();
	json_t *list = a->list != NULL ? json_incref(a->list) : json_array();

	for (size_t i = 0; applied && i < a->nusers; i++)
		if (a->users[i].invitation[0] != '\0')
			put_str(invitations, a->users[i].name,
			    a->users[i].invitation);
	if (o == NULL) {
		json_decref(invitations);
		json_decref(list);
		return NULL;
	}
	(void)json_object_set_new(o, "invitations", invitations);
	(void)json_object_set_new(o, "changes", list);
	if (a->ch.ended != NULL)
		(void)json_object_set(o, "ended", a->ch.ended);
	if (json_array_size(a->ch.lacks) > 0)
		(void)json_object_set(o, "unapprovable", a->ch.lacks);
	if (a->ch.dry_run)
		change_put_wait(o, &a->ch);
	put_bool(o, "applied", applied);
	put_bool(o, "dry_run", a->ch.dry_run);
	return o;
}

/* The whole answer, as text; NULL: out of memory. */
static char *
pieces_text(const struct apply *a, bool applied, size_t *retn)
{
	static const char list[] = ",\"changes\":[", end[] = "]}";
	json_t *o = apply_reply(a, applied);
	char *frame = NULL, *text = NULL;
	size_t n = 0;

	(void)json_object_del(o, "changes");
	frame = o != NULL ? json_text(o) : NULL;
	json_decref(o);
	if (frame != NULL)
		n = strlen(frame) - 1; /* without its end */
	*retn = n + strlen(list) + a->pieces.len + strlen(end);
	if (frame != NULL && (text = malloc(*retn)) != NULL) {
		memcpy(text, frame, n);
		memcpy(text + n, list, strlen(list));
		n += strlen(list);
		if (a->pieces.len > 0)
			memcpy(text + n, a->pieces.p, a->pieces.len);
		memcpy(text + n + a->pieces.len, end, strlen(end));
	}
	if (frame != NULL)
		explicit_bzero(frame, strlen(frame)); /* invitations */
	free(frame);
	return text;
}

json_t *
apply_reply_pieces(struct apply *a, bool applied)
{
	/* what a second admin's call makes is theirs to read */
	const struct call *whose = a->c->outer != NULL ? a->c->outer : a->c;
	char key[ANSWER_KEY_SIZE];
	size_t n = 0;
	char *text = pieces_text(a, applied, &n);
	json_t *o = json_object(), *answer = json_object();

	if (text == NULL ||
	    answers_keep(a->c->b, call_user_id(whose), text, n, key) != 0) {
		json_decref(o);
		json_decref(answer);
		return NULL;
	}
	put_num(answer, "size", (int64_t)n);
	put_str(answer, "key", key);
	if (a->ch.ended != NULL) /* for the author of what a second one made */
		(void)json_object_set(o, "ended", a->ch.ended);
	put_bool(o, "applied", applied);
	put_bool(o, "dry_run", a->ch.dry_run);
	if (o != NULL)
		(void)json_object_set_new(o, "answer", answer);
	explicit_bzero(key, sizeof(key));
	return o;
}

/* All but the list. */
static size_t
frame_size(const struct apply *a)
{
	json_t *o = apply_reply(a, true);
	char *text = o != NULL ? json_text(o) : NULL;
	const size_t n = text != NULL ? strlen(text) : LIMIT_BODY_MAX;

	if (text != NULL)
		explicit_bzero(text, n); /* invitations */
	free(text);
	json_decref(o);
	return n;
}

bool
apply_can_reply(struct apply *a)
{
	const size_t room = LIMIT_BODY_MAX - REPLY_SPARE, n = frame_size(a);

	a->brief = n + a->full_size >= room;
	a->shared =
	    n + (a->brief ? a->brief_size : a->full_size) + a->shared_size <
	    room;
	return !a->brief || n + a->brief_size < room;
}
