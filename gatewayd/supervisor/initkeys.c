/* SPDX-License-Identifier: Apache-2.0 */
/*
 * initkeys - see the header. Private keys are written once, to folders only
 * their process can read, and wiped from memory.
 */
#include "supervisor/initkeys.h"

#include <errno.h>
#include <openssl/sha.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/note.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/invite.h"
#include "ssh/sshkey.h"
#include "supervisor/tlskey.h"

#define STATE LOCALSTATEDIR "/lib/sallyport"

static const struct {
	const char *user;
	const char *folder;
} accounts[] = {
    {"sallyport-broker", STATE "/broker"},
    {"sallyport-notary", STATE "/notary"},
    {"sallyport-firewall", STATE "/firewall"},
    {"sallyport-api", STATE "/api"},
    {"sallyport-session", NULL},
    {"sallyport-recorder", STATE "/recorder"},
    {"sallyport-shipper", STATE "/shipper"},
};

static int
fail(const char *what, const char *name, int r)
{
	(void)fprintf(stderr, "gatewayd init: cannot %s %s: %s\n", what, name,
	    r == GW_ESYS ? strerror(errno) : err_str(r));
	return r;
}

/* useradd(8), with a fixed argument list: no shell. Other errors than a missing
 * user are its own to print. */
static int
make_user(const char *user)
{
	char path[] = "/usr/sbin/useradd";
	char name[LIMIT_NAME_SIZE];
	char sys[] = "--system", nohome[] = "--no-create-home";
	char home[] = "--home-dir", slash[] = "/", shell[] = "--shell";
	char nologin[] = "/usr/sbin/nologin", group[] = "--user-group";
	char *argv[] = {
	    path, sys, nohome, home, slash, shell, nologin, group, name, NULL};
	char *envp[] = {NULL};
	int status = 0;
	pid_t pid;

	if (getpwnam(user) != NULL)
		return 0;
	if (str_copy(name, sizeof(name), user) != 0)
		return GW_ELIMIT;
	if ((errno = posix_spawn(&pid, path, NULL, NULL, argv, envp)) != 0)
		return fail("run useradd for", user, GW_ESYS);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail("wait for useradd of", user, GW_ESYS);
	if (getpwnam(user) == NULL)
		return fail("make the system user", user, GW_EDENIED);
	return 0;
}

static int
owner(const char *user, uid_t *retuid, gid_t *retgid)
{
	const struct passwd *pw = getpwnam(user);

	if (pw == NULL)
		return GW_ENOENT;
	*retuid = pw->pw_uid;
	*retgid = pw->pw_gid;
	return 0;
}

static int
put(const char *path, const void *p, size_t n, mode_t mode, const char *user)
{
	uid_t uid = 0;
	gid_t gid = 0;
	int r = 0;

	if (user != NULL)
		r = owner(user, &uid, &gid);
	if (r == 0)
		r = safefile_write(path, p, n, mode, uid, gid);
	return r == 0 ? 0 : fail("write", path, r);
}

static int
make_folders(void)
{
	uid_t uid;
	gid_t gid;
	int r;

	if ((r = safefile_mkdir(STATE, 0755, 0, 0)) != 0)
		return fail("make", STATE, r);
	if ((r = safefile_mkdir(STATE "/pub", 0755, 0, 0)) != 0)
		return fail("make", STATE "/pub", r);
	for (size_t i = 0; i < ARRAY_LEN(accounts); i++) {
		if (accounts[i].folder == NULL)
			continue;
		if ((r = owner(accounts[i].user, &uid, &gid)) != 0 ||
		    (r = safefile_mkdir(accounts[i].folder, 0700, uid, gid)) !=
			0)
			return fail("make", accounts[i].folder, r);
	}
	if ((r = owner("sallyport-notary", &uid, &gid)) != 0 ||
	    (r = safefile_mkdir(STATE "/notary/log", 0700, uid, gid)) != 0)
		return fail("make", STATE "/notary/log", r);
	if ((r = owner("sallyport-recorder", &uid, &gid)) != 0 ||
	    (r = safefile_mkdir(
		 STATE "/recorder/recordings", 0700, uid, gid)) != 0)
		return fail("make", STATE "/recorder/recordings", r);
	return 0;
}

/* An Ed25519 seed for the notary; its public half as an SSH line in pub/. */
static int
make_ssh_key(const char *seed_path, const char *pub_path, const char *comment)
{
	struct secret seed = {0};
	uint8_t pub[32];
	char line[256];
	char text[384];
	int r;

	if ((r = secret_random(&seed, 32)) != 0 ||
	    (r = sshkey_ed25519_public(pub, &seed)) != 0 ||
	    (r = sshkey_ed25519_line(line, sizeof(line), pub)) != 0 ||
	    (r = str_fmt(text, sizeof(text), "%s %s\n", line, comment)) != 0) {
		r = fail("make the key", seed_path, r);
		goto out;
	}
	if ((r = put(seed_path, seed.p, seed.len, 0600, "sallyport-notary")) ==
	    0)
		r = put(pub_path, text, strlen(text), 0644, NULL);
out:
	secret_free(&seed);
	return r;
}

static int
make_log_key(const char *server_id)
{
	struct secret seed = {0};
	struct note_key key;
	uint8_t pub[32];
	char vkey[NOTE_VKEY_SIZE];
	char origin[LIMIT_NAME_SIZE + 16];
	char text[NOTE_VKEY_SIZE + 1];
	int r;

	if ((r = secret_random(&seed, 32)) != 0 ||
	    (r = sshkey_ed25519_public(pub, &seed)) != 0 ||
	    (r = str_fmt(origin, sizeof(origin), "sallyport/%s", server_id)) !=
		0 ||
	    (r = note_key_init(&key, origin, pub)) != 0) {
		r = fail("make the key of", "the log", r);
		goto out;
	}
	note_vkey_format(vkey, &key);
	if ((r = str_fmt(text, sizeof(text), "%s\n", vkey)) == 0 &&
	    (r = put(STATE "/notary/log.seed", seed.p, seed.len, 0600,
		 "sallyport-notary")) == 0)
		r = put(STATE "/pub/log.vkey", text, strlen(text), 0644, NULL);
out:
	secret_free(&seed);
	return r;
}

/* Twenty characters of the ids' alphabet: 100 random bits. */
static void
one_time_code(char ret[static INVITE_CODE_LEN + 1])
{
	char id[LIMIT_ID_SIZE];
	size_t at = 0;

	while (at < INVITE_CODE_LEN) {
		id_new(id, 'i');
		for (const char *p = id + 2; *p != '\0' && at < INVITE_CODE_LEN;
		     p++)
			ret[at++] = *p;
	}
	ret[INVITE_CODE_LEN] = '\0';
}

static int
make_invitation(const struct init_facts *f, const char *spki,
    char ret[static INVITE_TEXT_SIZE])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	char hex[65];
	char code[INVITE_CODE_LEN + 1];
	char when[32];
	char json[512];
	struct secret seal = {0};
	int r;

	one_time_code(code);
	(void)SHA256((const unsigned char *)code, strlen(code), digest);
	str_hex(hex, digest, sizeof(digest));
	str_time(when, sizeof(when),
	    clock_now().utc_ms + (int64_t)LIMIT_INVITE_LIFE_S * 1000);
	if ((r = str_fmt(json, sizeof(json),
		 "{\"user\":\"%s\",\"invite\":\"%s\",\"expires\":\"%s\"}\n",
		 f->admin, hex, when)) == 0 &&
	    (r = put(STATE "/broker/bootstrap.json", json, strlen(json), 0600,
		 "sallyport-broker")) == 0 &&
	    (r = secret_random(&seal, 32)) == 0 &&
	    (r = put(STATE "/broker/seal.key", seal.p, seal.len, 0600,
		 "sallyport-broker")) == 0)
		r = invite_text(
		    ret, f->host, (unsigned)f->api_port, spki, code);
	secret_free(&seal);
	explicit_bzero(code, sizeof(code));
	return r;
}

int
initkeys_name(char ret[static LIMIT_NAME_SIZE])
{
	static const char start[] = "sallyport/";
	struct secret text = {0};
	struct note_key key;
	char line[NOTE_VKEY_SIZE] = "";
	int r;

	if (access(STATE "/pub/host.pub", F_OK) != 0)
		return GW_ENOENT;
	r = safefile_read(&text, STATE "/pub/log.vkey", sizeof(line) - 1, 0);
	if (r == 0) {
		memcpy(line, text.p, text.len);
		line[strcspn(line, "\n")] = '\0';
		r = note_vkey_parse(&key, line);
	}
	secret_free(&text);
	if (r == 0 && strncmp(key.name, start, strlen(start)) != 0)
		r = GW_ECORRUPT;
	if (r == 0)
		r = str_copy(ret, LIMIT_NAME_SIZE, key.name + strlen(start));
	return r == 0 ? 0 : fail("read", STATE "/pub/log.vkey", r);
}

int
initkeys_config(const struct init_facts *f)
{
	char text[4096];
	char folder[LIMIT_PATH_SIZE];
	char *slash;
	int r;

	if ((r = str_fmt(text, sizeof(text),
		 "# gatewayd.yaml(5) explains every key; `gatewayd -t` checks "
		 "this file.\n"
		 "server_id: %s\n"
		 "host: \"%s\"\n"
		 "ssh:\n"
		 "  listen: [\"0.0.0.0:%llu\", \"[::]:%llu\"]\n"
		 "  entry: grant\n"
		 "api:\n"
		 "  listen: [\"0.0.0.0:%llu\", \"[::]:%llu\"]\n",
		 f->server_id, f->host, (unsigned long long)f->ssh_port,
		 (unsigned long long)f->ssh_port,
		 (unsigned long long)f->api_port,
		 (unsigned long long)f->api_port)) != 0)
		return r;
	if (f->sink_host[0] != '\0') {
		size_t at = strlen(text);

		if ((r = str_fmt(text + at, sizeof(text) - at,
			 "sinks:\n"
			 "  - name: siem\n"
			 "    host: \"%s\"\n"
			 "    port: %llu\n"
			 "    ca: \"%s\"\n",
			 f->sink_host, (unsigned long long)f->sink_port,
			 f->sink_ca)) != 0)
			return r;
	}
	if ((r = str_copy(folder, sizeof(folder), f->config)) != 0)
		return r;
	if ((slash = strrchr(folder, '/')) != NULL && slash != folder) {
		*slash = '\0';
		if ((r = safefile_mkdir(folder, 0755, 0, 0)) != 0)
			return fail("make", folder, r);
	}
	return put(f->config, text, strlen(text), 0644, NULL);
}

int
initkeys_make(
    const struct init_facts *f, char retinvitation[static INVITE_TEXT_SIZE])
{
	const struct tlskey_facts tls = {
	    .state_dir = STATE, .host = f->host, .server_id = f->server_id};
	char spki[65];
	int r;

	if (access(STATE "/pub/host.pub", F_OK) == 0)
		return fail("make keys anew in", STATE, GW_EEXIST);
	for (size_t i = 0; i < ARRAY_LEN(accounts); i++)
		if ((r = make_user(accounts[i].user)) != 0)
			return r;
	if ((r = make_folders()) != 0 || (r = tlskey_make(&tls, spki)) != 0 ||
	    (r = make_log_key(f->server_id)) != 0 ||
	    (r = make_ssh_key(STATE "/notary/ca.seed", STATE "/pub/ca.pub",
		 "sallyport user CA")) != 0 ||
	    (r = make_ssh_key(STATE "/notary/ca-next.seed",
		 STATE "/pub/ca-next.pub", "sallyport user CA, next")) != 0 ||
	    (r = make_invitation(f, spki, retinvitation)) != 0 ||
	    (r = make_ssh_key(STATE "/notary/host.seed", STATE "/pub/host.pub",
		 "sallyport host key")) != 0)
		return r;
	/* last: the configuration is what says "set up" */
	if ((r = initkeys_config(f)) != 0)
		(void)unlink(STATE "/pub/host.pub"); /* it may be repeated */
	return r;
}
