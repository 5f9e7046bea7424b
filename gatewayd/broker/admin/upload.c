/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload - see the header.
 *
 * MUST: a part alone changes nothing. It is not signed, and not looked at:
 * what it is good for is decided by the SHA-256 that policy.apply signs for.
 */
#include "broker/admin/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/str.h"
#include "broker/admin/change.h"
#include "broker/call/put.h"
#include "broker/identity/caller.h"
#include "broker/identity/permission.h"

enum { DATA_MAX = (LIMIT_UPLOAD_PART + 2) / 3 * 4 }; /* as base64 */

bool
upload_own(struct call *c, const char *id, struct upload *ret)
{
	const int r = store_upload_get(c->b->store, id, ret);
	const bool own =
	    r == 0 &&
	    (strcmp(ret->user_id, call_user_id(c)) == 0 || FAULT(any_upload));

	if (own &&
	    (ret->until_ms > broker_now(c->b).utc_ms || FAULT(upload_for_ever)))
		return true;
	if (r != 0 && r != GW_ENOENT)
		call_store_failed(c, r);
	else
		caller_refuse(c, 404, "not-found",
		    "there is no such upload of yours: it was applied, has "
		    "expired, or gave way to newer ones of yours");
	return false;
}

/* ---- policy.upload */

struct opening {
	struct upload u;
};

/* Room for one more: who has as many as they may loses the one that ends
 * first. */
static int
make_room(struct call *c, const struct upload *u)
{
	struct store *s = c->b->store;
	unsigned own = 0, all = 0;
	int r = store_upload_prune(s, broker_now(c->b).utc_ms);

	if (r == 0)
		r = store_upload_count(s, u->user_id, &own);
	if (r == 0 && own >= LIMIT_UPLOADS_USER)
		r = store_upload_remove_oldest(s, u->user_id);
	if (r == 0)
		r = store_upload_count(s, NULL, &all);
	if (r != 0 || (all < LIMIT_UPLOADS || FAULT(many_uploads)))
		return r;
	return GW_ELIMIT;
}

static void
full(struct call *c)
{
	caller_refuse(c, 429, "too-many",
	    "so many policies of others are being uploaded: ask again in some "
	    "minutes");
}

static void
opened(struct call *c)
{
	struct opening *x = c->state;
	struct problem p = {0};
	json_t *o = NULL;
	int r;

	if (!permission_kept(c, "nothing was done"))
		return;
	x->u.seq = c->seq;
	if ((r = make_room(c, &x->u)) == GW_ELIMIT) {
		problem_set(&p, 429, "too-many", NULL,
		    "others have begun to upload policies meanwhile");
		call_undone(c, &p);
		return;
	}
	if (r == 0)
		r = store_upload_put(c->b->store, &x->u);
	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	o = json_object();
	put_str(o, "upload", x->u.id);
	put_num(o, "part_max", LIMIT_UPLOAD_PART);
	put_time(o, "until", x->u.until_ms);
	call_reply(c, 201, o);
}

static bool
is_digest(const char *s)
{
	uint8_t bytes[32];

	return strspn(s, "0123456789abcdef") == 2 * sizeof(bytes) &&
	       str_unhex(bytes, sizeof(bytes), s) == 0;
}

static int
read_opening(struct call *c, struct upload *u, struct problem *p)
{
	static const char *const keys[] = {"size", "sha256", NULL};
	const char *digest = "";
	int64_t size = 0;
	int r;

	if ((r = json_only(c->req.body, keys, p)) != 0 ||
	    (r = json_get_int(c->req.body, "size", true, 1, LIMIT_NUMBER_MAX,
		 &size, p)) != 0 ||
	    (r = json_get_str(c->req.body, "sha256", true,
		 sizeof(u->digest) - 1, &digest, p)) != 0)
		return r;
	if (!is_digest(digest)) {
		problem_set(p, 400, "bad-field", "sha256",
		    "sha256: 64 hex digits were expected, in small letters");
		return GW_EINVAL;
	}
	if (size > LIMIT_UPLOAD_MAX && !FAULT(any_size)) {
		problem_set(p, 413, "too-large", "size",
		    "size: a policy may have %d bytes in all: apply it as "
		    "several, without --prune",
		    (int)LIMIT_UPLOAD_MAX);
		return GW_ELIMIT;
	}
	id_new(u->id, 'x');
	text_set(u->user_id, sizeof(u->user_id), call_user_id(c));
	text_set(u->digest, sizeof(u->digest), digest);
	u->size = (uint32_t)size;
	u->until_ms =
	    broker_now(c->b).utc_ms + (int64_t)LIMIT_UPLOAD_LIFE_S * 1000;
	return 0;
}

void
verb_policy_upload(struct call *c)
{
	struct opening *x = call_state(c, sizeof(*x), free);
	const struct change none = {.dry_run = false};
	struct event_fields f;
	struct problem p = {0};
	unsigned own = 0, all = 0;

	if (x == NULL)
		return;
	if (read_opening(c, &x->u, &p) != 0) {
		if (p.status == 413)
			caller_refuse(c, p.status, p.code, p.text);
		else
			call_problem(c, &p);
		return;
	}
	if (!change_has_room(c, &none))
		return;
	if (store_upload_count(c->b->store, x->u.user_id, &own) != 0 ||
	    store_upload_count(c->b->store, NULL, &all) != 0 ||
	    (all >= LIMIT_UPLOADS && own < LIMIT_UPLOADS_USER &&
		!FAULT(many_uploads))) {
		full(c);
		return;
	}
	call_fields(c, &f);
	event_str(&f, EF_UPLOAD, x->u.id);
	event_str(&f, EF_SHA256, x->u.digest);
	event_num(&f, EF_SIZE, x->u.size);
	call_append(c, EV_POLICY_UPLOAD, &f, opened);
	event_fields_done(&f);
}

/* ---- policy.put */

struct part {
	struct upload u;
	uint8_t p[LIMIT_UPLOAD_PART];
	size_t n;
};

static int
read_part(struct call *c, struct part *x, char id[static LIMIT_NAME_SIZE],
    int64_t *retat, struct problem *p)
{
	static const char *const keys[] = {"upload", "offset", "data", NULL};
	const char *s = "";
	int r;

	if ((r = json_only(c->req.body, keys, p)) != 0 ||
	    (r = json_get_name(c->req.body, "upload", true, &s, p)) != 0)
		return r;
	name_set(id, s);
	if ((r = json_get_int(c->req.body, "offset", true, 0, LIMIT_NUMBER_MAX,
		 retat, p)) != 0 ||
	    (r = json_get_str(c->req.body, "data", true, DATA_MAX, &s, p)) != 0)
		return r;
	if (str_unb64(x->p, sizeof(x->p), s, strlen(s), &x->n) == 0 && x->n > 0)
		return 0;
	problem_set(p, 400, "bad-field", "data",
	    "data: base64 of 1 to %d bytes was expected",
	    (int)LIMIT_UPLOAD_PART);
	return GW_EINVAL;
}

/* It goes on where it is, and not beyond what was announced. */
static bool
fits(struct call *c, const struct part *x, int64_t at)
{
	char text[LIMIT_TEXT_SIZE];

	if (at != x->u.have) {
		(void)snprintf(text, sizeof(text),
		    "offset: %lu bytes have come, and the next part begins "
		    "there",
		    (unsigned long)x->u.have);
		caller_refuse(c, 409, "conflict", text);
		return false;
	}
	if (x->n > x->u.size - x->u.have && !FAULT(upload_longer)) {
		caller_refuse(c, 413, "too-large",
		    "data: more than the size that was signed for");
		return false;
	}
	return true;
}

void
verb_policy_put(struct call *c)
{
	struct part *x = call_state(c, sizeof(*x), free);
	const struct change none = {.dry_run = false};
	char id[LIMIT_NAME_SIZE] = "";
	struct problem p = {0};
	int64_t at = 0;
	json_t *o = NULL;
	int r;

	if (x == NULL)
		return;
	if (read_part(c, x, id, &at, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (!upload_own(c, id, &x->u) || !fits(c, x, at) ||
	    !change_has_room(c, &none))
		return;
	if ((r = store_upload_add(c->b->store, &x->u, x->p, x->n)) != 0) {
		call_store_failed(c, r);
		return;
	}
	o = json_object();
	put_str(o, "upload", x->u.id);
	put_num(o, "have", (int64_t)(x->u.have + x->n));
	put_num(o, "size", x->u.size);
	call_reply(c, 200, o);
}

/* ---- change.show */

/* Whole parts, as long as there is room: of an author who sends them small,
 * some.
 */
static int
read_some(struct call *c, const struct upload *u, uint64_t at, struct buf *ret)
{
	enum { PARTS = 64 };
	int r = 0;

	for (unsigned i = 0; r == 0 && i < PARTS && at < u->have; i++) {
		struct buf part;

		buf_init(&part, LIMIT_UPLOAD_PART);
		r = store_upload_part(c->b->store, u->id, (uint32_t)at, &part);
		if (r == 0 && ret->len + part.len > LIMIT_UPLOAD_PART)
			i = PARTS;
		else if (r == 0)
			buf_put(ret, part.p, part.len);
		at += part.len;
		buf_done(&part);
	}
	return r != 0 ? r : buf_err(ret);
}

void
upload_show(
    struct call *c, const struct proposal *p, const char *id, uint64_t at)
{
	struct upload u = {0};
	struct buf text, data;
	json_t *o = NULL;
	int r = store_upload_get(c->b->store, id, &u);

	if (r == 0 && strcmp(u.user_id, p->user_id) != 0 &&
	    !FAULT(upload_shown))
		r = GW_ENOENT;
	buf_init(&text, LIMIT_UPLOAD_PART);
	buf_init(&data, LIMIT_BODY_MAX);
	if (r == 0)
		r = at < u.have ? read_some(c, &u, at, &text) : GW_ENOENT;
	if (r == 0) {
		buf_b64(&data, text.p, text.len);
		r = buf_err(&data);
	}
	if (r == 0) {
		o = json_object();
		put_str(o, "change", p->id);
		put_num(o, "size", u.size);
		if (o != NULL)
			(void)json_object_set_new(o, "data",
			    json_stringn((const char *)data.p, data.len));
		call_reply(c, 200, o);
	} else if (r == GW_ENOENT) {
		call_refuse(c, 404, "not-found", "offset",
		    "the parts of that policy are not here, or not any more: "
		    "they go when it is made, and a day after it was asked "
		    "for");
	} else {
		call_store_failed(c, r);
	}
	buf_done(&text);
	buf_done(&data);
}
