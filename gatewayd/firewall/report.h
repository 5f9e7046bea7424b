/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report - the firewall's records, sent to the notary. Never blocks and never
 * fails the caller: what cannot be queued is logged.
 */
#ifndef FIREWALL_REPORT_H
#define FIREWALL_REPORT_H

#include <stdint.h>

#include "base/attr.h"
#include "core/shutport.h"
#include "firewall/fw.h"
#include "process/process.h"

/* What became of FW_OPEN; result 0 or a GW code. */
void report_opened(struct process *r, const struct msg_fw_open *m,
    const struct element_list *l, int result);
/* A grant's end is another now: as above, and fn hears of it (process_append).
 */
MUST_CHECK int report_moved(struct process *r, const struct msg_fw_open *m,
    const struct element_list *l, process_durable_fn *fn, void *arg);
void report_flow(struct process *r, const struct fw_flow *f);
void report_event(struct process *r, enum fw_event ev, const char *text);
void report_synced(
    struct process *r, int result, uint32_t removed, uint32_t kept);
void report_protected(struct process *r, const struct shutport *p, int result);
void report_unprotected(
    struct process *r, const struct msg_fw_unprotect *m, int result);
/* What root opened while no gateway ran; left: it is open yet. fn hears of it
 * (process_append). */
MUST_CHECK int report_allowed(struct process *r, const struct allowed *a,
    bool left, process_durable_fn *fn, void *arg);
/* The same of a line that is none. */
MUST_CHECK int report_allowed_odd(struct process *r, const char *line, size_t n,
    process_durable_fn *fn, void *arg);
/* So many that were not shut before this process came into step. */
void report_protected_count(struct process *r, uint32_t n);

#endif
