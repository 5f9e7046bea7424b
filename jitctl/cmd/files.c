/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files - see the header.
 */
#include "jitctl/cmd/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "jitctl/gateway/policy_file.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

/* Prints the errors of a file; how many there are. */
static unsigned
add_file(json_t *policy, const char *path)
{
	struct yaml *y = NULL;
	unsigned errors = 1;

	if (yaml_open_file(&y, path) != 0 ||
	    policy_add(policy, y, policy_resolve_system) != 0) {
		say_error("out of memory");
	} else {
		errors = yaml_errors(y);
		yaml_print_errors(stderr, y);
	}
	yaml_close(y);
	return errors;
}

static int
is_policy(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return e->d_name[0] != '.' && dot != NULL &&
	       (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static unsigned
add_folder(json_t *policy, const char *path)
{
	struct dirent **list = NULL;
	const int n = scandir(path, &list, is_policy, alphasort);
	unsigned errors = 0;

	if (n <= 0) {
		say_error("%s: %s", path,
		    n < 0 ? strerror(errno) : "no .yaml file in it");
		free(list);
		return 1;
	}
	for (int i = 0; i < n; i++) {
		char file[4096];

		if (str_fmt(file, sizeof(file), "%s/%s", path,
			list[i]->d_name) == 0)
			errors += add_file(policy, file);
		else
			errors++;
		free(list[i]);
	}
	free(list);
	return errors;
}

static json_t *
read_all(const struct ctx *c, unsigned *reterrors)
{
	json_t *policy = policy_new();
	json_t *places = policy_new(); /* the same lists, of where they are */

	if (policy != NULL)
		(void)json_object_set_new(policy, "places", places);
	else
		json_decref(places);
	*reterrors = 0;
	for (unsigned i = 0; policy != NULL && i < c->opt.n[F_FILE]; i++) {
		const char *path = c->opt.value[F_FILE][i];
		struct stat st = {0};

		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			*reterrors += add_folder(policy, path);
		else
			*reterrors += add_file(policy, path);
	}
	return policy;
}

json_t *
files_read(const struct ctx *c)
{
	unsigned errors = 0;
	json_t *policy = NULL;

	if (!opt_has(&c->opt, F_FILE)) {
		say_error("which file? -f policy.yaml");
		return NULL;
	}
	policy = read_all(c, &errors);
	if (policy != NULL && opt_has(&c->opt, F_TESTS))
		errors += add_file(policy, opt_get(&c->opt, F_TESTS));
	if (policy != NULL && errors == 0)
		return policy;
	(void)fprintf(stderr,
	    "%u error%s. Nothing was changed at the gateway.\n", errors,
	    errors == 1 ? "" : "s");
	json_decref(policy);
	return NULL;
}
