/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_leg - see user_leg.h.
 */
#include "session/user_leg.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "core/conf.h"
#include "session/alive.h"
#include "session/auth.h"
#include "session/chan.h"
#include "session/denied.h"
#include "session/end.h"
#include "session/hooks.h"
#include "session/inbox.h"
#include "session/leg.h"
#include "session/names.h"
#include "session/nul.h"
#include "session/open.h"
#include "session/request.h"
#include "session/session.h"
#include "session/text.h"
#include "wire/sshplain.h"

static int
bind_new(ssh_bind *ret, const struct leg_algs *algs, ssh_key host_key)
{
	const bool no = false;
	const int rsa = 3072;
	const struct {
		enum ssh_bind_options_e o;
		const void *v;
	} opts[] = {
	    {SSH_BIND_OPTIONS_PROCESS_CONFIG, &no},
	    {SSH_BIND_OPTIONS_BANNER, SSHPLAIN_SOFTWARE},
	    {SSH_BIND_OPTIONS_CIPHERS_C_S, algs->ciphers},
	    {SSH_BIND_OPTIONS_CIPHERS_S_C, algs->ciphers},
	    {SSH_BIND_OPTIONS_KEY_EXCHANGE, algs->kex},
	    {SSH_BIND_OPTIONS_HMAC_C_S, algs->macs},
	    {SSH_BIND_OPTIONS_HMAC_S_C, algs->macs},
	    {SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, "ssh-ed25519"},
	    {SSH_BIND_OPTIONS_RSA_MIN_SIZE, &rsa},
	    {SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES,
		"ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,"
		"ecdsa-sha2-nistp521,sk-ssh-ed25519@openssh.com,"
		"sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,"
		"rsa-sha2-256"},
	    {SSH_BIND_OPTIONS_IMPORT_KEY, host_key},
	};
	ssh_bind b = ssh_bind_new();

	if (b == NULL)
		return GW_ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(opts); i++)
		if (ssh_bind_options_set(b, opts[i].o, opts[i].v) != SSH_OK) {
			log_err("libssh refuses a server option: %s",
			    ssh_get_error(b));
			return GW_EUNSUPPORTED;
		}
	*ret = b;
	return 0;
}

int
user_init(struct session *s, int fd, ssh_key host_key)
{
	int r;

	if ((r = leg_init(&s->user, fd)) != 0)
		return r;
	hooks_signer(inbox_sign, s);
	return bind_new(&s->bind, leg_algs(s->algorithms, true), host_key);
}

int
user_serve(struct session *s)
{
	ssh_session ssh = s->user.ssh;

	if (ssh_bind_accept_fd(s->bind, ssh, s->user.fd) != SSH_OK) {
		log_err("libssh does not accept the connection: %s",
		    ssh_get_error(s->bind));
		return GW_EUNSUPPORTED;
	}
	ssh_set_auth_methods(ssh, SSH_AUTH_METHOD_PUBLICKEY);
	s->phase = PH_KEX;
	s->kex_ms = s->now.boot_ms;
	s->busy = true;
	return 0;
}

/* Clients that did not see it themselves read which option chose for us. */
static void
no_kex(struct session *s)
{
	char line[LIMIT_TEXT_SIZE];
	struct buf b;

	if (strstr(ssh_get_error(s->user.ssh), "no match for method") == NULL)
		return;
	s->no_algorithm = true;
	buf_init(&b, 2 * LIMIT_TEXT_SIZE);
	text_fit(line, sizeof(line), "sallyport: %s",
	    leg_no_common(s->algorithms, ssh_get_error(s->user.ssh)));
	sshplain_disconnect(&b, SSHPLAIN_NO_KEX, line);
	if (buf_err(&b) == 0)
		(void)send(s->user.fd, b.p, b.len, MSG_NOSIGNAL);
	buf_done(&b);
}

static void
step_kex(struct session *s)
{
	struct leg *l = &s->user;
	int rc = leg_exchange(l, ssh_handle_key_exchange);

	if (rc == SSH_AGAIN)
		return;
	if (rc != SSH_OK)
		no_kex(s);
	if (rc != SSH_OK || leg_evented(l) != 0) {
		l->dead = true;
		return;
	}
	hooks_capture(true);
	s->phase = PH_AUTH;
	s->busy = true;
}

static void
on_service(ssh_message m)
{
	const char *service = ssh_message_service_service(m);

	if (service != NULL && strcmp(service, "ssh-userauth") == 0)
		(void)ssh_message_service_reply_success(m);
	else
		(void)ssh_message_reply_default(m);
	ssh_message_free(m);
}

/* "-R"; what names it as no refusal needs no record. */
static void
refuse_forward(struct session *s, ssh_message m)
{
	const struct denial d = {.what = "tcpip-forward",
	    .dst = ssh_message_global_request_address(m),
	    .port = (unsigned)ssh_message_global_request_port(m)};

	if (ssh_message_subtype(m) == SSH_GLOBAL_REQUEST_TCPIP_FORWARD)
		denied(s, &d);
}

/* Global requests that ask for nothing the user could miss. */
static bool
is_courtesy(const char *name)
{
	static const char *const starts[] = {
	    "keepalive@", "no-more-sessions@", "cancel-"};

	for (size_t i = 0; i < ARRAY_LEN(starts); i++)
		if (strncmp(name, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* What libssh has refused before there was a message. */
static void
refused_by_libssh(struct session *s)
{
	char *name;

	while ((name = names_next(NAME_OF_GLOBAL)) != NULL) {
		if (s->logged_in && !is_courtesy(name))
			denied(s, &(struct denial){.what = "global-request",
				      .wanted = name});
		free(name);
	}
	while ((name = names_next(NAME_OF_AGENT)) != NULL) {
		if (s->logged_in)
			denied(s, &(struct denial){.what = "auth-agent-req"});
		free(name);
	}
}

/* Takes m. */
static void
on_message(struct session *s, ssh_message m)
{
	const int type = ssh_message_type(m);

	if (type == SSH_REQUEST_AUTH) {
		auth_message(s, m);
		return;
	}
	if (type == SSH_REQUEST_SERVICE) {
		on_service(m);
		return;
	}
	if (!s->logged_in) {
		/* a channel before login is an attack, not a mistake */
		ssh_message_free(m);
		end_begin(s, END_PROTOCOL, "sallyport: not logged in");
		return;
	}
	switch (type) {
	case SSH_REQUEST_CHANNEL_OPEN:
		open_asked(s, m);
		return;
	case SSH_REQUEST_CHANNEL:
		request_asked(s, m);
		return;
	case SSH_REQUEST_GLOBAL:
		refuse_forward(s, m);
		break;
	default:
		break;
	}
	(void)ssh_message_reply_default(m);
	ssh_message_free(m);
}

/* One that was offered with a message after it is that message's. */
static void
unknown_types(struct session *s, bool any_message)
{
	char *name;

	while ((name = names_next(NAME_OF_KEY)) != NULL) {
		if (!any_message && !auth_pending(s) && s->phase == PH_AUTH &&
		    !FAULT(mute_types))
			auth_unknown_type(s, name);
		free(name);
	}
}

/* libssh reads what has come. */
static void
read_user(struct session *s)
{
	nul_listen(true);
	if (s->phase == PH_KEX)
		step_kex(s);
	if (s->phase >= PH_AUTH && s->user.event != NULL) {
		names_listen(true);
		alive_before(s);
		leg_feed(&s->user);
		names_listen(false);
		alive_after(s);
	}
	nul_listen(false);
	if (nul_lost())
		end_begin(s, END_PROTOCOL,
		    "sallyport: too much with a NUL byte in it, or with "
		    "numbers "
		    "that no port has");
}

void
user_step(struct session *s)
{
	bool any = false;
	ssh_message m = NULL;

	if (s->user.dead)
		return;
	read_user(s);
	if (s->phase < PH_AUTH || s->user.event == NULL)
		return;
	refused_by_libssh(s);
	/* one login attempt at a time: the rest waits for the verdict */
	while (!s->user.dead && !auth_pending(s) && s->phase != PH_DONE &&
	       !nul_lost() && (m = ssh_message_get(s->user.ssh)) != NULL) {
		any = true;
		on_message(s, m);
	}
	unknown_types(s, any);
	if (m == NULL)
		request_broken(s);
	if (m == NULL && !auth_pending(s) && !nul_lost() && !request_had_nul(s))
		nul_forget();
}

void
user_done(struct session *s)
{
	leg_done(&s->user);
	if (s->bind != NULL)
		ssh_bind_free(s->bind);
	s->bind = NULL;
}
