/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits - every maximum a user, an administrator or a peer can run into, in
 * one place, with what happens there where it is not plain. Sizes named *_MAX
 * are bytes without the NUL; *_SIZE include it; times say their unit. What else
 * is called a maximum in the source says there that it is internal.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdint.h>

/* 2^53 - 1: the largest number of a record or a reply of the API. Beyond it
 * readers of JSON whose numbers are doubles (jq, JavaScript, most SIEMs) take
 * one number for another. A record with more is refused; a count stops here. */
#define LIMIT_NUMBER_MAX INT64_C(9007199254740991)

enum {
	/* ---- texts and keys; what is larger is refused */
	LIMIT_NAME_MAX = 64, /* user, target, role, group, login */
	LIMIT_NAME_SIZE = LIMIT_NAME_MAX + 1,
	LIMIT_ID_SIZE = 16, /* "g-" + 8 characters + NUL, rounded */
	LIMIT_REASON_MAX = 256,
	LIMIT_REASON_SIZE = LIMIT_REASON_MAX + 1,
	LIMIT_TEXT_SIZE = 512, /* a sentence for a person */
	LIMIT_PATH_SIZE = 256, /* a path in the configuration */
	LIMIT_HOST_SIZE = 256,
	LIMIT_INVITE_CODE_MAX = 64,
	LIMIT_PUBKEY_MAX = 2048,   /* an SSH public key blob */
	LIMIT_SSHSIG_MAX = 1536,   /* a raw SSH signature */
	LIMIT_CERT_MAX = 2048,     /* an SSH certificate blob */
	LIMIT_HASH_MAX = 64,       /* an exchange hash */
	LIMIT_ADDRESSES = 8,       /* of a target in a policy file */
	LIMIT_HOST_ADDRESSES = 32, /* of a target's own that doctor looks at */
	LIMIT_HOSTKEYS_MAX = 4096, /* all pinned host keys of a target */
	LIMIT_HOSTKEYS = 16,       /* of them, in one request */
	LIMIT_RSA_BITS_MIN = 3072, /* of a user's or a target's key */
	LIMIT_RSA_BITS_MAX = 8192,
	LIMIT_PEM_SIZE = 64 * 1024,      /* the API's certificates, its key */
	LIMIT_ROLLOVER_SIZE = 2048,      /* the API's next key, announced */
	LIMIT_CA_FILE_MAX = 1024 * 1024, /* a receiver's certificates */
	LIMIT_NOTE_MAX = 32 * 1024,      /* a checkpoint with its signatures */
	LIMIT_NOTE_SIGNATURES = 64,

	/* ---- configuration and policy */
	LIMIT_YAML_MAX = 1024 * 1024, /* a configuration or policy file */
	LIMIT_YAML_DEPTH = 32,
	LIMIT_YAML_KEYS = 4096, /* of one map */
	LIMIT_YAML_ERRORS = 20, /* shown of one file; the rest is counted */
	LIMIT_SINKS = 4,
	LIMIT_SINK_ADDRS = 8,  /* tried of a receiver's name; not the others */
	LIMIT_HOOK_EVENTS = 8, /* names of events that a webhook wants */
	LIMIT_HOOK_NETWORKS = 4,      /* that its name may lead to */
	LIMIT_HOOK_AGE_S = 3 * 86400, /* older news are not sent any more */
	LIMIT_HOOK_ANSWER_MAX = 64 * 1024, /* bytes; then it is no receiver */
	LIMIT_HOOK_ANSWER_MS = 10 * 1000,  /* to connect, send, be answered */
	LIMIT_HOOK_AFTER_S = 3600,         /* it may want not to be asked */
	LIMIT_HOOK_SECRETS = 2,            /* valid at a time */
	LIMIT_HOOK_TEXT_MAX = 120,         /* of a text that a person wrote */
	LIMIT_LISTEN = 4,
	LIMIT_NETWORKS = 8,
	LIMIT_KEYS_PER_USER = 16,
	LIMIT_USERS = 10000,
	LIMIT_TARGETS = 10000,
	LIMIT_ROLES = 1000,
	LIMIT_LOCKS = 1000, /* at a time: each is looked at in each decision */
	LIMIT_LOCK_ME = 3, /* tries a minute from one network to lock oneself */
	LIMIT_LOCK_ME_ALL = 30, /* and in all: each is some 20 ms of work */
	LIMIT_LOCK_MAX_S = 366 * 86400,     /* of one that has an end */
	LIMIT_UPLOAD_MAX = 8 * 1024 * 1024, /* a policy that comes in parts */
	LIMIT_UPLOAD_PART = 96 * 1024,      /* bytes of one of them */
	LIMIT_UPLOAD_LINE = 64 * 1024,      /* an entry of such a policy */
	LIMIT_UPLOADS = 8,                  /* at a time; then 429 */
	LIMIT_UPLOADS_USER = 2,             /* of one user */
	LIMIT_UPLOAD_LIFE_S = 900, /* until it is applied, or waits for a
				    * second admin */
	LIMIT_ANSWERS = 4, /* to such policies, that are kept to be read */
	LIMIT_ANSWER_MAX = 8 * 1024 * 1024, /* bytes; then without details */
	LIMIT_ANSWER_LIFE_S = 300,
	LIMIT_APPLIES = 16,       /* policies that wait for one another */
	LIMIT_LABELS = 16,        /* per target or selector */
	LIMIT_LIST = 32,          /* logins, users, ports of one role */
	LIMIT_PATTERN_MAX = 128,  /* of a reason or a ticket, in a role */
	LIMIT_PATTERNS = 8,       /* of all roles that apply to a request */
	LIMIT_TEMPLATE_MAX = 128, /* of a command, in a role */
	LIMIT_TEMPLATE_SIZE = LIMIT_TEMPLATE_MAX + 1,
	LIMIT_COMMANDS_ROLE = 16, /* templates of one role */
	LIMIT_COMMANDS = 32,      /* of all roles that apply to a request */
	LIMIT_HOLE_MAX = 255,     /* of what stands in a template's hole */
	LIMIT_HOURS = 8,          /* windows of one role */
	LIMIT_SELECTORS = 8,      /* what has to hold for a target's labels */
	LIMIT_SELECT_MAX = 256, /* the values of one of them, with a NUL each */
	LIMIT_ROLES_SIZE = 512, /* the roles that decided, as one text */
	LIMIT_TICKET_MAX = 64,
	LIMIT_TICKET_SIZE = LIMIT_TICKET_MAX + 1,
	LIMIT_ALTERNATIVES = 4,  /* of one role: one has to hold */
	LIMIT_QUORUM_LEVELS = 4, /* of one role, one after the other */
	LIMIT_QUORUM_GROUPS = 4, /* of which one may approve */
	LIMIT_QUORUMS = 16,      /* of all roles that apply to a request */
	LIMIT_PROTECTED = 60000, /* addresses and ports of targets that the
				  * firewall shuts, per gateway */

	/* ---- grants and how users prove who they are */
	LIMIT_SOURCES = 2, /* one IPv4 and one IPv6 per request */
	LIMIT_GRANTS = 100000,
	LIMIT_GRANTS_PER_USER = 1000, /* open at a time */
	LIMIT_GRANTS_TOLD = 8,        /* of what else is open, in a reply */
	LIMIT_GRANT_MIN_S = 5,        /* the kernel's timer is the bound */
	LIMIT_GRANT_MAX_S = 86400,
	LIMIT_GRANT_DEFAULT_S = 10800,
	LIMIT_GLASS_S = 1800,   /* of break-glass, at most */
	LIMIT_GLASS_WHY = 80,   /* its reason, in a certificate's key id */
	LIMIT_SHEETS = 15,      /* of paper, that its passphrase is on */
	LIMIT_GLASS_FROM = 8,   /* prefixes that hosts take it from */
	LIMIT_MACHINE_S = 3600, /* a machine's; nobody looks on */
	LIMIT_DELEGATION_S = 30 * 86400, /* of what an agent is lent */
	LIMIT_DELEGATED_S = 3600,        /* one request of it, unless it says */
	LIMIT_UNUSED_S = 900, /* a door that nobody goes through, unless a role
			       * says less or more */
	LIMIT_PENDING_S = 86400, /* a request waits for approval, unless a
				  * role says less or more */
	LIMIT_PENDING_MIN_S = 5,
	LIMIT_PENDING_MAX_S = 604800,
	LIMIT_USE_WITHIN_S = 43200,    /* and then for its user */
	LIMIT_REQUESTS_PER_USER = 100, /* that wait */
	LIMIT_AT_AHEAD_S = 30 * 86400, /* a request is for a time so near */
	LIMIT_ASKED = 64,     /* targets times logins, in one request */
	LIMIT_APPROVALS = 36, /* of one request: all its levels */
	/* their names, with spaces between */
	LIMIT_APPROVED_SIZE = LIMIT_APPROVALS * LIMIT_NAME_SIZE,
	LIMIT_REVIEW_LINES = 20000,   /* of one review: then it is narrowed */
	LIMIT_REVIEW_S = 366 * 86400, /* it is open no longer */
	LIMIT_REVIEW_UNUSED_S = 90 * 86400, /* unless it says otherwise */
	LIMIT_REVIEW_ANSWERS = 200,         /* lines, in one call */
	LIMIT_PROPOSAL_S = 86400,      /* a change waits for a second admin */
	LIMIT_PROPOSALS_PER_USER = 20, /* that wait */
	LIMIT_REVISION_SIZE = 11264,   /* what will be granted, as text */
	LIMIT_NONCE_SIZE = 33,         /* 32 hex digits + NUL */
	LIMIT_NONCE_LIFE_S = 60,
	LIMIT_SIGNED_APART_S = 86400, /* a request's signed time from ours */
	LIMIT_NONCES_USED = 1 << 20,  /* in that time: more than a gateway's
				       * processor can verify */
	LIMIT_MFA_AGE_S = 300,        /* unless configured */
	LIMIT_MFA_AGE_MAX_S = 3600,
	LIMIT_CODE_TRIES = 5, /* wrong codes of one key: then none of it is
			       * looked at for the first pause, after as many
			       * more for the next, and in the end until an
			       * admin sets the user to active */
	LIMIT_CODE_PAUSE_1_S = 300,
	LIMIT_CODE_PAUSE_2_S = 900,
	LIMIT_CODE_PAUSE_3_S = 3600,
	LIMIT_CODE_TRIES_USER = 40, /* wrong codes of all keys of a user, as
				     * two of them reach: then an admin */
	LIMIT_CODE_ASKS = 3,        /* by one jitctl command */
	LIMIT_CODES_GIVEN = 20000,  /* remembered for MFA_AGE_S; beyond: each
				     * request needs a code */
	LIMIT_RECOVERY_CODES = 8,   /* of a user, for a lost second factor */
	/* that are looked at within a minute, of all users and of one */
	LIMIT_RECOVERY_TRIED = 60,
	LIMIT_RECOVERY_TRIED_USER = 6,
	LIMIT_RESET_LIFE_S = 900, /* a new second factor waits for a code */
	LIMIT_TOKEN_LIFE_S = 900,
	LIMIT_TOKENS_PER_USER = 32, /* then 429 until one is too old */
	LIMIT_TOKENS = 8192,
	LIMIT_INVITE_LIFE_S = 86400,
	LIMIT_IDEMPOTENCY_LIFE_S = 86400,

	/* ---- the API */
	LIMIT_API_CONNECTIONS = 1024,    /* in all; then closed */
	LIMIT_API_STRANGERS = 768,       /* of them, from sources without a live
					  * grant or token */
	LIMIT_API_FIRST_MS = 3 * 1000,   /* connected to first byte */
	LIMIT_API_ARRIVE_MS = 15 * 1000, /* connected to request complete */
	LIMIT_API_DEPART_MS = 60 * 1000, /* reply queued to reply gone */
	LIMIT_API_SILENCE_S = 15,        /* in between */
	LIMIT_API_ANSWER_MS = 30 * 1000, /* then 503 */
	LIMIT_OPENS_LATE_MS = 25 * 1000, /* then a call opens nothing more */
	LIMIT_HEADERS_MAX = 16 * 1024,   /* then 431 */
	LIMIT_URL_PATH_SIZE = 256,       /* then 414 */
	LIMIT_QUERY_MAX = 1024,          /* then 414 */
	LIMIT_BODY_MAX = 192 * 1024,     /* an HTTP request or reply body */
	LIMIT_OPEN_BODY = 1024,          /* of what nobody signs */
	LIMIT_JSON_DEPTH = 32,
	LIMIT_REPLY_MAX = 4 * 1024 * 1024, /* what jitctl reads of a reply */
	LIMIT_STREAMS = 256,               /* of events, in all; then 429 */
	LIMIT_STREAMS_USER = 4,            /* of one user */
	LIMIT_LONG_READS = 8,   /* of log and recordings at a time, so that all
				 * fit into a queue; then 503 */
	LIMIT_LIST_PAGE = 1000, /* of what has ended, in one reply */
	/* while the gateway starts; then 503. As many again of what takes
	 * access away, and of root's */
	LIMIT_CALLS_EARLY = 256,
	LIMIT_EARLY_SOURCE = 16, /* of one source */

	/* ---- SSH connections and sessions */
	LIMIT_SESSIONS = 2000,
	LIMIT_SSH_STRANGERS = 1000, /* of them, as of the API */
	LIMIT_GIVING_WAY = 32,      /* connections being ended for newer ones */
	LIMIT_SESSIONS_PER_GRANT = 32,
	LIMIT_SESSION_LINES = 100,  /* of one session in the operators' log */
	LIMIT_ZYGOTES_RETIRED = 32, /* that have sessions yet, after another of
				     * theirs died by a signal; then no new
				     * connections */
	/* unless configured: connections of SSH, and as many of the API, that
	 * one source, one network and one site may have (core/places.h) */
	LIMIT_PER_SOURCE = 64,
	LIMIT_PER_NETWORK = 128,
	LIMIT_PER_SITE = 256,
	LIMIT_KNOWN_SOURCES = 16384,  /* with a live grant or token; the others
				       * count as strangers */
	LIMIT_LOGIN_GRACE_S = 30,     /* connect to authenticated */
	LIMIT_VERSION_WAIT_S = 3,     /* for a client's version line */
	LIMIT_SSH_VERSION_SIZE = 256, /* of a client, as RFC 4253 has it */
	LIMIT_AUTH_TRIES = 6,         /* signatures offered per connection */
	LIMIT_AUTH_QUERIES = 64,      /* keys asked about per connection */
	LIMIT_CHANNELS = 256,         /* per SSH connection */
	LIMIT_CHANNELS_BURST = 500,   /* opened at once by a connection; then */
	LIMIT_CHANNELS_RATE = 10,     /* so many a second: others wait */
	LIMIT_CHANNELS_USER_BURST = 2000, /* by all of a user's */
	LIMIT_CHANNELS_USER_RATE = 12,    /* their records fit into the hour's
					   * LIMIT_LOG_USER */
	LIMIT_CHANNELS_ALL_BURST = 10000, /* by everybody's */
	LIMIT_CHANNELS_ALL_RATE = 200,
	LIMIT_UNENDED = 1024,   /* of a session, in the evidence: programs
				 * and recordings that have not ended;
				 * no more programs begin then */
	LIMIT_NUL_STRINGS = 64, /* of a client's that had a NUL, until they are
				 * refused; then the session ends */
	LIMIT_NUL_BYTES = 512 * 1024,
	LIMIT_CHANNEL_REQUESTS = 64, /* waiting on one; then refused */
	LIMIT_CHANNEL_ENV = 32,      /* variables passed on per channel */
	LIMIT_ENV_MAX = 16 * 1024,   /* of their names and values; then not */
	LIMIT_TERM_MAX = 255,        /* name of a terminal; then refused */
	LIMIT_COMMAND_MAX = 64 * 1024,
	LIMIT_TERM_SIDE = 10000, /* columns, rows; larger are recorded so */
	LIMIT_SSH_UNSENT = 8 * 1024 * 1024,  /* bytes a peer does not take; then
					      * its connection is given up */
	LIMIT_SSH_UNREAD = 16 * 1024 * 1024, /* bytes of one direction of a
					      * channel that we have not
					      * accepted: more than any window
					      * of ours, a peer breaks SSH */
	LIMIT_SESSION_BUFFERS = 448 << 20,   /* bytes that stand still in the
					      * channels of a connection, 70 of
					      * them both ways; who makes more
					      * ends their session */
	LIMIT_SESSION_MEMORY = 1 << 30,      /* bytes of addresses, in case */
	LIMIT_CONNECT_MS = 10 * 1000,        /* for a target to answer */
	LIMIT_CERT_SKEW_S = 300, /* a target's clock may be so far behind */
	LIMIT_CERT_LIFE_S = 120, /* or ahead, of the gateway's */
	LIMIT_CERTS_PER_LEG = 4,
	LIMIT_CLOCK_EASE_S = 60, /* a clock set back by no more is caught up
				  * with, at half its pace */
	LIMIT_FACTOR_SIZE = 36,  /* which second factor: totp_id() */
	LIMIT_HASHES_SIGNED = 1 << 18, /* exchange hashes remembered, so that
					* none becomes a session id again */
	LIMIT_SIGNS_BEFORE_LOGIN = 8,  /* so that strangers do not make the
					* notary  forget what it signed */
	LIMIT_SIGNS_PER_CONN = 10000,  /* key exchanges of a connection; then it
					* ends */
	LIMIT_CONFIRM_MS = 2000, /* for the firewall to confirm; then it is
				  * said that it did not */
	LIMIT_CLIENT_TAIL_S = 5, /* the user's leg outlives T by this */
	LIMIT_ALIVE_ASK_S = 15,  /* of silence: then a leg's peer is asked */
	LIMIT_ALIVE_S = 45,      /* and here its session ends */
	LIMIT_GOODBYE_MS = 5000, /* for a closed leg's last bytes to arrive;
				  * then the kernel forgets it */
	LIMIT_FREEZE_S = 5,      /* without notary or recorder */
	LIMIT_DISK_KEEP_MIN = 4 * 1024 * 1024,   /* recordings leave a tenth of
						  * their disk free, at least */
	LIMIT_DISK_KEEP_MAX = 512 * 1024 * 1024, /* and at most so much */
	LIMIT_DISK_OPEN_MIN = 1024 * 1024, /* free on the disk of the log; with
					    * less no new access */
	LIMIT_DISK_KEEP_FILES = 1024, /* and so many files to be made there, or
				       * a tenth of what there can be */
	LIMIT_DISK_OPEN_FILES = 64,   /* for new access, or a twentieth */
	/* bytes that are recorded at once; then so many a second. Of all
	 * sessions of a user: four times, of all of them: 32 times as many */
	LIMIT_RECORD_BURST = 16 * 1024 * 1024,
	LIMIT_RECORD_RATE = 1024 * 1024,
	LIMIT_RECORD_USER = 4,
	LIMIT_RECORD_ALL = 32,
	LIMIT_RECORDING_SESSION = 1 << 30,      /* bytes; then it ends */
	LIMIT_RECORDING_HELD = 4 * 1024 * 1024, /* of a user's share, for what
						 * each session may have on its
						 * way: 512 KiB, escaped */
	LIMIT_RECORDING_PARTS = 100, /* of one channel: one more per restart
				      * of the recorder; then it ends */

	/* ---- what strangers can put into the log, per minute; beyond: as one
	 * number per source (API) or in all (SSH) */
	LIMIT_API_DENIALS_PER_SOURCE = 30,
	LIMIT_API_DENIALS = 600,
	LIMIT_API_DENIAL_SOURCES = 256, /* then as one number in all */
	LIMIT_SSH_CONNECTS = 600,
	LIMIT_SSH_REFUSALS = 60,
	LIMIT_DENIED_PER_MINUTE = 30, /* of what a session asks for and does
				       * not get, of each kind */
	LIMIT_LOG_USER = 64 * 1024 * 1024, /* bytes of records of one user's
					    * doings in an hour, and no more
					    * than a fourth of what recordings
					    * leave free; then what they have
					    * open ends */
	LIMIT_LOG_ALL = 256 * 1024 * 1024, /* of all of them, and no more than
					    * half of that; then an eighth of
					    * it is a user's for that hour */
	LIMIT_DENIED_MAX = 255, /* bytes of what it asked for; then size and
				 * digest */

	/* ---- evidence, and messages between processes */
	LIMIT_MSG_MAX = 224 * 1024,   /* one message between processes */
	LIMIT_RECORD_MAX = 60 * 1024, /* one evidence record, with its LF */
	LIMIT_FIELD_MAX = 16 * 1024,  /* one field of a record */
	LIMIT_SYSLOG_PARAM_MAX = 255, /* a value of structured data, cut there;
				       * the record in the message is whole */
	LIMIT_EVENT_FIELDS = 48,      /* fields of one record */
	LIMIT_REC_DATA_MAX = 32 * 1024, /* terminal bytes in one message */
	LIMIT_REC_UNACKED = 512 * 1024, /* terminal bytes of a session that the
					 * recorder has not written yet: the
					 * session keeps them, and waits */
	LIMIT_PEER_QUEUE = 4 * 1024 * 1024, /* unsent bytes to one peer */

	/* ---- what the kernel's sets have room for, per address family */
	LIMIT_SET_GRANTS = 131072,
	LIMIT_SET_LEGS = 16384,
	LIMIT_SET_CUT = 65536, /* and flows waiting to be cut */
	LIMIT_SET_PROTECTED = 65536,

	/* ---- pam_jit, jitctl */
	LIMIT_PAM_CAS = 8, /* keys of ca_file that count: the first */
	LIMIT_PAM_CERT_MAX = 4096,
	LIMIT_PROFILES = 16,
	LIMIT_FLAG_VALUES = 32,   /* of one flag that may be repeated */
	LIMIT_TAIL_LINES = 10000, /* audit tail --lines */
	LIMIT_PROMPT_SIZE = 512,  /* what is typed at a question */
};

#endif
