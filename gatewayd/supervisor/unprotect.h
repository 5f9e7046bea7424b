/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unprotect - `gatewayd unprotect ADDRESS PORT`: asks why and whether, and has
 * the running gateway open a port that it keeps shut.
 */
#ifndef SUPERVISOR_UNPROTECT_H
#define SUPERVISOR_UNPROTECT_H

/* argv[0] is "unprotect"; returns an exit status. */
int unprotect_main(int argc, char **argv);

#endif
