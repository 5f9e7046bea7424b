/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api: it serves HTTPS with the certificate and the key that it can read, that
 * are a pair, and that clients know; otherwise it does not start, and says
 * which file is to blame and why. The program under test is the real one.
 */
#include "tests/unit/support/test.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "tests/unit/api/api_state.h"
#include "tests/unit/support/proc_harness.h"

struct run {
	struct proc_harness p;
	struct testlink broker, notary;
	char said[4096]; /* on its stderr */
};

/* Starts the API; what it says is kept in the file "log". */
static void
start(struct run *run, const struct api_state *s, const char *program)
{
	char path[API_STATE_PATH_SIZE];
	const int err = dup(STDERR_FILENO);
	int log;

	api_state_path(path, s, "log");
	log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(err >= 0 && log >= 0);
	assert_int_equal(dup2(log, STDERR_FILENO), STDERR_FILENO);
	proc_harness_start(&run->p, PROC_API, program, "https", &s->conf);
	assert_int_equal(dup2(err, STDERR_FILENO), STDERR_FILENO);
	(void)close(log);
	(void)close(err);
}

static void
read_log(struct run *run, const struct api_state *s)
{
	char path[API_STATE_PATH_SIZE];
	ssize_t n;
	int log;

	api_state_path(path, s, "log");
	log = open(path, O_RDONLY | O_CLOEXEC);
	n = read(log, run->said, sizeof(run->said) - 1);
	assert_true(n >= 0);
	run->said[n] = '\0';
	(void)close(log);
}

static void
must_say(const struct run *run, const char *text)
{
	if (strstr(run->said, text) == NULL)
		fail_msg("no \"%s\" in: %s", text, run->said);
}

/* It must end before it says SUP_READY: with a line on this file. */
static void
refuses(const struct api_state *s, const char *file, const char *why)
{
	char path[API_STATE_PATH_SIZE];
	struct run run;
	int status;

	start(&run, s, "sallyport-api");
	status = proc_harness_refusal(&run.p);
	read_log(&run, s);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	api_state_path(path, s, file);
	must_say(&run, path);
	must_say(&run, why);
	must_say(&run, "cannot start: ");
}

/* It must become ready, and say this. */
static void
serves(const struct api_state *s, const char *warning)
{
	struct run run;
	int status;

	start(&run, s, "sallyport-api");
	proc_harness_link(&run.p, &run.broker, PROC_BROKER, 0);
	proc_harness_link(&run.p, &run.notary, PROC_NOTARY, 0);
	proc_harness_ready(&run.p);
	status = proc_harness_stop(&run.p);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	testlink_close(&run.broker);
	testlink_close(&run.notary);
	read_log(&run, s);
	if (warning != NULL)
		must_say(&run, warning);
	else
		assert_string_equal(run.said, "");
}

static int
setup(void **state)
{
	static struct api_state s;

	api_state_new(&s);
	*state = &s;
	return 0;
}

static int
teardown(void **state)
{
	api_state_free(*state);
	return 0;
}

static void
test_pair(void **state)
{
	serves(*state, NULL);
}

static void
test_missing(void **state)
{
	const struct api_state *s = *state;

	api_state_remove(s, "api/tls.crt");
	refuses(s, "api/tls.crt", "No such file or directory; it must be");
	api_state_write_crt(s, s->key, -60, 3600);
	api_state_remove(s, "api/tls.key");
	refuses(s, "api/tls.key", "No such file or directory; it must be");
}

static void
test_not_trusted(void **state)
{
	static const char wrong[] = "its kind, owner or mode is wrong";
	const struct api_state *s = *state;
	char crt[API_STATE_PATH_SIZE], key[API_STATE_PATH_SIZE];

	api_state_path(crt, s, "api/tls.crt");
	api_state_path(key, s, "api/tls.key");
	assert_int_equal(chmod(key, 0640), 0);
	refuses(s, "api/tls.key", wrong);
	refuses(s, "api/tls.key", "mode 0600");
	assert_int_equal(chmod(key, 0600), 0);
	assert_int_equal(chmod(crt, 0664), 0);
	refuses(s, "api/tls.crt", wrong);
	assert_int_equal(chmod(crt, 0644), 0);
	serves(s, NULL);
	assert_int_equal(remove(crt), 0);
	assert_int_equal(symlink(key, crt), 0);
	refuses(s, "api/tls.crt", "it must be a regular file");
	assert_int_equal(remove(crt), 0);
	assert_int_equal(mkdir(crt, 0700), 0);
	refuses(s, "api/tls.crt", wrong);
}

static void
test_not_pem(void **state)
{
	static const char *const texts[] = {"", "no certificate\n",
	    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	    "-----BEGIN CERTIFICATE-----\n"};
	static char huge[LIMIT_PEM_SIZE + 2];
	const struct api_state *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		api_state_write(s, "api/tls.crt", texts[i]);
		refuses(s, "api/tls.crt", "must hold certificates as PEM");
	}
	/* the second of a chain, too */
	api_state_write_crt(s, s->key, -60, 3600);
	api_state_append(s, "api/tls.crt", texts[2]);
	refuses(s, "api/tls.crt", "must hold certificates as PEM");
	memset(huge, '#', sizeof(huge) - 1);
	api_state_write(s, "api/tls.crt", huge);
	refuses(s, "api/tls.crt", "it is too long");
	api_state_write_crt(s, s->key, -60, 3600);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		api_state_write(s, "api/tls.key", texts[i]);
		refuses(s, "api/tls.key", "must hold a private key as PEM");
	}
	api_state_write_key(s, s->key, "secret");
	refuses(s, "api/tls.key", "without a passphrase");
}

static void
test_not_a_pair(void **state)
{
	struct api_state *s = *state;
	EVP_PKEY *other = EVP_EC_gen("P-256");

	assert_non_null(other);
	api_state_write_key(s, other, NULL);
	refuses(s, "api/tls.key", "is not the key of");
	/* a pair, but not the one in the clients' invitations */
	api_state_write_crt(s, other, -60, 3600);
	refuses(s, "api/tls.crt", "clients know the second");
	EVP_PKEY_free(other);
}

/* The gateway's clients pin the key: dates close no door for them. */
static void
test_dates(void **state)
{
	const struct api_state *s = *state;

	api_state_write_crt(s, s->key, -7200, -3600);
	serves(s, "api/tls.crt has expired");
	api_state_write_crt(s, s->key, 3600, 7200);
	serves(s, "api/tls.crt is not valid yet");
}

/* One that is written while it runs is served within half a minute, which is
 * 300 ms here: nobody tells it. */
static void
test_renewed(void **state)
{
	static const char says[] = "HTTPS is served with the certificate of";
	const struct api_state *s = *state;
	struct run run;

	start(&run, s, "tests/unit/api/hurried_api");
	proc_harness_link(&run.p, &run.broker, PROC_BROKER, 0);
	proc_harness_link(&run.p, &run.notary, PROC_NOTARY, 0);
	proc_harness_ready(&run.p);
	api_state_write_crt(s, s->key, -120, 3600);
	for (int i = 0; i < 1000; i++) {
		read_log(&run, s);
		if (strstr(run.said, says) != NULL)
			break;
		(void)usleep(10000);
	}
	must_say(&run, says);
	assert_int_equal(proc_harness_stop(&run.p), 0);
	testlink_close(&run.broker);
	testlink_close(&run.notary);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_pair, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_trusted, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_pem, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_not_a_pair, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_dates, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_renewed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
