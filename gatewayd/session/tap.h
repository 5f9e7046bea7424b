/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap - who reads the bytes of a channel besides its two ends. Before bytes
 * pass on, the relay offers them to every tap of the channel, each byte once
 * and in order; a byte that a tap has not accepted does not pass. A tap can
 * hold a channel up, but never change what passes. Bytes that nobody will get
 * (the side they are for has closed the channel, or says that its output has
 * nowhere to go) are dropped and not offered.
 *
 * record.c is the first tap. Another one embeds a struct tap in what it keeps
 * per channel and adds it with chan_tap() before the bytes it wants.
 */
#ifndef SESSION_TAP_H
#define SESSION_TAP_H

#include <stddef.h>
#include <stdint.h>

struct chan;
struct tap;

/* Directions of a channel. */
enum flow {
	FLOW_IN = 0, /* user to target */
	FLOW_OUT,    /* target to user: standard output */
	FLOW_ERR,    /* target to user: standard error */
	FLOWS,
};

struct tap_ops {
	/* The next n > 0 bytes, borrowed. Returns how many it accepts, from the
	 * first on; the rest is offered again at a later turn. */
	size_t (*offer)(struct tap *t, struct chan *c, enum flow f,
	    const uint8_t *p, size_t n);
	/* The channel is over and nothing more is offered. Frees t. */
	void (*close)(struct tap *t, struct chan *c);
};

struct tap {
	struct tap *next;
	const struct tap_ops *ops;
	/* the relay's: accepted bytes that have not passed on yet */
	size_t accepted[FLOWS];
};

#endif
