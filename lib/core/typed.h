/* SPDX-License-Identifier: Apache-2.0 */
/*
 * typed - bytes as people read them from paper and type them: five bits a
 * symbol, of 32 without I, L, O and U, in groups of four. Pure.
 */
#ifndef CORE_TYPED_H
#define CORE_TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of n bytes whose bits are whole symbols in whole groups; with the NUL. */
#define TYPED_CHARS(n) ((n)*8 / 5)
#define TYPED_SIZE(n) (TYPED_CHARS(n) + TYPED_CHARS(n) / 4)

void typed_text(char *ret, const uint8_t *p, size_t n);
/* The symbols of s that were meant, without groups and spaces: small letters, O
 * for 0, I and L for 1 are taken; exactly chars of them, and a NUL. False: s is
 * no such text; ret is wiped then. */
bool typed_read(char *ret, size_t chars, const char *s);
/* The bytes of what typed_read() gave. */
void typed_bytes(uint8_t *ret, size_t n, const char *symbols);

#endif
