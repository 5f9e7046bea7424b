/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault - which checks this test build has switched off. In any other build
 * this file is empty.
 */
#include "base/fault.h"

#ifdef SALLYPORT_FAULTS

#include <stdlib.h>
#include <string.h>

bool
fault_on(const char *name)
{
	static char *list;
	const size_t n = strlen(name);
	const char *at = NULL;
	const char *env = NULL;
	size_t word = 0;

	/* A copy: the environment may be cleared later. A process that is told
	 * its faults in a message has asked about some before. */
	if (list == NULL && (env = getenv("SALLYPORT_FAULTS")) != NULL)
		list = strdup(env);
	for (at = list; at != NULL;
	     at = at[word] == ',' ? at + word + 1 : NULL) {
		word = strcspn(at, ",");
		if (word == n && n > 0 && memcmp(at, name, n) == 0)
			return true;
	}
	return false;
}

#else

struct fault_none; /* ISO C wants at least one declaration in a file */

#endif
