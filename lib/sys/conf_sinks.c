/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf_sinks - see the header.
 */
#include "sys/conf_sinks.h"

#include <string.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/str.h"
#include "core/hook.h"

/* What Debian trusts, for receivers on the Internet. */
#define SYSTEM_CAS "/etc/ssl/certs/ca-certificates.crt"

enum { SYSLOG_TLS_PORT = 6514, URL_LEN = LIMIT_HOST_SIZE + LIMIT_PATH_SIZE };

const char *const conf_sink_keys[] = {"name", "type", "host", "port", "ca",
    "cert", "key", "url", "secret", "events", "networks", NULL};
static const char *const type_words[] = {"syslog", "webhook", NULL};
static const char *const of_syslog[] = {"host", "port", NULL};
static const char *const of_webhook[] = {
    "url", "secret", "events", "networks", NULL};

bool
conf_host_ok(const char *s)
{
	struct addr a;

	return addr_parse(&a, s) == 0 || addr_is_name(s);
}

void
conf_keep(struct yaml *y, const struct yaml_item *at, char *ret, size_t size,
    const char *s)
{
	if (str_copy(ret, size, s) != 0)
		yaml_error(y, at, "too long: at most %zu bytes", size - 1);
}

static void
read_path(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, char ret[static LIMIT_PATH_SIZE])
{
	const char *s = NULL;

	if (!yaml_get_str(y, map, key, required, LIMIT_PATH_SIZE - 1, &s))
		return;
	if (s[0] != '/')
		yaml_error(
		    y, yaml_find(map, key), "not an absolute path: \"%s\"", s);
	else
		conf_keep(y, yaml_find(map, key), ret, LIMIT_PATH_SIZE, s);
}

/* A key of the other type would do nothing. */
static void
without(struct yaml *y, const struct yaml_item *map, const char *type,
    const char *const *keys)
{
	for (; *keys != NULL; keys++)
		if (yaml_find(map, *keys) != NULL)
			yaml_error(y, yaml_find(map, *keys),
			    "sinks: \"%s\" is not for a sink of type %s", *keys,
			    type);
}

static void
read_syslog(struct yaml *y, const struct yaml_item *map, struct conf_sink *k)
{
	const char *s = NULL;
	uint64_t port = SYSLOG_TLS_PORT;

	without(y, map, "syslog", of_webhook);
	if (yaml_get_str(y, map, "host", true, LIMIT_HOST_SIZE - 1, &s)) {
		if (!conf_host_ok(s))
			yaml_error(y, yaml_find(map, "host"),
			    "sinks: not a name or address: \"%s\" (an address "
			    "is written like 10.20.0.13 or fd00::13)",
			    s);
		conf_keep(y, map, k->host, sizeof(k->host), s);
	}
	(void)yaml_get_int(y, map, "port", false, 1, 65535, &port);
	k->port = (uint16_t)port;
}

/* A list of words, into one text with spaces between. */
static void
read_words(struct yaml *y, const struct yaml_item *map, const char *key,
    size_t max, bool (*ok)(const char *word), const char *what, char *ret,
    size_t size)
{
	const struct yaml_item *list = yaml_get_list(y, map, key, false, max);

	for (size_t i = 0; list != NULL && i < yaml_count(list); i++) {
		const struct yaml_item *at = yaml_at(list, i);
		const char *s = NULL;
		const size_t n = strlen(ret);

		if (!yaml_as_str(y, at, key, LIMIT_NAME_MAX, &s))
			continue;
		if (!ok(s))
			yaml_error(y, at, "sinks: not %s: \"%s\"", what, s);
		else if (str_fmt(ret + n, size - n, "%s%s", n > 0 ? " " : "",
			     s) != 0)
			yaml_error(y, at, "sinks: %s: too long", key);
	}
	if (list != NULL && yaml_count(list) == 0)
		yaml_error(y, list, "sinks: %s: name at least one", key);
}

static bool
network_ok(const char *s)
{
	struct prefix p;

	return prefix_parse(&p, s) == 0;
}

static void
read_webhook(struct yaml *y, const struct yaml_item *map, struct conf_sink *k)
{
	const char *s = NULL, *why = "";

	without(y, map, "webhook", of_syslog);
	if (yaml_get_str(y, map, "url", true, URL_LEN, &s) &&
	    hook_url_parse(k, s, &why) != 0)
		yaml_error(y, yaml_find(map, "url"),
		    "sinks: not the URL of a webhook: %s", why);
	read_path(y, map, "secret", true, k->secret_file);
	read_words(y, map, "events", LIMIT_HOOK_EVENTS, hook_event_ok,
	    "an event of sallyport-audit(5), or like \"request.*\"", k->events,
	    sizeof(k->events));
	if (yaml_find(map, "events") == NULL)
		text_set(k->events, sizeof(k->events),
		    "request.pending breakglass.use");
	read_words(y, map, "networks", LIMIT_HOOK_NETWORKS, network_ok,
	    "a network (write 192.0.2.0/24, with no bits behind the prefix)",
	    k->networks, sizeof(k->networks));
	if (k->ca_file[0] == '\0')
		text_set(k->ca_file, sizeof(k->ca_file), SYSTEM_CAS);
}

static void
read_sink(struct yaml *y, const struct yaml_item *map, struct conf_sink *k)
{
	const char *s = NULL;
	size_t word = 0;

	(void)yaml_only(y, map, "sinks", conf_sink_keys);
	if (yaml_get_name(y, map, "name", true, &s))
		conf_keep(y, map, k->name, sizeof(k->name), s);
	(void)yaml_get_word(y, map, "type", false, type_words, &word);
	k->type = word == 1 ? SINK_WEBHOOK : SINK_SYSLOG;
	read_path(y, map, "ca", k->type == SINK_SYSLOG, k->ca_file);
	read_path(y, map, "cert", false, k->cert_file);
	read_path(y, map, "key", false, k->key_file);
	if (yaml_find(map, "cert") != NULL && yaml_find(map, "key") == NULL)
		yaml_error(y, yaml_find(map, "cert"),
		    "sinks: a certificate (cert) needs its key (key)");
	if (yaml_find(map, "key") != NULL && yaml_find(map, "cert") == NULL)
		yaml_error(y, yaml_find(map, "key"),
		    "sinks: a key (key) needs its certificate (cert)");
	if (k->type == SINK_WEBHOOK)
		read_webhook(y, map, k);
	else
		read_syslog(y, map, k);
}

static void
try_files(struct yaml *y, const struct yaml_item *map,
    const struct conf_sink *k, conf_file_fn *try)
{
	char why[LIMIT_PATH_SIZE + LIMIT_TEXT_SIZE];

	for (enum sinkfile f = 0; f < SINKFILES; f++) {
		const struct yaml_item *at = yaml_find(map, sinkfile_name(f));
		const int r = try(k, f);

		if (r == 0)
			continue;
		sinkfile_why(why, sizeof(why), f, sinkfile_path(k, f), r);
		yaml_error(y, at != NULL ? at : map, "sinks: %s: %s",
		    sinkfile_name(f), why);
	}
}

void
conf_read_sinks(struct yaml *y, const struct yaml_item *root,
    struct conf_sink ret[static LIMIT_SINKS], conf_file_fn *try)
{
	const struct yaml_item *list =
	    yaml_get_list(y, root, "sinks", false, LIMIT_SINKS);

	for (size_t i = 0; list != NULL && i < yaml_count(list); i++) {
		read_sink(y, yaml_at(list, i), &ret[i]);
		if (try != NULL)
			try_files(y, yaml_at(list, i), &ret[i], try);
		for (size_t k = 0; k < i; k++)
			if (strcmp(ret[k].name, ret[i].name) == 0)
				yaml_error(y, yaml_at(list, i),
				    "two sinks have the name \"%s\"",
				    ret[i].name);
	}
}
