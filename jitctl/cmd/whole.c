/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whole - see the header.
 */
#include "jitctl/cmd/whole.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "jitctl/cmd/list.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

const json_t *
whole_begin(struct ctx *c, enum api_verb verb, const char *kind,
    struct reply *ret, int *retexit)
{
	const json_t *now = NULL;

	if ((*retexit = list_get(c, verb, kind, ret, &now)) != EXIT_OK)
		return NULL;
	*retexit = EXIT_USAGE;
	say_error("%s set replaces all that a %s is: say all of it. With what "
		  "is there now that is:",
	    kind, kind);
	(void)fprintf(stderr, "  %s %s set %s", self(c), kind, c->opt.arg[0]);
	return now;
}

void
whole_word(const char *s)
{
	(void)fputc(' ', stderr);
	put_shell_word(stderr, s);
}

static void
put_value(const char *flag, const char *key, const json_t *v, bool seconds)
{
	char text[CELL_SIZE];
	char word[CELL_SIZE + LIMIT_NAME_SIZE];

	cell_text(text, v, seconds ? COL_SECONDS : COL_TEXT);
	if (str_fmt(word, sizeof(word), "%.*s%s%s", (int)LIMIT_NAME_MAX, key,
		key[0] != '\0' ? "=" : "", text) != 0)
		return;
	(void)fprintf(stderr, " --%s", flag);
	whole_word(word);
}

void
whole_flag(const struct ctx *c, enum flag f, const json_t *now, bool seconds)
{
	const char *name = flag_spec(f)->name;
	const char *key = NULL;
	const json_t *value = NULL;

	for (unsigned i = 0; i < c->opt.n[f]; i++) {
		(void)fprintf(stderr, " --%s", name);
		whole_word(c->opt.value[f][i]);
	}
	if (c->opt.n[f] > 0 || now == NULL)
		return;
	if (json_is_array(now)) {
		for (size_t i = 0; i < json_array_size(now); i++)
			put_value(name, "", json_array_get(now, i), seconds);
	} else if (json_is_object(now)) {
		json_object_foreach((json_t *)(uintptr_t)now, key, value)
		{
			put_value(name, key, value, seconds);
		}
	} else if (json_is_integer(now) || json_string_length(now) > 0) {
		put_value(name, "", now, seconds);
	}
}

void
whole_bool(const struct ctx *c, enum flag f, bool now)
{
	if (now || opt_has(&c->opt, f))
		(void)fprintf(stderr, " --%s", flag_spec(f)->name);
}

int
whole_end(void)
{
	(void)fputc('\n', stderr);
	return EXIT_USAGE;
}
