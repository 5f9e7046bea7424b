/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check - did this login come through the gateway? Judges the certificate that
 * sshd says the user logged in with. Pure: no I/O, no clock, no PAM.
 */
#ifndef PAM_CHECK_H
#define PAM_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/limits.h"

enum pam_verdict {
	PAM_VERDICT_DENY = 0, /* no certificate, or any doubt */
	PAM_VERDICT_ADMIT,
};

enum { PAM_WHY_SIZE = 128, PAM_KEY_ID_SIZE = 256 };

struct pam_ca {
	uint8_t blob[128];
	size_t len;
};

/* One "ssh-ed25519 AAAA..." line per CA; others are passed over. */
MUST_CHECK int pam_cas_parse(
    struct pam_ca ret[LIMIT_PAM_CAS], size_t *retn, char *text);

/*
 * auth_info is sshd's SSH_AUTH_INFO_0: one "method details" line per method.
 * Admits only if one line is "publickey ssh-ed25519-cert-v01@openssh.com B64",
 * and that is a user certificate, signed by one of the CAs, valid at now_s
 * (30 s of clock difference are forgiven), for exactly the principal, and for
 * logins from rhost (an address, may be NULL: nobody) only, with a key id of
 * ours. retkey_id and retwhy are always set (perhaps to "").
 */
enum pam_verdict pam_check(const char *auth_info, const struct pam_ca *cas,
    size_t ncas, const char *principal, const char *rhost, int64_t now_s,
    char retkey_id[static PAM_KEY_ID_SIZE], char retwhy[static PAM_WHY_SIZE]);

/*
 * Break-glass, for when the gateway is down. The same, but by a CA of its own
 * (core/glassca.h): the certificate lives for as long as one of jitctl's at
 * most, has that principal alone, and prefixes where the above has an address.
 * rhost is in one of them, and in one of from.
 */
enum pam_verdict pam_check_glass(const char *auth_info,
    const struct pam_ca *cas, size_t ncas, const char *principal,
    const char *rhost, const struct prefix *from, size_t nfrom, int64_t now_s,
    char retkey_id[static PAM_KEY_ID_SIZE], char retwhy[static PAM_WHY_SIZE]);
/* "10.9.0.0/24,2001:db8:9::/64"; GW_EINVAL, GW_ELIMIT. */
MUST_CHECK int pam_from_parse(
    struct prefix ret[LIMIT_GLASS_FROM], size_t *retn, const char *list);

#endif
