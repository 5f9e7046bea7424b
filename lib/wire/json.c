/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - strict reading on top of jansson. Does no conversion between types:
 * "5" is not a number, null is not an absent value.
 */
#include "wire/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"

enum {
	JSON_GUESS_DISTANCE = 2, /* further away is not a typing mistake */
};

void
problem_set(struct problem *p, int status, const char *code, const char *field,
    const char *fmt, ...)
{
	va_list ap;

	if (p == NULL)
		return;
	*p = (struct problem){.status = status};
	(void)snprintf(p->code, sizeof(p->code), "%s", code);
	/* The field may be a key a stranger invented. */
	if (field != NULL)
		str_escape(p->field, sizeof(p->field), field, strlen(field));
	va_start(ap, fmt);
	(void)vsnprintf(p->text, sizeof(p->text), fmt, ap);
	va_end(ap);
}

static const char *
status_title(int status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 409:
		return "Conflict";
	case 411:
		return "Length Required";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 415:
		return "Unsupported Media Type";
	case 429:
		return "Too Many Requests";
	case 431:
		return "Request Header Fields Too Large";
	case 503:
		return "Service Unavailable";
	default:
		return status >= 500 ? "Internal Server Error" : "Error";
	}
}

/* A cut in vsnprintf may have split a character; jansson wants UTF-8. */
static int
set_text(json_t *o, const char *key, const char *s)
{
	char clean[1024];

	str_escape(clean, sizeof(clean), s, strlen(s));
	return json_object_set_new(o, key, json_string(clean));
}

json_t *
problem_json(const struct problem *p)
{
	json_t *o = json_object();

	if (o == NULL)
		return NULL;
	if (set_text(o, "type", "about:blank") != 0 ||
	    set_text(o, "title", status_title(p->status)) != 0 ||
	    json_object_set_new(o, "status", json_integer(p->status)) != 0 ||
	    set_text(o, "detail", p->text) != 0 ||
	    set_text(o, "code", p->code) != 0 ||
	    (p->field[0] != '\0' && set_text(o, "field", p->field) != 0) ||
	    (p->digits != 0 && json_object_set_new(o, "digits",
				   json_integer(p->digits)) != 0) ||
	    (p->entry != 0 && (set_text(o, "list", p->list) != 0 ||
				  json_object_set_new(o, "entry",
				      json_integer(p->entry)) != 0))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* jansson's own limit is 2048 levels; a recursive reader behind us must not
 * have to care. Counts brackets outside of strings; says nothing else. */
static bool
depth_ok(const char *p, size_t n)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < n; i++) {
		if (in_string) {
			if (p[i] == '\\')
				i++;
			else if (p[i] == '"')
				in_string = false;
		} else if (p[i] == '"') {
			in_string = true;
		} else if (p[i] == '{' || p[i] == '[') {
			if (++depth > LIMIT_JSON_DEPTH)
				return false;
		} else if ((p[i] == '}' || p[i] == ']') && depth > 0) {
			depth--;
		}
	}
	return true;
}

json_t *
json_parse_object(const void *p, size_t n, struct problem *retp)
{
	json_error_t err = {0};
	json_t *o = NULL;

	if (n == 0 || p == NULL) {
		problem_set(retp, 400, "bad-json", NULL,
		    "the body is empty, a JSON object was expected");
		return NULL;
	}
	if (memchr(p, '\0', n) != NULL) {
		problem_set(
		    retp, 400, "bad-json", NULL, "the body holds a NUL byte");
		return NULL;
	}
	if (!depth_ok(p, n)) {
		problem_set(retp, 400, "bad-json", NULL,
		    "nested deeper than %d levels", (int)LIMIT_JSON_DEPTH);
		return NULL;
	}
	o = json_loadb(p, n, JSON_REJECT_DUPLICATES, &err);
	if (o == NULL) {
		char text[sizeof(err.text) * 2];

		str_escape(text, sizeof(text), err.text, strlen(err.text));
		problem_set(retp, 400, "bad-json", NULL,
		    "line %d, column %d: %s", err.line, err.column, text);
		return NULL;
	}
	if (!json_is_object(o)) {
		problem_set(
		    retp, 400, "bad-json", NULL, "a JSON object was expected");
		json_decref(o);
		return NULL;
	}
	return o;
}

json_t *
json_parse_record(const void *line, size_t n)
{
	const size_t how = FAULT(record_nul)
			       ? JSON_REJECT_DUPLICATES
			       : JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
	json_t *o = NULL;

	if (line != NULL && depth_ok(line, n))
		o = json_loadb(line, n, how, NULL);
	if (json_is_object(o))
		return o;
	json_decref(o);
	return NULL;
}

static const char *
nearest(const char *key, const char *const *keys)
{
	const char *best = NULL;
	unsigned least = JSON_GUESS_DISTANCE + 1;

	for (; *keys != NULL; keys++) {
		const unsigned d = str_distance(key, *keys);

		if (d < least && d < strlen(key)) {
			least = d;
			best = *keys;
		}
	}
	return best;
}

int
json_only(const json_t *o, const char *const *keys, struct problem *retp)
{
	const char *const *k = NULL;
	const char *name = NULL;
	const char *guess = NULL;
	const json_t *value = NULL;
	char text[128];

	/* jansson's iterator wants a mutable object and changes nothing. */
	json_object_foreach((json_t *)(uintptr_t)o, name, value)
	{
		(void)value;
		for (k = keys; *k != NULL && strcmp(*k, name) != 0; k++)
			;
		if (*k != NULL)
			continue;
		guess = nearest(name, keys);
		str_escape(text, sizeof(text), name, strlen(name));
		problem_set(retp, 400, "unknown-key-name", name,
		    guess != NULL
			? "unknown field \"%s\" (did you mean \"%s\"?)"
			: "unknown field \"%s\"",
		    text, guess);
		return GW_EINVAL;
	}
	return 0;
}

/* NULL with 0 = absent and allowed to be. */
static int
get_field(const json_t *o, const char *key, bool required, const json_t **ret,
    struct problem *retp)
{
	*ret = json_object_get(o, key);
	if (*ret != NULL || !required)
		return 0;
	problem_set(retp, 400, "missing", key, "%s is missing", key);
	return GW_EINVAL;
}

int
json_get_str(const json_t *o, const char *key, bool required, size_t max,
    const char **ret, struct problem *retp)
{
	const json_t *v = NULL;
	int r = get_field(o, key, required, &v, retp);

	*ret = NULL;
	if (r != 0 || v == NULL)
		return r;
	if (!json_is_string(v)) {
		problem_set(retp, 400, "bad-field", key,
		    "%s: a string was expected", key);
		return GW_EINVAL;
	}
	if (json_string_length(v) > max) {
		problem_set(retp, 400, "bad-field", key,
		    "%s: longer than %zu bytes", key, max);
		return GW_EINVAL;
	}
	if (!str_text_ok(json_string_value(v), json_string_length(v))) {
		problem_set(retp, 400, "bad-field", key,
		    "%s: control, direction or invisible characters are "
		    "not allowed",
		    key);
		return GW_EINVAL;
	}
	*ret = json_string_value(v);
	return 0;
}

void
json_wipe(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (json_is_string(v))
		explicit_bzero((void *)(uintptr_t)json_string_value(v),
		    json_string_length(v));
}

int
json_get_name(const json_t *o, const char *key, bool required, const char **ret,
    struct problem *retp)
{
	int r = json_get_str(o, key, required, SIZE_MAX, ret, retp);

	if (r != 0 || *ret == NULL || str_name_ok(*ret))
		return r;
	*ret = NULL;
	problem_set(retp, 400, "bad-field", key,
	    "%s: not a name (1 to 64 of a-z A-Z 0-9 . _ -, not starting with "
	    ". or -)",
	    key);
	return GW_EINVAL;
}

int
json_get_int(const json_t *o, const char *key, bool required, int64_t min,
    int64_t max, int64_t *ret, struct problem *retp)
{
	const json_t *v = NULL;
	int r = get_field(o, key, required, &v, retp);

	if (r != 0 || v == NULL)
		return r;
	if (!json_is_integer(v)) {
		problem_set(retp, 400, "bad-field", key,
		    "%s: a whole number was expected", key);
		return GW_EINVAL;
	}
	if (json_integer_value(v) < min || json_integer_value(v) > max) {
		problem_set(retp, 400, "bad-field", key,
		    "%s: must be between %lld and %lld", key, (long long)min,
		    (long long)max);
		return GW_EINVAL;
	}
	*ret = json_integer_value(v);
	return 0;
}

int
json_get_bool(const json_t *o, const char *key, bool required, bool *ret,
    struct problem *retp)
{
	const json_t *v = NULL;
	int r = get_field(o, key, required, &v, retp);

	if (r != 0 || v == NULL)
		return r;
	if (!json_is_boolean(v)) {
		problem_set(retp, 400, "bad-field", key,
		    "%s: true or false was expected", key);
		return GW_EINVAL;
	}
	*ret = json_is_true(v);
	return 0;
}

int
json_get_array(const json_t *o, const char *key, bool required, size_t max,
    const json_t **ret, struct problem *retp)
{
	const json_t *v = NULL;
	int r = get_field(o, key, required, &v, retp);

	*ret = NULL;
	if (r != 0 || v == NULL)
		return r;
	if (!json_is_array(v)) {
		problem_set(retp, 400, "bad-field", key,
		    "%s: a list was expected", key);
		return GW_EINVAL;
	}
	if (json_array_size(v) > max) {
		problem_set(retp, 400, "bad-field", key,
		    "%s: more than %zu entries", key, max);
		return GW_EINVAL;
	}
	for (size_t i = 0; i < json_array_size(v); i++) {
		const json_t *e = json_array_get(v, i);

		if (json_is_string(e) &&
		    str_text_ok(json_string_value(e), json_string_length(e)))
			continue;
		problem_set(retp, 400, "bad-field", key,
		    "%s: entry %zu is not a plain string", key, i + 1);
		return GW_EINVAL;
	}
	*ret = v;
	return 0;
}

char *
json_text(const json_t *o)
{
	return json_dumps(o, JSON_COMPACT);
}
