/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scripted - see the header.
 */
#include "tests/unit/jitctl/scripted.h"

#include "tests/unit/support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jitctl/gateway/http.h"
#include "jitctl/gateway/program.h"

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

/* It is heard whole, and ends, or is cut where its listener has enough. Calls
 * that are made meanwhile have the steps after it. */
static int
next_stream(const struct http_call *call, char *body, struct reply *ret)
{
	bool on = true;

	if (script[1].body != NULL)
		script++;
	on = call->heard(call->arg, body, strlen(body));
	free(body);
	reply_read(ret, 200, strdup(""), 0);
	return on ? EXIT_OK : EXIT_UNREACHABLE;
}

int
http_do(struct ctx *c, const struct http_call *call, struct reply *ret)
{
	char *body = next_body(call->path);

	if (script->status == WRONG_KEY) {
		free(body);
		c->key_changed = true;
		return EXIT_UNREACHABLE;
	}
	if (script->path != NULL)
		assert_string_equal(call->path, script->path);
	if (c->socket == NULL && call->len > 2)
		keep_envelope(call);
	if (c->socket != NULL)
		(void)snprintf(sent_local, sizeof(sent_local), "%.*s",
		    (int)call->len, (const char *)call->body);
	if (call->heard != NULL && script->status == 200)
		return next_stream(call, body, ret);
	reply_read(ret, script->status, body, strlen(body));
	ret->family = call->family;
	if (script[1].body != NULL)
		script++;
	return EXIT_OK;
}

int
http_learn_key(struct ctx *c)
{
	(void)c;
	return EXIT_OK;
}

void
http_done(struct ctx *c)
{
	(void)c;
}

const char *
http_why(const struct ctx *c)
{
	(void)c;
	return "none";
}

const char *
http_library(void)
{
	return "none";
}

void
signer_make(struct signer *ret, struct ctx *c)
{
	char *out = NULL;
	FILE *f = NULL;

	strcpy(ret->dir, "/tmp/sallyport-jitctl.XXXXXX");
	assert_non_null(mkdtemp(ret->dir));
	(void)snprintf(ret->key, sizeof(ret->key), "%s/id", ret->dir);
	(void)snprintf(ret->pub, sizeof(ret->pub), "%s/id.pub", ret->dir);
	(void)snprintf(ret->code, sizeof(ret->code), "%s/code", ret->dir);
	const char *const argv[] = {"ssh-keygen", "-q", "-t", "ed25519", "-N",
	    "", "-f", ret->key, NULL};
	assert_int_equal(program_run(argv, NULL, 0, &out, 1024, true, true), 0);
	free(out);
	f = fopen(ret->code, "we");
	assert_non_null(f);
	assert_true(fputs("123 456\n", f) >= 0);
	(void)fclose(f);
	c->have_profile = true;
	c->no_input = true;
	strcpy(c->prof.name, "default");
	strcpy(c->prof.host, "127.0.0.1");
	c->prof.port = 1;
	strcpy(c->prof.tls, HEX64);
	c->identity = ret->key;
	c->opt.n[F_CODE_FILE] = 1;
	c->opt.value[F_CODE_FILE][0] = ret->code;
}

void
signer_done(struct signer *s)
{
	(void)unlink(s->key);
	(void)unlink(s->pub);
	(void)unlink(s->code);
	(void)rmdir(s->dir);
}

void
forget_sent(void)
{
	while (nsent > 0)
		envelope_done(&sent[--nsent]);
}

char *
output_of(int (*run)(struct ctx *), struct ctx *c, int *retx, bool all)
{
	const int fd = memfd_create("output", MFD_CLOEXEC);
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const int out = dup(STDOUT_FILENO);
	const int err = dup(STDERR_FILENO);
	char *text = NULL;
	off_t n = 0;

	assert_true(fd >= 0 && null >= 0 && out >= 0 && err >= 0);
	(void)fflush(stdout);
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(all ? fd : null, STDERR_FILENO);
	*retx = run(c);
	(void)fflush(stdout);
	(void)dup2(out, STDOUT_FILENO);
	(void)dup2(err, STDERR_FILENO);
	(void)close(out);
	(void)close(err);
	(void)close(null);
	n = lseek(fd, 0, SEEK_END);
	text = calloc(1, (size_t)n + 1);
	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)n, 0), n);
	(void)close(fd);
	return text;
}
