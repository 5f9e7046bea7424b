/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_power - the roles of whoever makes a change, before it and after, and the
 * targets that these give them.
 */
#ifndef BROKER_ADMIN_OWN_POWER_H
#define BROKER_ADMIN_OWN_POWER_H

#include "broker/call/call.h"
#include "core/own.h"

/* As store and roles are now, in a transaction too; root has none. To be given
 * to own_done(). */
MUST_CHECK int own_power_read(struct call *c, struct own *ret);
/* What they get by a target that is to be so, before it is (core/own.h). */
MUST_CHECK int own_power_target(struct buf *ret, struct call *c,
    const struct own *roles, const struct target *t);

#endif
