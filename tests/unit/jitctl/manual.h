/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manual - the manual pages as text, for the tests that hold the program and
 * them together.
 */
#ifndef TESTS_JITCTL_MANUAL_H
#define TESTS_JITCTL_MANUAL_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/support/test.h"

enum { MANUAL_MAX = 256 * 1024 };

/* man/NAME below top_srcdir; malloc'd. */
static inline char *
manual_read(const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[512];
	char *text = calloc(1, MANUAL_MAX);
	FILE *f = NULL;

	(void)snprintf(
	    path, sizeof(path), "%s/man/%s", top != NULL ? top : ".", name);
	f = fopen(path, "re");
	if (f == NULL)
		fail_msg("%s cannot be opened: is top_srcdir set?", path);
	assert_non_null(text);
	assert_true(fread(text, 1, MANUAL_MAX - 1, f) > 1000);
	(void)fclose(f);
	return text;
}

#endif
