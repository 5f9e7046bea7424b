/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tlskey - see the header. Private keys are written to a folder that only the
 * API can read, and wiped from memory.
 */
#include "supervisor/tlskey.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/ask.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"
#include "supervisor/rootask.h"
#include "sys/conf_yaml.h"
#include "sys/pem.h"
#include "wire/rollover.h"

enum { PATH_SIZE = LIMIT_PATH_SIZE + 32, EXIT_USAGE = 2 };

static int
fail(const char *what, const char *name, int r)
{
	(void)fprintf(stderr, "gatewayd: cannot %s %s: %s\n", what, name,
	    r == GW_ESYS ? strerror(errno) : err_str(r));
	return r;
}

static int
path_of(
    char ret[static PATH_SIZE], const struct tlskey_facts *f, const char *name)
{
	const int r = str_fmt(ret, PATH_SIZE, "%s/%s", f->state_dir, name);

	return r == 0 ? 0 : fail("name", name, r);
}

/* Of the API's folder the API is the owner; what is public is root's. */
static int
put(const struct tlskey_facts *f, const char *name, const void *p, size_t n)
{
	const bool own = strncmp(name, "api/", 4) == 0;
	const struct passwd *pw = own ? getpwnam("sallyport-api") : NULL;
	char path[PATH_SIZE];
	int r;

	if (own && pw == NULL)
		return fail("find the user", "sallyport-api", GW_ENOENT);
	if ((r = path_of(path, f, name)) != 0)
		return r;
	r = own ? safefile_write(path, p, n, 0600, pw->pw_uid, pw->pw_gid)
		: safefile_write(path, p, n, 0644, 0, 0);
	return r == 0 ? 0 : fail("write", path, r);
}

/* ---- certificates */

static int
san_add(X509 *crt, const char *host)
{
	struct addr a;
	char text[LIMIT_HOST_SIZE + 8];
	X509_EXTENSION *ext = NULL;
	int ok;

	if (str_fmt(text, sizeof(text), "%s:%s",
		addr_parse(&a, host) == 0 ? "IP" : "DNS", host) != 0)
		return GW_ELIMIT;
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	ok = ext != NULL && X509_add_ext(crt, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok ? 0 : GW_ECRYPTO;
}

/* Self-signed: clients pin the key itself, from the invitation on. */
static X509 *
self_signed(EVP_PKEY *key, const struct tlskey_facts *f)
{
	X509 *crt = X509_new();
	X509_NAME *name;
	uint64_t serial;

	if (crt == NULL)
		return NULL;
	secret_fill(&serial, sizeof(serial));
	name = X509_get_subject_name(crt);
	if (X509_set_version(crt, 2) != 1 ||
	    ASN1_INTEGER_set_uint64(X509_get_serialNumber(crt), serial >> 1) !=
		1 ||
	    X509_gmtime_adj(X509_getm_notBefore(crt), -3600) == NULL ||
	    X509_gmtime_adj(X509_getm_notAfter(crt), 10L * 365 * 86400) ==
		NULL ||
	    X509_set_pubkey(crt, key) != 1 ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		(const unsigned char *)f->server_id, -1, -1, 0) != 1 ||
	    X509_set_issuer_name(crt, name) != 1 ||
	    san_add(crt, f->host) != 0 ||
	    X509_sign(crt, key, EVP_sha256()) == 0) {
		X509_free(crt);
		return NULL;
	}
	return crt;
}

static int
put_certificate(EVP_PKEY *key, const struct tlskey_facts *f)
{
	X509 *crt = self_signed(key, f);
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	int r = GW_ECRYPTO;

	if (crt != NULL && bio != NULL && PEM_write_bio_X509(bio, crt) == 1) {
		const long n = BIO_get_mem_data(bio, &p);

		r = put(f, "api/tls.crt", p, (size_t)n);
	} else {
		(void)fail("make", "the certificate of the API", r);
	}
	BIO_free(bio);
	X509_free(crt);
	return r;
}

static int
put_key(EVP_PKEY *key, const struct tlskey_facts *f, const char *name)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *p = NULL;
	int r = GW_ECRYPTO;

	if (bio != NULL && PEM_write_bio_PrivateKey(
			       bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
		const long n = BIO_get_mem_data(bio, &p);

		r = put(f, name, p, (size_t)n);
	} else {
		(void)fail("make", name, r);
	}
	BIO_free(bio);
	return r;
}

static int
put_spki(EVP_PKEY *key, const struct tlskey_facts *f, char ret[static 65])
{
	char text[66];
	int r;

	if ((r = rollover_spki(ret, key)) != 0 ||
	    (r = str_fmt(text, sizeof(text), "%s\n", ret)) != 0)
		return fail("read", "the API's key", r);
	return put(f, "pub/tls.spki", text, strlen(text));
}

int
tlskey_make(const struct tlskey_facts *f, char retspki[static 65])
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	int r;

	if (key == NULL)
		return fail("make", "the TLS key", GW_ECRYPTO);
	if ((r = put_key(key, f, "api/tls.key")) == 0 &&
	    (r = put_certificate(key, f)) == 0)
		r = put_spki(key, f, retspki);
	EVP_PKEY_free(key);
	return r;
}

/* ---- gatewayd tls */

static bool
no_terminal(void)
{
	(void)fputs("There is no terminal to ask on: give --yes. Nothing was "
		    "changed.\n",
	    stderr);
	return false;
}

static EVP_PKEY *
read_key(const struct tlskey_facts *f, const char *name)
{
	char path[PATH_SIZE];
	struct secret pem = {0};
	EVP_PKEY *key = NULL;
	int r;

	if (path_of(path, f, name) != 0)
		return NULL;
	r = safefile_read(
	    &pem, path, LIMIT_PEM_SIZE, SAFEFILE_PRIVATE | SAFEFILE_ANY_OWNER);
	if (r == 0)
		key = pem_key(&pem);
	if (key == NULL)
		(void)fail("read", path, r != 0 ? r : GW_ECRYPTO);
	secret_free(&pem);
	return key;
}

static int
renew(const struct tlskey_facts *f)
{
	EVP_PKEY *key = read_key(f, "api/tls.key");
	int r;

	if (key == NULL)
		return 1;
	if ((r = put_certificate(key, f)) == 0)
		puts("The API has a new certificate, of the same key: clients "
		     "notice nothing. A gateway\nthat runs serves it within "
		     "half a minute, or at once on SIGHUP.");
	EVP_PKEY_free(key);
	return r == 0 ? 0 : 1;
}

static bool
there(const struct tlskey_facts *f, const char *name)
{
	char path[PATH_SIZE];

	return path_of(path, f, name) == 0 && access(path, F_OK) == 0;
}

/* Is none announced, or another one meant all the same? Who has heard of the
 * one that is, and does not ask for anything again, knows no other then. */
static bool
announce_anew(const struct tlskey_facts *f)
{
	if (!there(f, "api/tls-next.key") || !there(f, "pub/tls.next") ||
	    FAULT(announce_again))
		return true;
	puts("A key is announced already: `gatewayd tls show` prints it, and "
	     "`gatewayd tls replace`\nputs it into use.");
	if (f->yes)
		return true;
	if (isatty(STDIN_FILENO) == 1)
		return ask_yes("Who has heard of it and asks for nothing "
			       "before the other one is in use has to be\n"
			       "told that one. Announce another in its place?");
	return no_terminal();
}

static int
announce(const struct tlskey_facts *f)
{
	EVP_PKEY *key = read_key(f, "api/tls.key");
	EVP_PKEY *next = EVP_EC_gen("P-256");
	char text[LIMIT_ROLLOVER_SIZE + 1];
	int r = GW_ECRYPTO;

	if (key == NULL || next == NULL || !announce_anew(f))
		goto out;
	if ((r = rollover_sign(
		 text, LIMIT_ROLLOVER_SIZE, key, next, f->server_id)) != 0) {
		(void)fail("sign", "the new key", r);
		goto out;
	}
	strcat(text, "\n");
	if ((r = put_key(next, f, "api/tls-next.key")) == 0 &&
	    (r = put(f, "pub/tls.next", text, strlen(text))) == 0)
		puts("A new key is made, and signed by the one in use. After "
		     "SIGHUP every jitctl that asks\nfor something takes it "
		     "over; when all have had time to, `gatewayd tls replace` "
		     "puts it\ninto use.");
out:
	EVP_PKEY_free(next);
	EVP_PKEY_free(key);
	return r == 0 ? 0 : 1;
}

/* Is it what the gateway that runs tells its clients? Whoever has not heard of
 * a key must be told it once it is in use. Only the gateway knows: one that
 * does not run says neither. */
static bool
heard(const struct tlskey_facts *f, EVP_PKEY *next)
{
	static const char meant[] =
	    "Nothing was changed. If all clients are to be told the key: "
	    "gatewayd tls replace --unheard\n";
	const struct msg_empty none = {0};
	const struct msg_sup_serves *told;
	EVP_PKEY *key = read_key(f, "api/tls.key");
	char mine[65], spki[65], said[65];
	void *body = NULL;
	bool yes = false;

	if (key == NULL || rollover_spki(mine, key) != 0 ||
	    rollover_spki(spki, next) != 0)
		goto out;
	if (rootask(f->conf, MSG_SUP_SERVED, &none, MSG_SUP_SERVES, &body) !=
	    0) {
		(void)fprintf(stderr,
		    "gatewayd: whether clients have heard of the announced "
		    "key is not known while the gateway does not\nanswer: "
		    "start it, and replace the key then. %s",
		    meant);
		goto out;
	}
	told = body;
	yes = rollover_check(said, told->tls_next, mine, f->server_id) == 0 &&
	      strcmp(said, spki) == 0;
	if (!yes)
		(void)fprintf(stderr,
		    "gatewayd: no client has heard of the announced key from "
		    "the gateway: once it is in use, every one\nof them has "
		    "to be told it. Send SIGHUP, and replace it when all have "
		    "asked for something.\n%s",
		    meant);
out:
	ipc_room_free(body);
	EVP_PKEY_free(key);
	return yes;
}

/* There is no way back to the key before. */
static bool
agreed(void)
{
	if (isatty(STDIN_FILENO) == 1)
		return ask_yes("Who has asked the gateway for nothing since "
			       "the key was announced has to be told it\n"
			       "then (`gatewayd tls show`). Put it into use?");
	return no_terminal();
}

static int
replace(const struct tlskey_facts *f)
{
	EVP_PKEY *next = read_key(f, "api/tls-next.key");
	char spki[65], path[PATH_SIZE];
	int r = GW_ENOENT;

	if (next == NULL) {
		(void)fputs("gatewayd: no key was announced: `gatewayd tls "
			    "announce` makes one\n",
		    stderr);
		return 1;
	}
	if ((!f->unheard && !heard(f, next) && !FAULT(tls_unheard)) ||
	    (!f->yes && !agreed())) {
		EVP_PKEY_free(next);
		return 1;
	}
	if ((r = put_key(next, f, "api/tls.key")) != 0 ||
	    (r = put_certificate(next, f)) != 0 ||
	    (r = put_spki(next, f, spki)) != 0)
		goto out;
	if (path_of(path, f, "api/tls-next.key") == 0)
		(void)unlink(path);
	if (path_of(path, f, "pub/tls.next") == 0)
		(void)unlink(path);
	puts("The announced key is the API's. Send SIGHUP now: until then the "
	     "gateway that runs\nserves the one before.");
out:
	EVP_PKEY_free(next);
	return r == 0 ? 0 : 1;
}

/* "LABEL SHA256:HEX" of a private key; whether there is one. */
static bool
show_key(const struct tlskey_facts *f, const char *name, const char *label,
    char retspki[static 65])
{
	EVP_PKEY *key = there(f, name) ? read_key(f, name) : NULL;
	const bool ok = key != NULL && rollover_spki(retspki, key) == 0;

	if (ok)
		(void)printf("%-10s SHA256:%s\n", label, retspki);
	EVP_PKEY_free(key);
	return ok;
}

/* What a client that has missed a change is to be told, by another way than
 * from what answers it. */
static int
show(const struct tlskey_facts *f)
{
	char spki[65], next[65];

	if (!show_key(f, "api/tls.key", "In use", spki)) {
		(void)fprintf(stderr,
		    "gatewayd: there is no key of the API below %s that can "
		    "be read: are you root?\n",
		    f->state_dir);
		return 1;
	}
	(void)show_key(f, "api/tls-next.key", "Announced", next);
	puts("Where it was replaced, clients see it from the next SIGHUP or "
	     "start on.");
	(void)printf("Whose jitctl says that the key IS NOT THE ONE, and sees "
		     "the one in use, is to be told\nthis line, by a way "
		     "that both trust:\n  jitctl pin SHA256:%s\n",
	    spki);
	return 0;
}

static int
usage(FILE *to)
{
	(void)fputs(
	    "gatewayd tls - the certificate and the key of the API\n\n"
	    "  gatewayd tls show        the keys, and what to tell who has "
	    "missed one\n"
	    "  gatewayd tls renew       a new certificate, of the same key\n"
	    "  gatewayd tls announce    a new key, signed by the one in use\n"
	    "  gatewayd tls replace     puts the announced key into use\n\n"
	    "  --unheard                replace what no client has heard of: "
	    "tell all the key\n"
	    "  -c, --config FILE        default " SYSCONFDIR
	    "/sallyport/gatewayd.yaml\n"
	    "  -y, --yes                announce, replace without asking\n",
	    to);
	return to == stdout ? 0 : EXIT_USAGE;
}

int
tlskey_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"unheard", no_argument, NULL, 'U'},
	    {"help", no_argument, NULL, 'h'},
	    {"yes", no_argument, NULL, 'y'},
	    {NULL, 0, NULL, 0},
	};
	static const struct {
		const char *word;
		int (*fn)(const struct tlskey_facts *f);
	} verbs[] = {{"show", show}, {"renew", renew}, {"announce", announce},
	    {"replace", replace}};
	const char *path = SYSCONFDIR "/sallyport/gatewayd.yaml";
	struct tlskey_facts f;
	struct conf conf;
	bool unheard = false;
	bool yes = false;
	int c;

	while ((c = getopt_long(argc, argv, "c:hy", options, NULL)) != -1) {
		if (c == 'h')
			return usage(stdout);
		if (c == 'U')
			unheard = true;
		else if (c == 'y')
			yes = true;
		else if (c == 'c')
			path = optarg;
		else
			return usage(stderr);
	}
	if (optind + 1 != argc ||
	    (unheard && strcmp(argv[optind], "replace") != 0))
		return usage(stderr);
	if (conf_load(&conf, path, stderr) != 0)
		return 1;
	f = (struct tlskey_facts){.state_dir = conf.state_dir,
	    .host = conf.host,
	    .server_id = conf.server_id,
	    .conf = &conf,
	    .unheard = unheard,
	    .yes = yes};
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(argv[optind], verbs[i].word) == 0)
			return verbs[i].fn(&f);
	return usage(stderr);
}
