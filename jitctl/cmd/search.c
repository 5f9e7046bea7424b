/* SPDX-License-Identifier: Apache-2.0 */
/*
 * search - audit search: the records that all flags match. Where none does, a
 * name that nothing and nobody has is told.
 */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "core/event.h"
#include "jitctl/cmd/audit.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/guess.h"
#include "jitctl/cmd/record.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

/* A flag that names something, and the members of a record that may be it. */
static const struct named {
	enum flag flag;
	const char *kind, *keys[2];
	bool listed; /* by the verb, as the member of that name */
	enum api_verb verb;
} named[] = {
    {F_USER, "user", {"user", "by"}, true, VERB_USERS},
    {F_TARGET, "target", {"target", NULL}, true, VERB_TARGETS},
    {F_GRANT, "grant", {"grant", NULL}, false, VERB_GRANTS},
    {F_SID, "session", {"sid", NULL}, false, VERB_SESSIONS},
};

struct search {
	struct ctx *c;
	int64_t since_ms, until_ms;
	unsigned found;
	struct guess guess[ARRAY_LEN(named)][LIMIT_FLAG_VALUES];
};

static bool
one_of(const struct opts *o, enum flag f, const char *value)
{
	if (!opt_has(o, f))
		return true;
	for (unsigned i = 0; i < o->n[f]; i++)
		if (strcmp(o->value[f][i], value) == 0)
			return true;
	return false;
}

/* Whether it is the record of "Event 22", as a refusal calls it. */
static bool
has_number(const struct opts *o, const json_t *r)
{
	const json_t *seq = json_object_get(r, "seq");
	const char *s = opt_get(o, F_EVENT);
	uint64_t n = 0;

	return s != NULL && str_u64(s, 0, INT64_MAX, &n) == 0 &&
	       json_is_integer(seq) && json_integer_value(seq) == (int64_t)n;
}

/* --code matches the code or the event's name, as people know either. */
static bool
event_matches(const struct opts *o, const json_t *r)
{
	if (has_number(o, r))
		return true;
	return (one_of(o, F_CODE, member(r, "code")) ||
		   one_of(o, F_CODE, member(r, "event"))) &&
	       one_of(o, F_EVENT, member(r, "event"));
}

static bool
names_match(const struct opts *o, const json_t *r)
{
	bool all = true;

	for (size_t i = 0; i < ARRAY_LEN(named); i++) {
		bool hit = false;

		for (size_t k = 0; k < 2 && named[i].keys[k] != NULL; k++)
			hit = hit || one_of(o, named[i].flag,
					 member(r, named[i].keys[k]));
		all = all && hit;
	}
	return all;
}

/* While nothing was found: what the records name may be what was meant. */
static void
offer_names(struct search *s, const json_t *r)
{
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		for (unsigned v = 0; v < s->c->opt.n[named[i].flag]; v++)
			for (size_t k = 0; k < 2 && named[i].keys[k] != NULL;
			     k++)
				guess_offer(&s->guess[i][v],
				    member(r, named[i].keys[k]));
}

static bool
search_record(void *arg, const char *line, size_t n)
{
	struct search *s = arg;
	const struct opts *o = &s->c->opt;
	json_t *r = json_parse_record(line, n);
	int64_t ms = 0;

	if (r != NULL && str_time_parse(member(r, "time"), &ms) == 0 &&
	    ms >= s->since_ms && ms <= s->until_ms && event_matches(o, r) &&
	    names_match(o, r)) {
		record_show(s->c, line, n);
		s->found++;
	}
	if (r != NULL && s->found == 0)
		offer_names(s, r);
	json_decref(r);
	return ferror(stdout) == 0;
}

/* ------------------------------------------------------- nothing was found */

/* A hint and no error: a newer gateway may have more events than we know. */
static void
hint_event(const struct ctx *c, enum flag f)
{
	struct guess g = {.typed = opt_get(&c->opt, f)};
	const struct event_spec *e = NULL;
	char text[LIMIT_NAME_SIZE * 4], meant[LIMIT_NAME_SIZE + 32];

	if (g.typed == NULL ||
	    (f == F_EVENT && g.typed[0] != '\0' &&
		strspn(g.typed, "0123456789") == strlen(g.typed)))
		return;
	for (unsigned i = 1; (e = event_spec(i)) != NULL; i++) {
		guess_offer(&g, e->name);
		if (f == F_CODE)
			guess_offer(&g, e->code);
	}
	if (g.exact)
		return;
	guess_text(&g, meant);
	say_text(text, sizeof(text), g.typed, strlen(g.typed));
	say(c, "There is no event %s%s", text,
	    g.best[0] != '\0' ? meant : " (sallyport-audit(5) lists them).");
}

/* Those of one flag that neither the log nor the gateway knows. */
static int
hint_names(struct search *s, size_t i)
{
	struct ctx *c = s->c;
	struct reply list = {0};
	bool unknown = false;
	int x = EXIT_OK;

	for (unsigned v = 0; v < c->opt.n[named[i].flag]; v++)
		unknown = unknown || !s->guess[i][v].exact;
	if (unknown && named[i].listed)
		x = read_list(c, named[i].verb, NULL, &list);
	for (unsigned v = 0; x == EXIT_OK && v < c->opt.n[named[i].flag]; v++) {
		struct guess *g = &s->guess[i][v];
		const bool recorded = g->exact;
		char text[LIMIT_NAME_SIZE * 4], meant[LIMIT_NAME_SIZE + 32];

		guess_offer_items(
		    g, json_object_get(list.json, "items"), named[i].kind);
		if (recorded)
			continue;
		guess_text(g, meant);
		say_text(text, sizeof(text), g->typed, strlen(g->typed));
		if (g->exact)
			say(c, "No record names the %s %s.", named[i].kind,
			    text);
		else
			say(c, "There is no %s %s%s", named[i].kind, text,
			    meant);
	}
	reply_done(&list);
	return x;
}

static int
hint(struct search *s, uint64_t records)
{
	int x = EXIT_OK;

	say(s->c, "None of %llu records matches.", (unsigned long long)records);
	for (size_t i = 0; x == EXIT_OK && i < ARRAY_LEN(named); i++)
		x = hint_names(s, i);
	hint_event(s->c, F_EVENT);
	hint_event(s->c, F_CODE);
	return x;
}

int
run_audit_search(struct ctx *c)
{
	const int64_t now_ms = clock_now().utc_ms;
	struct search s = {.c = c, .until_ms = INT64_MAX};
	struct reader rd = {.c = c, .each = search_record, .arg = &s};
	int x = EXIT_OK;

	if (!times_arg(c, now_ms, &s.since_ms, &s.until_ms))
		return EXIT_USAGE;
	for (size_t i = 0; i < ARRAY_LEN(named); i++)
		for (unsigned v = 0; v < c->opt.n[named[i].flag]; v++)
			s.guess[i][v].typed = c->opt.value[named[i].flag][v];
	x = audit_read(&rd);
	if (x == EXIT_OK && s.found == 0 && !c->quiet)
		x = hint(&s, rd.next);
	return x;
}
