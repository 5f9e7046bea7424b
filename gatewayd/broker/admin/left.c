/* SPDX-License-Identifier: Apache-2.0 */
/*
 * left - see the header.
 */
#include "broker/admin/left.h"

#include "base/err.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/call/put.h"

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
put_shared(json_t *list, struct store *s, const char *text, uint16_t port,
    const char *was)
{
	char name[LIMIT_NAME_SIZE];
	struct addr a = {0};
	json_t *o = NULL;
	int r;

	if (addr_parse(&a, text) != 0)
		return;
	if ((r = store_target_at(s, &a, port, was, name)) != 0) {
		if (r != GW_ENOENT)
			log_err("the targets cannot be read");
		return;
	}
	o = json_object();
	put_str(o, "address", text);
	put_str(o, "target", name);
	(void)json_array_append_new(list, o);
}

size_t
left_shared_max(const json_t *left)
{
	static const char list[] = ",\"shared\":[]";
	static const char one[] = "{\"address\":\"\",\"target\":\"\"},";

	return sizeof(list) +
	       json_array_size(json_object_get(left, "addresses")) *
		   (sizeof(one) + ADDR_TEXT_SIZE + LIMIT_NAME_SIZE);
}

void
left_shared(json_t *left, struct store *s, const char *was)
{
	const json_t *addresses = json_object_get(left, "addresses");
	const json_int_t port =
	    json_integer_value(json_object_get(left, "port"));
	json_t *shared = json_array();

	for (size_t i = 0; i < json_array_size(addresses); i++)
		put_shared(shared, s,
		    json_string_value(json_array_get(addresses, i)),
		    (uint16_t)port, was);
	(void)json_object_set_new(left, "shared", shared);
}
