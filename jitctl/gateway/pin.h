/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pin - the hash by which a profile knows its gateway's key.
 */
#ifndef JITCTL_GATEWAY_PIN_H
#define JITCTL_GATEWAY_PIN_H

#include <stdbool.h>

/* Hex SHA-256 of the SubjectPublicKeyInfo of a PEM certificate; false, *ret as
 * it was, when it is none. */
bool pin_of_pem(const char *pem, char ret[static 65]);

#endif
