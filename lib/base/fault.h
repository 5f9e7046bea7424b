/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault - negative controls. In a build made with --enable-faults, FAULT(x) is
 * true when the environment variable SALLYPORT_FAULTS lists x at the start of
 * the supervisor (it hands the list down); in any other build it is the
 * constant false and the code it guards is gone. Each security test is run
 * once with its check switched off this way, and must then fail. Fault builds
 * say so in --version and in the gateway.start record.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

#ifdef SALLYPORT_FAULTS
bool fault_on(const char *name);
#define FAULT(name) fault_on(#name)
#define FAULT_BUILD 1
#else
#define FAULT(name) false
#define FAULT_BUILD 0
#endif

#endif
