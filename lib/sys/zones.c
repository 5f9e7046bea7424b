/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zones - see the header.
 */
#include "sys/zones.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/safefile.h"
#include "base/secret.h"
#include "base/str.h"

enum {
	FILE_MAX = 64 * 1024, /* internal: the largest has 4 KiB */
	DEPTH_MAX = 4,        /* internal: "America/Argentina/Ushuaia" has 3 */
};

#define YEAR_S (INT64_C(366) * 86400)

struct walk {
	struct zone_table *table;
	char folder[PATH_MAX]; /* without links */
	int64_t since_s;
};

/* Names of files, not of zones; and the folders of two other readings. */
static bool
is_other(const char *name)
{
	static const char *const others[] = {
	    "posix", "right", "posixrules", "localtime", "Factory"};

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strcmp(name, others[i]) == 0)
			return true;
	return !zone_name_ok(name);
}

/* A link to another name leads to a file in the same folder; else it is none of
 * ours. */
static bool
is_inside(const struct walk *w, const char *path)
{
	const size_t n = strlen(w->folder);

	return strncmp(path, w->folder, n) == 0 && path[n] == '/';
}

static int
read_one(struct walk *w, const char *name, const char *path)
{
	char real[PATH_MAX];
	struct secret file = {0};
	struct zone z;
	int r = 0;

	if (realpath(path, real) == NULL || !is_inside(w, real) ||
	    safefile_read(&file, real, FILE_MAX, 0) != 0)
		return 0;
	r = zone_parse(&z, file.p, file.len, w->since_s);
	secret_free(&file);
	if (r == 0)
		r = zone_table_add(w->table, name, &z);
	return r == GW_ENOMEM ? r : 0;
}

static int read_folder(struct walk *w, const char *prefix, unsigned depth);

/* A folder, or a file that may be a zone. */
static int
read_entry(
    struct walk *w, const char *prefix, const char *entry, unsigned depth)
{
	char name[PATH_MAX], path[PATH_MAX];
	struct stat st;

	if (str_fmt(name, sizeof(name), "%s%s%s", prefix,
		prefix[0] != '\0' ? "/" : "", entry) != 0 ||
	    is_other(name) ||
	    str_fmt(path, sizeof(path), "%s/%s", w->folder, name) != 0 ||
	    lstat(path, &st) != 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return depth < DEPTH_MAX ? read_folder(w, name, depth + 1) : 0;
	return read_one(w, name, path);
}

static int
read_folder(struct walk *w, const char *prefix, unsigned depth)
{
	char path[PATH_MAX];
	const struct dirent *e = NULL;
	DIR *d = NULL;
	int r = 0;

	if (str_fmt(path, sizeof(path), "%s/%s", w->folder, prefix) != 0 ||
	    (d = opendir(path)) == NULL)
		return 0;
	while (r == 0 && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			r = read_entry(w, prefix, e->d_name, depth);
	(void)closedir(d);
	return r;
}

int
zones_read(struct zone_table **ret, const char *folder, int64_t utc_ms)
{
	struct walk w = {/* the first of January of last year is no later */
	    .since_s = utc_ms / 1000 - 2 * YEAR_S};
	int r = 0;

	if ((w.table = zone_table_new()) == NULL)
		return GW_ENOMEM;
	if (realpath(folder, w.folder) != NULL)
		r = read_folder(&w, "", 0);
	if (r != 0) {
		zone_table_free(w.table);
		return r;
	}
	*ret = w.table;
	return 0;
}
