/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - see request.h.
 */
#include "session/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "session/chan.h"
#include "session/denied.h"
#include "session/end.h"
#include "session/links.h"
#include "session/names.h"
#include "session/nul.h"
#include "session/record.h"
#include "session/relay.h"
#include "session/session.h"
#include "session/target_leg.h"
#include "session/text.h"

/* Of sizes that wait one after the other only the last one counts: a window
 * that is dragged while the target is slow must not fill the queue. */
static bool
supersedes(struct chan *c, ssh_message m)
{
	struct chan_request *r = c == NULL ? NULL : c->reqs;

	if (r == NULL ||
	    ssh_message_subtype(m) != SSH_CHANNEL_REQUEST_WINDOW_CHANGE)
		return false;
	while (r->next != NULL)
		r = r->next;
	if (r->type != SSH_CHANNEL_REQUEST_WINDOW_CHANGE || r->state != REQ_NEW)
		return false;
	ssh_message_free(r->msg);
	r->msg = m;
	return true;
}

/* Had one of its strings a NUL? A signal's is asked for by its callback. */
static bool
had_nul(ssh_message m)
{
	const char *strings[4] = {NULL};
	size_t n;

	switch (ssh_message_subtype(m)) {
	case SSH_CHANNEL_REQUEST_PTY:
		strings[0] = ssh_message_channel_request_pty_term(m);
		break;
	case SSH_CHANNEL_REQUEST_ENV:
		strings[0] = ssh_message_channel_request_env_name(m);
		strings[1] = ssh_message_channel_request_env_value(m);
		break;
	case SSH_CHANNEL_REQUEST_EXEC:
		strings[0] = ssh_message_channel_request_command(m);
		break;
	case SSH_CHANNEL_REQUEST_SUBSYSTEM:
		strings[0] = ssh_message_channel_request_subsystem(m);
		break;
	default:
		break;
	}
	for (size_t i = 0; i < ARRAY_LEN(strings); i++)
		if (nul_exact(strings[i], &n) != NULL && !FAULT(nul_passes))
			return true;
	return false;
}

bool
request_had_nul(const struct session *s)
{
	for (const struct chan *c = s->chans; c != NULL; c = c->next)
		for (const struct chan_request *r = c->reqs; r != NULL;
		     r = r->next)
			if (r->nul)
				return true;
	return false;
}

/* Their fields are read, and have a subtype each. */
static const struct {
	const char *name;
	int subtype;
} known[] = {
    {"pty-req", SSH_CHANNEL_REQUEST_PTY},
    {"exec", SSH_CHANNEL_REQUEST_EXEC},
    {"shell", SSH_CHANNEL_REQUEST_SHELL},
    {"env", SSH_CHANNEL_REQUEST_ENV},
    {"subsystem", SSH_CHANNEL_REQUEST_SUBSYSTEM},
    {"window-change", SSH_CHANNEL_REQUEST_WINDOW_CHANGE},
    {"x11-req", SSH_CHANNEL_REQUEST_X11},
};

static int
subtype_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].subtype;
	return SSH_CHANNEL_REQUEST_UNKNOWN;
}

static void
refuse_named(struct session *s, const struct chan *c, const char *name)
{
	if (!FAULT(mute_requests))
		denied(s,
		    &(struct denial){
			.what = "channel-request", .chan = c, .wanted = name});
}

/* m's name, to be freed; those before it are of requests that were broken, of
 * which libssh made no message. NULL: not known. */
static char *
take_name(struct session *s, ssh_message m)
{
	char *name;

	while ((name = names_next(NAME_OF_REQUEST)) != NULL) {
		if (subtype_of(name) == ssh_message_subtype(m))
			return name;
		refuse_named(s, NULL, name);
		free(name);
	}
	return NULL;
}

void
request_broken(struct session *s)
{
	char *name;

	while ((name = names_next(NAME_OF_REQUEST)) != NULL) {
		if (s->logged_in)
			refuse_named(s, NULL, name);
		free(name);
	}
}

/* eow@openssh.com says what a close would say, and asks for nothing. */
static void
unknown_asked(struct session *s, struct chan *c, const char *name)
{
	const bool eow = name == NULL || strcmp(name, "eow@openssh.com") == 0;

	if (c != NULL && eow)
		relay_unknown(s, c);
	if (!eow)
		refuse_named(s, c, name);
}

void
request_asked(struct session *s, ssh_message m)
{
	struct chan *c = chan_of(s, ssh_message_channel_request_channel(m));
	struct chan_request *r = NULL;
	char *name = take_name(s, m);

	if (ssh_message_subtype(m) == SSH_CHANNEL_REQUEST_UNKNOWN &&
	    (c == NULL || !c->reason_done))
		unknown_asked(s, c, name);
	free(name);
	if (c != NULL && c->reason_done) {
		/* a failure would hide the line that is on its way */
		(void)ssh_message_channel_request_reply_success(m);
		ssh_message_free(m);
		return;
	}
	if (ssh_message_subtype(m) == SSH_CHANNEL_REQUEST_UNKNOWN) {
		(void)ssh_message_reply_default(m);
		ssh_message_free(m);
		return;
	}
	if (supersedes(c, m))
		return;
	if (c != NULL && !c->close_to_user)
		r = chan_request_add(c, ssh_message_subtype(m), m);
	if (r == NULL) {
		(void)ssh_message_reply_default(m);
		ssh_message_free(m);
		return;
	}
	r->nul = had_nul(m);
	s->busy = true;
}

static void
answer(struct session *s, struct chan *c, bool success)
{
	ssh_message m = c->reqs->msg;

	if (m != NULL && success)
		(void)ssh_message_channel_request_reply_success(m);
	else if (m != NULL)
		(void)ssh_message_reply_default(m);
	chan_request_drop(c);
	s->busy = true;
}

static bool
has_cap(const struct session *s, uint32_t cap)
{
	return (s->grant.caps & cap) != 0 || FAULT(session_caps);
}

/* What Debian's clients send and its servers accept; each name costs a round
 * trip. */
static bool
env_name_ok(const char *name)
{
	return strcmp(name, "LANG") == 0 ||
	       (strncmp(name, "LC_", 3) == 0 && strchr(name, '=') == NULL) ||
	       strcmp(name, "COLORTERM") == 0 || strcmp(name, "NO_COLOR") == 0;
}

/* What passes stands in the record of the program it is for, a variable a line:
 * one that could not stand there exactly does not pass. */
static bool
env_ok(struct session *s, struct chan *c, ssh_message m)
{
	const char *name = ssh_message_channel_request_env_name(m);
	const char *value = ssh_message_channel_request_env_value(m);

	if (name == NULL || value == NULL)
		return false;
	/* beside certain commands no word of the user's passes; a client that
	 * sends these by itself has done nothing */
	if (s->grant.commands.n > 0 && env_name_ok(name) && !FAULT(command_env))
		return false;
	if (env_name_ok(name) && c->kind == CHAN_NONE &&
	    c->nenv < LIMIT_CHANNEL_ENV && strchr(name, '\n') == NULL &&
	    strchr(value, '\n') == NULL &&
	    c->env.len + strlen(name) + strlen(value) + 2 <= LIMIT_ENV_MAX) {
		buf_printf(&c->env, "%s%s=", c->env.len > 0 ? "\n" : "", name);
		buf_put(&c->env, value, strlen(value));
		if (buf_err(&c->env) == 0) {
			c->nenv++;
			return true;
		}
		c->broken = true;
	}
	/* its name only: what was not meant for us may be a secret */
	denied(s, &(struct denial){.what = "env", .chan = c, .wanted = name});
	return false;
}

static bool
pty_ok(struct session *s, struct chan *c, ssh_message m)
{
	const char *term = ssh_message_channel_request_pty_term(m);

	if (c->pty || c->kind != CHAN_NONE)
		return false;
	if (!has_cap(s, CAP_PTY) ||
	    (term != NULL && str_copy(c->term, sizeof(c->term), term) != 0)) {
		denied(s,
		    &(struct denial){.what = "pty", .chan = c, .wanted = term});
		return false;
	}
	c->pty = true;
	c->cols = (uint32_t)ssh_message_channel_request_pty_width(m);
	c->rows = (uint32_t)ssh_message_channel_request_pty_height(m);
	return true;
}

enum { TEMPLATES_TOLD = 3 };

/* "a; b; c and 4 more" */
static void
list_commands(char *ret, size_t size, const struct command_list *l)
{
	struct buf b;
	uint32_t i = 0;

	buf_init(&b, size - 1);
	for (; i < l->n && i < TEMPLATES_TOLD; i++)
		buf_printf(&b, "%s%s", i > 0 ? "; " : "", l->command[i].text);
	if (i < l->n)
		buf_printf(&b, " and %u more", (unsigned)(l->n - i));
	text_fit(ret, size, "%.*s", (int)b.len, (const char *)b.p);
	buf_done(&b);
}

static void
refusal_line(char *line, size_t size, const struct session *s, const char *what,
    const char *text)
{
	const struct command_list *l = &s->grant.commands;
	char shown[201];
	char only[LIMIT_TEXT_SIZE / 2 + 201];

	if (strcmp(what, "command-too-long") == 0) {
		text_fit(line, size,
		    "sallyport: a command of more than %d bytes cannot be "
		    "passed; send it on standard input\r\n",
		    (int)LIMIT_COMMAND_MAX);
		return;
	}
	if (text == NULL)
		text = "a shell";
	str_escape(shown, sizeof(shown), text, strlen(text));
	if (l->n > 0)
		list_commands(only, sizeof(only), l);
	else
		grant_caps_str(only, sizeof(only), s->grant.caps);
	text_fit(line, size,
	    "sallyport: this grant does not allow %s (%s), only%s: %s\r\n",
	    strcmp(what, "command") == 0 ? "the command" : what, shown,
	    l->n > 0 ? " these commands" : "", only);
}

/* An OpenSSH client shows no more than "request failed" for a failure, so the
 * request is answered with a program of one line: why, and exit status 255.
 * The target's channel, on which nothing was asked, is closed. */
static void
refuse_with(
    struct session *s, struct chan *c, const struct denial *d, const char *line)
{
	if (d != NULL)
		denied(s, d);
	(void)stream_take(&c->flow[FLOW_ERR], line, (uint32_t)strlen(line));
	c->got_exit = true;
	c->exit_status = 255;
	c->refused = true;
	c->close_to_target = true;
	if (c->target != NULL)
		(void)ssh_channel_close(c->target);
	else
		c->target_eof = c->target_close = true;
}

/* On a channel that there is for the reason alone (open.c): what comes before
 * the program is taken, so that the client goes on to ask for it. */
static void
tell_unopened(struct session *s, struct chan *c, const struct chan_request *r)
{
	if (!c->refused && (r->type == SSH_CHANNEL_REQUEST_SHELL ||
			       r->type == SSH_CHANNEL_REQUEST_EXEC ||
			       r->type == SSH_CHANNEL_REQUEST_SUBSYSTEM))
		refuse_with(s, c, NULL, c->unopened);
}

static void
refuse_program(
    struct session *s, struct chan *c, const char *what, const char *text)
{
	const bool subsystem = strcmp(what, "subsystem") == 0;
	const struct denial d = {.what = what,
	    .chan = c,
	    .wanted = subsystem ? text : NULL,
	    .command = subsystem ? NULL : text,
	    .whole = strcmp(what, "command") == 0};
	char line[LIMIT_TEXT_SIZE * 2];

	refusal_line(line, sizeof(line), s, what, text);
	refuse_with(s, c, &d, line);
}

/* What is asked for, as it was given: NULL = a shell. */
static const char *
program_text(const struct chan_request *r)
{
	const char *text = NULL;

	if (r->type == SSH_CHANNEL_REQUEST_SHELL)
		return NULL;
	if (r->type == SSH_CHANNEL_REQUEST_EXEC)
		text = ssh_message_channel_request_command(r->msg);
	else
		text = ssh_message_channel_request_subsystem(r->msg);
	return text == NULL ? "" : text;
}

/* Why it may not be asked for, as a word of sallyport-audit(5); NULL: it may.
 * what is the word for its kind. */
static const char *
program_refused(const struct session *s, enum chan_kind kind, uint32_t cap,
    const char *what, const char *text)
{
	if (cap == 0 || !has_cap(s, cap))
		return what;
	if (text == NULL)
		return NULL;
	if (strlen(text) > LIMIT_COMMAND_MAX)
		return "command-too-long";
	if (kind == CHAN_EXEC && !FAULT(any_command) &&
	    !command_allowed(&s->grant.commands, text, strlen(text)))
		return "command";
	return NULL;
}

/* Which kind of program, and whether the grant allows it. */
static bool
program_ok(struct session *s, struct chan *c, const struct chan_request *r)
{
	const char *text = program_text(r);
	const char *what = "subsystem";
	enum chan_kind kind = CHAN_NONE;
	uint32_t cap = 0;

	if (c->kind != CHAN_NONE)
		return false;
	if (r->type == SSH_CHANNEL_REQUEST_SHELL) {
		kind = CHAN_SHELL;
		cap = CAP_SHELL;
		what = "shell";
	} else if (r->type == SSH_CHANNEL_REQUEST_EXEC) {
		kind = CHAN_EXEC;
		cap = CAP_EXEC;
		what = "exec";
	} else if (text != NULL && strcmp(text, "sftp") == 0) {
		kind = CHAN_SFTP;
		cap = CAP_SFTP;
	}
	what = program_refused(s, kind, cap, what, text);
	if (what != NULL) {
		refuse_program(s, c, what, text);
		return false;
	}
	if (text != NULL && (c->command = strdup(text)) == NULL) {
		c->broken = true;
		return false;
	}
	c->kind = kind;
	return true;
}

/* No program can be given a NUL, nor can libssh send one: what would arrive is
 * not what was asked for. */
static void
refuse_nul(struct session *s, struct chan *c, const struct chan_request *r)
{
	static const char line[] = "sallyport: a command with a NUL byte in it "
				   "cannot be passed\r\n";
	struct denial d = {.what = "signal", .chan = c, .nul = true};

	switch (r->type) {
	case 0:
		d.wanted = r->signal;
		break;
	case SSH_CHANNEL_REQUEST_PTY:
		d.what = "pty";
		d.wanted = ssh_message_channel_request_pty_term(r->msg);
		break;
	case SSH_CHANNEL_REQUEST_ENV:
		d.what = "env"; /* its name only, as in env_ok */
		d.wanted = ssh_message_channel_request_env_name(r->msg);
		break;
	case SSH_CHANNEL_REQUEST_SUBSYSTEM:
		d.what = "subsystem";
		d.wanted = program_text(r);
		break;
	default:
		d.what = "command-nul";
		d.command = program_text(r);
		break;
	}
	if (c->kind == CHAN_NONE &&
	    (d.command != NULL || r->type == SSH_CHANNEL_REQUEST_SUBSYSTEM))
		refuse_with(s, c, &d, line);
	else
		denied(s, &d);
}

/* REQ_NEW: decides; false = refuse. */
static bool
admit(struct session *s, struct chan *c, struct chan_request *r)
{
	r->state = REQ_SENT;
	if (r->nul) {
		refuse_nul(s, c, r);
		return false;
	}
	switch (r->type) {
	case 0: /* signal */
		return true;
	case SSH_CHANNEL_REQUEST_PTY:
		return pty_ok(s, c, r->msg);
	case SSH_CHANNEL_REQUEST_ENV:
		return env_ok(s, c, r->msg);
	case SSH_CHANNEL_REQUEST_WINDOW_CHANGE:
		if (!c->pty)
			return false;
		c->cols =
		    (uint32_t)ssh_message_channel_request_pty_width(r->msg);
		c->rows =
		    (uint32_t)ssh_message_channel_request_pty_height(r->msg);
		record_resize(s, c);
		return true;
	case SSH_CHANNEL_REQUEST_SHELL:
	case SSH_CHANNEL_REQUEST_EXEC:
	case SSH_CHANNEL_REQUEST_SUBSYSTEM:
		if (!program_ok(s, c, r))
			return false;
		r->state = REQ_RECORDER;
		r->since_ms = s->now.boot_ms;
		record_start(s, c);
		return true;
	case SSH_CHANNEL_REQUEST_X11:
		denied(s, &(struct denial){.what = "x11-req", .chan = c});
		return false;
	default:
		return false; /* break, eow@openssh.com, ...: as sshd does */
	}
}

static void
write_evidence(struct session *s, struct chan *c, struct chan_request *r)
{
	enum event_code ev = c->kind == CHAN_SHELL  ? EV_SESSION_SHELL
			     : c->kind == CHAN_EXEC ? EV_SESSION_EXEC
						    : EV_SESSION_SUBSYSTEM;
	struct event_fields f;

	link_event_init(&f, &s->grant);
	event_num(&f, EF_CHANNEL, c->id);
	event_str(&f, EF_COMMAND, c->command);
	event_strn(&f, EF_ENV, c->env.p, c->env.len);
	event_bool(&f, EF_RECORD, record_on(c));
	r->rid = link_rid(&s->notary);
	r->state = REQ_EVIDENCE;
	r->since_ms = s->now.boot_ms;
	c->begun = true; /* also if the answer never comes */
	if (link_append(&s->notary, ev, &f, r->rid) != 0 && s->notary.up)
		end_begin(s, END_AUDIT_FAILED, NULL);
	event_fields_done(&f);
	/* to a new notary request_notary_relinked() has it written again */
}

/* The same call is repeated until the target has answered. */
static int
ask_target(struct chan *c, struct chan_request *r)
{
	ssh_channel t = c->target;

	switch (r->type) {
	case 0:
		return ssh_channel_request_send_signal(t, r->signal);
	case SSH_CHANNEL_REQUEST_PTY:
		return ssh_channel_request_pty_size(t,
		    ssh_message_channel_request_pty_term(r->msg), (int)c->cols,
		    (int)c->rows);
	case SSH_CHANNEL_REQUEST_WINDOW_CHANGE:
		return ssh_channel_change_pty_size(
		    t, (int)c->cols, (int)c->rows);
	case SSH_CHANNEL_REQUEST_ENV:
		return ssh_channel_request_env(t,
		    ssh_message_channel_request_env_name(r->msg),
		    ssh_message_channel_request_env_value(r->msg));
	case SSH_CHANNEL_REQUEST_SHELL:
		return ssh_channel_request_shell(t);
	case SSH_CHANNEL_REQUEST_EXEC:
		return ssh_channel_request_exec(
		    t, ssh_message_channel_request_command(r->msg));
	case SSH_CHANNEL_REQUEST_SUBSYSTEM:
		return ssh_channel_request_subsystem(
		    t, ssh_message_channel_request_subsystem(r->msg));
	default:
		return SSH_ERROR;
	}
}

/* Does a person read there what the target says? OpenSSH's clients show a
 * server's banner on standard error themselves; of the others only a terminal's
 * user reads what is no output of the program. */
static bool
reads_banners(const struct session *s, const struct chan *c)
{
	const char *client = ssh_get_clientbanner(s->user.ssh);

	return c->pty ||
	       (client != NULL && strncmp(client, "SSH-2.0-OpenSSH", 15) == 0);
}

void
request_step(struct session *s, struct chan *c)
{
	struct chan_request *r;
	int rc;

	while ((r = c->reqs) != NULL && s->phase == PH_RELAY &&
	       s->target->phase == TG_UP) {
		if (c->unopened != NULL) {
			tell_unopened(s, c, r);
			answer(s, c, true);
			continue;
		}
		if (c->refused || (r->state == REQ_NEW && !admit(s, c, r))) {
			answer(s, c, c->refused);
			continue;
		}
		if (s->phase != PH_RELAY)
			return; /* its recording could not begin */
		if (r->state == REQ_RECORDER) {
			if (!record_ready(s, c) || !s->notary.up)
				return;
			write_evidence(s, c, r);
		}
		if (r->state == REQ_EVIDENCE && !FAULT(session_evidence))
			return;
		rc = ask_target(c, r);
		if (rc == SSH_AGAIN)
			return;
		if (rc == SSH_OK && c->kind != CHAN_NONE && reads_banners(s, c))
			target_tell(s, c);
		answer(s, c, rc == SSH_OK);
	}
}

void
request_durable(struct session *s, uint32_t rid, int result)
{
	if (rid == 0)
		return;
	for (struct chan *c = s->chans; c != NULL; c = c->next) {
		struct chan_request *r = c->reqs;

		if (r == NULL || r->rid != rid || r->state != REQ_EVIDENCE)
			continue;
		r->rid = 0;
		if (result == 0)
			r->state = REQ_SENT;
		else
			end_begin(s, END_AUDIT_FAILED, NULL);
		s->busy = true;
	}
}

void
request_notary_relinked(struct session *s)
{
	for (struct chan *c = s->chans; c != NULL; c = c->next)
		if (c->reqs != NULL && c->reqs->state == REQ_EVIDENCE) {
			c->reqs->state = REQ_RECORDER;
			c->reqs->rid = 0;
			c->reqs->since_ms = s->now.boot_ms;
		}
}

bool
request_late(const struct session *s, int64_t before_ms)
{
	for (const struct chan *c = s->chans; c != NULL; c = c->next)
		if (c->reqs != NULL && c->reqs->since_ms < before_ms &&
		    (c->reqs->state == REQ_RECORDER ||
			c->reqs->state == REQ_EVIDENCE))
			return true;
	return false;
}
