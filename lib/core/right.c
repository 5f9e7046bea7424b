/* SPDX-License-Identifier: Apache-2.0 */
/*
 * right - see the header.
 */
#include "core/right.h"

#include <stddef.h>
#include <string.h>

#include "base/attr.h"

static const struct {
	enum right right;
	const char *name;
} names[] = {
    {RIGHT_ADMIN, "admin"},
    {RIGHT_AUDITOR, "auditor"},
    {RIGHT_POLICY, "policy"},
    {RIGHT_RESPONDER, "responder"},
    {RIGHT_USER_ADMIN, "user-admin"},
};

bool
right_may(uint8_t have, uint8_t wanted)
{
	return (have & (wanted | RIGHT_ADMIN)) != 0;
}

const char *
right_str(enum right r)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].right == r)
			return names[i].name;
	return NULL;
}

enum right
right_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].right;
	return RIGHT_NONE;
}
