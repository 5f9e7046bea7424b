/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config - all that the processes are told at their start: the configuration
 * file, and the public halves of the keys, which `gatewayd init` made.
 */
#ifndef SUPERVISOR_CONFIG_H
#define SUPERVISOR_CONFIG_H

#include "base/attr.h"
#include "core/conf.h"
#include "core/event.h"

/* On failure ret may be half filled, and the errors were printed: of the file
 * with a caret below each, of the keys as lines of the log. */
MUST_CHECK int config_read(struct conf *ret, const char *path);

/* The API's key and the one announced, for the record that they are served. */
void config_tls_fields(struct event_fields *f, const struct conf *c);

#endif
