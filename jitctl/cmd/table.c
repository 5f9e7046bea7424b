/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd - the command table and the texts made from it.
 */
#include "jitctl/cmd/cmd.h"

#include <string.h>

#include "base/str.h"

#define B(f) FLAG_BIT(F_##f)
#define WITH_CODE B(CODE_FILE)

enum { HELP_WIDTH = 80 };

/* The daily ones first; help keeps this order. */
static const struct cmd cmds[] = {
    {.name = "request",
	.args = "TARGET",
	.min_args = 1,
	.max_args = 1,
	.flags = B(FOR) | B(REASON) | B(LOGIN) | B(PORT) | B(FROM) |
		 B(IDEMPOTENCY) | WITH_CODE,
	.what = "ask for access and open the door",
	.example = "request web-01 --for 2h --reason \"INC-4711 disk full\"",
	.run = run_request},
    {.name = "status",
	.args = "",
	.what = "who am I, what is open",
	.example = "status",
	.run = run_status},
    {.name = "grants ls",
	.args = "",
	.flags = B(ALL),
	.what = "list live grants",
	.example = "grants -o json",
	.run = run_grants},
    {.name = "release",
	.args = "GRANT",
	.min_args = 1,
	.max_args = 1,
	.flags = WITH_CODE,
	.what = "end a grant of mine early",
	.example = "release g-7Q2MXK4P",
	.run = run_release},
    {.name = "targets ls",
	.args = "",
	.what = "list targets",
	.example = "targets",
	.run = run_targets},
    {.name = "sessions ls",
	.args = "",
	.flags = B(ALL),
	.what = "list sessions",
	.example = "sessions ls --all",
	.run = run_sessions},
    {.name = "sessions play",
	.args = "SESSION",
	.min_args = 1,
	.max_args = 1,
	.flags = B(SPEED) | B(IDLE) | B(CHANNEL),
	.what = "play a recording in this terminal",
	.example = "sessions play s-9D3FAB2K --speed 4 --idle 1s",
	.run = run_session_play},
    {.name = "whoami",
	.args = "",
	.what = "one line: user and gateway",
	.example = "whoami",
	.run = run_whoami},
    {.name = "enroll",
	.args = "",
	.flags = B(INVITE_FILE) | B(TEXT) | B(CONFIRM) | WITH_CODE,
	.what = "join a gateway with an invitation",
	.example = "enroll",
	.run = run_enroll},
    {.name = "ssh-config",
	.args = "",
	.what = "print what ssh needs to know",
	.example = "ssh-config",
	.run = run_ssh_config},
    {.name = "known-hosts",
	.args = "",
	.what = "print the gateway's known_hosts line",
	.example = "known-hosts >> ~/.ssh/known_hosts",
	.run = run_known_hosts},
    {.name = "doctor",
	.args = "[TARGET]",
	.max_args = 1,
	.flags = WITH_CODE,
	.what = "test this client, or a target",
	.example = "doctor web-01",
	.run = run_doctor},
    {.name = "revoke",
	.args = "GRANT",
	.min_args = 1,
	.max_args = 1,
	.flags = WITH_CODE,
	.what = "end anybody's grant (admin)",
	.example = "revoke g-7Q2MXK4P",
	.run = run_revoke},
    {.name = "sessions kill",
	.args = "SESSION",
	.min_args = 1,
	.max_args = 1,
	.flags = WITH_CODE,
	.what = "end a session (admin)",
	.example = "sessions kill s-9D3FAB2K",
	.run = run_session_kill},
    {.name = "target add",
	.args = "NAME ADDRESS[,ADDRESS]",
	.min_args = 2,
	.max_args = 2,
	.flags = B(PORT) | B(SCAN) | B(HOST_KEY) | B(LOGIN) | B(LABEL) |
		 B(REACH) | WITH_CODE,
	.what = "add or change a target (admin)",
	.example = "target add web-01 10.20.0.11 --scan --login deploy --label "
		   "env=prod",
	.run = run_target_add},
    {.name = "target rm",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.flags = WITH_CODE,
	.what = "remove a target (admin)",
	.example = "target rm web-01",
	.run = run_target_rm},
    {.name = "user add",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.flags = B(ADMIN) | B(AUDITOR) | B(GROUP) | B(STATE) | B(RESET_CODE) |
		 WITH_CODE,
	.what = "add or change a user, invite (admin)",
	.example = "user add alice --key alice.pub --group ops",
	.run = run_user_add,
	.key_is_users = true},
    {.name = "users ls",
	.args = "",
	.what = "list users (auditor)",
	.example = "users",
	.run = run_users},
    {.name = "role set",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.flags = B(USER) | B(GROUP) | B(TARGET) | B(LABEL) | B(LOGIN) |
		 B(PORT) | B(MAX) | B(SOURCE) | B(MFA_AGE) |
		 B(REASON_OPTIONAL) | B(ALLOW) | B(NO_RECORD) | B(DENY) |
		 WITH_CODE,
	.what = "add or change a role (admin)",
	.example =
	    "role set ops --group ops --label env=prod --login deploy --max 3h",
	.run = run_role_set},
    {.name = "role rm",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.flags = WITH_CODE,
	.what = "remove a role (admin)",
	.example = "role rm ops",
	.run = run_role_rm},
    {.name = "roles ls",
	.args = "",
	.what = "list roles",
	.example = "roles -o yaml",
	.run = run_roles},
    {.name = "apply",
	.args = "",
	.flags = B(FILE) | B(DRY_RUN) | WITH_CODE,
	.what = "make all as policy files say (admin)",
	.example = "apply -f policy.yaml --dry-run",
	.run = run_apply},
    {.name = "audit tail",
	.args = "",
	.flags = B(FOLLOW) | B(LINES),
	.what = "show the newest records (auditor)",
	.example = "audit tail -f",
	.run = run_audit_tail},
    {.name = "audit search",
	.args = "",
	.flags = B(USER) | B(TARGET) | B(CODE) | B(EVENT) | B(GRANT) | B(SID) |
		 B(SINCE) | B(UNTIL),
	.what = "find records (auditor)",
	.example =
	    "audit search --target web-01 --since 24h --event session.end",
	.run = run_audit_search},
    {.name = "audit verify",
	.args = "",
	.flags = B(DIR) | B(VKEY),
	.what = "prove that no record was changed",
	.example = "audit verify --dir ./export --vkey log.vkey",
	.run = run_audit_verify},
    {.name = "version",
	.args = "",
	.what = "versions of this client and its libraries",
	.example = "version",
	.run = run_version,
	.local = true},
    {.name = "help",
	.args = "[COMMAND]",
	.max_args = 2,
	.what = "explain a command",
	.example = "help request",
	.run = run_help,
	.local = true},
};

const struct cmd *
cmd_at(unsigned n)
{
	return n < ARRAY_LEN(cmds) ? &cmds[n] : NULL;
}

uint64_t
cmd_common_flags(void)
{
	return B(HELP) | B(OUTPUT) | B(QUIET) | B(YES) | B(NO_INPUT) |
	       B(DEBUG) | B(PROFILE) | B(GATEWAY) | B(IDENTITY) | B(KEY) |
	       B(SOCKET);
}

/* "grants" finds "grants ls": the list is what a noun alone means. */
static const struct cmd *
match(const char *first, const char *second, unsigned *retused)
{
	char two[64];

	for (size_t i = 0; i < ARRAY_LEN(cmds); i++) {
		if (second != NULL &&
		    str_fmt(two, sizeof(two), "%s %s", first, second) == 0 &&
		    strcmp(cmds[i].name, two) == 0) {
			*retused = 2;
			return &cmds[i];
		}
	}
	*retused = 1;
	if (str_fmt(two, sizeof(two), "%s ls", first) != 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(cmds); i++)
		if (strcmp(cmds[i].name, first) == 0 ||
		    (second == NULL && strcmp(cmds[i].name, two) == 0))
			return &cmds[i];
	return NULL;
}

/* The nth command that is this noun and a verb; NULL past the last. */
static const struct cmd *
of_noun(const char *noun, unsigned n)
{
	const size_t len = strlen(noun);

	for (size_t i = 0; i < ARRAY_LEN(cmds); i++)
		if (strncmp(cmds[i].name, noun, len) == 0 &&
		    cmds[i].name[len] == ' ' && n-- == 0)
			return &cmds[i];
	return NULL;
}

/* "target" alone, or with a verb that there is not. */
static void
say_verbs(const char *noun, char *reterr, size_t size)
{
	size_t at = 0;

	(void)snprintf(reterr, size, "%s what? There are: ", noun);
	for (unsigned i = 0; of_noun(noun, i) != NULL; i++) {
		at = strlen(reterr);
		(void)snprintf(reterr + at, size - at, "%s%s",
		    i > 0 ? ", " : "", of_noun(noun, i)->name);
	}
}

static void
guess(const char *first, const char *second, char *reterr, size_t size)
{
	const char *best = NULL;
	unsigned least = 4;
	char typed[64];
	char shown[128];
	char noun[64];

	if (str_fmt(typed, sizeof(typed), "%s%s%s", first,
		second != NULL ? " " : "", second != NULL ? second : "") != 0)
		str_escape(typed, sizeof(typed), first, strlen(first));
	for (size_t i = 0; i < ARRAY_LEN(cmds); i++) {
		const char *name = cmds[i].name;
		unsigned d = str_distance(typed, name);
		const unsigned d1 = str_distance(first, name);

		/* A noun by itself: grnts -> grants. */
		(void)snprintf(
		    noun, sizeof(noun), "%.*s", (int)strcspn(name, " "), name);
		if (d1 < d)
			d = d1;
		if (second == NULL && str_distance(first, noun) < d)
			d = str_distance(first, noun);
		if (d < least && d < strlen(first)) {
			least = d;
			best = name;
		}
	}
	if (of_noun(first, 0) != NULL &&
	    (second == NULL || best == NULL || strchr(best, ' ') == NULL)) {
		say_verbs(first, reterr, size);
		return;
	}
	/* The second word belongs to the command only if the guess has two. */
	if (best == NULL || strchr(best, ' ') == NULL)
		second = NULL;
	if (str_fmt(typed, sizeof(typed), "%s%s%s", first,
		second != NULL ? " " : "", second != NULL ? second : "") != 0)
		memcpy(typed, "?", 2);
	str_escape(shown, sizeof(shown), typed, strlen(typed));
	(void)snprintf(reterr, size, "unknown command \"%s\"%s%s%s", shown,
	    best != NULL ? "; did you mean \"" : "; see: jitctl help",
	    best != NULL ? best : "", best != NULL ? "\"?" : "");
}

const struct cmd *
cmd_find(const struct opts *words, unsigned *retused, char *reterr, size_t size)
{
	const char *first = words->nargs > 0 ? words->arg[0] : NULL;
	const char *second = words->nargs > 1 ? words->arg[1] : NULL;
	const struct cmd *c = NULL;

	*retused = 0;
	if (first == NULL) {
		(void)snprintf(reterr, size, "no command; see: jitctl help");
		return NULL;
	}
	c = match(first, second, retused);
	if (c == NULL)
		guess(first, second, reterr, size);
	return c;
}

/* ----------------------------------------------------------------- help */

void
cmd_usage(FILE *f, const struct cmd *c)
{
	char word[96];
	int col = fprintf(f, "usage: jitctl %s%s%s", c->name,
	    c->args[0] != '\0' ? " " : "", c->args);

	for (unsigned i = 0; i < F_COUNT; i++) {
		const struct flag_spec *s = flag_spec(i);

		if ((c->flags & FLAG_BIT(i)) == 0)
			continue;
		(void)snprintf(word, sizeof(word), " [--%s%s%s]%s", s->name,
		    s->value != NULL ? " " : "",
		    s->value != NULL ? s->value : "",
		    s->kind == FLAG_MANY ? "..." : "");
		if (col + (int)strlen(word) > HELP_WIDTH)
			col = fprintf(f, "\n             ") - 1;
		col += fprintf(f, "%s", word);
	}
	(void)fputc('\n', f);
}

static void
print_flags(FILE *f, uint64_t mask)
{
	char left[64];

	for (unsigned i = 0; i < F_COUNT; i++) {
		const struct flag_spec *s = flag_spec(i);
		char chr[8] = "    ";

		if ((mask & FLAG_BIT(i)) == 0)
			continue;
		if (s->chr != 0)
			(void)snprintf(chr, sizeof(chr), "-%c, ", s->chr);
		(void)snprintf(left, sizeof(left), "%s--%s%s%s", chr, s->name,
		    s->value != NULL ? " " : "",
		    s->value != NULL ? s->value : "");
		(void)fprintf(f, "  %-28s %s\n", left, s->help);
	}
}

bool
cmd_help_noun(FILE *f, const char *noun)
{
	for (unsigned i = 0; of_noun(noun, i) != NULL; i++) {
		const struct cmd *c = of_noun(noun, i);

		(void)fprintf(f, "%s  jitctl %s\n  %s\n", i > 0 ? "\n" : "",
		    c->example, c->what);
	}
	return of_noun(noun, 0) != NULL;
}

void
cmd_help(FILE *f, const struct cmd *c)
{
	(void)fprintf(f, "  jitctl %s\n\n%s\n\n", c->example, c->what);
	cmd_usage(f, c);
	if (c->flags != 0) {
		(void)fputc('\n', f);
		print_flags(f, c->flags);
	}
	(void)fprintf(f, "\ncommon flags:\n");
	print_flags(f, cmd_common_flags());
	(void)fprintf(f, "\nMore: man jitctl\n");
}

void
cmd_help_all(FILE *f)
{
	(void)fprintf(f,
	    "jitctl - ask a Sallyport gateway for access, for a while\n\n"
	    "  jitctl enroll\n"
	    "  jitctl request web-01 --for 2h --reason \"INC-4711\"\n"
	    "  jitctl status\n"
	    "  jitctl release g-7Q2MXK4P\n"
	    "  jitctl doctor\n\n");
	for (size_t i = 0; i < ARRAY_LEN(cmds); i++) {
		char left[64];

		(void)snprintf(left, sizeof(left), "%s%s%s", cmds[i].name,
		    cmds[i].args[0] != '\0' ? " " : "", cmds[i].args);
		(void)fprintf(f, "  %-34s %s\n", left, cmds[i].what);
	}
	(void)fprintf(f, "\nMore: jitctl help COMMAND, man jitctl\n");
}
