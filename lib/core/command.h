/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command - exactly these commands: templates that the command of an exec
 * request has to match, byte by byte, before it goes anywhere. Pure.
 *
 * A template is words with one space between them: literal text, and at most
 * one hole in each word:
 *   {int}          1 to 10 digits
 *   {name}         letters, digits, . _ -, not beginning with . or -
 *   {path:/below}  an absolute path strictly below that folder, without empty,
 *                  "." and ".." components
 * What a hole takes is at most LIMIT_HOLE_MAX bytes. Neither a template nor
 * what matches one has a byte that a shell reads as anything but itself, so
 * that the shell which the target runs it by splits it into these words and
 * does no more.
 */
#ifndef CORE_COMMAND_H
#define CORE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"

/* A role's templates are a set: a command has to match one of them. Where
 * several roles apply, there is a set of each, and it has to match one of each.
 * Sets and what is in them stand in order, so that the same templates are the
 * same list, whoever said what first. */
struct command_list {
	uint32_t n;
	struct {
		uint8_t set; /* from 1 */
		char text[LIMIT_TEMPLATE_SIZE];
	} command[LIMIT_COMMANDS];
};

bool command_template_ok(const char *template);
/* Do these n bytes match that template, from the first to the last? */
bool command_matches(const char *template, const char *text, size_t n);
/* One of each set; any command where there are none. */
bool command_allowed(const struct command_list *l, const char *text, size_t n);

/* Adds one to a role's. GW_EINVAL: it is no template; GW_EEXIST, GW_ELIMIT. */
MUST_CHECK int command_add(struct command_list *l, const char *template);
/* Adds the set of a role, if it has one. GW_ELIMIT: that is too much for one
 * request, and *all is not to be used. */
MUST_CHECK int command_merge(
    struct command_list *all, const struct command_list *role);
bool command_equal(const struct command_list *a, const struct command_list *b);

/* The list as a text: a template a line, an empty line between sets; "" for
 * none. COMMAND_TEXT_SIZE is enough for any. */
enum { COMMAND_TEXT_SIZE = LIMIT_COMMANDS * (LIMIT_TEMPLATE_SIZE + 1) };
void command_text(
    char ret[static COMMAND_TEXT_SIZE], const struct command_list *l);
/* SHA-256 of that text, in hex digits; "" for none. */
enum { COMMAND_DIGEST_SIZE = 65 };
void command_digest(
    char ret[static COMMAND_DIGEST_SIZE], const struct command_list *l);

#endif
