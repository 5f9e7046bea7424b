/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - SSH sessions as the broker knows them. A session belongs to one
 * grant and dies with it, whatever else is open.
 */
#ifndef BROKER_SESSION_SESSION_H
#define BROKER_SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/grant/live.h"
#include "core/pace.h"

enum ses_state {
	SES_NONE = 0,
	SES_NEW,    /* linked, not known who */
	SES_AUTHED, /* has a grant */
	SES_DIALING,
	SES_LIVE,
	SES_ENDING, /* asked to stop */
};

enum dial_result {
	DIAL_FAILED = 0, /* on our side: log, firewall, memory */
	DIAL_NO_WAY,     /* no route to the address */
	DIAL_NO_ANSWER,  /* the target refused or did not answer */
	DIAL_DONE,
};

/* fd (to be closed) is -1 unless DIAL_DONE; then why says what failed. */
typedef void dialed_fn(
    struct session *s, enum dial_result result, int fd, const char *why);

struct attempts;
struct probe;

/* Whose session it is, where it is not a person's. */
struct session_owner {
	void (*up)(struct session *s);   /* its process is there */
	void (*down)(struct session *s); /* and went: ends the session too */
};

struct session {
	struct session *next;
	struct broker *b;
	uint64_t conn;
	enum ses_state state;
	bool linked; /* its link is there */
	bool gone;   /* freed once nothing is pending */
	unsigned pending;
	unsigned tries;
	bool admitted;             /* was told that it is in */
	struct attempts *attempts; /* attempt.h; NULL = none was refused */
	bool attempts_over;        /* on record, or not to be */
	bool relinked;             /* it was there before us */
	struct addr client;
	uint16_t client_port;
	uint8_t xid[LIMIT_HASH_MAX]; /* SSH session id, from the notary */
	size_t nxid;
	char sid[LIMIT_ID_SIZE];
	char grant_id[LIMIT_ID_SIZE];
	struct live_grant *grant; /* NULL once it ended */
	char user[LIMIT_NAME_SIZE];
	char target[LIMIT_NAME_SIZE];
	char login[LIMIT_NAME_SIZE];
	char user_id[LIMIT_ID_SIZE]; /* as in struct grant */
	char target_id[LIMIT_ID_SIZE];
	char key_fp[64];
	char client_version[LIMIT_SSH_VERSION_SIZE];
	char by[LIMIT_NAME_SIZE]; /* who ended it; "" = it did, or we */
	bool record;              /* as its role wants it */
	bool recorded;            /* as the recorder says */
	struct pace channels;     /* it was given */
	unsigned asking;          /* for channels, and waits */
	int64_t start_ms;
	uint64_t seq; /* of its start */
	/* dial.c */
	uint32_t dial_rid;
	int fd;
	struct watch *watch;
	struct timer *timer;
	struct addr addr; /* the target's */
	uint16_t port;
	dialed_fn *dialed;
	bool leg; /* a leg is open in the log */
	uint8_t mac[RECEIPT_MAC_SIZE];
	uint8_t elements[ELEMENTS_MAX];
	uint32_t nelements;
	uint64_t leg_seq;
	/* the end */
	enum end_reason reason;
	bool cut; /* FW_CLOSE was sent */
	/* a probe's: probe.c */
	const struct session_owner *owner; /* NULL: a person's */
	struct probe *probe;
};

/* Registers what grants ask of sessions. */
void session_init(struct broker *b);
void session_up(struct broker *b, struct peer *p);
void session_down(struct broker *b, struct peer *p);
/* Its connection is a user's, and gives way to no stranger's. */
void session_is_users(const struct session *s);
/* It was there before us: is it recorded? */
void session_ask_recorded(struct session *s);
/* Says why and cuts its leg; by = who ends it, for the record. */
void session_stop(struct session *s, enum end_reason reason, const char *by,
    const char *text);
/* Closes its leg, writes the history, forgets it: of one that did not say how
 * much it has passed on. */
void session_lost(struct session *s, enum end_reason reason);

/* Handlers of the messages they are called after. */
int on_ses_dial(struct process *r, struct peer *p, const struct ipc_msg *msg);
int on_ses_end(struct process *r, struct peer *p, const struct ipc_msg *msg);
int on_rec_started(
    struct process *r, struct peer *p, const struct ipc_msg *msg);
int on_nt_sid(struct process *r, struct peer *p, const struct ipc_msg *msg);

#endif
