/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allow - root's way in while no gateway runs: one opening in the table that
 * sallyport-closed or a gateway left behind.
 */
#ifndef FIREWALL_ALLOW_H
#define FIREWALL_ALLOW_H

/* The arguments behind "allow"; an exit status. folder: where the record goes.
 */
int allow_main(int argc, char **argv, const char *folder);

#endif
