/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf_yaml - one function per section of gatewayd.yaml, in the order of the
 * page. The tree and its errors are yaml.c's; the values end in struct conf.
 */
#include "sys/conf_yaml.h"

#include <errno.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/safefile.h"
#include "base/str.h"
#include "sys/conf_sinks.h"
#include "sys/yaml.h"

static const char *const top_keys[] = {"server_id", "host", "ssh", "api",
    "connections", "admin_socket", "state_dir", "policy", "session", "kernel",
    "sinks", NULL};
static const char *const ssh_keys[] = {
    "listen", "entry", "networks", "algorithms", NULL};
static const char *const api_keys[] = {"listen", NULL};
static const char *const connections_keys[] = {
    "per_source", "per_network", "per_site", NULL};
static const char *const policy_keys[] = {
    "max_grant", "mfa_age", "mfa_age_admin", "second_admin", "totp", NULL};
static const char *const session_keys[] = {"idle", NULL};
static const char *const entry_words[] = {"grant", "networks", NULL};
static const char *const algorithms_words[] = {"default", "fips", NULL};
static const char *const kernel_words[] = {"auto", "6.1", NULL};

static const struct {
	const char *section;
	const char *const *keys;
} sections[] = {
    {"", top_keys},
    {"ssh.", ssh_keys},
    {"api.", api_keys},
    {"connections.", connections_keys},
    {"policy.", policy_keys},
    {"session.", session_keys},
    {"sinks.", conf_sink_keys},
};

enum { SOCKET_PATH_SIZE = sizeof(((struct sockaddr_un *)0)->sun_path) };

const char *
conf_key(size_t i)
{
	static char name[64];

	for (size_t s = 0; s < ARRAY_LEN(sections); s++)
		for (const char *const *k = sections[s].keys; *k != NULL; k++)
			if (i-- == 0) {
				if (str_fmt(name, sizeof(name), "%s%s",
					sections[s].section, *k) != 0)
					return NULL;
				return name;
			}
	return NULL;
}

/* "0.0.0.0:2222", "[::]:2222" */
static int
listen_parse(struct conf_listen *ret, const char *s)
{
	const char *colon = strrchr(s, ':');
	char host[ADDR_TEXT_SIZE];
	struct conf_listen l = {0};
	uint64_t port;
	size_t n;

	if (colon == NULL || str_u64(colon + 1, 1, 65535, &port) != 0)
		return GW_EINVAL;
	n = (size_t)(colon - s);
	if (n >= 2 && s[0] == '[' && s[n - 1] == ']') {
		s++;
		n -= 2;
	} else if (memchr(s, ':', n) != NULL) {
		return GW_EINVAL; /* a bare IPv6 address: which colon? */
	}
	if (n >= sizeof(host))
		return GW_EINVAL;
	memcpy(host, s, n);
	host[n] = '\0';
	if (addr_parse(&l.addr, host) != 0)
		return GW_EINVAL;
	l.port = (uint16_t)port;
	*ret = l;
	return 0;
}

static void
read_listen(struct yaml *y, const struct yaml_item *map, const char *what,
    struct conf_listen ret[LIMIT_LISTEN])
{
	const struct yaml_item *list =
	    yaml_get_list(y, map, "listen", false, LIMIT_LISTEN);

	if (list == NULL)
		return;
	memset(ret, 0, sizeof(ret[0]) * LIMIT_LISTEN);
	if (yaml_count(list) == 0)
		yaml_error(y, list, "%s: name at least one address:port", what);
	for (size_t i = 0; i < yaml_count(list); i++) {
		const struct yaml_item *at = yaml_at(list, i);
		const char *s = NULL;

		if (yaml_as_str(y, at, what, 64, &s) &&
		    listen_parse(&ret[i], s) != 0)
			yaml_error(y, at,
			    "not an address and port: \"%s\" (write "
			    "0.0.0.0:2222 or \"[::]:2222\")",
			    s);
		for (size_t k = 0; s != NULL && k < i; k++)
			if (ret[k].port == ret[i].port &&
			    addr_equal(&ret[k].addr, &ret[i].addr))
				yaml_error(y, at, "%s: \"%s\" is listed twice",
				    what, s);
	}
}

static void
read_ssh(struct yaml *y, const struct yaml_item *root, struct conf *c)
{
	const struct yaml_item *map = yaml_get_map(y, root, "ssh", false);
	const struct yaml_item *list;
	size_t word = 0;

	if (map == NULL)
		return;
	(void)yaml_only(y, map, "ssh", ssh_keys);
	read_listen(y, map, "ssh.listen", c->ssh);
	if (yaml_get_word(y, map, "entry", false, entry_words, &word))
		c->entry = word == 1 ? ENTRY_NETWORKS : ENTRY_GRANT;
	if (yaml_get_word(y, map, "algorithms", false, algorithms_words, &word))
		c->algorithms =
		    word == 1 ? ALGORITHMS_FIPS : ALGORITHMS_DEFAULT;
	list = yaml_get_list(
	    y, map, "networks", c->entry == ENTRY_NETWORKS, LIMIT_NETWORKS);
	for (size_t i = 0; list != NULL && i < yaml_count(list); i++) {
		const struct yaml_item *at = yaml_at(list, i);
		struct prefix p;
		const char *s = NULL;

		if (!yaml_as_str(y, at, "ssh.networks", 64, &s))
			continue;
		if (prefix_parse(&p, s) != 0)
			yaml_error(y, at,
			    "not a network: \"%s\" (write 192.0.2.0/24, with "
			    "no bits behind the prefix)",
			    s);
		else
			conf_keep(
			    y, at, c->networks[i], sizeof(c->networks[i]), s);
	}
	if (c->entry == ENTRY_NETWORKS && list != NULL && yaml_count(list) == 0)
		yaml_error(y, list,
		    "ssh.networks: name at least one, or nobody gets in");
	if (c->entry != ENTRY_NETWORKS && list != NULL)
		yaml_error(y, list,
		    "ssh.networks is for \"entry: networks\"; as it stands it "
		    "would do nothing");
	for (int i = 1; i < LIMIT_LISTEN; i++)
		if (c->ssh[i].port != 0 && c->ssh[i].port != c->ssh[0].port)
			yaml_error(y, yaml_find(map, "listen"),
			    "ssh.listen: all addresses must have the same "
			    "port");
}

static void
read_cap(
    struct yaml *y, const struct yaml_item *map, const char *key, uint32_t *cap)
{
	uint64_t n = 0;

	if (yaml_get_int(y, map, key, false, 1, LIMIT_API_CONNECTIONS, &n))
		*cap = (uint32_t)n;
}

static void
read_connections(
    struct yaml *y, const struct yaml_item *root, struct conf_caps *c)
{
	const struct yaml_item *map =
	    yaml_get_map(y, root, "connections", false);

	if (map == NULL)
		return;
	(void)yaml_only(y, map, "connections", connections_keys);
	read_cap(y, map, "per_source", &c->source);
	read_cap(y, map, "per_network", &c->network);
	read_cap(y, map, "per_site", &c->site);
	if (c->source > c->network || c->network > c->site)
		yaml_error(y, map,
		    "connections: a source is in a network, and that in a "
		    "site: per_source (%u) may not be more than per_network "
		    "(%u), nor that more than per_site (%u)",
		    c->source, c->network, c->site);
}

static void
read_rest(struct yaml *y, const struct yaml_item *root, struct conf *c,
    conf_file_fn *try)
{
	const struct yaml_item *map = yaml_get_map(y, root, "policy", false);
	const char *s = NULL;
	bool second = true;
	size_t word = 0;

	if (map != NULL) {
		(void)yaml_only(y, map, "policy", policy_keys);
		(void)yaml_get_duration(y, map, "max_grant", false,
		    LIMIT_GRANT_MIN_S, LIMIT_GRANT_MAX_S, &c->max_grant_s);
		(void)yaml_get_duration(y, map, "mfa_age", false, 1,
		    LIMIT_MFA_AGE_MAX_S, &c->mfa_age_s);
		c->mfa_age_admin_s = c->mfa_age_s;
		(void)yaml_get_duration(y, map, "mfa_age_admin", false, 0,
		    LIMIT_MFA_AGE_MAX_S, &c->mfa_age_admin_s);
		(void)yaml_get_bool(y, map, "second_admin", false, &second);
		c->one_admin = second ? 0 : 1;
		if (yaml_get_str(y, map, "totp", false, 32, &s) &&
		    otp_parse(&c->otp, s) != 0)
			yaml_error(y, yaml_find(map, "totp"),
			    "policy.totp: sha1, sha256 or sha512, then 6 or 8 "
			    "digits, then 30 or 60 seconds was expected, as "
			    "\"sha256,8,60\"; not \"%s\"",
			    s);
	}
	map = yaml_get_map(y, root, "session", false);
	if (map != NULL) {
		(void)yaml_only(y, map, "session", session_keys);
		(void)yaml_get_duration(
		    y, map, "idle", false, 10, LIMIT_GRANT_MAX_S, &c->idle_s);
	}
	if (yaml_get_word(y, root, "kernel", false, kernel_words, &word))
		c->kernel = word == 1 ? KERNEL_OLD : KERNEL_AUTO;
	conf_read_sinks(y, root, c->sinks, try);
}

static void
read_path(struct yaml *y, const struct yaml_item *root, const char *key,
    char ret[LIMIT_PATH_SIZE])
{
	const char *s = NULL;

	if (!yaml_get_str(y, root, key, false, LIMIT_PATH_SIZE - 1, &s))
		return;
	if (s[0] != '/')
		yaml_error(y, yaml_find(root, key),
		    "%s: not an absolute path: \"%s\"", key, s);
	else
		conf_keep(y, yaml_find(root, key), ret, LIMIT_PATH_SIZE, s);
}

/* The doors shut the SSH port of every address. */
static void
check_apart(struct yaml *y, const struct yaml_item *root, const struct conf *c)
{
	const struct yaml_item *at = yaml_find(root, "api");

	for (int i = 0; i < LIMIT_LISTEN; i++)
		if (c->api[i].port != 0 && c->api[i].port == c->ssh[0].port) {
			yaml_error(y, at != NULL ? at : yaml_find(root, "ssh"),
			    "SSH and API need different ports: both have %u",
			    c->api[i].port);
			return;
		}
}

static void
read_all(struct yaml *y, const struct yaml_item *root, struct conf *c,
    conf_file_fn *try)
{
	const struct yaml_item *map;
	const char *s = NULL;

	(void)yaml_only(y, root, NULL, top_keys);
	if (yaml_kind(root) != YAML_KIND_MAP)
		return;
	if (yaml_get_name(y, root, "server_id", true, &s))
		conf_keep(y, root, c->server_id, sizeof(c->server_id), s);
	if (yaml_get_str(y, root, "host", true, LIMIT_HOST_SIZE - 1, &s)) {
		if (!conf_host_ok(s))
			yaml_error(y, yaml_find(root, "host"),
			    "not a name or address that clients can connect "
			    "to: \"%s\"",
			    s);
		conf_keep(y, root, c->host, sizeof(c->host), s);
	}
	read_ssh(y, root, c);
	read_connections(y, root, &c->caps);
	map = yaml_get_map(y, root, "api", false);
	if (map != NULL) {
		(void)yaml_only(y, map, "api", api_keys);
		read_listen(y, map, "api.listen", c->api);
	}
	check_apart(y, root, c);
	read_path(y, root, "admin_socket", c->admin_socket);
	if (strlen(c->admin_socket) >= SOCKET_PATH_SIZE)
		yaml_error(y, yaml_find(root, "admin_socket"),
		    "admin_socket: too long: at most %d bytes",
		    SOCKET_PATH_SIZE - 1);
	read_path(y, root, "state_dir", c->state_dir);
	read_rest(y, root, c, try);
}

static void
defaults(struct conf *c)
{
	memset(c, 0, sizeof(*c));
	c->ssh[0].addr.family = c->api[0].addr.family = 4;
	c->ssh[1].addr.family = c->api[1].addr.family = 6;
	c->ssh[0].port = c->ssh[1].port = 2222;
	c->api[0].port = c->api[1].port = 8443;
	(void)snprintf(c->admin_socket, sizeof(c->admin_socket),
	    "/run/sallyport/admin.sock");
	(void)snprintf(
	    c->state_dir, sizeof(c->state_dir), LOCALSTATEDIR "/lib/sallyport");
	c->entry = ENTRY_GRANT;
	c->max_grant_s = LIMIT_GRANT_MAX_S;
	c->mfa_age_s = c->mfa_age_admin_s = LIMIT_MFA_AGE_S;
	c->otp = otp_usual();
	c->caps = (struct conf_caps){.source = LIMIT_PER_SOURCE,
	    .network = LIMIT_PER_NETWORK,
	    .site = LIMIT_PER_SITE};
}

static int
read_file(struct secret *ret, const char *path, FILE *err)
{
	char full[LIMIT_PATH_SIZE];
	char cwd[LIMIT_PATH_SIZE / 2];
	int r;

	if (path[0] != '/' && getcwd(cwd, sizeof(cwd)) != NULL)
		r = str_fmt(full, sizeof(full), "%s/%s", cwd, path);
	else
		r = str_copy(full, sizeof(full), path);
	if (r == 0)
		r = safefile_read(ret, full, LIMIT_YAML_MAX, 0);
	if (r == GW_ESYS && errno == ELOOP)
		(void)fprintf(err,
		    "%s: is a symbolic link: name the file itself\n", path);
	else if (r == GW_ESYS)
		(void)fprintf(err, "%s: %s%s\n", path, strerror(errno),
		    errno == ENOENT ? " (`gatewayd init` writes it, and "
				      "touches no keys that are "
				      "there)"
				    : "");
	else if (r == GW_ELIMIT)
		(void)fprintf(
		    err, "%s: larger than %d bytes\n", path, LIMIT_YAML_MAX);
	else if (r == GW_EDENIED)
		(void)fprintf(err,
		    "%s: must be a regular file that belongs to root and that "
		    "nobody else may write\n",
		    path);
	else if (r != 0)
		(void)fprintf(err, "%s: %s\n", path, err_str(r));
	return r;
}

int
conf_load(struct conf *ret, const char *path, FILE *err)
{
	return conf_try(ret, path, NULL, err);
}

int
conf_try(struct conf *ret, const char *path, conf_file_fn *try, FILE *err)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct secret text = {0};
	struct yaml *y = NULL;
	struct conf c;
	unsigned n;
	int r;

	if ((r = read_file(&text, path, err)) != 0)
		goto out;
	if ((r = yaml_open(&y, path, text.p, text.len)) != 0 && y == NULL)
		goto out;
	defaults(&c);
	if (yaml_errors(y) == 0)
		read_all(y, yaml_root(y), &c, try);
	r = 0;
	if ((n = yaml_errors(y)) > 0) {
		yaml_print_errors(err, y);
		(void)fprintf(err, "%u error%s in %s; nothing was changed.\n",
		    n, n == 1 ? "" : "s", path);
		r = GW_EINVAL;
		goto out;
	}
	(void)SHA256(text.p, text.len, digest);
	str_hex(c.config_sha256, digest, sizeof(digest));
	*ret = c;
out:
	yaml_close(y);
	secret_free(&text);
	return r;
}
