/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nul - libssh hands the strings of a packet out as C strings: what stands
 * behind a NUL is silently not there, and a command or a name is another than
 * the client sent. So this program defines ssh_buffer_get_data, through which
 * libssh reads every string of a packet; libssh.so, which imports it as an
 * ordinary symbol, uses this one. While it listens, a string with a NUL in it
 * is kept as it came, and libssh gets it with 0xff in the place of each NUL,
 * which no name has that means anything: nothing is cut, and "exec\0" is not
 * "exec".
 *
 * MUST: what nul_exact knows is refused: it is not what its sender wrote.
 */
#ifndef SESSION_NUL_H
#define SESSION_NUL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* Finds libssh's own function; GW_EUNSUPPORTED if it cannot. */
MUST_CHECK int nul_init(void);
/* While on, what libssh reads is the user's. */
void nul_listen(bool on);
/* As it came, if s is a string of libssh's in which there was a NUL; NULL = it
 * is whole. Until nul_forget, or until libssh has another one in its place. */
const uint8_t *nul_exact(const char *s, size_t *retn);
/* The number that stood behind s in its packet, where it is more than the 16
 * bits that a port has and libssh keeps; likewise. */
bool nul_number(const char *s, uint32_t *ret);
/* copy has the text of s: if that had a NUL, this has it. */
void nul_copied(const char *copy, const char *s);
/* There were more than can be kept: of some it is not known. */
bool nul_lost(void);
void nul_forget(void);
/* For the self-test, whose client cannot send a NUL: this byte is one. */
void nul_is(uint8_t byte);

#endif
