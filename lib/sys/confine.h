/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confine - which process may make which system calls, and with which
 * arguments: one table. doc/SANDBOX has it for people; a test compares that
 * with the filters that the kernel holds.
 */
#ifndef SYS_CONFINE_H
#define SYS_CONFINE_H

#include "base/attr.h"
#include "core/proc.h"

/* Confines this process as p, irrevocably, with these folders readable and
 * writable (NULL-terminated lists, or NULL). GW_ESYS, GW_EUNSUPPORTED or
 * GW_EINVAL (no such process): the caller must then exit. The supervisor's
 * filter is inherited by all that it starts, the zygote's by its sessions. */
MUST_CHECK int confine_enter(
    enum proc p, const char *const *ro, const char *const *rw);

#endif
