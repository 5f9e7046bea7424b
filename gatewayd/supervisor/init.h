/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init - `gatewayd init`: users, folders, keys, configuration, and one
 * invitation for the first administrator.
 */
#ifndef INIT_H
#define INIT_H

/* argv[0] is "init"; returns an exit status. */
int init_main(int argc, char **argv);

#endif
