/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nextkey - see the header.
 */
#include "jitctl/gateway/nextkey.h"

#include <string.h>

#include "jitctl/gateway/profile.h"
#include "jitctl/term/say.h"
#include "wire/rollover.h"

void
nextkey_hear(struct ctx *c, const char *server, const char *announcement)
{
	char next[65];

	if (!c->have_profile || announcement[0] == '\0' ||
	    rollover_check(next, announcement, c->prof.tls, server) != 0 ||
	    strcmp(next, c->prof.tls_next) == 0)
		return;
	if (profile_set_key(c->prof.name, c->prof.tls, next) != EXIT_OK)
		return;
	memcpy(c->prof.tls_next, next, sizeof(next));
	say_debug(c, "the gateway announces its next key, SHA256:%s", next);
}
