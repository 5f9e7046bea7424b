/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootask - the other end of rootsock.c: one question of one of root's commands
 * to the gateway that runs.
 */
#ifndef SUPERVISOR_ROOTASK_H
#define SUPERVISOR_ROOTASK_H

#include "base/attr.h"
#include "core/conf.h"
#include "wire/ipc.h"
#include "wire/messages.h"

/* Sends type with body and waits for a message of the type in, whose body goes
 * to *ret: it is to be given to ipc_room_free(), also after a failure. What
 * went wrong is said. Any other answer is GW_EPROTO. */
MUST_CHECK int rootask(const struct conf *conf, enum msg_type type,
    const void *body, enum msg_type in, void **ret);

#endif
