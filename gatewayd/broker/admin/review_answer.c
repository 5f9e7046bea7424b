/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review_answer - review.answer: what a reviewer says of some lines.
 *
 * MUST: by one who is in a reviewers' group, and is when it is stored; never
 * about themself. Each refusal of these is on record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/admin/review.h"
#include "broker/call/put.h"
#include "broker/identity/permission.h"

struct answer {
	struct review r;
	uint32_t line[LIMIT_REVIEW_ANSWERS];
	size_t n;
	enum review_answer answer;
	char note[LIMIT_REASON_SIZE];
	struct buf text; /* the lines, as the record has them */
	struct problem p;
};

static void
answer_free(void *p)
{
	struct answer *x = p;

	buf_done(&x->text);
	free(x);
}

static void
say_refused(struct call *c)
{
	const struct answer *x = c->state;

	call_problem(c, &x->p);
}

static int
no_line(struct answer *x, uint32_t n)
{
	problem_set(&x->p, 404, "not-found", "lines",
	    "line %u of %s is none that is answered: jitctl review show %s", n,
	    x->r.name, x->r.name);
	return GW_ENOENT;
}

/* What the record says of it; "own": it is about who answers. */
static int
look_at(struct call *c, struct answer *x, const char **retword)
{
	for (size_t i = 0; i < x->n; i++) {
		struct review_line l;
		char text[REVIEW_TEXT_SIZE];
		int r = store_review_line_get(
		    c->b->store, x->r.name, x->line[i], &l);

		if (r != 0 && r != GW_ENOENT) {
			problem_set(&x->p, 503, "unavailable", NULL,
			    "the store failed: %s", err_str(r));
			return r;
		}
		if (r != 0 || l.kind != REVIEW_MEMBER)
			return no_line(x, x->line[i]);
		review_text(text, &l);
		buf_printf(&x->text, "%u %s\n", l.n, text);
		if (strcmp(l.user, c->user) != 0 || FAULT(review_own))
			continue;
		*retword = "own";
		problem_set(&x->p, 403, "forbidden", "lines",
		    "line %u is about yourself: another reviewer answers it",
		    l.n);
	}
	return buf_err(&x->text);
}

static int
parse_lines(struct answer *x, const json_t *o)
{
	const json_t *list = NULL;
	int r = json_get_array(
	    o, "lines", true, LIMIT_REVIEW_ANSWERS, &list, &x->p);

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const char *v = json_string_value(json_array_get(list, i));
		uint64_t n = 0;

		if (v != NULL && str_u64(v, 1, LIMIT_REVIEW_LINES, &n) == 0) {
			x->line[x->n++] = (uint32_t)n;
			continue;
		}
		r = GW_EINVAL;
	}
	if (r == GW_EINVAL || (r == 0 && x->n == 0)) {
		problem_set(&x->p, 400, "bad-field", "lines",
		    "lines: numbers of lines were expected");
		r = GW_EINVAL;
	}
	return r;
}

static int
parse(struct call *c, struct answer *x)
{
	static const char *const keys[] = {
	    "review", "lines", "answer", "reason", NULL};
	const char *word = NULL, *note = NULL;
	int r;

	if ((r = json_only(c->req.body, keys, &x->p)) != 0 ||
	    (r = parse_lines(x, c->req.body)) != 0 ||
	    (r = json_get_name(c->req.body, "answer", true, &word, &x->p)) !=
		0 ||
	    (r = json_get_str(c->req.body, "reason", false, LIMIT_REASON_MAX,
		 &note, &x->p)) != 0)
		return r;
	text_set(x->note, sizeof(x->note), note != NULL ? note : "");
	if (strcmp(word, "keep") == 0)
		x->answer = REVIEW_KEEP;
	else if (strcmp(word, "remove") == 0)
		x->answer = REVIEW_REMOVE;
	else {
		problem_set(&x->p, 400, "bad-field", "answer",
		    "answer: keep or remove was expected");
		return GW_EINVAL;
	}
	return review_named(c, &x->r, &x->p);
}

/* A word for the record, and the rest in x->p; NULL: they may. */
static const char *
why_not(const struct call *c, struct answer *x)
{
	if (review_is_open(&x->r, &x->p) != 0)
		return "ended";
	if (broker_now(c->b).utc_ms >= x->r.until_ms && !FAULT(review_late)) {
		problem_set(&x->p, 409, "conflict", "review",
		    "%s was to be answered by now: an admin ends it",
		    x->r.name);
		return "late";
	}
	if (review_is_reviewer(c, &x->r) || FAULT(review_anybody))
		return NULL;
	problem_set(&x->p, 403, "forbidden", "review",
	    "you are in none of the groups that answer %s", x->r.name);
	return "reviewer";
}

static int
put_answers(struct call *c, struct answer *x)
{
	struct store *s = c->b->store;
	int r = store_begin(s);

	if (r != 0)
		return r;
	for (size_t i = 0; r == 0 && i < x->n; i++) {
		struct review_line l;

		r = store_review_line_get(s, x->r.name, x->line[i], &l);
		if (r != 0)
			break;
		l.answer = (uint8_t)x->answer;
		name_set(l.by, c->user);
		text_set(l.note, sizeof(l.note), x->note);
		l.at_ms = broker_now(c->b).utc_ms;
		l.seq = c->seq;
		r = store_review_line_set(s, x->r.name, &l);
	}
	if (r == 0)
		return store_commit(s);
	store_rollback(s);
	return r;
}

static void
recorded(struct call *c)
{
	struct answer *x = c->state;
	json_t *o = NULL;
	int r;

	if (!permission_still(c) ||
	    store_review_get(c->b->store, x->r.name, &x->r) != 0 ||
	    why_not(c, x) != NULL) {
		problem_set(&x->p, 409, "conflict", "review",
		    "the review, or what you may, changed meanwhile: nothing "
		    "was answered");
		call_undone(c, &x->p);
		return;
	}
	if ((r = put_answers(c, x)) != 0) {
		call_store_failed(c, r);
		return;
	}
	o = json_object();
	put_str(o, "review", x->r.name);
	put_num(o, "lines", (int64_t)x->n);
	put_str(o, "answer", review_answer_str(x->answer));
	call_reply(c, 200, o);
}

void
verb_review_answer(struct call *c)
{
	struct answer *x = call_state(c, sizeof(*x), answer_free);
	struct event_fields f;
	const char *word = NULL;

	if (x == NULL)
		return;
	buf_init(&x->text, LIMIT_REVIEW_ANSWERS * REVIEW_TEXT_SIZE * 2);
	if (parse(c, x) != 0 ||
	    ((word = why_not(c, x)) == NULL && look_at(c, x, &word) != 0)) {
		call_problem(c, &x->p);
		return;
	}
	call_fields(c, &f);
	event_str(&f, EF_REVIEW, x->r.name);
	event_cut(&f, EF_LINES, x->text.p, x->text.len, LIMIT_FIELD_MAX / 2);
	event_num(&f, EF_COUNT, (int64_t)x->n);
	event_str(&f, EF_VALUE, review_answer_str(x->answer));
	event_str(&f, EF_WHY, x->note);
	event_str(&f, EF_OUTCOME, word == NULL ? "success" : "failure");
	event_str(&f, EF_REASON, word);
	call_append(c,
	    word == NULL ? EV_REVIEW_ANSWER : EV_REVIEW_ANSWER_DENIED, &f,
	    word == NULL ? recorded : say_refused);
	event_fields_done(&f);
}
