/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_policy: a policy file from a stranger's repository. Either every entry
 * became a body of the API, or there are errors; never neither.
 */
#include <string.h>

#include "jitctl/gateway/policy_file.h"
#include "tests/fuzz/fuzz.h"

/* No name resolves: a fuzzer must not ask the network. */
static unsigned
nowhere(const char *name, struct addr ret[static LIMIT_SOURCES])
{
	(void)name;
	memset(ret, 0, LIMIT_SOURCES * sizeof(ret[0]));
	return 0;
}

static void
check_section(const json_t *p, const char *section, const char *name)
{
	const json_t *list = json_object_get(p, section);

	for (size_t i = 0; i < json_array_size(list); i++)
		must(json_is_string(
		    json_object_get(json_array_get(list, i), name)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml *y = NULL;
	json_t *p = policy_new();

	if (p == NULL || yaml_open(&y, "fuzz.yaml", data, size) != 0) {
		json_decref(p);
		return 0;
	}
	if (policy_add(p, y, nowhere) == 0 && yaml_errors(y) == 0) {
		must(yaml_root(y) != NULL);
		check_section(p, "users", "user");
		check_section(p, "targets", "target");
		check_section(p, "roles", "role");
	}
	yaml_close(y);
	json_decref(p);
	return 0;
}
