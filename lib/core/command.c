/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command - see the header.
 */
#include "core/command.h"

#include <openssl/sha.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

enum hole { HOLE_NONE = 0, HOLE_INT, HOLE_NAME, HOLE_PATH };

/* A word of a template: what stands before its hole, the hole, what stands
 * behind. Borrowed. */
struct word {
	const char *before, *after, *folder;
	size_t nbefore, nafter, nfolder;
	enum hole hole; /* HOLE_NONE: all of it is before */
};

enum { INT_DIGITS_MAX = 10 }; /* internal: as the header says */
static const char path_start[] = "{path:";

/* ---- bytes */

/* One that no shell reads as anything but itself. */
static bool
is_plain(char ch)
{
	return ch > ' ' && ch < 0x7f &&
	       strchr("\"'\\$`;&|<>(){}*?[]~!#", ch) == NULL;
}

static bool
all_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_plain(s[i]))
			return false;
	return true;
}

static bool
is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

static bool
in_name(char ch)
{
	return is_digit(ch) || (ch >= 'a' && ch <= 'z') ||
	       (ch >= 'A' && ch <= 'Z') || ch == '.' || ch == '_' || ch == '-';
}

/* Components with one slash before each: none is empty, "." or "..". */
static bool
is_path(const char *s, size_t n)
{
	size_t len;

	for (; n > 0; s += len, n -= len) {
		const char *end = NULL;

		if (*s != '/')
			return false;
		end = memchr(s + 1, '/', n - 1);
		len = end == NULL ? n : (size_t)(end - s);
		if (len == 1 || (len == 2 && s[1] == '.') ||
		    (len == 3 && s[1] == '.' && s[2] == '.' &&
			!FAULT(command_dots)) ||
		    !all_plain(s, len))
			return false;
	}
	return true;
}

/* ---- a template's words */

static bool
is_folder(const char *s, size_t n)
{
	return n > 0 && ((n == 1 && *s == '/') || is_path(s, n));
}

/* The hole that these n bytes are, with its braces. */
static bool
read_hole(struct word *ret, const char *s, size_t n)
{
	const size_t start = sizeof(path_start) - 1;

	if (n == 5 && memcmp(s, "{int}", n) == 0)
		ret->hole = HOLE_INT;
	else if (n == 6 && memcmp(s, "{name}", n) == 0)
		ret->hole = HOLE_NAME;
	else if (n > start && memcmp(s, path_start, start) == 0)
		ret->hole = HOLE_PATH;
	if (ret->hole == HOLE_PATH) {
		ret->folder = s + start;
		ret->nfolder = n - start - 1;
		return is_folder(ret->folder, ret->nfolder);
	}
	return ret->hole != HOLE_NONE;
}

static bool
read_word(struct word *ret, const char *s, size_t n)
{
	const char *open = memchr(s, '{', n);
	const char *end = NULL;

	*ret = (struct word){.before = s, .nbefore = n};
	if (open == NULL)
		return n > 0 && all_plain(s, n);
	if ((end = memchr(open, '}', n - (size_t)(open - s))) == NULL)
		return false;
	end++;
	ret->nbefore = (size_t)(open - s);
	ret->after = end;
	ret->nafter = n - (size_t)(end - s);
	return all_plain(s, ret->nbefore) &&
	       all_plain(ret->after, ret->nafter) &&
	       read_hole(ret, open, (size_t)(end - open));
}

bool
command_template_ok(const char *template)
{
	struct word w;
	size_t n;

	if (strnlen(template, LIMIT_TEMPLATE_SIZE) > LIMIT_TEMPLATE_MAX)
		return false;
	for (;; template += n + 1) {
		n = strcspn(template, " ");
		if (!read_word(&w, template, n))
			return false;
		if (template[n] == '\0')
			return true;
	}
}

/* ---- matching */

static bool
is_below(const struct word *w, const char *s, size_t n)
{
	const size_t top = w->nfolder == 1 ? 0 : w->nfolder;

	return n > top && memcmp(s, w->folder, top) == 0 &&
	       is_path(s + top, n - top);
}

static bool
hole_takes(const struct word *w, const char *s, size_t n)
{
	if (n == 0 || n > LIMIT_HOLE_MAX)
		return false;
	if (w->hole == HOLE_PATH)
		return is_below(w, s, n);
	if (w->hole == HOLE_INT ? n > INT_DIGITS_MAX : *s == '-' || *s == '.')
		return false;
	for (size_t i = 0; i < n; i++)
		if (w->hole == HOLE_INT ? !is_digit(s[i]) : !in_name(s[i]))
			return false;
	return true;
}

static bool
word_matches(const struct word *w, const char *s, size_t n)
{
	if (w->hole == HOLE_NONE)
		return n == w->nbefore && memcmp(s, w->before, n) == 0;
	return n > w->nbefore + w->nafter &&
	       memcmp(s, w->before, w->nbefore) == 0 &&
	       memcmp(s + n - w->nafter, w->after, w->nafter) == 0 &&
	       hole_takes(w, s + w->nbefore, n - w->nbefore - w->nafter);
}

bool
command_matches(const char *template, const char *text, size_t n)
{
	const char *p = text, *end = text + n;
	struct word w;

	if (!command_template_ok(template))
		return false;
	for (;;) {
		const size_t nw = strcspn(template, " ");
		const char *space = memchr(p, ' ', (size_t)(end - p));
		const size_t len = (size_t)((space == NULL ? end : space) - p);

		if (!read_word(&w, template, nw) || !word_matches(&w, p, len))
			return false;
		if (template[nw] == '\0' || space == NULL)
			return template[nw] == '\0' && space == NULL;
		template += nw + 1;
		p = space + 1;
	}
}

bool
command_allowed(const struct command_list *l, const char *text, size_t n)
{
	uint32_t i = 0;

	if (l->n > LIMIT_COMMANDS)
		return false;
	while (i < l->n) {
		const uint8_t set = l->command[i].set;
		bool hit = false;

		for (; i < l->n && l->command[i].set == set; i++)
			hit =
			    hit || command_matches(l->command[i].text, text, n);
		if (!hit)
			return false;
	}
	return true;
}

/* ---- lists */

/* Room for k before number i; those behind move on. */
static void
make_room(struct command_list *l, uint32_t i, uint32_t k)
{
	memmove(&l->command[i + k], &l->command[i],
	    (l->n - i) * sizeof(l->command[0]));
	l->n += k;
}

int
command_add(struct command_list *l, const char *template)
{
	uint32_t i = 0;
	int order = 1;

	if (!command_template_ok(template))
		return GW_EINVAL;
	while (i < l->n && (order = strcmp(l->command[i].text, template)) < 0)
		i++;
	if (i < l->n && order == 0)
		return GW_EEXIST;
	if (l->n >= LIMIT_COMMANDS_ROLE)
		return GW_ELIMIT;
	make_room(l, i, 1);
	l->command[i].set = 1;
	memset(l->command[i].text, 0, sizeof(l->command[i].text));
	return str_copy(
	    l->command[i].text, sizeof(l->command[i].text), template);
}

/* The end of the set that begins with number i. */
static uint32_t
set_end(const struct command_list *l, uint32_t i)
{
	const uint8_t set = l->command[i].set;

	while (i < l->n && l->command[i].set == set)
		i++;
	return i;
}

/* The set of all that begins with number i, against a role's own. */
static int
compare_set(
    const struct command_list *all, uint32_t i, const struct command_list *role)
{
	const uint32_t n = set_end(all, i) - i;
	int order = 0;

	for (uint32_t k = 0; k < n && k < role->n && order == 0; k++)
		order = strcmp(all->command[i + k].text, role->command[k].text);
	return order != 0 ? order : (n > role->n) - (n < role->n);
}

int
command_merge(struct command_list *all, const struct command_list *role)
{
	uint8_t set = 1;
	uint32_t i = 0;
	int order = 1;

	if (role->n == 0)
		return 0;
	for (; i < all->n && (order = compare_set(all, i, role)) < 0; set++)
		i = set_end(all, i);
	if (i < all->n && order == 0)
		return 0;
	if (all->n + role->n > LIMIT_COMMANDS)
		return GW_ELIMIT;
	make_room(all, i, role->n);
	for (uint32_t k = 0; k < role->n; k++) {
		all->command[i + k] = role->command[k];
		all->command[i + k].set = set;
	}
	for (uint32_t k = i + role->n; k < all->n; k++)
		all->command[k].set++;
	return 0;
}

bool
command_equal(const struct command_list *a, const struct command_list *b)
{
	for (uint32_t i = 0; i < a->n && i < b->n; i++)
		if (a->command[i].set != b->command[i].set ||
		    strcmp(a->command[i].text, b->command[i].text) != 0)
			return false;
	return a->n == b->n;
}

void
command_text(char ret[static COMMAND_TEXT_SIZE], const struct command_list *l)
{
	size_t at = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		const size_t n = strlen(l->command[i].text);

		if (i > 0 && l->command[i].set != l->command[i - 1].set)
			ret[at++] = '\n';
		memcpy(ret + at, l->command[i].text, n);
		at += n;
		ret[at++] = '\n';
	}
	ret[at] = '\0';
}

void
command_digest(
    char ret[static COMMAND_DIGEST_SIZE], const struct command_list *l)
{
	char text[COMMAND_TEXT_SIZE];
	uint8_t hash[SHA256_DIGEST_LENGTH];

	ret[0] = '\0';
	if (l->n == 0)
		return;
	command_text(text, l);
	(void)SHA256((const uint8_t *)text, strlen(text), hash);
	str_hex(ret, hash, sizeof(hash));
}
