/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits - every maximum a user or a peer can run into, in one place.
 * Sizes named *_MAX are bytes without the NUL; *_SIZE include it.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
	LIMIT_NAME_MAX = 64, /* user, target, role, group, login */
	LIMIT_NAME_SIZE = LIMIT_NAME_MAX + 1,
	LIMIT_ID_SIZE = 16, /* "g-" + 8 characters + NUL, rounded */
	LIMIT_REASON_MAX = 256,
	LIMIT_REASON_SIZE = LIMIT_REASON_MAX + 1,
	LIMIT_TEXT_SIZE = 512, /* a sentence for a person */
	LIMIT_PATH_SIZE = 256, /* a path in the configuration */
	LIMIT_HOST_SIZE = 256,
	LIMIT_PUBKEY_MAX = 2048,   /* an SSH public key blob */
	LIMIT_SSHSIG_MAX = 1536,   /* a raw SSH signature */
	LIMIT_CERT_MAX = 2048,     /* an SSH certificate blob */
	LIMIT_HASH_MAX = 64,       /* an exchange hash */
	LIMIT_HOSTKEYS_MAX = 4096, /* all pinned host keys of a target */
	LIMIT_NONCE_SIZE = 33,     /* 32 hex digits + NUL */
	LIMIT_NONCE_LIFE_S = 60,
	LIMIT_NONCES_USED = 1 << 20, /* in that time: more than a gateway's
				      * processor can verify */
	LIMIT_SOURCES = 2,           /* one IPv4 and one IPv6 per request */
	LIMIT_KEYS_PER_USER = 16,
	LIMIT_USERS = 10000,
	LIMIT_TARGETS = 10000,
	LIMIT_ROLES = 1000,
	LIMIT_LABELS = 16, /* per target or selector */
	LIMIT_LIST = 32,   /* logins, users, ports of one role */
	LIMIT_GRANTS = 100000,
	LIMIT_GRANTS_PER_USER = 1000, /* open at a time */
	LIMIT_SESSIONS = 2000,
	LIMIT_CONNECTIONS_PER_SOURCE = 64,
	LIMIT_BODY_MAX = 192 * 1024,    /* an HTTP request or reply body */
	LIMIT_MSG_MAX = 224 * 1024,     /* one message between processes */
	LIMIT_RECORD_MAX = 60 * 1024,   /* one evidence record, with its LF */
	LIMIT_FIELD_MAX = 16 * 1024,    /* one field of a record */
	LIMIT_EVENT_FIELDS = 48,        /* fields of one record */
	LIMIT_REC_DATA_MAX = 32 * 1024, /* terminal bytes in one message */
	LIMIT_PEER_QUEUE = 4 * 1024 * 1024, /* unsent bytes to one peer */
	LIMIT_GRANT_MIN_S = 5, /* the kernel's timer is the bound */
	LIMIT_GRANT_MAX_S = 86400,
	LIMIT_GRANT_DEFAULT_S = 10800,
	LIMIT_MFA_AGE_S = 300,
	LIMIT_CERT_LIFE_S = 60,
	LIMIT_TOKEN_LIFE_S = 900,
	LIMIT_INVITE_LIFE_S = 86400,
	LIMIT_IDEMPOTENCY_LIFE_S = 86400,
	LIMIT_CLIENT_TAIL_S = 5,      /* the user's leg outlives T by this */
	LIMIT_LOGIN_GRACE_S = 30,     /* connect to authenticated */
	LIMIT_AUTH_TRIES = 6,         /* signatures offered per connection */
	LIMIT_CHANNELS = 256,         /* per SSH connection */
	LIMIT_FREEZE_S = 5,           /* without notary or recorder */
	LIMIT_YAML_MAX = 1024 * 1024, /* a configuration or policy file */
	LIMIT_YAML_DEPTH = 32,
	LIMIT_SINKS = 4,
	LIMIT_LISTEN = 4,
	LIMIT_NETWORKS = 8,
};

#endif
