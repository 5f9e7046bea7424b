/* SPDX-License-Identifier: Apache-2.0 */
/*
 * medium - see the header.
 */
#include "recorder/medium.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/disk.h"
#include "base/fault.h"
#include "base/log.h"

/* Another one is there now under its name. */
static bool
replaced(const struct medium *m)
{
	struct stat is, was;

	return stat(m->path, &is) == 0 && S_ISDIR(is.st_mode) &&
	       fstat(m->dir, &was) == 0 &&
	       (is.st_ino != was.st_ino || is.st_dev != was.st_dev);
}

static void
describe(const struct medium *m, int error, char ret[static LIMIT_TEXT_SIZE])
{
	(void)snprintf(ret, LIMIT_TEXT_SIZE,
	    "nothing can be written in %.200s: %s; recorded sessions end, and "
	    "none begins, until its disk is mended",
	    m->path, strerror(error));
}

/* Each cause once. */
static void
tell(struct medium *m, int error)
{
	char text[LIMIT_TEXT_SIZE];
	struct event_fields f;

	if (m->told == error)
		return;
	m->told = error;
	describe(m, error, text);
	log_err("%s", text);
	event_fields_init(&f);
	event_str(&f, EF_PROCESS, proc_name(PROC_RECORDER));
	event_str(&f, EF_MSG, text);
	if (process_append(m->process, EV_PROCESS_FAILED, &f, NULL, NULL) != 0)
		log_warn("that could not be recorded");
	event_fields_done(&f);
}

bool
medium_failed(struct medium *m, int error)
{
	if (m->leaving)
		return true;
	if (!disk_is_dead(error) || FAULT(dead_recordings))
		return false;
	tell(m, error);
	m->leaving = m->wrote || replaced(m);
	if (m->leaving) {
		log_warn("starting anew, to open it again");
		process_exit(m->process, 1);
	}
	return m->leaving;
}

/* 0 also where there is no room. */
static int
attempt(struct medium *m)
{
	const int e = disk_try(m->dir);

	if (disk_is_full(e))
		return 0;
	if (e == 0) {
		m->wrote = true;
		if (m->told != 0)
			log_info("%s can be written again", m->path);
		m->told = 0;
	}
	return e;
}

void
medium_init(struct medium *m, struct process *r, const char *path, int dir)
{
	int e;

	*m = (struct medium){.process = r, .path = path, .dir = dir};
	if ((e = attempt(m)) != 0)
		tell(m, e);
}

void
medium_look(struct medium *m, char ret[static LIMIT_TEXT_SIZE])
{
	const int e = FAULT(recordings_unlooked) ? 0 : attempt(m);

	ret[0] = '\0';
	if (e == 0)
		return;
	describe(m, e, ret);
	(void)medium_failed(m, e);
}
