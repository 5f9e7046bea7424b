/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml - an object of the API as YAML, each scalar as json.h has it.
 */
#ifndef JITCTL_TERM_YAML_H
#define JITCTL_TERM_YAML_H

#include <stdio.h>

#include "wire/json.h"

void out_yaml(FILE *f, const json_t *o);
/* More items of the list that {"items":[...]} began. */
void out_yaml_more(FILE *f, const json_t *items);

#endif
