/* SPDX-License-Identifier: Apache-2.0 */
/*
 * others - what the tables of others do with our own ports: looked at when they
 * have changed, logged, and told to the broker, whose doctor says it.
 */
#ifndef FIREWALL_OTHERS_H
#define FIREWALL_OTHERS_H

#include "core/conf.h"
#include "firewall/fw.h"
#include "process/process.h"

struct others {
	struct foreign last;
};

/* Looks, if anything has changed, and tells what is new. */
void others_look(struct others *o, struct process *r, struct fw *fw,
    const struct conf *conf);
/* What is known, to a broker that has just come; NULL = none. */
void others_tell(const struct others *o, struct peer *broker);

#endif
