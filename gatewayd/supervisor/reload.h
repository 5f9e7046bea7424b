/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload - the configuration is read again (SIGHUP). No session ends: processes
 * are told what is new, and those that cannot take it over while they run are
 * started again, as after a crash. A configuration with an error, or with a
 * change that needs a restart, is refused as a whole.
 */
#ifndef SUPERVISOR_RELOAD_H
#define SUPERVISOR_RELOAD_H

#include "supervisor/supervisor.h"

/* What became of it is a record and a line of the log. */
void reload_begin(struct supervisor *s);

#endif
