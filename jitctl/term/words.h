/* SPDX-License-Identifier: Apache-2.0 */
/*
 * words - arguments checked where the user can still be told which one it
 * was, and words quoted so that they can be pasted into a shell.
 */
#ifndef JITCTL_TERM_WORDS_H
#define JITCTL_TERM_WORDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/secret.h"
#include "jitctl/jitctl.h"

/* str_name_ok and str_text_ok with a complaint that names the argument. */
bool name_arg(const char *what, const char *s);
bool text_arg(const char *what, const char *s);
/* str_duration with a complaint. */
bool duration_arg(enum flag f, const char *s, uint32_t *ret);
/* 1 to 65535, with a complaint. */
bool port_arg(const char *s, uint64_t *ret);
/* The time of a flag as when_parse() reads it, UTC milliseconds: of --until the
 * last one it may be, else the first. *ret stays when the flag is not given;
 * false after a complaint. */
bool time_arg(const struct ctx *c, enum flag f, int64_t now_ms, int64_t *ret);
/* --since and --until both; false as well where one excludes the other. */
bool times_arg(
    const struct ctx *c, int64_t now_ms, int64_t *retsince, int64_t *retuntil);
/* A flag's values as a JSON array, each checked with str_name_ok; NULL after a
 * complaint. */
json_t *names_array(const struct ctx *c, enum flag f);
/* --label k=v ... as an object; NULL after a complaint. */
json_t *labels_object(const struct ctx *c);
/* Quoted when a shell would see more than one plain word. */
void shell_word(struct buf *b, const char *s);
void put_shell_word(FILE *f, const char *s);

/* How this run would be called again, for hints that can be pasted: "jitctl"
 * and the flags that said which gateway and whose key. Never NULL. */
const char *self(const struct ctx *c);
/* Reads it off the flags, once they are parsed. */
void self_set(struct ctx *c);
/* A text of the gateway, escaped already, whose commands ("jitctl grants") get
 * those flags too; as much as fits. */
void self_text(
    const struct ctx *c, char *ret, size_t size, const char *escaped);

#endif
