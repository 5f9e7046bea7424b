/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cast - an asciicast v2 recording, line by line. What is shown is filtered:
 * terminal strings (titles, clipboard), questions to the terminal and changes
 * of its coding are left out, because their effects or answers would outlive or
 * leave the player; what turns text around or hides in it is shown as a sign.
 */
#ifndef JITCTL_TERM_CAST_H
#define JITCTL_TERM_CAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"

struct cast_event {
	double time;
	char kind;  /* 'o' output, 'r' resize, else ignored */
	char *data; /* malloc'd */
	size_t len;
};

/* The first line. false: not an asciicast v2 header. */
bool cast_header(const char *line, size_t n, unsigned *retw, unsigned *reth);
/* Another line; false: not an event. */
bool cast_event(struct cast_event *ret, const char *line, size_t n);
void cast_event_done(struct cast_event *e);

/* Where the filter stands between two calls; zero to begin with. */
struct cast_filter {
	int state;
	char seq[64]; /* a control sequence being collected */
	size_t n;
	bool ascii; /* the terminal reads no UTF-8: the rest is '?' */
};
/* Appends what may be shown. p ends with a whole character; a bidirectional
 * or invisible one becomes U+FFFD. */
void cast_filter(
    struct cast_filter *f, struct buf *out, const char *p, size_t n);

#endif
