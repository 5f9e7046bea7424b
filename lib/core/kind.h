/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kind - what a user is: a person, who proves it by key and code; a machine,
 * which has keys and networks that it asks from; or an agent, which has these
 * too, and an owner, a person, who lends it what they have (core/behalf.h). It
 * never changes.
 */
#ifndef CORE_KIND_H
#define CORE_KIND_H

/* The numbers are in stores: none changes its meaning. */
enum user_kind {
	KIND_NONE = 0, /* nothing is theirs */
	KIND_PERSON = 1,
	KIND_MACHINE = 2,
	KIND_AGENT = 3,
};

/* "machine"; "none" for what is none of them. */
const char *kind_str(enum user_kind k);
/* KIND_NONE: none is called so. */
enum user_kind kind_find(const char *name);

#endif
