/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sign - ssh-keygen and ssh-add by posix_spawn with fixed arguments.
 */
#include "jitctl/gateway/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/safefile.h"
#include "base/str.h"
#include "jitctl/term/say.h"
#include "ssh/sshkey.h"
#include "ssh/sshsig.h"
#include "wire/signed.h"

extern char **environ;

enum {
	ARMOR_MAX = 8192,       /* internal: more than LIMIT_SSHSIG_MAX */
	AGENT_MAX = 256 * 1024, /* format: what an agent may answer */
};

/* ----------------------------------------------------------- run_program */

static int
spawn(const char *const *argv, int in, int out, bool quiet, bool detach,
    pid_t *ret)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	int e = 0;

	if (posix_spawn_file_actions_init(&fa) != 0)
		return -1;
	if (posix_spawnattr_init(&at) != 0) {
		(void)posix_spawn_file_actions_destroy(&fa);
		return -1;
	}
	e = posix_spawn_file_actions_adddup2(&fa, in, 0);
	if (e == 0)
		e = posix_spawn_file_actions_adddup2(&fa, out, 1);
	if (e == 0 && quiet)
		e = posix_spawn_file_actions_addopen(
		    &fa, 2, "/dev/null", O_WRONLY, 0);
	if (e == 0 && detach)
		e = posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSID);
	/* posix_spawnp does not write to argv; its type is history. */
	if (e == 0)
		e = posix_spawnp(ret, argv[0], &fa, &at,
		    (char *const *)(uintptr_t)argv, environ);
	(void)posix_spawnattr_destroy(&at);
	(void)posix_spawn_file_actions_destroy(&fa);
	errno = e;
	return e == 0 ? 0 : -1;
}

/* Everything written up front: what we send fits a pipe many times over. */
static size_t
read_all(int fd, char *buf, size_t max)
{
	size_t n = 0;

	while (n < max) {
		const ssize_t got = read(fd, buf + n, max - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return n;
}

/* A file without a name: input of any size, and nothing to deadlock on. */
static int
input_file(const void *in, size_t n)
{
	int fd = memfd_create("jitctl-input", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	if ((n > 0 && safefile_write_all(fd, in, n) != 0) ||
	    lseek(fd, 0, SEEK_SET) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

int
run_program(const char *const *argv, const void *in, size_t n, char **ret,
    size_t max, bool quiet, bool detach)
{
	int out[2] = {-1, -1};
	int infd = input_file(in, n);
	char *buf = calloc(1, max + 1);
	pid_t pid = -1;
	int status = -1;

	if (infd < 0 || buf == NULL || pipe2(out, O_CLOEXEC) != 0)
		goto out;
	if (spawn(argv, infd, out[1], quiet, detach, &pid) != 0) {
		pid = -1;
		goto out;
	}
	(void)close(out[1]);
	out[1] = -1;
	(void)read_all(out[0], buf, max);
	*ret = buf;
	buf = NULL;
out:
	if (infd >= 0)
		(void)close(infd);
	for (unsigned i = 0; i < 2; i++)
		if (out[i] >= 0)
			(void)close(out[i]);
	free(buf);
	if (pid > 0)
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	if (pid <= 0)
		return -1;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT)
		return EXIT_INTERRUPTED;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ------------------------------------------------------------------ keys */

char *
sign_agent_keys(void)
{
	static const char *const argv[] = {"ssh-add", "-L", NULL};
	char *text = NULL;

	if (getenv("SSH_AUTH_SOCK") == NULL)
		return NULL;
	if (run_program(argv, NULL, 0, &text, AGENT_MAX, true, true) == 0)
		return text;
	free(text);
	return NULL;
}

/* The agent's line with this fingerprint ("" = the first usable one). */
static bool
agent_line(const char *fp, char *ret, size_t size, char *retfp)
{
	char *text = sign_agent_keys();
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

int
sign_key(const struct ctx *c, char *ret, size_t size)
{
	static const char *const names[] = {
	    "id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa"};
	const char *home = getenv("HOME");
	const char *key = sign_key_named(c);
	char line[LIMIT_PUBKEY_MAX * 2];
	char fp[SSHKEY_FP_SIZE];

	if (key[0] != '\0')
		return str_copy(ret, size, key) == 0 ? EXIT_OK : EXIT_USAGE;
	for (size_t i = 0; i < ARRAY_LEN(names) && home != NULL; i++)
		if (str_fmt(ret, size, "%s/.ssh/%s", home, names[i]) == 0 &&
		    access(ret, R_OK) == 0)
			return EXIT_OK;
	if (agent_line("", line, sizeof(line), fp))
		return str_copy(ret, size, fp) == 0 ? EXIT_OK : EXIT_LOGIN;
	say_error("no SSH key found; make one with ssh-keygen -t ed25519, or "
		  "name one: --identity FILE");
	return EXIT_LOGIN;
}

/* ----------------------------------------------------------------- sign */

/* ssh-keygen takes an agent's key by its public half in a file. */
static int
public_file(const char *fp, char *retpath, size_t size)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char line[LIMIT_PUBKEY_MAX * 2];
	char seen[SSHKEY_FP_SIZE];
	int fd = -1;
	int r = -1;

	if (!agent_line(fp, line, sizeof(line), seen)) {
		say_error("the SSH agent does not hold the key %s; add it with "
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

/* Our own check: what leaves here verifies, and we know with which key. */
static int
check_armor(const char *armor, const void *data, size_t n, char *retfp)
{
	struct sshkey k;

	if (sshsig_verify(&k, armor, SIGNED_NAMESPACE, data, n) != 0) {
		say_error("ssh-keygen's signature does not verify; is the key "
			  "of a kind the gateway takes (ed25519, ecdsa, rsa "
			  "from 3072 bits, sk)?");
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

	if (strncmp(key, "SHA256:", 7) == 0) {
		if (public_file(key, temp, sizeof(temp)) != 0)
			return EXIT_LOGIN;
		file = temp;
	}
	const char *const argv[] = {"ssh-keygen", "-q", "-Y", "sign", "-n",
	    SIGNED_NAMESPACE, "-f", file, NULL};
	status =
	    run_program(argv, data, n, &armor, ARMOR_MAX, false, c->no_input);
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
