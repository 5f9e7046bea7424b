/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload - see the header. The record is durable before anything changes.
 */
#include "supervisor/reload.h"

#include <stdio.h>
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
	char restart[LIMIT_TEXT_SIZE]; /* what needs one */
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

/* What differs and cannot change while the gateway runs, all of it; "" =
 * nothing. */
static void
needs_restart(char ret[static LIMIT_TEXT_SIZE], const struct conf *a,
    const struct conf *b)
{
	const struct {
		const char *name;
		bool same;
	} parts[] = {
	    {"server_id", strcmp(a->server_id, b->server_id) == 0},
	    {"state_dir", strcmp(a->state_dir, b->state_dir) == 0},
	    {"admin_socket", strcmp(a->admin_socket, b->admin_socket) == 0},
	    {"ssh.listen", same_listen(a->ssh, b->ssh)},
	    {"api.listen", same_listen(a->api, b->api)},
	    {"kernel", a->kernel == b->kernel},
	    {"a key of the gateway",
		strcmp(a->host_key, b->host_key) == 0 &&
		    strcmp(a->ca_key, b->ca_key) == 0 &&
		    strcmp(a->ca_next_key, b->ca_next_key) == 0 &&
		    strcmp(a->log_key, b->log_key) == 0},
	};
	size_t n = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!parts[i].same) {
			(void)snprintf(ret + n, LIMIT_TEXT_SIZE - n, "%s%s",
			    n > 0 ? ", " : "", parts[i].name);
			n = strlen(ret);
		}
}

static int
record(struct supervisor *s, const struct conf *conf, const char *refused,
    process_durable_fn *fn, void *arg)
{
	struct event_fields f;
	int r;

	event_fields_init(&f);
	event_str(&f, EF_CONFIG, conf->config_sha256);
	config_tls_fields(&f, conf);
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
	const bool less = x->conf.max_grant_s < s->conf->max_grant_s;

	(void)seq;
	if (result != 0) {
		log_err("SIGHUP: it cannot be recorded that the configuration "
			"changes (%s): the old one stays in force",
		    err_str(result));
	} else if (s->stop == STOP_NONE) {
		process_reload(s->process, &x->conf);
		child_config_all(s);
		log_info("SIGHUP: %s was read again and is in force; %s",
		    s->config_path,
		    less ? "what would last longer than the lower "
			   "policy.max_grant ends, all else goes on"
			 : "sessions go on");
	}
	free(x);
}

/* NULL: it is good. */
static const char *
refusal(struct supervisor *s, struct reload *x)
{
	if (config_read(&x->conf, s->config_path) != 0) {
		log_err("SIGHUP: the configuration has errors (above): the old "
			"one stays in force");
		return "errors";
	}
	needs_restart(x->restart, s->conf, &x->conf);
	if (x->restart[0] != '\0' && !FAULT(reload_bad)) {
		log_err("SIGHUP: another value of %s needs a restart of "
			"gatewayd: nothing was changed, the old configuration "
			"stays in force",
		    x->restart);
		return x->restart;
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
	if ((refused = refusal(s, x)) != NULL) {
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
