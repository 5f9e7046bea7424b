/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init - `gatewayd init`: users, folders, keys, configuration, and one
 * invitation for the first administrator.
 */
#ifndef SUPERVISOR_INIT_H
#define SUPERVISOR_INIT_H

/* argv[0] is "init"; returns an exit status. */
int init_main(int argc, char **argv);

#endif
