/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests - what a policy has to answer, tried here by the code that the gateway
 * judges requests by.
 */
#ifndef JITCTL_CMD_TESTS_H
#define JITCTL_CMD_TESTS_H

#include "base/attr.h"
#include "jitctl/jitctl.h"

/* Tries "tests" of file on the policy; what is otherwise than expected is a
 * list on f, with why. EXIT_FAILED if something is, or cannot be tried. lacks:
 * tell as well which roles nobody could approve. */
MUST_CHECK int tests_try(
    struct ctx *c, const json_t *policy, const json_t *tests, bool lacks);

#endif
