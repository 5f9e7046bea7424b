/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version - the versions of this client and of the libraries it uses.
 */
#include <openssl/crypto.h>

#include "base/fault.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/gateway/http.h"
#include "jitctl/term/out.h"

int
run_version(struct ctx *c)
{
	static const char version[] = SALLYPORT_VERSION;
	json_t *o = json_pack("{s:s,s:b,s:s,s:s,s:s}", "jitctl", version,
	    "fault_build", FAULT_BUILD ? 1 : 0, "libcurl", http_library(),
	    "openssl", OpenSSL_version(OPENSSL_VERSION), "jansson",
	    jansson_version_str());

	if (!out_object(c, o))
		(void)printf("jitctl %s%s\n%s\n%s\njansson %s\n", version,
		    FAULT_BUILD ? " (fault build, for tests only)" : "",
		    http_library(), OpenSSL_version(OPENSSL_VERSION),
		    jansson_version_str());
	json_decref(o);
	return EXIT_OK;
}
