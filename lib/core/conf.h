/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf - the gateway's configuration as a value. gatewayd parses the YAML
 * (lib/sys/conf_yaml) and sends this to every process; no other process reads
 * the file. It holds no secret. Zero values deny or are refused at parse.
 */
#ifndef CORE_CONF_H
#define CORE_CONF_H

#include <stdint.h>

#include "base/addr.h"
#include "base/limits.h"
#include "core/otp.h"

enum conf_entry { ENTRY_NONE = 0, ENTRY_GRANT, ENTRY_NETWORKS };
enum conf_kernel { KERNEL_AUTO = 0, KERNEL_OLD }; /* OLD: 6.1 abilities only */

enum conf_algorithms { ALGORITHMS_DEFAULT = 0, ALGORITHMS_FIPS };

struct conf_listen {
	struct addr addr;
	uint16_t port;
};

enum conf_sink_type { SINK_SYSLOG = 0, SINK_WEBHOOK };

struct conf_sink {
	char name[LIMIT_NAME_SIZE];
	uint8_t type;               /* enum conf_sink_type */
	char host[LIMIT_HOST_SIZE]; /* an address, or a name for TLS checks */
	uint16_t port;
	char ca_file[LIMIT_PATH_SIZE];
	char cert_file[LIMIT_PATH_SIZE]; /* ours, for it; "" = none */
	char key_file[LIMIT_PATH_SIZE];
	/* Of a webhook: behind the host in its URL; what signs; what it wants
	 * (core/hook.h); where its name may lead besides public addresses. Both
	 * lists with spaces between. */
	char path[LIMIT_PATH_SIZE];
	char secret_file[LIMIT_PATH_SIZE];
	char events[LIMIT_HOOK_EVENTS * LIMIT_NAME_SIZE];
	char networks[LIMIT_HOOK_NETWORKS * ADDR_TEXT_SIZE];
};

/* Connections that one may have at a time, of SSH and of the API each. */
struct conf_caps {
	uint32_t source, network, site; /* core/places.h */
};

struct conf {
	char server_id[LIMIT_NAME_SIZE]; /* what signed requests name */
	char host[LIMIT_HOST_SIZE];      /* the name or address clients use */
	struct conf_listen ssh[LIMIT_LISTEN];
	struct conf_listen api[LIMIT_LISTEN];
	char admin_socket[LIMIT_PATH_SIZE];
	char state_dir[LIMIT_PATH_SIZE]; /* /var/lib/sallyport */
	uint8_t entry;                   /* enum conf_entry */
	uint8_t algorithms;              /* enum conf_algorithms */
	uint8_t kernel;                  /* enum conf_kernel */
	char networks[LIMIT_NETWORKS][ADDR_TEXT_SIZE];
	uint32_t max_grant_s;
	uint32_t mfa_age_s;
	uint32_t mfa_age_admin_s; /* for what admins do */
	struct otp otp;    /* of second factors of which nothing is said */
	uint8_t one_admin; /* power is widened without a second one */
	uint32_t idle_s;   /* sessions; 0 = no idle end */
	struct conf_caps caps;
	struct conf_sink sinks[LIMIT_SINKS];
	/* Public facts the supervisor read from state_dir, not configured: */
	char host_key[512];    /* "ssh-ed25519 AAAA..." */
	char ca_key[512];      /* user CA, current */
	char ca_next_key[512]; /* user CA, next */
	char log_key[256];     /* C2SP vkey of the checkpoint key */
	char tls_spki[65];     /* hex SHA-256 of the API's public key (SPKI) */
	/* the announcement of the next one (wire/rollover.h); "" = none */
	char tls_next[LIMIT_ROLLOVER_SIZE];
	char version[64];
	char config_sha256[65];
};

#endif
