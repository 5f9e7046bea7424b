/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc - the processes of the gateway, as they name each other.
 */
#ifndef CORE_PROC_H
#define CORE_PROC_H

#include <stdint.h>

enum proc {
	PROC_NONE = 0, /* nobody: may send nothing */
	PROC_SUPERVISOR,
	PROC_BROKER,
	PROC_NOTARY,
	PROC_FIREWALL,
	PROC_API,     /* the HTTPS instance */
	PROC_ADMIN,   /* the admin-socket instance of the same binary */
	PROC_ZYGOTE,  /* sallyport-session before it forks */
	PROC_SESSION, /* one per SSH connection or probe */
	PROC_RECORDER,
	PROC_SHIPPER,
	PROC_COUNT
};

#define PROC_BIT(p) (1U << (unsigned)(p))

/* "broker", ...; "none" for anything else. */
const char *proc_name(enum proc p);

#endif
