/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slowsync - preloaded by scripts/bench: every fdatasync and fsync takes 5 ms
 * longer, as on a disk that is honest and slow.
 */
#include <time.h>

#include <dlfcn.h>
#include <unistd.h>

int
fdatasync(int fd)
{
	static int (*real)(int);
	const struct timespec wait = {.tv_nsec = 5000000};

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
	(void)nanosleep(&wait, NULL);
	return real(fd);
}

int
fsync(int fd)
{
	static int (*real)(int);
	const struct timespec wait = {.tv_nsec = 5000000};

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "fsync");
	(void)nanosleep(&wait, NULL);
	return real(fd);
}
