/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - one SSH connection, or one probe: the state all files of this
 * program share, and what each of them offers the loop in session.c.
 *
 * MUST: nothing is read from the client before the sandbox is on.
 * MUST: no channel is touched before auth.ok, which only the broker's
 *	 SES_AUTH_OK to a signature sets.
 * MUST: libssh's callbacks only enqueue (into struct chan); they never write,
 *	 reply, open or free.
 * MUST: the record of a shell, command or subsystem is durable before the
 *	 request goes to the target.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "core/event.h"
#include "core/grant.h"
#include "session/chan.h"
#include "session/leg.h"
#include "session/ssh.h"
#include "wire/ipc.h"
#include "wire/messages.h"

enum phase {
	PH_LINKS = 0, /* waiting for notary, broker, recorder */
	PH_KEX,       /* the user's key exchange */
	PH_AUTH,      /* the user's signature */
	PH_RELAY,     /* authenticated; the target leg comes up meanwhile */
	PH_TELL,      /* over; the user is being told why */
	PH_DONE,
};

struct link {
	struct ipc ipc;
	bool up;
	int64_t lost_ms; /* boot time it went, while it is away */
};

struct auth {
	bool ok;
	ssh_message held; /* waits for the broker's verdict */
	bool held_query;
	uint32_t rid;
	unsigned tries;   /* signatures */
	unsigned queries; /* and offers without one */
	char login_name[192];
	struct msg_ses_auth_ok grant;
};

/* The target leg's way up. */
enum target_phase {
	TG_NONE = 0,
	TG_DIAL, /* asked the broker for a connected socket */
	TG_KEX,
	TG_HOSTKEY,
	TG_CERT, /* asked the notary for a certificate */
	TG_LOGIN,
	TG_UP,
	TG_FAILED,
};

struct target {
	enum target_phase phase;
	uint32_t rid;
	uint8_t *pinned; /* u32 n, n strings */
	size_t npinned;
	uint8_t *seen; /* the host key shown */
	size_t nseen;
	char host_alg[256];
	const char *login;
	const char *grant;
	const char *sid;
	bool any_key; /* a probe may look at a key nobody pinned */
	bool key_ok;
	ssh_key key; /* private, made here, one session long */
	ssh_key cert;
	char text[LIMIT_TEXT_SIZE]; /* TG_FAILED of a probe: what failed */
	int64_t since_ms;           /* boot time the way up began */
	int64_t asked_ms;           /* and the certificate was asked for */
};

struct probe {
	bool on;
	bool asked;
	struct msg_ses_probe req; /* MF_BYTES not kept here */
	ssh_channel chan;
	unsigned step;
	char out[64];
	size_t nout;
	int64_t until_ms;
};

struct ending {
	enum end_reason reason;
	char text[LIMIT_TEXT_SIZE];
	int64_t until_ms; /* boot time */
	int64_t told_ms;  /* boot time all was told */
};

struct session {
	struct msg_sup_spawn spawn;
	struct now now;
	enum phase phase;
	struct link ctl, notary, broker, recorder;
	void *body;      /* decode storage, msg_size_max() */
	void *wait_body; /* the same for link_wait_notary */
	uint32_t rid;
	ssh_bind bind;
	struct leg user, target_leg;
	struct auth auth;
	struct target target;
	struct probe probe;
	struct ending ending;
	struct chan *chans;
	unsigned nchans;
	uint32_t next_chan;
	int64_t start_ms; /* boot times */
	int64_t active_ms;
	int64_t frozen_ms; /* since when the relay stands still; 0 = not */
	uint64_t bytes_in, bytes_out;
	int64_t exit;
	bool busy;           /* go round again without waiting */
	bool rec_full;       /* the recorder's socket took no more */
	int64_t rec_full_ms; /* boot time since when; 0 = it takes */
	uint32_t rec_opens;  /* REC_OPENs sent on this link */
	struct {             /* the notary's answer hooks wait for */
		uint32_t rid;
		bool done;
		int result;
		uint8_t sig[64];
	} hostsign;
};

/* ---- session.c */
/* Never returns to the zygote's code: the exit status. host_key borrowed. */
int session_main(const struct msg_sup_spawn *spawn, int client_fd, int ctl_fd,
    ssh_key host_key);
uint32_t session_rid(struct session *s);

/* ---- links.c: the sockets to the other processes */
struct link *link_of(struct session *s, enum proc p);
void link_lost(struct session *s, struct link *l);
/* Handles everything that waits on every link. */
void links_read(struct session *s);
MUST_CHECK int link_send(
    struct session *s, struct link *l, unsigned type, const void *body);
/* The same where nothing can be done about a failure: the lost link is noted
 * and its clock runs (relay_frozen). */
void link_tell(
    struct session *s, struct link *l, unsigned type, const void *body);
void link_note(struct session *s, enum event_code ev, struct event_fields *f);
/* Reads the notary's link until *done or the time is over. */
MUST_CHECK int link_wait_notary(
    struct session *s, const bool *done, int timeout_ms);
/* Appends evidence; rid 0 = no answer wanted. */
MUST_CHECK int link_append(struct session *s, enum event_code ev,
    struct event_fields *f, uint32_t rid);
/* Fields every session event carries. */
void link_event_common(struct session *s, struct event_fields *f);

/* ---- auth.c */
void auth_message(struct session *s, ssh_message m); /* takes it */
void auth_verdict_ok(struct session *s, const struct msg_ses_auth_ok *m);
void auth_verdict_no(struct session *s, const struct msg_ses_auth_no *m);
void auth_done(struct session *s);

/* ---- target.c */
void target_dial(struct session *s);
void target_dialed(struct session *s, const struct msg_ses_target *m, int fd);
/* Takes fd; sets up the client leg. */
void target_start(struct session *s, int fd, const struct bytes *pinned);
void target_refused(struct session *s, const char *text);
void target_certified(struct session *s, const struct msg_nt_cert_ok *m);
void target_step(struct session *s);
void target_done(struct session *s);
/* The algorithms both legs speak; set on a leg's session or the bind. */
extern const char ssh_ciphers[], ssh_kex[], ssh_macs[];
/* An OpenSSH private key file's text, for libssh to read; free(). */
char *target_key_text(
    const uint8_t pub[static 32], const uint8_t seed[static 32]);

/* ---- channel.c: opens and requests */
void chan_message(struct session *s, ssh_message m); /* takes it */
void chan_step(struct session *s, struct chan *c);
void chan_free(struct session *s, struct chan *c);
void chan_durable(struct session *s, uint32_t rid, int result);
void chan_answered(struct session *s, const struct msg_ses_channel_ok *m);
/* Sends what waited for a notary that came back. */
void chan_relinked(struct session *s);
void chan_deny(struct session *s, struct chan *c, const char *what);

/* ---- request.c */
void request_step(struct session *s, struct chan *c);
void request_free(struct chan_request *r);

/* ---- relay.c: bytes, ends of channels */
void relay_step(struct session *s);
bool relay_frozen(const struct session *s);
/* A request whose name libssh does not tell. */
void relay_unknown(struct session *s, struct chan *c);
extern const struct ssh_channel_callbacks_struct relay_user_cb;
extern const struct ssh_channel_callbacks_struct relay_target_cb;

/* ---- record.c */
bool record_wanted(const struct session *s, const struct chan *c);
void record_open(struct session *s, struct chan *c);
/* True when the recorder has said it is ready for this channel. */
bool record_ready(const struct session *s, const struct chan *c);
/* Hands over output; how many bytes were taken (0 = full, try later). */
size_t record_output(
    struct session *s, struct chan *c, const void *p, size_t n);
void record_resize(struct session *s, struct chan *c);
void record_close(struct session *s, struct chan *c);
void record_state(struct session *s, const struct msg_rec_state *m);
void record_relinked(struct session *s);

/* ---- end.c */
/* The first reason wins. text: what the user reads; NULL = made from it. */
void end_begin(struct session *s, enum end_reason why, const char *text);
void end_step(struct session *s);
void end_check_clocks(struct session *s);
void end_stop(struct session *s, const struct msg_ses_stop *m);

/* ---- probe.c */
void probe_asked(struct session *s, const struct msg_ses_probe *m, int fd);
void probe_step(struct session *s);

#endif
