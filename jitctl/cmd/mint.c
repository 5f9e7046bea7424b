/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mint - a certificate of break-glass, made when and where it is needed: on a
 * laptop, without any gateway, from a CA's file and sheets of paper.
 *
 * MUST NOT take a sheet from argv, a file or the environment.
 * MUST wipe the sheets and the CA's key on every path.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/safefile.h"
#include "base/str.h"
#include "core/grant.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/sealed.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "ssh/sshcert.h"
#include "ssh/sshkey.h"

#define KEY_TYPE "ssh-ed25519"
#define CERT_TYPE "ssh-ed25519-cert-v01@openssh.com"

/* Enough of one line of a key and its comment. */
enum { KEY_FILE_MAX = 2 * LIMIT_PUBKEY_MAX };

struct mint {
	struct glassca ca;
	struct sshcert cert;
	char fingerprint[SSHKEY_FP_SIZE];
	char principal[sizeof(GLASSCA_LOGIN) + LIMIT_NAME_SIZE];
	char sources[GLASSCA_SOURCES_SIZE];
	char key_id[GLASSCA_KEY_ID_SIZE];
	char *key; /* the private key's file, as it is named */
	char out[LIMIT_PATH_SIZE];
};

/* ---- what is asked for */

/* Raw, of the one type that it is made for. */
static bool
read_pub(uint8_t ret[static 32], const char *line)
{
	const uint8_t *raw = NULL;
	char type[sizeof(KEY_TYPE)];
	struct sshkey k;
	size_t n = 0;
	struct rd r;

	if (sshkey_parse_line(&k, line) != 0)
		return false;
	rd_init(&r, k.blob, k.len);
	rd_cstring(&r, type, sizeof(type));
	raw = rd_string(&r, &n);
	if (rd_done(&r) != 0 || n != 32 || strcmp(type, KEY_TYPE) != 0)
		return false;
	memcpy(ret, raw, 32);
	return true;
}

/* KEY.pub, whose certificate is KEY-cert.pub, where ssh -i KEY finds it. */
static bool
read_key(const struct ctx *c, struct mint *m)
{
	const char *path = opt_get(&c->opt, F_KEY);
	const size_t n = path != NULL ? strlen(path) : 0;
	struct secret text = {0};
	char *full = NULL;
	bool ok = false;

	if (n < 5 || strcmp(path + n - 4, ".pub") != 0) {
		say_error("--key FILE.pub: the public key that goes in with "
			  "it (ssh-keygen -t ed25519 makes one)");
		return false;
	}
	full = realpath(path, NULL);
	if (full == NULL)
		say_error("%s: %s", path, strerror(errno));
	else if (safefile_read(&text, full, KEY_FILE_MAX, SAFEFILE_ANY_OWNER) ==
		 0) {
		text.p[strcspn((const char *)text.p, "\r\n")] = '\0';
		ok = read_pub(m->cert.pubkey, (const char *)text.p);
	}
	if (full != NULL && !ok)
		say_error("%s: not a public key of type " KEY_TYPE, path);
	m->key = ok ? strndup(path, n - 4) : NULL;
	ok = m->key != NULL && str_fmt(m->out, sizeof(m->out), "%.*s-cert.pub",
				   (int)strlen(full) - 4, full) == 0;
	secret_free(&text);
	free(full);
	return ok;
}

/* From where: all that the CA's hosts take, or some of it. */
static bool
read_sources(const struct ctx *c, struct mint *m)
{
	struct glassca some = {0};
	char text[LIMIT_TEXT_SIZE];

	for (unsigned i = 0; i < c->opt.n[F_FROM]; i++) {
		const char *s = c->opt.value[F_FROM][i];

		if (glassca_add_from(&some, s) == 0 &&
		    glassca_within(&m->ca, &some.from[some.nfrom - 1]))
			continue;
		say_text(text, sizeof(text), s, strlen(s));
		say_error("--from: \"%s\" is not within what hosts take this "
			  "CA from",
		    text);
		return false;
	}
	if (some.nfrom == 0)
		some = m->ca;
	return glassca_sources(m->sources, some.from, some.nfrom) == 0;
}

static bool
read_times(const struct ctx *c, struct mint *m)
{
	const char *s = opt_get(&c->opt, F_FOR);
	const uint64_t now = (uint64_t)(clock_now().utc_ms / 1000);
	uint32_t life = LIMIT_GLASS_S;

	if (s != NULL && !duration_arg(F_FOR, s, &life))
		return false;
	if (life > LIMIT_GLASS_S && !FAULT(mint_long)) {
		say_error("--for: %d minutes at most", LIMIT_GLASS_S / 60);
		return false;
	}
	m->cert.valid_after = now - GLASSCA_EARLY_S;
	m->cert.valid_before = now + life;
	return true;
}

static bool
read_who(const struct ctx *c, struct mint *m)
{
	const char *why = opt_get(&c->opt, F_REASON);
	const char *who = opt_get(&c->opt, F_USER);
	const struct passwd *pw = who == NULL ? getpwuid(getuid()) : NULL;

	if (why == NULL) {
		say_error("--reason TEXT: why?");
		return false;
	}
	if (who == NULL)
		who = pw != NULL ? pw->pw_name : "";
	if (!name_arg("--user", who) || !text_arg("--reason", why))
		return false;
	if (glassca_key_id(m->key_id, who, m->fingerprint, why) == 0)
		return true;
	say_error("--reason: %d bytes at most: hosts log it", LIMIT_GLASS_WHY);
	return false;
}

static int
read_all(const struct ctx *c, struct mint *m)
{
	const char *target = opt_get(&c->opt, F_TARGET);
	const char *login = opt_get(&c->opt, F_LOGIN);
	int x = EXIT_USAGE;

	if (target == NULL) {
		say_error("--target NAME: where to?");
		return x;
	}
	if (!name_arg("--target", target) ||
	    (login != NULL && !name_arg("--login", login)))
		return x;
	if ((x = sealed_read(&m->ca, c->opt.arg[0])) != EXIT_OK)
		return x;
	if (sealed_fingerprint(m->fingerprint, &m->ca) != 0 ||
	    str_fmt(m->principal, sizeof(m->principal), GLASSCA_LOGIN "@%s",
		target) != 0)
		return EXIT_FAILED;
	if (!read_key(c, m) || !read_sources(c, m) || !read_times(c, m) ||
	    !read_who(c, m))
		return EXIT_USAGE;
	secret_fill(&m->cert.serial, sizeof(m->cert.serial));
	m->cert.serial >>= 1; /* readers of numbers with a sign */
	m->cert.key_id = m->key_id;
	m->cert.principal = m->principal;
	m->cert.source_address = m->sources;
	m->cert.caps = CAP_PTY;
	return EXIT_OK;
}

/* ---- the sheets */

/* One more of them into list, which has n; what is wrong with it is said. */
static bool
take_sheet(
    struct share *list, unsigned n, const struct glassca *ca, const char *text)
{
	struct sheet s;
	bool ok = false;

	switch (sheet_read(&s, text)) {
	case SHEET_GOOD:
		ok = s.set == ca->set && s.need == ca->need;
		if (!ok)
			say_error("that is a sheet of another CA");
		break;
	case SHEET_SLIP:
		say_error("a slip: compare each group with the paper");
		break;
	case SHEET_NONE:
		say_error("that is no sheet: %d groups of 4 are on one",
		    TYPED_CHARS(SHEET_BYTES) / 4);
		break;
	}
	for (unsigned i = 0; i < n && ok; i++)
		if (list[i].at == s.share.at) {
			say_error("sheet %u is there already", s.share.at);
			ok = false;
		}
	if (ok)
		list[n] = s.share;
	explicit_bzero(&s, sizeof(s));
	return ok;
}

static int
ask_sheets(const struct ctx *c, const struct glassca *ca, struct share *list)
{
	char question[64];
	unsigned n = 0;
	int x = EXIT_OK;

	if (!prompt_possible(c)) {
		say_error("the sheets are typed, on a terminal");
		return EXIT_LOGIN;
	}
	while (n < ca->need && x == EXIT_OK) {
		struct secret text = {0};

		(void)snprintf(question, sizeof(question),
		    "Sheet, %u of %u (not shown): ", n + 1, ca->need);
		x = prompt_secret(c, question, &text);
		if (x == EXIT_OK &&
		    take_sheet(list, n, ca, (const char *)text.p))
			n++;
		secret_free(&text);
	}
	return x;
}

static int
unseal(const struct ctx *c, const struct glassca *ca, struct secret *retseed)
{
	struct share list[LIMIT_SHEETS];
	struct secret paper = {0};
	int x = EXIT_FAILED;
	int r = secret_new(&paper, SHARES_SIZE);

	memset(list, 0, sizeof(list));
	if (r == 0)
		x = ask_sheets(c, ca, list);
	if (x == EXIT_OK) {
		if (!shares_join(paper.p, list, ca->need) ||
		    (r = sealed_open(retseed, ca, &paper)) != 0) {
			say_error("these sheets do not open it: %s",
			    r == GW_ECRYPTO ? "one of them, or the file, is "
					      "another"
					    : err_str(r));
			x = EXIT_VERIFY;
		}
	}
	explicit_bzero(list, sizeof(list));
	secret_free(&paper);
	return x;
}

/* ---- the certificate */

static int
sign_it(const struct mint *m, const struct secret *seed)
{
	struct buf blob, line;
	int x = EXIT_FAILED;
	int r;

	buf_init(&blob, LIMIT_CERT_MAX);
	buf_init(&line, 2 * LIMIT_CERT_MAX);
	if (sshcert_build(&blob, &m->cert, seed) != 0) {
		say_error("the certificate cannot be made");
		goto out;
	}
	buf_printf(&line, CERT_TYPE " ");
	buf_b64(&line, blob.p, blob.len);
	buf_printf(&line, " %s\n", m->principal);
	if ((r = buf_err(&line)) == 0)
		r = safefile_write(
		    m->out, line.p, line.len, 0644, (uid_t)-1, (gid_t)-1);
	if (r != 0)
		say_error("%s: %s", m->out,
		    r == GW_ESYS ? strerror(errno) : err_str(r));
	else
		x = EXIT_OK;
out:
	buf_done(&blob);
	buf_done(&line);
	return x;
}

static void
tell(const struct ctx *c, const struct mint *m)
{
	const char *login = opt_get(&c->opt, F_LOGIN);
	char until[32];

	str_time(until, sizeof(until), (int64_t)m->cert.valid_before * 1000);
	say(c,
	    "%s: for %s from %s until %s, serial %llu.\n"
	    "Before: root on the gateway opens the way there (sallyport-closed "
	    "allow), or you sit in the console net.\n"
	    "After: end the session, which does not end with the certificate, "
	    "and write down the serial and what was\ndone: the host's log has "
	    "both, and the gateway, once it is back, what root opened "
	    "(breakglass.allow).",
	    m->out, m->principal, m->sources, until,
	    (unsigned long long)m->cert.serial);
	(void)printf("ssh -i ");
	put_shell_word(stdout, m->key);
	(void)printf(" -o IdentitiesOnly=yes %s@%s\n",
	    login != NULL ? login : GLASSCA_LOGIN, opt_get(&c->opt, F_TARGET));
}

int
run_breakglass_mint(struct ctx *c)
{
	struct mint m = {0};
	struct secret seed = {0};
	int x = read_all(c, &m);

	if (x == EXIT_OK)
		x = unseal(c, &m.ca, &seed);
	if (x == EXIT_OK)
		x = sign_it(&m, &seed);
	secret_free(&seed);
	if (x == EXIT_OK)
		tell(c, &m);
	free(m.key);
	return x;
}
