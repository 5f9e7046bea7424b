/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look - what names look like. Two names that share a look are taken for one
 * another by somebody: Ops1, ops1. and opsl beside ops1. Names are ASCII
 * (str_name_ok), so that is all there is to confuse. Pure.
 */
#ifndef CORE_LOOK_H
#define CORE_LOOK_H

#include "base/limits.h"

/* A prefix that tells the looks apart, and the name's. */
enum { LOOK_SIZE = LIMIT_NAME_SIZE + 2, LOOKS = 2 };

/* How it reads, whatever its letters' case, and how it is seen; separators at
 * the ends, or more than one, are not noticed in either. */
void look_of(char ret[LOOKS][LOOK_SIZE], const char *name);

#endif
