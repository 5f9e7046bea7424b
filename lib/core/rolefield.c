/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rolefield - see the header. What differs from kind to kind is here, once.
 */
#include "core/rolefield.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

static const struct rolefield fields[] = {
#define X(m, fname, fkind, fmerge, fmin, fmax, fabsent, fbits, own, fflag,     \
    fflag_words, fwords)                                                       \
	{.name = fname,                                                        \
	    .kind = ROLE_##fkind,                                              \
	    .merge = ROLE_##fmerge,                                            \
	    .offset = offsetof(struct policy_role, m),                         \
	    .min = fmin,                                                       \
	    .max = fmax,                                                       \
	    .absent = fabsent,                                                 \
	    .bits = fbits,                                                     \
	    .flag = fflag,                                                     \
	    .flag_words = fflag_words,                                         \
	    .words = fwords},
    ROLE_FIELDS(X)
#undef X
};

#define X(m, name, kind, merge, min, max, ...)                                 \
	_Static_assert(                                                        \
	    ROLE_##kind != ROLE_TEXT || (int)(max) < (int)LIMIT_TEXT_SIZE,     \
	    "a text fits struct rolefield_value");
ROLE_FIELDS(X)
#undef X

const struct rolefield *
rolefields(void)
{
	return fields;
}

const struct rolefield *
rolefield_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

bool
rolefield_is_list(const struct rolefield *f)
{
	switch (f->kind) {
	case ROLE_NAMES:
	case ROLE_LOGINS:
	case ROLE_MEMBERS:
	case ROLE_LABELS:
	case ROLE_PORTS:
	case ROLE_PREFIXES:
	case ROLE_CAPS:
	case ROLE_QUORUMS:
	case ROLE_COMMANDS:
	case ROLE_HOURS:
	case ROLE_SELECTORS:
	case ROLE_ALTERNATIVES:
		return true;
	default:
		return false;
	}
}

void *
rolefield_member(const struct rolefield *f, struct policy_role *r)
{
	return (char *)r + f->offset;
}

const void *
rolefield_of(const struct rolefield *f, const struct policy_role *r)
{
	return (const char *)r + f->offset;
}

/* ---- capabilities: only those that a role may give */

/* Number i of those set in bits, or 0. */
static uint32_t
nth_cap(uint32_t bits, unsigned i)
{
	for (uint32_t bit = 1; bit != 0; bit <<= 1)
		if ((bits & CAP_DEFAULT & bit) != 0 && i-- == 0)
			return bit;
	return 0;
}

static int
add_cap(uint32_t *caps, const char *word)
{
	const uint32_t bit = grant_cap(word) & CAP_DEFAULT;

	if (bit == 0)
		return GW_EINVAL;
	if ((*caps & bit) != 0)
		return GW_EEXIST;
	*caps |= bit;
	return 0;
}

/* ---- values out */

unsigned
rolefield_count(const struct rolefield *f, const struct policy_role *r)
{
	const void *p = rolefield_of(f, r);
	unsigned n = 0;

	switch (f->kind) {
	case ROLE_NAMES:
	case ROLE_LOGINS:
		return ((const struct name_list *)p)->n;
	case ROLE_MEMBERS:
		return ((const struct member_list *)p)->names.n;
	case ROLE_LABELS:
		return ((const struct label_list *)p)->n;
	case ROLE_PORTS:
		return ((const struct port_list *)p)->n;
	case ROLE_PREFIXES:
		return ((const struct prefix_list *)p)->n;
	case ROLE_QUORUMS:
		return ((const struct quorum_list *)p)->n;
	case ROLE_COMMANDS:
		return ((const struct command_list *)p)->n;
	case ROLE_HOURS:
		return ((const struct hours_list *)p)->n;
	case ROLE_SELECTORS:
		return ((const struct selector_list *)p)->n;
	case ROLE_ALTERNATIVES:
		return ((const struct alternative_list *)p)->n;
	case ROLE_CAPS:
		while (nth_cap(*(const uint32_t *)p, n) != 0)
			n++;
		return n;
	default:
		return 1;
	}
}

static void
get_label(struct rolefield_value *ret, const struct label *l)
{
	text_set(ret->text, sizeof(ret->text), l->key);
	text_set(ret->more, sizeof(ret->more), l->value);
}

static void
get_member(struct rolefield_value *ret, const struct member_list *l, unsigned i)
{
	_Static_assert(sizeof(ret->more) >= MEMBER_UNTIL_SIZE, "fits");
	text_set(ret->text, sizeof(ret->text), l->names.name[i]);
	member_until_text(ret->more, l, i);
}

static void
get_quorum(struct rolefield_value *ret, const struct quorum *q)
{
	_Static_assert(sizeof(ret->text) >= QUORUM_TEXT_SIZE, "fits");
	quorum_text(ret->text, q);
}

static void
get_hours(struct rolefield_value *ret, const struct hours *h)
{
	_Static_assert(sizeof(ret->text) >= HOURS_TEXT_SIZE, "fits");
	hours_text(ret->text, h);
}

static void
get_selector(struct rolefield_value *ret, const struct selector *s)
{
	_Static_assert(sizeof(ret->text) >= SELECTOR_TEXT_SIZE, "fits");
	selector_text(ret->text, s);
}

static void
get_number(struct rolefield_value *ret, uint32_t n)
{
	(void)snprintf(ret->text, sizeof(ret->text), "%lu", (unsigned long)n);
}

void
rolefield_get(struct rolefield_value *ret, const struct rolefield *f,
    const struct policy_role *r, unsigned i)
{
	const void *p = rolefield_of(f, r);
	const char *word = NULL;

	ret->text[0] = ret->more[0] = '\0';
	switch (f->kind) {
	case ROLE_NAME:
	case ROLE_TEXT:
		word = p;
		break;
	case ROLE_NAMES:
	case ROLE_LOGINS:
		word = ((const struct name_list *)p)->name[i];
		break;
	case ROLE_MEMBERS:
		get_member(ret, p, i);
		break;
	case ROLE_LABELS:
		get_label(ret, &((const struct label_list *)p)->label[i]);
		break;
	case ROLE_PORTS:
		get_number(ret, ((const struct port_list *)p)->port[i]);
		break;
	case ROLE_PREFIXES:
		prefix_format(
		    ret->text, &((const struct prefix_list *)p)->prefix[i]);
		break;
	case ROLE_QUORUMS:
		get_quorum(ret, &((const struct quorum_list *)p)->quorum[i]);
		break;
	case ROLE_HOURS:
		get_hours(ret, &((const struct hours_list *)p)->hours[i]);
		break;
	case ROLE_SELECTORS:
		get_selector(
		    ret, &((const struct selector_list *)p)->selector[i]);
		break;
	case ROLE_ALTERNATIVES:
		alternative_text(
		    ret->text, &((const struct alternative_list *)p)->of[i]);
		break;
	case ROLE_SECONDS:
	case ROLE_COUNT:
		get_number(ret, *(const uint32_t *)p);
		break;
	case ROLE_PATTERN:
		word = ((const struct pattern_list *)p)->text[0];
		break;
	case ROLE_COMMANDS:
		word = ((const struct command_list *)p)->command[i].text;
		break;
	case ROLE_CAPS:
		word = grant_cap_word(nth_cap(*(const uint32_t *)p, i));
		break;
	case ROLE_HARDWARE:
		word = hardware_str(*(const uint32_t *)p);
		break;
	case ROLE_WANTED:
		word = *(const bool *)p ? "required" : "optional";
		break;
	case ROLE_BOOL:
		word = *(const bool *)p ? "true" : "false";
		break;
	}
	if (word != NULL)
		text_set(ret->text, sizeof(ret->text), word);
}

/* ---- values in */

static int
set_number(const struct rolefield *f, uint32_t *p, const char *text)
{
	uint64_t v = 0;
	int r = str_u64(text, (uint64_t)f->min, (uint64_t)f->max, &v);

	if (r == 0)
		*p = (uint32_t)v;
	return r;
}

static int
set_bool(bool *p, const char *text, const char *no, const char *yes)
{
	if (strcmp(text, yes) != 0 && strcmp(text, no) != 0)
		return GW_EINVAL;
	*p = strcmp(text, yes) == 0;
	return 0;
}

static int
set_hardware(uint32_t *p, const char *text)
{
	const unsigned h = hardware_of(text);

	if (h == HARDWARE_COUNT)
		return GW_EINVAL;
	*p = h;
	return 0;
}

static int
set_text(const struct rolefield *f, char *p, const char *text)
{
	const size_t n = strlen(text);

	if (n > (size_t)f->max)
		return GW_ELIMIT;
	if (!str_text_ok(text, n))
		return GW_EINVAL;
	return str_copy(p, (size_t)f->max + 1, text);
}

/* "" is none. */
static int
set_pattern(struct pattern_list *p, const char *text)
{
	if (text[0] != '\0' && !pattern_ok(text))
		return GW_EINVAL;
	*p = (struct pattern_list){0};
	return text[0] == '\0' ? 0 : pattern_add(p, text);
}

int
rolefield_add(const struct rolefield *f, struct policy_role *r,
    const char *text, const char *more)
{
	void *p = rolefield_member(f, r);

	switch (f->kind) {
	case ROLE_NAME:
		return str_name_ok(text) ? str_copy(p, (size_t)f->max + 1, text)
					 : GW_EINVAL;
	case ROLE_NAMES:
		return name_list_add(p, text);
	case ROLE_LOGINS:
		return login_add(p, text);
	case ROLE_MEMBERS:
		return member_add(p, text, more);
	case ROLE_LABELS:
		return label_list_add(p, text, more);
	case ROLE_PORTS:
		return port_list_add(p, text);
	case ROLE_PREFIXES:
		return prefix_list_add(p, text);
	case ROLE_SECONDS:
	case ROLE_COUNT:
		return set_number(f, p, text);
	case ROLE_CAPS:
		return add_cap(p, text);
	case ROLE_HARDWARE:
		return set_hardware(p, text);
	case ROLE_WANTED:
		return set_bool(p, text, "optional", "required");
	case ROLE_BOOL:
		return set_bool(p, text, "false", "true");
	case ROLE_TEXT:
		return set_text(f, p, text);
	case ROLE_PATTERN:
		return set_pattern(p, text);
	case ROLE_QUORUMS:
		return quorum_add(p, text);
	case ROLE_COMMANDS:
		return command_add(p, text);
	case ROLE_HOURS:
		return hours_add(p, text);
	case ROLE_SELECTORS:
		return selector_add(p, text);
	case ROLE_ALTERNATIVES:
		return alternative_add(p, text);
	}
	return GW_EINVAL;
}

void
rolefield_absent(const struct rolefield *f, struct policy_role *r)
{
	void *p = rolefield_member(f, r);

	switch (f->kind) {
	case ROLE_SECONDS:
	case ROLE_COUNT:
	case ROLE_CAPS:
	case ROLE_HARDWARE:
		*(uint32_t *)p = (uint32_t)f->absent;
		break;
	case ROLE_WANTED:
	case ROLE_BOOL:
		*(bool *)p = f->absent != 0;
		break;
	case ROLE_PORTS:
		*(struct port_list *)p = (struct port_list){0};
		if (!r->deny && f->absent != 0)
			*(struct port_list *)p = (struct port_list){
			    .n = 1, .port = {(uint16_t)f->absent}};
		break;
	case ROLE_NAMES:
	case ROLE_LOGINS:
		((struct name_list *)p)->n = 0;
		break;
	case ROLE_MEMBERS:
		((struct member_list *)p)->names.n = 0;
		break;
	case ROLE_LABELS:
		((struct label_list *)p)->n = 0;
		break;
	case ROLE_PREFIXES:
		((struct prefix_list *)p)->n = 0;
		break;
	case ROLE_PATTERN:
		*(struct pattern_list *)p = (struct pattern_list){0};
		break;
	case ROLE_QUORUMS:
		((struct quorum_list *)p)->n = 0;
		break;
	case ROLE_COMMANDS:
		((struct command_list *)p)->n = 0;
		break;
	case ROLE_HOURS:
		((struct hours_list *)p)->n = 0;
		break;
	case ROLE_SELECTORS:
		((struct selector_list *)p)->n = 0;
		break;
	case ROLE_ALTERNATIVES:
		((struct alternative_list *)p)->n = 0;
		break;
	case ROLE_NAME:
	case ROLE_TEXT:
		*(char *)p = '\0';
		break;
	}
}

/* ---- comparing */

static bool
names_equal(const struct name_list *a, const struct name_list *b)
{
	for (unsigned i = 0; i < a->n; i++)
		if (!name_list_has(b, a->name[i]))
			return false;
	return a->n == b->n;
}

static bool
ports_equal(const struct port_list *a, const struct port_list *b)
{
	return a->n == b->n &&
	       memcmp(a->port, b->port, a->n * sizeof(a->port[0])) == 0;
}

static bool
labels_equal(const struct label_list *a, const struct label_list *b)
{
	return a->n == b->n && (a->n == 0 || label_list_covers(a, b));
}

bool
rolefield_equal(const struct rolefield *f, const struct policy_role *a,
    const struct policy_role *b)
{
	const void *p = rolefield_of(f, a);
	const void *q = rolefield_of(f, b);

	switch (f->kind) {
	case ROLE_NAME:
	case ROLE_TEXT:
		return strcmp(p, q) == 0;
	case ROLE_NAMES:
	case ROLE_LOGINS:
		return names_equal(p, q);
	case ROLE_MEMBERS:
		return member_equal(p, q);
	case ROLE_LABELS:
		return labels_equal(p, q);
	case ROLE_PORTS:
		return ports_equal(p, q);
	case ROLE_PREFIXES:
		return prefix_list_equal(p, q);
	case ROLE_PATTERN:
		return pattern_equal(p, q);
	case ROLE_QUORUMS:
		return quorum_equal(p, q);
	case ROLE_COMMANDS:
		return command_equal(p, q);
	case ROLE_HOURS:
		return hours_equal(p, q);
	case ROLE_SELECTORS:
		return selector_equal(p, q);
	case ROLE_ALTERNATIVES:
		return alternative_equal(p, q);
	case ROLE_SECONDS:
	case ROLE_COUNT:
	case ROLE_CAPS:
	case ROLE_HARDWARE:
		return *(const uint32_t *)p == *(const uint32_t *)q;
	case ROLE_WANTED:
	case ROLE_BOOL:
		return *(const bool *)p == *(const bool *)q;
	}
	return false;
}

/* ---- words */

const char *
rolefield_expects(const struct rolefield *f)
{
	switch (f->kind) {
	case ROLE_NAME:
	case ROLE_NAMES:
	case ROLE_LABELS:
		return "names were expected: letters, digits, . _ -";
	case ROLE_LOGINS:
		return "names were expected: letters, digits, . _ -; and "
		       "{{user}} for the name of who asks";
	case ROLE_MEMBERS:
		return "names were expected: letters, digits, . _ -; each "
		       "once, "
		       "and if it has an end with it: NAME until TIME";
	case ROLE_PORTS:
		return "1 to 65535 were expected";
	case ROLE_PREFIXES:
		return "networks like 198.51.100.0/24 were expected, without "
		       "host bits";
	case ROLE_SECONDS:
		return "a number of seconds was expected";
	case ROLE_COUNT:
		return "a number was expected";
	case ROLE_CAPS:
		return "only shell, exec, sftp and pty can be allowed";
	case ROLE_HARDWARE:
		return "\"none\", \"presence\" or \"verified\" was expected";
	case ROLE_WANTED:
		return "\"required\" or \"optional\" was expected";
	case ROLE_BOOL:
		return "true or false was expected";
	case ROLE_TEXT:
		return "one line of text was expected";
	case ROLE_PATTERN:
		return "a POSIX extended regular expression was expected, "
		       "without back-references";
	case ROLE_QUORUMS:
		return "\"1 of GROUP\" or \"2 of GROUP or GROUP\" was "
		       "expected, for 1 to 9 people";
	case ROLE_COMMANDS:
		return "a command was expected, in words with one space "
		       "between, without what a shell reads as its own, and "
		       "with {int}, {name} or {path:/below} for what may vary";
	case ROLE_HOURS:
		return "days, times and a zone were expected, as \"mon-fri "
		       "08:00-18:00 Europe/Berlin\", \"sat,sun 22:00-06:00 "
		       "UTC\"";
	case ROLE_SELECTORS:
		return "\"K=V\", \"K!=V\", \"K in (V, V)\", \"K notin (V, "
		       "V)\", \"K\" or \"!K\" were expected";
	case ROLE_ALTERNATIVES:
		return "\"hours=WINDOW\", \"group=NAME\", \"select=RULE\" or "
		       "\"reason=PATTERN\" were expected, each once and the "
		       "reason last, as \"group=oncall; reason=INC-[0-9]+ "
		       ".*\"";
	}
	return "";
}
