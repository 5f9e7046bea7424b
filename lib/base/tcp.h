/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp - options of a TCP socket that carries an SSH connection.
 */
#ifndef BASE_TCP_H
#define BASE_TCP_H

/* Small packets leave at once, and the kernel asks a silent peer's every
 * LIMIT_ALIVE_ASK_S whether it is there: the session judges by what its answers
 * say (session/alive.h), and sets none of these itself. */
void tcp_prepare(int fd);

#endif
