/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pulse - the clock of the heartbeat: whose turn it is, and the end of a
 * process that hangs. child.c starts it again as any other that ended.
 */
#ifndef SUPERVISOR_PULSE_H
#define SUPERVISOR_PULSE_H

#include "supervisor/supervisor.h"

/* From here on all are asked. GW_ENOMEM. */
MUST_CHECK int pulse_start(struct supervisor *s);

#endif
