/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_upload - a document that came in parts (upload.h) is fetched: the parts
 * one after the other, then its lines, some in each turn. Each line is an
 * object of one member, {"targets": ENTRY}; {"targets": null} only says that
 * there is such a list.
 *
 * MUST: nothing of it is looked at before all of it is the SHA-256 that was
 * signed for.
 */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/admin/apply_doc.h"
#include "broker/admin/upload.h"
#include "broker/broker.h"
#include "broker/identity/caller.h"

enum { LINES = 64 }; /* a turn: a millisecond or so */

void
apply_upload_done(struct apply *a)
{
	EVP_MD_CTX_free(a->hash);
	a->hash = NULL;
	json_decref(a->doc);
	a->doc = NULL;
	buf_done(&a->text);
}

bool
apply_upload_named(struct apply *a, const char *id, const char *digest)
{
	struct call *c = a->c;

	if (!upload_own(c, id, &a->up))
		return false;
	if (strcmp(digest, a->up.digest) != 0 && !FAULT(upload_digest)) {
		caller_refuse(c, 409, "wrong-digest",
		    "sha256: not the one that the upload was begun with");
		return false;
	}
	if (a->up.have != a->up.size && !FAULT(upload_part_missing)) {
		caller_refuse(c, 409, "incomplete",
		    "parts of the upload have not come yet");
		return false;
	}
	buf_init(&a->text, LIMIT_UPLOAD_MAX);
	a->uploaded = true;
	a->hash = EVP_MD_CTX_new();
	a->doc = json_object();
	if (a->hash != NULL && a->doc != NULL &&
	    EVP_DigestInit_ex(a->hash, EVP_sha256(), NULL) == 1)
		return true;
	call_refuse(c, 503, "unavailable", NULL, "out of memory");
	return false;
}

/* ---- fetched */

static int
fail(struct problem *p, int r)
{
	problem_set(p, 503, "unavailable", NULL,
	    "the parts of the upload cannot be read");
	return r;
}

static int
check_digest(struct apply *a, struct problem *p)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char hex[DIGEST_SIZE];
	unsigned n = 0;

	if (EVP_DigestFinal_ex(a->hash, digest, &n) != 1 || n != 32)
		return fail(p, GW_ESYS);
	str_hex(hex, digest, n);
	if (strcmp(hex, a->up.digest) == 0 || FAULT(upload_any_bytes))
		return 0;
	problem_set(p, 409, "wrong-digest", "sha256",
	    "the parts that came are not what was signed for: nothing was "
	    "changed; upload it again");
	return GW_EINVAL;
}

/* The next part, or the end of them. */
static int
fetch_part(struct apply *a, struct problem *p)
{
	const size_t at = a->text.len;
	int r;

	if (at == a->up.size)
		return check_digest(a, p);
	r = store_upload_part(a->c->b->store, a->up.id, (uint32_t)at, &a->text);
	if (r != 0 || a->text.len == at || a->text.len > a->up.size)
		return fail(p, r != 0 ? r : GW_ECORRUPT);
	if (EVP_DigestUpdate(a->hash, a->text.p + at, a->text.len - at) != 1)
		return fail(p, GW_ESYS);
	return 0;
}

/* ---- read */

static int
bad_line(struct apply *a, struct problem *p, const char *what)
{
	problem_set(p, 400, "bad-field", NULL, "line %zu of the policy: %s",
	    a->lines, what);
	return GW_EINVAL;
}

static int
add_entry(struct apply *a, const char *kind, json_t *entry, struct problem *p)
{
	json_t *list = json_object_get(a->doc, kind);

	if (list == NULL) {
		list = json_array();
		if (json_object_set_new(a->doc, kind, list) != 0)
			return fail(p, GW_ENOMEM);
	}
	if (json_is_null(entry))
		return 0;
	if (!json_is_object(entry))
		return bad_line(a, p, "an object was expected");
	return json_array_append(list, entry) == 0 ? 0 : fail(p, GW_ENOMEM);
}

static int
read_line(struct apply *a, const char *line, size_t n, struct problem *p)
{
	static const char *const keys[] = {"users", "targets", "roles", NULL};
	struct problem why = {0};
	const char *kind = NULL;
	json_t *entry = NULL;
	json_t *o = NULL;
	int r = 0;

	a->lines++;
	if (n > LIMIT_UPLOAD_LINE)
		return bad_line(a, p, "it is too long");
	if ((o = json_parse_object(line, n, &why)) == NULL ||
	    json_only(o, keys, &why) != 0)
		r = bad_line(a, p, why.text);
	else if (json_object_size(o) != 1)
		r = bad_line(a, p, "one entry was expected");
	json_object_foreach(o, kind, entry) if (r == 0) r =
	    add_entry(a, kind, entry, p);
	json_decref(o);
	return r;
}

/* Some lines more. */
static int
read_lines(struct apply *a, struct problem *p)
{
	const char *text = (const char *)a->text.p;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < LINES && a->line_at < a->text.len;
	     i++) {
		const char *line = text + a->line_at;
		const char *end = memchr(line, '\n', a->text.len - a->line_at);
		const size_t n = end != NULL ? (size_t)(end - line)
					     : a->text.len - a->line_at;

		if (end == NULL)
			return bad_line(a, p, "the last one has no end");
		r = read_line(a, line, n, p);
		a->line_at += n + 1;
	}
	return r;
}

int
apply_fetch(struct apply *a, bool *retmore, struct problem *p)
{
	int r;

	*retmore = true;
	if (!a->fetched) {
		const size_t had = a->text.len;

		r = fetch_part(a, p);
		a->fetched = r == 0 && had == a->up.size;
		return r;
	}
	r = read_lines(a, p);
	*retmore = a->line_at < a->text.len;
	return r;
}

int
apply_upload_used(struct apply *a, struct problem *p)
{
	const int r = store_upload_remove(a->c->b->store, a->up.id);

	if (r != GW_ENOENT)
		return r;
	problem_set(p, 409, "conflict", "upload",
	    "the upload was applied or given up meanwhile: nothing was done");
	return GW_ESTATE;
}
