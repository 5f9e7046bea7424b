/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enroll - joins a gateway: the invitation pins its key before a byte of it
 * is sent, the user's SSH key signs, an authenticator app is set up, and one
 * code from it confirms.
 *
 * MUST NOT take the invitation or the code from argv or the environment.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/str.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/http.h"
#include "jitctl/gateway/invitation.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/gateway/read.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/out.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "sys/qr.h"

enum { QR_TEXT_MAX = 256 * 1024 }; /* internal: more than a code is drawn of */

static int
get_invitation(struct ctx *c, struct secret *ret)
{
	const char *file = opt_get(&c->opt, F_INVITE_FILE);

	if (file == NULL)
		file = getenv("JITCTL_INVITE_FILE");
	if (file != NULL && file[0] != '\0')
		return prompt_file(file, invitation_whole, ret);
	if (!prompt_possible(c)) {
		say_error(
		    "the invitation is needed; give it with --invite-file "
		    "FILE (- is stdin)");
		return EXIT_LOGIN;
	}
	return prompt_pasted(
	    c, "Invitation (not shown): ", invitation_whole, ret);
}

/* Puts the invitation into c->prof, which keeps its name and key. */
static int
use_invitation(struct ctx *c, struct secret *retcode)
{
	struct secret text = {0};
	struct profile p = {0};
	int x = get_invitation(c, &text);

	if (x != EXIT_OK)
		return x;
	if (invitation_parse(&p, retcode, (const char *)text.p) != 0) {
		say_error("this is not a whole invitation "
			  "(sp2:HOST:PORT:KEY:CODE, in one line or broken "
			  "into several)");
		x = EXIT_USAGE;
	} else if (c->have_profile && !c->yes &&
		   strcmp(c->prof.host, p.host) != 0) {
		say_error("profile \"%s\" is of the gateway %s; join %s beside "
			  "it with --profile NAME, or in its place with --yes",
		    c->prof.name, c->prof.host, p.host);
		secret_free(retcode);
		x = EXIT_CONFLICT;
	} else {
		memcpy(p.name, c->prof.name, sizeof(p.name));
		memcpy(p.key, c->prof.key, sizeof(p.key));
		c->prof = p;
		c->have_profile = true;
	}
	secret_free(&text);
	return x;
}

static bool
learn_key(char *ret, size_t size, const json_t *v)
{
	char text[KEY_TEXT_SIZE];

	return key_text(text, v) && str_copy(ret, size, text) == 0;
}

/* What the gateway's keys are from now on: another one later is told. */
static bool
learn_keys(struct profile *p, const json_t *server)
{
	const json_t *cas = json_object_get(server, "ca_keys");
	const char *log_key = member(server, "log_key");

	return learn_key(p->host_key, sizeof(p->host_key),
		   json_object_get(server, "host_key")) &&
	       learn_key(
		   p->ca_key, sizeof(p->ca_key), json_array_get(cas, 0)) &&
	       learn_key(p->ca_next_key, sizeof(p->ca_next_key),
		   json_array_get(cas, 1)) &&
	       str_text_ok(log_key, strlen(log_key)) &&
	       str_copy(p->log_key, sizeof(p->log_key), log_key) == 0;
}

/* The first contact: the gateway's key has to be the invitation's. */
static int
learn_server(struct ctx *c)
{
	struct reply r = {0};
	int x = http_learn_key(c);

	if (x == EXIT_OK)
		x = read_verb(c, VERB_SERVER, NULL, NULL, &r);
	if (x != EXIT_OK)
		return x;
	c->prof.ssh_port = member_port(r.json, "ssh_port");
	if (c->prof.ssh_port == 0 ||
	    str_copy(c->prof.server_id, sizeof(c->prof.server_id),
		member_name(r.json, "server_id")) != 0 ||
	    c->prof.server_id[0] == '\0' || !learn_keys(&c->prof, r.json)) {
		say_error("%s does not answer like a Sallyport gateway",
		    c->prof.host);
		x = EXIT_UNREACHABLE;
	}
	reply_done(&r);
	if (x == EXIT_OK)
		say(c,
		    "%s:%u is the server your invitation names "
		    "(SHA256:%.8s...%s).",
		    c->prof.host, c->prof.port, c->prof.tls, c->prof.tls + 56);
	return x;
}

/* What a phone is shown is a second factor with this secret, and nothing else
 * that it would open. */
static bool
otpauth_ok(const json_t *o)
{
	static const char start[] = "otpauth://totp/";
	const char *uri = member(o, "otpauth");
	const char *secret = member(o, "secret");
	char want[LIMIT_TEXT_SIZE];
	bool ok = false;

	ok = strncmp(uri, start, strlen(start)) == 0 &&
	     strspn(uri, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789-._~%:/?&=@") == strlen(uri) &&
	     secret[0] != '\0' &&
	     strspn(secret, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") ==
		 strlen(secret) &&
	     str_fmt(want, sizeof(want), "?secret=%s&", secret) == 0 &&
	     strstr(uri, want) != NULL;
	explicit_bzero(want, sizeof(want));
	return ok;
}

/* The picture of it, and true, where the terminal can show one, if need be with
 * less white around; else why not is said. */
static bool
draw_secret(struct ctx *c, struct buf *b, const char *uri)
{
	static const unsigned quiet[] = {QR_QUIET, QR_QUIET_LEAST};
	const enum qr_style style = say_utf8() ? QR_BLOCKS : QR_SPACES;
	struct winsize ws = {0};
	unsigned cols = 0;
	unsigned rows = 0;

	if (isatty(STDOUT_FILENO) != 1 || opt_has(&c->opt, F_TEXT))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(quiet); i++) {
		buf_done(b);
		buf_init(b, QR_TEXT_MAX);
		if (qr_render(b, uri, style, quiet[i], &cols, &rows) != 0)
			return false;
		/* A terminal that does not know its size is none of the small
		 * ones. */
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) != 0 ||
		    ws.ws_col == 0 || (ws.ws_col >= cols && ws.ws_row > rows))
			return true;
	}
	say(c,
	    "A QR code needs a window of %u columns and %u rows, this one has "
	    "%u and %u: here it is as text.",
	    cols, rows + 1, (unsigned)ws.ws_col, (unsigned)ws.ws_row);
	return FAULT(qr_any_size);
}

/* In groups, as people type it. */
static void
say_secret(const struct ctx *c, const char *secret)
{
	char text[LIMIT_TEXT_SIZE];
	size_t at = 0;

	for (size_t i = 0; secret[i] != '\0' && at + 2 < sizeof(text); i++) {
		if (i > 0 && i % 4 == 0)
			text[at++] = ' ';
		text[at++] = secret[i];
	}
	text[at] = '\0';
	say(c, "Secret, to be typed into an authenticator app:\n%s", text);
	explicit_bzero(text, sizeof(text));
}

/* As a QR code on a terminal, as text elsewhere; to be typed everywhere. */
static void
show_secret(struct ctx *c, const json_t *o)
{
	const char *uri = member(o, "otpauth");
	struct buf b;

	buf_init(&b, QR_TEXT_MAX);
	if (out_object(c, o)) {
		/* json and yaml contain it */
	} else {
		/* otpauth_ok(): plain ASCII, both of them */
		say_secret(c, member(o, "secret"));
		if (draw_secret(c, &b, uri)) {
			say(c, "Scan with one, or type it:");
			(void)fwrite(b.p, 1, b.len, stdout);
		} else {
			(void)printf("%s\n", uri);
		}
	}
	(void)fflush(stdout);
	buf_done(&b);
}

/* enroll.begin: the key becomes the user's, or is one of theirs already. */
static int
begin(struct ctx *c, const struct secret *code)
{
	char fp[SSHKEY_FP_SIZE] = "";
	char key[LIMIT_PATH_SIZE] = "";
	const struct call_opts o = {.show_problem = true, .retfp = fp};
	struct reply r = {0};
	json_t *body = json_pack("{s:s}", "invite", (const char *)code->p);
	int x = sign_key(c, key, sizeof(key));

	if (x == EXIT_OK)
		x = call_signed(c, VERB_ENROLL, body, &o, &r);
	explicit_bzero((void *)(uintptr_t)member(body, "invite"),
	    strlen(member(body, "invite")));
	json_decref(body);
	if (x != EXIT_OK)
		goto out;
	say(c, "Key: %s %s", fp,
	    sign_is_fingerprint(key) ? "from ssh-agent" : key);
	if (member_name(r.json, "user")[0] == '\0' ||
	    str_copy(c->prof.user, sizeof(c->prof.user),
		member_name(r.json, "user")) != 0 ||
	    !otpauth_ok(r.json)) {
		say_error("the gateway's answer is not what was expected");
		x = EXIT_FAILED;
		goto out;
	}
	(void)snprintf(c->prof.key, sizeof(c->prof.key), "%s", key);
	/* A relative path would mean another file tomorrow. */
	if (key[0] != '/' && !sign_is_fingerprint(key)) {
		char *full = realpath(key, NULL);

		if (full != NULL)
			(void)snprintf(
			    c->prof.key, sizeof(c->prof.key), "%s", full);
		free(full);
	}
	x = profile_save(&c->prof);
	if (x == EXIT_OK)
		show_secret(c, r.json);
out:
	reply_done(&r);
	return x;
}

static int
confirm(struct ctx *c)
{
	const struct call_opts o = {.show_problem = true};
	struct reply r = {0};
	json_t *body = json_object();
	int x = call_signed(c, VERB_ENROLL_CONFIRM, body, &o, &r);

	json_decref(body);
	reply_done(&r);
	if (x == EXIT_OK)
		say(c,
		    "Enrolled %s at %s.\n"
		    "Next: %s targets ls, %s ssh-config",
		    c->prof.user, c->prof.host, self(c), self(c));
	else
		say(c, "Not confirmed yet. Try again: %s enroll --confirm",
		    self(c));
	return x;
}

int
run_enroll(struct ctx *c)
{
	struct secret code = {0};
	const bool can_confirm = opt_has(&c->opt, F_CODE_FILE) ||
				 getenv("JITCTL_CODE_FILE") != NULL ||
				 prompt_possible(c);
	int x = EXIT_OK;

	if (c->socket != NULL) {
		say_error("enrolling needs a user's key; the admin socket has "
			  "none");
		return EXIT_USAGE;
	}
	if (opt_has(&c->opt, F_CONFIRM)) {
		if (!c->have_profile) {
			say_error("nothing to confirm; begin with: %s enroll",
			    self(c));
			return EXIT_USAGE;
		}
		return confirm(c);
	}
	if ((x = use_invitation(c, &code)) == EXIT_OK &&
	    (x = learn_server(c)) == EXIT_OK)
		x = begin(c, &code);
	secret_free(&code);
	if (x != EXIT_OK)
		return x;
	if (can_confirm)
		return confirm(c);
	say(c,
	    "Confirm with a code from the app: %s enroll --confirm "
	    "--code-file FILE",
	    self(c));
	return EXIT_OK;
}
