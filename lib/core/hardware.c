/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hardware - see the header.
 */
#include "core/hardware.h"

#include <string.h>

static const char *const words[] = {"none", "presence", "verified"};

const char *
hardware_str(unsigned h)
{
	return words[h < HARDWARE_COUNT ? h : HARDWARE_VERIFIED];
}

unsigned
hardware_of(const char *word)
{
	unsigned h = 0;

	while (h < HARDWARE_COUNT && strcmp(words[h], word) != 0)
		h++;
	return h;
}
