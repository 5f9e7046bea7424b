/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yamlget - the tree of sys/yaml.h walked, and its scalars read as what a
 * schema wants. Pure; no libyaml here.
 */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "sys/yaml_tree.h"

enum { GUESS_DISTANCE = 2, SHOWN = 64 };

enum yaml_kind
yaml_kind(const struct yaml_item *i)
{
	return i != NULL ? i->kind : YAML_KIND_NONE;
}

size_t
yaml_count(const struct yaml_item *i)
{
	return i != NULL ? i->n : 0;
}

const struct yaml_item *
yaml_at(const struct yaml_item *i, size_t n)
{
	return n < yaml_count(i) ? i->value[n] : NULL;
}

const struct yaml_item *
yaml_key_at(const struct yaml_item *i, size_t n)
{
	return n < yaml_count(i) && i->key != NULL ? i->key[n] : NULL;
}

const struct yaml_item *
yaml_find(const struct yaml_item *i, const char *key)
{
	for (size_t n = 0; yaml_kind(i) == YAML_KIND_MAP && n < i->n; n++)
		if (strcmp(yaml_text(i->key[n]), key) == 0)
			return i->value[n];
	return NULL;
}

const char *
yaml_text(const struct yaml_item *i)
{
	return yaml_kind(i) == YAML_KIND_SCALAR ? i->text : "";
}

static const char *
nearest(const char *word, const char *const *words)
{
	const char *best = NULL;
	unsigned least = GUESS_DISTANCE + 1;

	for (; *words != NULL; words++) {
		const unsigned d = str_distance(word, *words);

		if (d < least && d < strlen(word)) {
			least = d;
			best = *words;
		}
	}
	return best;
}

static void
unknown_key(struct yaml *y, const struct yaml_item *key, const char *under,
    const char *const *keys)
{
	char text[SHOWN];
	const char *guess = nearest(yaml_text(key), keys);

	str_escape(text, sizeof(text), yaml_text(key), strlen(yaml_text(key)));
	yaml_error(y, key, "unknown key \"%s\"%s%s%s%s%s%s", text,
	    under != NULL ? " under \"" : "", under != NULL ? under : "",
	    under != NULL ? "\"" : "", guess != NULL ? " (did you mean \"" : "",
	    guess != NULL ? guess : "", guess != NULL ? "\"?)" : "");
}

bool
yaml_only(struct yaml *y, const struct yaml_item *map, const char *under,
    const char *const *keys)
{
	const unsigned before = yaml_errors(y);
	const char *const *k = NULL;

	if (yaml_kind(map) != YAML_KIND_MAP) {
		yaml_error(y, map, "%s%s\"key: value\" lines were expected",
		    under != NULL ? under : "", under != NULL ? ": " : "");
		return false;
	}
	for (size_t n = 0; n < map->n; n++) {
		if (map->key[n]->kind != YAML_KIND_SCALAR)
			continue; /* the parser said so */
		for (k = keys; *k != NULL; k++)
			if (strcmp(*k, map->key[n]->text) == 0)
				break;
		if (*k == NULL)
			unknown_key(y, map->key[n], under, keys);
	}
	return yaml_errors(y) == before;
}

/* A value that is there. One that YAML itself could not give (an alias) has
 * been reported already. */
static const struct yaml_item *
need(
    struct yaml *y, const struct yaml_item *map, const char *key, bool required)
{
	const struct yaml_item *i = yaml_find(map, key);

	if (i == NULL && required)
		yaml_error(y, map, "\"%s\" is missing here", key);
	return yaml_kind(i) != YAML_KIND_NONE ? i : NULL;
}

const struct yaml_item *
yaml_get_map(
    struct yaml *y, const struct yaml_item *map, const char *key, bool required)
{
	const struct yaml_item *i = need(y, map, key, required);

	if (i == NULL || i->kind == YAML_KIND_MAP)
		return i;
	yaml_error(y, i, "%s: \"key: value\" lines were expected", key);
	return NULL;
}

const struct yaml_item *
yaml_get_list(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, size_t max)
{
	const struct yaml_item *i = need(y, map, key, required);

	if (i == NULL)
		return NULL;
	if (i->kind != YAML_KIND_LIST) {
		yaml_error(y, i, "%s: a list was expected, %s", key,
		    i->kind == YAML_KIND_MAP ? "its entries begin with \"- \""
					     : "like [a, b]");
		return NULL;
	}
	if (i->n > max) {
		yaml_error(y, i, "%s: more than %zu entries", key, max);
		return NULL;
	}
	return i;
}

bool
yaml_as_str(struct yaml *y, const struct yaml_item *i, const char *what,
    size_t max, const char **ret)
{
	if (yaml_kind(i) == YAML_KIND_NONE)
		return false;
	if (i->kind != YAML_KIND_SCALAR)
		yaml_error(y, i, "%s: a single value was expected", what);
	else if (i->plain && i->text[0] == '\0')
		yaml_error(y, i, "%s: the value is missing", what);
	else if (strlen(i->text) > max)
		yaml_error(y, i, "%s: longer than %zu bytes", what, max);
	else if (!str_text_ok(i->text, strlen(i->text)))
		yaml_error(
		    y, i, "%s: one line of plain text was expected", what);
	else {
		*ret = i->text;
		return true;
	}
	return false;
}

bool
yaml_as_name(struct yaml *y, const struct yaml_item *i, const char *what,
    const char **ret)
{
	const char *s = NULL;
	char text[SHOWN];

	if (!yaml_as_str(y, i, what, LIMIT_YAML_MAX, &s))
		return false;
	if (str_name_ok(s)) {
		*ret = s;
		return true;
	}
	str_escape(text, sizeof(text), s, strlen(s));
	yaml_error(y, i,
	    "%s: not a name: \"%s\" (1 to %d of a-z A-Z 0-9 . _ -, not "
	    "starting with . or -)",
	    what, text, (int)LIMIT_NAME_MAX);
	return false;
}

bool
yaml_as_int(struct yaml *y, const struct yaml_item *i, const char *what,
    uint64_t min, uint64_t max, uint64_t *ret)
{
	const char *s = NULL;
	char text[SHOWN];

	if (!yaml_as_str(y, i, what, LIMIT_YAML_MAX, &s))
		return false;
	if (i->plain && str_u64(s, min, max, ret) == 0)
		return true;
	str_escape(text, sizeof(text), s, strlen(s));
	yaml_error(y, i, "%s: not a whole number from %llu to %llu: \"%s\"",
	    what, (unsigned long long)min, (unsigned long long)max, text);
	return false;
}

bool
yaml_get_str(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, size_t max, const char **ret)
{
	return yaml_as_str(y, need(y, map, key, required), key, max, ret);
}

bool
yaml_get_name(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, const char **ret)
{
	return yaml_as_name(y, need(y, map, key, required), key, ret);
}

bool
yaml_get_int(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, uint64_t min, uint64_t max, uint64_t *ret)
{
	return yaml_as_int(y, need(y, map, key, required), key, min, max, ret);
}

bool
yaml_get_bool(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, bool *ret)
{
	const struct yaml_item *i = need(y, map, key, required);
	const char *s = NULL;
	char text[SHOWN];

	if (!yaml_as_str(y, i, key, LIMIT_YAML_MAX, &s))
		return false;
	if (i->plain && (strcmp(s, "true") == 0 || strcmp(s, "false") == 0)) {
		*ret = strcmp(s, "true") == 0;
		return true;
	}
	str_escape(text, sizeof(text), s, strlen(s));
	yaml_error(y, i, "%s: write true or false, not \"%s\"", key, text);
	return false;
}

bool
yaml_get_duration(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, uint32_t min_s, uint32_t max_s, uint32_t *ret)
{
	const struct yaml_item *i = need(y, map, key, required);
	const char *s = NULL;
	char text[SHOWN];
	char least[32];
	char most[32];
	uint32_t v = 0;

	if (!yaml_as_str(y, i, key, LIMIT_YAML_MAX, &s))
		return false;
	str_escape(text, sizeof(text), s, strlen(s));
	str_duration_format(least, sizeof(least), min_s);
	str_duration_format(most, sizeof(most), max_s);
	if (str_duration(s, &v) != 0 && !(min_s == 0 && strcmp(s, "0s") == 0)) {
		yaml_error(y, i,
		    "%s: not a duration: \"%s\" (write 3h, 90m or 1h30m; at "
		    "most %s)",
		    key, text, most);
		return false;
	}
	if (v < min_s || v > max_s) {
		yaml_error(y, i, "%s: %s is not between %s and %s", key, text,
		    least, most);
		return false;
	}
	*ret = v;
	return true;
}

bool
yaml_get_word(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, const char *const *words, size_t *ret)
{
	const struct yaml_item *i = need(y, map, key, required);
	const char *s = NULL;
	const char *guess = NULL;
	char text[SHOWN];
	char all[128] = "";

	if (!yaml_as_str(y, i, key, LIMIT_YAML_MAX, &s))
		return false;
	for (size_t n = 0; words[n] != NULL; n++) {
		const size_t at = strlen(all);

		if (strcmp(words[n], s) == 0) {
			*ret = n;
			return true;
		}
		(void)snprintf(all + at, sizeof(all) - at, "%s%s",
		    n > 0 ? ", " : "", words[n]);
	}
	guess = nearest(s, words);
	str_escape(text, sizeof(text), s, strlen(s));
	yaml_error(y, i, "%s: \"%s\" is not one of: %s%s%s%s", key, text, all,
	    guess != NULL ? " (did you mean \"" : "",
	    guess != NULL ? guess : "", guess != NULL ? "\"?)" : "");
	return false;
}
