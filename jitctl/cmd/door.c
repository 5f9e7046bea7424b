/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door - see the header.
 */
#include "jitctl/cmd/door.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/fault.h"
#include "jitctl/gateway/knock.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/term/out.h"
#include "jitctl/term/words.h"

static void
take_text(struct buf *b, char ret[static DOOR_TEXT_SIZE])
{
	const size_t n =
	    b->len < DOOR_TEXT_SIZE - 1 ? b->len : DOOR_TEXT_SIZE - 1;

	if (n > 0)
		memcpy(ret, b->p, n);
	ret[n] = '\0';
	buf_done(b);
}

/* ---------------------------------------------------------------- knocking */

void
door_address(const json_t *grant, char ret[static ADDR_TEXT_SIZE])
{
	ret[0] = '\0';
	if (strcmp(member(grant, "reach"), "direct") == 0)
		knock_address(member_name(grant, "target"),
		    json_object_get(grant, "addresses"),
		    json_object_get(grant, "sources"), ret);
}

/* Where ssh would go: to the gateway, or to the target itself. */
static const char *
place_of(const struct ctx *c, const json_t *grant, unsigned *retport,
    char address[static ADDR_TEXT_SIZE])
{
	if (strcmp(member(grant, "reach"), "direct") == 0) {
		*retport = member_port(grant, "port");
		door_address(grant, address);
		return address[0] != '\0' ? address
					  : member_name(grant, "target");
	}
	*retport = c->prof.ssh_port != 0 ? c->prof.ssh_port
					 : member_port(grant, "ssh_port");
	return c->prof.host;
}

/* Those that answered, or those that did not, each with its family. */
static unsigned
list_knocks(struct buf *b, const struct knock *k, unsigned n, bool answered)
{
	unsigned found = 0;

	for (unsigned i = 0; i < n; i++) {
		char addr[ADDR_TEXT_SIZE];

		if ((k[i].error == 0) != answered)
			continue;
		addr_format(addr, &k[i].addr);
		buf_printf(b, "%sIPv%u", found++ > 0 ? " and " : "",
		    (unsigned)k[i].addr.family);
		if (!answered)
			buf_printf(b, " (%s: %s)", addr, knock_why(&k[i]));
	}
	return found;
}

bool
door_knock(
    const struct ctx *c, const json_t *grant, char ret[static DOOR_TEXT_SIZE])
{
	struct knock k[KNOCK_MAX];
	unsigned port = 0;
	unsigned n = 0;
	unsigned shut = 0;
	char address[ADDR_TEXT_SIZE];
	const char *host = place_of(c, grant, &port, address);
	struct buf b;

	ret[0] = '\0';
	if (host[0] == '\0' || port == 0)
		return true;
	knock(host, port, json_object_get(grant, "sources"), k, &n);
	for (unsigned i = 0; i < n; i++)
		shut += k[i].error != 0 ? 1 : 0;
	buf_init(&b, 4096);
	if (shut > 0) {
		buf_printf(&b, "%s port %u does not answer over ", host, port);
		(void)list_knocks(&b, k, n, false);
		buf_printf(&b,
		    ", though the gateway opened it: something else on the way "
		    "keeps it shut, a firewall between, or other rules on its "
		    "host");
	}
	if (shut > 0 && shut < n)
		buf_printf(&b, "; it does over ");
	else if (n > 0 && shut == 0)
		buf_printf(&b, "%s port %u answers over ", host, port);
	(void)list_knocks(&b, k, n, true);
	take_text(&b, ret);
	return shut == 0;
}

/* -------------------------------------------------------------- both families
 */

static void
name_families(struct buf *b, const struct challenges *seen)
{
	for (unsigned i = 0; i < seen->n; i++) {
		char text[ADDR_TEXT_SIZE];

		addr_format(text, &seen->source[i].addr);
		buf_printf(b, "%s%s", i > 0 ? " and " : "", text);
	}
}

void
door_seen(const struct challenges *seen, char ret[static DOOR_TEXT_SIZE])
{
	struct buf b;

	buf_init(&b, DOOR_TEXT_SIZE);
	name_families(&b, seen);
	take_text(&b, ret);
}

/* The grant's source of a family; false: it has none. */
static bool
source_of(const json_t *grant, unsigned family, struct addr *ret)
{
	const json_t *list = json_object_get(grant, "sources");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s != NULL && addr_parse(ret, s) == 0 &&
		    ret->family == family)
			return true;
	}
	return false;
}

void
door_moved(const struct ctx *c, const json_t *grant,
    const struct challenges *seen, char ret[static DOOR_TEXT_SIZE])
{
	char id[CELL_SIZE];
	char sources[CELL_SIZE];
	char now[ADDR_TEXT_SIZE];
	struct addr then = {0};
	struct buf b;

	ret[0] = '\0';
	cell_text(id, json_object_get(grant, "grant"), COL_TEXT);
	cell_text(sources, json_object_get(grant, "sources"), COL_LIST);
	for (unsigned i = 0; i < seen->n; i++) {
		const struct addr *a = &seen->source[i].addr;
		const bool has = source_of(grant, a->family, &then);

		if ((has && addr_equal(&then, a)) ||
		    (FAULT(one_family) && i > 0))
			continue;
		addr_format(now, a);
		buf_init(&b, DOOR_TEXT_SIZE);
		buf_printf(&b,
		    "%.80s is open for %.200s; the gateway sees you at %s "
		    "now%s. "
		    "To have it here: %s move %s",
		    id, sources, now,
		    has ? "" : ", and ssh may come from there", self(c),
		    member_name(grant, "target"));
		take_text(&b, ret);
		return;
	}
}
