/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload - see the header. The record is durable before anything changes.
 */
#include "supervisor/reload.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "supervisor/child.h"
#include "supervisor/config.h"

struct reload {
	struct supervisor *s;
	struct conf conf;
};

static bool
same_listen(const struct conf_listen *a, const struct conf_listen *b)
{
	for (int i = 0; i < LIMIT_LISTEN; i++)
		if (a[i].port != b[i].port ||
		    (a[i].port != 0 && !addr_equal(&a[i].addr, &b[i].addr)))
			return false;
	return true;
}

/* What differs and cannot change while the gateway runs; NULL = nothing. */
static const char *
needs_restart(const struct conf *a, const struct conf *b)
{
	if (strcmp(a->server_id, b->server_id) != 0)
		return "server_id";
	if (strcmp(a->state_dir, b->state_dir) != 0)
		return "state_dir";
	if (strcmp(a->admin_socket, b->admin_socket) != 0)
		return "admin_socket";
	if (!same_listen(a->ssh, b->ssh))
		return "ssh.listen";
	if (!same_listen(a->api, b->api))
		return "api.listen";
	if (a->kernel != b->kernel)
		return "kernel";
	if (strcmp(a->host_key, b->host_key) != 0 ||
	    strcmp(a->ca_key, b->ca_key) != 0 ||
	    strcmp(a->ca_next_key, b->ca_next_key) != 0 ||
	    strcmp(a->log_key, b->log_key) != 0)
		return "a key of the gateway";
	return NULL;
}

static int
record(struct supervisor *s, const struct conf *conf, const char *refused,
    process_durable_fn *fn, void *arg)
{
	struct event_fields f;
	int r;

	event_fields_init(&f);
	event_str(&f, EF_CONFIG, conf->config_sha256);
	event_str(&f, EF_OUTCOME, refused == NULL ? "success" : "failure");
	event_str(&f, EF_REASON, refused);
	r = process_append(s->process,
	    refused == NULL ? EV_GATEWAY_RELOAD : EV_GATEWAY_RELOAD_REFUSED, &f,
	    fn, arg);
	event_fields_done(&f);
	return r;
}

static void
durable(void *arg, int result, uint64_t seq)
{
	struct reload *x = arg;
	struct supervisor *s = x->s;

	(void)seq;
	if (result != 0) {
		log_err("SIGHUP: it cannot be recorded that the configuration "
			"changes (%s): the old one stays in force",
		    err_str(result));
	} else if (s->stop == STOP_NONE) {
		process_reload(s->process, &x->conf);
		child_config_all(s);
		log_info(
		    "SIGHUP: %s was read again and is in force; sessions go on",
		    s->config_path);
	}
	free(x);
}

/* NULL: it is good. */
static const char *
refusal(struct supervisor *s, struct conf *conf)
{
	const char *what;

	if (config_read(conf, s->config_path) != 0) {
		log_err("SIGHUP: the configuration has errors (above): the old "
			"one stays in force");
		return "errors";
	}
	what = needs_restart(s->conf, conf);
	if (what != NULL && !FAULT(reload_bad)) {
		log_err("SIGHUP: %s is another one, which needs a restart of "
			"gatewayd: nothing was changed, the old configuration "
			"stays in force",
		    what);
		return what;
	}
	return NULL;
}

void
reload_begin(struct supervisor *s)
{
	struct reload *x = calloc(1, sizeof(*x));
	const char *refused = "memory";
	int r;

	if (s->stop != STOP_NONE || x == NULL)
		goto out;
	x->s = s;
	if ((refused = refusal(s, &x->conf)) != NULL) {
		if (record(s, s->conf, refused, NULL, NULL) != 0)
			log_warn("that could not be recorded");
		goto out;
	}
	if ((r = record(s, &x->conf, NULL, durable, x)) != 0)
		durable(x, r, 0);
	x = NULL;
out:
	free(x);
}
