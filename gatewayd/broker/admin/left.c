/* SPDX-License-Identifier: Apache-2.0 */
/*
 * left - see the header.
 */
#include "broker/admin/left.h"

#include "broker/broker.h"
#include "broker/call/put.h"
#include "broker/grant/protect.h"

static void
put_left(json_t *list, const struct addr *a, const struct target *was,
    const struct target *is)
{
	const bool kept =
	    is != NULL && is->port == was->port &&
	    (addr_equal(a, &is->addr4) || addr_equal(a, &is->addr6));

	if (!kept)
		put_addr(list, a);
}

json_t *
left_json(const struct target *was, const struct target *is)
{
	json_t *o = json_object();
	json_t *addresses = json_array();

	put_left(addresses, &was->addr4, was, is);
	put_left(addresses, &was->addr6, was, is);
	if (o == NULL || json_array_size(addresses) == 0) {
		json_decref(addresses);
		json_decref(o);
		return NULL;
	}
	(void)json_object_set_new(o, "addresses", addresses);
	put_num(o, "port", was->port);
	return o;
}

static void
put_shared(json_t *list, const struct broker *b, const struct target *was,
    const char *text)
{
	char name[LIMIT_NAME_SIZE];
	struct addr a = {0};
	json_t *o = NULL;

	if (addr_parse(&a, text) != 0)
		return;
	protect_whose(b, &a, was->port, was->name, name);
	if (name[0] == '\0')
		return;
	o = json_object();
	put_str(o, "address", text);
	put_str(o, "target", name);
	(void)json_array_append_new(list, o);
}

void
left_shared(json_t *left, const struct broker *b, const struct target *was)
{
	const json_t *addresses = json_object_get(left, "addresses");
	json_t *shared = json_array();

	for (size_t i = 0; i < json_array_size(addresses); i++)
		put_shared(shared, b, was,
		    json_string_value(json_array_get(addresses, i)));
	(void)json_object_set_new(left, "shared", shared);
}
