/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers - see answers.h. What a resolver says is believed of nothing: it only
 * says where to look.
 */
#include "jitctl/cmd/answers.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/key_file.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"

static bool
shows_one_of(const json_t *found, const json_t *keys)
{
	for (size_t i = 0; i < json_array_size(found); i++)
		for (size_t k = 0; k < json_array_size(keys); k++)
			if (key_same(member(json_array_get(found, i), "key"),
				json_string_value(json_array_get(keys, k))))
				return true;
	return false;
}

enum answers
answers_at(
    struct ctx *c, const char *address, uint64_t port, const json_t *keys)
{
	const struct call_opts o = {0};
	struct reply r = {0};
	enum answers is = ANSWERS_UNKNOWN;
	json_t *body = json_pack(
	    "{s:s,s:I}", "address", address, "port", (json_int_t)port);
	int x = body != NULL ? call_signed(c, VERB_TARGET_SCAN, body, &o, &r)
			     : EXIT_FAILED;

	json_decref(body);
	if (x == EXIT_OK)
		is = shows_one_of(json_object_get(r.json, "host_keys"), keys)
			 ? ANSWERS_SAME
			 : ANSWERS_OTHER_KEYS;
	else if (strcmp(member(r.json, "code"), "no-ssh") == 0)
		is = ANSWERS_NO_SSH;
	else if (x == EXIT_NOT_FOUND)
		is = ANSWERS_NOT;
	reply_done(&r);
	return is;
}

/* ---- where to look */

enum { PLACES_MAX = 8 }; /* internal: beside those that were named */

struct places {
	const json_t *named;
	struct addr a[PLACES_MAX];
	unsigned n;
};

static bool
is_named(const json_t *list, const struct addr *a, bool family_only)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		struct addr k = {0};

		if (s != NULL && addr_parse(&k, s) == 0 &&
		    (family_only ? k.family == a->family : addr_equal(&k, a)))
			return true;
	}
	return false;
}

static void
add_place(struct places *p, const struct addr *a)
{
	char why[ADDR_WHY_SIZE];

	for (unsigned i = 0; i < p->n; i++)
		if (addr_equal(&p->a[i], a))
			return;
	if (p->n < PLACES_MAX && addr_names_host(why, a) &&
	    !is_named(p->named, a, false))
		p->a[p->n++] = *a;
}

static void
places_of_name(struct places *p, const char *name)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;

	if (!addr_is_name(name) || getaddrinfo(name, NULL, &hints, &list) != 0)
		return;
	for (const struct addrinfo *i = list; i != NULL; i = i->ai_next) {
		struct addr a = {0};
		uint16_t port = 0;

		if (addr_from_sockaddr(&a, &port, i->ai_addr) == 0)
			add_place(p, &a);
	}
	freeaddrinfo(list);
}

/* Of the name that an address has. */
static void
places_of_address(struct places *p, const char *address)
{
	struct sockaddr_storage ss;
	struct addr a = {0};
	char name[NI_MAXHOST];
	socklen_t len = 0;

	if (addr_parse(&a, address) != 0)
		return;
	len = addr_to_sockaddr(&ss, &a, 0);
	if (getnameinfo((const struct sockaddr *)&ss, len, name, sizeof(name),
		NULL, 0, NI_NAMEREQD) == 0)
		places_of_name(p, name);
}

/* ---- what was found */

static bool
names_address(const json_t *target, const char *address)
{
	const json_t *list = json_object_get(target, "addresses");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s != NULL && strcmp(s, address) == 0)
			return true;
	}
	return false;
}

/* Some target has it: it is shut by that. */
static bool
is_shut(struct ctx *c, const char *address, uint64_t port)
{
	struct reply r = {0};
	const json_t *items = NULL;
	bool shut = false;

	if (read_list(c, VERB_TARGETS, NULL, &r) == EXIT_OK)
		items = json_object_get(r.json, "items");
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *t = json_array_get(items, i);

		shut = shut || (member_port(t, "port") == port &&
				   names_address(t, address));
	}
	reply_done(&r);
	return shut;
}

static int
offer(struct ctx *c, json_t *addresses, const struct addr *a, uint64_t port)
{
	char text[ADDR_TEXT_SIZE], all[CELL_SIZE];
	char question[ADDR_TEXT_SIZE + 128];
	const bool room = !is_named(addresses, a, true);
	int x = EXIT_FAILED;

	addr_format(text, a);
	(void)snprintf(question, sizeof(question),
	    "%s port %llu is the same host: it shows the same key. Shut that "
	    "too?",
	    text, (unsigned long long)port);
	if (room && !c->yes &&
	    prompt_possible(c)) /* not --yes: it is for good */
		x = prompt_yes(c, question);
	if (x == EXIT_OK) {
		say(c, "Also of this target: %s", text);
		return json_array_append_new(addresses, json_string(text)) == 0
			   ? EXIT_OK
			   : EXIT_FAILED;
	}
	if (x != EXIT_INTERRUPTED && is_shut(c, text, port))
		return EXIT_OK;
	cell_text(all, addresses, COL_LIST);
	if (room)
		say_error("%s port %llu is the same host, and is not shut by "
			  "this: to shut it too, give ADDRESS as %s,%s",
		    text, (unsigned long long)port, all, text);
	else
		say_error("%s port %llu is the same host, and is not shut by "
			  "this: make it a target as well (a target has one "
			  "address of each family)",
		    text, (unsigned long long)port);
	return x == EXIT_INTERRUPTED ? x : EXIT_OK;
}

int
answers_beside(struct ctx *c, const char *name, json_t *addresses,
    uint64_t port, const json_t *keys)
{
	struct places p = {.named = addresses};
	const size_t n = json_array_size(addresses);
	int x = EXIT_OK;

	/* where no name server answers nobody wants to wait for it */
	(void)setenv("RES_OPTIONS", "timeout:1 attempts:1", 0);
	places_of_name(&p, name);
	for (size_t i = 0; i < n; i++)
		places_of_address(
		    &p, json_string_value(json_array_get(addresses, i)));
	for (unsigned i = 0; i < p.n && x == EXIT_OK; i++) {
		char text[ADDR_TEXT_SIZE];

		addr_format(text, &p.a[i]);
		if (answers_at(c, text, port, keys) == ANSWERS_SAME)
			x = offer(c, addresses, &p.a[i], port);
	}
	return x;
}
