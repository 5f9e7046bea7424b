/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ssh - what plain ssh needs to know. Writes nothing into ~/.ssh.
 */
#include "jitctl/cmd/ssh.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/program.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

enum { KNOWN_MAX = 64 * 1024 }; /* internal: of one host */

void
ssh_begin(const struct ctx *c, unsigned port, char ret[static SSH_TEXT_SIZE])
{
	const char *key = sign_key_for_ssh(c);
	char path[LIMIT_PATH_SIZE * 2] = "";
	struct buf b;
	size_t at = 0;

	/* ssh reads "%d" and "${HOME}" in it as more than they are */
	for (; *key != '\0' && at + 2 < sizeof(path); key++) {
		if (*key == '%')
			path[at++] = '%';
		path[at++] = *key;
	}
	path[at] = '\0';
	buf_init(&b, SSH_TEXT_SIZE - 1);
	buf_printf(&b, "ssh");
	if (path[0] != '\0' && *key == '\0' && strstr(path, "${") == NULL) {
		buf_printf(&b, " -i ");
		shell_word(&b, path);
	}
	if (port != 0 && port != 22)
		buf_printf(&b, " -p %u", port);
	ret[0] = '\0';
	if (buf_err(&b) == 0) {
		memcpy(ret, b.p, b.len);
		ret[b.len] = '\0';
	}
	buf_done(&b);
}

void
ssh_name(const struct ctx *c, char ret[static LIMIT_HOST_SIZE + 16])
{
	if (c->prof.ssh_port == 22)
		(void)snprintf(ret, LIMIT_HOST_SIZE + 16, "%s", c->prof.host);
	else
		(void)snprintf(ret, LIMIT_HOST_SIZE + 16, "[%s]:%u",
		    c->prof.host, c->prof.ssh_port);
}

/* "NAMES TYPE KEY ...": where TYPE begins; NULL: not such a line. */
static const char *
key_of_line(const char *line)
{
	if (line[0] == '#' || line[0] == '@') /* an authority, or revoked */
		return NULL;
	line += strcspn(line, " ");
	return *line == ' ' ? line + 1 : NULL;
}

enum ssh_knows
ssh_knows_in(const char *text, const char *host_key)
{
	const size_t type = strcspn(host_key, " ");
	enum ssh_knows knows = SSH_KNOWS_NONE;
	char line[KEY_TEXT_SIZE + LIMIT_HOST_SIZE];

	while (*text != '\0') {
		const size_t n = strcspn(text, "\r\n");
		const char *key = NULL;

		if (n < sizeof(line)) {
			memcpy(line, text, n);
			line[n] = '\0';
			key = key_of_line(line);
		}
		if (key_same(key, host_key))
			return SSH_KNOWS;
		if (key != NULL && strncmp(key, host_key, type + 1) == 0)
			knows = SSH_KNOWS_OTHER;
		text += n;
		text += strspn(text, "\r\n");
	}
	return knows;
}

enum ssh_knows
ssh_knows(const char *name, const char *host_key)
{
	const char *const of_user[] = {"ssh-keygen", "-F", name, NULL};
	const char *const of_host[] = {
	    "ssh-keygen", "-F", name, "-f", "/etc/ssh/ssh_known_hosts", NULL};
	const char *const *const calls[] = {of_user, of_host};
	enum ssh_knows knows = SSH_KNOWS_NONE;

	for (size_t i = 0; i < ARRAY_LEN(calls) && knows != SSH_KNOWS; i++) {
		char *text = NULL;

		/* it fails where it finds nothing */
		if (program_run(
			calls[i], NULL, 0, &text, KNOWN_MAX, true, true) == 0) {
			const enum ssh_knows is = ssh_knows_in(text, host_key);

			knows = is > knows ? is : knows;
		}
		free(text);
	}
	return knows;
}

static int
need_host_key(const struct ctx *c)
{
	int x = EXIT_OK;

	if (c->socket != NULL) {
		say_error("this is what a user's ssh needs; the admin socket "
			  "has no user");
		return EXIT_USAGE;
	}
	if ((x = call_need_profile(c)) == EXIT_OK &&
	    (c->prof.host_key[0] == '\0' || c->prof.ssh_port == 0)) {
		say_error(
		    "the profile does not know the gateway's host key; "
		    "as gatewayd tls show on the gateway says: %s pin KEY",
		    self(c));
		x = EXIT_LOGIN;
	}
	return x;
}

static void
print_known_hosts(const struct ctx *c)
{
	char name[LIMIT_HOST_SIZE + 16];

	ssh_name(c, name);
	(void)printf("%s %s\n", name, c->prof.host_key);
}

/* What both commands say, as JSON or YAML; false if neither was asked for. */
static bool
as_object(const struct ctx *c)
{
	json_t *o = json_pack("{s:s,s:i,s:s,s:s}", "host", c->prof.host, "port",
	    (int)c->prof.ssh_port, "host_key", c->prof.host_key, "identity",
	    c->prof.key);
	const bool done = out_object(c, o);

	json_decref(o);
	return done;
}

int
run_known_hosts(struct ctx *c)
{
	const int x = need_host_key(c);

	if (x == EXIT_OK && !as_object(c))
		print_known_hosts(c);
	return x;
}

int
run_ssh_config(struct ctx *c)
{
	const int x = need_host_key(c);

	if (x != EXIT_OK || as_object(c))
		return x;
	(void)printf("# Into ~/.ssh/config, above the first Host. Then:\n"
		     "#   ssh LOGIN@TARGET@%s\n"
		     "Host %s\n"
		     "    Port %u\n"
		     "    StrictHostKeyChecking yes\n"
		     "    UpdateHostKeys no\n",
	    c->prof.host, c->prof.host, c->prof.ssh_port);
	if (c->prof.key[0] == '/' && strchr(c->prof.key, '"') == NULL &&
	    strchr(c->prof.key, '%') == NULL)
		(void)printf("    IdentityFile \"%s\"\n"
			     "    IdentitiesOnly yes\n",
		    c->prof.key);
	(void)printf("# Into ~/.ssh/known_hosts (or: %s known-hosts >> "
		     "~/.ssh/known_hosts):\n# ",
	    self(c));
	print_known_hosts(c);
	return EXIT_OK;
}
