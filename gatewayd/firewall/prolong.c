/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prolong - see the header.
 */
#include "firewall/prolong.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "firewall/report.h"

struct moved {
	struct prolong *p;
	unsigned broker;
	uint32_t rid;
	char id[LIMIT_ID_SIZE];
	struct element_list was;
};

static void
answer(const struct moved *x, int result)
{
	struct msg_fw_opened reply = {
	    .rid = x->rid, .result = msg_result(result)};

	if (x->broker == x->p->broker)
		(void)!peer_send(process_peer(x->p->process, PROC_BROKER),
		    MSG_FW_OPENED, &reply, -1);
}

/* What it had; shut, if that is over by now or the kernel does not take it. */
static void
put_back(const struct moved *x)
{
	const struct now now = clock_now();
	struct element_list longer;
	int e = fw_move_ends(x->p->fw, &x->was, x->id, x->id, &now, &longer);

	if (e == 0 || e == GW_ENOENT || FAULT(prolong_keep))
		return;
	log_err("%s cannot have its old end again: it is shut", x->id);
	if (fw_close_grant(x->p->fw, x->id, &now, NULL) != 0)
		log_err("%s cannot be shut: it is tried again", x->id);
}

static void
recorded(void *arg, int result, uint64_t seq)
{
	struct moved *x = arg;

	(void)seq;
	if (result != 0) {
		log_err("the new end of %s is not on record: it ends when it "
			"was to end before",
		    x->id);
		put_back(x);
	}
	answer(x, result);
	free(x);
}

void
prolong_confirm(struct prolong *p, const struct msg_fw_open *m,
    const struct element_list *l, const struct element_list *was)
{
	struct moved one = {
	    .p = p, .broker = p->broker, .rid = m->rid, .was = *was};
	struct moved *x = calloc(1, sizeof(*x));

	memcpy(one.id, m->id, sizeof(one.id));
	if (x == NULL) {
		put_back(&one);
		answer(&one, GW_ENOMEM);
		return;
	}
	*x = one;
	if (FAULT(prolong_early))
		answer(x, 0);
	if (report_moved(p->process, m, l, recorded, x) != 0)
		recorded(x, GW_ECLOSED, 0);
}
