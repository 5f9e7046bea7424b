/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve - see the header.
 */
#include "shipper/transport/resolve.h"

#include <netdb.h>
#include <string.h>

#include "base/err.h"

int
resolve(
    struct addr ret[static LIMIT_SINK_ADDRS], unsigned *retn, const char *host)
{
	const struct addrinfo want = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	uint16_t port;

	*retn = 0;
	if (addr_parse(&ret[0], host) == 0) {
		*retn = 1;
		return 0;
	}
	if (getaddrinfo(host, NULL, &want, &list) != 0)
		return GW_ENOENT;
	for (const struct addrinfo *a = list;
	     a != NULL && *retn < LIMIT_SINK_ADDRS; a = a->ai_next)
		if (addr_from_sockaddr(&ret[*retn], &port, a->ai_addr) == 0)
			(*retn)++;
	freeaddrinfo(list);
	return *retn > 0 ? 0 : GW_ENOENT;
}
