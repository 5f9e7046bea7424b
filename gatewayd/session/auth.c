/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth - see auth.h.
 */
#include "session/auth.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "session/captured.h"
#include "session/end.h"
#include "session/hooks.h"
#include "session/links.h"
#include "session/nul.h"
#include "session/session.h"
#include "session/target_leg.h"
#include "session/text.h"

/* Takes m. */
static void
refuse(struct session *s, ssh_message m)
{
	(void)ssh_message_auth_set_methods(m, SSH_AUTH_METHOD_PUBLICKEY);
	(void)ssh_message_reply_default(m);
	if (s->auth->spare == NULL)
		s->auth->spare = m;
	else
		ssh_message_free(m);
}

static int
key_blob(ssh_key key, uint8_t *ret, size_t size, size_t *retn)
{
	char *b64 = NULL;
	int r;

	if (key == NULL || ssh_pki_export_pubkey_base64(key, &b64) != SSH_OK)
		return GW_ECRYPTO;
	r = str_unb64(ret, size, b64, strlen(b64), retn);
	ssh_string_free_char(b64);
	return r;
}

static bool
key_is_sk(ssh_key key)
{
	enum ssh_keytypes_e t = ssh_key_type(key);

	return t == SSH_KEYTYPE_SK_ED25519 || t == SSH_KEYTYPE_SK_ECDSA;
}

static int
signature(struct msg_ses_auth *m, const struct captured *c, ssh_key key)
{
	int r;

	m->sig.p = c->sig;
	m->sig.len = (uint32_t)c->nsig;
	if (key_is_sk(key)) {
		r = captured_sk(c, &m->sk_flags, &m->sk_counter);
		if (r != 0)
			return r;
		return str_copy(m->alg, sizeof(m->alg),
		    ssh_key_type_to_char(ssh_key_type(key)));
	}
	return captured_alg(c, m->alg, sizeof(m->alg));
}

static int
ask_broker(struct session *s, ssh_message msg, bool query)
{
	struct msg_ses_auth m = {.query = query};
	struct captured c = {.tbs = NULL};
	ssh_key key = ssh_message_auth_pubkey(msg);
	const char *version = ssh_get_clientbanner(s->user.ssh);
	const char *name = ssh_message_auth_user(msg);
	uint8_t blob[LIMIT_PUBKEY_MAX];
	size_t n = 0;
	int r = GW_EPROTO;

	/* one kept check per signed message, in the same order */
	if (!query && !hooks_next(&c))
		goto out;
	if (name == NULL || key == NULL ||
	    str_copy(m.user, sizeof(m.user), name) != 0)
		goto out;
	if ((r = key_blob(key, blob, sizeof(blob), &n)) != 0)
		goto out;
	m.rid = link_rid(&s->broker);
	m.blob.p = blob;
	m.blob.len = (uint32_t)n;
	if (version != NULL)
		text_fit(
		    m.client_version, sizeof(m.client_version), "%s", version);
	if (query)
		r = str_copy(m.alg, sizeof(m.alg),
		    ssh_key_type_to_char(ssh_key_type(key)));
	else
		r = signature(&m, &c, key);
	if (r == 0)
		r = link_send(&s->broker, MSG_SES_AUTH, &m);
	if (r != 0)
		goto out;
	s->auth->rid = m.rid;
	s->auth->pending_query = query;
out:
	free(c.tbs);
	return r;
}

static void
give_up(struct session *s, ssh_message m, const char *why)
{
	refuse(s, m);
	end_begin(s, END_PROTOCOL, why);
}

static void
too_many(struct session *s, ssh_message m)
{
	give_up(s, m, "sallyport: too many keys were tried");
}

/* For the record, should nobody log in. NULL, or why no name is like that. */
static const char *
keep_name(struct session *s, const char *name)
{
	size_t n = 0;
	const uint8_t *exact = nul_exact(name, &n);
	char *copy;

	if (name == NULL)
		return NULL;
	if (exact == NULL)
		n = strlen(name);
	if ((copy = calloc(1, n + 1)) != NULL) {
		memcpy(copy, exact != NULL ? (const char *)exact : name, n);
		free(s->auth->tried);
		s->auth->tried = copy;
		s->auth->ntried = n < LIMIT_FIELD_MAX ? n : LIMIT_FIELD_MAX;
	}
	if (exact != NULL)
		return "sallyport: there is a NUL in the name";
	return n < sizeof(((struct msg_ses_auth *)0)->user)
		   ? NULL
		   : "sallyport: the name is too long";
}

void
auth_message(struct session *s, ssh_message m)
{
	enum ssh_publickey_state_e state;
	const char *why;
	bool query;

	if (s->logged_in) {
		/* RFC 4252 section 5.1: ignored once accepted */
		ssh_message_free(m);
		return;
	}
	if ((why = keep_name(s, ssh_message_auth_user(m))) != NULL) {
		give_up(s, m, why);
		return;
	}
	if (ssh_message_subtype(m) != SSH_AUTH_METHOD_PUBLICKEY) {
		if (++s->auth->queries > LIMIT_AUTH_QUERIES)
			too_many(s, m);
		else
			refuse(s, m);
		return;
	}
	state = ssh_message_auth_publickey_state(m);
	query = state == SSH_PUBLICKEY_STATE_NONE;
	if (!query && state != SSH_PUBLICKEY_STATE_VALID) {
		refuse(s, m);
		return;
	}
	if ((query && ++s->auth->queries > LIMIT_AUTH_QUERIES) ||
	    (!query && ++s->auth->tries > LIMIT_AUTH_TRIES)) {
		too_many(s, m);
		return;
	}
	if (ask_broker(s, m, query) != 0) {
		refuse(s, m);
		return;
	}
	s->auth->pending = m;
}

/* The broker is asked about it as about any key, of which only the type is
 * known: it knows what to say, and what to write. */
void
auth_unknown_type(struct session *s, const char *type)
{
	struct msg_ses_auth m = {.query = 1};
	ssh_message spare = s->auth->spare;
	struct buf blob;
	int r;

	if (s->logged_in || spare == NULL ||
	    ++s->auth->queries > LIMIT_AUTH_QUERIES) {
		end_begin(s, END_PROTOCOL,
		    "sallyport: the first key that was offered is of a type "
		    "that this version does not know");
		return;
	}
	buf_init(&blob, LIMIT_PUBKEY_MAX);
	buf_cstring(&blob, type);
	m.rid = link_rid(&s->broker);
	m.blob.p = blob.p;
	m.blob.len = (uint32_t)blob.len;
	text_fit(m.alg, sizeof(m.alg), "unknown");
	r = buf_err(&blob);
	if (r == 0 && s->auth->tried != NULL)
		r = str_copy(m.user, sizeof(m.user), s->auth->tried);
	if (r == 0)
		r = link_send(&s->broker, MSG_SES_AUTH, &m);
	buf_done(&blob);
	s->auth->spare = NULL;
	if (r != 0) {
		refuse(s, spare);
		return;
	}
	s->auth->rid = m.rid;
	s->auth->pending_query = true;
	s->auth->pending = spare;
}

/* The pending message if this verdict is about it, else NULL: a verdict that
 * matches nothing is about nothing. */
static ssh_message
answered(struct session *s, uint32_t rid, bool query)
{
	ssh_message m = s->auth->pending;

	if (m == NULL || rid != s->auth->rid || query != s->auth->pending_query)
		return NULL;
	s->auth->pending = NULL;
	s->auth->rid = 0;
	s->busy = true;
	return m;
}

bool
auth_pending(const struct session *s)
{
	return s->auth->pending != NULL;
}

void
auth_accepted(struct session *s, const struct msg_ses_auth_ok *v)
{
	ssh_message m = answered(s, v->rid, v->query != 0);

	if (m == NULL || s->phase != PH_AUTH)
		return;
	if (v->query) {
		(void)ssh_message_auth_reply_pk_ok_simple(m);
		ssh_message_free(m);
		return;
	}
	s->grant = *v;
	s->logged_in = true;
	s->phase = PH_RELAY;
	s->active_ms = s->now.boot_ms;
	/* from here on a signature check is the target's host key: real */
	hooks_capture(false);
	s->broker.ipc.state = MST_READY;
	s->notary.ipc.state = MST_READY;
	s->recorder.ipc.state = MST_READY;
	(void)ssh_message_auth_reply_success(m, 0);
	ssh_message_free(m);
	target_dial(s);
}

void
auth_refused(struct session *s, const struct msg_ses_auth_no *v)
{
	ssh_message m = answered(s, v->rid, v->query != 0);
	char line[LIMIT_TEXT_SIZE + 32];
	char ended[sizeof(line) + 2];
	ssh_string text = NULL;

	if (m == NULL)
		return;
	text_prefixed(line, sizeof(line), v->text);
	text_fit(ended, sizeof(ended), "%s\r\n", line);
	if (v->text[0] != '\0' &&
	    (text = ssh_string_from_char(ended)) != NULL) {
		(void)ssh_send_issue_banner(s->user.ssh, text);
		ssh_string_free(text);
	}
	refuse(s, m);
}

void
auth_done(struct session *s)
{
	if (s->auth->pending != NULL)
		ssh_message_free(s->auth->pending);
	s->auth->pending = NULL;
	if (s->auth->spare != NULL)
		ssh_message_free(s->auth->spare);
	s->auth->spare = NULL;
	free(s->auth->tried);
	s->auth->tried = NULL;
	hooks_capture(false);
}
