/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_file - see the header.
 */
#include "jitctl/gateway/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "jitctl/term/say.h"
#include "ssh/sshkey.h"

enum { LINE_MAX_BYTES = LIMIT_PUBKEY_MAX * 2 };

/* The keys of one file, comments and blank lines aside. */
static bool
add_keys(json_t *list, const char *path, FILE *in)
{
	char line[LINE_MAX_BYTES];
	struct sshkey k;
	unsigned no = 0;
	unsigned found = 0;

	while (fgets(line, sizeof(line), in) != NULL) {
		no++;
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (sshkey_parse_line(&k, line) != 0) {
			say_error(
			    "%s:%u: not a public key (ssh-ed25519, ecdsa, "
			    "ssh-rsa from 3072 bits, sk)%s",
			    path, no,
			    strstr(line, "PRIVATE KEY") != NULL
				? "; this is a private key: name its .pub file"
				: "");
			return false;
		}
		if (json_array_append_new(list, json_string(line)) != 0)
			return false;
		found++;
	}
	if (found == 0)
		say_error("%s: it holds no public key", path);
	return found > 0;
}

static bool
add_file(json_t *list, const char *path)
{
	const bool is_stdin = strcmp(path, "-") == 0;
	FILE *in = is_stdin ? stdin : fopen(path, "re");
	bool ok = false;

	if (in == NULL)
		say_error("%s: %s", path, strerror(errno));
	else
		ok = add_keys(list, is_stdin ? "stdin" : path, in);
	if (in != NULL && !is_stdin)
		(void)fclose(in);
	return ok;
}

json_t *
key_file_array(const char *path)
{
	json_t *list = json_array();

	if (list != NULL && add_file(list, path))
		return list;
	json_decref(list);
	return NULL;
}

json_t *
key_files_array(const struct ctx *c, enum flag f)
{
	json_t *list = json_array();

	for (unsigned i = 0; list != NULL && i < c->opt.n[f]; i++)
		if (!add_file(list, c->opt.value[f][i])) {
			json_decref(list);
			return NULL;
		}
	return list;
}
