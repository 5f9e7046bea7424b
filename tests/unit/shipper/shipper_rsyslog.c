/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shipper_rsyslog - a receiver that is not ours: rsyslog takes the messages
 * apart, dies, and comes back.
 */
#include "tests/unit/shipper/shipperscene.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/shipper/logrecord.h"

static pid_t
rsyslog_start(struct scene *t)
{
	char conf[128], pidfile[128];
	FILE *f = create(t, "rsyslog.conf");
	pid_t pid;

	fprintf(f,
	    "global(workDirectory=\"%s\" maxMessageSize=\"128k\"\n"
	    "  defaultNetstreamDriver=\"ossl\"\n"
	    "  defaultNetstreamDriverCAFile=\"%s/clients.pem\"\n"
	    "  defaultNetstreamDriverCertFile=\"%s/ca.pem\"\n"
	    "  defaultNetstreamDriverKeyFile=\"%s/key.pem\")\n"
	    "module(load=\"imtcp\" streamDriver.name=\"ossl\"\n"
	    "  streamDriver.mode=\"1\" streamDriver.authMode=\"x509/name\"\n"
	    "  permittedPeer=[\"gw.test\"])\n"
	    "module(load=\"mmpstrucdata\")\n"
	    "template(name=\"t\" type=\"string\" string=\"%%hostname%% "
	    "%%app-name%% %%procid%% %%msgid%% "
	    "%%$!rfc5424-sd!sallyport@32473!seq%% "
	    "%%$!rfc5424-sd!sallyport@32473!user%% %%msg%%\\n\")\n"
	    "input(type=\"imtcp\" address=\"127.0.0.1\" port=\"%u\")\n"
	    "action(type=\"mmpstrucdata\")\n"
	    "action(type=\"omfile\" file=\"%s/got\" template=\"t\")\n",
	    t->dir, t->dir, t->dir, t->dir, t->conf.sinks[0].port, t->dir);
	assert_int_equal(fclose(f), 0);
	(void)snprintf(conf, sizeof(conf), "%s/rsyslog.conf", t->dir);
	(void)snprintf(pidfile, sizeof(pidfile), "%s/rsyslog.pid", t->dir);
	(void)unlink(pidfile);
	if ((pid = fork()) == 0) {
		execl("/usr/sbin/rsyslogd", "rsyslogd", "-n", "-f", conf, "-i",
		    pidfile, (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

/* Waits until the receiver's file has this text. */
static void
rsyslog_got(struct scene *t, const char *want)
{
	static char text[65536];
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/got", t->dir);
	text[0] = '\0';
	for (int i = 0; i < 200; i++) {
		FILE *f = fopen(path, "r");

		if (f != NULL) {
			text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
			(void)fclose(f);
			if (strstr(text, want) != NULL)
				return;
		}
		(void)usleep(50000);
	}
	fail_msg("rsyslog has no '%s' but:\n%s", want, text);
}

static void
give_one(struct scene *t, uint64_t seq, uint64_t end)
{
	const struct msg_nt_read *m = testlink_want(&t->notary, MSG_NT_READ);
	struct msg_nt_lines a = {
	    .rid = m->rid, .first = seq, .next = seq + 1, .end = end};
	struct event_fields f;
	struct buf b;

	assert_int_equal(m->from, seq);
	event_fields_init(&f);
	event_str(&f, EF_USER, "a\"]\\\xc3\xa4");
	event_str(&f, EF_MSG, "l1\nl2");
	buf_init(&b, LIMIT_BODY_MAX);
	make_record(&b, seq, EV_GRANT_OPEN, &f);
	buf_u8(&b, '\n');
	a.lines.p = b.p;
	a.lines.len = (uint32_t)b.len;
	testlink_send(&t->notary, MSG_NT_LINES, &a);
	buf_done(&b);
	event_fields_done(&f);
}

void
test_rsyslog(void **state)
{
	struct scene *t = *state;
	struct msg_nt_tail tail = {.end = 2};
	char event[2048], want[4096];
	struct event_fields f;
	struct buf b;
	pid_t pid;

	if (access("/usr/sbin/rsyslogd", X_OK) != 0 ||
	    system("ls /usr/lib/*/rsyslog/lmnsd_ossl.so >/dev/null 2>&1") != 0)
		fail_msg("needs rsyslogd with its ossl driver "
			 "(scripts/deps test)");
	receiver(t, "IP:127.0.0.1", TRUST);
	(void)close(t->listener); /* its port is rsyslog's now */
	credentials(t, "gw.test");
	pid = rsyslog_start(t);
	start(t);
	testlink_event(&t->notary, EV_SINK_UP, 0, event, sizeof(event));
	give_one(t, 0, 1);
	event_fields_init(&f);
	event_str(&f, EF_USER, "a\"]\\\xc3\xa4");
	event_str(&f, EF_MSG, "l1\nl2");
	buf_init(&b, LIMIT_BODY_MAX);
	make_record(&b, 0, EV_GRANT_OPEN, &f);
	buf_u8(&b, '\0');
	(void)snprintf(want, sizeof(want),
	    "gw.test sallyport notary JG2100I 0 a\"]\\\xc3\xa4 %s\n",
	    (char *)b.p);
	rsyslog_got(t, want);
	buf_done(&b);
	event_fields_done(&f);

	/* it dies; what comes meanwhile is not lost */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	testlink_send(&t->notary, MSG_NT_TAIL, &tail);
	pid = rsyslog_start(t);
	give_one(t, 0, 2);
	give_one(t, 1, 2);
	rsyslog_got(t, "sallyport notary JG2100I 1 ");
	stop(t);
	/* rsyslog answered the goodbye, or it did not: both are sound */
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	t->listener = -1;
}
