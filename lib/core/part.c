/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part - see the header.
 */
#include "core/part.h"

#include <openssl/evp.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

enum {
	START = 1024, /* of a value, in the record it belongs to */
	ENVELOPE = 1024,
	MARGIN = 192, /* of a field: its names, size and digest */
};

struct value {
	unsigned id;
	bool cut;   /* by its writer */
	bool parts; /* by us */
	const uint8_t *p;
	size_t n;
	size_t cost; /* bytes in the record */
};

struct values {
	struct value v[LIMIT_EVENT_FIELDS];
	unsigned n;
};

/* As event_fields_json writes it, or a little more. */
static size_t
cost(const struct value *v)
{
	return event_text_size(v->p, v->parts ? START : v->n) + MARGIN;
}

static int
read_values(struct values *ret, const void *p, size_t n)
{
	struct rd r;

	ret->n = 0;
	rd_init(&r, p, n);
	while (r.left > 0) {
		struct value *v = &ret->v[ret->n];

		if (ret->n == LIMIT_EVENT_FIELDS)
			return GW_ELIMIT;
		*v = (struct value){0};
		v->id = event_field_next(&r, &v->cut, &v->p, &v->n);
		if (r.bad)
			return GW_EPROTO;
		v->cost = cost(v);
		ret->n++;
	}
	return rd_done(&r);
}

static int
digest(char ret[static 2 * EVENT_DIGEST_SIZE + 1], const uint8_t *p, size_t n)
{
	uint8_t md[EVENT_DIGEST_SIZE];

	if (EVP_Digest(p, n, md, NULL, EVP_sha256(), NULL) != 1)
		return GW_ECRYPTO;
	str_hex(ret, md, sizeof(md));
	return 0;
}

/* As much of p as one record can hold. */
static size_t
part_size(const uint8_t *p, size_t n)
{
	size_t max = n < LIMIT_FIELD_MAX ? n : LIMIT_FIELD_MAX;

	while (!event_text_fits(p, max))
		max /= 2;
	return event_text_start(p, n, max);
}

static int
give_parts(const struct value *v, part_fn *fn, void *arg)
{
	struct part part = {.field = (enum event_field_id)v->id, .size = v->n};
	size_t at = 0;
	int r;

	if (FAULT(parts))
		return 0;
	if ((r = digest(part.hex, v->p, v->n)) != 0)
		return r;
	while (r >= 0 && at < v->n) {
		part.chunk++;
		part.p = v->p + at;
		part.n = part_size(part.p, v->n - at);
		at += part.n;
		r = fn(arg, &part);
	}
	return r < 0 ? r : 0;
}

/* The longest string that can be made shorter, or NULL. */
static struct value *
longest(struct values *vs)
{
	struct value *ret = NULL;

	for (unsigned i = 0; i < vs->n; i++) {
		struct value *v = &vs->v[i];

		if (v->cut || v->parts || v->n <= START ||
		    !event_field_text(v->id))
			continue;
		if (ret == NULL || v->cost > ret->cost)
			ret = v;
	}
	return ret;
}

static bool
fits(const struct values *vs)
{
	size_t sum = ENVELOPE;

	for (unsigned i = 0; i < vs->n; i++) {
		const struct value *v = &vs->v[i];

		sum += v->cost;
		if (!v->cut && !v->parts && event_field_text(v->id) &&
		    !event_text_fits(v->p, v->n))
			return false;
	}
	return sum <= LIMIT_RECORD_MAX;
}

int
part_fields(
    struct event_fields *out, const void *p, size_t n, part_fn *fn, void *arg)
{
	struct values vs;
	struct value *v;
	int r;

	if ((r = read_values(&vs, p, n)) != 0)
		return r;
	while (!fits(&vs) && (v = longest(&vs)) != NULL) {
		if ((r = give_parts(v, fn, arg)) != 0)
			return r;
		v->parts = true;
		v->cost = cost(v);
	}
	for (unsigned i = 0; i < vs.n; i++) {
		v = &vs.v[i];
		if (v->parts)
			event_cut(
			    out, (enum event_field_id)v->id, v->p, v->n, START);
		else
			event_copy(out, v->id, v->cut, v->p, v->n);
	}
	return buf_err(&out->b);
}
