/* SPDX-License-Identifier: Apache-2.0 */
/*
 * widens - see the header. Policies have no ids: a name is one here.
 */
#include "jitctl/cmd/widens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/own.h"
#include "core/power.h"
#include "jitctl/gateway/policy_values.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "ssh/sshkey.h"

enum { TEXT_MAX = 256 * 1024 }; /* internal: of all ways */

/* The same for the same name in both policies. */
static void
number(json_t *ids, const char *name, char ret[static LIMIT_ID_SIZE])
{
	json_t *n = json_object_get(ids, name);

	if (n == NULL) {
		n = json_integer((json_int_t)json_object_size(ids) + 1);
		(void)json_object_set_new(ids, name, n);
	}
	(void)snprintf(
	    ret, LIMIT_ID_SIZE, "n-%lld", (long long)json_integer_value(n));
}

static bool
is_asked(const struct power *p, const char *group)
{
	for (size_t i = 0; i < p->nroles; i++)
		for (unsigned k = 0; k < p->roles[i].approvals.n; k++) {
			const struct quorum *q =
			    &p->roles[i].approvals.quorum[k];

			for (unsigned g = 0; g < q->ngroups; g++)
				if (strcmp(q->group[g], group) == 0)
					return true;
		}
	return false;
}

static void
read_rights(struct holder *h, const json_t *o)
{
	const json_t *list = json_object_get(o, "rights");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));

		if (name != NULL)
			h->rights |= (uint8_t)right_find(name);
	}
	if (json_is_true(json_object_get(o, "admin")))
		h->rights |= RIGHT_ADMIN;
}

static void
read_keys(struct holder *h, const json_t *o)
{
	const json_t *list = json_object_get(o, "keys");
	struct sshkey k;

	for (size_t i = 0;
	     i < json_array_size(list) && h->nkeys < LIMIT_KEYS_PER_USER; i++) {
		const char *line = json_string_value(json_array_get(list, i));

		if (line == NULL || sshkey_parse_line(&k, line) != 0)
			continue;
		sshkey_fingerprint(h->key[h->nkeys++], k.blob, k.len);
	}
}

/* False: they have no say. */
static bool
read_holder(struct holder *h, const struct power *p, json_t *ids,
    const char *name, const json_t *o)
{
	struct policy_user u;

	memset(h, 0, sizeof(*h));
	if (!policy_user(o, &u) || u.kind != KIND_PERSON)
		return false;
	number(ids, name, h->id);
	text_set(h->name, sizeof(h->name), name);
	read_rights(h, o);
	read_keys(h, o);
	for (unsigned i = 0; i < u.groups.n; i++)
		if (is_asked(p, u.groups.name[i]) &&
		    name_list_add(&h->groups, u.groups.name[i]) != 0)
			break; /* full: the rest is the gateway's to tell */
	h->disabled = !u.in;
	/* which it is the policy does not say, but for one that goes */
	if (!json_is_false(json_object_get(o, "totp")))
		memcpy(h->factor, "old", sizeof("old"));
	return h->rights != RIGHT_NONE || h->groups.n > 0;
}

/* What is not its own is borrowed. */
static bool
read_power(struct power *p, json_t *ids, struct widens_side *s)
{
	const char *name = NULL;
	json_t *o = NULL;

	*p = (struct power){0};
	p->roles = calloc(s->nroles + 1, sizeof(*p->roles));
	p->holders =
	    calloc(json_object_size(s->users) + 1, sizeof(*p->holders));
	if (p->roles == NULL || p->holders == NULL)
		return false;
	for (size_t i = 0; i < s->nroles; i++) {
		number(ids, s->roles[i].name, s->roles[i].id);
		if (s->roles[i].approvals.n > 0)
			p->roles[p->nroles++] = s->roles[i];
	}
	json_object_foreach((json_t *)(uintptr_t)s->users, name, o)
	{
		if (read_holder(&p->holders[p->nholders], p, ids, name, o))
			p->nholders++;
	}
	return true;
}

static void
power_free(struct power *p)
{
	free(p->roles);
	free(p->holders);
}

static bool
read_own(struct own *own, const char *author, const struct widens_side *s)
{
	const json_t *o = json_object_get(s->users, author);
	struct policy_user u;

	*own = (struct own){0};
	return o == NULL ||
	       (policy_user(o, &u) && own_pick(own, s->roles, s->nroles, author,
					  &u.groups, clock_now().utc_ms) == 0);
}

/* A target that is new is the gateway's to judge: it knows what hosts it had.
 */
static void
put_targets(struct buf *ret, const char *author, const struct own *had,
    const struct widens_side *before, const struct widens_side *after)
{
	const char *name = NULL;
	json_t *o = NULL;

	json_object_foreach((json_t *)(uintptr_t)after->targets, name, o)
	{
		const json_t *old = json_object_get(before->targets, name);
		struct target was, now;

		if (old != NULL && !json_equal(old, o) &&
		    policy_target(old, &was) && policy_target(o, &now))
			own_target_widening(ret, author, had, &was, &now);
	}
}

/* Of a user without what only the gateway knows of them. */
static void
say_lines(const struct ctx *c, const char *text, size_t n)
{
	char line[512];

	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		const size_t all = end != NULL ? (size_t)(end - text) : n;
		const char *ways = all > 5 && memcmp(text, "user ", 5) == 0
				       ? memmem(text, all, " (", 2)
				       : NULL;

		say_text(line, sizeof(line), text,
		    ways != NULL ? (size_t)(ways - text) : all);
		say(c, "- %s", line);
		n -= end != NULL ? all + 1 : all;
		text += end != NULL ? all + 1 : all;
	}
}

void
widens_tell(const struct ctx *c, const char *author, struct widens_side *before,
    struct widens_side *after)
{
	struct power was = {0}, now = {0};
	struct own had = {0}, has = {0};
	json_t *ids = json_object();
	struct buf text;

	if (author[0] == '\0')
		goto out;
	buf_init(&text, TEXT_MAX);
	if (read_power(&was, ids, before) && read_power(&now, ids, after) &&
	    read_own(&had, author, before) && read_own(&has, author, after)) {
		power_widening(&text, &was, &now);
		own_widening(&text, author, &had, &has);
		put_targets(&text, author, &had, before, after);
	}
	if (text.len > 0 || buf_err(&text) != 0) {
		say(c, "Applied, it would wait for a second admin, where there "
		       "is one who has enrolled: it makes power over the "
		       "gateway wider:");
		say_lines(c, (const char *)text.p, text.len);
	}
	buf_done(&text);
out:
	own_done(&had);
	own_done(&has);
	power_free(&was);
	power_free(&now);
	json_decref(ids);
}
