/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf_yaml - gatewayd.yaml -> struct conf, by one table of keys (gatewayd.yaml
 * (5) documents them; a lint holds the page against the table). All errors of
 * a file are reported at once, each with line, column and caret.
 */
#ifndef SYS_CONF_YAML_H
#define SYS_CONF_YAML_H

#include <stdbool.h>
#include <stdio.h>

#include "base/attr.h"
#include "core/conf.h"
#include "sys/conf_sinks.h"

/* Fills ret with defaults and the file's values. On failure ret is untouched
 * and every error was printed to err. GW_EINVAL, GW_ESYS, GW_EDENIED (unsafe
 * owner or mode), GW_ELIMIT, GW_ENOMEM. */
MUST_CHECK int conf_load(struct conf *ret, const char *path, FILE *err);
/* The same, and the files that it names are errors of it if try, asked of each,
 * says so. A gateway starts without a receiver's file: the log is kept. */
MUST_CHECK int conf_try(
    struct conf *ret, const char *path, conf_file_fn *try, FILE *err);

/* For the lint: the i-th key as "ssh.listen", NULL past the end. */
const char *conf_key(size_t i);

#endif
