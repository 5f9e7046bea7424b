/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words - see the header.
 */
#include "jitctl/term/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "jitctl/term/say.h"
#include "jitctl/term/when.h"

bool
name_arg(const char *what, const char *s)
{
	char text[80];

	if (str_name_ok(s))
		return true;
	say_text(text, sizeof(text), s, strlen(s));
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
		say_error("%s: it has control or invisible characters, or is "
			  "not UTF-8",
		    what);
	else
		return true;
	return false;
}

/* "0", "0s", "00h" */
static bool
is_no_time(const char *s)
{
	const size_t n = strspn(s, "0");

	return n > 0 && (s[n] == '\0' ||
			    (strchr("smhd", s[n]) != NULL && s[n + 1] == '\0'));
}

bool
duration_arg(enum flag f, const char *s, uint32_t *ret)
{
	char text[80];

	if (str_duration(s, ret) == 0)
		return true;
	say_text(text, sizeof(text), s, strlen(s));
	if (is_no_time(s)) {
		say_error("--%s: %s is no time at all: 1s at least",
		    flag_spec(f)->name, text);
		return false;
	}
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

bool
time_arg(const struct ctx *c, enum flag f, int64_t now_ms, int64_t *ret)
{
	const char *s = opt_get(&c->opt, f);
	struct when w;

	if (s == NULL)
		return true;
	if (when_parse(&w, s, now_ms)) {
		*ret = f == F_UNTIL ? w.last_ms : w.first_ms;
		return true;
	}
	say_error(
	    "--%s: not a time: write 2026-11-22, 14:30, \"yesterday 14:30\", "
	    "\"mon 09:00\" or 2026-11-22T01:02:03Z, where a zone may follow "
	    "(\"14:30 +01:00\", \"14:30 UTC\"; without one it is your local "
	    "time), or 24h for 24 hours ago",
	    flag_spec(f)->name);
	return false;
}

bool
times_arg(
    const struct ctx *c, int64_t now_ms, int64_t *retsince, int64_t *retuntil)
{
	if (!time_arg(c, F_SINCE, now_ms, retsince) ||
	    !time_arg(c, F_UNTIL, now_ms, retuntil))
		return false;
	if (*retsince > *retuntil) {
		say_error("--since is later than --until: nothing lies "
			  "between; which is which?");
		return false;
	}
	/* its clock may be right, and ours wrong */
	if (*retsince > now_ms)
		say(c, "--since is in the future, as this host's clock has "
		       "it.");
	return true;
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
shell_word(struct buf *b, const char *s)
{
	char text[LIMIT_TEXT_SIZE];

	say_text(text, sizeof(text), s, strlen(s));
	if (text[0] != '\0' &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789._-+/:@=,") == strlen(text)) {
		buf_printf(b, "%s", text);
		return;
	}
	buf_printf(b, "'");
	for (const char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			buf_printf(b, "'\\''");
		else
			buf_printf(b, "%c", *p);
	buf_printf(b, "'");
}

void
put_shell_word(FILE *f, const char *s)
{
	struct buf b;

	buf_init(&b, LIMIT_TEXT_SIZE * 5);
	shell_word(&b, s);
	(void)fwrite(b.p, 1, b.len, f);
	buf_done(&b);
}

/* ------------------------------------------------------- to be called again */

const char *
self(const struct ctx *c)
{
	return c->self[0] != '\0' && !FAULT(bare_hints) ? c->self : "jitctl";
}

void
self_set(struct ctx *c)
{
	const char *profile = opt_get(&c->opt, F_PROFILE);
	const char *const value[] = {
	    /* the others of the environment are of the shell, as a rule */
	    profile != NULL ? profile : getenv("JITCTL_PROFILE"),
	    opt_get(&c->opt, F_GATEWAY), opt_get(&c->opt, F_SOCKET),
	    /* --key may be another name of --identity, or of the environment */
	    opt_has(&c->opt, F_IDENTITY) ||
		    (c->identity != NULL &&
			c->identity == opt_get(&c->opt, F_KEY))
		? c->identity
		: NULL};
	static const char *const name[] = {
	    "profile", "gateway", "socket", "identity"};
	struct buf b;

	buf_init(&b, sizeof(c->self) - 1);
	buf_printf(&b, "jitctl");
	for (size_t i = 0; i < ARRAY_LEN(name); i++) {
		if (value[i] == NULL || value[i][0] == '\0')
			continue;
		buf_printf(&b, " --%s ", name[i]);
		shell_word(&b, value[i]);
	}
	c->self[0] = '\0';
	if (buf_err(&b) == 0) {
		memcpy(c->self, b.p, b.len);
		c->self[b.len] = '\0';
	}
	buf_done(&b);
}

void
self_text(const struct ctx *c, char *ret, size_t size, const char *escaped)
{
	static const char word[] = "jitctl ";
	const size_t n = strlen(word);
	size_t at = 0;

	for (const char *p = escaped; *p != '\0' && at + 1 < size;) {
		const bool command =
		    strncmp(p, word, n) == 0 && p[n] >= 'a' && p[n] <= 'z' &&
		    (p == escaped || p[-1] == ' ' || p[-1] == '(');

		if (command && strlen(self(c)) + at + 2 < size) {
			at += (size_t)snprintf(
			    ret + at, size - at, "%s ", self(c));
			p += n;
		} else {
			ret[at++] = *p++;
		}
	}
	ret[at] = '\0';
}
