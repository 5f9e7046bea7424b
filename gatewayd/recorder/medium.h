/* SPDX-License-Identifier: Apache-2.0 */
/*
 * medium - does the folder of recordings take any? A recorder that could write
 * there, and cannot any more, makes way for another, which opens it anew:
 * sessions send that one again what this one had not written. One that never
 * could says so, and tries again whenever it is asked.
 */
#ifndef RECORDER_MEDIUM_H
#define RECORDER_MEDIUM_H

#include <stdbool.h>
#include <sys/stat.h>

#include "process/process.h"

struct medium {
	struct process *process;
	const char *path; /* of the folder, */
	int dir;          /* as it was opened */
	bool wrote;       /* there, once */
	bool leaving;     /* another recorder follows */
	int told;         /* the errno that is on record; 0: it can write */
};

/* At the start: tries it. path is borrowed. */
void medium_init(
    struct medium *m, struct process *r, const char *path, int dir);
/* Something failed with that errno. True: this process ends, and nobody needs
 * to hear that their recording failed: it goes on with the next one. */
bool medium_failed(struct medium *m, int error);
/* Tries it. ret: why not, and what comes of that; "" = it can. A full disk is
 * not what this is about. */
void medium_look(struct medium *m, char ret[static LIMIT_TEXT_SIZE]);

#endif
