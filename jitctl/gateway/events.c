/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events - see the header.
 */
#include "jitctl/gateway/events.h"

#include <string.h>

#include "base/ids.h"
#include "base/limits.h"
#include "base/str.h"

static void
tell(struct events *e, const char *data)
{
	json_t *o = json_loads(data, JSON_REJECT_DUPLICATES, NULL);
	const char *id = json_string_value(json_object_get(o, "request"));

	if (id != NULL && id_ok(id, 'r'))
		(void)json_object_set_new(e->told, id, json_true());
	json_decref(o);
}

/* "id: 7", "event: request"; an empty line ends the event. */
static bool
line_end(struct events *e)
{
	static const char id[] = "id: ", event[] = "event: ", data[] = "data: ";
	const bool fits = e->n < sizeof(e->line);
	bool whole = false;

	e->line[fits ? e->n : 0] = '\0';
	if (e->n == 0) {
		whole = e->named;
		if (whole && e->id != 0)
			e->last = e->id;
		e->named = false;
		e->id = 0;
	} else if (strncmp(e->line, id, sizeof(id) - 1) == 0) {
		if (str_u64(e->line + sizeof(id) - 1, 1, LIMIT_NUMBER_MAX,
			&e->id) != 0)
			e->id = 0;
	} else if (strncmp(e->line, event, sizeof(event) - 1) == 0) {
		e->named = true;
	} else if (e->told != NULL &&
		   strncmp(e->line, data, sizeof(data) - 1) == 0) {
		tell(e, e->line + sizeof(data) - 1);
	}
	e->n = 0;
	return whole;
}

bool
events_feed(struct events *e, const char *p, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n') {
			any = line_end(e) || any;
			continue;
		}
		if (e->n < sizeof(e->line) - 1)
			e->line[e->n++] = p[i];
		else
			e->n = sizeof(e->line);
	}
	return any;
}

void
events_again(struct events *e)
{
	*e = (struct events){.last = e->last, .told = e->told};
}
