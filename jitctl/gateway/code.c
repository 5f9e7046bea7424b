/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code - see the header.
 */
#include "jitctl/gateway/code.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"

enum { CODE_DIGITS = 6 };

bool
code_tidy(struct secret *code)
{
	size_t n = 0;

	for (size_t i = 0; i < code->len; i++)
		if (code->p[i] != ' ')
			code->p[n++] = code->p[i];
	explicit_bzero(code->p + n, code->len - n);
	code->len = n;
	if (n == CODE_DIGITS &&
	    strspn((const char *)code->p, "0123456789") == n)
		return true;
	say_error("a code has %d digits; it was not sent", (int)CODE_DIGITS);
	secret_free(code);
	return false;
}

const char *
code_file(const struct ctx *c)
{
	const char *file = opt_get(&c->opt, F_CODE_FILE);

	if (file == NULL)
		file = getenv("JITCTL_CODE_FILE");
	return file != NULL && file[0] != '\0' ? file : NULL;
}

int
code_get(const struct ctx *c, bool again, struct secret *ret)
{
	const char *file = code_file(c);
	const char *question =
	    again ? "Next code (not shown): " : "Code (not shown): ";
	int r = EXIT_LOGIN;

	if (file != NULL) {
		if (again || (r = prompt_file(file, NULL, ret)) != EXIT_OK)
			return again ? EXIT_LOGIN : r;
		return code_tidy(ret) ? EXIT_OK : EXIT_LOGIN;
	}
	if (!prompt_possible(c)) {
		say_error("a code is needed; give it with --code-file FILE (- "
			  "is stdin)");
		return EXIT_LOGIN;
	}
	for (int i = 0; i < LIMIT_CODE_ASKS; i++) {
		r = prompt_secret(c, question, ret);
		if (r != EXIT_OK || code_tidy(ret))
			return r;
	}
	return EXIT_LOGIN;
}
