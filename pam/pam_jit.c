/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_jit - admits to a session only who came through the gateway:
 *
 *   session required pam_jit.so target=web-01 [ca=/etc/ssh/sallyport_ca.pub]
 *
 * in /etc/pam.d/sshd. It MUST be in the session stage: there sshd shows the
 * certificate (SSH_AUTH_INFO_0); in the account stage that variable is empty
 * for a certificate login, and empty must never be read as "nothing to check".
 * Every doubt denies: no variable, no CA file, an unknown argument, no memory.
 * Does no network, keeps no state, prints nothing to the user.
 */
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"
#include "pam/check.h"

struct options {
	const char *ca;
	const char *target;
};

static int
read_options(
    struct options *ret, pam_handle_t *pamh, int argc, const char **argv)
{
	ret->ca = "/etc/ssh/sallyport_ca.pub";
	ret->target = NULL;
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "ca=", 3) == 0)
			ret->ca = argv[i] + 3;
		else if (strncmp(argv[i], "target=", 7) == 0)
			ret->target = argv[i] + 7;
		else {
			pam_syslog(pamh, LOG_ERR,
			    "unknown argument \"%s\" (known: ca=FILE "
			    "target=NAME)",
			    argv[i]);
			return GW_EINVAL;
		}
	}
	if (ret->target == NULL || !str_name_ok(ret->target)) {
		pam_syslog(pamh, LOG_ERR,
		    "target=NAME is missing: name this host as the gateway "
		    "does");
		return GW_EINVAL;
	}
	return 0;
}

static int
check(pam_handle_t *pamh, const struct options *o, const char *login,
    const char *rhost)
{
	char principal[2 * LIMIT_NAME_SIZE];
	char key_id[PAM_KEY_ID_SIZE];
	char why[PAM_WHY_SIZE];
	struct pam_ca cas[LIMIT_PAM_CAS];
	struct secret text = {0};
	size_t ncas = 0;
	int r = PAM_PERM_DENIED;

	if (str_fmt(principal, sizeof(principal), "%s@%s", login, o->target) !=
	    0)
		return r;
	if (safefile_read(&text, o->ca, LIMIT_BODY_MAX, 0) != 0 ||
	    pam_cas_parse(cas, &ncas, (char *)text.p) != 0) {
		pam_syslog(pamh, LOG_ERR,
		    "%s: no usable CA key (must be root's, and nobody else's "
		    "to write)",
		    o->ca);
		goto out;
	}
	if (pam_check(pam_getenv(pamh, "SSH_AUTH_INFO_0"), cas, ncas, principal,
		rhost, (int64_t)time(NULL), key_id, why) == PAM_VERDICT_ADMIT) {
		pam_syslog(pamh, LOG_INFO, "admitted %s: %s", login, key_id);
		r = PAM_SUCCESS;
	} else {
		pam_syslog(pamh, LOG_NOTICE,
		    "refused %s: %s; come through the gateway", login, why);
	}
out:
	secret_free(&text);
	return r;
}

int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *login = NULL, *rhost = NULL;
	struct options o;

	(void)flags;
	if (read_options(&o, pamh, argc, argv) != 0)
		return PAM_PERM_DENIED;
	if (pam_get_item(pamh, PAM_USER, &login) != PAM_SUCCESS ||
	    login == NULL ||
	    pam_get_item(pamh, PAM_RHOST, &rhost) != PAM_SUCCESS)
		return PAM_PERM_DENIED;
	return check(pamh, &o, login, rhost);
}

int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
