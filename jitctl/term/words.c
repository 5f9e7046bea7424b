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
		say_error(
		    "%s: it has control characters or is not UTF-8", what);
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
port_arg(const char *s, uint64_t *ret)
{
	if (str_u64(s, 1, 65535, ret) == 0)
		return true;
	say_error("--port: 1 to 65535");
	return false;
}

/* "2026-11-22", "today" or "yesterday", its first n bytes. */
static bool
day_of(const char *s, size_t n, int64_t now_ms, int64_t *ret)
{
	const int64_t day = 86400000;
	char full[64];

	if (n == strlen("today") && strncmp(s, "today", n) == 0)
		*ret = now_ms / day * day;
	else if (n == strlen("yesterday") && strncmp(s, "yesterday", n) == 0)
		*ret = (now_ms / day - 1) * day;
	else if (str_fmt(full, sizeof(full), "%.*sT00:00:00Z", (int)n, s) !=
		     0 ||
		 str_time_parse(full, ret) != 0)
		return false;
	return true;
}

/* "14:00" or "14:00:30" */
static bool
clock_of(const char *s, int64_t *ret)
{
	char full[64];

	return str_fmt(full, sizeof(full), "1970-01-01T%s%sZ", s,
		   strlen(s) == 5 ? ":00" : "") == 0 &&
	       str_time_parse(full, ret) == 0;
}

/* A day, a time of today, or both. */
static bool
day_and_clock(const char *s, int64_t now_ms, int64_t *ret)
{
	const size_t n = strcspn(s, " ");
	int64_t day = 0;
	int64_t clock = 0;

	if (s[n] == '\0' && day_of(s, n, now_ms, ret))
		return true;
	if (!clock_of(s[n] == ' ' ? s + n + 1 : s, &clock) ||
	    !(s[n] == ' ' ? day_of(s, n, now_ms, &day)
			  : day_of("today", 5, now_ms, &day)))
		return false;
	*ret = day + clock;
	return true;
}

bool
time_arg(const struct ctx *c, enum flag f, int64_t now_ms, int64_t *ret)
{
	const char *s = opt_get(&c->opt, f);
	uint32_t d = 0;

	if (s == NULL || str_time_parse(s, ret) == 0 ||
	    day_and_clock(s, now_ms, ret))
		return true;
	if (str_duration(s, &d) == 0) {
		*ret = now_ms - (int64_t)d * 1000;
		return true;
	}
	say_error(
	    "--%s: not a time: write 2026-11-22T01:02:03Z, 2026-11-22, 14:30, "
	    "\"yesterday 14:30\", today, or 24h for 24 hours ago (all in "
	    "UTC)",
	    flag_spec(f)->name);
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
			say_error("--label: expected KEY=VALUE");
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
