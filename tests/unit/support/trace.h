/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace - what a program under test does that costs: one line for each. It is
 * linked into a program of the tests that has the real one's objects
 * (traced_broker and its kind), so the real one pays nothing and does not know
 * of it. The lines go to a descriptor that proc_harness reads.
 *
 *	sync		a wait for the disk (fsync, fdatasync; SQLite's too)
 *	sql TEXT	a statement begins (traced_broker)
 */
#ifndef TESTS_SUPPORT_TRACE_H
#define TESTS_SUPPORT_TRACE_H

enum { TRACE_FD = 4 };

void trace_line(const char *text);

#endif
