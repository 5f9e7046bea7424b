/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msgscene - see the header.
 */
#include "tests/unit/wire/msgscene.h"

#include <string.h>

#include "base/addr.h"

static void
fill_addr(struct rnd *r, void *p)
{
	static const uint8_t families[] = {0, 4, 6};
	struct addr a = {.family = families[rnd_below(r, 3)]};

	rnd_fill(r, a.b, a.family == 0 ? 0 : a.family == 4 ? 4 : 16);
	memcpy(p, &a, sizeof(a));
}

/* A value the field may have; longest = the largest there is. */
static void
fill_field(struct fixture *f, const struct msg_field *mf, int longest)
{
	uint8_t *p = f->in + mf->offset;
	struct bytes v = {.p = f->heap};
	size_t n;

	switch (mf->kind) {
	case MF_U8:
		rnd_fill(&f->rnd, p, 1);
		break;
	case MF_U16:
		rnd_fill(&f->rnd, p, 2);
		break;
	case MF_U32:
		rnd_fill(&f->rnd, p, 4);
		break;
	case MF_U64:
	case MF_I64:
		rnd_fill(&f->rnd, p, 8);
		break;
	case MF_STR:
		n = longest ? mf->max - 1 : rnd_below(&f->rnd, mf->max);
		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)(1 + rnd_below(&f->rnd, 255));
		break;
	case MF_RAW:
		rnd_fill(&f->rnd, p, mf->max);
		break;
	case MF_ADDR:
		fill_addr(&f->rnd, p);
		break;
	case MF_BYTES:
		v.len = (uint32_t)rnd_below(&f->rnd, BYTES_MAX + 1);
		memcpy(p, &v, sizeof(v));
		break;
	default:
		fail_msg("field kind %d is unknown to this test", mf->kind);
	}
}

void
fill(struct fixture *f, const struct msg_spec *s, int longest)
{
	memset(f->in, 0, msg_size_max());
	for (uint16_t i = 0; i < s->nfields; i++)
		fill_field(f, &s->fields[i], longest);
}

size_t
field_size(const struct msg_field *mf)
{
	switch (mf->kind) {
	case MF_U8:
		return 1;
	case MF_U16:
		return 2;
	case MF_U32:
		return 4;
	case MF_U64:
	case MF_I64:
		return 8;
	case MF_ADDR:
		return sizeof(struct addr);
	case MF_BYTES:
		return sizeof(struct bytes);
	default:
		return mf->max;
	}
}
