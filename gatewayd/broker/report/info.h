/* SPDX-License-Identifier: Apache-2.0 */
/*
 * info - verbs that only inform: server, readyz, whoami.
 */
#ifndef BROKER_REPORT_INFO_H
#define BROKER_REPORT_INFO_H

#include "broker/call/call.h"

void verb_server(struct call *c);
void verb_readyz(struct call *c);
void verb_whoami(struct call *c);

#endif
