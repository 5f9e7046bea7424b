/* SPDX-License-Identifier: Apache-2.0 */
/*
 * foldrecord - see the header.
 */
#include "notary/foldrecord.h"

#include <string.h>

#include "base/ids.h"
#include "base/str.h"

/* ---- fields of a record */

const char *
fold_str(struct fold_fields *f, enum event_field_id id, bool required)
{
	const json_t *v = json_object_get(f->o, event_field_name(id));

	if (v == NULL) {
		f->bad = f->bad || required;
		return "";
	}
	/* what names something has no NUL in it */
	if (!json_is_string(v) ||
	    strlen(json_string_value(v)) != json_string_length(v)) {
		f->bad = true;
		return "";
	}
	return json_string_value(v);
}

void
fold_text(struct fold_fields *f, enum event_field_id id, bool required,
    char *ret, size_t size)
{
	if (str_copy(ret, size, fold_str(f, id, required)) < 0)
		f->bad = true;
}

int64_t
fold_num(struct fold_fields *f, enum event_field_id id, int64_t max)
{
	const json_t *v = json_object_get(f->o, event_field_name(id));
	json_int_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < 0 || n > max) {
		f->bad = true;
		return 0;
	}
	return n;
}

int64_t
fold_num_if_any(struct fold_fields *f, enum event_field_id id)
{
	return json_object_get(f->o, event_field_name(id)) == NULL
		   ? 0
		   : fold_num(f, id, LIMIT_NUMBER_MAX);
}

static void
address(struct fold_fields *f, enum event_field_id id, bool required,
    struct addr *ret)
{
	const char *s = fold_str(f, id, required);

	if (*s != '\0' && addr_parse(ret, s) < 0)
		f->bad = true;
}

/* ---- grants */

void
fold_grant_fields(struct event_fields *out, const struct grant *g)
{
	char a[ADDR_TEXT_SIZE];
	const struct {
		enum event_field_id id;
		const struct addr *addr;
	} addrs[] = {{EF_SRC, &g->source4}, {EF_SRC6, &g->source6},
	    {EF_DST, &g->addr4}, {EF_DST6, &g->addr6}};

	event_str(out, EF_USER, g->user);
	event_str(out, EF_USER_ID, g->user_id);
	event_str(out, EF_OWNER, g->owner);
	event_str(out, EF_TARGET, g->target);
	event_str(out, EF_TARGET_ID, g->target_id);
	event_str(out, EF_LOGIN, g->login);
	event_str(out, EF_ROLE, g->role);
	event_roles(out, g->roles);
	event_str(out, EF_ROLE_ID, g->role_id);
	if (g->role_named != 0)
		event_bool(out, EF_ROLE_NAMED, true);
	if (g->glass != 0)
		event_bool(out, EF_BREAK_GLASS, true);
	event_str(out, EF_REQ, g->req);
	event_str(out, EF_GRANT, g->id);
	for (size_t i = 0; i < ARRAY_LEN(addrs); i++) {
		if (addrs[i].addr->family == 0)
			continue;
		addr_format(a, addrs[i].addr);
		event_str(out, addrs[i].id, a);
	}
	event_num(out, EF_DST_PORT, g->port);
	event_num(out, EF_OWN_PORT, g->own_port);
	event_str(out, EF_REACH, grant_reach_str((enum grant_reach)g->reach));
	event_num(out, EF_CAPS, g->caps);
	event_bool(out, EF_RECORD, g->record != 0);
	event_str(out, EF_COMMANDS_ID, g->commands);
	event_num(out, EF_START, g->start_ms);
	event_num(out, EF_END, g->end_ms);
	event_num(out, EF_END_BOOT, g->end_boot_ms);
	event_str(out, EF_BOOT_ID, g->boot_id);
	event_str(out, EF_WHY, g->reason);
}

static uint8_t
reach_parse(const char *s)
{
	for (unsigned i = REACH_PROXY; i <= REACH_PROBE; i++)
		if (strcmp(grant_reach_str((enum grant_reach)i), s) == 0)
			return (uint8_t)i;
	return REACH_NONE;
}

void
fold_read_grant(struct fold_fields *f, struct grant *g)
{
	fold_text(f, EF_GRANT, true, g->id, sizeof(g->id));
	fold_text(f, EF_REQ, false, g->req, sizeof(g->req));
	fold_text(f, EF_USER, true, g->user, sizeof(g->user));
	fold_text(f, EF_TARGET, true, g->target, sizeof(g->target));
	fold_text(f, EF_LOGIN, true, g->login, sizeof(g->login));
	fold_text(f, EF_ROLE, false, g->role, sizeof(g->role));
	fold_text(f, EF_ROLES, false, g->roles, sizeof(g->roles));
	fold_text(f, EF_USER_ID, false, g->user_id, sizeof(g->user_id));
	fold_text(f, EF_OWNER, false, g->owner, sizeof(g->owner));
	fold_text(f, EF_TARGET_ID, false, g->target_id, sizeof(g->target_id));
	fold_text(f, EF_ROLE_ID, false, g->role_id, sizeof(g->role_id));
	fold_text(f, EF_WHY, false, g->reason, sizeof(g->reason));
	fold_text(f, EF_BOOT_ID, true, g->boot_id, sizeof(g->boot_id));
	address(f, EF_SRC, false, &g->source4);
	address(f, EF_SRC6, false, &g->source6);
	address(f, EF_DST, false, &g->addr4);
	address(f, EF_DST6, false, &g->addr6);
	g->port = (uint16_t)fold_num(f, EF_DST_PORT, UINT16_MAX);
	g->own_port = (uint16_t)fold_num(f, EF_OWN_PORT, UINT16_MAX);
	g->reach = reach_parse(fold_str(f, EF_REACH, true));
	g->caps = (uint32_t)fold_num(f, EF_CAPS, UINT32_MAX);
	g->record = json_is_true(json_object_get(f->o, "record")) ? 1 : 0;
	g->glass = json_is_true(json_object_get(f->o, "break_glass")) ? 1 : 0;
	fold_text(f, EF_COMMANDS_ID, false, g->commands, sizeof(g->commands));
	g->role_named =
	    json_is_true(json_object_get(f->o, "role_named")) ? 1 : 0;
	g->start_ms = fold_num(f, EF_START, INT64_MAX);
	g->end_ms = fold_num(f, EF_END, INT64_MAX);
	g->end_boot_ms = fold_num(f, EF_END_BOOT, INT64_MAX);
}

/* ---- legs */

void
fold_leg_fields(struct event_fields *out, const struct fold_leg *l)
{
	char a[ADDR_TEXT_SIZE];

	event_str(out, EF_USER, l->user);
	event_str(out, EF_USER_ID, l->user_id);
	event_str(out, EF_OWNER, l->owner);
	event_str(out, EF_TARGET, l->target_name);
	event_str(out, EF_TARGET_ID, l->target_id);
	event_str(out, EF_LOGIN, l->login);
	event_str(out, EF_REQ, l->req);
	event_str(out, EF_GRANT, l->grant);
	event_str(out, EF_SID, l->sid);
	/* an older version's numbers are more than a record may have */
	if (l->conn <= LIMIT_NUMBER_MAX)
		event_num(out, EF_CONN, (int64_t)l->conn);
	if (l->client.family != 0) {
		addr_format(a, &l->client);
		event_str(out, EF_SRC, a);
		event_num(out, EF_SRC_PORT, l->client_port);
	}
	addr_format(a, &l->target);
	event_str(out, EF_DST, a);
	event_num(out, EF_DST_PORT, l->port);
	addr_format(a, &l->gateway);
	event_str(out, EF_GATEWAY, a);
	event_num(out, EF_SPORT, l->sport);
	event_num(out, EF_START, l->start_ms);
}

void
fold_read_leg(struct fold_fields *f, struct fold_leg *l)
{
	fold_text(f, EF_SID, true, l->sid, sizeof(l->sid));
	fold_text(f, EF_GRANT, true, l->grant, sizeof(l->grant));
	fold_text(f, EF_REQ, false, l->req, sizeof(l->req));
	fold_text(f, EF_USER, true, l->user, sizeof(l->user));
	fold_text(f, EF_TARGET, true, l->target_name, sizeof(l->target_name));
	fold_text(f, EF_LOGIN, true, l->login, sizeof(l->login));
	fold_text(f, EF_USER_ID, false, l->user_id, sizeof(l->user_id));
	fold_text(f, EF_OWNER, false, l->owner, sizeof(l->owner));
	fold_text(f, EF_TARGET_ID, false, l->target_id, sizeof(l->target_id));
	fold_text(f, EF_KEY_FP, false, l->key_fp, sizeof(l->key_fp));
	l->conn = (uint64_t)fold_num(f, EF_CONN, INT64_MAX);
	address(f, EF_GATEWAY, true, &l->gateway);
	address(f, EF_DST, true, &l->target);
	address(f, EF_SRC, false, &l->client);
	l->sport = (uint16_t)fold_num(f, EF_SPORT, UINT16_MAX);
	l->port = (uint16_t)fold_num(f, EF_DST_PORT, UINT16_MAX);
	if (l->client.family != 0)
		l->client_port = (uint16_t)fold_num(f, EF_SRC_PORT, UINT16_MAX);
	l->start_ms = fold_num(f, EF_START, LIMIT_NUMBER_MAX);
	l->start_boot_ms = fold_num_if_any(f, EF_UPTIME);
}

bool
fold_leg_ok(const struct fold_leg *l)
{
	return id_ok(l->sid, 's') && id_ok(l->grant, 'g') &&
	       str_name_ok(l->user) && str_name_ok(l->target_name) &&
	       str_name_ok(l->login) && l->conn != 0 && l->port != 0 &&
	       l->sport != 0 && l->target.family != 0 &&
	       l->gateway.family == l->target.family;
}
