/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence - a recorder's records, each of which reaches the log: what a notary
 * that was killed had not answered goes to the next one. It may come twice
 * then; the notary writes the first of two ends.
 */
#ifndef RECORDER_EVIDENCE_H
#define RECORDER_EVIDENCE_H

#include "base/attr.h"
#include "process/process.h"

/* f is not consumed. The errors of process_append. */
MUST_CHECK int evidence_put(
    struct process *r, enum event_code ev, const struct event_fields *f);

#endif
