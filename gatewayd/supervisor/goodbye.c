/* SPDX-License-Identifier: Apache-2.0 */
/*
 * goodbye - see the header. The client's own first bytes lie in our receive
 * buffer unread: closing at once would be a reset, which can overtake what was
 * sent. So the descriptor stays a moment, in one of few places; of a flood the
 * oldest is closed sooner.
 */
#include "supervisor/goodbye.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "wire/sshplain.h"

enum { PLACES = 64, STAY_MS = 2000 };

struct goodbyes {
	struct timer *timer;
	struct {
		int fd; /* -1 = free */
		int64_t until_ms;
	} place[PLACES];
	size_t next; /* the oldest, if there is no free one */
};

static void
on_timer(struct process *p, void *arg)
{
	struct goodbyes *g = arg;
	const int64_t now = clock_now().boot_ms;
	bool any = false;

	(void)p;
	for (size_t i = 0; i < PLACES; i++) {
		if (g->place[i].fd < 0)
			continue;
		if (now < g->place[i].until_ms) {
			any = true;
			continue;
		}
		(void)close(g->place[i].fd);
		g->place[i].fd = -1;
	}
	if (any)
		timer_set(g->timer, STAY_MS / 4);
}

int
goodbye_new(struct goodbyes **ret, struct process *p)
{
	struct goodbyes *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return GW_ENOMEM;
	for (size_t i = 0; i < PLACES; i++)
		g->place[i].fd = -1;
	if ((g->timer = timer_new(p, on_timer, g)) == NULL) {
		free(g);
		return GW_ENOMEM;
	}
	*ret = g;
	return 0;
}

static void
keep(struct goodbyes *g, int fd)
{
	const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own < 0)
		return;
	if (g->place[g->next].fd >= 0)
		(void)close(g->place[g->next].fd);
	g->place[g->next].fd = own;
	g->place[g->next].until_ms = clock_now().boot_ms + STAY_MS;
	g->next = (g->next + 1) % PLACES;
	timer_set(g->timer, STAY_MS);
}

void
goodbye_say(struct goodbyes *g, int fd, const char *text)
{
	char line[LIMIT_TEXT_SIZE];
	struct buf b;

	buf_init(&b, 2 * LIMIT_TEXT_SIZE);
	if (str_fmt(line, sizeof(line), "sallyport: %s", text) == 0 &&
	    !FAULT(mute_door)) {
		sshplain_version(&b);
		sshplain_disconnect(&b, SSHPLAIN_TOO_MANY, line);
	}
	if (buf_err(&b) == 0 && b.len > 0 &&
	    send(fd, b.p, b.len, MSG_NOSIGNAL | MSG_DONTWAIT) ==
		(ssize_t)b.len &&
	    shutdown(fd, SHUT_WR) == 0)
		keep(g, fd);
	buf_done(&b);
}
