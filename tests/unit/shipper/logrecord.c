/* SPDX-License-Identifier: Apache-2.0 */
/*
 * logrecord - see the header.
 */
#include "tests/unit/shipper/logrecord.h"

#include <stdio.h>

#include "audit/record.h"
#include "base/limits.h"
#include "tests/unit/support/test.h"

void
make_record(struct buf *out, uint64_t seq, enum event_code event,
    const struct event_fields *f)
{
	struct record r = {.seq = seq,
	    .time_ms = 1795000000123,
	    .event = event,
	    .origin = PROC_NOTARY};
	struct buf j;

	(void)snprintf(
	    r.id, sizeof(r.id), "019a0000-0000-7000-8000-%012x", (unsigned)seq);
	(void)snprintf(r.node, sizeof(r.node), "gw.test");
	(void)snprintf(
	    r.boot, sizeof(r.boot), "11111111-2222-4333-8444-555555555555");
	buf_init(&j, LIMIT_RECORD_MAX);
	if (f != NULL)
		assert_int_equal(event_fields_json(&j, f->b.p, f->b.len), 0);
	assert_int_equal(record_format(out, &r, j.p, j.len), 0);
	buf_done(&j);
}
