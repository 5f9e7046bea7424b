/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipc: whole frames, descriptors that arrive once and are never left open, and
 * a refusal for everything the table does not allow here and now.
 */
#include "tests/unit/support/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "wire/ipc.h"
#include "wire/messages.h"

struct line {
	struct ipc a, b;
	struct ipc_msg m; /* what b received */
};

static void
line_open(struct line *l, enum proc a, enum proc b)
{
	int fd[2];

	memset(l, 0, sizeof(*l));
	assert_int_equal(ipc_pair(fd), 0);
	ipc_init(&l->a, fd[0], a, b);
	ipc_init(&l->b, fd[1], b, a);
	l->m.body = ipc_room();
	assert_non_null(l->m.body);
}

static void
line_close(struct line *l)
{
	ipc_done(&l->a);
	ipc_done(&l->b);
	ipc_room_free(l->m.body);
}

static unsigned
open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

/* Bytes the program has from the allocator. */
static size_t
held(void)
{
	const struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* A datagram as a hostile peer sends it, with descriptors. */
static void
send_plain(int fd, const void *p, size_t n, const int *fds, size_t nfds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * 4)];
	} ctl;
	uint8_t *copy = malloc(n > 0 ? n : 1);
	struct iovec iov = {copy, n};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *cm;

	assert_non_null(copy);
	memcpy(copy, p, n);
	memset(&ctl, 0, sizeof(ctl));
	if (nfds > 0) {
		mh.msg_control = ctl.space;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		if ((cm = CMSG_FIRSTHDR(&mh)) == NULL)
			abort();
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(cm), fds, sizeof(int) * nfds);
	}
	assert_int_equal(sendmsg(fd, &mh, MSG_NOSIGNAL), (ssize_t)n);
	free(copy);
}

static void
frame_of(struct buf *b, unsigned type, const void *body)
{
	buf_init(b, LIMIT_MSG_MAX);
	assert_int_equal(msg_encode(b, type, body), 0);
}

static void
test_pair(void **state)
{
	int fd[2];

	(void)state;
	assert_int_equal(ipc_pair(fd), 0);
	for (int i = 0; i < 2; i++) {
		assert_true((fcntl(fd[i], F_GETFD) & FD_CLOEXEC) != 0);
		assert_true((fcntl(fd[i], F_GETFL) & O_NONBLOCK) != 0);
		(void)close(fd[i]);
	}
}

static void
test_message(void **state)
{
	struct msg_log_append in = {.rid = 7, .event = 9};
	const struct msg_log_append *out;
	struct line l;

	(void)state;
	line_open(&l, PROC_BROKER, PROC_NOTARY);
	in.fields.p = (const uint8_t *)"abc";
	in.fields.len = 3;
	assert_int_equal(ipc_recv(&l.b, &l.m), GW_EAGAIN);
	assert_int_equal(ipc_send(&l.a, MSG_LOG_APPEND, &in, NULL, 0), 0);
	assert_int_equal(ipc_recv(&l.b, &l.m), 0);
	assert_int_equal(l.m.type, MSG_LOG_APPEND);
	assert_int_equal(l.m.nfds, 0);
	out = l.m.body;
	assert_int_equal(out->rid, 7);
	assert_int_equal(out->event, 9);
	assert_int_equal(out->fields.len, 3);
	assert_memory_equal(out->fields.p, "abc", 3);
	assert_int_equal(ipc_recv(&l.b, &l.m), GW_EAGAIN);
	assert_int_equal(ipc_recv_wait(&l.b, &l.m, 20), GW_EAGAIN);
	line_close(&l);
}

/* A process reads all its links into one room: they cost no memory each, and
 * what one brought does not show in what the next did. */
static void
test_many_links(void **state)
{
	enum { LINKS = 32 };
	static struct line l[LINKS];
	struct msg_log_append in = {.event = 9};
	size_t before = 0;
	char text[64];

	(void)state;
	for (int i = 0; i < LINKS; i++) {
		line_open(&l[i], PROC_BROKER, PROC_NOTARY);
		in.rid = (uint32_t)i;
		in.fields.p = (const uint8_t *)text;
		in.fields.len = (uint32_t)snprintf(text, sizeof(text), "%*d",
		    LINKS - i, i); /* each one is shorter */
		assert_int_equal(
		    ipc_send(&l[i].a, MSG_LOG_APPEND, &in, NULL, 0), 0);
	}
	before = held();
	for (int i = 0; i < LINKS; i++) {
		const struct msg_log_append *m = l[0].m.body;

		assert_int_equal(ipc_recv(&l[i].b, &l[0].m), 0);
		assert_int_equal(m->rid, i);
		(void)snprintf(text, sizeof(text), "%*d", LINKS - i, i);
		assert_int_equal(m->fields.len, strlen(text));
		assert_memory_equal(m->fields.p, text, m->fields.len);
	}
	assert_true(held() <= before);
	for (int i = 0; i < LINKS; i++)
		line_close(&l[i]);
}

static void
test_largest(void **state)
{
	struct msg_api_reply in = {.rid = 1, .status = 200};
	const struct msg_api_reply *out;
	uint8_t *big = malloc(LIMIT_BODY_MAX);
	struct line l;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', LIMIT_BODY_MAX);
	line_open(&l, PROC_BROKER, PROC_API);
	in.body.p = big;
	in.body.len = LIMIT_BODY_MAX;
	assert_int_equal(
	    ipc_send_wait(&l.a, MSG_API_REPLY, &in, NULL, 0, 1000), 0);
	assert_int_equal(ipc_recv_wait(&l.b, &l.m, 1000), 0);
	out = l.m.body;
	assert_int_equal(out->body.len, LIMIT_BODY_MAX);
	assert_memory_equal(out->body.p, big, LIMIT_BODY_MAX);
	line_close(&l);
	free(big);
}

static void
test_descriptor(void **state)
{
	struct msg_sup_link in = {.proc = PROC_NOTARY};
	struct stat want, got;
	unsigned before;
	struct line l;
	int p[2];

	(void)state;
	line_open(&l, PROC_SUPERVISOR, PROC_BROKER);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	before = open_fds();
	assert_int_equal(ipc_send(&l.a, MSG_SUP_LINK, &in, p, 1), 0);
	assert_int_equal(ipc_recv(&l.b, &l.m), 0);
	assert_int_equal(l.m.nfds, 1);
	assert_true(l.m.fds[0] >= 0 && l.m.fds[1] == -1);
	assert_int_equal(fstat(p[0], &want), 0);
	assert_int_equal(fstat(l.m.fds[0], &got), 0);
	assert_true(want.st_ino == got.st_ino && want.st_dev == got.st_dev);
	assert_true((fcntl(l.m.fds[0], F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(open_fds(), before + 1);
	ipc_msg_close(&l.m);
	ipc_msg_close(&l.m);
	assert_int_equal(l.m.fds[0], -1);
	assert_int_equal(open_fds(), before);
	(void)close(p[0]);
	(void)close(p[1]);
	line_close(&l);
}

/* A full socket says so, loses nothing and keeps the order. */
static void
test_full(void **state)
{
	uint8_t bulk[4096] = {0};
	struct msg_log_append in = {.fields = {bulk, sizeof(bulk)}};
	uint32_t sent = 0;
	uint32_t got = 0;
	struct line l;
	int r;

	(void)state;
	line_open(&l, PROC_BROKER, PROC_NOTARY);
	for (;;) {
		in.rid = sent + 1;
		r = ipc_send(&l.a, MSG_LOG_APPEND, &in, NULL, 0);
		if (r != 0)
			break;
		assert_true(++sent < 100000);
	}
	assert_int_equal(r, GW_EAGAIN);
	assert_true(sent > 0);
	assert_int_equal(
	    ipc_send_wait(&l.a, MSG_LOG_APPEND, &in, NULL, 0, 20), GW_EAGAIN);
	while ((r = ipc_recv(&l.b, &l.m)) == 0) {
		const struct msg_log_append *m = l.m.body;

		assert_int_equal(m->rid, ++got);
	}
	assert_int_equal(r, GW_EAGAIN);
	assert_int_equal(got, sent);
	assert_int_equal(ipc_send(&l.a, MSG_LOG_APPEND, &in, NULL, 0), 0);
	line_close(&l);
}

static void
test_closed(void **state)
{
	struct msg_log_append in = {.rid = 1};
	struct line l;

	(void)state;
	line_open(&l, PROC_BROKER, PROC_NOTARY);
	assert_int_equal(ipc_send(&l.a, MSG_LOG_APPEND, &in, NULL, 0), 0);
	ipc_done(&l.a);
	ipc_done(&l.a); /* twice is safe */
	assert_int_equal(
	    ipc_send(&l.a, MSG_LOG_APPEND, &in, NULL, 0), GW_ECLOSED);
	assert_int_equal(ipc_recv(&l.a, &l.m), GW_ECLOSED);
	/* what was sent before is still there */
	assert_int_equal(ipc_recv(&l.b, &l.m), 0);
	assert_int_equal(ipc_recv(&l.b, &l.m), GW_ECLOSED);
	assert_int_equal(ipc_recv_wait(&l.b, &l.m, 1000), GW_ECLOSED);
	line_close(&l);

	line_open(&l, PROC_BROKER, PROC_NOTARY);
	ipc_done(&l.b);
	assert_int_equal(
	    ipc_send(&l.a, MSG_LOG_APPEND, &in, NULL, 0), GW_ECLOSED);
	line_close(&l);
}

static void
test_send_refused(void **state)
{
	struct msg_sup_link link = {.proc = PROC_NOTARY};
	struct msg_log_append in = {0};
	struct line l;

	(void)state;
	line_open(&l, PROC_SESSION, PROC_BROKER);
	assert_int_equal(/* not to the broker */
	    ipc_send(&l.a, MSG_LOG_APPEND, &in, NULL, 0), GW_EINVAL);
	assert_int_equal(/* not by a session */
	    ipc_send(&l.a, MSG_SUP_LINK, &link, &l.a.fd, 1), GW_EINVAL);
	assert_int_equal(ipc_send(&l.a, 9999, &in, NULL, 0), GW_EINVAL);
	line_close(&l);
	line_open(&l, PROC_SUPERVISOR, PROC_BROKER);
	assert_int_equal(/* the descriptor is missing */
	    ipc_send(&l.a, MSG_SUP_LINK, &link, NULL, 0), GW_EINVAL);
	assert_int_equal(ipc_recv(&l.b, &l.m), GW_EAGAIN);
	line_close(&l);
}

/* Sends a frame with n descriptors to a broker's end whose peer is `from`. */
static void
refused(enum proc from, unsigned state, const struct buf *b, size_t nfds)
{
	const int want = b->len > 0 ? GW_EPROTO : GW_ECLOSED;
	unsigned before;
	struct line l;
	int fds[4];

	line_open(&l, from, PROC_BROKER);
	l.b.state = state;
	for (size_t i = 0; i < 4; i++)
		assert_true(
		    (fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
	before = open_fds();
	send_plain(l.a.fd, b->p, b->len, fds, nfds);
	assert_int_equal(ipc_recv(&l.b, &l.m), want);
	assert_int_equal(open_fds(), before);
	for (unsigned i = 0; i < MSG_FDS_MAX; i++)
		assert_int_equal(l.m.fds[i], -1);
	for (size_t i = 0; i < 4; i++)
		(void)close(fds[i]);
	line_close(&l);
}

static void
test_refused_closes_descriptors(void **state)
{
	struct msg_sup_link link = {.proc = PROC_NOTARY};
	struct msg_ses_dial dial = {.rid = 1};
	struct buf b;

	(void)state;
	frame_of(&b, MSG_SUP_LINK, &link);
	refused(PROC_API, MST_NEW, &b, 1);        /* wrong sender */
	refused(PROC_SUPERVISOR, MST_NEW, &b, 0); /* none, wants one */
	refused(PROC_SUPERVISOR, MST_NEW, &b, 2);
	refused(PROC_SUPERVISOR, MST_NEW, &b, 3); /* more than any may */
	refused(PROC_SUPERVISOR, MST_NEW, &b, 4);
	b.p[4] = 0x7f; /* unknown type */
	refused(PROC_SUPERVISOR, MST_NEW, &b, 1);
	b.p[4] = 0;
	b.len--; /* cut */
	refused(PROC_SUPERVISOR, MST_NEW, &b, 1);
	b.len = 1;
	refused(PROC_SUPERVISOR, MST_NEW, &b, 2);
	b.len = 0; /* empty, but with a gift: taken for the end */
	refused(PROC_SUPERVISOR, MST_NEW, &b, 2);
	buf_done(&b);
	frame_of(&b, MSG_SES_DIAL, &dial);
	refused(PROC_SESSION, MST_NEW, &b, 0); /* before it is anybody */
	refused(PROC_SESSION, MST_LIVE, &b, 0);
	refused(PROC_SESSION, MST_READY, &b, 1); /* with a gift */
	buf_done(&b);
}

static void
test_oversize(void **state)
{
	uint8_t *big = calloc(1, LIMIT_MSG_MAX + 1);
	struct line l;

	(void)state;
	assert_non_null(big);
	big[1] = (LIMIT_MSG_MAX + 1) >> 16;
	big[2] = (uint8_t)((LIMIT_MSG_MAX + 1) >> 8);
	big[3] = (uint8_t)(LIMIT_MSG_MAX + 1);
	big[5] = MSG_LOG_APPEND;
	big[7] = MSG_VERSION;
	line_open(&l, PROC_BROKER, PROC_NOTARY);
	send_plain(l.a.fd, big, LIMIT_MSG_MAX + 1, NULL, 0);
	assert_int_equal(ipc_recv(&l.b, &l.m), GW_EPROTO);
	line_close(&l);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pair),
	    cmocka_unit_test(test_message),
	    cmocka_unit_test(test_many_links),
	    cmocka_unit_test(test_largest),
	    cmocka_unit_test(test_descriptor),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_closed),
	    cmocka_unit_test(test_send_refused),
	    cmocka_unit_test(test_refused_closes_descriptors),
	    cmocka_unit_test(test_oversize),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
