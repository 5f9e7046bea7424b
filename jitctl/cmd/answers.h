/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers - who answers at an address, as the gateway sees it: the target whose
 * host keys are known, or somebody else? And where else does the target answer?
 */
#ifndef JITCTL_CMD_ANSWERS_H
#define JITCTL_CMD_ANSWERS_H

#include <stdint.h>

#include "base/attr.h"
#include "jitctl/jitctl.h"
#include "wire/json.h"

enum answers {
	ANSWERS_UNKNOWN = 0, /* the gateway could not be asked */
	ANSWERS_NOT,
	ANSWERS_SAME, /* with one of the keys */
	ANSWERS_OTHER_KEYS,
	ANSWERS_NO_SSH,
};

enum answers answers_at(
    struct ctx *c, const char *address, uint64_t port, const json_t *keys);

/*
 * Looks for addresses that the target has and nobody named: those of its name,
 * and of the names that its addresses have; they are its own where they show
 * one of its keys. Each is asked for, and added to the list after a yes; what
 * cannot be, or without a terminal or with --yes, is told: what is shut stays
 * so. EXIT_OK, or as prompt_yes() after Ctrl-C.
 */
MUST_CHECK int answers_beside(struct ctx *c, const char *name,
    json_t *addresses, uint64_t port, const json_t *keys);

#endif
