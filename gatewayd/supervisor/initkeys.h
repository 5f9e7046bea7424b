/* SPDX-License-Identifier: Apache-2.0 */
/*
 * initkeys - what `gatewayd init` makes: system users, state folders, keys,
 * certificate, configuration file, bootstrap invitation.
 */
#ifndef SUPERVISOR_INITKEYS_H
#define SUPERVISOR_INITKEYS_H

#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "core/invite.h"

struct init_facts {
	char host[LIMIT_HOST_SIZE];
	char server_id[LIMIT_NAME_SIZE];
	char admin[LIMIT_NAME_SIZE];
	char config[LIMIT_PATH_SIZE];
	char sink_host[LIMIT_HOST_SIZE]; /* "" = none */
	char sink_ca[LIMIT_PATH_SIZE];
	uint64_t ssh_port, api_port, sink_port;
};

/* Makes everything; the configuration file last, so that a run that failed
 * can be repeated. On failure a sentence was printed. */
MUST_CHECK int initkeys_make(
    const struct init_facts *f, char retinvitation[static INVITE_TEXT_SIZE]);

/* The name that the keys which are there bear. GW_ENOENT: there are none; after
 * any other failure a sentence was printed, and nothing is to be made. */
MUST_CHECK int initkeys_name(char ret[static LIMIT_NAME_SIZE]);
/* The configuration file alone. On failure a sentence was printed. */
MUST_CHECK int initkeys_config(const struct init_facts *f);

#endif
