/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - a host behind the gateway: where it is, what it is called, which
 * logins exist there and which host keys it must show. A pure value: names are
 * never resolved here, keys are never verified here.
 */
#ifndef CORE_TARGET_H
#define CORE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/limits.h"

struct label {
	char key[LIMIT_NAME_SIZE];
	char value[LIMIT_NAME_SIZE];
};

/* Lists of a fixed size; n of 0 is the empty one. */
struct name_list {
	unsigned n;
	char name[LIMIT_LIST][LIMIT_NAME_SIZE];
};

struct label_list {
	unsigned n;
	struct label label[LIMIT_LABELS];
};

struct port_list {
	unsigned n;
	uint16_t port[LIMIT_LIST];
};

struct prefix_list {
	unsigned n;
	struct prefix prefix[LIMIT_LIST];
};

struct target {
	char id[LIMIT_ID_SIZE]; /* its own, also after its name is another's */
	char name[LIMIT_NAME_SIZE];
	struct addr addr4, addr6; /* family 0 = absent */
	uint16_t port;
	uint8_t reach; /* enum grant_reach: PROXY or DIRECT */
	struct label_list labels;
	struct name_list logins;
	/* Pinned: u32 n, then n SSH strings, as MSG_SES_TARGET carries them. */
	uint8_t host_keys[LIMIT_HOSTKEYS_MAX];
	uint32_t host_keys_len;
};

/* Copies a name; what does not fit becomes "", which names nobody. */
void name_set(char ret[static LIMIT_NAME_SIZE], const char *s);

/* GW_EINVAL (not a name), GW_EEXIST (there already), GW_ELIMIT (full). */
MUST_CHECK int name_list_add(struct name_list *l, const char *name);
bool name_list_has(const struct name_list *l, const char *name);
/* "a, b, c" or "nothing" for people; cut with "..." when it does not fit. */
void name_list_text(char *ret, size_t size, const struct name_list *l);

/* GW_EINVAL, GW_EEXIST (that key has a value), GW_ELIMIT. */
MUST_CHECK int label_list_add(
    struct label_list *l, const char *key, const char *value);
/* True when every label of want stands in have; an empty want matches no
 * target (a forgotten selector must not mean "everything"). */
bool label_list_covers(
    const struct label_list *have, const struct label_list *want);

/* By their text, "22" and "10.0.0.0/8": GW_EINVAL, GW_EEXIST, GW_ELIMIT. */
MUST_CHECK int port_list_add(struct port_list *l, const char *text);
MUST_CHECK int prefix_list_add(struct prefix_list *l, const char *text);
enum { PREFIX_TEXT_SIZE = ADDR_TEXT_SIZE + 4 };
void prefix_format(char ret[static PREFIX_TEXT_SIZE], const struct prefix *p);
bool prefix_list_equal(
    const struct prefix_list *a, const struct prefix_list *b);
/* One of them has that address. */
bool prefix_list_has(const struct prefix_list *l, const struct addr *a);

/* Appends one public key blob. GW_EEXIST, GW_ELIMIT, GW_EINVAL (empty). */
MUST_CHECK int target_add_key(struct target *t, const void *blob, size_t n);
/* Calls fn for each pinned key; false if the encoding is broken. */
bool target_each_key(const struct target *t,
    void (*fn)(void *arg, const uint8_t *blob, size_t n), void *arg);
unsigned target_nkeys(const struct target *t);
bool target_has_key(const struct target *t, const void *blob, size_t n);
/* A name, an address, a port, a way, at least one login. */
bool target_ok(const struct target *t);
/* Field by field; labels, logins and keys as sets. */
bool target_equal(const struct target *a, const struct target *b);

#endif
