/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates as PEM text: what is under a passphrase is not read,
 * and nobody is asked for it, even where somebody would answer. */
#include "tests/unit/support/test.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/pem.h"

/* As OpenSSL wrote it before PKCS #8: any PEM text may have such a head. */
static const char locked_crt[] = "-----BEGIN CERTIFICATE-----\n"
				 "Proc-Type: 4,ENCRYPTED\n"
				 "DEK-Info: AES-256-CBC,"
				 "00112233445566778899AABBCCDDEEFF\n\n"
				 "MTIzNDU2Nzg5MDEyMzQ1Ng==\n"
				 "-----END CERTIFICATE-----\n";

static void
make_key(struct secret *ret, const char *passphrase)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	long n = 0;

	assert_true(key != NULL && bio != NULL);
	assert_int_equal(
	    PEM_write_bio_PrivateKey(bio, key,
		passphrase != NULL ? EVP_aes_256_cbc() : NULL,
		(const unsigned char *)passphrase,
		(int)strlen(passphrase ? passphrase : ""), NULL, NULL),
	    1);
	n = BIO_get_mem_data(bio, &p);
	assert_int_equal(secret_copy(ret, p, (size_t)n), 0);
	BIO_free(bio);
	EVP_PKEY_free(key);
}

/* Without a terminal OpenSSL asks on stdin: there the right word waits. */
static bool
can_be_read(const struct secret *pem)
{
	int fds[2], status = 0;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "secret\n", 7), 7);
	(void)close(fds[1]);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		EVP_PKEY *key = NULL;

		if (setsid() < 0 || dup2(fds[0], STDIN_FILENO) < 0)
			_exit(2);
		key = pem_key(pem);
		_exit(key != NULL ? 1 : 0);
	}
	(void)close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 1;
}

static void
test_passphrase(void **state)
{
	struct secret pem = {0};
	BIO *bio = BIO_new_mem_buf(locked_crt, -1);

	(void)state;
	make_key(&pem, NULL);
	assert_true(can_be_read(&pem));
	secret_free(&pem);
	make_key(&pem, "secret");
	assert_false(can_be_read(&pem));
	secret_free(&pem);
	assert_non_null(bio);
	assert_null(pem_certificate(bio));
	BIO_free(bio);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_passphrase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
