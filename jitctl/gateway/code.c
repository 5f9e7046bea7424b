/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code - see the header.
 */
#include "jitctl/gateway/code.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "core/otp.h"
#include "core/recovery.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"

static void
drop_spaces(struct secret *code)
{
	size_t n = 0;

	for (size_t i = 0; i < code->len; i++)
		if (code->p[i] != ' ')
			code->p[n++] = code->p[i];
	explicit_bzero(code->p + n, code->len - n);
	code->len = n;
}

/* Of so many digits, or, where that is not known, as many as there are of. */
static bool
is_code(const struct secret *code, unsigned digits)
{
	const bool fits = digits != 0 ? code->len == digits
				      : code->len == OTP_DIGITS ||
					    code->len == OTP_DIGITS_LONG;

	return fits && strspn((const char *)code->p, "0123456789") == code->len;
}

bool
code_tidy(struct secret *code, unsigned digits)
{
	drop_spaces(code);
	if (is_code(code, digits))
		return true;
	if (digits != 0)
		say_error("a code has %u digits; it was not sent", digits);
	else
		say_error("a code has %d digits, or %d; it was not sent",
		    OTP_DIGITS, OTP_DIGITS_LONG);
	secret_free(code);
	return false;
}

/* A recovery code, without its groups, or, where either will do, a code. what
 * is what it is called. */
static bool
tidy_recovery(struct secret *code, const char *what, bool either)
{
	char plain[RECOVERY_SIZE];

	drop_spaces(code);
	if (either && is_code(code, 0))
		return true;
	if (recovery_read(plain, (const char *)code->p)) {
		memcpy(code->p, plain, sizeof(plain)); /* never longer */
		code->len = RECOVERY_CHARS;
		explicit_bzero(plain, sizeof(plain));
		return true;
	}
	say_error("a %s code has %d characters, like "
		  "4H7K-2MQX-9TRB-6WNC%s; it was not sent",
	    what, (int)RECOVERY_CHARS,
	    either ? ", and a code only digits" : "");
	secret_free(code);
	return false;
}

static const char *
code_file(const struct ctx *c)
{
	const char *file = opt_get(&c->opt, F_CODE_FILE);

	if (file == NULL)
		file = getenv("JITCTL_CODE_FILE");
	return file != NULL && file[0] != '\0' ? file : NULL;
}

const char *
code_source(const struct ctx *c)
{
	const char *file = opt_get(&c->opt, F_RECOVERY_FILE);

	return file != NULL ? file : code_file(c);
}

int
code_get_recovery(const struct ctx *c, bool again, struct secret *ret)
{
	const char *file = opt_get(&c->opt, F_RECOVERY_FILE);
	int r = EXIT_LOGIN;

	if (file != NULL) {
		if (again || (r = prompt_file(file, NULL, ret)) != EXIT_OK)
			return again ? EXIT_LOGIN : r;
		return tidy_recovery(ret, "recovery", false) ? EXIT_OK
							     : EXIT_LOGIN;
	}
	if (code_file(c) != NULL)
		return code_get(c, again, ret);
	if (!prompt_possible(c)) {
		say_error("a code of the old second factor is needed, or a "
			  "recovery code; give it with --code-file FILE or "
			  "--recovery-file FILE (- is stdin)");
		return EXIT_LOGIN;
	}
	for (int i = 0; i < LIMIT_CODE_ASKS; i++) {
		r = prompt_secret(c,
		    "Code of the old second factor, or a recovery code (not "
		    "shown): ",
		    ret);
		if (r != EXIT_OK || tidy_recovery(ret, "recovery", true))
			return r;
	}
	return EXIT_LOGIN;
}

/* Of a wrong length it is asked for again: who types the next one into a shell
 * has it in a history. */
static int
ask_paper(const struct ctx *c, const char *question, const char *what,
    struct secret *ret)
{
	for (int i = 0; i < LIMIT_CODE_ASKS; i++) {
		const int r = prompt_secret(c, question, ret);

		if (r != EXIT_OK || tidy_recovery(ret, what, false))
			return r;
	}
	return EXIT_LOGIN;
}

int
code_get_only_recovery(const struct ctx *c, struct secret *ret)
{
	const char *file = opt_get(&c->opt, F_RECOVERY_FILE);
	int r = EXIT_LOGIN;

	if (file == NULL && !prompt_possible(c))
		say_error("a recovery code is needed; give it with "
			  "--recovery-file FILE (- is stdin)");
	else if (file == NULL)
		return ask_paper(
		    c, "Recovery code (not shown): ", "recovery", ret);
	else
		r = prompt_file(file, NULL, ret);
	if (r == EXIT_OK && !tidy_recovery(ret, "recovery", false))
		r = EXIT_LOGIN;
	return r;
}

int
code_get_paper(const struct ctx *c, bool again, struct secret *ret)
{
	const char *file = opt_get(&c->opt, F_CODE_FILE);
	int r = EXIT_LOGIN;

	if (file == NULL && !prompt_possible(c))
		say_error("a break-glass code is needed, from paper; give it "
			  "with --code-file FILE (- is stdin)");
	else if (file == NULL)
		return ask_paper(
		    c, "Break-glass code (not shown): ", "break-glass", ret);
	else if (!again)
		r = prompt_file(file, NULL, ret);
	if (r == EXIT_OK && !tidy_recovery(ret, "break-glass", false))
		r = EXIT_LOGIN;
	return r;
}

int
code_get(const struct ctx *c, bool again, struct secret *ret)
{
	const char *file = code_file(c);
	const char *what = again ? "Next code" : "Code";
	char question[64];
	int r = EXIT_LOGIN;

	if (c->digits != 0)
		(void)snprintf(question, sizeof(question),
		    "%s, %u digits (not shown): ", what, c->digits);
	else
		(void)snprintf(
		    question, sizeof(question), "%s (not shown): ", what);
	if (file != NULL) {
		if (again || (r = prompt_file(file, NULL, ret)) != EXIT_OK)
			return again ? EXIT_LOGIN : r;
		return code_tidy(ret, c->digits) ? EXIT_OK : EXIT_LOGIN;
	}
	if (!prompt_possible(c)) {
		say_error("a code is needed; give it with --code-file FILE (- "
			  "is stdin)");
		return EXIT_LOGIN;
	}
	for (int i = 0; i < LIMIT_CODE_ASKS; i++) {
		r = prompt_secret(c, question, ret);
		if (r != EXIT_OK || code_tidy(ret, c->digits))
			return r;
	}
	return EXIT_LOGIN;
}
