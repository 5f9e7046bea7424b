/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - reads the kernel's clocks. Does not compare, convert or remember
 * time; the one thing kept is the boot id, which cannot change under us.
 */
#include "base/clock.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"

static struct timespec
clock_read(clockid_t id)
{
	struct timespec ts = {0};

	/* Fails only for a clock the kernel does not have: a bug, and every
	 * deadline would be wrong. */
	if (clock_gettime(id, &ts) != 0)
		abort();
	return ts;
}

#if FAULT_BUILD
/* No lab can set its host's clock. Builds for tests, asked for by the word
 * clock_moved, add so many ms to it as stand in a file; it is mapped by
 * the first look, which comes before the sandbox, so that it can be changed
 * later. */
static int64_t
moved_ms(void)
{
	static const volatile int64_t *map;
	int fd = -1;

	if (!fault_on("clock_moved"))
		return 0;
	if (map == NULL &&
	    (fd = open("/run/sallyport-clock", O_RDONLY | O_CLOEXEC)) >= 0) {
		void *p =
		    mmap(NULL, sizeof(*map), PROT_READ, MAP_SHARED, fd, 0);

		map = p == MAP_FAILED ? NULL : p;
		(void)close(fd);
	}
	return map == NULL ? 0 : *map;
}
#else
static int64_t
moved_ms(void)
{
	return 0;
}
#endif

struct now
clock_now(void)
{
	const struct timespec utc = clock_read(CLOCK_REALTIME);
	const struct timespec boot = clock_read(CLOCK_BOOTTIME);

	return (struct now){
	    .utc_ms =
		(int64_t)utc.tv_sec * 1000 + utc.tv_nsec / 1000000 + moved_ms(),
	    .boot_ms = (int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000,
	};
}

int64_t
clock_mono_us(void)
{
	const struct timespec ts = clock_read(CLOCK_MONOTONIC);

	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

const char *
clock_boot_id(void)
{
	static char id[CLOCK_BOOT_ID_SIZE];
	static bool tried;
	char text[CLOCK_BOOT_ID_SIZE] = "";
	ssize_t n = 0;
	int fd = -1;

	if (tried)
		return id;
	tried = true;
	fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return id;
	n = read(fd, text, sizeof(text));
	(void)close(fd);
	/* 36 characters and a line feed; anything else is not believed. */
	if (n == CLOCK_BOOT_ID_SIZE && text[CLOCK_BOOT_ID_SIZE - 1] == '\n') {
		text[CLOCK_BOOT_ID_SIZE - 1] = '\0';
		memcpy(id, text, sizeof(id));
	}
	return id;
}
