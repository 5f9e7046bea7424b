/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shipperscene - see the header.
 */
#include "tests/unit/shipper/shipperscene.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tests/unit/shipper/logrecord.h"

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
		MBSTRING_ASC, (const unsigned char *)san, -1, -1, 0),
	    1);
	assert_int_equal(X509_set_issuer_name(c, X509_get_subject_name(c)), 1);
	x = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, san);
	assert_non_null(x);
	assert_int_equal(X509_add_ext(c, x, -1), 1);
	X509_EXTENSION_free(x);
	assert_true(X509_sign(c, key, EVP_sha256()) > 0);
	return c;
}

FILE *
create(const struct scene *t, const char *name)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", t->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	return f;
}

void
receiver(struct scene *t, const char *san, enum trust trust)
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

/* Written beside and renamed: it is whole whenever it is read. */
static FILE *
begin_file(const struct scene *t, mode_t mode)
{
	FILE *f = create(t, "new");

	assert_int_equal(fchmod(fileno(f), mode), 0);
	return f;
}

static void
end_file(const struct scene *t, FILE *f, const char *path)
{
	char from[128];

	assert_int_equal(fclose(f), 0);
	(void)snprintf(from, sizeof(from), "%s/new", t->dir);
	assert_int_equal(rename(from, path), 0);
}

void
credentials(struct scene *t, const char *name)
{
	struct conf_sink *k = &t->conf.sinks[0];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char san[80], path[128];
	X509 *c;
	FILE *f;

	(void)snprintf(san, sizeof(san), "DNS:%s", name);
	c = certificate(key, san, 3600);
	(void)snprintf(k->cert_file, LIMIT_PATH_SIZE, "%s/own.pem", t->dir);
	(void)snprintf(k->key_file, LIMIT_PATH_SIZE, "%s/own.key", t->dir);
	f = begin_file(t, 0600);
	assert_int_equal(
	    PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
	end_file(t, f, k->key_file);
	f = begin_file(t, 0644);
	assert_int_equal(PEM_write_X509(f, c), 1);
	end_file(t, f, k->cert_file);
	f = begin_file(t, 0644); /* for a receiver that is no part of us */
	assert_int_equal(PEM_write_X509(f, c), 1);
	(void)snprintf(path, sizeof(path), "%s/clients.pem", t->dir);
	end_file(t, f, path);
	assert_int_equal(
	    X509_STORE_add_cert(SSL_CTX_get_cert_store(t->ctx), c), 1);
	SSL_CTX_set_verify(
	    t->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	X509_free(c);
	EVP_PKEY_free(key);
}

int
setup(void **state)
{
	static struct scene t;
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

void
start(struct scene *t)
{
	proc_harness_start(
	    &t->p, PROC_SHIPPER, "sallyport-shipper", "", &t->conf);
	proc_harness_link(&t->p, &t->broker, PROC_BROKER, 0);
	proc_harness_link(&t->p, &t->notary, PROC_NOTARY, 0);
	proc_harness_ready(&t->p);
}

void
hang_up(struct scene *t)
{
	SSL_free(t->ssl);
	t->ssl = NULL;
	if (t->fd >= 0)
		(void)close(t->fd);
	t->fd = -1;
}

void
stop(struct scene *t)
{
	int status = proc_harness_stop(&t->p);

	testlink_close(&t->notary);
	testlink_close(&t->broker);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
teardown(void **state)
{
	struct scene *t = *state;
	char cmd[128];

	hang_up(t);
	SSL_CTX_free(t->ctx);
	(void)close(t->listener);
	(void)snprintf(cmd, sizeof(cmd), "rm -r %s", t->dir);
	return system(cmd);
}

int
take(struct scene *t)
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

void
take_and_drop(struct scene *t)
{
	t->fd = accept(t->listener, NULL, NULL);
	assert_true(t->fd >= 0);
	hang_up(t);
}

void
trust_now(struct scene *t)
{
	char path[128];
	FILE *f = create(t, "ca.new");

	assert_int_equal(
	    PEM_write_X509(f, SSL_CTX_get0_certificate(t->ctx)), 1);
	assert_int_equal(fclose(f), 0);
	(void)snprintf(path, sizeof(path), "%s/ca.new", t->dir);
	assert_int_equal(rename(path, t->ca), 0);
}

void
remove_ca(struct scene *t)
{
	assert_int_equal(unlink(t->ca), 0);
}

void
give(struct scene *t, uint64_t want_from, uint64_t n, uint64_t end)
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

uint64_t
message_seq(struct scene *t)
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

void
cursor_write(const struct scene *t, const char *text)
{
	char path[128];
	FILE *f = create(t, "shipper/cursor.siem");

	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	(void)snprintf(path, sizeof(path), "%s/shipper/cursor.siem", t->dir);
	assert_int_equal(chmod(path, 0600), 0);
}

void
cursor_is(const struct scene *t, const char *want)
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
