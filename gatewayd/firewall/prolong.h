/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prolong - an open grant whose end moves. What the kernel says then is on
 * record before it is confirmed: that record is what makes the new end the one
 * of the log. If it cannot be written the old end comes back.
 */
#ifndef FIREWALL_PROLONG_H
#define FIREWALL_PROLONG_H

#include "firewall/fw.h"
#include "process/process.h"

struct prolong {
	struct process *process;
	struct fw *fw;
	unsigned broker; /* which one we talk to: one more with each */
};

/* The kernel has l, which m asked for, in place of was: answers m, later. */
void prolong_confirm(struct prolong *p, const struct msg_fw_open *m,
    const struct element_list *l, const struct element_list *was);

#endif
