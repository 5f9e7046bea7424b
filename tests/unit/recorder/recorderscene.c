/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorderscene - see the header.
 */
#include "tests/unit/recorder/recorderscene.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "wire/json.h"

void
start(struct scene *t)
{
	proc_harness_start(&t->p, PROC_RECORDER,
	    t->traced ? "tests/unit/recorder/traced_recorder"
		      : "sallyport-recorder",
	    "", &t->conf);
	proc_harness_link(&t->p, &t->notary, PROC_NOTARY, 0);
	proc_harness_link(&t->p, &t->broker, PROC_BROKER, 0);
	proc_harness_ready(&t->p);
	proc_harness_link(&t->p, &t->session, PROC_SESSION, ++t->conn);
}

void
stop(struct scene *t)
{
	int status = proc_harness_stop(&t->p);

	testlink_close(&t->notary);
	testlink_close(&t->broker);
	testlink_close(&t->session);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

void
open_channel_of(struct scene *t, uint32_t channel, const char *user)
{
	struct msg_rec_open m = {.channel = channel, .cols = 90, .rows = 30};

	(void)snprintf(m.sid, sizeof(m.sid), SID);
	(void)snprintf(m.grant, sizeof(m.grant), GRANT);
	(void)snprintf(m.user, sizeof(m.user), "%s", user);
	(void)snprintf(m.target, sizeof(m.target), "web-01");
	(void)snprintf(m.login, sizeof(m.login), "deploy");
	(void)snprintf(m.term, sizeof(m.term), "xterm-256color");
	testlink_send(&t->session, MSG_REC_OPEN, &m);
}

void
open_channel(struct scene *t, uint32_t channel)
{
	open_channel_of(t, channel, "anna");
}

void
send_data(
    struct scene *t, uint32_t channel, unsigned kind, const char *p, size_t n)
{
	struct msg_rec_data m = {.channel = channel, .kind = (uint8_t)kind};

	m.data.p = (const uint8_t *)p;
	m.data.len = (uint32_t)n;
	testlink_send(&t->session, MSG_REC_DATA, &m);
}

size_t
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

void
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

unsigned
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

void
answer(struct scene *t, int result)
{
	const struct msg_log_append *m = t->notary.m.body;
	struct msg_log_durable d = {
	    .rid = m->rid, .result = msg_result(result)};

	assert_int_equal(m->event, EV_RECORDING_START);
	testlink_send(&t->notary, MSG_LOG_DURABLE, &d);
}
