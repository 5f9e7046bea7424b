/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table - all commands, the daily ones first. The only file that names every
 * command's function: who needs the commands is given them.
 */
#ifndef JITCTL_CMD_TABLE_H
#define JITCTL_CMD_TABLE_H

struct cmd;

/* Ends with a row whose name is NULL. */
const struct cmd *cmd_table(void);

#endif
