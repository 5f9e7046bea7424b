/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body - what the bodies of users, targets and roles have in common: lists of
 * names, and labels.
 */
#include "wire/body.h"
#include "base/err.h"

int
names_parse(struct name_list *ret, const json_t *o, const char *key,
    bool required, struct problem *p)
{
	const json_t *list = NULL;
	int r = json_get_array(o, key, required, LIMIT_LIST, &list, p);

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		r = name_list_add(
		    ret, json_string_value(json_array_get(list, i)));
		if (r == 0 || r == GW_EEXIST) {
			r = 0;
			continue;
		}
		problem_set(p, 400, "bad-field", key,
		    "%s: entry %zu is not a name", key, i + 1);
	}
	return r;
}

int
prefixes_parse(struct prefix_list *ret, const json_t *o, const char *key,
    struct problem *p)
{
	const json_t *list = NULL;
	int r = json_get_array(o, key, false, LIMIT_LIST, &list, p);

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		r = s != NULL ? prefix_list_add(ret, s) : GW_EINVAL;
		if (r == 0 || r == GW_EEXIST) {
			r = 0;
			continue;
		}
		problem_set(p, 400, "bad-field", key,
		    "%s: entry %zu is no prefix like 192.0.2.0/28", key, i + 1);
	}
	return r;
}

int
labels_parse(struct label_list *ret, const json_t *o, struct problem *p)
{
	json_t *labels = json_object_get(o, "labels");
	const char *key = NULL;
	json_t *v = NULL;

	if (labels == NULL)
		return 0;
	if (!json_is_object(labels)) {
		problem_set(p, 400, "bad-field", "labels",
		    "labels: an object of names was expected");
		return GW_EINVAL;
	}
	json_object_foreach(labels, key, v)
	{
		if (json_is_string(v) &&
		    label_list_add(ret, key, json_string_value(v)) == 0)
			continue;
		problem_set(p, 400, "bad-field", "labels",
		    "labels: at most %d, key and value are names",
		    (int)LIMIT_LABELS);
		return GW_EINVAL;
	}
	return 0;
}
