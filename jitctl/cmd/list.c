/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list - see the header.
 */
#include "jitctl/cmd/list.h"

#include "jitctl/cmd/guess.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

int
list_print(struct ctx *c, enum api_verb verb, const struct query *q,
    const struct col *cols, size_t n, const char *empty)
{
	struct reply r = {0};
	int x = read_list(c, verb, q, &r);

	if (x == EXIT_OK)
		x = out_items(c, r.json, cols, n, empty);
	reply_done(&r);
	return x;
}

void
list_hint_name(
    struct ctx *c, enum api_verb verb, const char *kind, const char *name)
{
	struct guess g = {.typed = name};
	struct reply all = {0};

	if (c->out != OUT_JSON && !c->quiet &&
	    read_list(c, verb, NULL, &all) == EXIT_OK)
		guess_offer_items(&g, json_object_get(all.json, "items"), kind);
	if (g.best[0] != '\0')
		say(c, "Did you mean %s?", g.best);
	reply_done(&all);
}

int
list_get(struct ctx *c, enum api_verb verb, const char *kind, struct reply *ret,
    const json_t **retitem)
{
	const char *name = c->opt.arg[0];
	struct query q = {0};
	int x = EXIT_OK;

	*ret = (struct reply){0};
	if (!name_arg("NAME", name))
		return EXIT_USAGE;
	query_add(&q, "name", name);
	x = read_list(c, verb, &q, ret);
	if (x != EXIT_OK)
		return x;
	*retitem = json_array_get(json_object_get(ret->json, "items"), 0);
	if (*retitem != NULL)
		return EXIT_OK;
	say_error(
	    "there is no %s %s: %s %ss lists them", kind, name, self(c), kind);
	list_hint_name(c, verb, kind, name);
	return EXIT_NOT_FOUND;
}

void
list_show_item(
    const struct ctx *c, const json_t *item, const struct col *cols, size_t n)
{
	if (c->out == OUT_NAME)
		(void)printf("%s\n", c->opt.arg[0]);
	else if (!out_object(c, item))
		out_item(item, cols, n);
}

int
list_show(struct ctx *c, enum api_verb verb, const char *kind,
    const struct col *cols, size_t n)
{
	const json_t *item = NULL;
	struct reply r = {0};
	const int x = list_get(c, verb, kind, &r, &item);

	if (x == EXIT_OK)
		list_show_item(c, item, cols, n);
	reply_done(&r);
	return x;
}
