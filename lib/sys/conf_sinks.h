/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf_sinks - the receivers in gatewayd.yaml, syslog's and webhooks; and what
 * the other sections of the page read with as well.
 */
#ifndef SYS_CONF_SINKS_H
#define SYS_CONF_SINKS_H

#include "core/conf.h"
#include "sys/sinkfile.h"
#include "sys/yaml.h"

extern const char *const conf_sink_keys[]; /* NULL-terminated */

/* A host name or address that fits into an invitation and this file. */
bool conf_host_ok(const char *s);
/* Copies a text that was read at a place of the file. */
void conf_keep(struct yaml *y, const struct yaml_item *at, char *ret,
    size_t size, const char *s);
/* try, unless it is NULL, is asked of each file they name: another answer than
 * 0 is an error at its place (sinkfile_check() is one such). */
typedef int conf_file_fn(const struct conf_sink *k, enum sinkfile f);
void conf_read_sinks(struct yaml *y, const struct yaml_item *root,
    struct conf_sink ret[static LIMIT_SINKS], conf_file_fn *try);

#endif
