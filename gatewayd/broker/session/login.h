/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login - who is at the door.
 */
#ifndef BROKER_SESSION_LOGIN_H
#define BROKER_SESSION_LOGIN_H

#include "broker/session/session.h"

/* Handler of MSG_SES_AUTH. */
int on_ses_auth(struct process *r, struct peer *p, const struct ipc_msg *msg);

#endif
