/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help - see the header; and "jitctl help".
 */
#include "jitctl/cmd/help.h"

#include <string.h>
#include <sys/ioctl.h>

#include "jitctl/cmd/find.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"

enum { HELP_WIDTH = 80, NARROW = 64, INDENT = 6 };

/* That of the terminal where it is narrower than our lines. */
static int
width_of(FILE *f)
{
	struct winsize ws = {0};
	const int fd = fileno(f);

	if (fd < 0 || ioctl(fd, TIOCGWINSZ, &ws) != 0 || ws.ws_col < 20 ||
	    ws.ws_col > HELP_WIDTH)
		return HELP_WIDTH;
	return ws.ws_col;
}

/* A line of two columns; on a narrow terminal the second below the first,
 * broken at its spaces. */
static void
put_pair(FILE *f, int left_width, const char *left, const char *right)
{
	const int width = width_of(f);
	int col = 0;

	if (width >= NARROW) {
		(void)fprintf(f, "  %-*s %s\n", left_width, left, right);
		return;
	}
	(void)fprintf(f, "  %s\n%*s", left, INDENT, "");
	col = INDENT;
	while (*right != '\0') {
		const int n = (int)strcspn(right, " ");

		if (col > INDENT && col + 1 + n > width)
			col = fprintf(f, "\n%*s", INDENT, "") - 1;
		col += fprintf(f, "%s%.*s", col > INDENT ? " " : "", n, right);
		right += n;
		right += strspn(right, " ");
	}
	(void)fputc('\n', f);
}

void
help_usage(FILE *f, const struct cmd *c)
{
	const int width = width_of(f);
	const struct flag_set own = cmd_flags(c);
	char word[96];
	int col = fprintf(f, "usage: jitctl %s%s%s", c->name,
	    c->args[0] != '\0' ? " " : "", c->args);

	for (unsigned i = 0; i < F_COUNT; i++) {
		const struct flag_spec *s = flag_spec(i);

		if (!own.has[i])
			continue;
		(void)snprintf(word, sizeof(word), " [--%s%s%s]%s", s->name,
		    s->value != NULL ? " " : "",
		    s->value != NULL ? s->value : "",
		    s->kind == FLAG_MANY && !c->once.has[i] ? "..." : "");
		if (col + (int)strlen(word) > width)
			col = fprintf(f, "\n%*s", width >= NARROW ? 13 : INDENT,
				  "") -
			      1;
		col += fprintf(f, "%s", word);
	}
	(void)fputc('\n', f);
}

static void
print_flags(FILE *f, const struct cmd *c, const struct flag_set *set)
{
	char left[64];

	for (unsigned i = 0; i < F_COUNT; i++) {
		const struct flag_spec *s = flag_spec(i);
		char chr[8] = "    ";

		if (!set->has[i])
			continue;
		if (s->chr != 0)
			(void)snprintf(chr, sizeof(chr), "-%c, ", s->chr);
		(void)snprintf(left, sizeof(left), "%s--%s%s%s", chr, s->name,
		    s->value != NULL ? " " : "",
		    s->value != NULL ? s->value : "");
		put_pair(f, 28, left,
		    i == F_KEY && c->users_key != NULL ? c->users_key
						       : s->help);
	}
}

bool
help_noun(FILE *f, const struct cmd *cmds, const char *noun)
{
	for (unsigned i = 0; find_of_noun(cmds, noun, i) != NULL; i++) {
		const struct cmd *c = find_of_noun(cmds, noun, i);

		(void)fprintf(f, "%s  jitctl %s\n  %s\n", i > 0 ? "\n" : "",
		    c->example, c->what);
	}
	return find_of_noun(cmds, noun, 0) != NULL;
}

void
help_command(FILE *f, const struct cmd *c)
{
	const struct flag_set own = cmd_flags(c);
	struct flag_set common = cmd_common_flags();
	bool any = false;

	for (unsigned i = 0; i < F_COUNT; i++) {
		any = any || own.has[i];
		common.has[i] = common.has[i] && !own.has[i];
	}
	(void)fprintf(f, "  jitctl %s\n\n%s\n\n", c->example, c->what);
	help_usage(f, c);
	if (any) {
		(void)fputc('\n', f);
		print_flags(f, c, &own);
	}
	(void)fprintf(f, "\ncommon flags:\n");
	print_flags(f, c, &common);
	(void)fprintf(f, "\nMore: man jitctl\n");
}

void
help_all(FILE *f, const struct cmd *cmds)
{
	(void)fprintf(f,
	    "jitctl - ask a Sallyport gateway for access, for a while\n\n"
	    "  jitctl enroll\n"
	    "  jitctl request web-01 --for 2h --reason \"INC-4711\"\n"
	    "  jitctl status\n"
	    "  jitctl release web-01\n"
	    "  jitctl doctor\n\n");
	for (size_t i = 0; cmds[i].name != NULL; i++) {
		char left[64];

		(void)snprintf(left, sizeof(left), "%s%s%s", cmds[i].name,
		    cmds[i].args[0] != '\0' ? " " : "", cmds[i].args);
		put_pair(f, 34, left, cmds[i].what);
	}
	(void)fprintf(f, "\nMore: jitctl help COMMAND, man jitctl\n");
}

/* -------------------------------------------------------------- the command */

static json_t *
cmd_json(const struct cmd *cmd)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:s}", "command", cmd->name,
	    "arguments", cmd->args, "what", cmd->what, "example", cmd->example);
	const struct flag_set own = cmd_flags(cmd);
	json_t *flags = json_array();

	for (unsigned i = 0; i < F_COUNT; i++)
		if (own.has[i])
			(void)json_array_append_new(
			    flags, json_string(flag_spec(i)->name));
	(void)json_object_set_new(o, "flags", flags);
	return o;
}

/* All commands, or those that begin with a word: as a list for scripts. */
static bool
as_object(const struct ctx *c, const struct cmd *one, const char *noun)
{
	json_t *list = json_array();
	json_t *o = NULL;
	bool done = false;

	for (unsigned i = 0; c->cmds[i].name != NULL; i++) {
		const struct cmd *cmd = &c->cmds[i];
		const size_t n = noun != NULL ? strlen(noun) : 0;

		if ((one == NULL || cmd == one) &&
		    (noun == NULL || (strncmp(cmd->name, noun, n) == 0 &&
					 cmd->name[n] == ' ')))
			(void)json_array_append_new(list, cmd_json(cmd));
	}
	o = json_pack("{s:o}", "items", list);
	done = json_array_size(list) > 0 && out_object(c, o);
	json_decref(o);
	return done;
}

int
run_help(struct ctx *c)
{
	struct opts words = c->opt;
	const struct cmd *cmd = NULL;
	unsigned used = 0;
	char err[256];

	if (words.nargs == 0) {
		if (as_object(c, NULL, NULL))
			return EXIT_OK;
		help_all(stdout, c->cmds);
		return EXIT_OK;
	}
	cmd = find_command(c->cmds, &words, &used, err, sizeof(err));
	/* All of the noun, not only its list. */
	if (words.nargs == 1 && find_of_noun(c->cmds, words.arg[0], 1) != NULL)
		cmd = NULL;
	if (as_object(c, cmd, cmd == NULL ? words.arg[0] : NULL))
		return EXIT_OK;
	if (cmd == NULL && words.nargs == 1 &&
	    help_noun(stdout, c->cmds, words.arg[0]))
		return EXIT_OK;
	if (cmd == NULL) {
		say_error("%s", err);
		return EXIT_USAGE;
	}
	help_command(stdout, cmd);
	return EXIT_OK;
}
