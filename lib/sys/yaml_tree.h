/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_tree - the node and the file, shared by yaml.c (which builds), yamlget.c
 * (which reads) and yamlerr.c (which complains). Not for anybody else.
 */
#ifndef SYS_YAML_TREE_H
#define SYS_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/limits.h"
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

struct yaml {
	char file[256];
	char *text; /* the file and a NUL */
	size_t len;
	struct yaml_item *root;
	struct diag diag[LIMIT_YAML_ERRORS];
	unsigned ndiags; /* kept */
	unsigned errors; /* all */
};

/* An error at a place that is no node. */
void yaml_error_at(struct yaml *y, unsigned line, unsigned column,
    unsigned width, const char *fmt, ...) PRINTF_LIKE(5, 6);

#endif
