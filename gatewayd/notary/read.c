/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read - NT_READ and NT_TAIL: the durable records, as the bytes they are.
 */
#include "base/err.h"
#include "notary/notary.h"

void
read_tail(struct notary *n)
{
	struct peer *shipper = process_peer(n->process, PROC_SHIPPER);
	struct msg_nt_tail m = {.end = ledger_next(n->ledger)};

	if (shipper != NULL)
		(void)!peer_send(shipper, MSG_NT_TAIL, &m, -1);
}

int
on_read(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_read *m = msg->body;
	struct notary *n = process_ctx(r);
	struct msg_nt_lines out = {.rid = m->rid,
	    .first = m->from,
	    .next = m->from,
	    .end = ledger_next(n->ledger)};
	size_t max = m->max < LIMIT_BODY_MAX ? m->max : LIMIT_BODY_MAX;
	struct buf lines;
	int e;

	buf_init(&lines, LIMIT_BODY_MAX);
	if (m->from < out.end) {
		e = ledger_read(n->ledger, m->from, max, &lines, &out.next);
		if (e == 0) {
			out.lines.p = lines.p;
			out.lines.len = (uint32_t)lines.len;
		} else {
			out.next = m->from; /* nothing: it may ask again */
		}
	}
	e = peer_send(p, MSG_NT_LINES, &out, -1);
	buf_done(&lines);
	return e;
}
