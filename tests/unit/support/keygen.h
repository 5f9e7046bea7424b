/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keygen - runs the host's ssh-keygen for unit tests: real keys, real
 * signatures, made fresh in a temporary folder. A test fails without it.
 */
#ifndef TESTS_SUPPORT_KEYGEN_H
#define TESTS_SUPPORT_KEYGEN_H

#include <stdbool.h>
#include <stddef.h>

/* A new folder under TMPDIR; removed by keygen_done. False: no ssh-keygen. */
bool keygen_init(char ret[static 128]);
void keygen_done(const char *dir);
/* Runs ssh-keygen with argv[1..] in dir (stdin: file in_name or nothing);
 * standard output goes to out (ended by NUL; may be NULL). Exit status. */
int keygen_run(const char *dir, const char *in_name, char *out, size_t size,
    const char *const *args);
/* Whole file of dir as text; false if it does not fit or is not there. */
bool keygen_read(const char *dir, const char *name, char *ret, size_t size);
void keygen_write(const char *dir, const char *name, const void *p, size_t n);

#endif
