/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kind - see the header.
 */
#include "core/kind.h"

#include <string.h>

const char *
kind_str(enum user_kind k)
{
	switch (k) {
	case KIND_PERSON:
		return "person";
	case KIND_MACHINE:
		return "machine";
	case KIND_NONE:
		break;
	}
	return "none";
}

enum user_kind
kind_find(const char *name)
{
	if (strcmp(name, "person") == 0)
		return KIND_PERSON;
	return strcmp(name, "machine") == 0 ? KIND_MACHINE : KIND_NONE;
}
