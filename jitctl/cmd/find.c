/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find - see the header.
 */
#include "jitctl/cmd/find.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "jitctl/term/say.h"

#define SEE_HELP "; see: jitctl help"

/* "grants" finds "grants ls", and "target" "targets ls": the list is what a
 * noun alone means. */
static const struct cmd *
match(const struct cmd *cmds, const char *first, const char *second,
    unsigned *retused)
{
	char two[64];

	for (size_t i = 0; cmds[i].name != NULL; i++) {
		if (second != NULL &&
		    str_fmt(two, sizeof(two), "%s %s", first, second) == 0 &&
		    strcmp(cmds[i].name, two) == 0) {
			*retused = 2;
			return &cmds[i];
		}
	}
	*retused = 1;
	if (str_fmt(two, sizeof(two), "%s ls", first) != 0)
		return NULL;
	for (size_t i = 0; cmds[i].name != NULL; i++)
		if (strcmp(cmds[i].name, first) == 0 ||
		    (second == NULL &&
			(strcmp(cmds[i].name, two) == 0 ||
			    (cmds[i].noun != NULL &&
				strcmp(cmds[i].noun, first) == 0))))
			return &cmds[i];
	return NULL;
}

const struct cmd *
find_of_noun(const struct cmd *cmds, const char *noun, unsigned n)
{
	const size_t len = strlen(noun);

	for (size_t i = 0; cmds[i].name != NULL; i++)
		if (strncmp(cmds[i].name, noun, len) == 0 &&
		    cmds[i].name[len] == ' ' && n-- == 0)
			return &cmds[i];
	return NULL;
}

/* For "target" alone, or with a verb that does not exist. */
static void
list_verbs(const struct cmd *cmds, const char *noun, char *reterr, size_t size)
{
	size_t at = 0;

	(void)snprintf(reterr, size, "%s what? There are: ", noun);
	for (unsigned i = 0; find_of_noun(cmds, noun, i) != NULL; i++) {
		at = strlen(reterr);
		(void)snprintf(reterr + at, size - at, "%s%s",
		    i > 0 ? ", " : "", find_of_noun(cmds, noun, i)->name);
	}
}

enum { FAR = 4 };

/* The nearest so far, and whether something as near takes away. */
struct nearest {
	const char *name;
	unsigned distance;
	bool harmful;
};

static void
consider(struct nearest *n, const char *name, unsigned d, size_t typed,
    bool destroys)
{
	if (d < n->distance && d < typed) {
		n->distance = d;
		n->name = name;
		n->harmful = destroys;
	} else if (d == n->distance && d < FAR) {
		n->harmful = n->harmful || destroys;
	}
}

/* A noun by itself lists: grnts -> grants, tagret -> target. */
static void
consider_noun(struct nearest *n, const struct cmd *cmds, const char *name,
    const char *typed)
{
	char noun[64];
	unsigned used = 0;
	const struct cmd *list = NULL;

	(void)snprintf(
	    noun, sizeof(noun), "%.*s", (int)strcspn(name, " "), name);
	list = match(cmds, noun, NULL, &used);
	if (list != NULL)
		consider(n, list->noun != NULL ? list->noun : list->name,
		    str_distance(typed, noun), strlen(typed), list->destroys);
}

/* Where a guess might take something away: all that begin as it does. */
static void
list_alike(const struct cmd *cmds, const char *first, char *reterr, size_t size)
{
	enum { ALIKE = 2 };
	bool any = false;

	for (size_t i = 0; cmds[i].name != NULL; i++) {
		const size_t at = strlen(reterr);

		if (strncmp(cmds[i].name, first, ALIKE) != 0)
			continue;
		(void)snprintf(reterr + at, size - at, "%s%s",
		    any ? ", " : "; there are: ", cmds[i].name);
		any = true;
	}
}

static void
guess(const struct cmd *cmds, const char *first, const char *second,
    char *reterr, size_t size)
{
	struct nearest near = {.distance = FAR};
	const char *best = NULL;
	char typed[64];
	char shown[128];

	if (str_fmt(typed, sizeof(typed), "%s%s%s", first,
		second != NULL ? " " : "", second != NULL ? second : "") != 0)
		say_text(typed, sizeof(typed), first, strlen(first));
	for (size_t i = 0; cmds[i].name != NULL; i++) {
		const char *name = cmds[i].name;
		const unsigned d = str_distance(typed, name);
		const unsigned d1 = str_distance(first, name);

		consider(&near, name, d1 < d ? d1 : d, strlen(first),
		    cmds[i].destroys);
		if (second == NULL && strchr(name, ' ') != NULL)
			consider_noun(&near, cmds, name, first);
	}
	best = near.harmful && !FAULT(guess_any) ? NULL : near.name;
	if (find_of_noun(cmds, first, 0) != NULL &&
	    (second == NULL || best == NULL || strchr(best, ' ') == NULL)) {
		list_verbs(cmds, first, reterr, size);
		return;
	}
	/* The second word belongs to the command only if the guess has two. */
	if (best == NULL || strchr(best, ' ') == NULL)
		second = NULL;
	if (str_fmt(typed, sizeof(typed), "%s%s%s", first,
		second != NULL ? " " : "", second != NULL ? second : "") != 0)
		memcpy(typed, "?", 2);
	say_text(shown, sizeof(shown), typed, strlen(typed));
	(void)snprintf(reterr, size, "unknown command \"%s\"%s%s%s", shown,
	    best != NULL ? "; did you mean \"" : "", best != NULL ? best : "",
	    best != NULL ? "\"?" : "");
	if (best != NULL)
		return;
	list_alike(cmds, first, reterr, size - sizeof(SEE_HELP));
	(void)strcat(reterr, SEE_HELP);
}

const struct cmd *
find_command(const struct cmd *cmds, const struct opts *words,
    unsigned *retused, char *reterr, size_t size)
{
	const char *first = words->nargs > 0 ? words->arg[0] : NULL;
	const char *second = words->nargs > 1 ? words->arg[1] : NULL;
	const struct cmd *c = NULL;

	*retused = 0;
	if (first == NULL) {
		(void)snprintf(reterr, size, "no command; see: jitctl help");
		return NULL;
	}
	c = match(cmds, first, second, retused);
	if (c == NULL)
		guess(cmds, first, second, reterr, size);
	return c;
}
