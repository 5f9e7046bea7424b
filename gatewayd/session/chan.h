/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel - one SSH session channel as the relay sees it: a channel on each
 * leg, three directions of bytes, a queue of requests, and what the callbacks
 * have noted. Handling is in channel.c, request.c and relay.c.
 */
#ifndef SESSION_CHAN_H
#define SESSION_CHAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "session/ring.h"
#include "session/screen.h"
#include "session/ssh.h"

struct stream {
	struct ring ring;
	bool stalled;    /* libssh holds the rest; see ring.h */
	size_t recorded; /* of the ring, from its head */
};

enum chan_kind { CHAN_NONE = 0, CHAN_SHELL, CHAN_EXEC, CHAN_SFTP };

enum req_state {
	REQ_NEW = 0,
	REQ_RECORDER, /* waits for the recorder to be ready */
	REQ_EVIDENCE, /* waits for the notary */
	REQ_SENT,     /* the target has been asked */
};

/* A channel is given by the broker. */
enum chan_given { CHAN_ASKED = 0, CHAN_GIVEN, CHAN_DENIED };

struct chan_request {
	struct chan_request *next;
	ssh_message msg; /* NULL: signal, which has no answer */
	int type;        /* enum ssh_channel_requests_e; 0 = signal */
	enum req_state state;
	uint32_t rid;
	int64_t since_ms; /* boot time recorder or notary was asked */
	char signal[32];
};

struct chan {
	struct chan *next;
	uint32_t id;
	void *session; /* for the callbacks */
	ssh_channel user, target;
	struct ssh_channel_callbacks_struct user_cb, target_cb;
	ssh_message open; /* held until the target has opened its side */
	uint32_t open_rid;
	int64_t open_ms; /* boot time the broker was asked */
	enum chan_given given;
	bool opened;
	struct stream in, out, err;
	struct chan_request *reqs;
	unsigned nreqs, nenv;
	enum chan_kind kind;
	bool pty;
	uint32_t cols, rows;
	char term[64];
	struct screen screen;
	/* what the callbacks saw */
	bool user_eof, user_close, target_eof, target_close;
	bool user_deaf;      /* the user's standard output is gone */
	int64_t deaf_ms;     /* boot time since when */
	uint64_t deaf_bytes; /* how much came all the same */
	bool deaf_late;      /* and some of it long after */
	bool got_exit, got_signal;
	uint32_t exit_status;
	char exit_signal[32];
	char exit_text[256];
	bool core;
	/* what was passed on */
	bool eof_to_target, eof_to_user, close_to_target, close_to_user;
	bool exit_sent;
	bool refused; /* the grant does not give this program */
	bool broken;  /* out of memory or over a limit: the session ends */
	/* recording */
	bool recorded, rec_ready;
	uint32_t rec_open; /* which REC_OPEN of the link it was, from 1 */
	char command[1024];
	uint64_t bytes_in, bytes_out;
	bool told; /* the line saying why is out */
	size_t told_n;
	int64_t tell_ms; /* boot time the line is said at the latest */
};

#endif
