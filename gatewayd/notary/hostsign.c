/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostsign - NT_HOSTSIGN: the host key's signature over an exchange hash. The
 * first hash of a connection is its session id, which the broker learns from
 * here and not from the session. No hash is signed twice, whether as a session
 * id or to a rekey, so that no signature of a user, who signs a session id, can
 * be carried to another connection.
 */
#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/disk.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "notary/notary.h"
#include "ssh/sshkey.h"

enum { HASH_MIN = 20 };

static int
send_sid(struct notary *n, const struct session_peer *s)
{
	struct msg_nt_sid m = {
	    .conn = s->conn, .sid = {.p = s->sid, .len = (uint32_t)s->nsid}};

	return peer_send(
	    process_peer(n->process, PROC_BROKER), MSG_NT_SID, &m, -1);
}

void
hostsign_send_sids(struct notary *n)
{
	for (const struct session_peer *s = n->sessions; s != NULL; s = s->next)
		if (s->nsid > 0 && send_sid(n, s) < 0)
			return; /* gone again: it asks when it is back */
}

static int
digest(uint8_t ret[static HASHES_DIGEST_SIZE], const void *p, size_t n)
{
	return EVP_Digest(p, n, ret, NULL, EVP_sha256(), NULL) == 1
		   ? 0
		   : GW_ECRYPTO;
}

/* It is the session id from now on; 0 once the broker was told. */
static int
first_hash(struct notary *n, struct session_peer *s, const struct bytes *hash)
{
	int r;

	memcpy(s->sid, hash->p, hash->len);
	s->nsid = hash->len;
	if ((r = send_sid(n, s)) < 0)
		s->nsid = 0;
	return r;
}

/* A dead disk is dead for the next login, too: another notary opens the file,
 * or says why it cannot. */
static void
unwritten(const struct notary *n)
{
	const int error = errno;

	log_err("an exchange hash could not be written down: %s%s",
	    strerror(error), disk_is_dead(error) ? ": starting anew" : "");
	if (disk_is_dead(error))
		process_exit(n->process, 1);
}

/* Never signed before, and not to be again. A session that is under way rekeys
 * also while the disk fails. */
static int
spend(struct notary *n, const struct session_peer *s, const struct bytes *hash)
{
	uint8_t md[HASHES_DIGEST_SIZE];
	int r;

	if ((r = digest(md, hash->p, hash->len)) < 0)
		return r;
	r = hashes_add(n->hashes, md);
	if (r == GW_EEXIST)
		return FAULT(hash_twice) ? 0 : GW_EDENIED;
	if (r < 0)
		unwritten(n);
	return s->has_leg ? 0 : r;
}

int
on_hostsign(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_hostsign *m = msg->body;
	struct notary *n = process_ctx(r);
	struct session_peer *s = peer_data(p);
	struct msg_nt_hostsig out = {.rid = m->rid};
	uint8_t sig[64];
	int e = 0;

	if (s == NULL || m->hash.len < HASH_MIN ||
	    m->hash.len > LIMIT_HASH_MAX ||
	    s->signs >= (s->has_leg || FAULT(many_signs)
				? LIMIT_SIGNS_PER_CONN
				: LIMIT_SIGNS_BEFORE_LOGIN))
		return GW_EPROTO;
	s->signs++;
	if ((e = spend(n, s, &m->hash)) < 0)
		goto out;
	/* linked again after our restart, also in the middle of a login: a
	 * rekey. Who says so of a first one has no session id, and so no login.
	 */
	if (s->nsid == 0 && !s->has_leg && (m->rekey == 0 || FAULT(rekey_sid)))
		e = first_hash(n, s, &m->hash);
	if (e == 0)
		e = sshkey_ed25519_sign(
		    sig, &n->host_seed, m->hash.p, m->hash.len);
	if (e == 0) {
		out.sig.p = sig;
		out.sig.len = sizeof(sig);
	}
out:
	out.result = msg_result(e);
	return peer_send(p, MSG_NT_HOSTSIG, &out, -1);
}
