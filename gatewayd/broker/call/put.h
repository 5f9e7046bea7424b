/* SPDX-License-Identifier: Apache-2.0 */
/*
 * put - values into JSON objects. A NULL object is passed over, so chains need
 * one check at the end.
 */
#ifndef BROKER_CALL_PUT_H
#define BROKER_CALL_PUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "core/target.h"
#include "wire/json.h"

/* NULL v is passed over. Text that is not plain is escaped: much of it comes
 * from banners and libraries, and ends on somebody's terminal. */
void put_str(json_t *o, const char *key, const char *v);
/* Stops at LIMIT_NUMBER_MAX. */
void put_num(json_t *o, const char *key, int64_t v);
void put_count(
    json_t *o, const char *key, uint64_t v); /* EVENT_COUNT_UNKNOWN = null */
void put_bool(json_t *o, const char *key, bool v);
void put_time(json_t *o, const char *key, int64_t utc_ms); /* 0 = null */
/* Appends to a list, if there is an address. */
void put_addr(json_t *list, const struct addr *a);
/* "admin", "auditor" and all "rights". */
void put_rights(json_t *o, uint8_t rights);
/* A new list of strings; NULL: out of memory. */
json_t *names_json(const struct name_list *l);
json_t *prefixes_json(const struct prefix_list *l);

/* "roles": those that decided; of what is older than that, its role. */
void put_deciding(json_t *o, const char *role, const char *roles);

#endif
