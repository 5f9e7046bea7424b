/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allow - see the header. It asks why and whether, writes a record, and sets
 * one element with the kernel's own timeout; no process of ours is needed to
 * end it.
 *
 * MUST NOT open anything that is not shut, for longer than LIMIT_GLASS_S, or in
 * a table that a living process owns: that one has its own ways in.
 */
#include "firewall/allow.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/ask.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/peercred.h"
#include "base/str.h"
#include "firewall/allowed.h"
#include "firewall/elem.h"
#include "firewall/nl.h"

enum {
	EXIT_USAGE = 2,
	LOOK_US = 300 * 1000, /* internal: a gateway that runs is faster */
};

static const char usage[] =
    "usage: sallyport-closed allow SOURCE TARGET PORT [--for DURATION]\n"
    "\n"
    "Opens TCP port PORT of TARGET, which is shut here, to SOURCE, by way of\n"
    "this machine and while no gatewayd runs; both are addresses. For 30m, "
    "which\n"
    "is the most, or DURATION; the kernel shuts it then. It asks why and "
    "whether.";

static const char *
reason(int r)
{
	return r == GW_ESYS ? strerror(errno) : err_str(r);
}

struct order {
	struct allowed what;
	uint32_t seconds;
	struct set_key key;
	struct nl *nl;
	char path[LIMIT_PATH_SIZE];
};

/* ---- what is asked for */

static bool
read_address(struct addr *ret, const char *what, const char *s)
{
	if (addr_parse(ret, s) == 0 && addr_is_host(ret))
		return true;
	log_err("%s: \"%s\" is not the address of one host", what, s);
	return false;
}

static bool
read_order(struct order *o, int argc, char **argv)
{
	uint64_t port = 0;

	o->seconds = LIMIT_GLASS_S;
	if (argc == 5 && strcmp(argv[3], "--for") == 0) {
		if (str_duration(argv[4], &o->seconds) != 0 ||
		    (o->seconds > LIMIT_GLASS_S && !FAULT(allow_long))) {
			log_err(
			    "--for: 1s to %dm, like 20m", LIMIT_GLASS_S / 60);
			return false;
		}
	} else if (argc != 3) {
		(void)fprintf(stderr, "%s\n", usage);
		return false;
	}
	if (!read_address(&o->what.source, "SOURCE", argv[0]) ||
	    !read_address(&o->what.target, "TARGET", argv[1]))
		return false;
	if (o->what.source.family != o->what.target.family) {
		log_err("SOURCE and TARGET: both IPv4, or both IPv6");
		return false;
	}
	if (str_u64(argv[2], 1, UINT16_MAX, &port) != 0) {
		log_err("PORT: 1 to 65535");
		return false;
	}
	o->what.port = (uint16_t)port;
	return true;
}

/* Is it shut here at all? What is not needs no opening, and gets none. */
static int
look(struct order *o)
{
	struct element e = {.kind = ELEMENT_PATH,
	    .proto = IPPROTO_TCP,
	    .port = o->what.port,
	    .source = o->what.source,
	    .target = o->what.target};
	struct set_key shut;
	struct elem found;
	int r = nl_open(&o->nl, false);

	if (r == 0)
		r = set_key_protected(&shut, &e.target, e.proto, o->what.port);
	if (r == 0)
		r = set_key_of(&o->key, &e);
	if (r == 0)
		r = elem_get(o->nl, &found, &shut);
	if (r == GW_ENOENT && !FAULT(allow_unshut))
		log_err("that port is not shut by this machine: nothing to "
			"open (sallyport-closed without arguments shuts what "
			"a gateway had shut)");
	else if (r != 0 && r != GW_ENOENT)
		log_err("cannot look at table inet sallyport: %s", reason(r));
	return FAULT(allow_unshut) && r == GW_ENOENT ? 0 : r;
}

static bool
asked(struct order *o, const char *source, const char *target)
{
	char life[32];

	str_duration_format(life, sizeof(life), o->seconds);
	(void)printf("%s may reach TCP port %u of %s for %s, past every grant "
		     "and without a recording.\n",
	    source, (unsigned)o->what.port, target, life);
	if (!ask_line("Why? ", o->what.why, sizeof(o->what.why)) ||
	    o->what.why[0] == '\0') {
		(void)fputs("Without a reason nothing is done.\n", stderr);
		return false;
	}
	if (!str_text_ok(o->what.why, strlen(o->what.why))) {
		(void)fputs("That is no text: nothing is done.\n", stderr);
		return false;
	}
	return ask_yes("Open it?");
}

/* ---- doing it */

/* Disks and syslog may be what is down: it goes on without. */
static bool
write_record(const struct order *o, size_t *retsize)
{
	const int r = allowed_append(o->path, &o->what, retsize);

	if (r == 0)
		return true;
	log_err("%s: %s; it is on record in syslog alone, and at the next "
		"gatewayd if that starts before it ends",
	    o->path, reason(r));
	return false;
}

static int
open_it(struct order *o)
{
	struct elem found;
	size_t size = 0;
	bool written = write_record(o, &size);
	int r = elem_replace(
	    o->nl, &o->key, (int64_t)o->seconds * 1000, o->what.id);

	if (r == 0) {
		(void)usleep(LOOK_US);
		r = elem_get(o->nl, &found, &o->key);
		if (r == GW_ENOENT && o->seconds * 1000000U > 2 * LOOK_US)
			r = GW_EDENIED;
		else if (r == GW_ENOENT)
			r = 0; /* over already */
	}
	if (r != 0 && written)
		allowed_undo(o->path, size);
	if (r == GW_EDENIED)
		log_err("nothing is open: table inet sallyport belongs to a "
			"running process (gatewayd?). Use jitctl, or stop it "
			"first");
	else if (r != 0)
		log_err("nothing is open: %s", reason(r));
	return r;
}

static void
tell(const struct order *o, const char *source, const char *target)
{
	char until[32];

	str_time(until, sizeof(until), o->what.end_ms);
	openlog("sallyport-closed", LOG_PID, LOG_AUTHPRIV);
	if (!FAULT(allow_quiet))
		syslog(LOG_ALERT,
		    "BREAK-GLASS: root (login uid %lld) opened TCP port %u of "
		    "%s to %s until %s: %s (%s)",
		    (long long)o->what.loginuid, (unsigned)o->what.port, target,
		    source, until, o->what.why, o->what.id);
	closelog();
	(void)printf("%s: open until %s; the kernel shuts it then. The next "
		     "start of gatewayd puts it on record, and shuts it.\n",
	    o->what.id, until);
}

int
allow_main(int argc, char **argv, const char *folder)
{
	char source[ADDR_TEXT_SIZE], target[ADDR_TEXT_SIZE];
	struct order o = {0};
	int status = EXIT_USAGE;

	if (!read_order(&o, argc, argv) ||
	    str_fmt(o.path, sizeof(o.path), "%s/" ALLOWED_FILE, folder) != 0)
		return status;
	status = 1;
	addr_format(source, &o.what.source);
	addr_format(target, &o.what.target);
	if (look(&o) != 0 || !asked(&o, source, target))
		goto out;
	id_new(o.what.id, 'b');
	o.what.start_ms = clock_now().utc_ms;
	o.what.end_ms = o.what.start_ms + (int64_t)o.seconds * 1000;
	o.what.loginuid = peercred_loginuid(getpid());
	if (open_it(&o) != 0)
		goto out;
	tell(&o, source, target);
	status = 0;
out:
	nl_close(o.nl);
	return status;
}
