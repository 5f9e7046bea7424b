/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verbs - the route table as data and the one function that searches it.
 * Knows neither HTTP headers nor query strings: the router cuts those off.
 */
#include "wire/verbs.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "core/right.h"

static const struct verb verbs[VERB_COUNT] = {
#define X(vid, vname, vmethod, vpath, vauth, vwho, vroot, vcode, vpayload,     \
    vanswer, vserved, vends)                                                   \
	[VERB_##vid] = {.id = VERB_##vid,                                      \
	    .name = vname,                                                     \
	    .method = vmethod,                                                 \
	    .path = vpath,                                                     \
	    .auth = vauth,                                                     \
	    .who = vwho,                                                       \
	    .root = vroot,                                                     \
	    .code = vcode,                                                     \
	    .payload = vpayload,                                               \
	    .answer = vanswer,                                                 \
	    .served = vserved,                                                 \
	    .ends = vends},
    VERB_TABLE(X)
#undef X
};

static const struct {
	uint8_t rights;
	const char *text;
} ranks[] = {
    [WHO_STAFF] = {RIGHTS_ALL, "this is for who has a right of administration"},
    [WHO_AUDITOR] = {RIGHT_AUDITOR, "this is for admins and auditors"},
    [WHO_POLICY] = {RIGHT_POLICY, "this is for admins and the right policy"},
    [WHO_RESPONDER] = {RIGHT_RESPONDER, "this is for admins and responders"},
    [WHO_SHUTS] = {RIGHT_RESPONDER | RIGHT_USER_ADMIN,
	"this is for admins, responders and user admins"},
    [WHO_USER_ADMIN] = {RIGHT_USER_ADMIN, "this is for admins and user admins"},
    [WHO_APPLIES] = {RIGHT_POLICY | RIGHT_USER_ADMIN,
	"this is for admins, user admins and the right policy"},
    [WHO_ADMIN] = {RIGHT_ADMIN, "this is for admins"},
};

uint8_t
verb_rights(const struct verb *v)
{
	return (size_t)v->who < ARRAY_LEN(ranks) ? ranks[v->who].rights
						 : RIGHT_NONE;
}

const char *
verb_rights_text(const struct verb *v)
{
	return verb_rights(v) != RIGHT_NONE ? ranks[v->who].text : "nobody may";
}

bool
verb_administers(const struct verb *v)
{
	return v->who >= WHO_POLICY;
}

bool
verb_takes(const struct verb *v)
{
	return v->ends == ENDS_ACCESS || v->ends == ENDS_OWN;
}

enum verb_lock
verb_barred_by(const struct verb *v)
{
	if (v->ends == GIVES_ACCESS)
		return LOCKS_ALL;
	if (verb_administers(v))
		return LOCKS_NAME;
	/* others' requests, others' roles, keys of the same account; and an
	 * enrolment is what a thief of the key would finish */
	if (v->ends == ENDS_ACCESS || v->who == WHO_PERSON ||
	    v->who == WHO_STRANGER || v->who == WHO_INVITED)
		return LOCKS_CALLER;
	return LOCKS_NONE;
}

const struct verb *
verb_get(unsigned id)
{
	return id > VERB_NONE && id < VERB_COUNT ? &verbs[id] : NULL;
}

/* True when path is the verb's; *retarg then points at its {id} or is NULL. */
static bool
path_matches(const struct verb *v, const char *path, const char **retarg)
{
	const char *brace = strchr(v->path, '{');
	const size_t n = brace != NULL ? (size_t)(brace - v->path) : 0;

	*retarg = NULL;
	if (brace == NULL)
		return strcmp(v->path, path) == 0;
	if (strncmp(v->path, path, n) != 0 || path[n] == '\0' ||
	    strchr(path + n, '/') != NULL)
		return false;
	*retarg = path + n;
	return true;
}

static void
add_method(char *ret, size_t size, const char *method)
{
	const size_t n = strlen(ret);

	if (strstr(ret, method) != NULL)
		return;
	(void)snprintf(ret + n, size - n, "%s%s", n > 0 ? ", " : "", method);
}

const struct verb *
verb_named(const char *name)
{
	for (unsigned i = VERB_NONE + 1; i < VERB_COUNT; i++)
		if (strcmp(verb_get(i)->name, name) == 0)
			return verb_get(i);
	return NULL;
}

const struct verb *
verb_route(const char *method, const char *path, const char **retarg,
    char *retmethods, size_t size)
{
	if (retmethods != NULL && size > 0)
		retmethods[0] = '\0';
	for (unsigned i = VERB_NONE + 1; i < VERB_COUNT; i++) {
		if (!path_matches(&verbs[i], path, retarg))
			continue;
		if (strcmp(verbs[i].method, method) == 0)
			return &verbs[i];
		if (retmethods != NULL && size > 0)
			add_method(retmethods, size, verbs[i].method);
	}
	*retarg = NULL;
	return NULL;
}
