/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge - see the header.
 */
#include "jitctl/gateway/challenge.h"

#include <netdb.h>
#include <string.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/str.h"
#include "jitctl/gateway/http.h"
#include "jitctl/gateway/nextkey.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/term/say.h"
#include "wire/verbs.h"

enum { CONNECT_MS = 2000 };

int
challenge_parse(struct signed_source *ret, char server[static LIMIT_NAME_SIZE],
    const json_t *reply)
{
	if (str_copy(ret->nonce, sizeof(ret->nonce), member(reply, "nonce")) !=
		0 ||
	    strlen(ret->nonce) != LIMIT_NONCE_SIZE - 1 ||
	    addr_parse(&ret->addr, member(reply, "source")) != 0 ||
	    !str_name_ok(member(reply, "server_id")))
		return GW_EINVAL;
	return str_copy(server, LIMIT_NAME_SIZE, member(reply, "server_id"));
}

/* Which families the gateway's name has, IPv4 first; how many. */
static unsigned
families(const struct ctx *c, int ret[2])
{
	const struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	const struct addrinfo numeric = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *list = NULL;
	bool v4 = false;
	bool v6 = false;
	unsigned n = 0;

	/* AI_ADDRCONFIG ignores loopback: literals must not depend on it. */
	if (getaddrinfo(c->prof.host, NULL, &numeric, &list) != 0 &&
	    getaddrinfo(c->prof.host, NULL, &hints, &list) != 0)
		return 0;
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		v4 = v4 || a->ai_family == AF_INET;
		v6 = v6 || a->ai_family == AF_INET6;
	}
	freeaddrinfo(list);
	if (v4)
		ret[n++] = HTTP_V4;
	if (v6)
		ret[n++] = HTTP_V6;
	return n;
}

static int
add_challenge(struct ctx *c, struct challenges *ch, const struct reply *r)
{
	struct signed_source *s = &ch->source[ch->n];

	if (challenge_parse(s, ch->server, r->json) != 0) {
		say_error("%s:%u does not answer like a Sallyport gateway",
		    c->prof.host, c->prof.port);
		return EXIT_UNREACHABLE;
	}
	if (c->prof.server_id[0] != '\0' &&
	    strcmp(c->prof.server_id, ch->server) != 0) {
		say_error("the gateway calls itself %s, your profile says %s",
		    ch->server, c->prof.server_id);
		return EXIT_UNREACHABLE;
	}
	/* Without one it tells nothing: the broker may have the configuration
	 * of the next key before the API has that key. */
	if (member(r->json, "tls_next")[0] != '\0')
		nextkey_hear(c, ch->server, member(r->json, "tls_next"));
	/* Both families may go through one translator to one address. */
	for (unsigned i = 0; i < ch->n; i++)
		if (ch->source[i].addr.family == s->addr.family)
			return EXIT_OK;
	ch->family[ch->n++] = r->family;
	return EXIT_OK;
}

int
challenge_get(struct ctx *c, struct challenges *ret)
{
	int family[2] = {HTTP_ANY, HTTP_ANY};
	const unsigned n = families(c, family);
	int r = EXIT_UNREACHABLE;

	*ret = (struct challenges){0};
	if (n == 0)
		say_error("%s: this name has no address", c->prof.host);
	for (unsigned i = 0; i < n; i++) {
		const struct http_call call = {.method = "POST",
		    .path = verb_get(VERB_CHALLENGE)->path,
		    .body = "{}",
		    .len = 2,
		    .family = family[i],
		    .connect_ms = CONNECT_MS,
		    .silent = i + 1 < n || ret->n > 0};
		struct reply reply = {0};

		if (http_do(c, &call, &reply) != EXIT_OK) {
			if (c->key_changed)
				return EXIT_UNREACHABLE;
			ret->silent = family[i];
			continue;
		}
		r = reply_exit_code(&reply);
		if (r == EXIT_OK)
			r = add_challenge(c, ret, &reply);
		else
			reply_print_problem(c, &reply);
		reply_done(&reply);
		if (r != EXIT_OK)
			return r;
	}
	return ret->n > 0 ? EXIT_OK : EXIT_UNREACHABLE;
}

int
challenge_filter(struct challenges *ch, const char *const *from, unsigned n)
{
	struct challenges kept = *ch;
	char text[2][ADDR_TEXT_SIZE] = {"", ""};
	struct addr want;

	if (n == 0)
		return EXIT_OK;
	kept.n = 0;
	for (unsigned i = 0; i < n; i++) {
		unsigned at = 0;

		if (addr_parse(&want, from[i]) != 0) {
			say_error("--from: expected an address, like "
				  "198.51.100.7");
			return EXIT_USAGE;
		}
		while (at < ch->n && !addr_equal(&ch->source[at].addr, &want))
			at++;
		if (at == ch->n) {
			for (unsigned k = 0; k < ch->n; k++)
				addr_format(text[k], &ch->source[k].addr);
			say_error("--from %s: the gateway sees you as %s%s%s; "
				  "access is given to addresses it sees",
			    from[i], text[0], ch->n > 1 ? " and " : "",
			    text[1]);
			return EXIT_USAGE;
		}
		if (kept.n == LIMIT_SOURCES)
			break;
		kept.source[kept.n] = ch->source[at];
		kept.family[kept.n++] = ch->family[at];
	}
	*ch = kept;
	return EXIT_OK;
}
