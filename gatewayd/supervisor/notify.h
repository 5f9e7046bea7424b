/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify - sd_notify(3)'s protocol, without libsystemd.
 */
#ifndef SUPERVISOR_NOTIFY_H
#define SUPERVISOR_NOTIFY_H

/* "READY=1", "STATUS=..." lines; silent when nobody asked for them. */
void notify_send(const char *text);

#endif
