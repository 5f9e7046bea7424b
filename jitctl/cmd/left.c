/* SPDX-License-Identifier: Apache-2.0 */
/*
 * left - see the header.
 */
#include "jitctl/cmd/left.h"

#include <string.h>

#include "base/addr.h"
#include "jitctl/gateway/call.h"
#include "jitctl/term/say.h"

/* Another target has that address and port as well: it is told which, and that
 * nobody can open it to everybody. */
static bool
told_shared(
    const struct ctx *c, const json_t *o, const char *address, long long port)
{
	const json_t *list = json_object_get(o, "shared");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *k = json_array_get(list, i);

		if (strcmp(member(k, "address"), address) != 0 ||
		    member_name(k, "target")[0] == '\0')
			continue;
		say(c, "%s port %lld is target %s's as well.", address, port,
		    member_name(k, "target"));
		return true;
	}
	return false;
}

/* The command is ours; of the answer only what is an address and a port. */
void
left_tell(const struct ctx *c, const char *ask, const json_t *o)
{
	const json_t *list = json_object_get(o, "addresses");
	const json_int_t port = json_integer_value(json_object_get(o, "port"));
	char text[ADDR_TEXT_SIZE];
	bool told = false;
	struct addr a;

	if (port < 1 || port > UINT16_MAX)
		return;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s == NULL || addr_parse(&a, s) != 0)
			continue;
		addr_format(text, &a);
		if (told_shared(c, o, text, (long long)port))
			continue;
		if (!told)
			say(c,
			    "%s Only root on the gateway can open that port "
			    "to everybody again, there:",
			    ask);
		told = true;
		say(c, "  gatewayd unprotect %s %lld", text, (long long)port);
	}
}
