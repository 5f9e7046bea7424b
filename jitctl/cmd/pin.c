/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pin - knows a gateway of the profile by another TLS key from now on, which
 * its admin told: for who has missed that it was changed. The user's second
 * factor and what is open stay as they are.
 *
 * MUST NOT take the key from what answers, or offer it to be pasted: it is
 * asked whether it has this one, and nothing is sent before.
 */
#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/gateway/learn.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "ssh/sshkey.h"

static bool
pin_text(char ret[static 65], const char *word)
{
	static const char prefix[] = "SHA256:";
	uint8_t hash[32];

	if (strncmp(word, prefix, sizeof(prefix) - 1) == 0)
		word += sizeof(prefix) - 1;
	if (strlen(word) != 64 || str_unhex(hash, sizeof(hash), word) != 0)
		return false;
	str_hex(ret, hash, sizeof(hash));
	return true;
}

/* What else the gateway has that the profile did not: told, for it is believed
 * because of the key alone. */
static void
tell_key(const struct ctx *c, const char *what, const char *was, const char *is,
    const char *next)
{
	char fp[SSHKEY_FP_SIZE] = "?";
	struct sshkey k;

	if (was[0] == '\0' || key_same(was, is))
		return;
	if (sshkey_parse_line(&k, is) == 0)
		sshkey_fingerprint(fp, k.blob, k.len);
	say(c, "Its %s is another one as well, %s.%s%s%s", what, fp,
	    next[0] != '\0' ? " Next: " : "", next[0] != '\0' ? self(c) : "",
	    next);
}

int
run_pin(struct ctx *c)
{
	struct profile was = c->prof;
	int x = EXIT_OK;

	if (c->socket != NULL || !c->have_profile) {
		say_error(c->socket != NULL
			      ? "the admin socket needs no key of the gateway"
			      : "no gateway was joined yet whose key could be "
				"another one: an invitation is good for one "
				"key, and for another key there has to be a "
				"new one (jitctl user set NAME --invite); with "
				"it: %s enroll",
		    self(c));
		return EXIT_USAGE;
	}
	if (!pin_text(c->prof.tls, c->opt.arg[0])) {
		say_error("SHA256: and 64 hex digits were expected, as "
			  "gatewayd tls show prints them on the gateway");
		return EXIT_USAGE;
	}
	c->prof.tls_next[0] = '\0';
	if ((x = learn_server(c)) != EXIT_OK)
		return x;
	if (strcmp(c->prof.server_id, was.server_id) != 0 &&
	    !FAULT(any_server)) {
		say_error("what has this key is the gateway %s, and profile "
			  "\"%s\" is of %s: nothing was changed",
		    c->prof.server_id, was.name, was.server_id);
		return EXIT_CONFLICT;
	}
	if ((x = profile_save(&c->prof)) != EXIT_OK)
		return x;
	say(c, "%s:%u has this key, and is known by it from now on: SHA256:%s",
	    c->prof.host, c->prof.port, c->prof.tls);
	tell_key(
	    c, "SSH host key", was.host_key, c->prof.host_key, " known-hosts");
	if (strcmp(was.ca_next_key, c->prof.ca_key) != 0)
		tell_key(c, "CA key", was.ca_key, c->prof.ca_key, "");
	return EXIT_OK;
}
