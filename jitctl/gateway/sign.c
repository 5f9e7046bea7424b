/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign - see the header.
 */
#include "jitctl/gateway/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/safefile.h"
#include "base/str.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/gateway/program.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "ssh/sshkey.h"
#include "ssh/sshsig.h"
#include "wire/signed.h"

enum {
	ARMOR_MAX = 8192,       /* internal: more than LIMIT_SSHSIG_MAX */
	AGENT_MAX = 256 * 1024, /* format: what an agent may answer */
};

bool
sign_is_fingerprint(const char *key)
{
	return strncmp(key, "SHA256:", 7) == 0;
}

/* "type base64 comment" lines of the agent; malloc'd, NULL = no agent. */
static char *
agent_keys(void)
{
	static const char *const argv[] = {"ssh-add", "-L", NULL};
	char *text = NULL;

	if (getenv("SSH_AUTH_SOCK") == NULL)
		return NULL;
	if (program_run(argv, NULL, 0, &text, AGENT_MAX, true, true) == 0)
		return text;
	free(text);
	return NULL;
}

/* The agent's line with this fingerprint ("" = the first usable one). */
static bool
agent_line(const char *fp, char *ret, size_t size, char *retfp)
{
	char *text = agent_keys();
	char *save = NULL;
	struct sshkey k;
	bool found = false;

	if (text == NULL)
		return false;
	for (char *l = strtok_r(text, "\n", &save); l != NULL && !found;
	     l = strtok_r(NULL, "\n", &save)) {
		if (sshkey_parse_line(&k, l) != 0)
			continue;
		sshkey_fingerprint(retfp, k.blob, k.len);
		if (fp[0] == '\0' || strcmp(fp, retfp) == 0)
			found = str_copy(ret, size, l) == 0;
	}
	free(text);
	return found;
}

const char *
sign_key_named(const struct ctx *c)
{
	return c->identity != NULL ? c->identity : c->prof.key;
}

/* In the order in which we take one; ssh tries them all. */
static const char *const key_names[] = {
    "id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa"};

const char *
sign_key_for_ssh(const struct ctx *c)
{
	const char *home = getenv("HOME");
	const char *key = sign_key_named(c);
	char path[LIMIT_PATH_SIZE];
	char pub[LIMIT_PATH_SIZE + 8];

	if (key[0] == '\0' || sign_is_fingerprint(key))
		return "";
	for (size_t i = 0; i < ARRAY_LEN(key_names) && home != NULL; i++)
		if (str_fmt(path, sizeof(path), "%s/.ssh/%s", home,
			key_names[i]) == 0 &&
		    str_fmt(pub, sizeof(pub), "%s.pub", path) == 0 &&
		    (strcmp(key, path) == 0 || strcmp(key, pub) == 0))
			return "";
	return key;
}

int
sign_key(const struct ctx *c, char *ret, size_t size)
{
	const char *home = getenv("HOME");
	const char *key = sign_key_named(c);
	char line[LIMIT_PUBKEY_MAX * 2];
	char fp[SSHKEY_FP_SIZE];

	if (key[0] != '\0')
		return str_copy(ret, size, key) == 0 ? EXIT_OK : EXIT_USAGE;
	for (size_t i = 0; i < ARRAY_LEN(key_names) && home != NULL; i++)
		if (str_fmt(ret, size, "%s/.ssh/%s", home, key_names[i]) == 0 &&
		    access(ret, R_OK) == 0)
			return EXIT_OK;
	if (agent_line("", line, sizeof(line), fp))
		return str_copy(ret, size, fp) == 0 ? EXIT_OK : EXIT_LOGIN;
	say_error("no SSH key found; make one with ssh-keygen -t ed25519, or "
		  "name one: --identity FILE");
	return EXIT_LOGIN;
}

/* ----------------------------------------------------------------- sign */

/* Writes the public half of an agent's key into a file: that is how ssh-keygen
 * is told which key. */
static int
public_file(const char *fp, char *retpath, size_t size)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char line[LIMIT_PUBKEY_MAX * 2];
	char seen[SSHKEY_FP_SIZE];
	int fd = -1;
	int r = -1;

	if (!agent_line(fp, line, sizeof(line), seen)) {
		say_error("the SSH agent does not have the key %s; add it with "
			  "ssh-add",
		    fp);
		return -1;
	}
	if (str_fmt(retpath, size, "%s/jitctl-XXXXXX",
		dir != NULL && dir[0] == '/' ? dir : "/tmp") != 0)
		return -1;
	fd = mkostemp(retpath, O_CLOEXEC);
	if (fd < 0) {
		say_error("%s: %s", retpath, strerror(errno));
		return -1;
	}
	if (safefile_write_all(fd, line, strlen(line)) == 0 &&
	    safefile_write_all(fd, "\n", 1) == 0)
		r = 0;
	(void)close(fd);
	if (r != 0)
		(void)unlink(retpath);
	return r;
}

/* Neither the private half nor the public one, whose private half the agent may
 * have. */
static bool
is_gone(const char *key)
{
	char pub[LIMIT_PATH_SIZE + 8];

	return access(key, F_OK) != 0 && errno == ENOENT &&
	       (str_fmt(pub, sizeof(pub), "%s.pub", key) != 0 ||
		   access(pub, F_OK) != 0) &&
	       !FAULT(key_moved);
}

/* A new invitation is not what helps: the key is somewhere. */
static void
say_gone(const struct ctx *c, const char *key)
{
	char path[LIMIT_PATH_SIZE * 2];

	if (c->identity != NULL || profiles_path(path, sizeof(path)) != 0)
		say_error("%s: no such key file", key);
	else
		say_error("%s: the key file of profile %s is not there any "
			  "more. If it was moved, say where it is now: %s "
			  "--identity FILE COMMAND, or for good as \"key\" in "
			  "%s",
		    key, c->prof.name, self(c), path);
}

/* Our own check: what is sent verifies, and we know with which key. */
static int
check_armor(const char *armor, const void *data, size_t n, char *retfp)
{
	struct sshkey k;

	if (sshsig_verify(&k, armor, SIGNED_NAMESPACE, data, n) != 0) {
		say_error("the signature by ssh-keygen does not verify; is the "
			  "key of a kind that the gateway accepts (ed25519, "
			  "ecdsa, rsa from 3072 bits, sk)?");
		return EXIT_LOGIN;
	}
	if (retfp != NULL)
		sshkey_fingerprint(retfp, k.blob, k.len);
	return EXIT_OK;
}

int
sign_data(const struct ctx *c, const char *key, const void *data, size_t n,
    char **retarmor, char *retfp)
{
	char temp[LIMIT_PATH_SIZE] = "";
	const char *file = key;
	char *armor = NULL;
	int r = EXIT_LOGIN;
	int status = 0;

	if (sign_is_fingerprint(key)) {
		if (public_file(key, temp, sizeof(temp)) != 0)
			return EXIT_LOGIN;
		file = temp;
	} else if (is_gone(key)) {
		say_gone(c, key);
		return EXIT_LOGIN;
	}
	const char *const argv[] = {"ssh-keygen", "-q", "-Y", "sign", "-n",
	    SIGNED_NAMESPACE, "-f", file, NULL};
	status =
	    program_run(argv, data, n, &armor, ARMOR_MAX, false, c->no_input);
	if (temp[0] != '\0')
		(void)unlink(temp);
	if (status == 0)
		r = check_armor(armor, data, n, retfp);
	else if (status == EXIT_INTERRUPTED)
		r = EXIT_INTERRUPTED;
	else if (status < 0)
		say_error("ssh-keygen could not be run: %s", strerror(errno));
	else
		say_error("ssh-keygen could not sign with %s", key);
	if (r == EXIT_OK) {
		*retarmor = armor;
		armor = NULL;
	}
	free(armor);
	return r;
}
