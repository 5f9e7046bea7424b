/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log - lines for operators on stderr, with the <N> prefix journald reads when
 * stderr is not a terminal. Not evidence: that is core/event. Only programs
 * log; library code returns codes. Each line is one write(2), user-supplied
 * text must be passed through "%s" and is escaped (control characters as
 * \xNN), and no secret is ever an argument.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>

#include "base/attr.h"

enum log_level {
	LOG_LV_ERR = 3,
	LOG_LV_WARN = 4,
	LOG_LV_INFO = 6,
	LOG_LV_DEBUG = 7
};

/* name is borrowed for the life of the process ("gatewayd", "broker", ...). */
void log_init(const char *name, enum log_level max);

/* From now on lines go to fn, without a head, and stderr is not written to. The
 * text is escaped and good until fn returns; fn may log, which is dropped. */
typedef void log_fn(void *ctx, enum log_level level, const char *text);
void log_to(log_fn *fn, void *ctx);

/* A line that another process of ours has written on its stderr; no newline. It
 * stands under that name whatever it says of itself, escaped, and is no more
 * than an error. */
void log_pass(const char *name, const char *line, size_t n);

void log_err(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_warn(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_info(const char *fmt, ...) PRINTF_LIKE(1, 2);
void log_debug(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
