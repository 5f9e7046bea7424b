/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_full - a full disk: nothing opens, what takes access away is
 * stored, and the log never says what was not done.
 */
#include "tests/unit/broker/brokerscene.h"
#include "tests/unit/broker/requestscene.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/store/reserve.h"
#include "wire/verbs.h"

static const struct {
	unsigned verb, event;
	const char *body, *about;
} takes[] = {
    {VERB_USER_LOCK, EV_USER_UPDATE, "{\"user\":\"alice\"}",
	"\"user\":\"alice\""},
    {VERB_ROLE_REMOVE, EV_ROLE_REMOVE, "{\"role\":\"ops\"}",
	"\"role\":\"ops\""},
    {VERB_TARGET_REMOVE, EV_TARGET_REMOVE, "{\"target\":\"web-01\"}",
	"\"target\":\"web-01\""},
    {VERB_USER_REMOVE, EV_USER_REMOVE, "{\"user\":\"alice\"}",
	"\"user\":\"alice\""},
};

/* ---- a store that cannot be written */

/* What was on record by then is put right there, and the answer tells. */
void
test_not_stored(void **state)
{
	struct scene *x = *state;
	char want[64];

	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(takes); i++) {
		may_write(x, false);
		send_call(x, &x->admin, takes[i].verb, takes[i].body);
		want_event(x, takes[i].event);
		assert_false(has(x, "\"outcome\""));
		(void)snprintf(want, sizeof(want),
		    "\"reason\":\"unavailable\",\"corrects\":%llu",
		    (unsigned long long)x->seq);
		want_event(x, takes[i].event);
		CHECK_ROW(has(x, "\"outcome\":\"failure\""), x->text);
		CHECK_ROW(has(x, want), x->text);
		CHECK_ROW(has(x, takes[i].about), x->text);
		CHECK_ROW(has(x, "\"by\":\"local\""), x->text);
		CHECK_ROW(want_reply(x, &x->admin) == 503, x->text);
		(void)snprintf(want, sizeof(want), "corrected by record %llu",
		    (unsigned long long)x->seq);
		CHECK_ROW(has(x, "nothing was changed"), x->text);
		CHECK_ROW(has(x, want), x->text);
		may_write(x, true);
	}
	/* and it is so */
	assert_int_equal(admin_call(x, VERB_USERS, EV_NONE, ""), 200);
	assert_true(has(x, "\"state\":\"active\""));
	assert_int_equal(admin_call(x, VERB_ROLES, EV_NONE, ""), 200);
	assert_true(has(x, "\"role\":\"ops\""));
	CHECK_ROW(admin_call(x, VERB_LOCK_ADD, EV_LOCK_CREATE,
		      "{\"kind\":\"everything\"}") == 201,
	    x->text);
	for (size_t i = 0; i < ARRAY_LEN(takes); i++)
		CHECK_ROW(admin_call(x, takes[i].verb, takes[i].event,
			      takes[i].body) == 200,
		    x->text);
	stop(x);
}

/* What `gatewayd init` left for the first start. */
static void
only_the_first(struct scene *x)
{
	struct store *s = store_of(x);
	char path[128];
	FILE *f = NULL;

	must(store_user_remove(s, "alice", 2));
	store_close(s);
	(void)snprintf(path, sizeof(path), "%s/broker/bootstrap.json", x->dir);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fprintf(f,
			"{\"user\":\"root-1\",\"invite\":\"%064d\","
			"\"expires\":\"2999-01-01T00:00:00Z\"}",
			0) > 0);
	must(fclose(f));
	must(chmod(path, 0600));
}

void
test_first_admin_not_stored(void **state)
{
	struct scene *x = *state;
	char want[64];

	only_the_first(x);
	x->full = true;
	start(x, NULL, 0, NULL);
	want_event(x, EV_USER_CREATE);
	assert_false(has(x, "\"outcome\""));
	(void)snprintf(want, sizeof(want), "\"corrects\":%llu",
	    (unsigned long long)x->seq);
	want_event(x, EV_USER_CREATE);
	assert_true(has(x, "\"outcome\":\"failure\""));
	assert_true(has(x, "\"user\":\"root-1\""));
	assert_true(has(x, want));
	stop(x);
	/* and the next start makes them */
	x->full = false;
	start(x, NULL, 0, NULL);
	want_event(x, EV_USER_CREATE);
	do
		assert_int_equal(admin_call(x, VERB_USERS, EV_NONE, ""), 200);
	while (!has(x, "\"root-1\""));
	stop(x);
}

/* ---- a full disk */

/* All that the gateway has is on a small disk of its own, the log on another.
 */
static bool
small_disks(const struct scene *x)
{
	char cmd[512], log[128];

	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	(void)snprintf(cmd, sizeof(cmd), "cp -a %s %s.kept", x->dir, x->dir);
	must(system(cmd));
	if (mount("tmpfs", x->dir, "tmpfs", 0, "size=6m,mode=0711") != 0)
		return false;
	(void)snprintf(cmd, sizeof(cmd), "cp -a %s.kept/. %s/ && rm -r %s.kept",
	    x->dir, x->dir, x->dir);
	must(system(cmd));
	(void)snprintf(log, sizeof(log), "%s/notary", x->dir);
	must(mount("tmpfs", log, "tmpfs", 0, "size=6m,mode=0700"));
	return true;
}

static void
fill(const struct scene *x, const char *folder, char path[static 128])
{
	static const char block[4096];
	int fd;

	(void)snprintf(path, 128, "%s%s/filler", x->dir, folder);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	(void)close(fd);
}

static void
no_disks(const struct scene *x)
{
	char log[128];

	(void)snprintf(log, sizeof(log), "%s/notary", x->dir);
	must(umount2(log, MNT_DETACH));
	must(umount2(x->dir, MNT_DETACH));
}

/* As root: what is answered to a call that writes a record, or none. */
static unsigned
tried(struct scene *x, unsigned verb, const char *body)
{
	const struct msg_api_reply *m = x->admin.m.body;
	const struct msg_log_append *e = x->notary.m.body;

	send_call(x, &x->admin, verb, body);
	for (unsigned i = 0; i < 5000; i++) {
		if (testlink_next(&x->notary, 1) &&
		    x->notary.m.type == MSG_LOG_APPEND && e->rid != 0)
			durable(x, e->rid);
		if (!testlink_next(&x->admin, 1) ||
		    x->admin.m.type != MSG_API_REPLY)
			continue;
		assert_true(m->body.len < TEXT_MAX);
		memcpy(x->text, m->body.p, m->body.len);
		x->text[m->body.len] = '\0';
		return m->status;
	}
	fail_msg("no answer");
	return 0;
}

static unsigned
add_user(struct scene *x, unsigned n)
{
	char body[64];

	(void)snprintf(body, sizeof(body), "{\"user\":\"more-%u\"}", n);
	return tried(x, VERB_USER_ADD, body);
}

static void
take_away(struct scene *x)
{
	for (size_t i = 0; i < ARRAY_LEN(takes); i++)
		CHECK_ROW(admin_call(x, takes[i].verb, takes[i].event,
			      takes[i].body) == 200,
		    x->text);
}

static const char apply_doc[] =
    "{\"users\":[{\"user\":\"alice\",\"groups\":[\"qa\"]}]}";

/* What is stored over and over needs no more room: it goes into the database,
 * and the log of that begins anew. What is new does, and leaves half of the
 * reserve to those who take away. */
void
test_full_disk(void **state)
{
	static const char *const sets[] = {
	    "{\"user\":\"alice\",\"auditor\":true}",
	    "{\"user\":\"alice\",\"auditor\":false}"};
	struct scene *x = *state;
	char filler[128];
	unsigned n;

	if (!small_disks(x))
		SKIP_TEST("needs root to mount a small file system");
	start(x, NULL, 0, NULL);
	fill(x, "", filler);
	for (n = 0; n < 200; n++)
		CHECK_ROW(tried(x, VERB_USER_SET, sets[n % 2]) == 200, x->text);
	for (n = 0; n < 400 && add_user(x, n) == 201; n++)
		;
	assert_in_range(n, 1, 399);
	assert_true(has(x, "the disk of the store is full"));
	assert_int_equal(admin_call(x, VERB_APPLY, EV_NONE, apply_doc), 503);
	assert_true(has(x, "user lock, user rm, role rm, target rm"));
	take_away(x);
	/* room again */
	must(unlink(filler));
	assert_int_equal(add_user(x, n), 201);
	stop(x);
	no_disks(x);
}

/* Who is refused over and over takes nothing of it. */
void
test_refused_on_full_disk(void **state)
{
	struct scene *x = *state;
	char filler[128], body[400];

	if (!small_disks(x))
		SKIP_TEST("needs root to mount a small file system");
	start(x, NULL, 0, NULL);
	fill(x, "", filler);
	for (unsigned n = 0; n < 600; n++) {
		(void)snprintf(body, sizeof(body),
		    "{\"target\":\"web-01\",\"role\":\"none\",\"for\":600,"
		    "\"reason\":\"%0200u\"}",
		    n);
		send_signed(x, &x->one, VERB_REQUEST, body);
		want_event(x, EV_REQUEST_DENIED);
		assert_int_equal(want_reply(x, &x->api), 403);
	}
	take_away(x);
	must(unlink(filler));
	stop(x);
	no_disks(x);
}

/* A broker that dies then does not take the means of ending access with it, nor
 * does an orderly stop: the next one starts, and has the reserve. */
void
test_started_on_full_disk(void **state)
{
	struct scene *x = *state;
	char filler[128], index[128];

	if (!small_disks(x))
		SKIP_TEST("needs root to mount a small file system");
	start(x, NULL, 0, NULL);
	fill(x, "", filler);
	kill_broker(x);
	/* no file is made: there is no room for it, whoever was faster */
	(void)snprintf(index, sizeof(index), "%s/broker/store.db-shm", x->dir);
	(void)unlink(index);
	must(symlink("/nowhere/at/all", index));
	start(x, NULL, 0, NULL);
	stop(x);
	fill(x, "", filler);
	start(x, NULL, 0, NULL);
	take_away(x);
	kill_broker(x);
	start(x, NULL, 0, NULL);
	assert_int_equal(admin_call(x, VERB_USERS, EV_NONE, ""), 200);
	assert_false(has(x, "\"alice\""));
	must(unlink(filler));
	assert_int_equal(add_user(x, 0), 201);
	stop(x);
	no_disks(x);
}

/* Of the log nothing more is written, but what ends access: what is left there
 * is for that. */
void
test_full_disk_of_the_log(void **state)
{
	static const struct {
		unsigned verb;
		const char *body;
	} rows[] = {
	    {VERB_USER_ADD, "{\"user\":\"bob\"}"},
	    {VERB_USER_SET, "{\"user\":\"alice\",\"auditor\":true}"},
	    {VERB_APPLY, apply_doc},
	};
	struct scene *x = *state;
	char filler[128];

	if (!small_disks(x))
		SKIP_TEST("needs root to mount a small file system");
	start(x, NULL, 0, NULL);
	fill(x, "/notary", filler);
	/* nothing opens, and both say so */
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	assert_int_equal(want_reply(x, &x->api), 503);
	assert_true(has(x, "new access is refused"));
	assert_int_equal(admin_call(x, VERB_READYZ, EV_NONE, ""), 200);
	assert_true(has(x, "0 MiB of 6 are free: make room; new access is "
			   "refused"));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CHECK_ROW(tried(x, rows[i].verb, rows[i].body) == 503, x->text);
		CHECK_ROW(has(x, "the disk of the log is full"), x->text);
		CHECK_ROW(
		    has(x, "user lock, user rm, role rm, target rm"), x->text);
	}
	/* a dry run writes nothing */
	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_NONE,
			     "{\"user\":\"bob\",\"dry_run\":true}"),
	    200);
	take_away(x);
	must(unlink(filler));
	assert_int_equal(add_user(x, 0), 201);
	stop(x);
	no_disks(x);
}

/* Nor does anything begin to wait there, or is approved: both ask for access.
 */
void
test_nothing_waits_on_full_disk(void **state)
{
	static const char asked[] =
	    "{\"target\":\"web-01\",\"for\":600,\"reason\":\"more\"}";
	struct scene *x = *state;
	struct waits w;
	char filler[128];

	if (!small_disks(x))
		SKIP_TEST("needs root to mount a small file system");
	waits_start(&w, x, "1 of sre", NULL);
	ask(&w);
	fill(x, "/notary", filler);
	assert_int_equal(
	    approve(&w, BOB, EV_REQUEST_APPROVE_DENIED, "disk-full"), 503);
	assert_true(has(x, "new access is refused"));
	/* told before a code is used up for it */
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, asked);
	want_event(x, EV_REQUEST_DENIED);
	assert_true(has(x, "disk-full"));
	assert_int_equal(want_reply(x, &x->api), 503);
	assert_true(has(x, "new access is refused"));
	must(unlink(filler));
	assert_int_equal(approve(&w, BOB, EV_REQUEST_APPROVE, ""), 200);
	waits_stop(&w);
	no_disks(x);
}
