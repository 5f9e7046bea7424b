/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learn - see the header.
 */
#include "jitctl/gateway/learn.h"

#include <string.h>

#include "base/str.h"
#include "jitctl/gateway/http.h"
#include "jitctl/gateway/read.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static bool
learn_key(char *ret, size_t size, const json_t *v)
{
	char text[KEY_TEXT_SIZE];

	return key_text(text, v) && str_copy(ret, size, text) == 0;
}

static bool
learn_keys(struct profile *p, const json_t *server)
{
	const json_t *cas = json_object_get(server, "ca_keys");
	const char *log_key = member(server, "log_key");

	return learn_key(p->host_key, sizeof(p->host_key),
		   json_object_get(server, "host_key")) &&
	       learn_key(
		   p->ca_key, sizeof(p->ca_key), json_array_get(cas, 0)) &&
	       learn_key(p->ca_next_key, sizeof(p->ca_next_key),
		   json_array_get(cas, 1)) &&
	       str_text_ok(log_key, strlen(log_key)) &&
	       str_copy(p->log_key, sizeof(p->log_key), log_key) == 0;
}

int
learn_server(struct ctx *c)
{
	struct reply r = {0};
	int x = http_learn_key(c);

	if (x == EXIT_OK)
		x = read_verb(c, VERB_SERVER, NULL, NULL, &r);
	if (x != EXIT_OK)
		goto out;
	c->prof.ssh_port = member_port(r.json, "ssh_port");
	if (c->prof.ssh_port == 0 ||
	    str_copy(c->prof.server_id, sizeof(c->prof.server_id),
		member_name(r.json, "server_id")) != 0 ||
	    c->prof.server_id[0] == '\0' || !learn_keys(&c->prof, r.json)) {
		say_error("%s does not answer like a Sallyport gateway",
		    c->prof.host);
		x = EXIT_UNREACHABLE;
	}
out:
	reply_done(&r);
	return x;
}
