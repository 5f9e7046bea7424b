/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foldrecord - grants and legs as grant.open and session.start have them,
 * written and read back; and how the fold reads a record's fields. Pure.
 */
#ifndef NOTARY_FOLDRECORD_H
#define NOTARY_FOLDRECORD_H

#include "notary/fold.h"
#include "wire/json.h"

/* Of one record. Readers are sticky: what is not as it must be makes all bad,
 * and reads as "" or 0. */
struct fold_fields {
	const json_t *o;
	bool bad;
};

const char *fold_str(
    struct fold_fields *f, enum event_field_id id, bool required);
void fold_text(struct fold_fields *f, enum event_field_id id, bool required,
    char *ret, size_t size);
int64_t fold_num(struct fold_fields *f, enum event_field_id id, int64_t max);
/* 0 where it has none. */
int64_t fold_num_if_any(struct fold_fields *f, enum event_field_id id);

/* The fields of grant.open and session.start, which the others read back. */
void fold_grant_fields(struct event_fields *out, const struct grant *g);
void fold_leg_fields(struct event_fields *out, const struct fold_leg *l);
void fold_read_grant(struct fold_fields *f, struct grant *g);
void fold_read_leg(struct fold_fields *f, struct fold_leg *l);
/* As on_leg_open has it: a record that says else is not the notary's. */
bool fold_leg_ok(const struct fold_leg *l);

#endif
