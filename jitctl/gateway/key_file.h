/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_file - public keys as the API wants them, from the files that a flag
 * names.
 */
#ifndef JITCTL_GATEWAY_KEY_FILE_H
#define JITCTL_GATEWAY_KEY_FILE_H

#include "jitctl/jitctl.h"

/* The keys of all files of the flag ("-" is stdin), one .pub line each; empty
 * when it is not given. A new array; NULL after a complaint that names file and
 * line. */
json_t *key_files_array(const struct ctx *c, enum flag f);
/* The same of one file. */
json_t *key_file_array(const char *path);

#endif
