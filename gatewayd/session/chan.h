/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chan - one SSH session channel: a channel on each leg, three flows of bytes,
 * a queue of requests, and what libssh's callbacks have noted. It is opened in
 * open.c, its requests are answered in request.c, its bytes and ends pass in
 * relay.c, and who reads along is in tap.h.
 */
#ifndef SESSION_CHAN_H
#define SESSION_CHAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"
#include "session/screen.h"
#include "session/ssh.h"
#include "session/stream.h"
#include "session/tap.h"

struct session;

enum chan_kind { CHAN_NONE = 0, CHAN_SHELL, CHAN_EXEC, CHAN_SFTP };

/* The broker's answer to the open. */
enum chan_given { CHAN_ASKED = 0, CHAN_LATER, CHAN_GIVEN, CHAN_DENIED };

enum req_state {
	REQ_NEW = 0,
	REQ_RECORDER, /* waits for the recorder to be ready */
	REQ_EVIDENCE, /* waits for the notary */
	REQ_SENT,     /* the target has been asked */
};

struct chan_request {
	struct chan_request *next;
	ssh_message msg; /* NULL: signal, which has no answer */
	int type;        /* enum ssh_channel_requests_e; 0 = signal */
	enum req_state state;
	bool nul; /* one of its strings had one (nul.h): it is refused */
	uint32_t rid;
	int64_t since_ms; /* boot time recorder or notary was asked */
	char signal[32];
};

struct chan {
	struct chan *next;
	uint32_t id;
	struct session *session; /* for callbacks and taps */
	ssh_channel user, target;
	struct ssh_channel_callbacks_struct user_cb, target_cb;
	ssh_message open; /* waits until the target has opened its side */
	uint32_t open_rid;
	int64_t open_ms; /* boot time the broker was asked */
	enum chan_given given;
	bool opened;
	struct stream flow[FLOWS];
	struct tap *taps;
	struct chan_request *reqs; /* oldest first */
	unsigned nreqs, nenv;
	enum chan_kind kind;
	bool pty;
	uint32_t cols, rows;
	char term[LIMIT_TERM_MAX + 1];
	char *command;  /* as it is asked for; NULL = a shell, or nothing yet */
	struct buf env; /* NAME=VALUE of what was passed on, one a line */
	struct screen screen;
	/* what the callbacks have noted */
	bool user_eof, user_close, target_eof, target_close;
	bool discards;           /* the user's client drops standard output */
	int64_t discards_ms;     /* boot time since when */
	uint64_t discards_bytes; /* how much came all the same */
	bool discards_late;      /* and some of it long after */
	bool got_exit, got_signal;
	uint32_t exit_status;
	char exit_signal[32];
	char exit_text[256];
	bool core;
	/* what was passed on */
	bool eof_to_target, eof_to_user, close_to_target, close_to_user;
	bool exit_sent;
	bool begun;     /* the record of its program was sent: it has an end */
	bool refused;   /* the grant does not allow this program */
	char *unopened; /* there is no channel of the target's: why, a line */
	bool broken;    /* out of memory: the session ends */
	bool until_due; /* it has not read that the end moved: until.c */
	uint64_t bytes_in, bytes_out; /* that passed on */
	uint64_t unrecorded;          /* of these, at most, no recording has */
	/* the line that says why the session ended (end.c) */
	bool reason_done;
	size_t reason_sent; /* bytes of it */
	int64_t reason_ms;  /* boot time it is sent at the latest */
};

/* At the end of s->chans, its callbacks filled from the two given; NULL when
 * out of memory. */
struct chan *chan_new(struct session *s,
    const struct ssh_channel_callbacks_struct *user_cb,
    const struct ssh_channel_callbacks_struct *target_cb);
/* Closes its taps, forgets it on both legs, and frees it. */
void chan_free(struct session *s, struct chan *c);
/* The channel is over: the end of its program goes into the log, with why if
 * nothing else says it; then chan_free. */
void chan_ended(struct session *s, struct chan *c, const char *why);
/* Accepts the user's open; false when out of memory. */
bool chan_accept(struct session *s, struct chan *c);
struct chan *chan_of(struct session *s, ssh_channel user); /* or NULL */
/* It, or one of its streams, is. */
bool chan_broken(const struct chan *c);
/* Bytes that wait in it, or might: memory of ours and of libssh. */
size_t chan_cost(const struct chan *c);

/* At the end of the queue, REQ_NEW; takes msg. NULL, and msg stays the
 * caller's, when the queue is full or memory is out. */
struct chan_request *chan_request_add(struct chan *c, int type, ssh_message m);
/* Removes the first one and frees it. */
void chan_request_drop(struct chan *c);

/* Offers t all that passes from now on; t is freed by its close(). */
void chan_tap(struct chan *c, struct tap *t);

#endif
