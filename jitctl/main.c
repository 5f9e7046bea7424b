/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main - finds the command, reads the flags, runs it. Nothing else.
 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/str.h"
#include "jitctl/cmd/find.h"
#include "jitctl/cmd/help.h"
#include "jitctl/cmd/table.h"
#include "jitctl/cmd/waiting.h"
#include "jitctl/gateway/http.h"
#include "jitctl/gateway/profile.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static bool
read_output(struct ctx *c, const struct cmd *cmd)
{
	static const char *const names[] = {
	    "table", "wide", "json", "yaml", "name", "csv"};
	const char *s = opt_get(&c->opt, F_OUTPUT);

	if (s == NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(names[i], s) == 0 && (i != OUT_CSV || cmd->csv)) {
			c->out = (enum out_format)i;
			return true;
		}
	}
	say_error("-o: use table, wide, json, yaml%s",
	    cmd->csv ? ", name or csv" : " or name");
	return false;
}

/* The key that is to sign. --key is another name of --identity, except where it
 * names the key of somebody else. */
static const char *
read_identity(const struct ctx *c, const struct cmd *cmd)
{
	const char *key = opt_get(&c->opt, F_IDENTITY);

	if (key == NULL && cmd->users_key == NULL)
		key = opt_get(&c->opt, F_KEY);
	if (key == NULL || key[0] == '\0')
		key = getenv("JITCTL_KEY");
	return key != NULL && key[0] != '\0' ? key : NULL;
}

static bool
read_common(struct ctx *c, const struct cmd *cmd)
{
	c->quiet = opt_has(&c->opt, F_QUIET);
	c->debug = opt_has(&c->opt, F_DEBUG);
	c->no_input = opt_has(&c->opt, F_NO_INPUT);
	c->yes = opt_has(&c->opt, F_YES);
	c->socket = opt_get(&c->opt, F_SOCKET);
	if (c->socket == NULL)
		c->socket = getenv("JITCTL_SOCKET");
	if (c->socket != NULL && c->socket[0] == '\0')
		c->socket = NULL;
	c->identity = read_identity(c, cmd);
	self_set(c);
	return read_output(c, cmd);
}

/* Removes the command's own words: only its arguments are left. */
static void
drop_words(struct opts *o, unsigned n)
{
	for (unsigned i = n; i < o->nargs; i++)
		o->arg[i - n] = o->arg[i];
	o->nargs -= n;
}

static void
usage(const struct cmd *cmd)
{
	if (!say_is_json())
		help_usage(stderr, cmd);
}

/* Parses twice: the first time, with all flags allowed, only finds the
 * command. NULL, and *rethelp: none, but help on all. */
static const struct cmd *
read_command(struct ctx *c, int argc, char *const *argv, bool *rethelp)
{
	struct opts words;
	char err[256];
	unsigned used = 0;
	const struct cmd *cmd = NULL;
	struct flag_set common, allowed;
	bool parsed = false;

	parsed = opt_parse(&words, argc, argv, NULL, err, sizeof(err));
	/* Errors from here on are as -o asks, as far as it was read. */
	if (opt_has(&words, F_OUTPUT) &&
	    strcmp(opt_get(&words, F_OUTPUT), "json") == 0)
		say_errors_as_json(true);
	if (!parsed) {
		say_error("%s", err);
		return NULL;
	}
	*rethelp = words.nargs == 0 && opt_has(&words, F_HELP);
	if (*rethelp)
		return NULL;
	cmd = find_command(c->cmds, &words, &used, err, sizeof(err));
	if (cmd == NULL) {
		say_error("%s", err);
		return NULL;
	}
	common = cmd_common_flags();
	allowed = flags_either(&cmd->flags, &common);
	if (!opt_parse(&c->opt, argc, argv, &allowed, err, sizeof(err)) ||
	    !opt_once(&c->opt, &cmd->once, err, sizeof(err))) {
		say_error("%s", err);
		usage(cmd);
		return NULL;
	}
	drop_words(&c->opt, used);
	return cmd;
}

/* It says itself what waits. */
static bool
is_about_waiting(const struct cmd *cmd)
{
	static const char *const names[] = {"requests ls", "requests show",
	    "approve", "deny", "cancel", "wait", "status"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(cmd->name, names[i]) == 0)
			return true;
	return false;
}

static int
run(struct ctx *c, const struct cmd *cmd)
{
	int x = EXIT_OK;

	if (c->opt.nargs < cmd->min_args || c->opt.nargs > cmd->max_args) {
		say_error("%s: %s", cmd->name,
		    c->opt.nargs < cmd->min_args ? "an argument is missing"
						 : "too many arguments; texts "
						   "with spaces need quotes");
		usage(cmd);
		return EXIT_USAGE;
	}
	if (c->socket == NULL && !cmd->local &&
	    (x = profile_choose(c)) != EXIT_OK)
		return x;
	x = cmd->run(c);
	if (!cmd->local && !is_about_waiting(cmd))
		waiting_tell_aside(c);
	if (c->unconfirmed && x == EXIT_OK)
		x = EXIT_FAILED;
	return x;
}

/* What was flushed meanwhile may have failed then. */
static int
written(int x)
{
	if ((fflush(stdout) == 0 && ferror(stdout) == 0) || x != EXIT_OK)
		return x;
	if (out_reader_left())
		return EXIT_NO_READER;
	say_error("the output could not be written");
	return EXIT_FAILED;
}

/* Opens 0, 1 and 2 if they are closed, so that none becomes the connection that
 * a table is printed into: reads and writes on them still fail. */
static bool
fill_std_fds(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null",
			fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return false;
	return true;
}

static void
on_pipe(int sig)
{
	(void)sig;
}

/* The write that nobody reads fails, to be told from a disk that is full; a
 * gateway that hangs up ends nobody either. Not SIG_IGN, which ssh would get
 * from us. */
static void
survive_pipes(void)
{
	struct sigaction sa = {.sa_handler = on_pipe, .sa_flags = SA_RESTART};

	(void)sigemptyset(&sa.sa_mask);
	(void)sigaction(SIGPIPE, &sa, NULL);
}

int
main(int argc, char **argv)
{
	struct ctx c = {.cmds = cmd_table()};
	const struct cmd *cmd = NULL;
	bool help = false;
	int x = EXIT_USAGE;

	if (!fill_std_fds())
		return EXIT_FAILED;
	secret_no_dumps();
	survive_pipes();
	/* Only for the width of characters: no number depends on it. */
	if (setlocale(LC_CTYPE, "") == NULL)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)umask(077);
	if (argc <= 1) {
		help_all(stdout, c.cmds);
		return written(EXIT_OK);
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return written(run_version(&c));
	cmd = read_command(&c, argc - 1, argv + 1, &help);
	if (help) {
		help_all(stdout, c.cmds);
		return written(EXIT_OK);
	}
	if (cmd != NULL && opt_has(&c.opt, F_HELP)) {
		help_command(stdout, cmd);
		return written(EXIT_OK);
	}
	if (cmd != NULL && read_common(&c, cmd))
		x = written(run(&c, cmd));
	http_done(&c);
	return x;
}
