/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile - see the header. The file is written whole, 0600, by rename.
 */
#include "jitctl/gateway/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/safefile.h"
#include "base/str.h"
#include "jitctl/term/say.h"
#include "sys/yaml.h"

/* ---------------------------------------------------------------- texts */

static int
host_copy(char *ret, size_t size, const char *s, size_t n)
{
	struct addr a;

	if (n >= 2 && s[0] == '[' && s[n - 1] == ']') {
		s++;
		n -= 2;
	} else if (memchr(s, ':', n) != NULL) {
		return GW_EINVAL; /* an IPv6 address without brackets */
	}
	if (n == 0 || n >= size)
		return GW_EINVAL;
	memcpy(ret, s, n);
	ret[n] = '\0';
	return addr_parse(&a, ret) == 0 || addr_is_name(ret) ? 0 : GW_EINVAL;
}

static int
port_parse(unsigned *ret, const char *s)
{
	uint64_t v = 0;

	if (str_u64(s, 1, 65535, &v) != 0)
		return GW_EINVAL;
	*ret = (unsigned)v;
	return 0;
}

int
gateway_parse(char *rethost, size_t size, unsigned *retport, const char *text)
{
	const char *colon = strrchr(text, ':');

	if (colon == NULL || port_parse(retport, colon + 1) != 0)
		return GW_EINVAL;
	return host_copy(rethost, size, text, (size_t)(colon - text));
}

/* ----------------------------------------------------------------- file */

static const char *const profile_keys[] = {"gateway", "server_id", "tls",
    "tls_next", "key", "user", "ssh_port", "host_key", "ca_key", "ca_next_key",
    "log_key", NULL};

/* text_set() cuts nothing: the getter has checked the length. */
static void
get_text(struct yaml *y, const struct yaml_item *m, const char *key, char *ret,
    size_t size)
{
	const char *s = "";

	if (yaml_get_str(y, m, key, false, size - 1, &s))
		text_set(ret, size, s);
}

static void
read_profile(struct yaml *y, const struct yaml_item *key,
    const struct yaml_item *m, struct profile *p)
{
	const char *s = "";
	uint64_t port = 0;
	uint8_t hash[32];

	*p = (struct profile){0};
	if (yaml_as_name(y, key, "profile", &s))
		text_set(p->name, sizeof(p->name), s);
	if (!yaml_only(y, m, yaml_text(key), profile_keys))
		return;
	if (yaml_get_str(y, m, "gateway", true, LIMIT_HOST_SIZE, &s) &&
	    gateway_parse(p->host, sizeof(p->host), &p->port, s) != 0)
		yaml_error(y, yaml_find(m, "gateway"),
		    "gateway: HOST:PORT was expected");
	if (yaml_get_name(y, m, "server_id", true, &s))
		text_set(p->server_id, sizeof(p->server_id), s);
	if (yaml_get_str(y, m, "tls", true, 64, &s) &&
	    (str_unhex(hash, sizeof(hash), s) != 0 ||
		str_copy(p->tls, sizeof(p->tls), s) != 0))
		yaml_error(
		    y, yaml_find(m, "tls"), "tls: 64 hex digits were expected");
	if (yaml_get_str(y, m, "tls_next", false, 64, &s) &&
	    (str_unhex(hash, sizeof(hash), s) != 0 ||
		str_copy(p->tls_next, sizeof(p->tls_next), s) != 0))
		yaml_error(y, yaml_find(m, "tls_next"),
		    "tls_next: 64 hex digits were expected");
	get_text(y, m, "key", p->key, sizeof(p->key));
	if (yaml_get_name(y, m, "user", false, &s))
		text_set(p->user, sizeof(p->user), s);
	if (yaml_get_int(y, m, "ssh_port", false, 1, 65535, &port))
		p->ssh_port = (unsigned)port;
	get_text(y, m, "host_key", p->host_key, sizeof(p->host_key));
	get_text(y, m, "ca_key", p->ca_key, sizeof(p->ca_key));
	get_text(y, m, "ca_next_key", p->ca_next_key, sizeof(p->ca_next_key));
	get_text(y, m, "log_key", p->log_key, sizeof(p->log_key));
}

bool
profiles_parse(
    struct profiles *ret, const char *name, const char *text, size_t n, FILE *f)
{
	static const char *const top[] = {"profiles", NULL};
	const struct yaml_item *m = NULL;
	struct yaml *y = NULL;
	bool ok = false;

	*ret = (struct profiles){0};
	if (yaml_open(&y, name, text, n) != 0)
		return false;
	if (yaml_root(y) != NULL && yaml_only(y, yaml_root(y), NULL, top))
		m = yaml_get_map(y, yaml_root(y), "profiles", true);
	if (yaml_count(m) > LIMIT_PROFILES)
		yaml_error(y, m, "more than %d profiles", (int)LIMIT_PROFILES);
	for (size_t i = 0; i < yaml_count(m) && i < LIMIT_PROFILES; i++)
		read_profile(
		    y, yaml_key_at(m, i), yaml_at(m, i), &ret->p[ret->n++]);
	ok = yaml_errors(y) == 0;
	if (!ok)
		yaml_print_errors(f, y);
	yaml_close(y);
	return ok;
}

/* Values are checked text; only quotes and backslashes need care. */
static void
put_text(struct buf *b, const char *key, const char *value)
{
	if (value[0] == '\0')
		return;
	buf_printf(b, "    %s: \"", key);
	for (; *value != '\0'; value++)
		buf_printf(b, "%s%c",
		    *value == '"' || *value == '\\' ? "\\" : "", *value);
	buf_printf(b, "\"\n");
}

char *
profiles_text(const struct profiles *ps)
{
	struct buf b;
	char *text = NULL;

	buf_init(&b, LIMIT_YAML_MAX);
	buf_printf(&b, "# Written by jitctl enroll.\nprofiles:%s\n",
	    ps->n == 0 ? " {}" : "");
	for (unsigned i = 0; i < ps->n; i++) {
		const struct profile *p = &ps->p[i];
		const bool v6 = strchr(p->host, ':') != NULL;

		buf_printf(&b, "  %s:\n    gateway: \"%s%s%s:%u\"\n", p->name,
		    v6 ? "[" : "", p->host, v6 ? "]" : "", p->port);
		put_text(&b, "server_id", p->server_id);
		put_text(&b, "tls", p->tls);
		put_text(&b, "tls_next", p->tls_next);
		put_text(&b, "key", p->key);
		put_text(&b, "user", p->user);
		if (p->ssh_port != 0)
			buf_printf(&b, "    ssh_port: %u\n", p->ssh_port);
		put_text(&b, "host_key", p->host_key);
		put_text(&b, "ca_key", p->ca_key);
		put_text(&b, "ca_next_key", p->ca_next_key);
		put_text(&b, "log_key", p->log_key);
	}
	if (buf_err(&b) == 0)
		text = strndup((const char *)b.p, b.len);
	buf_done(&b);
	return text;
}

/* Makes the folder of a file, and those above it that are missing: at most
 * four. */
static int
make_dirs(const char *path, unsigned depth)
{
	char dir[LIMIT_PATH_SIZE * 2];
	char *slash = NULL;

	if (str_copy(dir, sizeof(dir), path) != 0 ||
	    (slash = strrchr(dir, '/')) == NULL || slash == dir)
		return GW_EINVAL;
	*slash = '\0';
	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT || depth == 0 || make_dirs(dir, depth - 1) != 0)
		return GW_ESYS;
	return mkdir(dir, 0700) == 0 ? 0 : GW_ESYS;
}

int
profile_write(const char *path, const char *text)
{
	const int r = make_dirs(path, 3);

	if (r != 0)
		return r;
	return safefile_write(
	    path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1);
}

static int
xdg_path(char *ret, size_t size, const char *env, const char *fallback,
    const char *name)
{
	const char *base = getenv(env);
	const char *home = getenv("HOME");

	/* The XDG specification: relative paths are to be ignored. */
	if (base != NULL && base[0] == '/')
		return str_fmt(ret, size, "%s/sallyport/%s", base, name);
	if (home == NULL || home[0] != '/')
		return GW_EINVAL;
	return str_fmt(ret, size, "%s/%s/sallyport/%s", home, fallback, name);
}

int
state_path(char *ret, size_t size, const char *name)
{
	return xdg_path(ret, size, "XDG_STATE_HOME", ".local/state", name);
}

int
profiles_path(char *ret, size_t size)
{
	const int r =
	    xdg_path(ret, size, "XDG_CONFIG_HOME", ".config", "config.yaml");

	if (r != 0)
		say_error("HOME is not set or too long");
	return r;
}

/* Reads the file; an absent file is an empty list. EXIT_OK or EXIT_FAILED. */
static int
profiles_load(struct profiles *ret)
{
	char path[LIMIT_PATH_SIZE * 2];
	struct secret text = {0};
	int r = EXIT_FAILED;

	*ret = (struct profiles){0};
	if (profiles_path(path, sizeof(path)) != 0)
		return EXIT_FAILED;
	switch (safefile_read(&text, path, LIMIT_YAML_MAX, 0)) {
	case 0:
		if (profiles_parse(
			ret, path, (const char *)text.p, text.len, stderr))
			r = EXIT_OK;
		break;
	case GW_ESYS:
		r = errno == ENOENT || errno == ENOTDIR ? EXIT_OK : EXIT_FAILED;
		if (r != EXIT_OK)
			say_error("%s: %s", path, strerror(errno));
		break;
	case GW_EDENIED:
		say_error(
		    "%s: others can write it; check it, then chmod 600", path);
		break;
	default:
		say_error("%s: empty or too large", path);
		break;
	}
	secret_free(&text);
	return r;
}

int
profile_save(const struct profile *p)
{
	struct profiles ps;
	char path[LIMIT_PATH_SIZE * 2];
	char *text = NULL;
	unsigned at = 0;
	int r = profiles_load(&ps);

	if (r != EXIT_OK)
		return r;
	while (at < ps.n && strcmp(ps.p[at].name, p->name) != 0)
		at++;
	if (at == LIMIT_PROFILES) {
		say_error("more than %d profiles", (int)LIMIT_PROFILES);
		return EXIT_FAILED;
	}
	ps.p[at] = *p;
	if (at == ps.n)
		ps.n++;
	r = EXIT_FAILED;
	if ((text = profiles_text(&ps)) != NULL &&
	    profiles_path(path, sizeof(path)) == 0) {
		if (profile_write(path, text) == 0)
			r = EXIT_OK;
		else
			say_error("%s: %s", path, strerror(errno));
	}
	free(text);
	return r;
}

int
profile_set_key(const char *name, const char *tls, const char *next)
{
	struct profiles ps;
	int r = profiles_load(&ps);

	if (r != EXIT_OK)
		return r;
	for (unsigned i = 0; i < ps.n; i++) {
		if (strcmp(ps.p[i].name, name) != 0)
			continue;
		text_set(ps.p[i].tls, sizeof(ps.p[i].tls), tls);
		text_set(ps.p[i].tls_next, sizeof(ps.p[i].tls_next), next);
		return profile_save(&ps.p[i]);
	}
	return EXIT_FAILED;
}

/* ---------------------------------------------------------------- choose */

static int
override_gateway(struct ctx *c)
{
	const char *text = opt_get(&c->opt, F_GATEWAY);

	if (text == NULL)
		text = getenv("JITCTL_GATEWAY");
	if (text == NULL || text[0] == '\0' || !c->have_profile)
		return EXIT_OK;
	if (gateway_parse(
		c->prof.host, sizeof(c->prof.host), &c->prof.port, text) == 0)
		return EXIT_OK;
	say_error("--gateway: HOST:PORT was expected, [ADDRESS]:PORT for IPv6; "
		  "an address is written like 10.20.0.1, without leading "
		  "zeros");
	return EXIT_USAGE;
}

int
profile_choose(struct ctx *c)
{
	struct profiles ps;
	const char *name = opt_get(&c->opt, F_PROFILE);
	int r = profiles_load(&ps);

	if (r != EXIT_OK)
		return r;
	if (name == NULL)
		name = getenv("JITCTL_PROFILE");
	if (name == NULL || name[0] == '\0')
		name = "default";
	if (!str_name_ok(name)) {
		say_error("--profile: not a name");
		return EXIT_USAGE;
	}
	for (unsigned i = 0; i < ps.n; i++) {
		if (strcmp(ps.p[i].name, name) != 0)
			continue;
		c->prof = ps.p[i];
		c->have_profile = true;
		return override_gateway(c);
	}
	text_set(c->prof.name, sizeof(c->prof.name), name);
	for (unsigned i = 0; i < ps.n; i++) {
		const size_t at = strlen(c->profiles);

		if (str_fmt(c->profiles + at, sizeof(c->profiles) - at, "%s%s",
			i > 0 ? ", " : "", ps.p[i].name) != 0)
			text_set(c->profiles + at, sizeof(c->profiles) - at,
			    ", ...");
	}
	return EXIT_OK;
}
