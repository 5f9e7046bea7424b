/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rfc5424: the mapping, byte for byte; then the real shipper against a TLS
 * receiver: delivery, resending after a break, the cursor, certificates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "audit/record.h"
#include "base/err.h"
#include "shipper/encode/rfc5424.h"
#include "tests/unit/support/proc_harness.h"

/* ---- pure */

/* A record as the notary writes it; without LF. */
static void
make_record(struct buf *out, uint64_t seq, enum event_code event,
    const struct event_fields *f)
{
	struct record r = {.seq = seq,
	    .time_ms = 1795000000123,
	    .event = event,
	    .origin = PROC_NOTARY};
	struct buf j;

	(void)snprintf(
	    r.id, sizeof(r.id), "019a0000-0000-7000-8000-%012x", (unsigned)seq);
	(void)snprintf(r.node, sizeof(r.node), "gw.test");
	(void)snprintf(
	    r.boot, sizeof(r.boot), "11111111-2222-4333-8444-555555555555");
	buf_init(&j, LIMIT_RECORD_MAX);
	if (f != NULL)
		assert_int_equal(event_fields_json(&j, f->b.p, f->b.len), 0);
	assert_int_equal(record_format(out, &r, j.p, j.len), 0);
	buf_done(&j);
}

/* The frame of a line, its length checked and cut off. */
static void
frame(char *ret, size_t size, const char *host, const void *p, size_t n)
{
	struct buf b;
	size_t len = 0;
	int digits = 0;

	buf_init(&b, 1024 * 1024);
	assert_int_equal(rfc5424_frame(&b, host, p, n), 0);
	buf_u8(&b, '\0');
	assert_int_equal(buf_err(&b), 0);
	assert_int_equal(sscanf((char *)b.p, "%zu%n", &len, &digits), 1);
	assert_int_equal(b.p[digits], ' ');
	assert_int_equal(b.len - 1, (size_t)digits + 1 + len);
	assert_true(len < size);
	memcpy(ret, b.p + digits + 1, len + 1);
	buf_done(&b);
}

static void
test_frame(void **state)
{
	struct event_fields f;
	struct buf line;
	char got[4096], want[4096];

	(void)state;
	event_fields_init(&f);
	event_str(&f, EF_USER, "an\"na");
	event_str(&f, EF_TARGET, "a]b\\c");
	event_str(&f, EF_GRANT, "g-7Q2MXK4P");
	event_num(&f, EF_DST_PORT, 22);
	event_str(&f, EF_MSG, "two\nlines \xc3\xa4");
	buf_init(&line, LIMIT_RECORD_MAX);
	make_record(&line, 42, EV_GRANT_OPEN, &f);
	buf_u8(&line, '\0');
	frame(got, sizeof(got), "gw.test", line.p, line.len - 1);
	(void)snprintf(want, sizeof(want),
	    "<109>1 2026-11-18T11:06:40.123Z gw.test sallyport notary JG2100I "
	    "[sallyport@32473 seq=\"42\" "
	    "id=\"019a0000-0000-7000-8000-00000000002a\" event=\"grant.open\" "
	    "user=\"an\\\"na\" target=\"a\\]b\\\\c\" grant=\"g-7Q2MXK4P\" "
	    "dst_port=\"22\"] %s",
	    (char *)line.p);
	assert_string_equal(got, want);
	assert_null(strchr(got, '\n'));
	buf_done(&line);
	event_fields_done(&f);
}

static void
test_caps(void **state)
{
	struct event_fields f;
	struct buf line;
	char user[1001], host[400], got[8192];
	const char *at;

	(void)state;
	/* cut between characters: 255 is odd, each has two bytes */
	for (size_t i = 0; i < 1000; i += 2)
		memcpy(user + i, "\xc3\xa4", 2);
	user[1000] = '\0';
	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	event_fields_init(&f);
	event_str(&f, EF_USER, user);
	buf_init(&line, LIMIT_RECORD_MAX);
	make_record(&line, 0, EV_AUTH_LOGIN, &f);
	frame(got, sizeof(got), host, line.p, line.len);
	at = strstr(got, " sallyport ");
	assert_non_null(at);
	assert_int_equal(at - strchr(got, 'h'), 255);
	at = strstr(got, "user=\"");
	assert_non_null(at);
	assert_int_equal(strcspn(at + 6, "\""), 254);
	/* the record itself is whole */
	buf_u8(&line, '\0');
	assert_non_null(strstr(got, (char *)line.p));
	buf_done(&line);
	event_fields_done(&f);
	assert_int_equal(rfc5424_severity(1), 6);
	assert_int_equal(rfc5424_severity(6), 1);
	assert_int_equal(rfc5424_severity(0), 3);
	assert_int_equal(rfc5424_severity(7), 3);
}

static void
test_no_record(void **state)
{
	char got[256];

	(void)state;
	frame(got, sizeof(got), "", "not\ta record\x01", 13);
	assert_string_equal(got, "<107>1 - - sallyport - - - not a record ");
}

/* ---- the program */

struct shp_test {
	char dir[64];
	char ca[96];
	struct conf conf;
	struct proc_harness p;
	struct testlink notary, broker;
	int listener;
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
};

static X509 *
certificate(EVP_PKEY *key, const char *san, long until_s)
{
	X509 *c = X509_new();
	X509_EXTENSION *x;

	assert_non_null(c);
	assert_int_equal(X509_set_version(c, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(c), 1), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(c), -60));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(c), until_s));
	assert_int_equal(X509_set_pubkey(c, key), 1);
	assert_int_equal(
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN",
		MBSTRING_ASC, (const unsigned char *)"siem", -1, -1, 0),
	    1);
	assert_int_equal(X509_set_issuer_name(c, X509_get_subject_name(c)), 1);
	x = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	assert_non_null(x);
	assert_int_equal(X509_add_ext(c, x, -1), 1);
	X509_EXTENSION_free(x);
	assert_true(X509_sign(c, key, EVP_sha256()) > 0);
	return c;
}

static FILE *
create(const struct shp_test *t, const char *name)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", t->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	return f;
}

enum trust { TRUST_NOT = 0, TRUST, TRUST_EXPIRED };

/* A receiver with a self-signed certificate; the CA file holds it, or not. */
static void
receiver(struct shp_test *t, const char *san, enum trust trust)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY *other = EVP_EC_gen("P-256");
	X509 *c = certificate(key, san, trust == TRUST_EXPIRED ? -1 : 3600);
	X509 *o = certificate(other, san, 3600);
	FILE *f = fopen(t->ca, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, trust != TRUST_NOT ? c : o), 1);
	assert_int_equal(fclose(f), 0);
	t->ctx = SSL_CTX_new(TLS_server_method());
	assert_non_null(t->ctx);
	assert_int_equal(SSL_CTX_use_certificate(t->ctx, c), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(t->ctx, key), 1);
	f = create(t, "key.pem"); /* for a receiver that is no part of us */
	assert_int_equal(
	    PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(fclose(f), 0);
	X509_free(c);
	X509_free(o);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static int
setup(void **state)
{
	static struct shp_test t;
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t n = sizeof(sa);
	struct timeval tv = {.tv_sec = 10};
	char sub[80];

	memset(&t, 0, sizeof(t));
	t.fd = -1;
	(void)snprintf(t.dir, sizeof(t.dir), "%s/sallyport-test-XXXXXX",
	    getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(t.dir));
	(void)snprintf(sub, sizeof(sub), "%s/shipper", t.dir);
	assert_int_equal(mkdir(sub, 0700), 0);
	(void)snprintf(t.ca, sizeof(t.ca), "%s/ca.pem", t.dir);
	t.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(
	    bind(t.listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(t.listener, 8), 0);
	assert_int_equal(
	    getsockname(t.listener, (struct sockaddr *)&sa, &n), 0);
	assert_int_equal(
	    setsockopt(t.listener, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)),
	    0);
	(void)snprintf(t.conf.state_dir, sizeof(t.conf.state_dir), "%s", t.dir);
	(void)snprintf(t.conf.server_id, sizeof(t.conf.server_id), "gw.test");
	(void)snprintf(t.conf.sinks[0].name, LIMIT_NAME_SIZE, "siem");
	(void)snprintf(t.conf.sinks[0].host, LIMIT_HOST_SIZE, "127.0.0.1");
	(void)snprintf(t.conf.sinks[0].ca_file, LIMIT_PATH_SIZE, "%s", t.ca);
	t.conf.sinks[0].port = ntohs(sa.sin_port);
	*state = &t;
	return 0;
}

static void
shp_start(struct shp_test *t)
{
	proc_harness_start(
	    &t->p, PROC_SHIPPER, "sallyport-shipper", "", &t->conf);
	proc_harness_link(&t->p, &t->broker, PROC_BROKER, 0);
	proc_harness_link(&t->p, &t->notary, PROC_NOTARY, 0);
	proc_harness_ready(&t->p);
}

static void
hang_up(struct shp_test *t)
{
	SSL_free(t->ssl);
	t->ssl = NULL;
	if (t->fd >= 0)
		(void)close(t->fd);
	t->fd = -1;
}

static void
shp_stop(struct shp_test *t)
{
	int status = proc_harness_stop(&t->p);

	testlink_close(&t->notary);
	testlink_close(&t->broker);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int
teardown(void **state)
{
	struct shp_test *t = *state;
	char cmd[128];

	hang_up(t);
	SSL_CTX_free(t->ctx);
	(void)close(t->listener);
	(void)snprintf(cmd, sizeof(cmd), "rm -r %s", t->dir);
	return system(cmd);
}

/* Takes the next connection; whether the client liked our certificate. */
static int
take(struct shp_test *t)
{
	struct timeval tv = {.tv_sec = 10};

	t->fd = accept(t->listener, NULL, NULL);
	assert_true(t->fd >= 0);
	assert_int_equal(
	    setsockopt(t->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	t->ssl = SSL_new(t->ctx);
	assert_non_null(t->ssl);
	/* TLS 1.2: the client's refusal shows in the handshake itself */
	assert_int_equal(SSL_set_max_proto_version(t->ssl, TLS1_2_VERSION), 1);
	assert_int_equal(SSL_set_fd(t->ssl, t->fd), 1);
	return SSL_accept(t->ssl) == 1;
}

/* Answers the next NT_READ with this many records from where it asks. */
static void
give(struct shp_test *t, uint64_t want_from, uint64_t n, uint64_t end)
{
	const struct msg_nt_read *m = testlink_want(&t->notary, MSG_NT_READ);
	struct msg_nt_lines a = {.rid = m->rid,
	    .first = want_from,
	    .next = want_from + n,
	    .end = end};
	struct buf b;

	assert_int_equal(m->from, want_from);
	buf_init(&b, LIMIT_BODY_MAX);
	for (uint64_t i = 0; i < n; i++) {
		make_record(&b, want_from + i, EV_SINK_UP, NULL);
		buf_u8(&b, '\n');
	}
	a.lines.p = b.p;
	a.lines.len = (uint32_t)b.len;
	testlink_send(&t->notary, MSG_NT_LINES, &a);
	buf_done(&b);
}

/* Reads one frame; the seq in it. */
static uint64_t
frame_seq(struct shp_test *t)
{
	char text[8192] = "";
	const char *at;
	size_t len = 0;

	for (size_t i = 0; i < 8 && text[i == 0 ? 0 : i - 1] != ' '; i++) {
		assert_int_equal(SSL_read(t->ssl, text + i, 1), 1);
		if (text[i] == ' ')
			len = strtoul(text, NULL, 10);
	}
	assert_true(len > 0 && len < sizeof(text));
	for (size_t got = 0; got < len;) {
		int n = SSL_read(t->ssl, text + got, (int)(len - got));

		assert_true(n > 0);
		got += (size_t)n;
	}
	text[len] = '\0';
	assert_int_equal(strncmp(text, "<110>1 ", 7), 0);
	at = strstr(text, "seq=\"");
	assert_non_null(at);
	return strtoull(at + 5, NULL, 10);
}

static void
cursor_is(const struct shp_test *t, const char *want)
{
	char path[128], got[32] = "";
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/shipper/cursor.siem", t->dir);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(got, sizeof(got), f));
	(void)fclose(f);
	assert_string_equal(got, want);
}

static void
test_delivery(void **state)
{
	struct shp_test *t = *state;
	struct msg_nt_tail tail = {.end = 6};
	const struct msg_shp_status *st;
	char event[2048];
	pid_t pid;

	receiver(t, "IP:127.0.0.1", TRUST);
	shp_start(t);
	assert_int_equal(take(t), 1);
	testlink_event(&t->notary, EV_SINK_UP, 0, event, sizeof(event));
	assert_non_null(strstr(event, "\"sink\":\"siem\""));
	do
		st = testlink_want(&t->broker, MSG_SHP_STATUS);
	while (!st->up);
	assert_string_equal(st->sink, "siem");
	give(t, 0, 3, 5);
	give(t, 3, 2, 5);
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(frame_seq(t), i);
	/* nothing more until the log grows */
	assert_int_equal(testlink_next(&t->notary, 1500), 0);
	testlink_send(&t->notary, MSG_NT_TAIL, &tail);
	give(t, 5, 1, 6);
	assert_int_equal(frame_seq(t), 5);

	/* a break right after: nothing is known to have arrived */
	hang_up(t);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	assert_int_equal(take(t), 1);
	give(t, 0, 6, 6);
	for (uint64_t i = 0; i < 6; i++)
		assert_int_equal(frame_seq(t), i);

	/* an orderly end that the receiver confirms: all has arrived */
	if ((pid = fork()) == 0) {
		char scrap[64];

		if (SSL_read(t->ssl, scrap, sizeof(scrap)) > 0)
			_exit(1);
		(void)SSL_shutdown(t->ssl);
		_exit(0);
	}
	shp_stop(t);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	cursor_is(t, "6\n");

	/* and the next process goes on from there */
	hang_up(t);
	shp_start(t);
	assert_int_equal(take(t), 1);
	give(t, 6, 1, 7);
	assert_int_equal(frame_seq(t), 6);
	hang_up(t);
	shp_stop(t);
	cursor_is(t, "6\n");
}

static void
test_untrusted(void **state)
{
	struct shp_test *t = *state;
	char event[2048];

	receiver(t, "IP:127.0.0.1", TRUST_NOT);
	shp_start(t);
	assert_int_equal(take(t), 0);
	hang_up(t);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	assert_non_null(strstr(event, "is not trusted"));
	/* it tries again, and says nothing twice */
	assert_int_equal(take(t), 0);
	hang_up(t);
	assert_int_equal(testlink_next(&t->notary, 300), 0);
	shp_stop(t);
}

static void
test_wrong_host(void **state)
{
	struct shp_test *t = *state;
	char event[2048];

	receiver(t, "IP:127.0.0.2,DNS:siem.example", TRUST);
	shp_start(t);
	assert_int_equal(take(t), 0);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	assert_non_null(strstr(event, "IP address mismatch"));
	shp_stop(t);
}

static void
test_expired(void **state)
{
	struct shp_test *t = *state;
	char event[2048];

	receiver(t, "IP:127.0.0.1", TRUST_EXPIRED);
	shp_start(t);
	assert_int_equal(take(t), 0);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	assert_non_null(strstr(event, "certificate has expired"));
	shp_stop(t);
}

/* Ends the shipper while the receiver does with its goodbye as it likes. */
static void
stop_while(struct shp_test *t, void (*receiver_does)(struct shp_test *t))
{
	pid_t pid = fork();

	if (pid == 0) {
		receiver_does(t);
		_exit(0);
	}
	/* the descriptor is the child's alone: its end is the connection's */
	(void)close(t->fd);
	t->fd = -1;
	shp_stop(t);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	hang_up(t);
}

static void
reads_and_closes(struct shp_test *t)
{
	char scrap[64];

	(void)SSL_read(t->ssl, scrap, sizeof(scrap));
}

static void
leaves_it_unread(struct shp_test *t)
{
	char scrap[1];

	/* until there is something, which stays */
	(void)recv(t->fd, scrap, sizeof(scrap), MSG_PEEK);
	(void)usleep(300000);
}

/* A goodbye that nobody read proves nothing. */
static void
test_goodbye(void **state)
{
	struct shp_test *t = *state;

	receiver(t, "IP:127.0.0.1", TRUST);
	shp_start(t);
	assert_int_equal(take(t), 1);
	give(t, 0, 2, 2);
	assert_int_equal(frame_seq(t), 0);
	assert_int_equal(frame_seq(t), 1);
	stop_while(t, reads_and_closes); /* as rsyslog does: no close_notify */
	cursor_is(t, "2\n");

	shp_start(t);
	assert_int_equal(take(t), 1);
	give(t, 2, 2, 4);
	assert_int_equal(frame_seq(t), 2);
	stop_while(t, leaves_it_unread);
	cursor_is(t, "2\n");
}

/* A log shorter than the cursor is another log: all of it is sent. */
static void
test_rewind(void **state)
{
	struct shp_test *t = *state;
	char path[128];
	FILE *f;

	receiver(t, "IP:127.0.0.1", TRUST);
	(void)snprintf(path, sizeof(path), "%s/shipper/cursor.siem", t->dir);
	assert_non_null(f = fopen(path, "w"));
	(void)fputs("50\n", f);
	(void)fclose(f);
	(void)chmod(path, 0600);
	shp_start(t);
	assert_int_equal(take(t), 1);
	give(t, 50, 0, 2);
	give(t, 0, 2, 2);
	assert_int_equal(frame_seq(t), 0);
	assert_int_equal(frame_seq(t), 1);
	hang_up(t);
	shp_stop(t);
}

/* ---- a receiver that is not ours */

static pid_t
rsyslog_start(struct shp_test *t)
{
	char conf[128], pidfile[128];
	FILE *f = create(t, "rsyslog.conf");
	pid_t pid;

	fprintf(f,
	    "global(workDirectory=\"%s\" maxMessageSize=\"128k\"\n"
	    "  defaultNetstreamDriver=\"ossl\"\n"
	    "  defaultNetstreamDriverCAFile=\"%s/ca.pem\"\n"
	    "  defaultNetstreamDriverCertFile=\"%s/ca.pem\"\n"
	    "  defaultNetstreamDriverKeyFile=\"%s/key.pem\")\n"
	    "module(load=\"imtcp\" streamDriver.name=\"ossl\"\n"
	    "  streamDriver.mode=\"1\" streamDriver.authMode=\"anon\")\n"
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
rsyslog_got(struct shp_test *t, const char *want)
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
give_one(struct shp_test *t, uint64_t seq, uint64_t end)
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

static void
test_rsyslog(void **state)
{
	struct shp_test *t = *state;
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
	pid = rsyslog_start(t);
	shp_start(t);
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
	shp_stop(t);
	/* rsyslog answered the goodbye, or it did not: both are sound */
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	t->listener = -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_frame),
	    cmocka_unit_test(test_caps),
	    cmocka_unit_test(test_no_record),
	    cmocka_unit_test_setup_teardown(test_delivery, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_untrusted, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_wrong_host, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_expired, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_goodbye, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_rewind, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_rsyslog, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
