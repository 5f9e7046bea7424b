/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt - see the header.
 */
#include "broker/session/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/identity/denials.h"
#include "broker/session/session.h"
#include "ssh/sshkey.h"

/* All the keys that one connection may offer, with a space after each. */
enum { KEYS_SIZE = (LIMIT_AUTH_QUERIES + LIMIT_AUTH_TRIES) * SSHKEY_FP_SIZE };

struct attempts {
	unsigned n;                  /* refused tries and offers */
	char key_fp[SSHKEY_FP_SIZE]; /* of the one that says most */
	enum attempt_rank rank;
	const char *reason;
	char name[sizeof(((struct msg_ses_auth *)0)->user)];
	char user[LIMIT_NAME_SIZE];
	char user_id[LIMIT_ID_SIZE];
	char owner[LIMIT_NAME_SIZE];
	char login[LIMIT_NAME_SIZE];
	char target[LIMIT_NAME_SIZE];
	char client[LIMIT_SSH_VERSION_SIZE];
	char keys[KEYS_SIZE + 1];
};

/* Each once: a key, or its type where that is all we know. */
static void
keep_key(struct attempts *t, const char *fp)
{
	const size_t len = strlen(t->keys);

	if (fp[0] == '\0' || strstr(t->keys, fp) != NULL)
		return;
	if (str_fmt(t->keys + len, sizeof(t->keys) - len, "%s%s",
		len > 0 ? " " : "", fp) != 0)
		t->keys[len] = '\0';
}

void
attempt_note(struct session *s, const struct attempt *a)
{
	struct attempts *t = s->attempts;

	if (t == NULL && (t = calloc(1, sizeof(*t))) == NULL)
		return; /* the record will say less */
	s->attempts = t;
	t->n++;
	keep_key(t, a->key_type);
	keep_key(t, a->key_fp);
	text_set(t->client, sizeof(t->client), a->client);
	if (t->reason != NULL && a->rank < t->rank)
		return;
	t->rank = a->rank;
	t->reason = a->reason;
	text_set(t->key_fp, sizeof(t->key_fp), a->key_fp);
	text_set(t->name, sizeof(t->name), a->name);
	text_set(t->user, sizeof(t->user), a->user);
	text_set(t->user_id, sizeof(t->user_id), a->user_id);
	text_set(t->owner, sizeof(t->owner), a->owner);
	text_set(t->login, sizeof(t->login), a->login);
	text_set(t->target, sizeof(t->target), a->target);
}

/* Of a known user's try: the id of the target that has that name now. */
static void
put_target_id(
    const struct session *s, struct event_fields *f, const struct attempts *t)
{
	struct target *of = NULL;

	if (t->user[0] == '\0' || t->target[0] == '\0' ||
	    (of = calloc(1, sizeof(*of))) == NULL)
		return;
	if (store_target_get(s->b->store, t->target, of) == 0)
		event_str(f, EF_TARGET_ID, of->id);
	free(of);
}

static void
put_attempts(struct event_fields *f, const struct attempts *t)
{
	event_str(f, EF_USER, t->user);
	event_str(f, EF_USER_ID, t->user_id);
	event_str(f, EF_OWNER, t->owner);
	event_str(f, EF_LOGIN, t->login);
	event_str(f, EF_TARGET, t->target);
	event_str(f, EF_KEY_FP, t->key_fp);
	event_str(f, EF_KEYS, t->keys);
	event_num(f, EF_COUNT, t->n);
	event_str(f, EF_CLIENT, t->client);
}

/* What the session says is about its own connection; of any length. */
static void
put_said(struct event_fields *f, const struct attempts *t,
    const struct msg_ses_end *m)
{
	if (t != NULL && t->name[0] != '\0')
		event_str(f, EF_TRIED, t->name);
	else if (m != NULL)
		event_cut(
		    f, EF_TRIED, m->tried.p, m->tried.len, LIMIT_DENIED_MAX);
	if (m == NULL)
		return;
	event_str(f, EF_MSG, m->text);
	if (t == NULL)
		event_str(f, EF_CLIENT, m->client_version);
}

static void
record(const struct session *s, const struct attempts *t,
    const struct msg_ses_end *m)
{
	struct event_fields f;
	char text[ADDR_TEXT_SIZE];
	const char *reason = "no_login";

	if (t != NULL)
		reason = t->reason;
	else if (m == NULL)
		reason = "session_gone";
	else if (m->tried.len > 0)
		reason = "no_key";
	else if (m->client_version[0] == '\0')
		reason = "no_version";
	addr_format(text, &s->client);
	event_fields_init(&f);
	event_num(&f, EF_CONN, (int64_t)s->conn);
	event_str(&f, EF_SRC, text);
	event_num(&f, EF_SRC_PORT, s->client_port);
	if (t != NULL) {
		put_attempts(&f, t);
		put_target_id(s, &f, t);
	}
	put_said(&f, t, m);
	event_str(&f, EF_METHOD, "publickey");
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, reason);
	if (process_append(
		s->b->process, EV_AUTH_LOGIN_DENIED, &f, NULL, NULL) != 0)
		log_warn("a refused login could not be recorded");
	event_fields_done(&f);
}

void
attempts_end(struct session *s, const struct msg_ses_end *m)
{
	const struct attempts *t = s->attempts;
	const bool proved = t != NULL && t->rank == ATTEMPT_PROVED;

	if (s->owner != NULL || s->attempts_over || s->client.family == 0)
		return;
	s->attempts_over = true;
	/* of a client that is in now, its other keys say nothing */
	if (s->admitted && (t == NULL || t->rank < ATTEMPT_SIGNED))
		return;
	/* it may have got in by the broker before us */
	if (!s->admitted && (m != NULL ? m->logged_in != 0 : s->relinked))
		return;
	if (FAULT(silent_logins))
		return;
	/* who has proved nothing fills no log; who has is always on record */
	if (proved || denials_write(s->b, &s->client))
		record(s, t, m);
}

void
attempts_free(struct session *s)
{
	free(s->attempts);
	s->attempts = NULL;
}
