/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learn - what a gateway says of itself, asked under the key that c->prof.tls
 * names: of an invitation, or told by who runs it.
 */
#ifndef JITCTL_GATEWAY_LEARN_H
#define JITCTL_GATEWAY_LEARN_H

#include "base/attr.h"
#include "jitctl/jitctl.h"

/* Its name, SSH port and keys go into c->prof: another key later is told.
 * EXIT_OK, or an exit code after what went wrong was said. */
MUST_CHECK int learn_server(struct ctx *c);

#endif
