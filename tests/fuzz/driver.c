/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver - a fuzz target without libFuzzer, for make check: replays the
 * target's corpus, then mutations of it from a fixed seed, so that every run
 * of every machine is the same. With arguments: runs those files once.
 *
 * An input that ends the process by a signal is written to fuzz-TARGET.crash in
 * the working directory first; put it into the corpus with the fix.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/support/rnd.h"

/* Fewer only for a target that would take seconds; it says why. */
#ifndef FUZZ_RUNS
#define FUZZ_RUNS 20000
#endif

enum { RUNS = FUZZ_RUNS, FILES = 512, SIZE = 16 * 1024 };

struct input {
	uint8_t *p;
	size_t n;
};

/* The signal handler's: what is being run. */
static const uint8_t *volatile now_p;
static volatile size_t now_n;

static void
on_crash(int sig)
{
	int fd = open("fuzz-" FUZZ_TARGET ".crash",
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	static const char text[] =
	    "the input is in fuzz-" FUZZ_TARGET ".crash\n";

	if (fd >= 0 && write(fd, now_p, now_n) == (ssize_t)now_n)
		(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

/* On an allocation of exactly n bytes, so that a read past it is seen. */
static void
run(const uint8_t *p, size_t n)
{
	uint8_t *alone = malloc(n > 0 ? n : 1);

	must(alone != NULL);
	if (n > 0)
		memcpy(alone, p, n);
	now_p = alone;
	now_n = n;
	must(LLVMFuzzerTestOneInput(alone, n) == 0);
	now_n = 0;
	free(alone);
}

static int
load(struct input *ret, const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	ret->n = 0;
	if (snprintf(path, sizeof(path), "%s%s%s", dir, dir[0] ? "/" : "",
		name) >= (int)sizeof(path))
		return -1;
	if ((f = fopen(path, "re")) == NULL) {
		perror(path);
		return -1;
	}
	ret->p = malloc(SIZE);
	must(ret->p != NULL);
	ret->n = fread(ret->p, 1, SIZE, f);
	(void)fclose(f);
	return 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static size_t
load_all(struct input *ret, const char *dir)
{
	struct dirent **names = NULL;
	int found = scandir(dir, &names, NULL, by_name);
	size_t n = 0;

	if (found < 0)
		perror(dir);
	for (int i = 0; i < found; i++) {
		if (names[i]->d_name[0] != '.' && n < FILES &&
		    load(&ret[n], dir, names[i]->d_name) == 0)
			n++;
		free(names[i]);
	}
	free(names);
	return n;
}

/* One change in place or of the length; never past SIZE. */
static size_t
mutate(struct rnd *r, uint8_t *p, size_t n, const struct input *other)
{
	static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, '"', '\\', '\n'};
	size_t at = n > 0 ? rnd_below(r, n) : 0;
	size_t len = 1 + rnd_below(r, 8);

	switch (n > 0 ? rnd_below(r, 7) : 6) {
	case 0:
		p[at] ^= (uint8_t)(1U << rnd_below(r, 8));
		return n;
	case 1:
		p[at] = odd[rnd_below(r, sizeof(odd))];
		return n;
	case 2:
		p[at] = (uint8_t)(p[at] + 1 + rnd_below(r, 4));
		return n;
	case 3: /* cut */
		return at;
	case 4: /* take some out */
		len = len < n - at ? len : n - at;
		memmove(p + at, p + at + len, n - at - len);
		return n - len;
	case 5: /* repeat some */
		len = len < n - at ? len : n - at;
		if (n + len > SIZE)
			return n;
		memmove(p + at + len, p + at, n - at);
		return n + len;
	default: /* the rest of another one */
		if (other->n == 0)
			return n;
		len = rnd_below(r, other->n);
		if (at + other->n - len > SIZE)
			return n;
		memcpy(p + at, other->p + len, other->n - len);
		return at + other->n - len;
	}
}

static int
replay(const char *dir)
{
	static struct input in[FILES];
	static uint8_t work[SIZE];
	struct rnd r = {.s = 20261122};
	size_t n = load_all(in, dir);

	if (n == 0) {
		fprintf(stderr, "no corpus in %s\n", dir);
		return 1;
	}
	for (size_t i = 0; i < n; i++)
		run(in[i].p, in[i].n);
	for (int i = 0; i < RUNS; i++) {
		const struct input *from = &in[rnd_below(&r, n)];
		size_t size = from->n;

		memcpy(work, from->p, size);
		for (size_t k = 1 + rnd_below(&r, 4); k > 0; k--)
			size = mutate(&r, work, size, &in[rnd_below(&r, n)]);
		run(work, size);
	}
	for (size_t i = 0; i < n; i++)
		free(in[i].p);
	printf("%s: %zu inputs, %d mutations\n", FUZZ_TARGET, n, RUNS);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *src = getenv("top_srcdir");
	char dir[4096];

	(void)signal(SIGABRT, on_crash);
	(void)signal(SIGSEGV, on_crash);
	if (argc > 1) {
		for (int i = 1; i < argc; i++) {
			struct input in;

			if (load(&in, "", argv[i]) != 0)
				return 1;
			run(in.p, in.n);
			free(in.p);
		}
		return 0;
	}
	if (snprintf(dir, sizeof(dir), "%s/tests/fuzz/corpus/" FUZZ_TARGET,
		src != NULL ? src : ".") >= (int)sizeof(dir))
		return 1;
	return replay(dir);
}
