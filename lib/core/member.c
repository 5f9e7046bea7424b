/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member - see the header.
 */
#include "core/member.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"

static const char between[] = " until ";

static int
parse_until(int64_t *ret, const char *text)
{
	*ret = MEMBER_ALWAYS;
	if (text[0] == '\0')
		return 0;
	if (str_time_parse(text, ret) != 0 || *ret <= 0)
		return GW_EINVAL;
	return 0;
}

int
member_add(struct member_list *l, const char *text, const char *until)
{
	const char *at = strstr(text, between);
	const size_t n = at != NULL ? (size_t)(at - text) : strlen(text);
	char name[LIMIT_NAME_SIZE];
	int64_t ms = 0;
	int r;

	if (n >= sizeof(name) || (at != NULL && until[0] != '\0'))
		return GW_EINVAL;
	memcpy(name, text, n);
	name[n] = '\0';
	if (at != NULL)
		until = at + sizeof(between) - 1;
	if (parse_until(&ms, until) != 0 || (at != NULL && until[0] == '\0'))
		return GW_EINVAL;
	if ((r = name_list_add(&l->names, name)) == 0)
		l->until_ms[l->names.n - 1] = ms;
	else if (r == GW_EEXIST && member_until_ms(l, name) != ms)
		r = GW_EINVAL;
	return r;
}

void
member_until_text(
    char ret[static MEMBER_UNTIL_SIZE], const struct member_list *l, unsigned i)
{
	char text[MEMBER_UNTIL_SIZE];

	ret[0] = '\0';
	if (l->until_ms[i] == MEMBER_ALWAYS)
		return;
	str_time(text, sizeof(text), l->until_ms[i]);
	text_set(ret, MEMBER_UNTIL_SIZE, text);
	if (l->until_ms[i] % 1000 == 0) /* as people write them */
		text_set(ret + strlen("2026-12-04T00:00:00"), 2, "Z");
}

int64_t
member_until_ms(const struct member_list *l, const char *name)
{
	for (unsigned i = 0; i < l->names.n; i++)
		if (strcmp(l->names.name[i], name) == 0)
			return l->until_ms[i];
	return 0;
}

bool
member_equal(const struct member_list *a, const struct member_list *b)
{
	for (unsigned i = 0; i < a->names.n; i++)
		if (member_until_ms(b, a->names.name[i]) != a->until_ms[i])
			return false;
	return a->names.n == b->names.n;
}
