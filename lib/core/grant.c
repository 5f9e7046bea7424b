/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant - what a grant is worth at a moment, and which kernel openings follow
 * from it. Pure.
 */
#include "core/grant.h"

#include <netinet/in.h>
#include <string.h>

#include "base/fault.h"
#include "base/ids.h"
#include "base/str.h"

static const char *const end_names[END_REASON_COUNT] = {
    [END_NONE] = "none",
    [END_EXPIRED] = "expired",
    [END_RELEASED] = "released",
    [END_REVOKED] = "revoked",
    [END_LOCKED] = "locked",
    [END_IDLE] = "idle",
    [END_TARGET_GONE] = "target_gone",
    [END_AUDIT_FAILED] = "audit_failed",
    [END_ABORTED] = "aborted",
    [END_LOGOUT] = "logout",
    [END_KILLED] = "killed",
    [END_HOSTKEY_CHANGED] = "hostkey_changed",
    [END_TARGET_REFUSED] = "target_refused",
    [END_PROTOCOL] = "protocol",
    [END_SHUTDOWN] = "shutdown",
    [END_CLIENT_GONE] = "client_gone",
    [END_QUOTA] = "quota",
    [END_UNUSED] = "unused",
    [END_MOVED] = "moved",
};

int64_t
grant_left_ms(const struct grant *g, const struct now *now, const char *boot_id)
{
	int64_t life = g->end_ms - g->start_ms;
	int64_t left;

	if (boot_id[0] != '\0' && strcmp(g->boot_id, boot_id) == 0)
		left = g->end_boot_ms - now->boot_ms;
	else
		left = g->end_ms - now->utc_ms;
	if (FAULT(grant_left))
		left = life;
	if (left <= 0 || life <= 0)
		return 0;
	return left < life ? left : life;
}

void
grant_shift(struct grant *g, int64_t utc_ms, int64_t ahead_ms)
{
	if (g->start_ms <= utc_ms || g->start_ms <= ahead_ms)
		return;
	g->start_ms -= ahead_ms;
	g->end_ms -= ahead_ms;
}

void
grant_extend(struct grant *g, int64_t ms)
{
	g->end_ms += ms;
	g->end_boot_ms += ms;
}

int64_t
grant_shut_boot_ms(const struct grant *g)
{
	return g->end_boot_ms + (int64_t)LIMIT_CLIENT_TAIL_S * 1000;
}

static bool
times_ok(const struct grant *g)
{
	int64_t life;

	if (g->start_ms <= 0 || g->end_ms <= g->start_ms ||
	    g->end_ms > LIMIT_NUMBER_MAX || g->end_boot_ms <= 0 ||
	    g->end_boot_ms > LIMIT_NUMBER_MAX || g->boot_id[0] == '\0')
		return false;
	life = g->end_ms - g->start_ms;
	return life <= (int64_t)LIMIT_GRANT_MAX_S * 1000;
}

/* Whoever writes it, signs for it or opens it holds it to that. */
static bool
glass_ok(const struct grant *g)
{
	return g->glass == 0 || FAULT(glass_grant) ||
	       (g->reach == REACH_PROXY && g->record != 0 &&
		   (g->caps & ~(uint32_t)CAP_GLASS) == 0 &&
		   g->end_ms - g->start_ms <= (int64_t)LIMIT_GLASS_S * 1000);
}

static bool
id_if_any(const char *id, char kind)
{
	return id[0] == '\0' || id_ok(id, kind);
}

bool
grant_same_id(const char *a, const char *b)
{
	return a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0 ||
	       FAULT(name_alone);
}

static bool
commands_ok(const struct grant *g)
{
	uint8_t digest[(COMMAND_DIGEST_SIZE - 1) / 2];

	return g->commands[0] == '\0' ||
	       (g->caps == CAP_EXEC && g->reach == REACH_PROXY &&
		   str_unhex(digest, sizeof(digest), g->commands) == 0);
}

bool
grant_ok(const struct grant *g)
{
	if (!id_ok(g->id, 'g') || !str_name_ok(g->user) ||
	    !str_name_ok(g->target) || !str_name_ok(g->login))
		return false;
	if (g->owner[0] != '\0' && !str_name_ok(g->owner))
		return false;
	if (!id_if_any(g->user_id, 'u') || !id_if_any(g->target_id, 't') ||
	    !id_if_any(g->role_id, 'p'))
		return false;
	if (g->port == 0 || !times_ok(g) || !commands_ok(g) || !glass_ok(g))
		return false;
	if (g->reach != REACH_PROXY && g->reach != REACH_DIRECT &&
	    g->reach != REACH_PROBE)
		return false;
	if (g->addr4.family == 0 && g->addr6.family == 0)
		return false;
	if ((g->addr4.family != 0 && g->addr4.family != 4) ||
	    (g->addr6.family != 0 && g->addr6.family != 6) ||
	    (g->source4.family != 0 && g->source4.family != 4) ||
	    (g->source6.family != 0 && g->source6.family != 6))
		return false;
	if (g->reach == REACH_PROBE)
		return true;
	return g->own_port != 0 &&
	       (g->source4.family != 0 || g->source6.family != 0);
}

bool
grant_is_of(const struct grant *g, const char *user)
{
	return strcmp(g->user, user) == 0 ||
	       (g->owner[0] != '\0' && strcmp(g->owner, user) == 0 &&
		   !FAULT(owner_alone));
}

bool
grant_has_source(const struct grant *g, const struct addr *addr)
{
	if (addr->family == 4)
		return addr_equal(&g->source4, addr);
	if (addr->family == 6)
		return addr_equal(&g->source6, addr);
	return false;
}

static bool
same_addr(const struct addr *a, const struct addr *b)
{
	return addr_equal(a, b) || (a->family == 0 && b->family == 0);
}

static bool
same_place(const struct grant *a, const struct grant *b)
{
	return strcmp(a->user, b->user) == 0 &&
	       grant_same_id(a->user_id, b->user_id) &&
	       strcmp(a->target, b->target) == 0 &&
	       grant_same_id(a->target_id, b->target_id) &&
	       strcmp(a->login, b->login) == 0 && a->port == b->port &&
	       a->own_port == b->own_port && a->reach == b->reach &&
	       same_addr(&a->addr4, &b->addr4) &&
	       same_addr(&a->addr6, &b->addr6);
}

static bool
gives_source(const struct grant *g, const struct addr *want)
{
	return want->family == 0 || grant_has_source(g, want);
}

bool
grant_gives(const struct grant *g, const struct grant *want, int64_t left_ms)
{
	const int64_t asked_ms = want->end_ms - want->start_ms;

	return same_place(g, want) && strcmp(g->role, want->role) == 0 &&
	       g->role_named == want->role_named &&
	       grant_same_id(g->role_id, want->role_id) &&
	       g->caps == want->caps && g->record == want->record &&
	       g->glass == want->glass &&
	       strcmp(g->commands, want->commands) == 0 &&
	       gives_source(g, &want->source4) &&
	       gives_source(g, &want->source6) &&
	       (want->reason[0] == '\0' ||
		   strcmp(g->reason, want->reason) == 0) &&
	       asked_ms <= g->end_ms - g->start_ms && left_ms > 0 &&
	       left_ms >= asked_ms / 2;
}

static void
add(struct element_list *l, const struct element *e)
{
	if (l->n < ELEMENT_MAX)
		l->e[l->n++] = *e;
}

static void
add_source(struct element_list *l, const struct grant *g,
    const struct addr *source, const struct addr *target, int64_t end_boot_ms)
{
	struct element e = {.proto = IPPROTO_TCP, .source = *source};

	if (source->family == 0)
		return;
	e.kind = ELEMENT_ENTRY;
	e.port = g->own_port;
	e.end_boot_ms = end_boot_ms + (int64_t)LIMIT_CLIENT_TAIL_S * 1000;
	add(l, &e);
	if (g->reach != REACH_DIRECT || target->family != source->family)
		return;
	e.kind = ELEMENT_PATH;
	e.port = g->port;
	e.target = *target;
	e.end_boot_ms = end_boot_ms;
	add(l, &e);
}

void
grant_elements(struct element_list *ret, const struct grant *g,
    const struct now *now, const char *boot_id)
{
	int64_t left = grant_left_ms(g, now, boot_id);
	int64_t end = now->boot_ms + left;

	memset(ret, 0, sizeof(*ret));
	if (left <= 0 || g->reach == REACH_PROBE)
		return;
	add_source(ret, g, &g->source4, &g->addr4, end);
	add_source(ret, g, &g->source6, &g->addr6, end);
}

void
grant_leg(struct element *ret, const struct grant *g,
    const struct addr *gateway, uint16_t sport, const struct addr *a,
    const struct now *now, const char *boot_id)
{
	memset(ret, 0, sizeof(*ret));
	ret->kind = ELEMENT_LEG;
	ret->proto = IPPROTO_TCP;
	ret->sport = sport;
	ret->port = g->port;
	ret->source = *gateway;
	ret->target = *a;
	ret->end_boot_ms = now->boot_ms + grant_left_ms(g, now, boot_id);
}

bool
end_reason_known(unsigned r)
{
	return r != END_NONE && r < END_REASON_COUNT && end_names[r] != NULL;
}

const char *
end_reason_str(enum end_reason r)
{
	return end_reason_known(r) ? end_names[r] : end_names[END_NONE];
}

bool
end_may_ask(enum end_reason r)
{
	return (r != END_LOCKED && r != END_HOSTKEY_CHANGED) ||
	       FAULT(ask_anyway);
}

const char *
grant_reach_str(enum grant_reach r)
{
	switch (r) {
	case REACH_PROXY:
		return "proxy";
	case REACH_DIRECT:
		return "direct";
	case REACH_PROBE:
		return "probe";
	default:
		return "none";
	}
}

static const struct cap {
	uint32_t bit;
	const char *word;
} caps_all[] = {{CAP_SHELL, "shell"}, {CAP_EXEC, "exec"}, {CAP_SFTP, "sftp"},
    {CAP_PTY, "pty"}, {CAP_FORWARD, "forward"}, {CAP_AGENT, "agent"},
    {CAP_X11, "x11"}};

const char *
grant_cap_word(uint32_t bit)
{
	for (size_t i = 0; i < ARRAY_LEN(caps_all); i++)
		if (caps_all[i].bit == bit)
			return caps_all[i].word;
	return NULL;
}

uint32_t
grant_cap(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(caps_all); i++)
		if (strcmp(caps_all[i].word, word) == 0)
			return caps_all[i].bit;
	return 0;
}

void
grant_caps_str(char *ret, size_t size, uint32_t caps)
{
	size_t at = 0;

	if (size > 0)
		ret[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(caps_all); i++) {
		const size_t n = strlen(caps_all[i].word);

		if ((caps & caps_all[i].bit) == 0 || at + n + 2 > size)
			continue;
		if (at > 0)
			ret[at++] = ',';
		memcpy(ret + at, caps_all[i].word, n + 1);
		at += n;
	}
}
