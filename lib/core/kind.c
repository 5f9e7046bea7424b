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
	case KIND_AGENT:
		return "agent";
	case KIND_NONE:
		break;
	}
	return "none";
}

enum user_kind
kind_find(const char *name)
{
	for (enum user_kind k = KIND_PERSON; k <= KIND_AGENT; k++)
		if (strcmp(name, kind_str(k)) == 0)
			return k;
	return KIND_NONE;
}
