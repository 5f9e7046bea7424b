/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_file - see the header. The keys are those of the API's bodies;
 * durations become seconds, names of hosts become addresses here, once.
 */
#include "jitctl/gateway/policy_file.h"

#include <netdb.h>
#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "core/member.h"
#include "core/rolefield.h"
#include "jitctl/gateway/policy_tests.h"
#include "jitctl/term/when.h"
#include "ssh/sshkey.h"

struct maker {
	struct yaml *y;
	const struct yaml_item *map;
	json_t *out;
	policy_resolve *resolve;
	bool nomem;
};

static void
put(struct maker *m, const char *key, json_t *value)
{
	if (value == NULL || json_object_set_new(m->out, key, value) != 0)
		m->nomem = true;
}

static void
put_name(struct maker *m, const char *key, bool required)
{
	const char *s = NULL;

	if (yaml_get_name(m->y, m->map, key, required, &s))
		put(m, key, json_string(s));
}

static void
put_bool(struct maker *m, const char *key)
{
	bool b = false;

	if (yaml_get_bool(m->y, m->map, key, false, &b))
		put(m, key, json_boolean(b));
}

static void
put_duration(struct maker *m, const char *key, uint32_t min, uint32_t max)
{
	uint32_t s = 0;

	if (yaml_get_duration(m->y, m->map, key, false, min, max, &s))
		put(m, key, json_integer((json_int_t)s));
}

static void
put_word(struct maker *m, const char *key, const char *const *words)
{
	size_t n = 0;

	if (yaml_get_word(m->y, m->map, key, false, words, &n))
		put(m, key, json_string(words[n]));
}

static void
append(struct maker *m, json_t *list, json_t *value)
{
	if (value == NULL || json_array_append_new(list, value) != 0)
		m->nomem = true;
}

/* Checks an entry of a list of texts: NULL, or what is wrong. */
typedef const char *entry_check(const char *s);

static void
put_list(struct maker *m, const char *key, bool required, entry_check *check)
{
	const struct yaml_item *l =
	    yaml_get_list(m->y, m->map, key, required, LIMIT_LIST);
	json_t *list = NULL;
	const char *s = NULL;

	if (l == NULL)
		return;
	list = json_array();
	for (size_t i = 0; i < yaml_count(l); i++) {
		const struct yaml_item *e = yaml_at(l, i);
		const char *wrong = NULL;

		if (check == NULL
			? !yaml_as_name(m->y, e, key, &s)
			: !yaml_as_str(m->y, e, key, LIMIT_PUBKEY_MAX * 2, &s))
			continue;
		if (check != NULL && (wrong = check(s)) != NULL)
			yaml_error(m->y, e, "%s: %s", key, wrong);
		else
			append(m, list, json_string(s));
	}
	put(m, key, list);
}

static const char *
check_key(const char *s)
{
	struct sshkey k;

	return sshkey_parse_line(&k, s) == 0
		   ? NULL
		   : "not a public key (ssh-ed25519, ecdsa, ssh-rsa from 3072 "
		     "bits or sk, as in a .pub file)";
}

static const char *
check_prefix(const char *s)
{
	struct prefix p;

	return prefix_parse(&p, s) == 0
		   ? NULL
		   : "not a prefix like 192.0.2.0/28, without host bits";
}

static void
put_labels(struct maker *m)
{
	const struct yaml_item *l = yaml_get_map(m->y, m->map, "labels", false);
	json_t *labels = NULL;
	const char *k = NULL;
	const char *v = NULL;

	if (l == NULL)
		return;
	if (yaml_count(l) > LIMIT_LABELS)
		yaml_error(m->y, l, "more than %d labels", (int)LIMIT_LABELS);
	labels = json_object();
	for (size_t i = 0; i < yaml_count(l); i++)
		if (yaml_as_name(m->y, yaml_key_at(l, i), "labels", &k) &&
		    yaml_as_name(m->y, yaml_at(l, i), "labels", &v) &&
		    json_object_set_new(labels, k, json_string(v)) != 0)
			m->nomem = true;
	put(m, "labels", labels);
}

unsigned
policy_resolve_system(const char *name, struct addr ret[static LIMIT_SOURCES])
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	unsigned n = 0;

	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return 0;
	for (const struct addrinfo *a = list; a != NULL && n < LIMIT_SOURCES;
	     a = a->ai_next) {
		struct addr x = {0};
		uint16_t port = 0;

		if (addr_from_sockaddr(&x, &port, a->ai_addr) != 0 ||
		    (n > 0 && ret[0].family == x.family))
			continue;
		ret[n++] = x;
	}
	freeaddrinfo(list);
	return n;
}

unsigned
policy_addresses(const char *s, policy_resolve *resolve,
    struct addr ret[static LIMIT_SOURCES], const char **reterr)
{
	unsigned n = 0;

	if (addr_parse(&ret[0], s) == 0)
		return 1;
	*reterr = "not an address as they are written here: four decimal "
		  "numbers without leading zeros (10.20.0.13), or IPv6 without "
		  "a zone (fd00::13)";
	if (!addr_is_name(s))
		return 0;
	n = resolve(s, ret);
	if (n == 0)
		*reterr = "not an address, and no name that resolves here";
	return n;
}

static void
put_addresses(struct maker *m)
{
	const struct yaml_item *l =
	    yaml_get_list(m->y, m->map, "addresses", true, LIMIT_ADDRESSES);
	json_t *list = NULL;
	const char *s = NULL;

	if (l == NULL)
		return;
	list = json_array();
	for (size_t i = 0; i < yaml_count(l); i++) {
		struct addr found[LIMIT_SOURCES] = {0};
		const char *why = NULL;
		unsigned n = 0;

		if (!yaml_as_str(m->y, yaml_at(l, i), "addresses",
			LIMIT_HOST_SIZE - 1, &s))
			continue;
		n = policy_addresses(s, m->resolve, found, &why);
		if (n == 0)
			yaml_error(m->y, yaml_at(l, i), "addresses: %s", why);
		for (unsigned k = 0; k < n; k++) {
			char text[ADDR_TEXT_SIZE];

			addr_format(text, &found[k]);
			append(m, list, json_string(text));
		}
	}
	if (yaml_count(l) == 0)
		yaml_error(m->y, l, "addresses: at least one is needed");
	put(m, "addresses", list);
}

/* --------------------------------------------------------------- entries */

static void
make_user(struct maker *m)
{
	static const char *const keys[] = {"user", "keys", "groups", "rights",
	    "admin", "auditor", "state", "kind", "owner", "sources", NULL};
	static const char *const kinds[] = {"person", "machine", "agent", NULL};
	static const char *const states[] = {"active", "disabled", NULL};

	if (yaml_kind(m->map) == YAML_KIND_MAP)
		(void)yaml_only(m->y, m->map, "users", keys);
	put_name(m, "user", true);
	put_list(m, "keys", false, check_key);
	put_list(m, "groups", false, NULL);
	put_list(m, "rights", false, NULL);
	put_bool(m, "admin");
	put_bool(m, "auditor");
	put_word(m, "state", states);
	put_word(m, "kind", kinds);
	put_name(m, "owner", false);
	put_list(m, "sources", false, check_prefix);
	if (json_object_get(m->out, "keys") == NULL)
		put(m, "keys", json_array());
}

static void
make_target(struct maker *m)
{
	static const char *const keys[] = {"target", "addresses", "port",
	    "reach", "labels", "logins", "host_keys", NULL};
	static const char *const ways[] = {"proxy", "direct", NULL};
	uint64_t port = 22;

	(void)yaml_only(m->y, m->map, "targets", keys);
	put_name(m, "target", true);
	put_addresses(m);
	(void)yaml_get_int(m->y, m->map, "port", false, 1, 65535, &port);
	put(m, "port", json_integer((json_int_t)port));
	put_word(m, "reach", ways);
	if (json_object_get(m->out, "reach") == NULL)
		put(m, "reach", json_string("proxy"));
	put_labels(m);
	put_list(m, "logins", true, NULL);
	put_list(m, "host_keys", true, check_key);
}

json_t *
policy_member(const char *name, const char *until)
{
	struct member_list checked = {.names.n = 0};
	char utc[MEMBER_UNTIL_SIZE] = "";
	const int r = until[0] != '\0' && !when_until(utc, sizeof(utc), until)
			  ? GW_EINVAL
			  : member_add(&checked, name, utc);

	if (r != 0 || strchr(name, ' ') != NULL)
		return NULL;
	member_until_text(utc, &checked, 0);
	return utc[0] == '\0'
		   ? json_string(name)
		   : json_pack("{s:s, s:s}", "name", name, "until", utc);
}

/* NULL: it was complained of. */
static json_t *
member_value(struct maker *m, const struct rolefield *f,
    const struct yaml_item *e, const char **retname)
{
	static const char *const keys[] = {"name", "until", NULL};
	const char *until = "";
	json_t *v = NULL;

	if (yaml_kind(e) != YAML_KIND_MAP)
		return yaml_as_name(m->y, e, f->name, retname)
			   ? json_string(*retname)
			   : NULL;
	if (!yaml_only(m->y, e, f->name, keys) ||
	    !yaml_get_name(m->y, e, "name", true, retname) ||
	    !yaml_get_str(m->y, e, "until", true, LIMIT_NAME_MAX, &until))
		return NULL;
	if (until[0] == '\0' || (v = policy_member(*retname, until)) == NULL)
		yaml_error(m->y, yaml_find(e, "until"),
		    "until: a day was expected, or a day and a time: "
		    "2026-12-04, 2026-12-04 18:00, with UTC or +01:00 after it "
		    "where it is not the local time");
	return v;
}

static void
put_members(struct maker *m, const struct rolefield *f, bool required)
{
	const struct yaml_item *l =
	    yaml_get_list(m->y, m->map, f->name, required, LIMIT_LIST);
	struct policy_role checked = {0};
	json_t *list = NULL, *v = NULL;
	const char *name = NULL;

	if (l == NULL)
		return;
	list = json_array();
	for (size_t i = 0; i < yaml_count(l); i++) {
		const struct yaml_item *e = yaml_at(l, i);
		int r;

		if ((v = member_value(m, f, e, &name)) == NULL)
			continue;
		r = rolefield_add(f, &checked, name,
		    json_string_length(json_object_get(v, "until")) > 0
			? json_string_value(json_object_get(v, "until"))
			: "");
		if (r != 0 && r != GW_EEXIST)
			yaml_error(m->y, e, "%s: %s is there with another end",
			    f->name, name);
		append(m, list, v);
	}
	put(m, f->name, list);
}

/* A list of a role: each entry as the gateway will judge it. */
static void
put_values(struct maker *m, const struct rolefield *f, bool required)
{
	const struct yaml_item *l =
	    yaml_get_list(m->y, m->map, f->name, required, LIMIT_LIST);
	struct policy_role checked = {0};
	json_t *list = NULL;
	const char *s = NULL;

	if (l == NULL)
		return;
	list = json_array();
	for (size_t i = 0; i < yaml_count(l); i++) {
		const struct yaml_item *e = yaml_at(l, i);
		int r;

		if (!yaml_as_str(m->y, e, f->name, LIMIT_TEXT_SIZE - 1, &s))
			continue;
		r = rolefield_add(f, &checked, s, "");
		if (r != 0 && r != GW_EEXIST)
			yaml_error(
			    m->y, e, "%s: %s", f->name, rolefield_expects(f));
		else
			append(m, list, json_string(s));
	}
	put(m, f->name, list);
}

static void
put_count(struct maker *m, const struct rolefield *f, bool required)
{
	uint64_t n = 0;

	if (yaml_get_int(m->y, m->map, f->name, required, (uint64_t)f->min,
		(uint64_t)f->max, &n) &&
	    n != 0)
		put(m, f->name, json_integer((json_int_t)n));
}

static void
put_ports(struct maker *m, const struct rolefield *f, bool required)
{
	const struct yaml_item *l =
	    yaml_get_list(m->y, m->map, f->name, required, LIMIT_LIST);
	json_t *list = NULL;
	uint64_t port = 0;

	if (l == NULL)
		return;
	list = json_array();
	for (size_t i = 0; i < yaml_count(l); i++)
		if (yaml_as_int(m->y, yaml_at(l, i), f->name, 1, 65535, &port))
			append(m, list, json_integer((json_int_t)port));
	put(m, f->name, list);
}

static void
put_text(struct maker *m, const struct rolefield *f, bool required)
{
	const char *s = NULL;

	if (yaml_get_str(m->y, m->map, f->name, required, (size_t)f->max, &s))
		put(m, f->name, json_string(s));
}

static void
put_field(struct maker *m, const struct rolefield *f)
{
	static const char *const wanted[] = {"required", "optional", NULL};
	static const char *const keys[] = {
	    "none", "presence", "verified", NULL};
	/* of a role that denies none are all */
	const bool required =
	    (f->bits & ROLE_REQUIRED) != 0 &&
	    (f->kind != ROLE_LOGINS ||
		strcmp(yaml_text(yaml_find(m->map, "deny")), "true") != 0);

	switch (f->kind) {
	case ROLE_NAME:
		put_name(m, f->name, true);
		break;
	case ROLE_NAMES:
		put_list(m, f->name, required, NULL);
		break;
	case ROLE_MEMBERS:
		put_members(m, f, required);
		break;
	case ROLE_LABELS:
		put_labels(m);
		break;
	case ROLE_PORTS:
		put_ports(m, f, required);
		break;
	case ROLE_LOGINS:
	case ROLE_PREFIXES:
	case ROLE_CAPS:
	case ROLE_QUORUMS:
	case ROLE_COMMANDS:
	case ROLE_HOURS:
	case ROLE_SELECTORS:
	case ROLE_ALTERNATIVES:
		put_values(m, f, required);
		break;
	case ROLE_SECONDS:
		put_duration(m, f->name, (uint32_t)f->min, (uint32_t)f->max);
		break;
	case ROLE_COUNT:
		put_count(m, f, required);
		break;
	case ROLE_WANTED:
		put_word(m, f->name, wanted);
		break;
	case ROLE_HARDWARE:
		put_word(m, f->name, keys);
		break;
	case ROLE_BOOL:
		put_bool(m, f->name);
		break;
	case ROLE_TEXT:
	case ROLE_PATTERN:
		put_text(m, f, required);
		break;
	}
}

static void
make_role(struct maker *m)
{
	const char *keys[ROLE_FIELD_COUNT + 1] = {NULL};
	const struct rolefield *f = rolefields();

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		keys[i] = f[i].name;
	(void)yaml_only(m->y, m->map, "roles", keys);
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		put_field(m, &f[i]);
}

/* Refuses a second entry of one name: it would silently replace the first. */
static void
check_twice(struct yaml *y, const struct yaml_item *map, const json_t *names,
    const char *name_key)
{
	const char *name = yaml_text(yaml_find(map, name_key));

	if (str_name_ok(name) && json_object_get(names, name) != NULL)
		yaml_error(y, yaml_find(map, name_key),
		    "%s \"%s\" is listed twice", name_key, name);
}

/* Of a list, as keys of an object; also of what earlier files have. */
static json_t *
names_of(const json_t *list, const char *name_key)
{
	json_t *names = json_object();

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(
		    json_object_get(json_array_get(list, i), name_key));

		if (s != NULL)
			(void)json_object_set_new(names, s, json_true());
	}
	return names;
}

/* The list of a section, which from here on is one that the files have. */
static json_t *
list_of(json_t *policy, const char *section)
{
	if (json_object_get(policy, section) == NULL)
		(void)json_object_set_new(policy, section, json_array());
	return json_object_get(policy, section);
}

/* Keeps where an entry is, for what only the gateway finds wrong. */
static void
add_place(json_t *policy, const struct maker *m, const char *section)
{
	json_t *all = json_object_get(policy, "places");
	json_t *places = NULL;
	char place[320];

	if (all == NULL)
		return;
	places = list_of(all, section);
	if (yaml_place(place, sizeof(place), m->y, m->map) != 0)
		place[0] = '\0';
	(void)json_array_append_new(places, json_string(place));
}

static int
add_section(json_t *policy, struct yaml *y, policy_resolve *resolve,
    const char *section, const char *name_key, void (*make)(struct maker *))
{
	const struct yaml_item *l =
	    yaml_get_list(y, yaml_root(y), section, false, LIMIT_TARGETS);
	json_t *list = l != NULL ? list_of(policy, section) : NULL;
	json_t *names = names_of(list, name_key);
	int r = 0;

	for (size_t i = 0; r == 0 && i < yaml_count(l); i++) {
		struct maker m = {.y = y,
		    .map = yaml_at(l, i),
		    .resolve = resolve,
		    .out = json_object()};

		if (m.out == NULL) {
			r = GW_ENOMEM;
			continue;
		}
		if (yaml_kind(m.map) != YAML_KIND_MAP) {
			yaml_error(y, m.map,
			    "%s: an entry with \"%s: NAME\" was expected",
			    section, name_key);
			json_decref(m.out);
			continue;
		}
		check_twice(y, m.map, names, name_key);
		make(&m);
		add_place(policy, &m, section);
		if (json_array_append(list, m.out) != 0 || m.nomem)
			r = GW_ENOMEM;
		else
			(void)json_object_set_new(names,
			    yaml_text(yaml_find(m.map, name_key)), json_true());
		json_decref(m.out);
	}
	json_decref(names);
	return r;
}

json_t *
policy_new(void)
{
	return json_object();
}

int
policy_add(json_t *policy, struct yaml *y, policy_resolve *resolve)
{
	static const char *const top[] = {
	    "users", "targets", "roles", "tests", NULL};
	int r = 0;

	if (yaml_root(y) == NULL)
		return 0;
	if (yaml_kind(yaml_root(y)) != YAML_KIND_MAP) {
		yaml_error(y, yaml_root(y),
		    "users, targets and roles were expected here");
		return 0;
	}
	(void)yaml_only(y, yaml_root(y), NULL, top);
	if ((r = add_section(policy, y, resolve, "users", "user", make_user)) !=
		0 ||
	    (r = add_section(
		 policy, y, resolve, "targets", "target", make_target)) != 0)
		return r;
	r = add_section(policy, y, resolve, "roles", "role", make_role);
	return r != 0 ? r : policy_add_tests(policy, y);
}
