/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask - see the header.
 */
#include "base/ask.h"

#include <stdio.h>
#include <string.h>

bool
ask_line(const char *question, char *ret, size_t size)
{
	size_t n = 0;
	int ch = 0;

	do {
		n = 0;
		(void)fputs(question, stdout);
		(void)fflush(stdout);
		while ((ch = getchar()) != EOF && ch != '\n')
			if (n++ < size - 1)
				ret[n - 1] = (char)ch;
		if (ch == EOF)
			(void)putchar('\n');
		if (n >= size)
			(void)fprintf(stderr,
			    "That is %zu bytes long, and may be at most %zu: "
			    "nothing was done.\n",
			    n, size - 1);
	} while (n >= size && ch != EOF);
	ret[n < size ? n : 0] = '\0';
	return n < size && (ch != EOF || n > 0);
}

bool
ask_yes(const char *question)
{
	char text[8];

	(void)fputs(question, stdout);
	if (ask_line(" [y/N] ", text, sizeof(text)) &&
	    (strcmp(text, "y") == 0 || strcmp(text, "Y") == 0 ||
		strcmp(text, "yes") == 0))
		return true;
	(void)fputs("Nothing was changed.\n", stderr);
	return false;
}
