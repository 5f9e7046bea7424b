/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshcert - one-session user certificates in OpenSSH's format, built byte by
 * byte (PROTOCOL.certkeys). No general certificate library: one key type, one
 * principal, one critical option, and only the extensions asked for.
 */
#include "ssh/sshcert.h"

#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "core/grant.h"
#include "ssh/sshkey.h"

enum { CERT_TYPE_USER = 1, NONCE_SIZE = 32 };

/* Ascending by name, as the format demands. */
static const struct {
	uint32_t cap;
	const char *name;
} extensions[] = {
    {CAP_X11, "permit-X11-forwarding"},
    {CAP_AGENT, "permit-agent-forwarding"},
    {CAP_FORWARD, "permit-port-forwarding"},
    {CAP_PTY, "permit-pty"},
};

static void
put_wrapped(struct buf *b, const struct buf *inner)
{
	buf_string(b, inner->p, inner->len);
}

static int
put_principal(struct buf *b, const char *name)
{
	struct buf in;
	int r;

	buf_init(&in, 512);
	buf_cstring(&in, name);
	if ((r = buf_err(&in)) == 0)
		put_wrapped(b, &in);
	buf_done(&in);
	return r;
}

static int
put_source(struct buf *b, const char *addrs)
{
	struct buf opts, value;
	int r;

	buf_init(&opts, 512);
	buf_init(&value, 512);
	buf_cstring(&value, addrs);
	if ((r = buf_err(&value)) == 0) {
		buf_cstring(&opts, "source-address");
		put_wrapped(&opts, &value);
		r = buf_err(&opts);
	}
	if (r == 0)
		put_wrapped(b, &opts);
	buf_done(&opts);
	buf_done(&value);
	return r;
}

static int
put_extensions(struct buf *b, uint32_t caps)
{
	struct buf ext;
	int r;

	buf_init(&ext, 512);
	for (size_t i = 0; i < ARRAY_LEN(extensions); i++) {
		if ((caps & extensions[i].cap) == 0)
			continue;
		buf_cstring(&ext, extensions[i].name);
		buf_cstring(&ext, "");
	}
	if ((r = buf_err(&ext)) == 0)
		put_wrapped(b, &ext);
	buf_done(&ext);
	return r;
}

static void
put_key(struct buf *b, const uint8_t pub[static 32])
{
	struct buf k;

	buf_init(&k, 64);
	buf_cstring(&k, "ssh-ed25519");
	buf_string(&k, pub, 32);
	if (buf_err(&k) == 0)
		put_wrapped(b, &k);
	else
		b->err = GW_ENOMEM;
	buf_done(&k);
}

static int
put_signature(struct buf *b, const struct secret *ca_seed)
{
	uint8_t raw[64];
	struct buf sig;
	int r;

	if ((r = buf_err(b)) < 0 ||
	    (r = sshkey_ed25519_sign(raw, ca_seed, b->p, b->len)) < 0)
		return r;
	buf_init(&sig, 128);
	buf_cstring(&sig, "ssh-ed25519");
	buf_string(&sig, raw, sizeof(raw));
	if ((r = buf_err(&sig)) == 0)
		put_wrapped(b, &sig);
	buf_done(&sig);
	return r == 0 ? buf_err(b) : r;
}

static bool
fields_ok(const struct sshcert *c)
{
	/* an empty principal list or source list would mean "any" */
	return c->key_id != NULL && c->key_id[0] != '\0' &&
	       c->principal != NULL &&
	       (c->principal[0] != '\0' || FAULT(cert_any_login)) &&
	       strlen(c->principal) < 256 && c->source_address != NULL &&
	       c->source_address[0] != '\0' &&
	       strlen(c->source_address) < 256 && strlen(c->key_id) < 512 &&
	       c->valid_after < c->valid_before;
}

int
sshcert_build(
    struct buf *out, const struct sshcert *c, const struct secret *ca_seed)
{
	uint8_t nonce[NONCE_SIZE], ca[32];
	struct buf b;
	int r = GW_EINVAL;

	if (!fields_ok(c))
		return r;
	buf_init(&b, LIMIT_CERT_MAX);
	if ((r = sshkey_ed25519_public(ca, ca_seed)) < 0)
		goto out;
	secret_fill(nonce, sizeof(nonce));
	buf_cstring(&b, "ssh-ed25519-cert-v01@openssh.com");
	buf_string(&b, nonce, sizeof(nonce));
	buf_string(&b, c->pubkey, sizeof(c->pubkey));
	buf_u64(&b, c->serial);
	buf_u32(&b, CERT_TYPE_USER);
	buf_cstring(&b, c->key_id);
	if ((r = put_principal(&b, c->principal)) < 0)
		goto out;
	buf_u64(&b, c->valid_after);
	buf_u64(&b, c->valid_before);
	if ((r = put_source(&b, c->source_address)) < 0 ||
	    (r = put_extensions(&b, c->caps)) < 0)
		goto out;
	buf_cstring(&b, ""); /* reserved */
	put_key(&b, ca);
	if ((r = put_signature(&b, ca_seed)) < 0)
		goto out;
	buf_put(out, b.p, b.len);
	r = buf_err(out);
out:
	buf_done(&b);
	return r;
}
