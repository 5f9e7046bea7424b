/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc - names of the processes.
 */
#include "core/proc.h"

#include <stddef.h>

const char *
proc_name(enum proc p)
{
	static const char *const names[PROC_COUNT] = {
	    [PROC_NONE] = "none",
	    [PROC_SUPERVISOR] = "supervisor",
	    [PROC_BROKER] = "broker",
	    [PROC_NOTARY] = "notary",
	    [PROC_FIREWALL] = "firewall",
	    [PROC_API] = "api",
	    [PROC_ADMIN] = "admin",
	    [PROC_ZYGOTE] = "zygote",
	    [PROC_SESSION] = "session",
	    [PROC_RECORDER] = "recorder",
	    [PROC_SHIPPER] = "shipper",
	};

	if ((unsigned)p >= PROC_COUNT || names[p] == NULL)
		return "none";
	return names[p];
}
