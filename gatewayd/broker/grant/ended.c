/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ended - see the header.
 */
#include "broker/grant/ended.h"

#include "broker/call/put.h"

enum { TOLD = 20 }; /* one by one */

void
ended_begin(struct ended *e)
{
	*e = (struct ended){.list = json_array()};
}

void
ended_grant(struct ended *e, const struct grant *g, unsigned sessions)
{
	json_t *o = NULL;

	if (g->reach == REACH_PROBE)
		return; /* the gateway's own look at a target */
	e->grants++;
	e->sessions += sessions;
	if (json_array_size(e->list) >= TOLD)
		return;
	o = json_object();
	put_str(o, "grant", g->id);
	put_str(o, "user", g->user);
	put_str(o, "target", g->target);
	put_num(o, "sessions", sessions);
	(void)json_array_append_new(e->list, o);
}

json_t *
ended_done(struct ended *e)
{
	json_t *o = json_object();

	put_num(o, "grants", e->grants);
	put_num(o, "sessions", e->sessions);
	(void)json_object_set_new(o, "list", e->list);
	*e = (struct ended){0};
	return o;
}
