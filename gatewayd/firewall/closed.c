/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sallyport-closed - shuts what must be shut before the network is up, and
 * exits. It creates the table (persistent where the kernel can) from
 * closed.state; gatewayd adopts it later. It opens nothing (but for root who
 * asks, in allow.c), removes nothing that is live, and does not read the
 * configuration. The state file belongs to
 * the firewall process, not to root; it can only make more things shut.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "firewall/ability.h"
#include "firewall/allow.h"
#include "firewall/closed_state.h"
#include "firewall/nl.h"
#include "firewall/ruleset.h"

#ifndef LOCALSTATEDIR
#define LOCALSTATEDIR "/var"
#endif

#define FOLDER LOCALSTATEDIR "/lib/sallyport/firewall"

static const char default_file[] = FOLDER "/" CLOSED_STATE_FILE;

static const char *
reason(int r)
{
	return r == GW_ESYS ? strerror(errno) : err_str(r);
}

static int
load(const struct ruleset *rs, bool old)
{
	struct ability can = {false, false, false};
	enum load_result how = LOAD_FAILED;
	struct nl *nl = NULL;
	int r = 0;

	if (!old)
		r = ability_probe(&can);
	if (r == 0)
		r = nl_open(&nl, false);
	if (r == 0)
		r = ruleset_load(nl, &can, rs, &how);
	if (r == GW_EDENIED && geteuid() == 0)
		log_err("table inet sallyport belongs to a running process "
			"(gatewayd?): it is in charge, nothing was changed");
	else if (r != 0)
		log_err("cannot load table inet sallyport: %s", reason(r));
	else
		log_info("shut: %zu protected ports, %zu own ports%s",
		    rs->nprotected, rs->nown,
		    can.owner ? ""
			      : " (this kernel cannot own a table: others may "
				"change it until gatewayd watches it)");
	nl_close(nl);
	return r;
}

int
main(int argc, char **argv)
{
	const char *file = default_file;
	struct ruleset rs;
	bool old = false;
	int r = 0, bad = 0;

	secret_no_dumps();
	log_init("sallyport-closed", LOG_LV_INFO);
	memset(&rs, 0, sizeof(rs));
	if (argc > 1 && strcmp(argv[1], "allow") == 0)
		return allow_main(argc - 2, argv + 2, FOLDER);
	if (argc > 1 && strcmp(argv[1], "--kernel-old") == 0) {
		old = true;
		argc--;
		argv++;
	}
	if (argc > 2 || (argc == 2 && argv[1][0] != '/')) {
		log_err("usage: sallyport-closed [--kernel-old] "
			"[/path/to/closed.state], or sallyport-closed allow");
		return 2;
	}
	if (argc == 2)
		file = argv[1];
	rs.poke_uid = geteuid();
	rs.leg_uid = (uid_t)-1; /* there are no legs */
	bad = closed_state_read(&rs, file, SAFEFILE_ANY_OWNER);
	if (bad == GW_ENOENT) {
		log_info("%s does not exist: nothing is protected yet", file);
		return 0;
	}
	r = load(&rs, old);
	ruleset_done(&rs);
	return r != 0 || bad != 0 ? 1 : 0;
}
