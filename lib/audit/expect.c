/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expect - see the header.
 */
#include "audit/expect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/record.h"
#include "audit/verify.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"

enum { CHUNK = 64 * 1024, LINE_SIZE = 2 * LIMIT_RECORD_MAX };

int
expect_init(struct expect *ret, const char *vkey)
{
	*ret = (struct expect){0};
	return note_vkey_parse(&ret->key, vkey);
}

void
expect_note(struct expect *x, const void *note, size_t n)
{
	struct note_checkpoint c;
	size_t text = 0;

	if (note_check(note, n, &x->key, 1, &text) != NOTE_OK ||
	    note_checkpoint_parse(&c, note, text) < 0 ||
	    strcmp(c.origin, x->key.name) != 0)
		return;
	if (x->found && c.size <= x->newest.size)
		return;
	x->newest = c;
	x->found = true;
}

void
expect_line(struct expect *x, const void *line, size_t n)
{
	const char *at = record_framed(line, n, &n);
	struct record r;
	struct buf note;

	if (at == NULL)
		return;
	if (record_parse(&r, at, n) < 0 || r.event != EV_AUDIT_CHECKPOINT)
		return;
	buf_init(&note, LIMIT_NOTE_MAX);
	if (verify_note(&note, at, n) == 0)
		expect_note(x, note.p, note.len);
	buf_done(&note);
}

/* The whole lines of b; what is left stands at its front then. */
static void
take_lines(struct expect *x, struct buf *b)
{
	size_t at = 0;
	const uint8_t *lf;

	while (b->len > at &&
	       (lf = memchr(b->p + at, '\n', b->len - at)) != NULL) {
		const size_t n = (size_t)(lf - b->p) - at;

		expect_line(x, b->p + at, n);
		at += n + 1;
	}
	if (b->len - at > LINE_SIZE)
		at = b->len; /* no record is that long */
	buf_shift(b, at);
}

int
expect_fd(struct expect *x, int fd)
{
	uint8_t *p = malloc(CHUNK);
	struct buf b, start; /* start: in case it is a note */
	ssize_t n = 0;
	int r = p == NULL ? GW_ENOMEM : 0;

	buf_init(&b, LINE_SIZE + CHUNK);
	buf_init(&start, LIMIT_NOTE_MAX);
	while (r == 0) {
		if ((n = read(fd, p, CHUNK)) < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = GW_ESYS;
		if (n <= 0)
			break;
		buf_put(&start, p, (size_t)n); /* too long: it is no note */
		buf_put(&b, p, (size_t)n);
		if ((r = buf_err(&b)) == 0)
			take_lines(x, &b);
	}
	if (r == 0 && b.len > 0)
		expect_line(x, b.p, b.len);
	if (r == 0 && buf_err(&start) == 0 && start.len > 0)
		expect_note(x, start.p, start.len);
	buf_done(&start);
	buf_done(&b);
	free(p);
	return r;
}
