/* SPDX-License-Identifier: Apache-2.0 */
/*
 * testdata - JSON files of tests/unit/data for the unit tests. The folder is
 * $SALLYPORT_TEST_DATA, or tests/unit/data below the current folder.
 */
#ifndef TESTS_SUPPORT_TESTDATA_H
#define TESTS_SUPPORT_TESTDATA_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* Never NULL: the test fails with the file's name instead. */
json_t *testdata_json(const char *file);
/* A number of any size up to UINT64_MAX. */
uint64_t testdata_u64(const json_t *obj, const char *key);
/* Decodes a base64 member (absent or null: 0 bytes); returns the length. */
size_t testdata_b64(uint8_t *ret, size_t size, const json_t *value);

#endif
