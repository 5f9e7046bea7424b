/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing - a list as replies of bounded size: a reply that cannot hold all
 * says where to go on ("next"), and the caller comes again with that as
 * "after". Places do not move while somebody reads: names are in order, and
 * what has a beginning is listed by that, the newest first, whether it lives or
 * has ended meanwhile.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "broker/call/call.h"
#include "broker/call/listing.h"
#include "broker/call/params.h"
#include "broker/call/put.h"

enum {
	LISTING_MAX = LIMIT_BODY_MAX - 1024
}; /* internal: with what frames it */

static void
refuse(struct call *c, const char *field, const char *text)
{
	call_refuse(c, 400, "bad-field", field, "%s: %s", field, text);
}

static bool
listing_init(struct listing *l, struct call *c)
{
	memset(l, 0, sizeof(*l));
	if (!params_text(c->query, "after", l->after, sizeof(l->after)) ||
	    (l->after[0] != '\0' && !str_name_ok(l->after))) {
		refuse(
		    c, "after", "what an answer called \"next\" was expected");
		return false;
	}
	if (!params_text(c->query, "name", l->only, sizeof(l->only)) ||
	    (l->only[0] != '\0' && !str_name_ok(l->only))) {
		refuse(c, "name", "a name was expected");
		return false;
	}
	if (!params_flag(c->query, "all", &l->all)) {
		refuse(c, "all", "0 or 1 was expected");
		return false;
	}
	if (!params_flag(c->query, "policy", &l->policy)) {
		refuse(c, "policy", "0 or 1 was expected");
		return false;
	}
	l->items = json_array();
	return true;
}

static void
listing_done(struct listing *l)
{
	json_decref(l->items);
	free(l->live);
	memset(l, 0, sizeof(*l));
}

static void
add(struct listing *l, json_t *item, const char *cursor)
{
	char *text = item != NULL ? json_text(item) : NULL;

	if (text == NULL || l->more) {
		json_decref(item);
		free(text);
		return;
	}
	l->size += strlen(text) + 1;
	free(text);
	if (l->size > LISTING_MAX) {
		l->more = true;
		json_decref(item);
		return;
	}
	(void)json_array_append_new(l->items, item);
	text_set(l->next, sizeof(l->next), cursor);
}

/* ---- by name */

bool
listing_wants(const struct listing *l, const char *name)
{
	return !l->more && strcmp(name, l->after) > 0 &&
	       (l->only[0] == '\0' || strcmp(name, l->only) == 0);
}

void
listing_add(struct listing *l, json_t *item, const char *name)
{
	add(l, item, name);
}

void
listing_add_all(struct listing *l, json_t *items, const char *name)
{
	char *text = items != NULL ? json_text(items) : NULL;
	const size_t n = text != NULL ? strlen(text) : 0;

	/* what no reply has room for: as much of it as one has */
	l->more =
	    l->more || n == 0 || (l->size > 0 && l->size + n > LISTING_MAX);
	for (size_t i = 0; !l->more && i < json_array_size(items); i++)
		add(l, json_incref(json_array_get(items, i)), name);
	json_decref(items);
	free(text);
}

/* ---- by time */

/* Newest first; of one moment, by id. */
static int
order(const void *x, const void *y)
{
	const struct listing_place *a = x, *b = y;

	if (a->start_ms != b->start_ms)
		return a->start_ms > b->start_ms ? -1 : 1;
	return strcmp(b->id, a->id);
}

void
listing_after(const struct listing *l, struct listing_place *ret)
{
	const char *dot = strchr(l->after, '.');
	char digits[LISTING_CURSOR_SIZE] = "";
	uint64_t start = 0;

	*ret = (struct listing_place){.start_ms = INT64_MAX, .id = ""};
	if (dot == NULL)
		return;
	memcpy(digits, l->after, (size_t)(dot - l->after));
	if (str_u64(digits, 0, INT64_MAX, &start) == 0)
		*ret = (struct listing_place){
		    .start_ms = (int64_t)start, .id = dot + 1};
}

int
listing_live(struct listing *l, const struct listing_place *p)
{
	enum { STEP = 64 };
	struct listing_place after, *more = NULL;

	listing_after(l, &after);
	if (order(p, &after) <= 0)
		return 0;
	if (l->nlive % STEP == 0) {
		more = reallocarray(l->live, l->nlive + STEP, sizeof(*more));
		if (more == NULL)
			return GW_ENOMEM;
		l->live = more;
	}
	l->live[l->nlive++] = *p;
	return 0;
}

void
listing_sort(struct listing *l)
{
	if (l->nlive > 0)
		qsort(l->live, l->nlive, sizeof(*l->live), order);
}

static void
place_text(char ret[static LISTING_CURSOR_SIZE], const struct listing_place *p)
{
	(void)snprintf(
	    ret, LISTING_CURSOR_SIZE, "%" PRId64 ".%s", p->start_ms, p->id);
}

static void
add_place(struct listing *l, const struct listing_place *p, json_t *item)
{
	char cursor[LISTING_CURSOR_SIZE];

	place_text(cursor, p);
	add(l, item, cursor);
}

/* Those that live and come before it. */
static void
add_live(struct listing *l, const struct listing_place *p)
{
	for (; l->at < l->nlive && !l->more; l->at++) {
		const struct listing_place *x = &l->live[l->at];

		if (p != NULL && order(x, p) > 0)
			break;
		add_place(l, x, l->live_json(x->what));
	}
}

void
listing_ended(
    struct listing *l, const struct listing_place *p, listing_json_fn *fn)
{
	add_live(l, p);
	if (p != NULL && !l->more) {
		add_place(l, p, fn(p->what));
		l->nended++;
	}
}

void
listing_pass(struct listing *l, const struct listing_place *p)
{
	add_live(l, p);
	if (!l->more)
		place_text(l->next, p);
}

/* ---- the reply */

static json_t *
listing_reply(struct listing *l)
{
	json_t *o = json_object();

	if (o != NULL)
		(void)json_object_set(o, "items", l->items);
	if (l->nended == LIMIT_LIST_PAGE)
		l->more = true;
	if (l->more) {
		put_bool(o, "more", true);
		put_str(o, "next", l->next);
	}
	return o;
}

bool
listing_everybody(const struct listing *l, const struct call *c)
{
	return c->local || (l->all && c->rights != RIGHT_NONE);
}

void
listing_answer(struct call *c, listing_fill_fn *fill)
{
	struct listing l;
	int r;

	if (!listing_init(&l, c))
		return;
	if ((r = fill(c, &l)) == 0)
		call_reply(c, 200, listing_reply(&l));
	else
		call_store_failed(c, r);
	listing_done(&l);
}
