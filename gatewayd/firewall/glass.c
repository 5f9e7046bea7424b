/* SPDX-License-Identifier: Apache-2.0 */
/*
 * glass - see the header. The file is removed when all of it is durable; who
 * dies before that puts it on record again, under the same ids.
 */
#include "firewall/glass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/str.h"
#include "firewall/report.h"

enum { KERNEL_MAX = 64 }; /* internal: openings of root that live */

struct look {
	struct glass *g;
	struct process *r;
	struct allowed in_kernel[KERNEL_MAX];
	bool told[KERNEL_MAX];
	size_t n;
};

static void
durable(void *arg, int result, uint64_t seq)
{
	struct glass *g = arg;

	(void)seq;
	g->waiting--;
	g->failed = g->failed || result != 0;
	if (g->waiting > 0)
		return;
	if (g->failed)
		log_err("%s is not on record: it stays for the next start",
		    g->path);
	else if (unlink(g->path) != 0 && errno != ENOENT)
		log_err("%s: %s", g->path, strerror(errno));
}

static void
keep(void *arg, const struct allowed *a)
{
	struct look *l = arg;

	if (l->n < KERNEL_MAX)
		l->in_kernel[l->n++] = *a;
}

/* Is it open yet? */
static bool
take(struct look *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->in_kernel[i].id, id) == 0) {
			l->told[i] = true;
			return true;
		}
	return false;
}

static void
count(struct look *l, int e)
{
	if (e == 0)
		return;
	l->g->waiting--;
	l->g->failed = true;
	log_err("what root opened cannot be put on record: %s", err_str(e));
}

static void
tell(struct look *l, const struct allowed *a, bool left)
{
	char source[ADDR_TEXT_SIZE], target[ADDR_TEXT_SIZE];

	addr_format(source, &a->source);
	addr_format(target, &a->target);
	log_warn("BREAK-GLASS: root opened TCP port %u of %s to %s while no "
		 "gateway ran (%s)%s",
	    (unsigned)a->port, target, source, a->id,
	    left ? ": it is shut now" : "");
	l->g->waiting++;
	count(l, report_allowed(l->r, a, left, durable, l->g));
}

static void
read_lines(struct look *l, char *text)
{
	char *save = NULL;

	for (char *s = strtok_r(text, "\n", &save); s != NULL;
	     s = strtok_r(NULL, "\n", &save)) {
		char whole[LIMIT_TEXT_SIZE];
		struct allowed a;

		text_set(whole, sizeof(whole), s);
		if (allowed_parse(&a, s) == 0) {
			tell(l, &a, take(l, a.id));
			continue;
		}
		l->g->waiting++;
		count(l, report_allowed_odd(
			     l->r, whole, strlen(whole), durable, l->g));
	}
}

static void
read_file(struct look *l)
{
	struct secret text = {0};
	int e = safefile_read(&text, l->g->path, ALLOWED_FILE_MAX, 0);

	if (e == 0)
		read_lines(l, (char *)text.p);
	else if (e != GW_ESYS || errno != ENOENT)
		log_err("cannot read %s: %s", l->g->path,
		    e == GW_ESYS ? strerror(errno) : err_str(e));
	secret_free(&text);
}

void
glass_look(
    struct glass *g, struct process *r, struct fw *fw, const char *folder)
{
	const struct now now = clock_now();
	struct look *l = NULL;

	if (g->looked || FAULT(glass_look))
		return;
	g->looked = true;
	if (str_fmt(g->path, sizeof(g->path), "%s/" ALLOWED_FILE, folder) !=
		0 ||
	    (l = calloc(1, sizeof(*l))) == NULL)
		return;
	l->g = g;
	l->r = r;
	g->waiting = 1; /* not before all of it is sent */
	if (fw_allowed(fw, &now, keep, l) != 0)
		log_err("cannot look for what root opened");
	read_file(l);
	for (size_t i = 0; i < l->n; i++)
		if (!l->told[i])
			tell(l, &l->in_kernel[i], true);
	durable(g, 0, 0);
	free(l);
}
