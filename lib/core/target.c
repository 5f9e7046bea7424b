/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - lists of names and labels, and what makes a target whole. Pure.
 */
#include "core/target.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "core/grant.h"

void
name_set(char ret[static LIMIT_NAME_SIZE], const char *s)
{
	if (str_copy(ret, LIMIT_NAME_SIZE, s) != 0)
		ret[0] = '\0';
}

int
name_list_add(struct name_list *l, const char *name)
{
	if (!str_name_ok(name))
		return GW_EINVAL;
	if (name_list_has(l, name))
		return GW_EEXIST;
	if (l->n >= LIMIT_LIST)
		return GW_ELIMIT;
	return str_copy(l->name[l->n++], LIMIT_NAME_SIZE, name);
}

bool
name_list_has(const struct name_list *l, const char *name)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->name[i], name) == 0)
			return true;
	return false;
}

void
name_list_text(char *ret, size_t size, const struct name_list *l)
{
	size_t at = 0;

	if (size == 0)
		return;
	(void)snprintf(ret, size, "%s", l->n == 0 ? "nothing" : "");
	for (unsigned i = 0; i < l->n; i++) {
		const size_t need = strlen(l->name[i]) + 2;

		if (at + need + sizeof(", ...") > size) {
			(void)snprintf(ret + at, size - at, ", ...");
			return;
		}
		at += (size_t)snprintf(ret + at, size - at, "%s%s",
		    i == 0 ? "" : ", ", l->name[i]);
	}
}

static const struct label *
label_find(const struct label_list *l, const char *key)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->label[i].key, key) == 0)
			return &l->label[i];
	return NULL;
}

int
label_list_add(struct label_list *l, const char *key, const char *value)
{
	struct label *b = NULL;

	if (!str_name_ok(key) || !str_name_ok(value))
		return GW_EINVAL;
	if (label_find(l, key) != NULL)
		return GW_EEXIST;
	if (l->n >= LIMIT_LABELS)
		return GW_ELIMIT;
	b = &l->label[l->n++];
	memset(b, 0, sizeof(*b));
	memcpy(b->key, key, strlen(key));
	memcpy(b->value, value, strlen(value));
	return 0;
}

bool
label_list_covers(const struct label_list *have, const struct label_list *want)
{
	if (want->n == 0)
		return false;
	for (unsigned i = 0; i < want->n; i++) {
		const struct label *b = label_find(have, want->label[i].key);

		if (b == NULL || strcmp(b->value, want->label[i].value) != 0)
			return false;
	}
	return true;
}

int
port_list_add(struct port_list *l, const char *text)
{
	uint64_t port = 0;

	if (str_u64(text, 1, UINT16_MAX, &port) != 0)
		return GW_EINVAL;
	for (unsigned i = 0; i < l->n; i++)
		if (l->port[i] == port)
			return GW_EEXIST;
	if (l->n >= LIMIT_LIST)
		return GW_ELIMIT;
	l->port[l->n++] = (uint16_t)port;
	return 0;
}

int
prefix_list_add(struct prefix_list *l, const char *text)
{
	struct prefix p;

	if (prefix_parse(&p, text) != 0)
		return GW_EINVAL;
	for (unsigned i = 0; i < l->n; i++)
		if (addr_equal(&l->prefix[i].addr, &p.addr) &&
		    l->prefix[i].bits == p.bits)
			return GW_EEXIST;
	if (l->n >= LIMIT_LIST)
		return GW_ELIMIT;
	l->prefix[l->n++] = p;
	return 0;
}

void
prefix_format(char ret[static PREFIX_TEXT_SIZE], const struct prefix *p)
{
	char addr[ADDR_TEXT_SIZE];

	addr_format(addr, &p->addr);
	(void)snprintf(ret, PREFIX_TEXT_SIZE, "%s/%u", addr, (unsigned)p->bits);
}

bool
prefix_list_equal(const struct prefix_list *a, const struct prefix_list *b)
{
	for (unsigned i = 0; i < a->n && i < b->n; i++)
		if (!addr_equal(&a->prefix[i].addr, &b->prefix[i].addr) ||
		    a->prefix[i].bits != b->prefix[i].bits)
			return false;
	return a->n == b->n;
}

bool
prefix_list_has(const struct prefix_list *l, const struct addr *a)
{
	for (unsigned i = 0; i < l->n; i++)
		if (prefix_has(&l->prefix[i], a))
			return true;
	return false;
}

/* ---- host keys */

bool
target_each_key(const struct target *t,
    void (*fn)(void *arg, const uint8_t *blob, size_t n), void *arg)
{
	struct rd r;
	uint32_t n;

	if (t->host_keys_len == 0)
		return true;
	rd_init(&r, t->host_keys, t->host_keys_len);
	n = rd_u32(&r);
	for (uint32_t i = 0; i < n && !r.bad; i++) {
		size_t len = 0;
		const uint8_t *blob = rd_string(&r, &len);

		if (blob != NULL && fn != NULL)
			fn(arg, blob, len);
	}
	return rd_done(&r) == 0;
}

struct key_search {
	const void *blob;
	size_t len;
	unsigned n;
	bool hit;
};

static void
key_seen(void *arg, const uint8_t *blob, size_t n)
{
	struct key_search *s = arg;

	s->n++;
	if (n == s->len && n > 0 && memcmp(blob, s->blob, n) == 0)
		s->hit = true;
}

unsigned
target_nkeys(const struct target *t)
{
	struct key_search s = {0};

	return target_each_key(t, key_seen, &s) ? s.n : 0;
}

bool
target_has_key(const struct target *t, const void *blob, size_t n)
{
	struct key_search s = {.blob = blob, .len = n};

	return target_each_key(t, key_seen, &s) && s.hit;
}

int
target_add_key(struct target *t, const void *blob, size_t n)
{
	struct buf b;
	const size_t had = t->host_keys_len;
	int r = GW_EINVAL;

	if (n == 0 || n > LIMIT_PUBKEY_MAX)
		return GW_EINVAL;
	if (target_has_key(t, blob, n))
		return GW_EEXIST;
	buf_init(&b, sizeof(t->host_keys));
	buf_u32(&b, target_nkeys(t) + 1);
	if (had > 4)
		buf_put(&b, t->host_keys + 4, had - 4);
	buf_string(&b, blob, n);
	if ((r = buf_err(&b)) == 0) {
		memcpy(t->host_keys, b.p, b.len);
		t->host_keys_len = (uint32_t)b.len;
	}
	buf_done(&b);
	return r;
}

/* ---- the whole */

bool
target_ok(const struct target *t)
{
	if (!str_name_ok(t->name) || t->port == 0 || t->logins.n == 0)
		return false;
	if (t->reach != REACH_PROXY && t->reach != REACH_DIRECT)
		return false;
	if (t->addr4.family == 0 && t->addr6.family == 0)
		return false;
	return (t->addr4.family == 0 || t->addr4.family == 4) &&
	       (t->addr6.family == 0 || t->addr6.family == 6) &&
	       target_each_key(t, NULL, NULL);
}

static void
key_missing(void *arg, const uint8_t *blob, size_t n)
{
	struct key_search *s = arg;

	if (!target_has_key(s->blob, blob, n))
		s->hit = true;
}

bool
target_equal(const struct target *a, const struct target *b)
{
	struct key_search s = {.blob = b};

	if (strcmp(a->name, b->name) != 0 || a->port != b->port ||
	    a->reach != b->reach || a->labels.n != b->labels.n ||
	    a->logins.n != b->logins.n || target_nkeys(a) != target_nkeys(b))
		return false;
	if (a->addr4.family != b->addr4.family ||
	    a->addr6.family != b->addr6.family ||
	    memcmp(a->addr4.b, b->addr4.b, sizeof(a->addr4.b)) != 0 ||
	    memcmp(a->addr6.b, b->addr6.b, sizeof(a->addr6.b)) != 0)
		return false;
	for (unsigned i = 0; i < a->logins.n; i++)
		if (!name_list_has(&b->logins, a->logins.name[i]))
			return false;
	if (a->labels.n > 0 && !label_list_covers(&b->labels, &a->labels))
		return false;
	return target_each_key(a, key_missing, &s) && !s.hit;
}
