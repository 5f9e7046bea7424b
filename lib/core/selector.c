/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selector - see the header.
 */
#include "core/selector.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

/* ---- values: names in order, each with its NUL */

static const char *
next_value(const char *v)
{
	return v + strlen(v) + 1;
}

static size_t
values_size(const struct selector *s)
{
	const char *v = s->values;

	for (unsigned i = 0; i < s->n; i++)
		v = next_value(v);
	return (size_t)(v - s->values);
}

static bool
has_value(const struct selector *s, const char *value)
{
	const char *v = s->values;

	for (unsigned i = 0; i < s->n; i++, v = next_value(v))
		if (strcmp(v, value) == 0)
			return true;
	return false;
}

/* Into its place; what is there already is not said twice. */
static bool
add_value(struct selector *s, const char *value)
{
	const size_t size = values_size(s), n = strlen(value) + 1;
	char *at = s->values;

	if (has_value(s, value))
		return true;
	if (n > sizeof(s->values) - size || s->n == UINT8_MAX)
		return false;
	for (unsigned i = 0; i < s->n && strcmp(at, value) < 0; i++)
		at += strlen(at) + 1;
	memmove(at + n, at, size - (size_t)(at - s->values));
	memcpy(at, value, n);
	s->n++;
	return true;
}

/* ---- text in */

static void
skip_spaces(const char **p)
{
	*p += strspn(*p, " ");
}

static bool
take(const char **p, const char *word)
{
	const size_t n = strlen(word);

	if (strncmp(*p, word, n) != 0)
		return false;
	*p += n;
	skip_spaces(p);
	return true;
}

static bool
take_name(const char **p, char ret[static LIMIT_NAME_SIZE])
{
	const size_t n = strcspn(*p, " =!(),");

	if (n >= LIMIT_NAME_SIZE)
		return false;
	memset(ret, 0, LIMIT_NAME_SIZE);
	memcpy(ret, *p, n);
	*p += n;
	skip_spaces(p);
	return str_name_ok(ret);
}

static bool
take_values(const char **p, struct selector *s)
{
	char value[LIMIT_NAME_SIZE];

	do {
		if (!take_name(p, value) || !add_value(s, value))
			return false;
	} while (take(p, ","));
	return take(p, ")");
}

static int
parse(struct selector *ret, const char *text)
{
	const char *p = text;
	char value[LIMIT_NAME_SIZE];
	bool ok = true;

	memset(ret, 0, sizeof(*ret));
	skip_spaces(&p);
	ret->in = !take(&p, "!");
	if (!take_name(&p, ret->key))
		return GW_EINVAL;
	if (*p == '\0')
		return 0;
	if (!ret->in)
		return GW_EINVAL;
	if (take(&p, "="))
		ok = take_name(&p, value) && add_value(ret, value);
	else if (take(&p, "in (") || take(&p, "in("))
		ok = take_values(&p, ret);
	else {
		ret->in = false;
		if (take(&p, "!="))
			ok = take_name(&p, value) && add_value(ret, value);
		else
			ok = (take(&p, "notin (") || take(&p, "notin(")) &&
			     take_values(&p, ret);
	}
	return ok && *p == '\0' ? 0 : GW_EINVAL;
}

static bool
same(const struct selector *a, const struct selector *b)
{
	return strcmp(a->key, b->key) == 0 && a->in == b->in && a->n == b->n &&
	       memcmp(a->values, b->values, values_size(a)) == 0;
}

static bool
has(const struct selector_list *l, const struct selector *s)
{
	for (unsigned i = 0; i < l->n; i++)
		if (same(&l->selector[i], s))
			return true;
	return false;
}

int
selector_add(struct selector_list *l, const char *text)
{
	struct selector s;
	int r = parse(&s, text);

	if (r != 0)
		return r;
	if (has(l, &s))
		return GW_EEXIST;
	if (l->n == LIMIT_SELECTORS)
		return GW_ELIMIT;
	l->selector[l->n++] = s;
	return 0;
}

bool
selector_equal(const struct selector_list *a, const struct selector_list *b)
{
	for (unsigned i = 0; i < a->n; i++)
		if (!has(b, &a->selector[i]))
			return false;
	return a->n == b->n;
}

/* ---- text out */

void
selector_text(char ret[static SELECTOR_TEXT_SIZE], const struct selector *s)
{
	const char *v = s->values;
	size_t n;

	if (s->n == 0) {
		(void)snprintf(
		    ret, SELECTOR_TEXT_SIZE, "%s%s", s->in ? "" : "!", s->key);
		return;
	}
	if (s->n == 1) {
		(void)snprintf(ret, SELECTOR_TEXT_SIZE, "%s%s%s", s->key,
		    s->in ? "=" : "!=", v);
		return;
	}
	(void)snprintf(
	    ret, SELECTOR_TEXT_SIZE, "%s %s (", s->key, s->in ? "in" : "notin");
	for (unsigned i = 0; i < s->n; i++, v = next_value(v)) {
		n = strlen(ret);
		(void)snprintf(ret + n, SELECTOR_TEXT_SIZE - n, "%s%s",
		    i > 0 ? ", " : "", v);
	}
	n = strlen(ret);
	(void)snprintf(ret + n, SELECTOR_TEXT_SIZE - n, ")");
}

/* ---- what holds */

static bool
holds(const struct selector *s, const struct label_list *have)
{
	bool hit = false;

	for (unsigned i = 0; i < have->n && !hit; i++)
		hit = strcmp(have->label[i].key, s->key) == 0 &&
		      (s->n == 0 || has_value(s, have->label[i].value));
	return hit == s->in || FAULT(any_label);
}

bool
selector_list_holds(
    const struct selector_list *l, const struct label_list *have)
{
	for (unsigned i = 0; i < l->n; i++)
		if (!holds(&l->selector[i], have))
			return false;
	return l->n > 0;
}
