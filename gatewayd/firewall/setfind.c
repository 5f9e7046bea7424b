/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setfind - see setfind.h. A set of intervals lists where each begins and where
 * it ends: what holds is the nearest mark at or before the value.
 */
#include "firewall/setfind.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"

enum {
	KEY_MAX = 16,   /* internal: a register */
	DATA_MAX = 512, /* internal: a verdict with its chain */
};

struct search {
	const uint8_t *value;
	size_t n;
	bool strange;   /* not a plain set of values of such a size */
	bool intervals; /* somewhere one ends */
	bool any;       /* a mark at or before the value */
	bool ends;      /* ... where one ends */
	bool exact;     /* ... at the value */
	uint8_t key[KEY_MAX];
	size_t keylen;
	uint8_t data[DATA_MAX]; /* of that mark */
	size_t datalen;
};

static void
take(struct search *s, struct nl_attr *tb)
{
	struct nl_attr key[NFTA_DATA_VERDICT + 1];
	const struct nl_attr *k = &key[NFTA_DATA_VALUE];
	const struct nl_attr *data = &tb[NFTA_SET_ELEM_DATA];
	const uint32_t flags = nl_u32(&tb[NFTA_SET_ELEM_FLAGS]);
	const bool end = (flags & NFT_SET_ELEM_INTERVAL_END) != 0;

	nl_parse(key, ARRAY_LEN(key), tb[NFTA_SET_ELEM_KEY].p,
	    tb[NFTA_SET_ELEM_KEY].n);
	if (k->n == 0 || k->n > KEY_MAX || k->n > s->n ||
	    (s->keylen != 0 && s->keylen != k->n) || data->n > DATA_MAX ||
	    tb[NFTA_SET_ELEM_KEY_END].p != NULL ||
	    (flags & NFT_SET_ELEM_CATCHALL) != 0) {
		s->strange = true;
		return;
	}
	s->keylen = k->n;
	s->intervals = s->intervals || end;
	if (memcmp(k->p, s->value, k->n) > 0)
		return;
	if (s->any) {
		const int d = memcmp(k->p, s->key, k->n);

		/* one may end where the next begins */
		if (d < 0 || (d == 0 && end))
			return;
	}
	s->any = true;
	s->ends = end;
	s->exact = memcmp(k->p, s->value, k->n) == 0;
	memcpy(s->key, k->p, k->n);
	s->datalen = data->n;
	if (data->n > 0)
		memcpy(s->data, data->p, data->n);
}

static int
read_list(void *arg, const struct nl_msg *m)
{
	struct nl_attr tb[NFTA_SET_ELEM_LIST_ELEMENTS + 1];
	struct nl_attr el[NFTA_SET_ELEM_KEY_END + 1];
	struct nl_attr list, one;
	uint16_t type = 0;

	nl_parse(tb, ARRAY_LEN(tb), m->p, m->n);
	list = tb[NFTA_SET_ELEM_LIST_ELEMENTS];
	while (nl_next(&list, &type, &one)) {
		nl_parse(el, ARRAY_LEN(el), one.p, one.n);
		take(arg, el);
	}
	return 0;
}

void
setfind(struct set_found *ret, struct rule_place *place,
    const struct nl_attr *set, const uint8_t *value, size_t n)
{
	struct search *s = calloc(1, sizeof(*s));
	struct nlb b;
	int r = GW_ENOMEM;

	*ret = (struct set_found){.in = MATCH_MAYBE};
	free(place->memory);
	place->memory = s;
	if (s == NULL)
		return;
	s->value = value;
	s->n = n;
	nlb_init(&b);
	(void)nlb_msg(
	    &b, NL_NFT(NFT_MSG_GETSETELEM), NLM_F_DUMP, place->family);
	nlb_str(&b, NFTA_SET_ELEM_LIST_TABLE, place->table);
	nlb_bytes(&b, NFTA_SET_ELEM_LIST_SET, set->p, set->n);
	r = nl_ask(place->ask, &b, read_list, s);
	nlb_done(&b);
	if (r != 0 || s->strange)
		return;
	ret->in = s->any && (s->intervals ? !s->ends : s->exact) ? MATCH_YES
								 : MATCH_NO;
	ret->data = (struct nl_attr){s->data, s->datalen};
}
