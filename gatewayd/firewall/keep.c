/* SPDX-License-Identifier: Apache-2.0 */
#include "firewall/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "firewall/closed_state.h"

enum { SOON_MS = 20, AGAIN_MS = 1000, CHILD_FD = 3 };

struct keep {
	struct process *process;
	const char *path;
	const struct ruleset *rules;
	struct timer *timer;
	bool changed; /* not on disk, and no child is writing it */
	int told;     /* why it could not be written, as was said; 0 = it was */
	pid_t writer; /* 0 = none */
	int fd;       /* closed by its end */
	struct watch *watch;
};

/* 0, or why not, as a child can exit with it. */
static int
write_it(const struct keep *k)
{
	const int r = closed_state_write(k->path, k->rules);

	if (r == 0)
		return 0;
	return r == GW_ESYS && errno > 0 && errno <= 0xff ? errno : EINVAL;
}

static void
describe(const struct keep *k, char ret[static LIMIT_TEXT_SIZE])
{
	(void)snprintf(ret, LIMIT_TEXT_SIZE,
	    "cannot write %.256s: %s; after a reboot newly protected ports are "
	    "open until gatewayd runs",
	    k->path, strerror(k->told));
}

void
keep_tell(const struct keep *k, struct peer *broker)
{
	struct msg_disk m = {0};

	if (k->told != 0)
		describe(k, m.text);
	if (peer_send(broker, MSG_DISK, &m, -1) != 0)
		log_debug("no broker hears of %s yet", k->path);
}

/* It is tried each second: what is the same is said once. */
static void
tell(struct keep *k, int why)
{
	char text[LIMIT_TEXT_SIZE];
	const bool other = why != k->told;

	k->told = why;
	if (why != 0 && (other || FAULT(keep_repeats))) {
		describe(k, text);
		log_err("%s", text);
	} else if (other) {
		log_info("%s is written again", k->path);
	}
	if (other)
		keep_tell(k, process_peer(k->process, PROC_BROKER));
}

/* Blocks until it has ended. */
static void
reap(struct keep *k)
{
	int status = 0;

	if (k->writer == 0)
		return;
	while (waitpid(k->writer, &status, 0) < 0 && errno == EINTR)
		;
	k->writer = 0;
	watch_free(k->watch);
	k->watch = NULL;
	(void)close(k->fd);
	tell(k, WIFEXITED(status) ? WEXITSTATUS(status) : EINTR);
	if (status == 0)
		return;
	k->changed = true;
	timer_set(k->timer, AGAIN_MS);
}

static void
on_written(struct process *r, int fd, unsigned what, void *arg)
{
	struct keep *k = arg;

	(void)r;
	(void)fd;
	(void)what;
	reap(k);
	if (k->changed)
		timer_set(k->timer, AGAIN_MS);
}

/* In the child: it has our memory as it is now, and of our descriptors only the
 * one whose end says that it is done. If it kept the others, the table and the
 * links would live on with it when we are killed. */
static NORETURN void
write_and_exit(const struct keep *k, int fd)
{
	if (dup2(fd, CHILD_FD) < 0 ||
	    syscall(SYS_close_range, CHILD_FD + 1, ~0U, 0) != 0)
		_exit(EBADF);
	_exit(write_it(k));
}

static int
start_writer(struct keep *k)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK) != 0)
		return GW_ESYS;
	if ((k->watch = watch_new(k->process, fd[0], on_written, k)) == NULL ||
	    (k->writer = fork()) < 0) {
		watch_free(k->watch);
		k->watch = NULL;
		k->writer = 0;
		(void)close(fd[0]);
		(void)close(fd[1]);
		return GW_ESYS;
	}
	if (k->writer == 0)
		write_and_exit(k, fd[1]);
	(void)close(fd[1]);
	k->fd = fd[0];
	k->changed = false;
	watch_set(k->watch, WATCH_READ);
	return 0;
}

static void
on_soon(struct process *r, void *arg)
{
	struct keep *k = arg;

	(void)r;
	if (k->changed && k->writer == 0 && start_writer(k) != 0)
		keep_now(k);
}

int
keep_new(struct keep **ret, struct process *r, const char *path,
    const struct ruleset *rules)
{
	struct keep *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return GW_ENOMEM;
	k->process = r;
	k->path = path;
	k->rules = rules;
	if ((k->timer = timer_new(r, on_soon, k)) == NULL) {
		free(k);
		return GW_ENOMEM;
	}
	*ret = k;
	return 0;
}

void
keep_free(struct keep *k)
{
	if (k == NULL)
		return;
	reap(k); /* an older one must not come last */
	if (k->changed)
		tell(k, write_it(k));
	timer_free(k->timer);
	free(k);
}

void
keep_changed(struct keep *k)
{
	k->changed = true;
	if (k->writer == 0)
		timer_set(k->timer, SOON_MS);
}

void
keep_now(struct keep *k)
{
	int why = 0;

	reap(k);
	why = write_it(k);
	tell(k, why);
	k->changed = why != 0;
	if (k->changed)
		timer_set(k->timer, AGAIN_MS);
}
