/* SPDX-License-Identifier: Apache-2.0 */
/*
 * put - see the header.
 */
#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "broker/call/put.h"
#include "core/event.h"
#include "core/right.h"

/* A banner, an error of a library: not all text was checked when it came, and
 * it ends on somebody's terminal. */
void
put_str(json_t *o, const char *key, const char *v)
{
	char text[2 * LIMIT_TEXT_SIZE];

	if (o == NULL || v == NULL)
		return;
	if (!str_text_ok(v, strlen(v))) {
		str_escape(text, sizeof(text), v, strlen(v));
		v = text;
	}
	(void)json_object_set_new(o, key, json_string(v));
}

void
put_num(json_t *o, const char *key, int64_t v)
{
	if (o == NULL)
		return;
	if (v > LIMIT_NUMBER_MAX)
		v = LIMIT_NUMBER_MAX;
	(void)json_object_set_new(o, key, json_integer(v));
}

void
put_count(json_t *o, const char *key, uint64_t v)
{
	if (v != EVENT_COUNT_UNKNOWN)
		put_num(o, key,
		    v < LIMIT_NUMBER_MAX ? (int64_t)v : LIMIT_NUMBER_MAX);
	else if (o != NULL)
		(void)json_object_set_new(o, key, json_null());
}

void
put_bool(json_t *o, const char *key, bool v)
{
	if (o != NULL)
		(void)json_object_set_new(o, key, json_boolean(v));
}

void
put_time(json_t *o, const char *key, int64_t utc_ms)
{
	char text[32];

	if (o == NULL)
		return;
	if (utc_ms <= 0) {
		(void)json_object_set_new(o, key, json_null());
		return;
	}
	str_time(text, sizeof(text), utc_ms);
	(void)json_object_set_new(o, key, json_string(text));
}

void
put_addr(json_t *list, const struct addr *a)
{
	char text[ADDR_TEXT_SIZE];

	if (list == NULL || a->family == 0)
		return;
	addr_format(text, a);
	(void)json_array_append_new(list, json_string(text));
}

void
put_rights(json_t *o, uint8_t rights)
{
	json_t *list = json_array();

	put_bool(o, "admin", (rights & RIGHT_ADMIN) != 0);
	put_bool(o, "auditor", (rights & RIGHT_AUDITOR) != 0);
	for (unsigned r = 1; r <= RIGHTS_ALL; r <<= 1)
		if ((rights & r) != 0)
			(void)json_array_append_new(
			    list, json_string(right_str((enum right)r)));
	if (o != NULL)
		(void)json_object_set_new(o, "rights", list);
	else
		json_decref(list);
}

json_t *
names_json(const struct name_list *l)
{
	json_t *a = json_array();

	for (unsigned i = 0; a != NULL && i < l->n; i++)
		(void)json_array_append_new(a, json_string(l->name[i]));
	return a;
}

json_t *
prefixes_json(const struct prefix_list *l)
{
	json_t *list = json_array();
	char text[PREFIX_TEXT_SIZE];

	for (unsigned i = 0; i < l->n; i++) {
		prefix_format(text, &l->prefix[i]);
		(void)json_array_append_new(list, json_string(text));
	}
	return list;
}

void
put_deciding(json_t *o, const char *role, const char *roles)
{
	put_str(o, "roles", roles[0] != '\0' ? roles : role);
}
