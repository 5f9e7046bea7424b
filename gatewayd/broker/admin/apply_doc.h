/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_doc - a document of users, targets and roles under way: what apply.c
 * (when what is done), apply_read.c (what is read and compared), apply_put.c
 * (what is written) and apply_tell.c (what is said of it) share. Nobody else
 * includes it.
 */
#ifndef BROKER_ADMIN_APPLY_DOC_H
#define BROKER_ADMIN_APPLY_DOC_H

#include "base/buf.h"
#include "base/squeeze.h"
#include "broker/admin/change.h"
#include "broker/admin/invite.h"
#include "broker/call/call.h"
#include "broker/store/store.h"

enum entry {
	ENTRY_SAME = 0,
	ENTRY_NEW,
	ENTRY_CHANGED,
	ENTRY_REMOVED,
	ENTRY_COUNT
};

/* What an entry is against what there is. */
struct verdict {
	enum entry is;
	json_t *changes; /* of a changed one: change_difference() */
	char *detail; /* what it is now, as JSON; of one that is not the same */
};

/* What is read of an entry is kept small: a gateway's worth of them, as they
 * are, is some hundreds of megabytes. */
struct apply_user {
	char name[LIMIT_NAME_SIZE];
	bool has_say;         /* a right, or groups */
	bool is_agent;        /* of somebody who may be in here, too */
	struct squeezed kept; /* struct user */
	struct verdict v;
	char invitation[INVITE_TEXT_SIZE];
};

struct apply_target {
	char name[LIMIT_NAME_SIZE];
	struct squeezed kept; /* struct target */
	struct verdict v;
	json_t *left; /* what it leaves shut: left_json(); may be NULL */
};

struct apply_role {
	char name[LIMIT_NAME_SIZE];
	struct squeezed kept; /* struct policy_role */
	struct verdict v;
	char warning[LIMIT_TEXT_SIZE]; /* what of it matches nothing */
};

/* What no list names, if they are to be all there is. */
struct apply_gone {
	enum store_kind kind;
	char name[LIMIT_NAME_SIZE];
	char id[LIMIT_ID_SIZE];
	struct verdict v;
	json_t *left; /* as of struct apply_target */
};

struct apply;

/* Does one entry, or says in *p what is wrong with it. */
typedef int apply_each_fn(struct apply *a, size_t k, struct problem *p);

struct apply {
	struct apply *next; /* waits for this one */
	struct call *c;
	/* the turns: apply.c */
	struct timer *timer;
	apply_each_fn *each;
	call_fn *then;
	size_t at;  /* entries done of what is being done */
	bool long_; /* the last one took long: the turn is over */
	struct change ch;
	bool prune;
	/* one that came in parts: apply_upload.c */
	bool uploaded;
	struct upload up;
	struct evp_md_ctx_st *hash;
	struct buf text;     /* all of it */
	bool fetched;        /* it is all there */
	size_t line_at;      /* how far its lines are read, */
	size_t lines;        /* and how many those are */
	json_t *doc;         /* what they say */
	call_fn *fetch_then; /* when all are read; NULL: they are */
	struct buf pieces;   /* of an answer that is read in pieces */
	bool in_pieces;
	call_fn *seek_then; /* when all that goes is found; NULL: it is */
	size_t seek;        /* the list that is looked through for what goes, */
	json_t *named;      /* its names, */
	char seek_after[LIMIT_NAME_SIZE]; /* and how far that is */
	/* the entries, counted through: users, targets, roles, what goes */
	const json_t *lists[3];
	struct apply_user *users;
	struct apply_target *targets;
	struct apply_role *roles;
	struct apply_gone *gone;
	size_t nusers, ntargets, nroles, ngone;
	/* the one that is looked at: apply_user() and the like */
	struct user user;
	struct target target;
	struct policy_role role;
	json_t *seen;   /* names, keys and looks of this document */
	uint64_t as_of; /* store_changes() of what was compared */
	bool alike;     /* some names look like others: is it one to refuse? */
	/* the transaction: apply_put.c */
	bool trial;         /* it is weighed, and not kept */
	call_fn *put_then;  /* when all is put; NULL: it is, or not yet */
	bool begun;         /* it is open, or gave way */
	bool fresh;         /* nobody had changed anything when it was */
	unsigned tries;     /* how often it was */
	uint64_t paused_at; /* store_changes() at the end of the last turn */
	struct policy_role *read; /* all roles as they are then, */
	size_t nread, room;       /* so far */
	char read_at[LIMIT_NAME_SIZE];
	unsigned changes;
	/* what is said */
	json_t *list;                 /* of the answer */
	bool brief;                   /* without details, in the answer */
	bool told_brief;              /* and in the record */
	struct buf told;              /* the record's list */
	size_t full_size, brief_size; /* of the answer's, */
	size_t shared_size;           /* and what comes to either */
	bool shared;                  /* as there is room for it */
	/* what goes into records of its own; NULL = it fits */
	char *whole;
	size_t whole_len, recorded;
	unsigned parts;
	char digest[DIGEST_SIZE];
};

size_t apply_entries(const struct apply *a);
struct verdict *apply_verdict(struct apply *a, size_t k);

/* ---- apply_read.c */

/* One of them, until the next of its kind is asked for; nobody and nothing
 * where it is not kept. */
const struct user *apply_user(struct apply *a, size_t i);
const struct target *apply_target(struct apply *a, size_t i);
const struct policy_role *apply_role(struct apply *a, size_t i);
/* a->user is that one from here on. */
MUST_CHECK int apply_keep_user(struct apply *a, size_t i);

/* Names which entry a problem is in, keeping what it says; r. */
int apply_place(struct problem *p, const struct apply *a, size_t k, int r);
/* The three lists, not yet read. */
MUST_CHECK int apply_lists(struct apply *a, struct problem *p);
void apply_lists_done(struct apply *a);
apply_each_fn apply_read;
/* All are read: is there room for what is new? */
MUST_CHECK int apply_count(struct apply *a, struct problem *p);

/* ---- apply_upload.c */

/* Begins with the upload of that id. False: answered, and on record. */
MUST_CHECK bool apply_upload_named(
    struct apply *a, const char *id, const char *digest);
/* A turn's work of reading it; *retmore: there is more. */
MUST_CHECK int apply_fetch(struct apply *a, bool *retmore, struct problem *p);
/* Within the transaction: it is used up. */
MUST_CHECK int apply_upload_used(struct apply *a, struct problem *p);
void apply_upload_done(struct apply *a);

/* ---- apply_gone.c */

const char *apply_gone_kind(const struct apply_gone *x);
/* Looks at so many names more; *retmore: there are others. */
MUST_CHECK int apply_seek(
    struct apply *a, unsigned most, bool *retmore, struct problem *p);
MUST_CHECK int apply_gone_read(struct apply *a, size_t i, struct problem *p);
MUST_CHECK int apply_gone_put(struct apply *a, size_t i, struct problem *p);
/* After it is stored: they are nobody any more. */
void apply_gone_changed(struct apply *a);
void apply_gone_done(struct apply *a);

/* ---- apply_put.c */

/* Puts all in turns, as a trial or to be kept, then the rest. A failure is
 * answered. */
void apply_put(struct apply *a, bool trial, call_fn *then);
/* The next turn. */
void apply_put_turn(struct apply *a);
/* All is put: what comes of it is judged, and it is kept, or taken back. False:
 * it cannot be made, and the call is answered. */
MUST_CHECK bool apply_put_end(struct call *c);
/* Its call goes. */
void apply_put_stop(struct apply *a);

/* ---- apply_tell.c */

/* Measures one for the answer, and adds it to a->told while that fits into one
 * record; in brief if a->told_brief. */
apply_each_fn apply_tell;
/* Begins a->told, and ends it. */
void apply_tell_begin(struct apply *a);
void apply_tell_end(struct apply *a);
/* Nothing is done whose answer, invitations above all, could not be given: in
 * brief if the details are what is too much. */
bool apply_can_reply(struct apply *a);
/* After it is stored: which of what it leaves shut is another target's too. */
void apply_share(struct apply *a, size_t k);
/* One into a->list. */
apply_each_fn apply_list;
json_t *apply_reply(const struct apply *a, bool applied);
/* Of an answer in pieces: what leads to them. NULL: out of memory. */
json_t *apply_reply_pieces(struct apply *a, bool applied);

#endif
