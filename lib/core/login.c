/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login - see the header.
 */
#include "core/login.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

enum { ACCOUNT_MAX = 32 }; /* internal: as useradd(8) has it */

static const char own[] = "{{user}}";

bool
login_is_own(const char *text)
{
	return strstr(text, own) != NULL;
}

/* False: that is no name. */
static bool
expand(char ret[static LIMIT_NAME_SIZE], const char *text, const char *user)
{
	const char *at = strstr(text, own);
	int r;

	if (at == NULL)
		return str_copy(ret, LIMIT_NAME_SIZE, text) == 0;
	r = str_fmt(ret, LIMIT_NAME_SIZE, "%.*s%s%s", (int)(at - text), text,
	    user, at + sizeof(own) - 1);
	return r == 0 && str_name_ok(ret);
}

int
login_add(struct name_list *l, const char *text)
{
	char name[LIMIT_NAME_SIZE];

	if (!login_is_own(text))
		return name_list_add(l, text);
	/* as the shortest there is: what is left has no second one */
	if (strlen(text) >= LIMIT_NAME_SIZE || !expand(name, text, "u"))
		return GW_EINVAL;
	if (name_list_has(l, text))
		return GW_EEXIST;
	if (l->n >= LIMIT_LIST)
		return GW_ELIMIT;
	return str_copy(l->name[l->n++], LIMIT_NAME_SIZE, text);
}

static bool
is_account(const char *s)
{
	const size_t n = strlen(s);

	return n <= ACCOUNT_MAX && s[0] != '-' && s[0] != '.' &&
	       (s[0] < '0' || s[0] > '9') &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == n &&
	       strcmp(s, "root") != 0;
}

static bool
has(const struct name_list *l, const char *user, const char *login,
    bool accounts)
{
	char name[LIMIT_NAME_SIZE];

	for (unsigned i = 0; i < l->n; i++) {
		const char *text = l->name[i];

		if (!expand(name, text, user) || strcmp(name, login) != 0)
			continue;
		if (!accounts || !login_is_own(text) || is_account(name) ||
		    FAULT(login_account))
			return true;
	}
	return false;
}

bool
login_gives(const struct name_list *l, const char *user, const char *login)
{
	return has(l, user, login, true);
}

bool
login_denies(const struct name_list *l, const char *user, const char *login)
{
	return has(l, user, login, false);
}
