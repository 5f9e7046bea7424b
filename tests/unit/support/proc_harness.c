/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc_harness - see the header. Uses fork and exec, so it is no library code.
 */
#include "tests/unit/support/proc_harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "core/event.h"
#include "tests/unit/support/trace.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

/* What does not come is waited for whole, which a control does at each run;
 * with sanitizers, beside other work, what comes takes longer than that. */
#ifdef SANITIZED
enum { WAIT_MS = 60000 };
#else
enum { WAIT_MS = 10000 };
#endif

static void __attribute__((noreturn, format(printf, 1, 2)))
fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1);
}

static void *
body_new(void)
{
	void *p = ipc_room();

	if (p == NULL)
		fail("out of memory");
	return p;
}

/* Beyond the numbers it gets in the child. */
static int
trace_file(void)
{
	int fd = memfd_create("trace", MFD_CLOEXEC);
	int high = fcntl(fd, F_DUPFD_CLOEXEC, TRACE_FD + 1);

	if (fd < 0 || high < 0)
		fail("no memory file");
	(void)close(fd);
	return high;
}

static void
child(const char *program, const char *arg, int fd, int trace)
{
	char path[512];
	const char *dir = getenv("top_builddir");

	(void)snprintf(
	    path, sizeof(path), "%s/%s", dir != NULL ? dir : ".", program);
	if (fd != 3 && dup2(fd, 3) < 0)
		_exit(126);
	if (fd == 3 && fcntl(3, F_SETFD, 0) != 0)
		_exit(126);
	if (strncmp(program, "tests/", 6) == 0 && dup2(trace, TRACE_FD) < 0)
		_exit(126);
	/* the leak check at the end of a sanitized build needs clone(2), which
	 * the sandbox under test does not allow */
	(void)setenv("ASAN_OPTIONS", "detect_leaks=0", 0);
	execl(path, program, arg, (char *)NULL);
	fprintf(stderr, "cannot start %s: %s\n", path, strerror(errno));
	_exit(127);
}

void
proc_harness_start(struct proc_harness *ret, enum proc proc,
    const char *program, const char *instance, const struct conf *conf)
{
	struct msg_sup_config m = {.conf = *conf};
	int pair[2];
	int e;

	(void)signal(SIGPIPE, SIG_IGN);
	if (ipc_pair(pair) != 0)
		fail("no socket pair");
	ret->proc = proc;
	ret->trace = trace_file();
	ret->traced = 0;
	if ((ret->pid = fork()) < 0)
		fail("cannot fork");
	if (ret->pid == 0)
		child(program, instance[0] != '\0' ? instance : NULL, pair[1],
		    ret->trace);
	(void)close(pair[1]);
	ipc_init(&ret->control, pair[0], PROC_SUPERVISOR, proc);
	(void)snprintf(m.instance, sizeof(m.instance), "%s", instance);
	if (getenv("SALLYPORT_FAULTS") != NULL)
		(void)snprintf(m.faults, sizeof(m.faults), "%s",
		    getenv("SALLYPORT_FAULTS"));
	if ((e = ipc_send_wait(
		 &ret->control, MSG_SUP_CONFIG, &m, NULL, 0, WAIT_MS)) != 0)
		fail("SUP_CONFIG: %s", err_str(e));
}

void
proc_harness_config(struct proc_harness *p, const struct conf *conf)
{
	const struct msg_sup_config m = {.conf = *conf};
	int e =
	    ipc_send_wait(&p->control, MSG_SUP_CONFIG, &m, NULL, 0, WAIT_MS);

	if (e != 0)
		fail("SUP_CONFIG: %s", err_str(e));
}

void
proc_harness_fd(struct proc_harness *p, unsigned type, const void *body, int fd)
{
	int e = ipc_send_wait(&p->control, type, body, &fd, 1, WAIT_MS);

	if (e != 0)
		fail("%s: %s", msg_spec(type)->name, err_str(e));
}

void
proc_harness_link(
    struct proc_harness *p, struct testlink *ret, enum proc as, uint64_t conn)
{
	struct msg_sup_link m = {.proc = (uint8_t)as, .conn = conn};
	int pair[2];

	if (ipc_pair(pair) != 0)
		fail("no socket pair");
	proc_harness_fd(p, MSG_SUP_LINK, &m, pair[1]);
	(void)close(pair[1]);
	memset(ret, 0, sizeof(*ret));
	ipc_init(&ret->ipc, pair[0], as, p->proc);
	ret->ipc.state = MST_READY;
	ret->m.body = body_new();
}

void
proc_harness_ready(struct proc_harness *p)
{
	struct ipc_msg m = {.body = body_new()};
	int e;

	do /* the broker's first words to its supervisor */
		e = ipc_recv_wait(&p->control, &m, WAIT_MS);
	while (e == 0 && m.type == MSG_SUP_KNOWN);
	if (e != 0 || m.type != MSG_SUP_READY)
		fail("no SUP_READY: %s", err_str(e));
	ipc_room_free(m.body);
}

void
proc_harness_trace(struct proc_harness *p, struct buf *ret)
{
	char some[4096];
	ssize_t n;

	while ((n = pread(p->trace, some, sizeof(some), p->traced)) > 0) {
		buf_put(ret, some, (size_t)n);
		p->traced += n;
	}
	buf_u8(ret, 0);
	if (n < 0 || buf_err(ret) != 0)
		fail("the trace cannot be read");
}

unsigned
trace_count(const struct buf *trace, const char *start)
{
	unsigned n = 0;

	for (const char *line = (const char *)trace->p; *line != '\0';
	     line = strchr(line, '\n') + 1)
		n += strncmp(line, start, strlen(start)) == 0;
	return n;
}

static int
wait_end(struct proc_harness *p)
{
	int status = 0;

	(void)close(p->trace);
	for (int i = 0; i < WAIT_MS / 50; i++) {
		if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
			ipc_done(&p->control);
			return status;
		}
		(void)usleep(50000);
	}
	(void)kill(p->pid, SIGKILL);
	(void)waitpid(p->pid, &status, 0);
	fail("the program did not stop");
}

int
proc_harness_refusal(struct proc_harness *p)
{
	struct ipc_msg m = {.body = body_new()};
	int e = ipc_recv_wait(&p->control, &m, WAIT_MS);

	if (e == 0)
		fail("%s from a program that should refuse to start",
		    msg_spec(m.type)->name);
	if (e != GW_ECLOSED)
		fail("the program did not refuse to start: %s", err_str(e));
	ipc_room_free(m.body);
	return wait_end(p);
}

int
proc_harness_stop(struct proc_harness *p)
{
	struct msg_empty m = {0};

	if (ipc_send_wait(&p->control, MSG_SUP_STOP, &m, NULL, 0, WAIT_MS) != 0)
		fail("the program went before it was told to");
	return wait_end(p);
}

void
testlink_send(struct testlink *l, unsigned type, const void *body)
{
	int e = ipc_send_wait(&l->ipc, type, body, NULL, 0, WAIT_MS);

	if (e != 0)
		fail("%s: %s", msg_spec(type)->name, err_str(e));
}

int
testlink_next(struct testlink *l, int ms)
{
	int e = ipc_recv_wait(&l->ipc, &l->m, ms);

	if (e == GW_EAGAIN)
		return 0;
	if (e != 0)
		fail("a link failed: %s", err_str(e));
	return 1;
}

const void *
testlink_want(struct testlink *l, unsigned type)
{
	for (int i = 0; i < 1000; i++) {
		if (!testlink_next(l, WAIT_MS))
			break;
		if (l->m.type == type)
			return l->m.body;
		ipc_msg_close(&l->m);
	}
	fail("%s did not come", msg_spec(type)->name);
}

void
testlink_close(struct testlink *l)
{
	ipc_done(&l->ipc);
	ipc_room_free(l->m.body);
	l->m.body = NULL;
}

void
testlink_event(
    struct testlink *l, unsigned event, uint64_t seq, char *ret, size_t size)
{
	for (int i = 0; i < 1000; i++) {
		const struct msg_log_append *m =
		    testlink_want(l, MSG_LOG_APPEND);
		struct msg_log_durable d = {.rid = m->rid, .seq = seq};
		const unsigned got = m->event;
		struct buf b;

		buf_init(&b, LIMIT_RECORD_MAX);
		if (event_fields_json(&b, m->fields.p, m->fields.len) != 0)
			fail("fields that are no event's");
		(void)snprintf(ret, size, "%.*s", (int)b.len,
		    b.p != NULL ? (const char *)b.p : "");
		buf_done(&b);
		if (d.rid != 0)
			testlink_send(l, MSG_LOG_DURABLE, &d);
		if (got == event)
			return;
	}
	fail("%s did not come", event_spec(event)->name);
}
