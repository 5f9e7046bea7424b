/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causes - see causes.h. No I/O.
 */
#include "broker/session/causes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/fault.h"

static const char says[] = "; the target says: ";

static void set(struct cause *c, enum check_status status, const char *remedy,
    const char *fmt, ...) PRINTF_LIKE(4, 5);

static void
set(struct cause *c, enum check_status status, const char *remedy,
    const char *fmt, ...)
{
	va_list ap;

	c->status = status;
	(void)snprintf(c->remedy, sizeof(c->remedy), "%s", remedy);
	va_start(ap, fmt);
	(void)vsnprintf(c->detail, sizeof(c->detail), fmt, ap);
	va_end(ap);
}

const char *
causes_no_certificates(const char *banner)
{
	if (strncmp(banner, "SSH-2.0-dropbear", 16) == 0)
		return "dropbear takes no certificates: sessions through the "
		       "gateway cannot log in there; install OpenSSH's sshd";
	return NULL;
}

static void
methods_text(char *ret, size_t size, uint32_t methods)
{
	(void)snprintf(ret, size, "%s%s%s%s",
	    (methods & SSH_METHOD_PUBLICKEY) != 0 ? " publickey" : "",
	    (methods & SSH_METHOD_PASSWORD) != 0 ? " password" : "",
	    (methods & SSH_METHOD_KEYBOARD) != 0 ? " keyboard-interactive" : "",
	    (methods & SSH_METHOD_OTHER) != 0 ? " others" : "");
	if (ret[0] == '\0')
		(void)snprintf(ret, size, " none");
}

const char *
check_status_str(enum check_status s)
{
	static const char *const words[] = {
	    [CHECK_SKIP] = "skip",
	    [CHECK_OK] = "ok",
	    [CHECK_WARN] = "warn",
	    [CHECK_FAIL] = "fail",
	};

	return words[s];
}

void
cause_of_no_kex(
    struct cause *ret, const struct msg_ses_probed *seen, const char *target)
{
	char scan[LIMIT_NAME_SIZE + 160];

	ret->check = "host key";
	(void)snprintf(scan, sizeof(scan),
	    "find out why it shows another type now; then jitctl target set "
	    "%s --scan, or see HostKey and HostKeyAlgorithms in its "
	    "sshd_config",
	    target);
	switch ((enum no_common)seen->no_common) {
	case NO_COMMON_HOSTKEY:
		set(ret, CHECK_FAIL, scan, "%s", seen->text);
		return;
	case NO_COMMON_OTHER:
		set(ret, CHECK_FAIL,
		    "give its sshd one that the gateway has (KexAlgorithms, "
		    "Ciphers, MACs in sshd_config; sshd -T there says what "
		    "holds), or set ssh.algorithms in gatewayd.yaml",
		    "%s", seen->text);
		return;
	case NO_COMMON_NONE:
	default:
		set(ret, CHECK_FAIL,
		    "its log says why: MaxStartups, PerSourcePenalties or "
		    "hosts.deny there, a key of its own that sshd cannot read, "
		    "or a filter between that lets connect and no more",
		    "%s",
		    seen->text[0] == '\0' ? "no key exchange; no more is known"
					  : seen->text);
		return;
	}
}

/* The certificate is good there; it is not let in all the same. */
static void
not_the_certificate(
    struct cause *c, const struct msg_ses_probed *seen, const char *login)
{
	char left[64];

	methods_text(left, sizeof(left), seen->methods);
	if (seen->partial != 0)
		set(c, CHECK_FAIL,
		    "let a certificate be enough for whoever comes from the "
		    "gateway: AuthenticationMethods publickey in a Match "
		    "Address block at the end of sshd_config, then reload sshd",
		    "the certificate is good there, but not enough: sshd wants "
		    "another method as well (AuthenticationMethods), one of:%s",
		    left);
	else
		set(c, CHECK_FAIL,
		    "on the target: has that login expired, or is it kept out "
		    "by PermitRootLogin, by PAM's account modules, or by "
		    "/etc/nologin? Its log says which",
		    "the certificate is good there, but the login %s is not "
		    "let in%s%s",
		    login, seen->said[0] == '\0' ? "" : says, seen->said);
}

/* The certificate was not taken, and nothing says which of these it is. */
static void
all_causes(struct cause *c, const struct msg_ses_probed *seen,
    const char *login, const char *target)
{
	const bool openssh = strstr(seen->banner, "OpenSSH") != NULL;

	set(&c[0], CHECK_FAIL,
	    "TrustedUserCAKeys /etc/ssh/sallyport_ca.pub in sshd_config, with "
	    "both CA keys in that file, then reload sshd",
	    "the target refused the certificate, and does not say why: this, "
	    "or what the next two name, is missing%s%s%s",
	    openssh ? "" : "; it calls itself ", openssh ? "" : seen->banner,
	    openssh ? "" : ", and must take OpenSSH's certificates");
	set(&c[1], CHECK_WARN,
	    "AuthorizedPrincipalsFile /etc/ssh/sallyport_principals/%u in "
	    "sshd_config",
	    "refused together with the above: "
	    "/etc/ssh/sallyport_principals/%s must hold %s@%s",
	    login, login, target);
	set(&c[2], CHECK_WARN,
	    "the login must exist, be unlocked, and be let in by AllowUsers, "
	    "DenyUsers and their groups; sshd -T there must say "
	    "pubkeyauthentication yes and have ssh-ed25519-cert-v01 among its "
	    "pubkeyacceptedalgorithms, ssh-ed25519 among its "
	    "casignaturealgorithms; its clock may be at most 5 minutes behind "
	    "the gateway's and 2 ahead: date -u",
	    "or the login %s is kept out, sshd takes no such keys or "
	    "signatures, or the target's clock is off%s%s",
	    login, seen->said[0] == '\0' ? "" : says, seen->said);
}

static void
refused(struct cause *c, const struct msg_ses_probed *seen, const char *login,
    const char *target)
{
	const char *why = causes_no_certificates(seen->banner);
	char left[64];

	all_causes(c, seen, login, target);
	if (FAULT(one_cause))
		return;
	methods_text(left, sizeof(left), seen->methods);
	if (why == NULL && seen->methods != 0 &&
	    (seen->methods & SSH_METHOD_PUBLICKEY) == 0)
		set(&c[0], CHECK_FAIL,
		    "PubkeyAuthentication yes, and publickey among the "
		    "AuthenticationMethods, in sshd_config, then reload sshd",
		    "the target takes no keys at all for %s, only:%s", login,
		    left);
	else if (why != NULL)
		set(&c[0], CHECK_FAIL, "install openssh-server on the target",
		    "%s (%s)", why, seen->banner);
	else
		return;
	set(&c[1], CHECK_SKIP, "", "not known");
	set(&c[2], CHECK_SKIP, "", "not known");
}

/* Nobody gets in for a login alone. */
static void
session_cause(struct cause *c, const struct msg_ses_probed *seen)
{
	const char *text =
	    seen->text[0] == '\0' ? "no more is known" : seen->text;

	switch ((enum probe_session)seen->session) {
	case PROBE_CLOSED:
		set(c, CHECK_FAIL,
		    "on the target: is ChrootDirectory (sshd -T -C user=LOGIN) "
		    "a folder that is there, with all above it root's and "
		    "nobody else's to write? Do PAM's session modules or the "
		    "login's limits end it? Its log says which",
		    "it lets the login in, and hangs up before a session is "
		    "open: %s%s%s",
		    text, seen->said[0] == '\0' ? "" : says, seen->said);
		return;
	case PROBE_REFUSED:
		set(c, CHECK_FAIL,
		    "MaxSessions in its sshd_config is 0, or a Match block for "
		    "the gateway's address sets it so: with 10, the default, "
		    "and sshd reloaded, sessions open",
		    "it lets the login in, and opens no session: %s", text);
		return;
	case PROBE_NO_EXEC:
		set(c, CHECK_WARN,
		    "if it is for sftp or a shell alone, that is as it should "
		    "be",
		    "a session opens, and takes no command: %s", text);
		return;
	case PROBE_SILENT:
		set(c, CHECK_WARN,
		    "if its ForceCommand or its shell is for one purpose "
		    "alone, sftp as an instance, that is as it should be; "
		    "else: is there a shell in its ChrootDirectory, and is it "
		    "in /etc/shells?",
		    "a session opens, and a command says nothing there");
		return;
	case PROBE_RAN:
		set(c, CHECK_OK, "", "a session opens, and a command runs");
		return;
	case PROBE_NONE:
	default:
		break;
	}
	if (seen->login_ok == 0)
		set(c, CHECK_SKIP, "", "not reached");
	else
		set(c, CHECK_FAIL, "its log says what it waits for",
		    "it lets the login in, and opens no session in time");
}

void
causes_of_login(struct cause ret[static CAUSES],
    const struct msg_ses_probed *seen, const char *login, const char *target)
{
	static const char *const names[CAUSES] = {
	    "CA trusted", "principal mapping", "login", "session"};

	for (size_t i = 0; i < CAUSES; i++) {
		ret[i].check = names[i];
		set(&ret[i], CHECK_SKIP, "", "not tried");
	}
	if (seen->key_ok == 0)
		return;
	if (seen->login_ok == 0 && seen->partial == 0 &&
	    seen->cert_known == 0) {
		refused(ret, seen, login, target);
		return;
	}
	set(&ret[0], CHECK_OK, "",
	    "the target took a certificate of this gateway");
	set(&ret[1], CHECK_OK, "", "%s@%s may log in as %s", login, target,
	    login);
	session_cause(&ret[3], seen);
	if (seen->login_ok != 0)
		set(&ret[2], CHECK_OK, "", "logged in as %s", login);
	else
		not_the_certificate(&ret[2], seen, login);
}
