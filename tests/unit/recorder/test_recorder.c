/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder: the real program: evidence before effect, chunk digests, invalid
 * bytes kept, restarts, refusals, a full disk.
 */
#include "tests/unit/recorder/recorderscene.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

static int
setup(void **state)
{
	static struct scene t;
	char sub[80];

	memset(&t, 0, sizeof(t));
	(void)snprintf(t.dir, sizeof(t.dir), "%s/sallyport-test-XXXXXX",
	    getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(t.dir));
	(void)snprintf(sub, sizeof(sub), "%s/recorder", t.dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	(void)snprintf(t.conf.state_dir, sizeof(t.conf.state_dir), "%s", t.dir);
	*state = &t;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *t = *state;
	char cmd[128];

	(void)snprintf(cmd, sizeof(cmd), "rm -r %s", t->dir);
	return system(cmd);
}

static void
sha256_hex(char *ret, const void *p, size_t n)
{
	uint8_t d[32];

	assert_int_equal(EVP_Digest(p, n, d, NULL, EVP_sha256(), NULL), 1);
	str_hex(ret, d, sizeof(d));
}

static void
test_story(void **state)
{
	struct scene *t = *state;
	const struct msg_rec_state *st;
	char event[4096], got[4096], hash[65], all[65], text[8192];
	char path[256];
	size_t n;
	int result;
	FILE *f;

	start(t);
	open_channel(t, 7);
	/* not a word to the session before the log has it */
	(void)testlink_want(&t->notary, MSG_LOG_APPEND);
	assert_int_equal(testlink_next(&t->session, 300), 0);
	{
		const struct msg_log_append *m = t->notary.m.body;
		struct msg_log_durable d = {.rid = m->rid, .seq = 1};

		assert_int_equal(m->event, EV_RECORDING_START);
		assert_int_not_equal(m->rid, 0);
		testlink_send(&t->notary, MSG_LOG_DURABLE, &d);
	}
	st = testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(st->result, 0);
	assert_int_equal(st->channel, 7);
	assert_int_equal(st->bytes, 0);
	testlink_event(&t->notary, EV_RECORDING_CHUNK, 0, event,
	    sizeof(event)); /* the header */

	send_data(t, 7, REC_OUTPUT, "hello \xe2\x82", 8);
	send_data(t, 7, REC_OUTPUT, "\xac \xff\r\n", 5);
	send_data(t, 7, REC_RESIZE, "100x40", 6);
	send_data(t, 7, REC_MARKER, "exec", 4);
	st = testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(st->bytes, 13);
	/* the raw file's chunk, then the text's */
	testlink_event(&t->notary, EV_RECORDING_CHUNK, 0, event, sizeof(event));
	json_field(event, "file", got, sizeof(got));
	assert_string_equal(got, SID ".7.cast.raw");
	testlink_event(&t->notary, EV_RECORDING_CHUNK, 0, event, sizeof(event));
	n = read_back(t, SID, text, sizeof(text), &result);
	assert_int_equal(result, 0);
	json_field(event, "chunk", got, sizeof(got));
	assert_string_equal(got, "1");
	json_field(event, "offset", got, sizeof(got));
	sha256_hex(hash, text + atoi(got), n - (size_t)atoi(got));
	json_field(event, "sha256", got, sizeof(got));
	assert_string_equal(got, hash);
	assert_non_null(strstr(text, "\"o\", \"hello \"]\n"));
	assert_non_null(strstr(text, "\"\xe2\x82\xac \xef\xbf\xbd\\r\\n\"]\n"));
	assert_non_null(strstr(text, "\"r\", \"100x40\"]\n"));
	assert_non_null(strstr(text, "\"m\", \"exec\"]\n"));

	{
		struct msg_rec_close m = {.channel = 7};

		testlink_send(&t->session, MSG_REC_CLOSE, &m);
	}
	st = testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(st->channel, 7);
	assert_int_equal(st->bytes, 13);
	assert_int_equal(st->ended, 1);
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	json_field(event, "bytes_out", got, sizeof(got));
	assert_string_equal(got, "13");
	sha256_hex(all, text, n);
	json_field(event, "sha256", got, sizeof(got));
	assert_string_equal(got, all);
	json_field(event, "count", got, sizeof(got));
	assert_string_equal(got, "2");
	stop(t);

	/* a stock player plays it */
	(void)snprintf(path, sizeof(path),
	    "%s/recorder/recordings/" SID ".7.cast", t->dir);
	{
		struct stat sb;

		assert_int_equal(stat(path, &sb), 0);
		assert_int_equal(sb.st_mode & 07777, 0600);
	}
	if (system("(command -v asciinema && command -v script) >/dev/null "
		   "2>&1") != 0) {
		print_message("no asciinema or script: left out\n");
		return;
	}
	(void)snprintf(text, sizeof(text),
	    "LC_ALL=C.UTF-8 script -qec 'asciinema cat %s' /dev/null "
	    "</dev/null", /* asciinema insists on a terminal */
	    path);
	f = popen(text, "r");
	assert_non_null(f);
	n = fread(got, 1, sizeof(got) - 1, f);
	got[n] = '\0';
	assert_int_equal(pclose(f), 0);
	assert_string_equal(got, "hello \xe2\x82\xac \xef\xbf\xbd\r\n");
}

static void
test_refusals(void **state)
{
	struct scene *t = *state;
	char event[4096], text[4096];
	int result;

	start(t);
	(void)read_back(t, "../../../etc", text, sizeof(text), &result);
	assert_int_equal(result, GW_ENOENT);
	(void)read_back(t, "s-22222222", text, sizeof(text), &result);
	assert_int_equal(result, GW_ENOENT);
	open_channel(t, 1);
	testlink_event(&t->notary, EV_RECORDING_START, 1, event, sizeof(event));
	(void)testlink_want(&t->session, MSG_REC_STATE);
	/* data for a channel that is not open */
	send_data(t, 3, REC_OUTPUT, "x", 1);
	testlink_event(&t->notary, EV_PEER_PROTOCOL, 0, event, sizeof(event));
	/* once its user is known, another one's share is not taken */
	testlink_close(&t->session);
	proc_harness_link(&t->p, &t->session, PROC_SESSION, ++t->conn);
	open_channel(t, 1);
	testlink_event(&t->notary, EV_RECORDING_START, 1, event, sizeof(event));
	(void)testlink_want(&t->session, MSG_REC_STATE);
	open_channel_of(t, 2, "mallory");
	testlink_event(&t->notary, EV_PEER_PROTOCOL, 0, event, sizeof(event));
	stop(t);
}

/* A channel that is closed, or whose session goes, before the answer comes. */
static void
test_short(void **state)
{
	struct scene *t = *state;
	struct msg_rec_close end = {.channel = 1};
	char event[4096], got[64];

	start(t);
	open_channel(t, 1);
	(void)testlink_want(&t->notary, MSG_LOG_APPEND);
	testlink_send(&t->session, MSG_REC_CLOSE, &end);
	(void)testlink_want(&t->session, MSG_REC_STATE); /* it has heard */
	assert_int_equal(files(t), 0);
	answer(t, 0);
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	assert_int_equal(files(t), 1);
	open_channel(t, 2);
	(void)testlink_want(&t->notary, MSG_LOG_APPEND);
	testlink_close(&t->session);
	assert_int_equal(testlink_next(&t->notary, 300), 0);
	answer(t, 0);
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	json_field(event, "reason", got, sizeof(got));
	assert_string_equal(got, "session-gone");
	assert_int_equal(files(t), 2);
	proc_harness_link(&t->p, &t->session, PROC_SESSION, ++t->conn);
	stop(t);
}

/* The notary refuses, or is gone: the session hears failed, not ready. */
static void
test_no_evidence(void **state)
{
	struct scene *t = *state;
	const struct msg_rec_state *st;

	start(t);
	open_channel(t, 1);
	(void)testlink_want(&t->notary, MSG_LOG_APPEND);
	testlink_close(&t->notary);
	st = testlink_want(&t->session, MSG_REC_STATE);
	assert_int_not_equal(st->result, 0);
	proc_harness_link(&t->p, &t->notary, PROC_NOTARY, 0);
	stop(t);
}

/* Who writes too much is answered for what is their pace, later for more; a
 * session that does not wait for that is none of ours. */
static void
test_too_fast(void **state)
{
	enum { PIECE = LIMIT_REC_DATA_MAX, MIB = 1024 * 1024 };
	struct scene *t = *state;
	const struct msg_rec_state *st;
	struct msg_rec_data more = {.channel = 1, .kind = REC_OUTPUT};
	uint64_t sent = 0, told = 0, burst = LIMIT_RECORD_BURST;
	char event[4096], *big = calloc(1, PIECE);
	int e;

	assert_non_null(big);
	memset(big, 'x', PIECE);
	start(t);
	open_channel(t, 1);
	testlink_event(&t->notary, EV_RECORDING_START, 1, event, sizeof(event));
	(void)testlink_want(&t->session, MSG_REC_STATE);
	while (sent < burst + MIB) {
		while (sent - told + PIECE > LIMIT_REC_UNACKED) {
			st = testlink_want(&t->session, MSG_REC_STATE);
			assert_int_equal(st->result, 0);
			told = st->bytes;
		}
		send_data(t, 1, REC_OUTPUT, big, PIECE);
		sent += PIECE;
		while (testlink_next(&t->notary, 0) != 0)
			; /* its chunks */
	}
	/* held up for more than a second; it is not late with any */
	while (told < sent - LIMIT_REC_UNACKED / 2)
		told = ((const struct msg_rec_state *)testlink_want(
			    &t->session, MSG_REC_STATE))
			   ->bytes;
	more.data.p = (const uint8_t *)big;
	more.data.len = PIECE;
	do { /* until it hangs up; its socket has room for a few */
		e = ipc_send(&t->session.ipc, MSG_REC_DATA, &more, NULL, 0);
		if (e == GW_EAGAIN)
			(void)usleep(1000);
		sent += e == 0 ? PIECE : 0;
	} while ((e == 0 || e == GW_EAGAIN) && sent < 4 * burst);
	testlink_event(&t->notary, EV_PEER_PROTOCOL, 0, event, sizeof(event));
	free(big);
	stop(t);
}

/* What is escaped counts as what it takes on the disk, six times as much. */
static void
test_escaped_costs(void **state)
{
	enum { PIECE = LIMIT_REC_DATA_MAX, KIB = 1024 };
	struct scene *t = *state;
	const int64_t from = clock_mono_us();
	const uint64_t enough = LIMIT_RECORD_BURST / 6 + 340 * KIB;
	uint64_t sent = 0, told = 0, may = 0;
	char event[4096], *nul = calloc(1, PIECE);

	assert_non_null(nul);
	start(t);
	open_channel(t, 1);
	testlink_event(&t->notary, EV_RECORDING_START, 1, event, sizeof(event));
	(void)testlink_want(&t->session, MSG_REC_STATE);
	while (told < enough) {
		if (sent - told + PIECE <= LIMIT_REC_UNACKED) {
			send_data(t, 1, REC_OUTPUT, nul, PIECE);
			sent += PIECE;
		} else {
			told = ((const struct msg_rec_state *)testlink_want(
				    &t->session, MSG_REC_STATE))
				   ->bytes;
		}
		while (testlink_next(&t->notary, 0) != 0)
			; /* its chunks */
	}
	may = LIMIT_RECORD_BURST + 64 * KIB +
	      (uint64_t)(clock_mono_us() - from) * LIMIT_RECORD_RATE / 1000000;
	assert_true(6 * told <= may);
	free(nul);
	stop(t);
}

/* How often it waits for the disk from now on, once it did for the first time;
 * 0 = not within some seconds. */
static unsigned
syncs(struct scene *t)
{
	struct buf trace;
	unsigned n = 0;

	buf_init(&trace, 64 * 1024);
	for (int i = 0; i < 1000 && n == 0; i++) {
		(void)usleep(10000);
		buf_reset(&trace);
		proc_harness_trace(&t->p, &trace);
		n = trace_count(&trace, "sync\n");
	}
	buf_done(&trace);
	return n;
}

/* What a power cut takes is what came since a moment ago: what was written the
 * disk has a tick later although nothing comes after it, be it little or a
 * chunk; and at the end, before that is said. */
static void
test_synced(void **state)
{
	struct scene *t = *state;
	struct msg_rec_close end = {.channel = 1};
	const size_t sizes[] = {5, LIMIT_REC_DATA_MAX};
	char event[4096], *data = calloc(1, LIMIT_REC_DATA_MAX);
	uint64_t sent = 0, told = 0;
	struct buf trace;

	assert_non_null(data);
	memset(data, 1, LIMIT_REC_DATA_MAX); /* six bytes each in the file */
	buf_init(&trace, 64 * 1024);
	t->traced = true;
	start(t);
	assert_int_equal(syncs(t), 2); /* the folder; can it write there? */
	open_channel(t, 1);
	testlink_event(&t->notary, EV_RECORDING_START, 1, event, sizeof(event));
	(void)testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(syncs(t), 1); /* the header */
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		send_data(t, 1, REC_OUTPUT, data, sizes[i]);
		for (sent += sizes[i]; told < sent;)
			told = ((const struct msg_rec_state *)testlink_want(
				    &t->session, MSG_REC_STATE))
				   ->bytes;
		assert_int_equal(syncs(t), 1);
	}
	testlink_send(&t->session, MSG_REC_CLOSE, &end);
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	proc_harness_trace(&t->p, &trace);
	assert_int_equal(trace_count(&trace, "sync\n"), 1);
	buf_done(&trace);
	free(data);
	stop(t);
}

/* No room: a file may not grow past 4 kB. */
static void
test_full(void **state)
{
	struct scene *t = *state;
	struct rlimit old, small;
	const struct msg_rec_state *st;
	char event[4096];
	char *big = malloc(20000);

	assert_non_null(big);
	memset(big, 'x', 20000);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 4096;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	start(t);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	open_channel(t, 1);
	testlink_event(&t->notary, EV_RECORDING_START, 1, event, sizeof(event));
	st = testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(st->result, 0);
	send_data(t, 1, REC_OUTPUT, big, 20000);
	testlink_event(
	    &t->notary, EV_RECORDING_FAILED, 0, event, sizeof(event));
	assert_non_null(strstr(event, "\"sid\":\"" SID "\""));
	st = testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(st->result, -GW_ESYS);
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	assert_non_null(strstr(event, "\"reason\":\"failed\""));
	assert_non_null(strstr(event, "may be missing: 20000 that"));
	/* what still comes is dropped without a fuss */
	send_data(t, 1, REC_OUTPUT, big, 20000);
	assert_int_equal(testlink_next(&t->session, 300), 0);
	stop(t);
	free(big);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_story),
	    T(test_restart),
	    T(test_left),
	    T(test_refusals),
	    T(test_claims),
	    T(test_late_channel),
	    T(test_short),
	    T(test_no_evidence),
	    T(test_synced),
	    T(test_full),
	    T(test_too_fast),
	    T(test_escaped_costs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
