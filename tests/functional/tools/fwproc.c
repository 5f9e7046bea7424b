/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fwproc - plays supervisor, notary and broker to a real sallyport-firewall and
 * holds it to its rules: nothing opens without a receipt over exactly these
 * elements, a receipt dies with what it opened, and everything is told to the
 * notary. Not installed. Runs in a network namespace of its own.
 *
 * fwproc SALLYPORT-FIREWALL STATE_DIR new|old
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/element.h"
#include "core/event.h"
#include "core/receipt.h"
#include "core/shutport.h"
#include "wire/ipc.h"
#include "wire/messages.h"

enum {
	CONTROL_FD = 3,
	PORTS = 10000,
	WAIT_MS = 5000,
	EVENTS_MAX = 64,
	MANY = 17000, /* closings: far more than the firewall remembers */
};

struct bench {
	pid_t pid;
	struct ipc control, notary, broker;
	void *body;
	uint8_t key[RECEIPT_KEY_SIZE];
	uint32_t rid;
	unsigned failed;
};

static void
check(struct bench *b, const char *what, bool ok)
{
	printf("%s process: %s\n", ok ? "ok  " : "FAIL:", what);
	if (!ok)
		b->failed++;
}

static void
die(const char *what, int r)
{
	fprintf(
	    stderr, "fwproc: %s: %s (%s)\n", what, err_str(r), strerror(errno));
	exit(2);
}

static void
must_send(struct ipc *c, unsigned type, const void *body, int fd)
{
	int r = ipc_send_wait(c, type, body, &fd, fd < 0 ? 0 : 1, WAIT_MS);

	if (r != 0)
		die(msg_spec(type)->name, r);
}

/* The next message of that type on c; others are skipped. */
static const void *
await(struct bench *b, struct ipc *c, unsigned type)
{
	struct ipc_msg m;
	int r = 0;

	for (;;) {
		memset(&m, 0, sizeof(m));
		m.body = b->body;
		if ((r = ipc_recv_wait(c, &m, WAIT_MS)) != 0)
			die(msg_spec(type)->name, r);
		ipc_msg_close(&m);
		if (m.type == type)
			return b->body;
	}
}

static void
link_to(struct bench *b, enum proc proc, struct ipc *c)
{
	struct msg_sup_link m = {.proc = (uint8_t)proc};
	int fd[2] = {-1, -1}, r = ipc_pair(fd);

	if (r != 0)
		die("ipc_pair", r);
	ipc_init(c, fd[0], proc, PROC_FIREWALL);
	c->state = MST_NEW;
	must_send(&b->control, MSG_SUP_LINK, &m, fd[1]);
	(void)close(fd[1]);
}

static void
begin(struct bench *b, const char *program, const char *state, bool old)
{
	struct msg_sup_config *m = calloc(1, sizeof(*m));
	struct msg_nt_key key;
	int fd[2] = {-1, -1}, r = ipc_pair(fd);

	if (r != 0 || m == NULL)
		die("begin", r);
	if ((b->pid = fork()) < 0)
		die("fork", GW_ESYS);
	if (b->pid == 0) {
		/* dup3 refuses equal numbers, and then CLOEXEC must go */
		if (fd[1] == CONTROL_FD ? fcntl(fd[1], F_SETFD, 0) < 0
					: dup2(fd[1], CONTROL_FD) < 0)
			_exit(127);
		(void)execl(program, program, (char *)NULL);
		_exit(127);
	}
	(void)close(fd[1]);
	ipc_init(&b->control, fd[0], PROC_SUPERVISOR, PROC_FIREWALL);
	b->control.state = MST_NEW;
	if (str_copy(m->conf.state_dir, sizeof(m->conf.state_dir), state) != 0)
		die("state dir", GW_ELIMIT);
	m->conf.ssh[0].port = 2222;
	m->conf.entry = ENTRY_GRANT;
	m->conf.kernel = old ? KERNEL_OLD : KERNEL_AUTO;
	must_send(&b->control, MSG_SUP_CONFIG, m, -1);
	free(m);
	link_to(b, PROC_NOTARY, &b->notary);
	link_to(b, PROC_BROKER, &b->broker);
	(void)await(b, &b->control, MSG_SUP_READY);
	b->key[0]++; /* the notary makes one for each start */
	memcpy(key.key, b->key, sizeof(key.key));
	must_send(&b->notary, MSG_NT_KEY, &key, -1);
}

static void
finish(struct bench *b, int sig)
{
	int status = 0;

	if (sig != 0)
		(void)kill(b->pid, sig);
	ipc_done(&b->control);
	ipc_done(&b->notary);
	ipc_done(&b->broker);
	(void)waitpid(b->pid, &status, 0);
}

/* True when the notary got this event (and drops those before it). */
static bool
told(struct bench *b, enum event_code ev, const char *needle)
{
	const struct msg_log_append *m = NULL;
	struct ipc_msg in;
	bool hit = false;
	int i = 0;

	for (i = 0; i < EVENTS_MAX && !hit; i++) {
		memset(&in, 0, sizeof(in));
		in.body = b->body;
		if (ipc_recv_wait(&b->notary, &in, WAIT_MS) != 0)
			return false;
		m = in.body;
		hit = in.type == MSG_LOG_APPEND && m->event == ev &&
		      (needle == NULL || memmem(m->fields.p, m->fields.len,
					     needle, strlen(needle)) != NULL);
	}
	return hit;
}

struct ask {
	const char *id, *grant;
	uint64_t seq;
	struct element_list l;
	unsigned
	    spoil; /* 1 mac, 2 elements, 3 id, 4 old key, 5 grant; 0 nothing */
	bool sync;
};

static uint32_t
send_open(struct bench *b, const struct ask *a)
{
	struct msg_fw_open m;
	struct receipt rc;
	struct buf el;
	int r = 0;

	memset(&m, 0, sizeof(m));
	buf_init(&el, 4096);
	element_encode(&el, &a->l);
	b->key[0] = (uint8_t)(b->key[0] - (a->spoil == 4 ? 1 : 0));
	r = receipt_make(&rc, b->key, a->seq, a->id,
	    a->spoil == 5 ? "g-AAAAAAAA" : a->grant, el.p, el.len);
	b->key[0] = (uint8_t)(b->key[0] + (a->spoil == 4 ? 1 : 0));
	if (r != 0 || str_copy(m.id, sizeof(m.id), a->id) != 0 ||
	    str_copy(m.grant, sizeof(m.grant), a->grant) != 0)
		die("receipt", r);
	m.rid = ++b->rid;
	m.seq = a->seq;
	memcpy(m.mac, rc.mac, sizeof(m.mac));
	if (a->spoil == 1)
		m.mac[31] ^= 1;
	if (a->spoil == 2)
		el.p[el.len - 1] ^= 1; /* a millisecond */
	if (a->spoil == 3)
		m.id[3] = m.id[3] == 'A' ? 'B' : 'A';
	m.elements.p = el.p;
	m.elements.len = (uint32_t)el.len;
	m.sync = a->sync ? 1 : 0;
	must_send(&b->broker, MSG_FW_OPEN, &m, -1);
	buf_done(&el);
	return m.rid;
}

static int
opened(struct bench *b, uint32_t rid)
{
	const struct msg_fw_opened *reply = await(b, &b->broker, MSG_FW_OPENED);

	return reply->rid == rid ? msg_error(reply->result) : GW_EPROTO;
}

static int
open_it(struct bench *b, const struct ask *a)
{
	return opened(b, send_open(b, a));
}

/* The next record that somebody waits for is durable, or is not written. */
static bool
answer_record(struct bench *b, enum event_code ev, int result)
{
	const struct msg_log_append *m = NULL;
	struct msg_log_durable d = {.result = msg_result(result), .seq = 1};

	do {
		m = await(b, &b->notary, MSG_LOG_APPEND);
	} while (m->rid == 0);
	d.rid = m->rid;
	if (m->event != (uint16_t)ev)
		return false;
	must_send(&b->notary, MSG_LOG_DURABLE, &d, -1);
	return true;
}

static bool
says_nothing(struct bench *b, struct ipc *c)
{
	struct ipc_msg m = {.body = b->body};

	return ipc_recv_wait(c, &m, 200) == GW_EAGAIN;
}

static int
close_it(struct bench *b, const char *id)
{
	struct msg_fw_close m;
	const struct msg_fw_closed *reply = NULL;

	memset(&m, 0, sizeof(m));
	m.rid = ++b->rid;
	m.reason = END_REVOKED;
	if (str_copy(m.id, sizeof(m.id), id) != 0)
		die("id", GW_ELIMIT);
	must_send(&b->broker, MSG_FW_CLOSE, &m, -1);
	reply = await(b, &b->broker, MSG_FW_CLOSED);
	return msg_error(reply->result);
}

static void
protect(struct bench *b, const char *addr, uint16_t port)
{
	struct shutport one = {.proto = IPPROTO_TCP,
	    .port = port,
	    .target = "web-01",
	    .target_id = "t-22222222"};
	struct msg_fw_protect m = {.rid = ++b->rid};
	struct buf ports;

	buf_init(&ports, 256);
	if (addr_parse(&one.addr, addr) != 0)
		die(addr, GW_EINVAL);
	shutport_put(&ports, &one);
	m.ports.p = ports.p;
	m.ports.len = (uint32_t)ports.len;
	must_send(&b->broker, MSG_FW_PROTECT, &m, -1);
	buf_done(&ports);
}

/* Does nft show it? No shell: popen's command is constant. */
static bool
listed(const char *needle)
{
	char line[512];
	bool hit = false;
	FILE *p = popen("nft list table inet sallyport", "re");

	if (p == NULL)
		return false;
	while (fgets(line, sizeof(line), p) != NULL)
		hit = hit || strstr(line, needle) != NULL;
	return pclose(p) == 0 && hit;
}

static struct ask
entry(const char *id, uint64_t seq, const char *source, int64_t ms)
{
	struct ask a;

	memset(&a, 0, sizeof(a));
	a.id = a.grant = id;
	a.seq = seq;
	a.l.n = 1;
	a.l.e[0].kind = ELEMENT_ENTRY;
	a.l.e[0].proto = IPPROTO_TCP;
	a.l.e[0].port = 2222;
	if (addr_parse(&a.l.e[0].source, source) != 0)
		die(source, GW_EINVAL);
	a.l.e[0].end_boot_ms = clock_now().boot_ms + ms;
	return a;
}

static struct ask
leg(const char *sid, const char *grant, uint64_t seq)
{
	struct ask a = entry(sid, seq, "10.0.0.1", 60000);

	a.grant = grant;
	a.l.e[0].kind = ELEMENT_LEG;
	a.l.e[0].sport = 40000;
	a.l.e[0].port = 22;
	if (addr_parse(&a.l.e[0].target, "10.0.0.7") != 0)
		die("target", GW_EINVAL);
	return a;
}

static void
receipts(struct bench *b)
{
	struct ask a = entry("g-AAAAAAAA", 10, "10.9.9.1", 60000);

	a.spoil = 1;
	check(b, "a wrong receipt opens nothing",
	    open_it(b, &a) == GW_EDENIED && !listed("10.9.9.1"));
	check(b, "and is told", told(b, EV_GRANT_APPLY_FAILED, "g-AAAAAAAA"));
	a.spoil = 2;
	check(b, "a receipt for other elements opens nothing",
	    open_it(b, &a) == GW_EDENIED && !listed("10.9.9.1"));
	a.spoil = 3;
	check(b, "a receipt for another id opens nothing",
	    open_it(b, &a) == GW_EDENIED && !listed("10.9.9.1"));
	a.spoil = 0;
	check(b, "the right receipt opens",
	    open_it(b, &a) == 0 && listed("10.9.9.1 . 2222"));
	check(b, "and is told", told(b, EV_GRANT_APPLIED, "10.9.9.1"));
	a = entry("g-BBBBBBBB", 11, "10.9.9.2", 60000);
	a.l.e[0].end_boot_ms += 90000000;
	check(b, "25 hours are too long even with a receipt",
	    open_it(b, &a) == GW_EDENIED && !listed("10.9.9.2"));
	a.l.e[0].end_boot_ms = 1;
	check(b, "an end in the past opens nothing",
	    open_it(b, &a) == GW_ESTATE && !listed("10.9.9.2"));
	a = leg("s-AAAAAAAA", "g-AAAAAAAA", 12);
	check(b, "a leg opens",
	    open_it(b, &a) == 0 && listed("40000 . 10.0.0.7 . 22"));
	check(b, "and is told", told(b, EV_LEG_APPLIED, "s-AAAAAAAA"));
	a = leg("g-AAAAAAAA", "g-AAAAAAAA", 13);
	a.l.e[0].sport = 40009;
	check(b, "a grant's receipt opens no leg",
	    open_it(b, &a) == GW_EINVAL && !listed("40009"));
	check(b, "closing the grant closes its leg",
	    close_it(b, "g-AAAAAAAA") == 0 && !listed("40000 . 10.0.0.7"));
	a = leg("s-AAAAAAAA", "g-AAAAAAAA", 12);
	check(b, "a receipt used and closed opens nothing again",
	    open_it(b, &a) == GW_EDENIED && !listed("40000 . 10.0.0.7"));
	a.grant = "g-ZZZZZZZZ";
	a.spoil = 5;
	check(b, "nor as another grant's",
	    open_it(b, &a) == GW_EDENIED && !listed("40000 . 10.0.0.7"));
	check(b, "before the first sync it does not say that nothing is open",
	    close_it(b, "g-NNNNNNNN") == GW_ESTATE);
	a = entry("g-HHHHHHHH", 14, "10.9.9.8", 60000);
	a.sync = true;
	check(b,
	    "what opens under the name of a reconcile is told all the same",
	    open_it(b, &a) == 0 && told(b, EV_GRANT_APPLIED, "10.9.9.8") &&
		close_it(b, "g-HHHHHHHH") == 0);
}

/* An end that moves is on record before it is confirmed, and stays where it was
 * if it cannot be; one that is over then is shut. */
static void
moves(struct bench *b)
{
	struct ask a = entry("g-EEEEEEEE", 15, "10.9.9.9", 60500);
	struct ask run = leg("s-EEEEEEEE", "g-EEEEEEEE", 16);
	int64_t was = a.l.e[0].end_boot_ms;
	uint32_t rid = 0;

	check(b, "a door and a leg",
	    open_it(b, &a) == 0 && open_it(b, &run) == 0);
	a.l.e[0].end_boot_ms = run.l.e[0].end_boot_ms = was + 270000;
	rid = send_open(b, &a);
	check(b, "a later end is not confirmed before it is on record",
	    says_nothing(b, &b->broker) && listed("timeout 5m"));
	check(b, "which failing, it is the old one again",
	    answer_record(b, EV_GRANT_APPLIED, GW_ESYS) &&
		opened(b, rid) == GW_ESYS && !listed("timeout 5m") &&
		listed("10.9.9.9 . 2222"));
	check(b, "a leg moves at once",
	    open_it(b, &run) == 0 && listed("timeout 5m"));
	rid = send_open(b, &a);
	check(b, "and on record it is confirmed",
	    answer_record(b, EV_GRANT_APPLIED, 0) && opened(b, rid) == 0 &&
		listed("10.9.9.9 . 2222 timeout 5m"));
	a.l.e[0].end_boot_ms = 1;
	check(b, "an end in the past changes nothing",
	    open_it(b, &a) == GW_ESTATE &&
		listed("10.9.9.9 . 2222 timeout 5m"));
	a.l.e[0].end_boot_ms = was + 270000;
	check(b, "what was closed is not moved",
	    close_it(b, "g-EEEEEEEE") == 0 && open_it(b, &a) == GW_EDENIED);
	a = entry("g-JJJJJJJJ", 17, "10.9.9.11", 2000);
	check(b, "a short one", open_it(b, &a) == 0);
	a.l.e[0].end_boot_ms += 300000;
	rid = send_open(b, &a);
	(void)usleep(2200000);
	check(b, "whose old end is over when it is not written is shut",
	    answer_record(b, EV_GRANT_APPLIED, GW_ESYS) &&
		opened(b, rid) == GW_ESYS && !listed("timeout 5m"));
}

static void
reconcile(struct bench *b)
{
	struct ask keep = entry("g-CCCCCCCC", 20, "10.9.9.3", 60000);
	struct ask lose = entry("g-DDDDDDDD", 21, "10.9.9.4", 60000);
	struct msg_fw_sync m = {0};
	const struct msg_fw_synced *reply = NULL;

	check(b, "two open", open_it(b, &keep) == 0 && open_it(b, &lose) == 0);
	must_send(&b->broker, MSG_FW_SYNC_BEGIN, &m, -1);
	protect(b, "10.0.0.7", 22);
	protect(b, "10.0.0.8", 22);
	keep.sync = true;
	check(b, "one is asserted again", open_it(b, &keep) == 0);
	m.rid = ++b->rid;
	must_send(&b->broker, MSG_FW_SYNC_END, &m, -1);
	reply = await(b, &b->broker, MSG_FW_SYNCED);
	check(b, "sync answers", reply->rid == m.rid && reply->result == 0);
	check(b, "the other is removed",
	    reply->removed >= 1 && listed("10.9.9.3") && !listed("10.9.9.4"));
	check(b, "drift is told", told(b, EV_GRANT_DRIFT, NULL));
	check(b, "closing what is not open says so",
	    close_it(b, "g-NNNNNNNN") == GW_ENOENT);
	check(b, "protected ports are shut", listed("10.0.0.8 . tcp . 22"));
}

/* Ports by the thousand, in lists, and a closing right behind each list: all
 * are shut, and it waits for one list at most. */
static void
lists(struct bench *b)
{
	struct shutport one = {
	    .proto = IPPROTO_TCP, .port = 22, .target = "many"};
	int64_t begun = clock_mono_us(), sent = 0, late = 0, worst = 0;
	struct ask a;
	unsigned i = 0, n = 0;

	one.addr.family = 4;
	one.addr.b[0] = 10;
	one.addr.b[1] = 50;
	while (n < PORTS) {
		struct msg_fw_protect m = {.rid = ++b->rid};
		struct buf ports;

		a = entry("g-LLLLLLLL", 100 + n, "10.9.9.50", 60000);
		a.id = a.grant = n % 2 == 0 ? "g-LLLLLLLL" : "g-MMMMMMMM";
		(void)open_it(b, &a);
		buf_init(&ports, LIMIT_BODY_MAX);
		for (i = 0; i < SHUTPORT_MAX && n < PORTS; i++, n++) {
			one.addr.b[2] = (uint8_t)(n >> 8);
			one.addr.b[3] = (uint8_t)n;
			shutport_put(&ports, &one);
		}
		m.ports.p = ports.p;
		m.ports.len = (uint32_t)ports.len;
		must_send(&b->broker, MSG_FW_PROTECT, &m, -1);
		buf_done(&ports);
		sent = clock_mono_us();
		(void)close_it(b, a.id);
		late = clock_mono_us() - sent;
		worst = late > worst ? late : worst;
		while (told(b, EV_PORT_PROTECTED, "many") && --i > 0)
			;
	}
	printf("note: %u ports shut in %lld ms, a closing behind a list of %u "
	       "in %lld us at most\n",
	    n, (long long)(clock_mono_us() - begun) / 1000,
	    (unsigned)SHUTPORT_MAX, (long long)worst);
	check(b, "ports by the thousand are shut", listed("10.50.39.15 . tcp"));
}

/* However much was closed since: nothing comes back, and what is open may be
 * asserted. */
static void
long_memory(struct bench *b)
{
	struct ask open = entry("g-CCCCCCCC", 20, "10.9.9.3", 60000);
	struct ask closed = entry("g-FFFFFFFF", 22, "10.9.9.6", 60000);
	struct ask fresh = entry("g-GGGGGGGG", 23, "10.9.9.7", 60000);
	char id[LIMIT_ID_SIZE];
	unsigned i;

	check(b, "one more opens and is closed",
	    open_it(b, &closed) == 0 && close_it(b, closed.id) == 0);
	for (i = 0; i < MANY; i++) {
		if (str_fmt(id, sizeof(id), "g-%08u", i) != 0)
			die("id", GW_ELIMIT);
		(void)close_it(b, id);
	}
	check(b, "its receipt opens nothing after many closings",
	    open_it(b, &closed) == GW_EDENIED);
	open.sync = true;
	check(b, "what is open is asserted again", open_it(b, &open) == 0);
	check(b, "a new receipt opens",
	    open_it(b, &fresh) == 0 && close_it(b, fresh.id) == 0);
}

/* A receipt from before the restart: nothing opens, and the reconcile it came
 * in is to be repeated, with everything as it was until then. */
static void
old_receipts(struct bench *b)
{
	struct ask closed = entry("g-FFFFFFFF", 22, "10.9.9.6", 60000);
	struct ask open = entry("g-CCCCCCCC", 20, "10.9.9.3", 60000);
	struct msg_fw_sync m = {0};
	const struct msg_fw_synced *reply = NULL;

	closed.spoil = open.spoil = 4;
	check(b, "restarted: an old receipt opens nothing",
	    open_it(b, &closed) == GW_EDENIED);
	must_send(&b->broker, MSG_FW_SYNC_BEGIN, &m, -1);
	check(b, "nor in a reconcile", open_it(b, &open) == GW_EDENIED);
	m.rid = ++b->rid;
	must_send(&b->broker, MSG_FW_SYNC_END, &m, -1);
	reply = await(b, &b->broker, MSG_FW_SYNCED);
	check(b, "which is to be repeated",
	    reply->rid == m.rid && msg_error(reply->result) == GW_EDENIED &&
		listed("10.9.9.3"));
}

static bool
file_has_now(const char *path, const char *needle)
{
	char text[4096];
	size_t n = 0;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	(void)fclose(f);
	return strstr(text, needle) != NULL;
}

/* It is written a moment later, by a child. */
static bool
file_has(const char *path, const char *needle)
{
	int i = 0;

	for (i = 0; i < WAIT_MS / 10; i++) {
		if (file_has_now(path, needle))
			return true;
		(void)usleep(10000);
	}
	return false;
}

int
main(int argc, char **argv)
{
	static struct bench b;
	char path[512];
	struct ask a;
	bool old = argc == 4 && strcmp(argv[3], "old") == 0;

	if (argc != 4 || str_fmt(path, sizeof(path), "%s/firewall/closed.state",
			     argv[2]) != 0)
		return 2;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if ((b.body = ipc_room()) == NULL)
		return 2;
	memset(b.key, 0x5a, sizeof(b.key));
	begin(&b, argv[1], argv[2], old);
	check(&b, "the own port is shut before ready", listed("2222"));
	protect(&b, "10.0.0.7", 22);
	check(&b, "a protected port is told",
	    told(&b, EV_PORT_PROTECTED, "t-22222222"));
	receipts(&b);
	moves(&b);
	reconcile(&b);
	long_memory(&b);
	lists(&b);
	check(&b, "closed.state has it",
	    file_has(path, "protect 10.0.0.8 tcp 22\n") &&
		file_has(path, "own 2222\n"));
	finish(&b, SIGKILL);
	check(&b, "killed: what was open stays", listed("10.9.9.3"));
	check(&b, "killed: what was shut stays", listed("10.0.0.8 . tcp . 22"));
	begin(&b, argv[1], argv[2], old);
	check(&b, "restarted: adopted",
	    listed("10.9.9.3") && listed("10.0.0.8 . tcp . 22"));
	old_receipts(&b);
	a = entry("g-EEEEEEEE", 30, "10.9.9.5", 60000);
	check(
	    &b, "restarted: opens", open_it(&b, &a) == 0 && listed("10.9.9.5"));
	finish(&b, 0);
	check(&b, "supervisor gone: it ends, what was shut stays",
	    listed("10.0.0.8 . tcp . 22"));
	ipc_room_free(b.body);
	printf("%u failed\n", b.failed);
	return b.failed == 0 ? 0 : 1;
}
