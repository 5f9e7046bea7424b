/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_tree - the node, shared by yaml.c (which builds) and yamlget.c (which
 * reads). Not for anybody else.
 */
#ifndef SYS_YAML_TREE_H
#define SYS_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "sys/yaml.h"

struct yaml_item {
	enum yaml_kind kind;
	bool plain; /* a scalar without quotes */
	unsigned line, column, width;
	char *text; /* scalars */
	size_t n, cap;
	struct yaml_item **value;
	struct yaml_item **key; /* maps */
};

#endif
