/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - the only place that reads time. Everything below programs takes
 * "now" as a parameter.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_BOOT_ID_SIZE = 37 }; /* UUID text and NUL */

struct now {
	int64_t utc_ms;  /* CLOCK_REALTIME */
	int64_t boot_ms; /* CLOCK_BOOTTIME: counts suspend, never steps */
};

struct now clock_now(void);
int64_t clock_mono_us(void); /* CLOCK_MONOTONIC, for measuring */
/* /proc/sys/kernel/random/boot_id, read once and kept; never NULL; "" when it
 * cannot be read, which equals no other boot's id. */
const char *clock_boot_id(void);

#endif
