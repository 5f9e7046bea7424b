/* SPDX-License-Identifier: Apache-2.0 */
/*
 * first_admin - see the header.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"
#include "broker/admin/first_admin.h"
#include "broker/broker.h"
#include "broker/call/undone.h"
#include "core/event.h"
#include "wire/json.h"

struct first {
	struct broker *b;
	struct user u;
	char path[LIMIT_PATH_SIZE + 32];
};

static void
fields(const struct first *f, struct event_fields *ef)
{
	event_fields_init(ef);
	event_str(ef, EF_USER, f->u.name);
	event_str(ef, EF_USER_ID, f->u.id);
	event_str(ef, EF_BY, "init");
	event_str(ef, EF_MSG, "first admin");
}

static void
corrected(void *arg, int result, uint64_t seq)
{
	(void)arg;
	(void)seq;
	if (result != 0)
		log_err("the record of the first admin, who was not stored, "
			"could not be corrected");
}

/* On record, and not stored. */
static void
not_stored(const struct first *f, uint64_t seq)
{
	struct broker *b = f->b;
	struct event_fields ef;

	fields(f, &ef);
	undone_fields(&ef, "unavailable", seq);
	if (process_append(b->process, EV_USER_CREATE, &ef, corrected, NULL) !=
	    0)
		corrected(NULL, GW_ECLOSED, 0);
	event_fields_done(&ef);
}

static void
first_durable(void *arg, int result, uint64_t seq)
{
	struct first *f = arg;
	int r = result;

	if (r == 0 && (r = store_user_put(f->b->store, &f->u, seq)) != 0)
		not_stored(f, seq);
	if (r == 0 && unlink(f->path) != 0)
		log_warn("%s is used up and cannot be removed", f->path);
	if (r != 0)
		log_err("the first admin was not stored: %s", err_str(r));
	else
		log_info("first admin %s may enrol now", f->u.name);
	free(f);
}

static int
parse_first(struct user *u, const struct secret *text)
{
	struct problem p = {0};
	json_t *o = json_parse_object(text->p, text->len, &p);
	const char *name = NULL, *invite = NULL, *expires = NULL;
	uint8_t hash[32];
	int r = GW_EINVAL;

	if (o == NULL || json_get_name(o, "user", true, &name, &p) != 0 ||
	    json_get_str(
		o, "invite", true, LIMIT_INVITE_CODE_MAX, &invite, &p) != 0 ||
	    json_get_str(o, "expires", true, 40, &expires, &p) != 0) {
		log_err("bootstrap.json: %s", p.text);
		goto out;
	}
	if (event_actor_alike(name)) {
		log_err(
		    "bootstrap.json: the name %s is the gateway's own", name);
		goto out;
	}
	if (str_unhex(hash, sizeof(hash), invite) != 0 ||
	    str_time_parse(expires, &u->invite_end_ms) != 0) {
		log_err("bootstrap.json: invite or expires is malformed");
		goto out;
	}
	name_set(u->name, name);
	id_new(u->id, 'u');
	str_hex(u->invite, hash, sizeof(hash));
	u->state = USER_INVITED;
	u->kind = KIND_PERSON;
	u->rights = RIGHT_ADMIN | RIGHT_AUDITOR;
	r = 0;
out:
	json_decref(o);
	return r;
}

void
first_admin(struct broker *b)
{
	struct secret text = {0};
	struct event_fields ef;
	struct first *f = NULL;
	uint64_t users = 0;

	if (store_count(b->store, STORE_USERS, &users) != 0 || users > 0 ||
	    (f = calloc(1, sizeof(*f))) == NULL)
		return;
	f->b = b;
	if (str_fmt(f->path, sizeof(f->path), "%s/broker/bootstrap.json",
		b->conf->state_dir) != 0 ||
	    safefile_read(&text, f->path, 4096, SAFEFILE_PRIVATE) != 0 ||
	    parse_first(&f->u, &text) != 0) {
		log_warn("there is no user yet and no usable %s: run `gatewayd "
			 "init` again, or add one over the admin socket",
		    f->path);
		free(f);
		secret_free(&text);
		return;
	}
	secret_free(&text);
	fields(f, &ef);
	if (process_append(b->process, EV_USER_CREATE, &ef, first_durable, f) !=
	    0)
		first_durable(f, GW_ECLOSED, 0);
	event_fields_done(&ef);
}
