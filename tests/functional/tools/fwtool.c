/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fwtool - drives fw.h from lines on stdin, for tests of the kernel side
 * without the other processes. Not installed. It has no receipts: whoever can
 * run it is root already.
 *
 * fwtool [--old] [own PORT]... [net PREFIX]... [protect ADDR PROTO PORT]...
 * then one command per line, each answered by "ok ..." or "error CODE":
 *	entry SOURCE PORT ID MS
 *	path SOURCE TARGET PROTO PORT ID MS
 *	leg GATEWAY SPORT TARGET PORT ID GRANT MS
 *	protect ADDR PROTO PORT | close ID | sync | end | quit
 * Events and flow records come as lines of their own.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "firewall/conntrack.h"
#include "firewall/fw.h"

enum { WORDS = 12, LINE_SIZE = 512 };

static void
on_flow(void *arg, const struct fw_flow *f)
{
	char s[ADDR_TEXT_SIZE], t[ADDR_TEXT_SIZE];

	(void)arg;
	addr_format(s, &f->source);
	addr_format(t, &f->target);
	printf("flow %s %s kind %u %s %u -> %s %u in %llu/%llu out %llu/%llu "
	       "ms %lld\n",
	    f->grant, f->id, (unsigned)f->element.kind, s, (unsigned)f->sport,
	    t, (unsigned)f->port, (unsigned long long)f->packets_in,
	    (unsigned long long)f->bytes_in, (unsigned long long)f->packets_out,
	    (unsigned long long)f->bytes_out,
	    (long long)(f->start_ms == 0 ? -1 : f->end_ms - f->start_ms));
}

static void
on_event(void *arg, enum fw_event ev, const char *text)
{
	(void)arg;
	printf("event %d %s\n", (int)ev, text);
}

static uint8_t
proto(const char *s)
{
	return strcmp(s, "tcp") == 0   ? IPPROTO_TCP
	       : strcmp(s, "udp") == 0 ? IPPROTO_UDP
				       : 0;
}

static uint16_t
port(const char *s)
{
	return (uint16_t)strtoul(s, NULL, 10);
}

static int
open_element(struct fw *f, char **w, size_t n)
{
	struct now now = clock_now();
	struct element_list l;
	struct element *e = &l.e[0];
	const char *id = NULL, *grant = NULL, *ms = NULL;
	int r = GW_EINVAL;

	memset(&l, 0, sizeof(l));
	l.n = 1;
	e->proto = IPPROTO_TCP;
	if (strcmp(w[0], "entry") == 0 && n == 5) {
		e->kind = ELEMENT_ENTRY;
		r = addr_parse(&e->source, w[1]);
		e->port = port(w[2]);
		id = grant = w[3];
		ms = w[4];
	} else if (strcmp(w[0], "path") == 0 && n == 7) {
		e->kind = ELEMENT_PATH;
		if ((r = addr_parse(&e->source, w[1])) == 0)
			r = addr_parse(&e->target, w[2]);
		e->proto = proto(w[3]);
		e->port = port(w[4]);
		id = grant = w[5];
		ms = w[6];
	} else if (strcmp(w[0], "leg") == 0 && n == 8) {
		e->kind = ELEMENT_LEG;
		if ((r = addr_parse(&e->source, w[1])) == 0)
			r = addr_parse(&e->target, w[3]);
		e->sport = port(w[2]);
		e->port = port(w[4]);
		id = w[5];
		grant = w[6];
		ms = w[7];
	}
	if (r != 0)
		return r;
	e->end_boot_ms = now.boot_ms + strtol(ms, NULL, 10);
	return fw_open_elements(f, &l, id, grant, &now);
}

static int
triple(struct triple *ret, char **w)
{
	memset(ret, 0, sizeof(*ret));
	ret->proto = proto(w[1]);
	ret->port = port(w[2]);
	return addr_parse(&ret->addr, w[0]);
}

static int
command(struct fw *f, char **w, size_t n)
{
	struct now now = clock_now();
	struct cut_totals t = {0, 0, 0, 0, 0};
	uint32_t removed = 0, kept = 0;
	struct triple tr;
	bool added = false;
	int r = GW_EINVAL;

	if (strcmp(w[0], "close") == 0 && n == 2) {
		r = fw_close_grant(f, w[1], &now, &t);
		if (r == 0)
			printf("ok closed %u in %llu/%llu out %llu/%llu\n",
			    t.flows, (unsigned long long)t.packets_in,
			    (unsigned long long)t.bytes_in,
			    (unsigned long long)t.packets_out,
			    (unsigned long long)t.bytes_out);
	} else if (strcmp(w[0], "protect") == 0 && n == 4) {
		if ((r = triple(&tr, w + 1)) == 0)
			fw_protect(f, &tr, 1, &added, &r);
		if (r == 0)
			printf("ok %s\n", added ? "new" : "known");
	} else if (strcmp(w[0], "sync") == 0) {
		fw_sync_begin(f);
		puts("ok");
		r = 0;
	} else if (strcmp(w[0], "end") == 0) {
		if ((r = fw_sync_end(f, &now, &removed, &kept)) == 0)
			printf("ok removed %u kept %u\n", removed, kept);
	} else if ((r = open_element(f, w, n)) == 0) {
		puts("ok");
	}
	if (r != 0)
		printf("error %d %s %s\n", r, err_str(r),
		    r == GW_ESYS ? strerror(errno) : "");
	return r;
}

static size_t
split(char **w, char *line)
{
	char *save = NULL, *p = NULL;
	size_t n = 0;

	for (p = strtok_r(line, " \n", &save); p != NULL && n < WORDS;
	     p = strtok_r(NULL, " \n", &save))
		w[n++] = p;
	return n;
}

/* Returns false at the end of input. */
static bool
turn(struct fw *f, char *line, size_t *len)
{
	struct pollfd pfd[2] = {{STDIN_FILENO, POLLIN, 0}, {0, POLLIN, 0}};
	struct now now = clock_now();
	char *w[WORDS], *lf = NULL;
	size_t n = 0;
	ssize_t got = 0;

	pfd[1].fd = fw_fd(f);
	(void)poll(pfd, 2, (int)fw_tick(f, &now));
	now = clock_now();
	if (pfd[1].revents != 0 && fw_events(f, &now) != 0)
		puts("event 0 fw_events failed");
	if (fw_check(f, &now) != 0)
		puts("event 0 fw_check failed");
	if (pfd[0].revents == 0)
		return true;
	got = read(STDIN_FILENO, line + *len, LINE_SIZE - 1 - *len);
	if (got <= 0)
		return false;
	*len += (size_t)got;
	line[*len] = '\0';
	while ((lf = strchr(line, '\n')) != NULL) {
		*lf = '\0';
		if (strcmp(line, "quit") == 0)
			return false;
		if ((n = split(w, line)) > 0)
			(void)command(f, w, n);
		*len -= (size_t)(lf + 1 - line);
		memmove(line, lf + 1, *len + 1);
	}
	return *len < LINE_SIZE - 1;
}

static int
arguments(struct fw_opts *o, struct ruleset *rs, int argc, char **argv)
{
	struct triple t;
	bool added = false;
	int i = 1, r = 0;

	for (; i < argc && r == 0; i++) {
		if (strcmp(argv[i], "--old") == 0) {
			o->force_old = true;
		} else if (strcmp(argv[i], "own") == 0 && i + 1 < argc) {
			rs->own[rs->nown++] = port(argv[++i]);
		} else if (strcmp(argv[i], "net") == 0 && i + 1 < argc) {
			r = prefix_parse(
			    &rs->networks[rs->nnetworks++], argv[++i]);
		} else if (strcmp(argv[i], "protect") == 0 && i + 3 < argc) {
			if ((r = triple(&t, argv + i + 1)) == 0)
				r = ruleset_protect(rs, &t, &added);
			i += 3;
		} else {
			r = GW_EINVAL;
		}
	}
	return r;
}

int
main(int argc, char **argv)
{
	char line[LINE_SIZE];
	struct ruleset rs;
	struct fw_opts o;
	struct fw *f = NULL;
	size_t len = 0;
	int r = 0;

	memset(&rs, 0, sizeof(rs));
	memset(&o, 0, sizeof(o));
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if ((r = arguments(&o, &rs, argc, argv)) == 0) {
		o.rules = &rs;
		o.on_flow = on_flow;
		o.on_event = on_event;
		r = fw_open(&f, &o);
		if (r == 0 && conntrack_accounting() != 0)
			puts("event 0 no accounting");
	}
	ruleset_done(&rs);
	if (r != 0) {
		printf("error %d %s %s\n", r, err_str(r), strerror(errno));
		return 1;
	}
	printf("ready loaded %d owner %d update %d destroy %d\n",
	    (int)fw_loaded(f), fw_can(f)->owner, fw_can(f)->update,
	    fw_can(f)->destroy);
	while (turn(f, line, &len))
		;
	fw_free(f);
	return 0;
}
