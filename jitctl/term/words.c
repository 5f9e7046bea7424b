/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words - see the header.
 */
#include "jitctl/term/words.h"

#include <string.h>

#include "base/str.h"
#include "jitctl/term/say.h"

bool
name_arg(const char *what, const char *s)
{
	char text[80];

	if (str_name_ok(s))
		return true;
	str_escape(text, sizeof(text), s, strlen(s));
	say_error("%s: not a name: \"%s\" (1 to %d of a-z A-Z 0-9 . _ -)", what,
	    text, (int)LIMIT_NAME_MAX);
	return false;
}

bool
text_arg(const char *what, const char *s)
{
	if (strlen(s) > LIMIT_REASON_MAX)
		say_error(
		    "%s: longer than %d bytes", what, (int)LIMIT_REASON_MAX);
	else if (!str_text_ok(s, strlen(s)))
		say_error("%s: control characters or not UTF-8", what);
	else
		return true;
	return false;
}

bool
duration_arg(enum flag f, const char *s, uint32_t *ret)
{
	char text[80];

	if (str_duration(s, ret) == 0)
		return true;
	str_escape(text, sizeof(text), s, strlen(s));
	say_error("--%s: not a duration: \"%s\" (write 90s, 15m, 2h or 1h30m)",
	    flag_spec(f)->name, text);
	return false;
}

bool
once(const struct ctx *c, enum flag f)
{
	if (c->opt.n[f] <= 1)
		return true;
	say_error("--%s is given twice", flag_spec(f)->name);
	return false;
}

json_t *
names_array(const struct ctx *c, enum flag f)
{
	json_t *list = json_array();
	char what[64];

	(void)snprintf(what, sizeof(what), "--%s", flag_spec(f)->name);
	for (unsigned i = 0; list != NULL && i < c->opt.n[f]; i++) {
		if (name_arg(what, c->opt.value[f][i]) &&
		    json_array_append_new(
			list, json_string(c->opt.value[f][i])) == 0)
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

json_t *
labels_object(const struct ctx *c)
{
	json_t *o = json_object();

	for (unsigned i = 0; o != NULL && i < c->opt.n[F_LABEL]; i++) {
		const char *text = c->opt.value[F_LABEL][i];
		const char *eq = strchr(text, '=');
		char key[LIMIT_NAME_SIZE];

		if (eq == NULL || (size_t)(eq - text) >= sizeof(key)) {
			say_error("--label: KEY=VALUE was expected");
			json_decref(o);
			return NULL;
		}
		memcpy(key, text, (size_t)(eq - text));
		key[eq - text] = '\0';
		if (!name_arg("--label", key) || !name_arg("--label", eq + 1) ||
		    json_object_set_new(o, key, json_string(eq + 1)) != 0) {
			json_decref(o);
			return NULL;
		}
	}
	return o;
}

void
put_shell_word(FILE *f, const char *s)
{
	char text[LIMIT_TEXT_SIZE];

	str_escape(text, sizeof(text), s, strlen(s));
	if (text[0] != '\0' &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789._-+/:@=,") == strlen(text)) {
		(void)fputs(text, f);
		return;
	}
	(void)fputc('\'', f);
	for (const char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			(void)fputs("'\\''", f);
		else
			(void)fputc(*p, f);
	(void)fputc('\'', f);
}
