/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login - which logins a role names: as they are, or with "{{user}}" in them,
 * which stands for the name of who asks. Pure.
 */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include <stdbool.h>

#include "base/attr.h"
#include "core/target.h"

/* A login, or one with "{{user}}" in it once. As name_list_add(). */
MUST_CHECK int login_add(struct name_list *l, const char *text);
/* It has "{{user}}" in it. */
bool login_is_own(const char *text);
/* One of them is that login, as it is written or for that user. What stands
 * for a user gives what an account of theirs may be called, [a-z_][a-z0-9_.-]*
 * of at most 32, and never root. */
bool login_gives(
    const struct name_list *l, const char *user, const char *login);
/* The same of a role that denies: whatever the user is called. */
bool login_denies(
    const struct name_list *l, const char *user, const char *login);

#endif
