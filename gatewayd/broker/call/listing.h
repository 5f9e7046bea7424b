/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing - {"items":[]}, and where to go on if that is not all.
 */
#ifndef BROKER_CALL_LISTING_H
#define BROKER_CALL_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/call/call.h"

enum { LISTING_CURSOR_SIZE = LIMIT_NAME_SIZE };

struct listing_place {
	int64_t start_ms;
	const char *id; /* borrowed, as is what */
	const void *what;
};

typedef json_t *listing_json_fn(const void *what);

struct listing {
	json_t *items;
	bool all;                   /* ?all=1: what has ended, too */
	bool policy;                /* ?policy=1: as policy.apply takes it */
	char only[LIMIT_NAME_SIZE]; /* ?name=: of a list by name, that one */
	size_t size;
	bool more;
	char after[LISTING_CURSOR_SIZE], next[LISTING_CURSOR_SIZE];
	listing_json_fn *live_json;
	struct listing_place *live;
	size_t nlive, at;
	unsigned nended;
};

/* Adds the items of a list; an error of the store. */
typedef int listing_fill_fn(struct call *c, struct listing *l);

/* Answers the call with what fill adds. */
void listing_answer(struct call *c, listing_fill_fn *fill);
/* Everybody's, not only the asker's: root's, and an auditor's with ?all=1. */
bool listing_everybody(const struct listing *l, const struct call *c);
/* By name: these come in order. add() takes item. */
bool listing_wants(const struct listing *l, const char *name);
void listing_add(struct listing *l, json_t *item, const char *name);
/* All of these, that are of one name, in one reply; takes them. */
void listing_add_all(struct listing *l, json_t *items, const char *name);
/* By time: first all that live, then sort(), then what has ended,
 * LIMIT_LIST_PAGE at most, in order, and NULL at the end. */
MUST_CHECK int listing_live(struct listing *l, const struct listing_place *p);
void listing_sort(struct listing *l);
void listing_after(const struct listing *l, struct listing_place *ret);
void listing_ended(
    struct listing *l, const struct listing_place *p, listing_json_fn *fn);
/* One of those that is not wanted: the next reply goes on behind it. */
void listing_pass(struct listing *l, const struct listing_place *p);

#endif
