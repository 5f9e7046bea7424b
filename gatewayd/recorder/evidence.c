/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence - see the header.
 */
#include "recorder/evidence.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"

struct record {
	struct process *process;
	enum event_code event;
	struct event_fields fields;
};

static void
record_free(struct record *k)
{
	event_fields_done(&k->fields);
	free(k);
}

static void
on_durable(void *arg, int result, uint64_t seq)
{
	struct record *k = arg;

	(void)seq;
	if (result == GW_ECLOSED)
		result = process_append(
		    k->process, k->event, &k->fields, NULL, NULL);
	/* GW_ENOENT: it is there already */
	if (result != 0 && result != GW_ENOENT)
		log_err("a record of a recording is lost: %s", err_str(result));
	record_free(k);
}

int
evidence_put(
    struct process *r, enum event_code ev, const struct event_fields *f)
{
	struct record *k = calloc(1, sizeof(*k));
	int e;

	if (k == NULL)
		return GW_ENOMEM;
	k->process = r;
	k->event = ev;
	event_fields_init(&k->fields);
	buf_put(&k->fields.b, f->b.p, f->b.len);
	if ((e = buf_err(&f->b)) == 0 && (e = buf_err(&k->fields.b)) == 0)
		e = process_append(r, ev, f, on_durable, k);
	if (e == 0)
		return 0;
	if (e == GW_ECLOSED) /* it waits for the notary */
		e = process_append(r, ev, f, NULL, NULL);
	record_free(k);
	return e;
}
