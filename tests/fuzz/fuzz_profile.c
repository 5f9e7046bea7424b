/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_profile: what jitctl keeps of its gateways. A file that is read is read
 * the same when it is written again; what a gateway says of itself at enrolment
 * (enroll.c takes names and clean text) comes back from the file; an invitation
 * has all its parts.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "core/invite.h"
#include "jitctl/gateway/invitation.h"
#include "jitctl/gateway/profile.h"
#include "tests/fuzz/fuzz.h"

static FILE *nowhere; /* for what is said of a bad file */

static bool
same(const struct profile *a, const struct profile *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->host, b->host) == 0 &&
	       a->port == b->port && strcmp(a->server_id, b->server_id) == 0 &&
	       strcmp(a->tls, b->tls) == 0 && strcmp(a->key, b->key) == 0 &&
	       strcmp(a->user, b->user) == 0 && a->ssh_port == b->ssh_port &&
	       strcmp(a->host_key, b->host_key) == 0;
}

/* Written and read again. */
static void
check_kept(const struct profiles *ps)
{
	static struct profiles again;
	char *text = profiles_text(ps);

	must(text != NULL);
	must(profiles_parse(&again, "again", text, strlen(text), nowhere));
	must(again.n == ps->n);
	for (unsigned i = 0; i < ps->n; i++)
		must(same(&ps->p[i], &again.p[i]));
	free(text);
}

static void
file(const char *text, size_t n)
{
	static struct profiles ps;

	if (profiles_parse(&ps, "config.yaml", text, n, nowhere))
		check_kept(&ps);
}

static void
enrolment(const char *host_key, size_t n)
{
	static struct profiles ps;
	struct profile *p = &ps.p[0];

	if (!str_text_ok(host_key, n))
		return;
	ps.n = 1;
	*p = (struct profile){.name = "default",
	    .host = "2001:db8::1",
	    .port = 8443,
	    .server_id = "gw",
	    .user = "alice",
	    .key = "/home/a \"b\"\\c",
	    .ssh_port = 2222};
	memset(p->tls, 'a', sizeof(p->tls) - 1);
	if (str_copy(p->host_key, sizeof(p->host_key), host_key) == 0)
		check_kept(&ps);
}

static void
invitation(const char *text)
{
	struct secret code = {0};
	struct profile p;
	char host[sizeof(p.host)];
	unsigned port = 0;

	if (invitation_parse(&p, &code, text) == 0) {
		must(p.host[0] != '\0' && p.port > 0 && p.port < 65536);
		must(strlen(p.tls) == 64 || strlen(p.tls) == INVITE_PIN_HEX);
		must(code.len > 0 && code.len <= 64);
		must(str_name_ok((const char *)code.p));
	}
	secret_free(&code);
	if (gateway_parse(host, sizeof(host), &port, text) == 0)
		must(host[0] != '\0' && port > 0 && port < 65536);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_text(data, size);

	if (nowhere == NULL)
		must((nowhere = fopen("/dev/null", "we")) != NULL);
	file(s, size);
	enrolment(s, strlen(s));
	invitation(s);
	free(s);
	return 0;
}
