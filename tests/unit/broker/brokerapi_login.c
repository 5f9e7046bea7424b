/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a user signs to log in: this connection's session id, as the notary
 * knows it, and in the newer form the gateway's host key as well.
 */
#include <stdio.h>
#include <string.h>

#include "ssh/sshauth.h"
#include "ssh/sshkey.h"
#include "tests/unit/broker/brokerscene.h"

static const uint8_t sid[] = "the exchange hash of this, whole.";
static const uint8_t other_sid[] = "the exchange hash of another one.";

static struct msg_ses_auth
sign(const struct key *k, const uint8_t *id, const struct key *host,
    uint8_t sig[static 64])
{
	struct msg_ses_auth m = {.rid = 1,
	    .user = "deploy@web-01",
	    .alg = "ssh-ed25519",
	    .blob = {k->pub.blob, (uint32_t)k->pub.len},
	    .sig = {sig, 64}};
	const struct sshauth a = {.sid = id,
	    .nsid = sizeof(sid),
	    .user = m.user,
	    .alg = m.alg,
	    .key = k->pub.blob,
	    .nkey = k->pub.len,
	    .host_key = host == NULL ? NULL : host->pub.blob,
	    .nhost_key = host == NULL ? 0 : host->pub.len};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = 64;
	struct buf b;

	buf_init(&b, 4096);
	sshauth_signed(&b, &a);
	assert_int_equal(buf_err(&b), 0);
	assert_non_null(ctx);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &n, b.p, b.len), 1);
	EVP_MD_CTX_free(ctx);
	buf_done(&b);
	return m;
}

static void
comes(struct scene *x, uint64_t conn, const struct msg_ses_auth *m, bool in)
{
	const struct msg_nt_sid id = {.conn = conn, .sid = {sid, sizeof(sid)}};
	char nonce[LIMIT_NONCE_SIZE];
	struct testlink s;

	link_session(x, &s, conn);
	testlink_send(&x->notary, MSG_NT_SID, &id);
	challenge(x, nonce); /* answered: it has read that */
	testlink_send(&s, MSG_SES_AUTH, m);
	if (in)
		want_event(x, EV_AUTH_LOGIN);
	(void)testlink_want(&s, in ? MSG_SES_AUTH_OK : MSG_SES_AUTH_NO);
	testlink_close(&s);
}

void
test_host_bound(void **state)
{
	struct scene *x = *state;
	struct msg_nt_fold_grant g;
	struct msg_ses_auth m;
	struct key host, other;
	uint8_t sig[64];

	key_make(&host);
	key_make(&other);
	must(sshkey_format_line(x->conf.host_key, sizeof(x->conf.host_key),
	    host.pub.blob, host.pub.len));
	fold_grant(&g, x->one.pub.fp);
	start(x, &g, 1, NULL);
	m = sign(&x->one, sid, NULL, sig);
	comes(x, 101, &m, true);
	m = sign(&x->one, sid, &host, sig);
	comes(x, 102, &m, true);
	/* made for another server, or for another connection */
	m = sign(&x->one, sid, &other, sig);
	comes(x, 103, &m, false);
	m = sign(&x->one, other_sid, &host, sig);
	comes(x, 104, &m, false);
	m = sign(&x->one, other_sid, NULL, sig);
	comes(x, 105, &m, false);
	/* what stands there is not what was signed */
	m = sign(&x->one, sid, &host, sig);
	strcpy(m.user, "root@web-01");
	comes(x, 106, &m, false);
	testlink_event(&x->notary, EV_AUTH_LOGIN_DENIED, 0, x->text, TEXT_MAX);
	assert_non_null(strstr(x->text, "\"target_id\":\"t-"));
	EVP_PKEY_free(host.pkey);
	EVP_PKEY_free(other.pkey);
	stop(x);
}
