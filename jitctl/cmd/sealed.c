/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sealed - see the header; and the commands that make such a CA and say how
 * hosts trust it.
 *
 * MUST NOT write the CA's key, or what is on paper, to any file.
 */
#include "jitctl/cmd/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/safefile.h"
#include "base/str.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "ssh/sshkey.h"
#include "sys/scrypt.h"
#include "sys/seal.h"

_Static_assert((int)GLASSCA_SEALED_SIZE == 32 + (int)SEAL_OVERHEAD, "a seed");
_Static_assert((int)GLASSCA_SALT_SIZE == (int)RECOVERY_SALT_SIZE, "one size");

int
sealed_close(
    struct glassca *ca, const struct secret *seed, const struct secret *paper)
{
	char head[GLASSCA_HEAD_MAX + 1];
	struct secret key = {0};
	struct buf out;
	int r = 0;

	buf_init(&out, GLASSCA_SEALED_SIZE);
	secret_fill(ca->salt, sizeof(ca->salt));
	if ((r = glassca_head(head, ca)) != 0 ||
	    (r = scrypt_key(&key, ca->salt, paper)) != 0 ||
	    (r = seal_close(&out, &key, seed, head)) != 0)
		goto out;
	r = GW_EINVAL;
	if (out.len != sizeof(ca->sealed))
		goto out;
	memcpy(ca->sealed, out.p, sizeof(ca->sealed));
	r = 0;
out:
	secret_free(&key);
	buf_done(&out);
	return r;
}

int
sealed_open(struct secret *retseed, const struct glassca *ca,
    const struct secret *paper)
{
	char head[GLASSCA_HEAD_MAX + 1], line[GLASSCA_PUBLIC_SIZE];
	struct secret key = {0}, seed = {0};
	uint8_t pub[32];
	int r = glassca_head(head, ca);

	if (r != 0 || (r = scrypt_key(&key, ca->salt, paper)) != 0 ||
	    (r = seal_open(
		 &seed, &key, ca->sealed, sizeof(ca->sealed), head)) != 0 ||
	    (r = sshkey_ed25519_public(pub, &seed)) != 0 ||
	    (r = sshkey_ed25519_line(line, sizeof(line), pub)) != 0)
		goto out;
	r = GW_ECRYPTO;
	if (strcmp(line, ca->pub) != 0 && !FAULT(sealed_pub))
		goto out;
	secret_free(retseed);
	*retseed = seed;
	seed = (struct secret){0}; /* the caller's now */
	r = 0;
out:
	secret_free(&key);
	secret_free(&seed);
	return r;
}

int
sealed_fingerprint(char *ret, const struct glassca *ca)
{
	struct sshkey k;
	int r = sshkey_parse_line(&k, ca->pub);

	ret[0] = '\0';
	if (r == 0)
		sshkey_fingerprint(ret, k.blob, k.len);
	return r;
}

int
sealed_read(struct glassca *ret, const char *path)
{
	char *full = realpath(path, NULL);
	struct secret text = {0};
	char fp[SSHKEY_FP_SIZE];
	int x = EXIT_FAILED;

	if (full == NULL)
		say_error("%s: %s", path, strerror(errno));
	else if (safefile_read(
		     &text, full, GLASSCA_FILE_MAX, SAFEFILE_ANY_OWNER) != 0 ||
		 glassca_parse(ret, (const char *)text.p, text.len) != 0 ||
		 sealed_fingerprint(fp, ret) != 0)
		say_error("%s: not the file of a break-glass CA, whole and as "
			  "\"breakglass init\" wrote it",
		    path);
	else
		x = EXIT_OK;
	secret_free(&text);
	free(full);
	return x;
}

/* ---- init */

static bool
read_counts(const struct ctx *c, struct glassca *ca)
{
	const char *need = opt_get(&c->opt, F_NEED);
	const char *sheets = opt_get(&c->opt, F_SHEETS);
	uint64_t k = 3, n = 5;

	if ((need != NULL && str_u64(need, 1, 99, &k) != 0) ||
	    (sheets != NULL && str_u64(sheets, 1, 99, &n) != 0) ||
	    !glassca_counts_ok((unsigned)k, (unsigned)n)) {
		say_error("--need K of --sheets N: 2 at least are needed, of "
			  "%d at most",
		    (int)LIMIT_SHEETS);
		return false;
	}
	ca->need = (unsigned)k;
	ca->sheets = (unsigned)n;
	return true;
}

static bool
read_prefixes(const struct ctx *c, struct glassca *ca)
{
	char text[LIMIT_TEXT_SIZE], all[GLASSCA_SOURCES_SIZE];

	if (!opt_has(&c->opt, F_FROM)) {
		say_error("--from PREFIX: where will people sit who need it?");
		return false;
	}
	for (unsigned i = 0; i < c->opt.n[F_FROM]; i++) {
		const char *s = c->opt.value[F_FROM][i];
		const int r = glassca_add_from(ca, s);

		if (r == 0)
			continue;
		say_text(text, sizeof(text), s, strlen(s));
		if (r == GW_ELIMIT)
			say_error("--from: %d prefixes at most",
			    (int)LIMIT_GLASS_FROM);
		else
			say_error("--from: \"%s\" is no prefix like "
				  "10.9.0.0/24 (not of everybody)",
			    text);
		return false;
	}
	if (glassca_sources(all, ca->from, ca->nfrom) == 0)
		return true;
	say_error("--from: too many for one certificate");
	return false;
}

/* A file that is there is another CA, which hosts trust. */
static int
write_new(const char *path, const struct glassca *ca)
{
	struct buf b;
	int fd = -1;
	int x = EXIT_FAILED;

	buf_init(&b, GLASSCA_FILE_MAX);
	if (glassca_format(&b, ca) != 0) {
		say_error("the CA's file cannot be made");
		goto out;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		say_error("%s: %s", path, strerror(errno));
		goto out;
	}
	if (safefile_write_all(fd, b.p, b.len) == 0 && fsync(fd) == 0)
		x = EXIT_OK;
	else
		say_error("%s: %s", path, strerror(errno));
	(void)close(fd);
	if (x != EXIT_OK)
		(void)unlink(path);
out:
	buf_done(&b);
	return x;
}

/* Each as it goes to the printer. What was split is in none of them. */
static bool
print_sheets(const struct glassca *ca, const struct secret *paper)
{
	uint8_t rest[(LIMIT_SHEETS - 1) * SHARES_SIZE];
	char text[SHEET_TEXT_SIZE], fp[SSHKEY_FP_SIZE];
	struct sheet s = {.need = (uint8_t)ca->need, .set = ca->set};

	if (sealed_fingerprint(fp, ca) != 0)
		return false;
	secret_fill(rest, sizeof(rest));
	for (unsigned i = 1; i <= ca->sheets; i++) {
		shares_make(&s.share, paper->p, rest, ca->need, (uint8_t)i);
		sheet_text(text, &s);
		(void)printf("Break-glass, for when the gateway is down: sheet "
			     "%u of %u\nAny %u of them open the CA %s,\n"
			     "each typed at its question by:  jitctl "
			     "breakglass mint\n\n    %s\n\n",
		    i, ca->sheets, ca->need, fp, text);
	}
	explicit_bzero(text, sizeof(text));
	explicit_bzero(rest, sizeof(rest));
	explicit_bzero(&s, sizeof(s));
	return fflush(stdout) == 0 && ferror(stdout) == 0;
}

static int
make(struct glassca *ca, struct secret *paper)
{
	struct secret seed = {0};
	uint8_t pub[32];
	int r = secret_random(paper, SHARES_SIZE);

	secret_fill(&ca->set, sizeof(ca->set));
	if (r == 0)
		r = secret_random(&seed, 32);
	if (r == 0)
		r = sshkey_ed25519_public(pub, &seed);
	if (r == 0)
		r = sshkey_ed25519_line(ca->pub, sizeof(ca->pub), pub);
	if (r == 0)
		r = sealed_close(ca, &seed, paper);
	secret_free(&seed);
	return r;
}

int
run_breakglass_init(struct ctx *c)
{
	const char *path = c->opt.arg[0];
	struct glassca ca = {0};
	struct secret paper = {0};
	int x = EXIT_USAGE;
	int r = 0;

	if (!read_counts(c, &ca) || !read_prefixes(c, &ca))
		return x;
	x = EXIT_FAILED;
	if ((r = make(&ca, &paper)) != 0)
		say_error("no CA can be made: %s", err_str(r));
	else
		x = write_new(path, &ca);
	if (x == EXIT_OK && !print_sheets(&ca, &paper)) {
		(void)unlink(path); /* nobody could ever open it */
		say_error("the sheets could not be printed: there is no CA");
		x = EXIT_FAILED;
	}
	secret_free(&paper);
	if (x == EXIT_OK)
		say(c,
		    "The CA is %s: useless without %u of these %u sheets, "
		    "which "
		    "are not shown again. Keep it on the\nlaptops that will "
		    "need it, and each sheet with somebody else. What hosts "
		    "need:  jitctl breakglass trust",
		    path, ca.need, ca.sheets);
	return x;
}

/* ---- trust */

static int
print_trust(const struct glassca *ca, const char *target)
{
	char from[GLASSCA_SOURCES_SIZE];
	struct buf b;
	int x = EXIT_FAILED;

	buf_init(&b, GLASSCA_FILE_MAX);
	if (glassca_sources(from, ca->from, ca->nfrom) == 0 &&
	    glassca_trust_line(&b, ca, target) == 0) {
		(void)printf("# %s: a line of /etc/ssh/breakglass/LOGIN, of "
			     "root, for each LOGIN it lets in\n%.*s\n",
		    target, (int)b.len, (const char *)b.p);
		(void)printf("# with pam_jit: %s in a file, and on its line\n"
			     "#   breakglass_ca=FILE breakglass_from=%s\n",
		    ca->pub, from);
		x = EXIT_OK;
	}
	buf_done(&b);
	return x;
}

int
run_breakglass_trust(struct ctx *c)
{
	struct glassca ca;
	int x = EXIT_USAGE;

	for (unsigned i = 1; i < c->opt.nargs; i++)
		if (!name_arg("TARGET", c->opt.arg[i]))
			return x;
	x = sealed_read(&ca, c->opt.arg[0]);
	if (x == EXIT_OK)
		(void)printf("# /etc/ssh/sshd_config, once\n"
			     "AuthorizedKeysFile .ssh/authorized_keys "
			     "/etc/ssh/breakglass/%%u\n");
	for (unsigned i = 1; i < c->opt.nargs && x == EXIT_OK; i++)
		x = print_trust(&ca, c->opt.arg[i]);
	return x;
}
