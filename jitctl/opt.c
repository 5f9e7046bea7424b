/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opt - see the header. Our own parser, because getopt_long accepts
 * abbreviations and cannot guess what was meant.
 */
#include "jitctl/opt.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

static const struct flag_spec flags[F_COUNT] = {
#define X(id, fname, fchr, fvalue, fkind, fhelp)                               \
	[F_##id] = {.name = fname,                                             \
	    .chr = fchr,                                                       \
	    .value = fvalue,                                                   \
	    .kind = FLAG_##fkind,                                              \
	    .help = fhelp},
    FLAG_TABLE(X)
#undef X
};

const struct flag_spec *
flag_spec(enum flag f)
{
	return &flags[f];
}

struct flag_set
flags_either(const struct flag_set *a, const struct flag_set *b)
{
	struct flag_set both;

	for (unsigned f = 0; f < F_COUNT; f++)
		both.has[f] = a->has[f] || b->has[f];
	return both;
}

static bool
is_in(const struct flag_set *set, unsigned f)
{
	return set == NULL || set->has[f];
}

static unsigned
find_long(const char *name, size_t n, const struct flag_set *allowed)
{
	for (unsigned f = 0; f < F_COUNT; f++)
		if (is_in(allowed, f) && strncmp(flags[f].name, name, n) == 0 &&
		    flags[f].name[n] == '\0')
			return f;
	return F_COUNT;
}

enum flag
flag_find(const char *name)
{
	return (enum flag)find_long(name, strlen(name), NULL);
}

static unsigned
find_short(char chr, const struct flag_set *allowed)
{
	/* The one short name with two meanings, as elsewhere: tail -f. While
	 * the command is not known it must not swallow the next word. */
	if (chr == 'f' && is_in(allowed, F_FOLLOW))
		return F_FOLLOW;
	for (unsigned f = 0; f < F_COUNT; f++)
		if (is_in(allowed, f) && flags[f].chr == chr)
			return f;
	return F_COUNT;
}

/* A guess may name it: it takes nothing away, and no question. */
static bool
is_harmless(unsigned f)
{
	return f != F_YES && f != F_PRUNE && f != F_RESET_CODE &&
	       f != F_NO_ADMIN && f != F_NO_AUDITOR && f != F_NO_RIGHT &&
	       f != F_NO_GROUP && f != F_ROLE_record && f != F_ROLE_deny;
}

static bool
unknown(
    const char *arg, const struct flag_set *allowed, char *reterr, size_t size)
{
	const char *best = NULL;
	unsigned least = 3;
	char shown[64];
	char name[64];
	const size_t n = strcspn(arg, "=");

	str_escape(shown, sizeof(shown), arg, n);
	(void)snprintf(name, sizeof(name), "%s",
	    strncmp(shown, "--", 2) == 0 ? shown + 2 : shown);
	for (unsigned f = 0; f < F_COUNT; f++) {
		const unsigned d = str_distance(name, flags[f].name);

		if (is_in(allowed, f) && is_harmless(f) && d < least &&
		    d < strlen(name)) {
			least = d;
			best = flags[f].name;
		}
	}
	(void)snprintf(reterr, size, "unknown flag %s%s%s%s", shown,
	    best != NULL ? "; did you mean --" : "", best != NULL ? best : "",
	    best != NULL ? "?" : "");
	return false;
}

static bool
store(struct opts *o, unsigned f, const char *value, char *reterr, size_t size)
{
	if (flags[f].kind != FLAG_MANY && o->n[f] > 0 &&
	    flags[f].value != NULL) {
		(void)snprintf(
		    reterr, size, "--%s is given twice", flags[f].name);
		return false;
	}
	if (o->n[f] == LIMIT_FLAG_VALUES) {
		(void)snprintf(reterr, size, "--%s is given too many times",
		    flags[f].name);
		return false;
	}
	o->value[f][o->n[f]] = value;
	if (o->n[f] == 0 || flags[f].kind == FLAG_MANY)
		o->n[f]++;
	return true;
}

/* One flag at argv[*i]; the word behind it is its value if it needs one. */
static bool
parse_flag(struct opts *o, int argc, char *const *argv, int *i,
    const struct flag_set *allowed, char *reterr, size_t size)
{
	const char *a = argv[*i];
	const bool is_long = a[1] == '-';
	const size_t n = strcspn(a, "=");
	const unsigned f = is_long ? find_long(a + 2, n - 2, allowed)
				   : find_short(a[1], allowed);
	const char *value = NULL;

	if (f == F_COUNT)
		return unknown(a, allowed, reterr, size);
	if (is_long)
		value = a[n] == '=' ? a + n + 1 : NULL;
	else
		value = a[2] != '\0' ? a + 2 : NULL;
	if (flags[f].value == NULL) {
		if (value == NULL)
			return store(o, f, "", reterr, size);
		(void)snprintf(
		    reterr, size, "--%s takes no value", flags[f].name);
		return false;
	}
	if (value == NULL && *i + 1 < argc)
		value = argv[++*i];
	if (value == NULL) {
		(void)snprintf(reterr, size, "--%s needs a value: --%s %s",
		    flags[f].name, flags[f].name, flags[f].value);
		return false;
	}
	return store(o, f, value, reterr, size);
}

bool
opt_parse(struct opts *ret, int argc, char *const *argv,
    const struct flag_set *allowed, char *reterr, size_t size)
{
	bool over = false; /* after "--" */

	*ret = (struct opts){0};
	for (int i = 0; i < argc; i++) {
		const char *a = argv[i];

		if (!over && strcmp(a, "--") == 0) {
			over = true;
			continue;
		}
		if (!over && a[0] == '-' && a[1] != '\0') {
			if (!parse_flag(
				ret, argc, argv, &i, allowed, reterr, size))
				return false;
			continue;
		}
		if (ret->nargs == OPT_ARGS_MAX) {
			(void)snprintf(reterr, size, "too many arguments");
			return false;
		}
		ret->arg[ret->nargs++] = a;
	}
	return true;
}

bool
opt_once(const struct opts *o, const struct flag_set *once, char *reterr,
    size_t size)
{
	for (unsigned f = 0; f < F_COUNT; f++) {
		if (!once->has[f] || o->n[f] <= 1)
			continue;
		(void)snprintf(
		    reterr, size, "--%s is given twice", flags[f].name);
		return false;
	}
	return true;
}

bool
opt_has(const struct opts *o, enum flag f)
{
	return o->n[f] > 0;
}

const char *
opt_get(const struct opts *o, enum flag f)
{
	return o->n[f] > 0 ? o->value[f][0] : NULL;
}
