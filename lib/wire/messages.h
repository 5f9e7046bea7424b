/* SPDX-License-Identifier: Apache-2.0 */
/*
 * messages - every message between the processes. The table in messages.c says
 * who may send which; doc/PROTOCOL.ipc has the conversations. A new message
 * is a struct here, a row there. `rid` pairs a reply with its request; the
 * sender chooses it. Booleans are u8 0/1. Results: u8 GW code negated (0 =
 * done).
 */
#ifndef WIRE_MESSAGES_H
#define WIRE_MESSAGES_H

#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "core/conf.h"
#include "core/grant.h"
#include "core/receipt.h"
#include "wire/msg.h"

enum msg_type {
	MSG_NONE = 0,
	/* supervisor <-> all */
	MSG_SUP_CONFIG = 1, /* sup -> any: struct conf, first message */
	MSG_SUP_LINK,       /* sup -> any: a link to another process, 1 fd */
	MSG_SUP_READY,      /* any -> sup: listening, sandboxed, serving */
	MSG_SUP_STOP,       /* sup -> any: end in order */
	MSG_SUP_SPAWN,      /* sup -> zygote: 2 fds: client socket, control */
	MSG_SUP_PROBE,      /* broker -> sup: start a session without client;
			     * sup -> broker: it cannot be started */
	MSG_SUP_KILL,      /* broker -> sup, sup -> zygote: SIGKILL a session */
	MSG_SUP_LISTENER,  /* sup -> api/admin: a bound listening socket */
	MSG_SUP_RELINK,    /* broker, notary -> sup: a link is lost */
	MSG_SUP_SESSION,   /* zygote -> sup: a session was forked, or reaped */
	MSG_SUP_SAY,       /* session -> sup: a line for the operators */
	MSG_SUP_BEAT,      /* sup -> any: do you live? */
	MSG_SUP_ALIVE,     /* the reply; unasked in the middle of long work */
	MSG_SUP_UNPROTECT, /* root's command -> sup, on a socket of its own */
	MSG_SUP_UNPROTECTED, /* the reply */
	MSG_SUP_WHOSE,       /* sup -> broker: is a target's still that port?
			      * root's command -> sup, too */
	MSG_SUP_WHOSE_IS,    /* the reply */
	MSG_SUP_SERVED,      /* root's command -> sup: what do clients hear? */
	MSG_SUP_SERVES,      /* the reply */
	MSG_SUP_KNOWN,       /* broker -> sup, api: a source has a live grant */
	MSG_SUP_LOGGED_IN,   /* broker -> sup: a connection is somebody's */
	MSG_SUP_FAILS,       /* sup -> broker, api: a process does not start */
	/* any -> notary */
	MSG_LOG_APPEND = 32,
	MSG_LOG_DURABLE, /* notary -> any */
	/* broker <-> notary */
	MSG_NT_GRANT_OPEN = 40,
	MSG_NT_GRANT_OPENED,
	MSG_NT_GRANT_CLOSE,
	MSG_NT_GRANT_CLOSED,
	MSG_NT_LEG_OPEN,
	MSG_NT_LEG_OPENED,
	MSG_NT_LEG_CLOSE, /* session end */
	MSG_NT_LEG_CLOSED,
	MSG_NT_MFA_BURN,
	MSG_NT_MFA_BURNED,
	MSG_NT_FOLD_GET,
	MSG_NT_FOLD_GRANT,
	MSG_NT_FOLD_LEG,
	MSG_NT_FOLD_END,
	MSG_NT_READ,    /* broker, shipper -> notary */
	MSG_NT_LINES,   /* the reply */
	MSG_NT_SID,     /* notary -> broker: the session id of a connection */
	MSG_NT_TAIL,    /* notary -> shipper: the durable end moved */
	MSG_NT_CLOCK,   /* broker -> notary: accept the host's clock */
	MSG_NT_CLOCKED, /* how it is; also unasked, with rid 0 */
	MSG_NT_QUOTA,   /* notary -> broker: a user fills the log */
	MSG_NT_GRANT_EXTEND,
	MSG_NT_GRANT_EXTENDED,
	MSG_NT_LEG_RENEW, /* the reply is NT_LEG_OPENED */
	/* notary <-> firewall */
	MSG_NT_KEY = 64,
	/* session <-> notary */
	MSG_NT_HOSTSIGN = 70,
	MSG_NT_HOSTSIG,
	MSG_NT_CERT,
	MSG_NT_CERT_OK,
	/* notary -> recorder */
	MSG_NT_UNENDED = 76,
	/* broker <-> firewall */
	MSG_FW_PROTECT = 80,
	MSG_FW_PROTECTED,
	MSG_FW_OPEN,
	MSG_FW_OPENED,
	MSG_FW_CLOSE,
	MSG_FW_CLOSED,
	MSG_FW_SYNC_BEGIN,
	MSG_FW_SYNC_END,
	MSG_FW_SYNCED,
	MSG_FW_UNPROTECT,   /* sup -> firewall: root wants it */
	MSG_FW_UNPROTECTED, /* the reply; to the broker, too */
	MSG_FW_FOREIGN,     /* -> broker: what other tables do to our ports */
	/* session <-> broker */
	MSG_SES_AUTH = 100,
	MSG_SES_AUTH_OK,
	MSG_SES_AUTH_NO,
	MSG_SES_DIAL,
	MSG_SES_TARGET, /* broker -> session: 1 fd, the connected socket */
	MSG_SES_DIAL_NO,
	MSG_SES_STOP,       /* broker -> session */
	MSG_SES_END,        /* session -> broker: totals, the reason */
	MSG_SES_PROBE,      /* broker -> session: 1 fd, what to try */
	MSG_SES_PROBED,     /* session -> broker */
	MSG_SES_CHANNEL,    /* session -> broker: may I have a channel? */
	MSG_SES_CHANNEL_OK, /* the reply */
	MSG_SES_UNTIL,      /* broker -> session: when its grant ends now */
	/* session -> recorder, broker <-> recorder */
	MSG_REC_OPEN = 120,
	MSG_REC_DATA,
	MSG_REC_CLOSE,
	MSG_REC_STATE, /* recorder -> session: ready or failed */
	MSG_REC_READ,  /* broker -> recorder */
	MSG_REC_BYTES,
	MSG_REC_STARTED, /* recorder -> broker */
	MSG_REC_LOOK,    /* broker -> recorder: can it write? */
	MSG_REC_LOOKED,  /* the reply */
	/* api <-> broker */
	MSG_API_CALL = 140,
	MSG_API_REPLY,
	/* shipper <-> broker */
	MSG_SHP_STATUS = 150,
	/* any -> broker */
	MSG_DISK = 160, /* what of its files cannot be used, or can again */
};

struct msg_empty {
	uint8_t unused; /* always 0 */
};

struct msg_sup_config {
	struct conf conf;
	char faults[256];  /* fault builds only: names switched off */
	char instance[16]; /* "https" or "admin" for the API, else "" */
};
struct msg_sup_link {
	uint8_t proc;     /* enum proc at the other end */
	uint64_t conn;    /* a session's connection id; 0 else */
	struct addr peer; /* session links: the client's address */
	uint16_t peer_port;
	struct addr own; /* the address it came to */
	uint16_t own_port;
};
struct msg_sup_spawn {
	uint64_t conn;
	struct addr peer;
	uint16_t peer_port;
	struct addr own;
	uint16_t own_port;
	uint8_t probe; /* 1: no client; first fd is /dev/null */
};
/* Connections have numbers below LIMIT_NUMBER_MAX, as records do. With this bit
 * it is a probe's, which the broker chooses; without it the supervisor's. */
#define CONN_PROBE (UINT64_C(1) << 52)

struct msg_sup_conn { /* SUP_PROBE (conn chosen by broker), SUP_KILL,
		       * SUP_LOGGED_IN */
	uint64_t conn;
};
struct msg_sup_listener {
	uint8_t tls; /* 1: HTTPS; 0: the admin socket */
};
struct msg_sup_known { /* family 0: forget all, a list follows */
	struct addr source;
	uint8_t known; /* 1: it has a live grant or token; 0: no more */
};
struct msg_sup_fails {
	uint8_t proc;               /* enum proc */
	char text[LIMIT_TEXT_SIZE]; /* why, in its words; "" = it runs again */
};
struct msg_sup_relink {
	uint8_t proc; /* enum proc at the other end */
};

struct msg_sup_session {
	uint64_t conn;
	uint32_t pid;   /* 0: there was no fork */
	uint8_t gone;   /* 0: it runs; 1: it is reaped, or was never there */
	uint8_t signal; /* that it died by, unless SUP_KILL asked for it; 0 */
};

struct msg_sup_say {
	uint8_t level; /* enum log_level */
	char text[1024];
};

struct msg_sup_unprotect {
	struct addr addr;
	uint8_t proto;
	uint16_t port;
	char why[LIMIT_REASON_SIZE];
};
struct msg_sup_unprotected {
	uint8_t result;             /* GW_ENOENT: it was not protected */
	char text[LIMIT_TEXT_SIZE]; /* what went wrong; "" = done */
};

struct msg_sup_serves {
	char tls_next[LIMIT_ROLLOVER_SIZE]; /* as in struct conf */
};

/* SUP_WHOSE asks with a msg_fw_unprotect. */
struct msg_sup_whose_is {
	uint32_t rid;
	char target[LIMIT_NAME_SIZE]; /* that names it; "" = none */
};

struct msg_log_append {
	uint32_t rid;   /* 0: no reply wanted */
	uint16_t event; /* enum event_code */
	struct bytes fields;
};
struct msg_log_durable {
	uint32_t rid;
	uint8_t result; /* 0, or GW code negated: refused, not written */
	uint64_t seq;
};

struct msg_nt_grant_open {
	uint32_t rid;
	struct grant grant;
	char key_fp[64];
	int64_t
	    mfa_step; /* TOTP step to burn with it; 0 = covered by MFA age */
	/* of which secret: totp_id(); without a step FACTOR_FIDO, or "" */
	char factor[LIMIT_FACTOR_SIZE];
	char by[LIMIT_NAME_SIZE]; /* who signed; "local" on the admin socket */
	char idempotency[64];
	struct bytes commands; /* grant.commands is the digest of this text */
	struct bytes payload;  /* the signed bytes */
	struct bytes signature;
};
struct msg_nt_grant_opened {
	uint32_t rid;
	uint8_t result; /* GW_EDENIED: the step was used before */
	uint64_t seq;
	uint8_t mac[RECEIPT_MAC_SIZE];
	struct bytes elements; /* element_encode; may be empty (probe) */
};
struct msg_nt_grant_extend {
	uint32_t rid;
	char id[LIMIT_ID_SIZE];
	uint32_t seconds; /* more than it has */
	char key_fp[64];  /* that asks for it */
	int64_t mfa_step; /* to burn with it; 0 = the role wants none */
	char factor[LIMIT_FACTOR_SIZE];
	char by[LIMIT_NAME_SIZE];
	char idempotency[64];
	struct bytes payload;
	struct bytes signature;
};
/* In force once the firewall's grant.applied of just this end is durable. */
struct msg_nt_grant_extended {
	uint32_t rid;
	uint8_t result; /* GW_EDENIED: the step was used before */
	uint64_t seq;   /* of grant.extend; receipts keep the grant's */
	int64_t end_ms, end_boot_ms;
	uint8_t mac[RECEIPT_MAC_SIZE];
	struct bytes elements;
};
struct msg_nt_leg_renew {
	uint32_t rid;
	char sid[LIMIT_ID_SIZE];
	int64_t end_boot_ms; /* its grant's, or what that is extended to */
};
struct msg_nt_close { /* GRANT_CLOSE by grant id, LEG_CLOSE by session id */
	uint32_t rid;
	char id[LIMIT_ID_SIZE];
	uint8_t reason; /* enum end_reason */
	char by[LIMIT_NAME_SIZE];
	uint64_t bytes_in, bytes_out; /* LEG_CLOSE; EVENT_COUNT_UNKNOWN */
	int64_t exit;                 /* LEG_CLOSE: -1 unknown */
};
struct msg_nt_closed {
	uint32_t rid;
	uint8_t result; /* GW_ENOENT: not in the fold */
	uint64_t seq;
};
struct msg_nt_leg_open {
	uint32_t rid;
	char grant[LIMIT_ID_SIZE];
	char sid[LIMIT_ID_SIZE];
	uint64_t conn;
	struct addr gateway; /* the bound local address */
	uint16_t sport;
	struct addr target; /* one of the grant's addresses */
	struct addr client;
	uint16_t client_port;
	char key_fp[64];
	char client_version[LIMIT_SSH_VERSION_SIZE];
	char approved_by[LIMIT_APPROVED_SIZE]; /* its grant */
};
struct msg_nt_leg_opened {
	uint32_t rid;
	uint8_t result;
	uint64_t seq;
	uint8_t mac[RECEIPT_MAC_SIZE];
	struct bytes elements; /* exactly one LEG */
};
struct msg_nt_mfa_burn { /* verbs other than grant.open */
	uint32_t rid;
	char user[LIMIT_NAME_SIZE];
	char user_id[LIMIT_ID_SIZE];
	int64_t step;
	char factor[LIMIT_FACTOR_SIZE]; /* of which secret: totp_id() */
	char verb[32];
};
struct msg_nt_mfa_burned {
	uint32_t rid;
	uint8_t result; /* GW_EDENIED: used before */
	uint64_t seq;
};
struct msg_nt_fold_get {
	uint32_t rid;
};
struct msg_nt_fold_grant {
	uint32_t rid;
	struct grant grant;
	char key_fp[64]; /* of the key that asked for it; "" = a probe */
	uint8_t state;   /* GRANT_INTENT or GRANT_ACTIVE */
	uint64_t seq;
	uint8_t mac[RECEIPT_MAC_SIZE];
	struct bytes elements; /* fresh receipt; empty when over */
};
struct msg_nt_fold_leg {
	uint32_t rid;
	char grant[LIMIT_ID_SIZE];
	char sid[LIMIT_ID_SIZE];
	char key_fp[64]; /* that logged in */
	uint64_t conn;
	uint64_t seq;
	int64_t start_ms;
	struct addr client;
	uint8_t mac[RECEIPT_MAC_SIZE];
	struct bytes elements;
};
struct msg_nt_fold_end {
	uint32_t rid;
	uint64_t seq;       /* the log's last record */
	int64_t time_ms;    /* the log's time now: a floor for the clock */
	uint64_t doubt_seq; /* what was to end by UTC and is older than this
			     * record has ended; 0 = none */
	uint64_t store_seq; /* last record with origin broker */
	uint8_t orderly;    /* before this start the gateway had stopped so */
};
struct msg_nt_clock {
	uint32_t rid;
	uint8_t accept; /* 1: records follow the host's clock from now on */
};
struct msg_nt_clocked {
	uint32_t rid;
	uint8_t result;
	int64_t time_ms;   /* the log's time now */
	int64_t behind_ms; /* how far the host is behind it; of an accept: was,
			    * 0 = nothing was to be accepted */
};
struct msg_nt_quota { /* what they have open is to end */
	char user[LIMIT_NAME_SIZE];
};
struct msg_nt_read {
	uint32_t rid;
	uint64_t from; /* first sequence number wanted */
	uint32_t max;  /* bytes of lines, at most LIMIT_BODY_MAX */
};
struct msg_nt_lines {
	uint32_t rid;
	uint64_t first;     /* of the first line given */
	uint64_t next;      /* where to go on */
	uint64_t end;       /* durable end + 1 */
	struct bytes lines; /* whole records, each with its LF */
};
struct msg_nt_sid {
	uint64_t conn;
	struct bytes sid; /* the first exchange hash */
};
struct msg_nt_tail {
	uint64_t end; /* durable records: 0 .. end-1 */
};
struct msg_nt_key {
	uint8_t key[RECEIPT_KEY_SIZE];
};
struct msg_nt_hostsign {
	uint32_t rid;
	uint8_t rekey; /* 1: not the first one, so no session id */
	struct bytes hash;
};
struct msg_nt_hostsig {
	uint32_t rid;
	uint8_t result;
	struct bytes sig; /* raw Ed25519, 64 bytes */
};
struct msg_nt_cert {
	uint32_t rid;
	char grant[LIMIT_ID_SIZE];
	char sid[LIMIT_ID_SIZE];
	uint8_t pubkey[32]; /* Ed25519, made in the session */
};
struct msg_nt_cert_ok {
	uint32_t rid;
	uint8_t result;
	struct bytes cert; /* ssh-ed25519-cert-v01@openssh.com blob */
};

struct msg_nt_unended { /* a recording that has no end on record */
	char sid[LIMIT_ID_SIZE];
	char grant[LIMIT_ID_SIZE];
	uint32_t channel;
	char file[LIMIT_NAME_SIZE];
	uint64_t size; /* so far its digests reach */
};

struct msg_fw_protect { /* grows only: the broker un-protects nothing */
	uint32_t rid;
	struct bytes ports; /* shutport_put, SHUTPORT_MAX at most */
};
struct msg_fw_protected {
	uint32_t rid;
	struct bytes results; /* one each: 0 = shut, or GW code negated */
};
struct msg_fw_open {
	uint32_t rid;
	char id[LIMIT_ID_SIZE]; /* what the receipt names: grant or session */
	char grant[LIMIT_ID_SIZE];
	uint64_t seq;
	uint8_t mac[RECEIPT_MAC_SIZE];
	struct bytes elements;
	uint8_t sync; /* 1: re-assertion during SYNC, no grant.applied */
};
struct msg_fw_opened {
	uint32_t rid;
	uint8_t result;
};
struct msg_fw_close {
	uint32_t rid;
	char id[LIMIT_ID_SIZE];
	uint8_t reason; /* enum end_reason */
};
struct msg_fw_closed {
	uint32_t rid;
	uint8_t result;
	uint64_t packets_in, bytes_in, packets_out, bytes_out;
};
struct msg_fw_sync {
	uint32_t rid;
};
struct msg_fw_synced {
	uint32_t rid;
	uint8_t result;
	uint32_t removed; /* elements in the kernel without a grant */
	uint32_t kept;
};

struct msg_fw_unprotect {
	uint32_t rid;
	struct addr addr;
	uint8_t proto;
	uint16_t port;
};
struct msg_fw_unprotected {
	uint32_t rid;
	uint8_t result;
	struct addr addr;
	uint8_t proto;
	uint16_t port;
};
/* In the order of how bad it is, from what is not known. */
enum foreign_is {
	FOREIGN_UNKNOWN = 0,
	FOREIGN_DROPS,    /* from everywhere */
	FOREIGN_MAY_DROP, /* it depends on what nobody knows beforehand */
	FOREIGN_PASSES,
};
struct msg_fw_foreign {
	uint8_t is;                 /* enum foreign_is */
	char text[LIMIT_TEXT_SIZE]; /* which table and chain, which port */
};

struct msg_ses_auth {
	uint32_t rid;
	uint8_t query;     /* 1: would this key do? no signature yet */
	char user[192];    /* as sent: login@target */
	char alg[64];      /* RFC 4252 section 7 algorithm name */
	struct bytes blob; /* public key */
	struct bytes sig;  /* raw: ed25519 64 bytes, RSA, ECDSA as DER */
	uint8_t sk_flags;  /* sk-*: flags and counter, else 0 */
	uint32_t sk_counter;
	char client_version[LIMIT_SSH_VERSION_SIZE];
};
struct msg_ses_auth_ok { /* to a query: only rid is meaningful */
	uint32_t rid;
	uint8_t query;
	char grant[LIMIT_ID_SIZE];
	char sid[LIMIT_ID_SIZE];
	char user[LIMIT_NAME_SIZE];
	char login[LIMIT_NAME_SIZE];
	char target[LIMIT_NAME_SIZE];
	uint32_t caps;
	uint8_t record;
	int64_t end_ms, end_boot_ms;
	uint32_t idle_s;
	struct command_list commands; /* n = 0: any that caps allow */
};
struct msg_ses_auth_no {
	uint32_t rid;
	uint8_t query;
	char text[LIMIT_TEXT_SIZE]; /* for the user; "" to a stranger */
};
struct msg_ses_dial {
	uint32_t rid;
};
struct msg_ses_target {
	uint32_t rid;
	struct addr addr;
	uint16_t port;
	struct bytes host_keys; /* pinned: u32 n, then n SSH strings (blobs) */
};
struct msg_ses_dial_no {
	uint32_t rid;
	char text[LIMIT_TEXT_SIZE];
};
struct msg_ses_stop {
	uint8_t reason;             /* enum end_reason */
	char text[LIMIT_TEXT_SIZE]; /* one line for the user */
};
struct msg_ses_until {
	int64_t end_ms, end_boot_ms; /* as in msg_ses_auth_ok */
};
struct msg_ses_end {
	uint8_t reason; /* enum end_reason */
	uint64_t bytes_in, bytes_out;
	int64_t exit;
	char text[LIMIT_TEXT_SIZE];
	uint8_t logged_in;
	/* if not: */
	struct bytes tried; /* the last name; may be empty */
	char client_version[LIMIT_SSH_VERSION_SIZE];
};
struct msg_ses_channel {
	uint32_t rid;
};
struct msg_ses_channel_ok {
	uint32_t rid;
	uint8_t given; /* enum channel_given */
};
enum channel_given {
	CHANNEL_NO = 0,
	CHANNEL_YES,
	CHANNEL_LATER, /* it has asked too fast: another answer comes */
};
struct msg_ses_probe { /* fd: a socket connected to the target */
	uint32_t rid;
	uint8_t login;     /* 1: also log in with a certificate */
	char host_alg[64]; /* host key type to ask for; "" = any */
	char grant[LIMIT_ID_SIZE];
	char sid[LIMIT_ID_SIZE];
	char user[LIMIT_NAME_SIZE]; /* the login at the target */
	struct bytes host_keys;     /* pinned, may be n = 0 */
};
struct msg_ses_probed {
	uint32_t rid;
	uint8_t kex;                /* 1: key exchange done */
	uint8_t key_ok;             /* 1: host key is a pinned one */
	uint8_t login_ok;           /* 1: the certificate was accepted */
	uint8_t cert_known;         /* 1: asked, it would take a signature */
	uint8_t partial;            /* 1: and wants more than that */
	uint8_t session;            /* enum probe_session */
	uint8_t no_common;          /* enum no_common; kex is 0 then */
	uint32_t methods;           /* what it offers then: SSH_METHOD_* */
	char banner[256];           /* the target's SSH version line */
	char text[LIMIT_TEXT_SIZE]; /* what failed, and the next two */
	char said[LIMIT_TEXT_SIZE / 2]; /* the target's own words, "" none */
	struct bytes host_key;          /* blob seen */
	int64_t clock_ms; /* the target's UTC clock ("date +%s" over exec),
			   * 0 unknown */
	/* that it has, beyond its own link: "a b c", "" unknown */
	char addresses[LIMIT_HOST_ADDRESSES * ADDR_TEXT_SIZE];
};
enum no_common {            /* what the two ends have none of in common */
	NO_COMMON_NONE = 0, /* nothing is known to lack */
	NO_COMMON_HOSTKEY,  /* a type of host key */
	NO_COMMON_OTHER,
};
enum probe_session { /* how far it got behind the login */
	PROBE_NONE = 0,
	PROBE_CLOSED,  /* it hung up before a channel was open */
	PROBE_REFUSED, /* it opens none */
	PROBE_NO_EXEC, /* on which it runs no command */
	PROBE_SILENT,  /* it took the command, and nothing came of it */
	PROBE_RAN,
};
enum ssh_method { /* of RFC 4252 and 4256; others are SSH_METHOD_OTHER */
	SSH_METHOD_PUBLICKEY = 1 << 0,
	SSH_METHOD_PASSWORD = 1 << 1,
	SSH_METHOD_KEYBOARD = 1 << 2,
	SSH_METHOD_OTHER = 1 << 3,
};

struct msg_rec_open {
	char sid[LIMIT_ID_SIZE];
	char grant[LIMIT_ID_SIZE];
	char user[LIMIT_NAME_SIZE];
	char target[LIMIT_NAME_SIZE];
	char login[LIMIT_NAME_SIZE];
	uint32_t channel;
	uint32_t cols, rows;
	char term[LIMIT_TERM_MAX + 1];
	struct bytes command; /* as it was asked for; empty for a shell */
};
enum rec_kind { REC_NONE = 0, REC_OUTPUT, REC_RESIZE, REC_MARKER };
struct msg_rec_data {
	uint32_t channel;
	uint8_t kind; /* enum rec_kind; RESIZE data is "COLSxROWS" */
	struct bytes data;
};
struct msg_rec_close {
	uint32_t channel;
};
struct msg_rec_state {
	uint8_t result;   /* 0: what follows is so; else stop */
	uint32_t channel; /* its recording has begun */
	uint64_t bytes;   /* of its output are in the file, counted from the
			   * channel's start, whoever wrote them */
	uint8_t ended;    /* 1: after its REC_CLOSE, all of them */
	char text[LIMIT_TEXT_SIZE]; /* with a result: what the user reads, or ""
				     */
};
struct msg_rec_started { /* a terminal of it is on record */
	char sid[LIMIT_ID_SIZE];
};
struct msg_rec_read {
	uint32_t rid;
	char sid[LIMIT_ID_SIZE];
	uint32_t channel; /* 0 = the first recorded one */
	uint64_t offset;
	uint32_t max;
	uint32_t part; /* 0 = of all, as one file; else of that file, which
			* counts from 1, as it lies there */
};
struct msg_rec_bytes {
	uint32_t rid;
	uint8_t result; /* GW_ENOENT: no such recording */
	uint64_t size;  /* of the whole file so far */
	struct bytes data;
};
struct msg_rec_look {
	uint32_t rid;
};
struct msg_rec_looked {
	uint32_t rid;
	char text[LIMIT_TEXT_SIZE]; /* why not; "" = it can */
};

struct msg_api_call {
	uint32_t rid;
	uint16_t verb;    /* enum api_verb */
	struct addr peer; /* https: where the call came from */
	uint16_t peer_port;
	int64_t uid, loginuid, pid; /* admin socket: SO_PEERCRED; else -1 */
	char arg[LIMIT_NAME_SIZE];  /* the {id} of the path, or "" */
	char token[96];             /* bearer token, or "" */
	struct bytes query;         /* raw query string, at most 1024 */
	struct bytes body;          /* JSON */
};
struct msg_api_reply {
	uint32_t rid;
	uint16_t status; /* HTTP status; >= 400: body is an RFC 9457 problem */
	char content_type[64];
	uint64_t next; /* of a part of a stream: last=next asks for what
			* follows; 0 = this is all */
	struct bytes body;
};
struct msg_shp_status {
	char sink[LIMIT_NAME_SIZE];
	uint8_t up;
	uint64_t next; /* first record not yet delivered */
	char text[128];
};
struct msg_disk {
	char text[LIMIT_TEXT_SIZE]; /* what cannot, why, and what comes of it;
				     * "" = all of it can be used */
};

#endif
