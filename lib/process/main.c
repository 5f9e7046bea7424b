/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main - a process from its start to its end: what each main() calls.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/secret.h"
#include "process/internal.h"

enum { CONTROL_FD = 3 };

static void
version(const struct process_def *def)
{
	printf("sallyport-%s " SALLYPORT_VERSION "%s\n", def->name,
	    FAULT_BUILD ? " (fault-test build: not for use)" : "");
}

static int
open_control(struct process *r)
{
	struct msg_sup_link self = {.proc = PROC_SUPERVISOR};
	int e;

	if (fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) != 0)
		return GW_ESYS;
	if ((e = peer_new(&r->control, r, PROC_SUPERVISOR, CONTROL_FD)) != 0)
		return e;
	r->control->link = self;
	return 0;
}

static void
process_free(struct process *r)
{
	if (r == NULL)
		return;
	timer_free(r->relink);
	r->linked = 0; /* no link is asked for any more */
	loop_done(r);
	append_forget(r);
	explicit_bzero(r, sizeof(*r));
	free(r);
}

static struct process *
process_new(const struct process_def *def, void *ctx)
{
	struct process *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->def = def;
	r->ctx = ctx;
	r->heard_boot_ms = clock_now().boot_ms;
	if ((r->body = ipc_room()) == NULL || loop_init(r) != 0 ||
	    (r->relink = timer_new(r, process_relink, NULL)) == NULL) {
		process_free(r);
		return NULL;
	}
	return r;
}

int
process_supervise(const struct process_def *def, void *ctx,
    const struct msg_sup_config *config)
{
	struct process *r = process_new(def, ctx);
	int status = 1;

	if (r == NULL)
		return 1;
	(void)signal(SIGPIPE, SIG_IGN);
	r->config = *config;
	r->started = true;
	if (def->start(r, &r->config.conf) == 0) {
		loop_run(r);
		status = r->status;
	}
	process_free(r);
	return status;
}

int
process_main(const struct process_def *def, void *ctx, int argc, char **argv)
{
	struct process *r = NULL;
	int status = 1;
	int e;

	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		version(def);
		return 0;
	}
	secret_no_dumps();
	log_init(def->name, LOG_LV_INFO);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN); /* Ctrl-C is the supervisor's to hear */
	/* If the supervisor dies, reads of the control socket say so; no
	 * PDEATHSIG: a session tells its user why it ends, which without a log
	 * is LIMIT_FREEZE_S later. */
	if ((r = process_new(def, ctx)) == NULL)
		goto out;
	if ((e = open_control(r)) != 0) {
		log_err("no control socket as descriptor %d: this program is "
			"started by gatewayd (%s)",
		    CONTROL_FD, err_str(e));
		goto out;
	}
	loop_run(r);
	status = r->status;
out:
	process_free(r);
	return status;
}
