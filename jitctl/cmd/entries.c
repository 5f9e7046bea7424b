/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entries - see the header.
 */
#include "jitctl/cmd/entries.h"

#include <string.h>

#include "ssh/sshkey.h"

static json_t *
key_json(const json_t *line)
{
	char fp[SSHKEY_FP_SIZE] = "";
	struct sshkey k;

	if (json_is_string(line) &&
	    sshkey_parse_line(&k, json_string_value(line)) == 0)
		sshkey_fingerprint(fp, k.blob, k.len);
	return json_pack("{s:s}", "fingerprint", fp);
}

static json_t *
keys_json(const json_t *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(v); i++)
		(void)json_array_append_new(
		    list, key_json(json_array_get(v, i)));
	return list;
}

/* Of one that does not say it: what it is then; of none, nothing. */
static json_t *
unsaid(const char *field, const json_t *other, bool is_there)
{
	if (is_there && strcmp(field, "kind") == 0)
		return json_string("person");
	if (is_there && strcmp(field, "state") == 0)
		return json_string("active");
	if (json_is_array(other))
		return json_array();
	if (json_is_object(other))
		return json_object();
	return json_is_boolean(other) ? json_false() : json_string("");
}

static json_t *
value_json(const char *field, json_t *v, const json_t *other, bool is_there)
{
	if (v == NULL)
		return unsaid(field, other, is_there);
	return strcmp(field, "keys") == 0 ? keys_json(v) : json_incref(v);
}

/* One member of two entries, of which one may be NULL. */
static void
compare_field(json_t *list, const char *field, const json_t *b, const json_t *a)
{
	json_t *had = json_object_get(b, field);
	json_t *has = json_object_get(a, field);
	json_t *before = value_json(field, had, has, b != NULL);
	json_t *after = value_json(field, has, had, a != NULL);

	if (!json_equal(before, after))
		(void)json_array_append_new(
		    list, json_pack("{s:s, s:O, s:O}", "field", field, "before",
			      before, "after", after));
	json_decref(before);
	json_decref(after);
}

static bool
is_any(const char *field, const char *const *these)
{
	while (*these != NULL && strcmp(field, *these) != 0)
		these++;
	return *these != NULL;
}

json_t *
entries_differ(json_t *b, json_t *a, const char *const *but)
{
	json_t *list = json_array();
	const char *field = NULL;
	const json_t *v = NULL;

	json_object_foreach(b, field, v)
	{
		if (!is_any(field, but))
			compare_field(list, field, b, a);
	}
	json_object_foreach(a, field, v)
	{
		if (json_object_get(b, field) == NULL && !is_any(field, but))
			compare_field(list, field, b, a);
	}
	return list;
}
