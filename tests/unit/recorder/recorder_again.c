/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder_again - a recorder after the one that died: files are cut back to
 * what is on record, recordings end or go on, and sessions say what they still
 * have.
 */
#include "tests/unit/recorder/recorderscene.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/err.h"

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

void
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
void
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

/*
 * A session says it is another one. Until the notary has agreed nothing is
 * there, and what the other one has recorded stays as it is.
 */
void
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
void
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
