/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - the words for the codes of err.h. Knows nothing of errno or of any
 * library's codes: those are converted where they are met.
 */
#include "base/err.h"

const char *
err_str(int err)
{
	switch (err) {
	case GW_OK:
		return "success";
	case GW_EINVAL:
		return "invalid input";
	case GW_ENOMEM:
		return "out of memory";
	case GW_ESYS:
		return "system call failed";
	case GW_EPROTO:
		return "the peer broke the protocol";
	case GW_ELIMIT:
		return "a limit was reached";
	case GW_ESTATE:
		return "not possible in this state";
	case GW_ENOENT:
		return "not found";
	case GW_EEXIST:
		return "exists already";
	case GW_EDENIED:
		return "refused by a check";
	case GW_ECRYPTO:
		return "a cryptographic operation failed";
	case GW_EAGAIN:
		return "not ready yet";
	case GW_ECLOSED:
		return "the peer is gone";
	case GW_ECORRUPT:
		return "stored data does not verify";
	case GW_EUNSUPPORTED:
		return "not supported by this kernel or library";
	case GW_EFULL:
		return "no room is left for it";
	default:
		return "unknown error";
	}
}
