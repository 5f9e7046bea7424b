/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim - libssh reads 4096 bytes per poll+recv and dies of EAGAIN. This
 * program defines recv, send and poll itself, and libssh.so, which imports
 * them as ordinary symbols, uses these: descriptors added here read from a
 * large buffer filled by one non-blocking call, write through one that never
 * says EAGAIN, and poll without entering the kernel. All other descriptors
 * fall through to the kernel.
 *
 * The table of managed descriptors is the process's own, as descriptors are.
 */
#ifndef SESSION_SHIM_H
#define SESSION_SHIM_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

enum {
	SHIM_RX_SIZE = 256 * 1024,
	SHIM_FIRST = 256,
	SHIM_TX_BUSY = 768 * 1024, /* the relay writes no more above this */
};

MUST_CHECK int shim_add(int fd);
void shim_del(int fd); /* does not close it; safe for unknown ones */
/* One recv into the buffer: 0 something came, GW_EAGAIN nothing or no space,
 * GW_ECLOSED at the end of the stream (shim_eof stays true). */
MUST_CHECK int shim_fill(int fd);
/* Sends what waits: 0 all gone, GW_EAGAIN some left, GW_ECLOSED. */
MUST_CHECK int shim_flush(int fd);
size_t shim_rx(int fd); /* bytes libssh has not read yet */
size_t shim_tx(int fd); /* bytes the kernel has not accepted yet */
/* While on, what is sent is kept back, and is sent by the flush after it. */
void shim_cork(int fd, bool on); /* safe for unknown ones */
bool shim_waits(int fd); /* some of it is kept back by the kernel alone */
bool shim_eof(int fd);
/* Copies the first bytes that ever came; how many, at most SHIM_FIRST. */
size_t shim_first(int fd, char ret[static SHIM_FIRST]);

/* The kernel's own poll, also for managed descriptors. */
int shim_wait(struct pollfd *p, nfds_t n, int timeout_ms);

#endif
