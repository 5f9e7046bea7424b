/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alternative - see the header.
 */
#include "core/alternative.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "core/pattern.h"

static const char between[] = "; ";

/* ---- in */

static int
set_hours(struct alternative *a, const char *value)
{
	struct hours_list l = {0};

	if (a->timed || hours_add(&l, value) != 0)
		return GW_EINVAL;
	a->timed = true;
	a->hours = l.hours[0];
	return 0;
}

static int
set_group(struct alternative *a, const char *value)
{
	if (a->group[0] != '\0' || !str_name_ok(value))
		return GW_EINVAL;
	name_set(a->group, value);
	return 0;
}

static int
set_select(struct alternative *a, const char *value)
{
	struct selector_list l = {0};

	if (a->selects || selector_add(&l, value) != 0)
		return GW_EINVAL;
	a->selects = true;
	a->select = l.selector[0];
	return 0;
}

static int
set_reason(struct alternative *a, const char *value)
{
	if (!pattern_ok(value))
		return GW_EINVAL;
	return str_copy(a->reason, sizeof(a->reason), value);
}

static const struct {
	const char *key;
	int (*set)(struct alternative *a, const char *value);
} parts[] = {{"hours=", set_hours}, {"group=", set_group},
    {"select=", set_select}, {"reason=", set_reason}};

/* *text goes on behind it. A pattern may have any byte in it: it takes what is
 * left. */
static int
parse_part(struct alternative *a, const char **text)
{
	char value[LIMIT_TEXT_SIZE];
	const char *end = NULL;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		const size_t n = strlen(parts[i].key);

		if (strncmp(*text, parts[i].key, n) != 0)
			continue;
		*text += n;
		end =
		    parts[i].set == set_reason ? NULL : strstr(*text, between);
		text_set(value, sizeof(value), *text);
		if (end != NULL)
			value[end - *text] = '\0';
		*text = end != NULL ? end + strlen(between) : "";
		if (end != NULL && **text == '\0')
			return GW_EINVAL;
		return parts[i].set(a, value);
	}
	return GW_EINVAL;
}

static bool
same(const struct alternative *a, const struct alternative *b)
{
	char t[2][LIMIT_TEXT_SIZE];

	alternative_text(t[0], a);
	alternative_text(t[1], b);
	return strcmp(t[0], t[1]) == 0;
}

static bool
has(const struct alternative_list *l, const struct alternative *a)
{
	for (unsigned i = 0; i < l->n; i++)
		if (same(&l->of[i], a))
			return true;
	return false;
}

int
alternative_add(struct alternative_list *l, const char *text)
{
	struct alternative a = {0};
	char canonical[LIMIT_TEXT_SIZE];

	if (text[0] == '\0' || strlen(text) >= LIMIT_TEXT_SIZE)
		return GW_EINVAL;
	while (*text != '\0')
		if (parse_part(&a, &text) != 0)
			return GW_EINVAL;
	alternative_text(canonical, &a);
	if (strlen(canonical) + 1 >= sizeof(canonical))
		return GW_EINVAL; /* it may have been cut */
	if (has(l, &a))
		return GW_EEXIST;
	if (l->n == ARRAY_LEN(l->of))
		return GW_ELIMIT;
	l->of[l->n++] = a;
	return 0;
}

/* ---- out */

static void
put(char *ret, const char *key, const char *value)
{
	const size_t len = strlen(ret);

	(void)snprintf(ret + len, LIMIT_TEXT_SIZE - len, "%s%s%s",
	    len > 0 ? between : "", key, value);
}

void
alternative_text(char ret[static LIMIT_TEXT_SIZE], const struct alternative *a)
{
	char hours[HOURS_TEXT_SIZE], select[SELECTOR_TEXT_SIZE];

	ret[0] = '\0';
	if (a->timed) {
		hours_text(hours, &a->hours);
		put(ret, "hours=", hours);
	}
	if (a->group[0] != '\0')
		put(ret, "group=", a->group);
	if (a->selects) {
		selector_text(select, &a->select);
		put(ret, "select=", select);
	}
	if (a->reason[0] != '\0')
		put(ret, "reason=", a->reason);
}

bool
alternative_equal(
    const struct alternative_list *a, const struct alternative_list *b)
{
	for (unsigned i = 0; i < a->n; i++)
		if (!has(b, &a->of[i]))
			return false;
	return a->n == b->n;
}

/* ---- judged */

static struct hours_list
hours_of(const struct alternative *a)
{
	struct hours_list l = {.n = a->timed ? 1 : 0};

	l.hours[0] = a->hours;
	return l;
}

/* All but its hours; of these, that their zone is known. */
static bool
rest_holds(const struct alternative *a, const struct alternative_facts *f)
{
	const struct hours_list hours = hours_of(a);
	struct selector_list select = {.n = 1};

	select.selector[0] = a->select;
	return hours_unknown(&hours, f->zones) == NULL &&
	       (a->group[0] == '\0' ||
		   (f->groups != NULL && name_list_has(f->groups, a->group))) &&
	       (!a->selects || selector_list_holds(&select, f->labels)) &&
	       (a->reason[0] == '\0' || f->reason == NULL ||
		   pattern_matches(a->reason, f->reason));
}

bool
alternative_holds(const struct alternative *a,
    const struct alternative_facts *f, int64_t *ret_until_ms)
{
	struct alternative_list one = {.n = 1};

	one.of[0] = *a;
	return alternative_list_holds(&one, f, ret_until_ms);
}

bool
alternative_list_holds(const struct alternative_list *l,
    const struct alternative_facts *f, int64_t *ret_until_ms)
{
	_Static_assert((int)LIMIT_ALTERNATIVES <= (int)LIMIT_HOURS, "fits");
	struct hours_list hours = {0};

	*ret_until_ms = HOURS_NEVER;
	if (l->n == 0)
		return true;
	for (unsigned i = 0; i < l->n; i++) {
		if (!rest_holds(&l->of[i], f))
			continue;
		if (!l->of[i].timed || f->anytime)
			return true;
		hours.hours[hours.n++] = l->of[i].hours;
	}
	return hours.n > 0 && hours_judge(&hours, f->zones, f->at_ms,
				  ret_until_ms) == HOURS_IN;
}

bool
alternative_names(const struct alternative_list *l, const char *group)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->of[i].group, group) == 0)
			return true;
	return false;
}

const char *
alternative_unknown(
    const struct alternative_list *l, const struct zone_table *t)
{
	const char *zone = NULL;

	for (unsigned i = 0; zone == NULL && i < l->n; i++) {
		/* what it points to is in l: hours_of() is a copy */
		const struct hours_list hours = hours_of(&l->of[i]);

		if (hours_unknown(&hours, t) != NULL)
			zone = l->of[i].hours.zone;
	}
	return zone;
}
