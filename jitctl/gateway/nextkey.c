/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nextkey - see the header.
 */
#include "jitctl/gateway/nextkey.h"

#include <string.h>

#include "base/fault.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/term/say.h"
#include "wire/rollover.h"

void
nextkey_hear(struct ctx *c, const char *server, const char *announcement)
{
	char next[65] = "";

	if (announcement[0] == '\0' && FAULT(next_for_ever))
		return;
	if (!c->have_profile ||
	    (announcement[0] != '\0' &&
		rollover_check(next, announcement, c->prof.tls, server) != 0) ||
	    strcmp(next, c->prof.tls_next) == 0)
		return;
	if (profile_set_key(c->prof.name, c->prof.tls, next) != EXIT_OK)
		return;
	memcpy(c->prof.tls_next, next, sizeof(next));
	if (next[0] != '\0')
		say_debug(
		    c, "the gateway announces its next key, SHA256:%s", next);
	else
		say_debug(c, "the gateway announces no next key any more");
}

void
nextkey_taken(struct ctx *c)
{
	c->prof.tls_next[0] = '\0';
	if (profile_set_key(c->prof.name, c->prof.tls, "") != EXIT_OK)
		say_debug(c, "the new key is not in the profile yet");
	say(c,
	    "The gateway %s:%u has a new TLS key, the one it had announced: "
	    "SHA256:%s",
	    c->prof.host, c->prof.port, c->prof.tls);
}
