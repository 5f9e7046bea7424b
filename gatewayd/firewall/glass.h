/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glass - puts on record what root opened while no gateway ran (allowed.h):
 * once, before what nobody asserts is taken out of the kernel.
 */
#ifndef FIREWALL_GLASS_H
#define FIREWALL_GLASS_H

#include <stdbool.h>

#include "base/limits.h"
#include "firewall/fw.h"
#include "process/process.h"

struct glass {
	bool looked;
	bool failed;      /* a record was lost: the file stays for next time */
	unsigned waiting; /* for records to be durable */
	char path[LIMIT_PATH_SIZE + sizeof(ALLOWED_FILE) + 1];
};

/* Does nothing the second time. */
void glass_look(
    struct glass *g, struct process *r, struct fw *fw, const char *folder);

#endif
