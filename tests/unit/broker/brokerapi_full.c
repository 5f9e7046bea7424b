/* SPDX-License-Identifier: Apache-2.0 */
/*
 * brokerapi_full - a full disk: nothing opens, what takes access away is
 * stored, and the log never says what was not done.
 */
#include "tests/unit/broker/brokerscene.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
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

/* So large may files of the broker grow. */
static void
file_size(const struct scene *x, rlim_t n)
{
	const struct rlimit r = {.rlim_cur = n, .rlim_max = RLIM_INFINITY};

	must(prlimit(x->proc.pid, RLIMIT_FSIZE, &r, NULL));
}

/* What was on record by then is put right there, and the answer tells. */
void
test_not_stored(void **state)
{
	struct scene *x = *state;
	char want[64];

	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR); /* the broker too */
	start(x, NULL, 0, NULL);
	for (size_t i = 0; i < ARRAY_LEN(takes); i++) {
		file_size(x, 0);
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
		file_size(x, RLIM_INFINITY);
	}
	/* and it is so */
	assert_int_equal(admin_call(x, VERB_USERS, EV_NONE, ""), 200);
	assert_true(has(x, "\"state\":\"active\""));
	assert_int_equal(admin_call(x, VERB_ROLES, EV_NONE, ""), 200);
	assert_true(has(x, "\"role\":\"ops\""));
	for (size_t i = 0; i < ARRAY_LEN(takes); i++)
		CHECK_ROW(admin_call(x, takes[i].verb, takes[i].event,
			      takes[i].body) == 200,
		    x->text);
	stop(x);
}

/* ---- a full disk */

/* All that the gateway has is on a small disk of its own. */
static bool
small_disk(const struct scene *x)
{
	char cmd[512];

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
	return true;
}

static void
fill(const struct scene *x, char path[static 128])
{
	static const char block[4096];
	int fd;

	(void)snprintf(path, 128, "%s/filler", x->dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	while (write(fd, block, sizeof(block)) > 0)
		;
	(void)close(fd);
}

static bool
half_left(const struct scene *x)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/broker/store.db-wal", x->dir);
	must(stat(path, &st));
	return st.st_blocks * 512 >= st.st_size + RESERVE_SIZE / 2;
}

void
test_full_disk(void **state)
{
	static const char add[] = "{\"user\":\"bob\"}";
	static const char *const sets[] = {
	    "{\"user\":\"alice\",\"auditor\":true}",
	    "{\"user\":\"alice\",\"auditor\":false}"};
	struct scene *x = *state;
	char filler[128];
	unsigned n = 0;

	if (!small_disk(x))
		SKIP_TEST("needs root to mount a small file system");
	start(x, NULL, 0, NULL);
	fill(x, filler);
	/* nothing opens, and both say so */
	fresh_code(x);
	send_signed(x, &x->one, VERB_REQUEST, ask_web);
	assert_int_equal(want_reply(x, &x->api), 503);
	assert_true(has(x, "new access is refused"));
	assert_int_equal(admin_call(x, VERB_READYZ, EV_NONE, ""), 200);
	assert_true(has(x, "0 MiB of 6 are free: make room; new access is "
			   "refused"));
	/* others than those who take away leave half of the reserve */
	for (; half_left(x) && n < 100; n++)
		assert_int_equal(
		    admin_call(x, VERB_USER_SET, EV_USER_UPDATE, sets[n % 2]),
		    200);
	assert_in_range(n, 1, 99);
	assert_int_equal(admin_call(x, VERB_USER_ADD, EV_NONE, add), 503);
	assert_true(has(x, "only locking and removing"));
	for (size_t i = 0; i < ARRAY_LEN(takes); i++)
		CHECK_ROW(admin_call(x, takes[i].verb, takes[i].event,
			      takes[i].body) == 200,
		    x->text);
	/* room again */
	must(unlink(filler));
	assert_int_equal(
	    admin_call(x, VERB_USER_ADD, EV_USER_CREATE, add), 201);
	assert_true(half_left(x));
	stop(x);
	must(umount2(x->dir, MNT_DETACH));
}
