/* SPDX-License-Identifier: Apache-2.0 */
/*
 * said - see the header.
 */
#include "supervisor/said.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

enum {
	LINE_SIZE = 4096,   /* internal: as lib/base/log.c makes them */
	DRAIN_READS = 1024, /* internal: of someone who writes on and on */
};

struct said {
	struct said *next;
	struct supervisor *s;
	const char *name;
	char *first;
	int fd;
	struct watch *watch;
	size_t n; /* of a line that is not whole */
	char line[LINE_SIZE];
};

static void
said_free(struct said *x)
{
	for (struct said **xp = &x->s->said; *xp != NULL; xp = &(*xp)->next)
		if (*xp == x) {
			*xp = x->next;
			break;
		}
	watch_free(x->watch);
	(void)close(x->fd);
	free(x);
}

/* Its words, without what log_init() put before them. */
static void
keep_first(const struct said *x, const char *line, size_t n)
{
	char head[64];
	int own = snprintf(head, sizeof(head), "<%d>%s: ", LOG_LV_ERR, x->name);

	if (x->first == NULL || x->first[0] != '\0' || own < 0 ||
	    n <= (size_t)own || memcmp(line, head, (size_t)own) != 0)
		return;
	str_escape(x->first, LIMIT_TEXT_SIZE, line + own, n - (size_t)own);
}

static void
pass_lines(struct said *x)
{
	const char *end;
	size_t done = 0;

	while ((end = memchr(x->line + done, '\n', x->n - done)) != NULL) {
		keep_first(x, x->line + done, (size_t)(end - x->line) - done);
		log_pass(
		    x->name, x->line + done, (size_t)(end - x->line) - done);
		done = (size_t)(end - x->line) + 1;
	}
	if (done == 0 && x->n == sizeof(x->line)) {
		log_pass(x->name, x->line, x->n);
		done = x->n;
	}
	memmove(x->line, x->line + done, x->n - done);
	x->n -= done;
}

/* False: there is no more, now or ever. At the end x is freed. */
static bool
take(struct said *x)
{
	const ssize_t n = read(x->fd, x->line + x->n, sizeof(x->line) - x->n);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		if (x->n > 0)
			log_pass(x->name, x->line, x->n);
		said_free(x);
		return false;
	}
	x->n += (size_t)n;
	pass_lines(x);
	return true;
}

static void
on_said(struct process *r, int fd, unsigned what, void *arg)
{
	(void)r;
	(void)fd;
	(void)what;
	(void)take(arg);
}

void
said_drain(struct supervisor *s)
{
	for (struct said *x = s->said, *next = NULL; x != NULL; x = next) {
		next = x->next;
		for (int i = 0; i < DRAIN_READS && take(x); i++)
			;
	}
}

int
said_open(struct supervisor *s, const char *name, char *first, int *ret)
{
	struct said *x = calloc(1, sizeof(*x));
	int fd[2];

	if (x == NULL)
		return GW_ENOMEM;
	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) != 0) {
		free(x);
		return GW_ESYS;
	}
	x->s = s;
	x->name = name;
	if ((x->first = first) != NULL)
		first[0] = '\0';
	x->fd = fd[0];
	if ((x->watch = watch_new(s->process, x->fd, on_said, x)) == NULL) {
		(void)close(fd[0]);
		(void)close(fd[1]);
		free(x);
		return GW_ENOMEM;
	}
	watch_set(x->watch, WATCH_READ);
	x->next = s->said;
	s->said = x;
	*ret = fd[1];
	return 0;
}
