/* SPDX-License-Identifier: Apache-2.0 */
/*
 * door - whether what is open opens from here: over both families, for the
 * addresses that the gateway sees now.
 */
#ifndef JITCTL_CMD_DOOR_H
#define JITCTL_CMD_DOOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/attr.h"
#include "jitctl/gateway/challenge.h"
#include "jitctl/jitctl.h"

enum { DOOR_TEXT_SIZE = 512 };

/* Knocks at the door of a grant (of the API) over each family it is for, and
 * writes what was seen: "gw port 2222 answers over IPv4 and IPv6". False: it is
 * shut over one of them at least. "" and true: there is nothing to knock at. */
bool door_knock(
    const struct ctx *c, const json_t *grant, char ret[static DOOR_TEXT_SIZE]);
/* Of a target that is reached directly: the address that ssh has to be told,
 * where its name does not lead there from here; "" where it does, or there is
 * none. */
void door_address(const json_t *grant, char ret[static ADDR_TEXT_SIZE]);
/* Why a grant does not serve one who is seen at these addresses: for another
 * address, or for one family only, where ssh would try the other. "" where it
 * does. */
void door_moved(const struct ctx *c, const json_t *grant,
    const struct challenges *seen, char ret[static DOOR_TEXT_SIZE]);
/* "198.51.100.7 and 2001:db8:1::7" */
void door_seen(const struct challenges *seen, char ret[static DOOR_TEXT_SIZE]);

#endif
