/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config - see the header.
 */
#include "supervisor/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"
#include "sys/conf_yaml.h"

/* The first line of a file in pub/. */
static int
read_pub(const struct conf *c, const char *name, char *ret, size_t size)
{
	char path[LIMIT_PATH_SIZE];
	struct secret text = {0};
	char *p = NULL;
	int r;

	r = str_fmt(path, sizeof(path), "%s/pub/%s", c->state_dir, name);
	if (r == 0 && (r = safefile_read(&text, path, 4096, 0)) == 0) {
		p = (char *)text.p;
		p[strcspn(p, "\n")] = '\0';
		r = str_copy(ret, size, p);
	}
	if (r != 0)
		log_err("cannot read %s: %s (run `gatewayd init` first)", path,
		    r == GW_ESYS ? strerror(errno) : err_str(r));
	secret_free(&text);
	return r;
}

/* A key of the API that was announced and is not in use yet; there may be none.
 */
static int
read_next(struct conf *c)
{
	char path[LIMIT_PATH_SIZE];
	int r = str_fmt(path, sizeof(path), "%s/pub/tls.next", c->state_dir);

	c->tls_next[0] = '\0';
	if (r != 0 || (access(path, F_OK) != 0 && errno == ENOENT))
		return r;
	return read_pub(c, "tls.next", c->tls_next, sizeof(c->tls_next));
}

void
config_tls_fields(struct event_fields *f, const struct conf *c)
{
	event_str(f, EF_TLS, c->tls_spki);
	event_strn(f, EF_TLS_NEXT, c->tls_next, strcspn(c->tls_next, " "));
}

int
config_read(struct conf *c, const char *path)
{
	int r;

	if ((r = conf_load(c, path, stderr)) != 0)
		return r;
	(void)snprintf(c->version, sizeof(c->version), "%s", SALLYPORT_VERSION);
	if ((r = read_pub(c, "host.pub", c->host_key, sizeof(c->host_key))) !=
		0 ||
	    (r = read_pub(c, "ca.pub", c->ca_key, sizeof(c->ca_key))) != 0 ||
	    (r = read_pub(c, "ca-next.pub", c->ca_next_key,
		 sizeof(c->ca_next_key))) != 0 ||
	    (r = read_pub(c, "log.vkey", c->log_key, sizeof(c->log_key))) !=
		0 ||
	    (r = read_pub(c, "tls.spki", c->tls_spki, sizeof(c->tls_spki))) !=
		0)
		return r;
	return read_next(c);
}
