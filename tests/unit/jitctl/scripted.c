/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scripted - see the header.
 */
#include "tests/unit/jitctl/scripted.h"

#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jitctl/gateway/http.h"

const struct step *script;
struct envelope sent[SENT_MAX];
unsigned nsent;
char sent_local[LOCAL_MAX];

static void
keep_envelope(const struct http_call *call)
{
	struct problem p = {0};

	assert_true(nsent < ARRAY_LEN(sent));
	assert_int_equal(
	    envelope_parse(&sent[nsent++], call->body, call->len, &p), 0);
}

/* The body of the reply; the log and a recording end, and hold lines that are
 * no JSON. */
static char *
next_body(const char *path)
{
	char *text = NULL;

	if (script->status == 200 && (strstr(path, "from=0") != NULL ||
					 strstr(path, "offset=0") != NULL))
		assert_true(asprintf(&text, "%s\n\x1b[31m \xc2\x9b\n",
				script->body) > 0);
	else if (script->status == 200 && (strstr(path, "from=") != NULL ||
					      strstr(path, "offset=") != NULL))
		text = strdup("");
	else
		text = strdup(script->body);
	assert_non_null(text);
	return text;
}

int
http_do(struct ctx *c, const struct http_call *call, struct reply *ret)
{
	char *body = next_body(call->path);

	if (script->path != NULL)
		assert_string_equal(call->path, script->path);
	if (c->socket == NULL && call->len > 2)
		keep_envelope(call);
	if (c->socket != NULL)
		(void)snprintf(sent_local, sizeof(sent_local), "%.*s",
		    (int)call->len, (const char *)call->body);
	reply_read(ret, script->status, body, strlen(body));
	ret->family = call->family;
	if (script[1].body != NULL)
		script++;
	return EXIT_OK;
}

void
http_done(struct ctx *c)
{
	(void)c;
}

const char *
http_library(void)
{
	return "none";
}
