/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock - see the header.
 */
#include "core/lock.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/str.h"

enum { FINGERPRINT_LEN = 7 + 43 }; /* "SHA256:" and base64 of 32 bytes */

static const struct {
	const char *word, *expects;
} kinds[LOCK_KIND_COUNT] = {
    [LOCK_NONE] = {"", ""},
    [LOCK_USER] = {"user", "a user's name was expected"},
    [LOCK_GROUP] = {"group", "a group's name was expected"},
    [LOCK_ROLE] = {"role", "a role's name was expected"},
    [LOCK_TARGET] = {"target", "a target's name was expected"},
    [LOCK_LOGIN] = {"login", "the name of a login was expected"},
    [LOCK_SOURCE] = {"source",
	"an address or a prefix without host bits was expected, like "
	"198.51.100.0/24"},
    [LOCK_KEY] = {"key",
	"the fingerprint of a key was expected, as ssh-keygen -l prints it: "
	"SHA256:..."},
    [LOCK_GRANT] = {"grant", "an id like g-7Q2MXK4P was expected"},
    [LOCK_EVERYTHING] = {"everything", "everything is locked without a value"},
};

const char *
lock_kind_str(enum lock_kind k)
{
	return k < LOCK_KIND_COUNT ? kinds[k].word : "";
}

enum lock_kind
lock_kind_of(const char *word)
{
	for (unsigned k = LOCK_NONE + 1; k < LOCK_KIND_COUNT; k++)
		if (strcmp(kinds[k].word, word) == 0)
			return (enum lock_kind)k;
	return LOCK_NONE;
}

const char *
lock_expects(enum lock_kind k)
{
	return k < LOCK_KIND_COUNT ? kinds[k].expects : "";
}

static bool
fingerprint_ok(const char *s)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

	return strlen(s) == FINGERPRINT_LEN && strncmp(s, "SHA256:", 7) == 0 &&
	       strspn(s + 7, base64) == FINGERPRINT_LEN - 7;
}

/* One writing of each: 198.51.100.7/32 is 198.51.100.7. */
static int
set_source(struct lock *l, const char *value)
{
	char text[ADDR_TEXT_SIZE];
	int r = prefix_parse(&l->prefix, value);

	if (r != 0)
		return r;
	addr_format(text, &l->prefix.addr);
	if (l->prefix.bits == (l->prefix.addr.family == 4 ? 32 : 128))
		text_set(l->value, sizeof(l->value), text);
	else
		(void)snprintf(l->value, sizeof(l->value), "%s/%u", text,
		    (unsigned)l->prefix.bits);
	return 0;
}

int
lock_set(struct lock *l, enum lock_kind k, const char *value)
{
	bool ok = false;

	l->kind = (uint8_t)k;
	memset(&l->prefix, 0, sizeof(l->prefix));
	memset(l->value, 0, sizeof(l->value));
	switch (k) {
	case LOCK_USER:
	case LOCK_GROUP:
	case LOCK_ROLE:
	case LOCK_TARGET:
	case LOCK_LOGIN:
		ok = str_name_ok(value);
		break;
	case LOCK_SOURCE:
		return set_source(l, value);
	case LOCK_KEY:
		ok = fingerprint_ok(value);
		break;
	case LOCK_GRANT:
		ok = id_ok(value, 'g');
		break;
	case LOCK_EVERYTHING:
		ok = value[0] == '\0';
		break;
	default:
		break;
	}
	if (!ok)
		return GW_EINVAL;
	text_set(l->value, sizeof(l->value), value);
	return 0;
}

bool
lock_stands(const struct lock *l, const struct now *now, const char *boot_id)
{
	if (l->until_ms == 0 || now->utc_ms < l->until_ms)
		return true;
	return l->boot_id[0] != '\0' && strcmp(l->boot_id, boot_id) == 0 &&
	       now->boot_ms < l->end_boot_ms && !FAULT(lock_utc);
}

bool
lock_same(const struct lock *a, const struct lock *b)
{
	return a->kind == b->kind && strcmp(a->value, b->value) == 0;
}

static bool
is(const struct lock *l, const char *fact)
{
	return fact != NULL && fact[0] != '\0' && strcmp(l->value, fact) == 0;
}

static bool
has_source(const struct lock *l, const struct lock_facts *f)
{
	for (unsigned i = 0; i < f->nsources; i++)
		if (f->source[i].family != 0 &&
		    prefix_has(&l->prefix, &f->source[i]))
			return true;
	return false;
}

/* What is of no kind that is known here covers all. */
static bool
covers(const struct lock *l, const struct lock_facts *f)
{
	switch (l->kind) {
	case LOCK_USER:
		return is(l, f->user);
	case LOCK_GROUP:
		return f->groups != NULL && name_list_has(f->groups, l->value);
	case LOCK_ROLE:
		return is(l, f->role);
	case LOCK_TARGET:
		return is(l, f->target);
	case LOCK_LOGIN:
		return is(l, f->login);
	case LOCK_SOURCE:
		return has_source(l, f);
	case LOCK_KEY:
		return is(l, f->key_fp);
	case LOCK_GRANT:
		return is(l, f->grant);
	case LOCK_EVERYTHING:
		return !f->named;
	default:
		return true;
	}
}

const struct lock *
lock_find(const struct lock *locks, size_t n, const struct lock_facts *f)
{
	for (size_t i = 0; i < n && !FAULT(no_locks); i++)
		if (covers(&locks[i], f))
			return &locks[i];
	return NULL;
}

void
lock_text(char ret[static LOCK_TEXT_SIZE], const struct lock *l)
{
	char when[32] = "";

	if (l->until_ms != 0)
		str_time(when, sizeof(when), l->until_ms);
	if (when[0] != '\0')
		when[10] = ' '; /* as everywhere else, not the T of records */
	(void)snprintf(ret, LOCK_TEXT_SIZE,
	    "%s%s%s%s is locked%s%s%s by %s%s%.19s%s%s%s",
	    l->kind == LOCK_EVERYTHING ? "" : "the ", lock_kind_str(l->kind),
	    l->value[0] != '\0' ? " " : "", l->value,
	    l->id[0] != '\0' ? " (" : "", l->id, l->id[0] != '\0' ? ")" : "",
	    l->by, when[0] != '\0' ? " until " : "", when,
	    when[0] != '\0' ? " UTC" : "", l->reason[0] != '\0' ? ": " : "",
	    l->reason);
}
