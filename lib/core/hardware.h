/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hardware - what a signature says of the key that made it: of a type that only
 * security keys have, touched, and by whom they belong to. Pure.
 */
#ifndef CORE_HARDWARE_H
#define CORE_HARDWARE_H

enum hardware {
	HARDWARE_NONE = 0,
	HARDWARE_PRESENCE, /* somebody touched it */
	HARDWARE_VERIFIED, /* and proved to it who they are */
	HARDWARE_COUNT
};

/* "none", "presence", "verified". */
const char *hardware_str(unsigned h);
/* HARDWARE_COUNT: it is none of these. */
unsigned hardware_of(const char *word);

#endif
