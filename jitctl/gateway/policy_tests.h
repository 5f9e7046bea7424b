/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_tests - the list "tests" of a policy file: who asks for what, when and
 * from where, and what the answer has to be.
 */
#ifndef JITCTL_GATEWAY_POLICY_TESTS_H
#define JITCTL_GATEWAY_POLICY_TESTS_H

#include "base/attr.h"
#include "sys/yaml.h"
#include "wire/json.h"

/* Adds a parsed file's tests to "tests" of policy, each with its "place"; times
 * are numbers there. As policy_add(). */
MUST_CHECK int policy_add_tests(json_t *policy, struct yaml *y);

#endif
