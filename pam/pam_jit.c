/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pam_jit - admits to a session only who came through the gateway:
 *
 *   session required pam_jit.so target=web-01 [ca=/etc/ssh/sallyport_ca.pub]
 *       [breakglass_ca=FILE breakglass_from=PREFIX[,PREFIX]]
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
#include "base/fault.h"
#include "base/limits.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/glassca.h"
#include "pam/check.h"

struct options {
	const char *ca;
	const char *target;
	const char *glass_ca; /* NULL: no break-glass */
	struct prefix from[LIMIT_GLASS_FROM];
	size_t nfrom;
};

/* The value of an argument; NULL: it is another. */
static const char *
argument(const char *arg, const char *name)
{
	const size_t n = strlen(name);

	return strncmp(arg, name, n) == 0 ? arg + n : NULL;
}

static int
read_option(struct options *ret, pam_handle_t *pamh, const char *arg)
{
	const char *v = NULL;

	if ((v = argument(arg, "ca=")) != NULL) {
		ret->ca = v;
	} else if ((v = argument(arg, "target=")) != NULL) {
		ret->target = v;
	} else if ((v = argument(arg, "breakglass_ca=")) != NULL) {
		ret->glass_ca = v;
	} else if ((v = argument(arg, "breakglass_from=")) == NULL) {
		pam_syslog(pamh, LOG_ERR,
		    "unknown argument \"%s\" (known: ca=FILE target=NAME "
		    "breakglass_ca=FILE breakglass_from=PREFIX)",
		    arg);
		return GW_EINVAL;
	} else if (pam_from_parse(ret->from, &ret->nfrom, v) != 0) {
		pam_syslog(pamh, LOG_ERR,
		    "breakglass_from=\"%s\": prefixes like 10.9.0.0/24, %d at "
		    "most, not of everybody",
		    v, (int)LIMIT_GLASS_FROM);
		return GW_EINVAL;
	}
	return 0;
}

static int
read_options(
    struct options *ret, pam_handle_t *pamh, int argc, const char **argv)
{
	memset(ret, 0, sizeof(*ret));
	ret->ca = "/etc/ssh/sallyport_ca.pub";
	for (int i = 0; i < argc; i++)
		if (read_option(ret, pamh, argv[i]) != 0)
			return GW_EINVAL;
	if (ret->target == NULL || !str_name_ok(ret->target)) {
		pam_syslog(pamh, LOG_ERR,
		    "target=NAME is missing: name this host as the gateway "
		    "does");
		return GW_EINVAL;
	}
	if ((ret->glass_ca == NULL) != (ret->nfrom == 0)) {
		pam_syslog(pamh, LOG_ERR,
		    "breakglass_ca=FILE and breakglass_from=PREFIX belong "
		    "together");
		return GW_EINVAL;
	}
	return 0;
}

static int
read_cas(struct pam_ca ret[LIMIT_PAM_CAS], size_t *retn, pam_handle_t *pamh,
    const char *file)
{
	struct secret text = {0};
	int r = safefile_read(&text, file, LIMIT_BODY_MAX, 0);

	if (r == 0)
		r = pam_cas_parse(ret, retn, (char *)text.p);
	if (r != 0)
		pam_syslog(pamh, LOG_ERR,
		    "%s: no usable CA key (must be root's, and nobody else's "
		    "to write)",
		    file);
	secret_free(&text);
	return r;
}

/* One login, as far as both ways in ask the same of it. */
struct login {
	pam_handle_t *pamh;
	const char *name, *rhost, *auth_info;
	int64_t now_s;
};

static int
by_gateway(const struct options *o, const struct login *l)
{
	char principal[2 * LIMIT_NAME_SIZE];
	char key_id[PAM_KEY_ID_SIZE];
	char why[PAM_WHY_SIZE];
	struct pam_ca cas[LIMIT_PAM_CAS];
	size_t ncas = 0;

	if (str_fmt(principal, sizeof(principal), "%s@%s", l->name,
		o->target) != 0 ||
	    read_cas(cas, &ncas, l->pamh, o->ca) != 0)
		return PAM_PERM_DENIED;
	if (pam_check(l->auth_info, cas, ncas, principal, l->rhost, l->now_s,
		key_id, why) != PAM_VERDICT_ADMIT) {
		pam_syslog(l->pamh, LOG_NOTICE,
		    "refused %s: %s; come through the gateway", l->name, why);
		return PAM_PERM_DENIED;
	}
	pam_syslog(l->pamh, LOG_INFO, "admitted %s: %s", l->name, key_id);
	return PAM_SUCCESS;
}

/* The loudest line there is: nobody but this host sees it. */
static int
by_glass(const struct options *o, const struct login *l)
{
	char principal[sizeof(GLASSCA_LOGIN) + LIMIT_NAME_SIZE];
	char key_id[PAM_KEY_ID_SIZE];
	char why[PAM_WHY_SIZE];
	struct pam_ca cas[LIMIT_PAM_CAS];
	size_t ncas = 0;

	if (str_fmt(principal, sizeof(principal), GLASSCA_LOGIN "@%s",
		o->target) != 0 ||
	    read_cas(cas, &ncas, l->pamh, o->glass_ca) != 0)
		return PAM_PERM_DENIED;
	if (pam_check_glass(l->auth_info, cas, ncas, principal, l->rhost,
		o->from, o->nfrom, l->now_s, key_id,
		why) != PAM_VERDICT_ADMIT) {
		if (strncmp(key_id, GLASSCA_BY, strlen(GLASSCA_BY)) == 0)
			pam_syslog(l->pamh, LOG_NOTICE,
			    "refused %s as break-glass: %s", l->name, why);
		return PAM_PERM_DENIED;
	}
	if (!FAULT(pam_glass_quiet))
		pam_syslog(l->pamh, LOG_ALERT,
		    "BREAK-GLASS: admitted %s from %s, past the gateway: %s",
		    l->name, l->rhost, key_id);
	return PAM_SUCCESS;
}

int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const void *login = NULL, *rhost = NULL;
	struct login l = {.pamh = pamh, .now_s = (int64_t)time(NULL)};
	struct options o;
	int r = PAM_PERM_DENIED;

	(void)flags;
	if (read_options(&o, pamh, argc, argv) != 0)
		return PAM_PERM_DENIED;
	if (pam_get_item(pamh, PAM_USER, &login) != PAM_SUCCESS ||
	    login == NULL ||
	    pam_get_item(pamh, PAM_RHOST, &rhost) != PAM_SUCCESS)
		return PAM_PERM_DENIED;
	l.name = login;
	l.rhost = rhost;
	l.auth_info = pam_getenv(pamh, "SSH_AUTH_INFO_0");
	if (o.glass_ca != NULL)
		r = by_glass(&o, &l);
	return r == PAM_SUCCESS ? r : by_gateway(&o, &l);
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
