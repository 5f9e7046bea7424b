/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - the one list of failures. 0 is success, a negative GW_E* is a failure
 * the caller passes upward; foreign codes (errno, libssh, SQLite) are turned
 * into these at the wrapper that met them and nowhere else. Expected answers
 * ("denied", "not found", "expired") are verdicts, not errors.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum gw_err {
	GW_OK = 0,
	GW_EINVAL = -1,   /* the caller's argument or a user's input is wrong */
	GW_ENOMEM = -2,   /* an allocation failed */
	GW_ESYS = -3,     /* a system call failed; errno is kept */
	GW_EPROTO = -4,   /* a peer broke the protocol */
	GW_ELIMIT = -5,   /* a named limit of limits.h was reached */
	GW_ESTATE = -6,   /* right request, wrong moment */
	GW_ENOENT = -7,   /* no such thing */
	GW_EEXIST = -8,   /* there already */
	GW_EDENIED = -9,  /* refused by a check */
	GW_ECRYPTO = -10, /* a signature, MAC or cipher operation failed */
	GW_EAGAIN = -11,  /* nothing now, try when the descriptor is ready */
	GW_ECLOSED = -12, /* the peer is gone */
	GW_ECORRUPT = -13,     /* stored data does not verify */
	GW_EUNSUPPORTED = -14, /* this kernel or library cannot do it */
	GW_EFULL = -15,        /* no room is left for it: a quota, a reserve */
};

/* A short English phrase for any code; never NULL; not for GW_ESYS alone:
 * append strerror(errno) there. */
const char *err_str(int err);

/*
 * What was wrong in a file or document a person wrote, and where. line and
 * column count from 1; 0 means "not known". hint may be empty.
 */
struct diag {
	char file[256];
	unsigned line;
	unsigned column;
	unsigned width; /* columns to underline, at least 1 */
	char text[256];
	char source[256]; /* the source line itself, for the caret */
};

#endif
