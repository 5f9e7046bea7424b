/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder: the real program: evidence before effect, chunk digests, invalid
 * bytes kept, restarts, refusals, a full disk.
 */
#include "tests/unit/support/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/err.h"
#include "base/str.h"
#include "core/event.h"
#include "tests/unit/support/proc_harness.h"
#include "wire/json.h"

#define SID "s-7Q2MXK4P"
#define GRANT "g-7Q2MXK4P"

struct scene {
	char dir[64];
	struct conf conf;
	struct proc_harness p;
	struct testlink notary, broker, session;
	uint64_t conn;
};

static void
start(struct scene *t)
{
	proc_harness_start(
	    &t->p, PROC_RECORDER, "sallyport-recorder", "", &t->conf);
	proc_harness_link(&t->p, &t->notary, PROC_NOTARY, 0);
	proc_harness_link(&t->p, &t->broker, PROC_BROKER, 0);
	proc_harness_ready(&t->p);
	proc_harness_link(&t->p, &t->session, PROC_SESSION, ++t->conn);
}

static void
stop(struct scene *t)
{
	int status = proc_harness_stop(&t->p);

	testlink_close(&t->notary);
	testlink_close(&t->broker);
	testlink_close(&t->session);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

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
open_channel(struct scene *t, uint32_t channel)
{
	struct msg_rec_open m = {.channel = channel, .cols = 90, .rows = 30};

	(void)snprintf(m.sid, sizeof(m.sid), SID);
	(void)snprintf(m.grant, sizeof(m.grant), GRANT);
	(void)snprintf(m.user, sizeof(m.user), "anna");
	(void)snprintf(m.target, sizeof(m.target), "web-01");
	(void)snprintf(m.login, sizeof(m.login), "deploy");
	(void)snprintf(m.term, sizeof(m.term), "xterm-256color");
	testlink_send(&t->session, MSG_REC_OPEN, &m);
}

static void
send_data(
    struct scene *t, uint32_t channel, unsigned kind, const char *p, size_t n)
{
	struct msg_rec_data m = {.channel = channel, .kind = (uint8_t)kind};

	m.data.p = (const uint8_t *)p;
	m.data.len = (uint32_t)n;
	testlink_send(&t->session, MSG_REC_DATA, &m);
}

/* The broker reads a whole recording; the number of bytes. */
static size_t
read_back(struct scene *t, const char *sid, char *ret, size_t size, int *result)
{
	size_t len = 0;

	for (;;) {
		struct msg_rec_read m = {.rid = 9, .offset = len, .max = 100};
		const struct msg_rec_bytes *a;

		(void)snprintf(m.sid, sizeof(m.sid), "%s", sid);
		testlink_send(&t->broker, MSG_REC_READ, &m);
		a = testlink_want(&t->broker, MSG_REC_BYTES);
		assert_int_equal(a->rid, 9);
		*result = msg_error(a->result);
		if (a->data.len == 0) {
			ret[len] = '\0';
			if (a->result == 0)
				assert_int_equal(a->size, len);
			return len;
		}
		assert_true(len + a->data.len < size);
		memcpy(ret + len, a->data.p, a->data.len);
		len += a->data.len;
	}
}

static void
sha256_hex(char *ret, const void *p, size_t n)
{
	uint8_t d[32];

	assert_int_equal(EVP_Digest(p, n, d, NULL, EVP_sha256(), NULL), 1);
	str_hex(ret, d, sizeof(d));
}

static void
json_field(const char *event, const char *key, char *ret, size_t size)
{
	struct problem p;
	char text[8192];
	json_t *o, *v;

	(void)snprintf(text, sizeof(text), "{\"x\":0%s}", event);
	o = json_parse_object(text, strlen(text), &p);
	assert_non_null(o);
	v = json_object_get(o, key);
	assert_non_null(v);
	if (json_is_string(v))
		(void)snprintf(ret, size, "%s", json_string_value(v));
	else
		(void)snprintf(
		    ret, size, "%lld", (long long)json_integer_value(v));
	json_decref(o);
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

/* Half a line, as a recorder that is killed while it writes leaves it. */
static void
tear(const struct scene *t, const char *file)
{
	char path[256];
	FILE *f;

	(void)snprintf(
	    path, sizeof(path), "%s/recorder/recordings/%s", t->dir, file);
	assert_non_null(f = fopen(path, "a"));
	assert_true(fputs("[9.000000, \"o\", \"half a l", f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void
test_restart(void **state)
{
	struct scene *t = *state;
	const struct msg_rec_state *st;
	char event[4096], got[4096], text[8192];
	int result;
	const char *nl;

	start(t);
	open_channel(t, 1);
	testlink_event(&t->notary, EV_RECORDING_START, 1, event, sizeof(event));
	(void)testlink_want(&t->session, MSG_REC_STATE);
	send_data(t, 1, REC_OUTPUT, "one", 3);
	st = testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(st->bytes, 3);
	/* what is no whole character yet is not answered for */
	send_data(t, 1, REC_OUTPUT, "\xff\xe2\x82", 3);
	st = testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(st->bytes, 4);
	tear(t, SID ".1.cast");
	/* it dies; nothing is closed */
	assert_int_equal(kill(t->p.pid, SIGKILL), 0);
	assert_int_equal(waitpid(t->p.pid, &result, 0), t->p.pid);
	ipc_done(&t->p.control);
	testlink_close(&t->notary);
	testlink_close(&t->broker);
	testlink_close(&t->session);

	start(t);
	open_channel(t, 1);
	testlink_event(&t->notary, EV_RECORDING_START, 2, event, sizeof(event));
	json_field(event, "file", got, sizeof(got));
	assert_string_equal(got, SID ".1.1.cast");
	json_field(event, "msg", got, sizeof(got));
	assert_string_equal(got, "goes on where " SID ".1.cast stopped");
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	json_field(event, "reason", got, sizeof(got));
	assert_string_equal(got, "interrupted");
	json_field(event, "file", got, sizeof(got));
	assert_string_equal(got, SID ".1.cast.raw");
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	json_field(event, "file", got, sizeof(got));
	assert_string_equal(got, SID ".1.cast");
	json_field(event, "bytes_out", got, sizeof(got));
	assert_string_equal(got, "4");
	json_field(event, "msg", got, sizeof(got));
	assert_string_equal(got,
	    "The recorder ended; " SID ".1.1.cast goes on at the byte where "
	    "this part stops.");
	/* this is where the session goes on */
	st = testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(st->bytes, 4);
	send_data(t, 1, REC_OUTPUT, "two", 3);
	(void)testlink_want(&t->session, MSG_REC_STATE);
	(void)read_back(t, SID, text, sizeof(text), &result);
	assert_int_equal(result, 0);
	/* one header, two events, time going forward */
	nl = strchr(text, '\n');
	assert_non_null(nl);
	assert_null(strstr(nl, "version"));
	assert_null(strstr(nl, "half a l"));
	assert_non_null(strstr(nl, "\"r\", \"90x30\"]\n"));
	{
		double a = 9, b = 0;

		assert_int_equal(
		    sscanf(nl + 1, "[%lf, \"o\", \"one\"]", &a), 1);
		nl = strchr(nl + 1, '\n');
		assert_non_null(nl = strstr(nl, "\"r\", "));
		assert_non_null(nl = strchr(nl, '\n'));
		assert_int_equal(
		    sscanf(nl + 1, "[%lf, \"o\", \"two\"]", &b), 1);
		assert_true(a < b);
	}
	/* the link goes: the recording ends in the log */
	testlink_close(&t->session);
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	json_field(event, "reason", got, sizeof(got));
	assert_string_equal(got, "session-gone");
	proc_harness_link(&t->p, &t->session, PROC_SESSION, ++t->conn);
	stop(t);
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
	stop(t);
}

/* The last record of an end, in the order they came. */
static void
last_end(struct scene *t, char *ret, size_t size)
{
	const struct msg_log_append *m;
	struct buf b;

	do
		m = testlink_want(&t->notary, MSG_LOG_APPEND);
	while (m->event != EV_RECORDING_END);
	buf_init(&b, LIMIT_RECORD_MAX);
	assert_int_equal(event_fields_json(&b, m->fields.p, m->fields.len), 0);
	(void)snprintf(ret, size, "%.*s", (int)b.len, (const char *)b.p);
	buf_done(&b);
}

/* A recording that the log has a start of, and no end: the next recorder writes
 * it, when nobody comes back; at the latest when it stops. */
static void
test_left(void **state)
{
	struct scene *t = *state;
	struct msg_nt_unended m = {.channel = 1};
	char event[4096], got[512];
	int result;

	start(t);
	open_channel(t, 1);
	testlink_event(&t->notary, EV_RECORDING_START, 1, event, sizeof(event));
	(void)testlink_want(&t->session, MSG_REC_STATE);
	send_data(t, 1, REC_OUTPUT, "one", 3);
	(void)testlink_want(&t->session, MSG_REC_STATE);
	(void)snprintf(m.sid, sizeof(m.sid), SID);
	(void)snprintf(m.grant, sizeof(m.grant), GRANT);
	(void)snprintf(m.file, sizeof(m.file), SID ".1.cast");
	/* its own, which is open */
	testlink_send(&t->notary, MSG_NT_UNENDED, &m);
	send_data(t, 1, REC_OUTPUT, "two", 3);
	(void)testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(kill(t->p.pid, SIGKILL), 0);
	assert_int_equal(waitpid(t->p.pid, &result, 0), t->p.pid);
	ipc_done(&t->p.control);
	testlink_close(&t->notary);
	testlink_close(&t->broker);
	testlink_close(&t->session);

	start(t);
	m.size = 100000; /* more than there is */
	testlink_send(&t->notary, MSG_NT_UNENDED, &m);
	/* of one there is no file; of one, not even a name */
	m.channel = 9;
	(void)snprintf(m.file, sizeof(m.file), SID ".9.cast");
	testlink_send(&t->notary, MSG_NT_UNENDED, &m);
	(void)testlink_next(&t->session, 200);
	result = proc_harness_stop(&t->p);
	assert_int_equal(result, 0);
	for (unsigned i = 0; i < 2; i++) {
		last_end(t, event, sizeof(event));
		json_field(event, "reason", got, sizeof(got));
		assert_string_equal(got, "interrupted");
		json_field(event, "msg", got, sizeof(got));
		if (strstr(event, SID ".9.cast") != NULL) {
			assert_non_null(strstr(got, "before there was a file"));
			continue;
		}
		assert_non_null(strstr(got, "The file lacks the last"));
		json_field(event, "bytes_out", got, sizeof(got));
		assert_string_equal(got, "6");
		assert_non_null(strstr(event, "\"sha256\""));
	}
	testlink_close(&t->notary);
	testlink_close(&t->broker);
	testlink_close(&t->session);
}

static unsigned
files(const struct scene *t)
{
	char path[128];
	unsigned n = 0;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/recorder/recordings", t->dir);
	assert_non_null(d = opendir(path));
	for (const struct dirent *e; (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.')
			n++;
	assert_int_equal(closedir(d), 0);
	return n;
}

/* The answer to the recording.start that was just received. */
static void
answer(struct scene *t, int result)
{
	const struct msg_log_append *m = t->notary.m.body;
	struct msg_log_durable d = {
	    .rid = m->rid, .result = msg_result(result)};

	assert_int_equal(m->event, EV_RECORDING_START);
	testlink_send(&t->notary, MSG_LOG_DURABLE, &d);
}

/*
 * A session says it is another one. Until the notary has agreed nothing is
 * there, and what the other one has recorded stays as it is.
 */
static void
test_claims(void **state)
{
	struct scene *t = *state;
	const struct msg_rec_state *st;
	struct msg_rec_close end = {.channel = 1};
	struct testlink other;
	char event[4096], before[4096], text[4096];
	size_t n;
	int result;

	start(t);
	open_channel(t, 1);
	(void)testlink_want(&t->notary, MSG_LOG_APPEND);
	assert_int_equal(files(t), 0);
	answer(t, 0);
	(void)testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(files(t), 1);
	testlink_send(&t->session, MSG_REC_CLOSE, &end);
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	n = read_back(t, SID, before, sizeof(before), &result);

	other = t->session;
	proc_harness_link(&t->p, &t->session, PROC_SESSION, ++t->conn);
	open_channel(t, 1);
	(void)testlink_want(&t->notary, MSG_LOG_APPEND);
	assert_int_equal(files(t), 1);
	answer(t, GW_EDENIED);
	testlink_event(
	    &t->notary, EV_RECORDING_FAILED, 0, event, sizeof(event));
	assert_null(strstr(event, SID));
	st = testlink_want(&t->session, MSG_REC_STATE);
	assert_int_equal(st->result, -GW_EDENIED);
	assert_int_equal(files(t), 1);
	assert_int_equal(read_back(t, SID, text, sizeof(text), &result), n);
	assert_memory_equal(text, before, n);

	/* nor is it believed before it was told to begin */
	testlink_close(&t->session);
	proc_harness_link(&t->p, &t->session, PROC_SESSION, ++t->conn);
	open_channel(t, 2);
	(void)testlink_want(&t->notary, MSG_LOG_APPEND); /* not answered */
	send_data(t, 2, REC_OUTPUT, "x", 1);
	testlink_event(&t->notary, EV_PEER_PROTOCOL, 0, event, sizeof(event));
	assert_int_equal(files(t), 1);
	testlink_close(&t->session);
	t->session = other;
	stop(t);
}

/* Channels count on while a connection lasts: its first recorded one may have
 * any number, and is what is played when none is named. */
static void
test_late_channel(void **state)
{
	struct scene *t = *state;
	struct msg_rec_close end = {.channel = 3001};
	char event[4096], text[4096];
	int result;

	start(t);
	for (uint32_t id = 3001; id > 1; id = id == 3001 ? 1001 : 0) {
		open_channel(t, id);
		testlink_event(
		    &t->notary, EV_RECORDING_START, 1, event, sizeof(event));
		(void)testlink_want(&t->session, MSG_REC_STATE);
	}
	send_data(t, 1001, REC_OUTPUT, "the first", 9);
	testlink_send(&t->session, MSG_REC_CLOSE, &end);
	end.channel = 1001;
	testlink_send(&t->session, MSG_REC_CLOSE, &end);
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	testlink_event(&t->notary, EV_RECORDING_END, 0, event, sizeof(event));
	(void)read_back(t, SID, text, sizeof(text), &result);
	assert_int_equal(result, 0);
	assert_non_null(strstr(text, "the first"));
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
	    T(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
