/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names - see names.h. The lines are those of libssh 0.10 to 0.12; where
 * another version words them in another way the names are missing, nothing
 * else.
 */
#include "session/names.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "session/nul.h"
#include "session/ssh.h"

struct name {
	struct name *next;
	char *text;
};

typedef enum ssh_keytypes_e type_fn(const char *name);

static struct {
	bool listening;
	ssh_session target;
	type_fn *type_of;          /* libssh's own */
	struct name *first[NAMES]; /* oldest first */
} names;

/* Their first argument is the name. */
static const struct {
	const char *start;
	enum name_of of;
} lines[] = {
    {"Clients wants to open a %s channel", NAME_OF_CHANNEL},
    {"Received a %s channel_request for", NAME_OF_REQUEST},
    {"UNKNOWN SSH_MSG_GLOBAL_REQUEST %s", NAME_OF_GLOBAL},
};
static const char agent_line[] = "Received an auth-agent-req request";
static const char keepalive[] = "keepalive@openssh.com";
static const char banner_line[] = "Received SSH_USERAUTH_BANNER packet";
/* its error of that is lost when it goes on to write, as it does mostly */
static const char goodbye_line[] = "Received SSH_MSG_DISCONNECT %";
/* the rest is a number, written in more than one way */
static const char keepalive_line[] = "Received keepalive@openssh.com";

/* These have messages that say what they are. */
static const char *const known[] = {"session", "direct-tcpip",
    "forwarded-tcpip", "x11", "auth-agent@openssh.com"};

int
names_init(void)
{
	/* ISO C has no cast from an object to a function pointer */
	void *p = dlsym(RTLD_NEXT, "ssh_key_type_from_name");

	memcpy(&names.type_of, &p, sizeof(p));
	return names.type_of != NULL ? 0 : GW_EUNSUPPORTED;
}

void
names_target(ssh_session ssh)
{
	names.target = ssh;
}

void
names_listen(bool on)
{
	names.listening = on;
}

static bool
is_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i], name) == 0)
			return true;
	return false;
}

/* Without memory the name is missing, as it is with a version that does not
 * say it. */
static void
keep(enum name_of of, const char *text)
{
	struct name **end = &names.first[of];
	struct name *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return;
	if ((n->text = strdup(text)) == NULL) {
		free(n);
		return;
	}
	nul_copied(n->text, text);
	while (*end != NULL)
		end = &(*end)->next;
	*end = n;
}

/* libssh is about to put a new banner in place of the one it has. */
static void
keep_banner(void)
{
	char *had = ssh_get_issue_banner(names.target);

	if (had != NULL)
		keep(NAME_OF_BANNER, had);
	ssh_string_free_char(had);
}

/* A number, which RFC 4253 gives names that no person reads, and words. */
static void
keep_goodbye(va_list ap)
{
	const char *words;

	(void)va_arg(ap, uint32_t);
	words = va_arg(ap, const char *);
	keep(NAME_OF_GOODBYE,
	    words == NULL || strcmp(words, "no error") == 0 ? "" : words);
}

char *
names_next(enum name_of of)
{
	struct name *n = names.first[of];
	char *text;

	if (n == NULL)
		return NULL;
	names.first[of] = n->next;
	text = n->text;
	free(n);
	return text;
}

enum ssh_keytypes_e
ssh_key_type_from_name(const char *name)
{
	enum ssh_keytypes_e t = SSH_KEYTYPE_UNKNOWN;

	if (names.type_of != NULL || names_init() == 0)
		t = names.type_of(name);
	if (names.listening && t == SSH_KEYTYPE_UNKNOWN && name != NULL)
		keep(NAME_OF_KEY, name);
	return t;
}

void
_ssh_log(int verbosity, const char *function, const char *format, ...)
{
	const char *name;
	va_list ap;

	(void)verbosity;
	(void)function;
	if (names.target != NULL && strcmp(format, banner_line) == 0)
		keep_banner();
	if (!names.listening && names.target != NULL &&
	    strncmp(format, goodbye_line, strlen(goodbye_line)) == 0) {
		va_start(ap, format);
		keep_goodbye(ap);
		va_end(ap);
	}
	if (!names.listening)
		return;
	if (strcmp(format, agent_line) == 0)
		keep(NAME_OF_AGENT, "auth-agent-req@openssh.com");
	if (strncmp(format, keepalive_line, strlen(keepalive_line)) == 0)
		keep(NAME_OF_KEEPALIVE, keepalive);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (strncmp(format, lines[i].start, strlen(lines[i].start)) !=
		    0)
			continue;
		va_start(ap, format);
		name = va_arg(ap, const char *);
		if (name != NULL &&
		    (lines[i].of != NAME_OF_CHANNEL || !is_known(name)))
			keep(lines[i].of, name);
		va_end(ap);
	}
}
