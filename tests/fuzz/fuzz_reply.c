/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_reply: what a gateway that was taken over answers to jitctl. An input is
 * a command of the list below, an output format, a width, and the replies: a
 * byte of status, two of length (little-endian), the body.
 *
 * Whatever they are, the terminal gets lines of text and nothing it would act
 * on; -o json gives back the object that came; a gateway that stopped answering
 * is not asked for ever.
 */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/attr.h"
#include "base/str.h"
#include "jitctl/cmd/find.h"
#include "jitctl/cmd/table.h"
#include "jitctl/gateway/challenge.h"
#include "jitctl/gateway/http.h"
#include "jitctl/gateway/program.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/say.h"
#include "ssh/sshkey.h"
#include "tests/fuzz/fuzz.h"

/* All that read replies, but those that need a key (enroll) or a clock (play).
 */
static const char *const lines[][8] = {{"status"}, {"whoami"}, {"grants", "ls"},
    {"targets", "ls"}, {"sessions", "ls", "--all"}, {"users", "ls"},
    {"roles", "ls"}, {"audit", "tail", "--lines", "3"},
    {"audit", "search", "--event", "grant.open"}, {"audit", "verify"},
    {"request", "web-01", "--reason", "disk", "--for", "1h"},
    {"release", "g-7Q2MXK4P"}, {"revoke", "g-7Q2MXK4P"},
    {"target", "add", "web-01", "192.0.2.1", "--scan", "--login", "deploy"},
    {"target", "rm", "web-01"}, {"user", "add", "alice", "--admin"},
    {"role", "set", "ops", "--user", "alice", "--login", "deploy"},
    {"role", "rm", "ops"}, {"sessions", "kill", "s-ABCD2345"}, {"doctor"},
    {"doctor", "web-01"}, {"user", "set", "alice", "--group", "ops"},
    {"user", "lock", "alice"}, {"user", "show", "alice"}};

enum { WHOAMI = 1, TAIL = 7, SEARCH = 8, SETUP = 13, CALLS_MAX = 4096 };

/* The gateway of this run. */
static struct {
	const uint8_t *p;
	size_t n;
	unsigned calls;
	unsigned short width;
} gateway;

/* ---- what stands round the commands */

int __wrap_http_do(
    struct ctx *c, const struct http_call *call, struct reply *ret);
int __wrap_program_run(const char *const *argv, const void *in, size_t n,
    char **ret, size_t max, bool quiet, bool detach);
int __wrap_isatty(int fd);
int __wrap_ioctl(int fd, unsigned long request, ...);

int
__wrap_http_do(struct ctx *c, const struct http_call *call, struct reply *ret)
{
	static const short statuses[] = {
	    200, 201, 400, 401, 403, 404, 409, 413, 429, 500, 503, 302};
	size_t len;
	char *body;

	(void)c;
	(void)call;
	must(++gateway.calls < CALLS_MAX);
	reply_done(ret);
	if (gateway.n < 3)
		return EXIT_UNREACHABLE;
	len = gateway.p[1] | (size_t)gateway.p[2] << 8;
	if (len > gateway.n - 3)
		len = gateway.n - 3;
	body = fuzz_text(gateway.p + 3, len);
	reply_read(
	    ret, statuses[gateway.p[0] % ARRAY_LEN(statuses)], body, len);
	gateway.p += 3 + len;
	gateway.n -= 3 + len;
	return EXIT_OK;
}

int
__wrap_program_run(const char *const *argv, const void *in, size_t n,
    char **ret, size_t max, bool quiet, bool detach)
{
	(void)argv;
	(void)in;
	(void)n;
	(void)ret;
	(void)max;
	(void)quiet;
	(void)detach;
	errno = ENOENT;
	return -1;
}

int
__wrap_isatty(int fd)
{
	(void)fd;
	return gateway.width > 0;
}

int
__wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list ap;

	(void)fd;
	must(request == TIOCGWINSZ);
	va_start(ap, request);
	va_arg(ap, struct winsize *)->ws_col = gateway.width;
	va_end(ap);
	return 0;
}

/* ---- the commands */

static const struct cmd *
command(struct ctx *c, const char *const line[static 8])
{
	const struct cmd *cmd;
	char err[256];
	char *argv[8];
	unsigned used = 0;
	int n = 0;

	for (; n < 8 && line[n] != NULL; n++)
		argv[n] = (char *)(uintptr_t)line[n];
	must(opt_parse(&c->opt, n, argv, NULL, err, sizeof(err)));
	cmd = find_command(c->cmds, &c->opt, &used, err, sizeof(err));
	must(cmd != NULL);
	for (unsigned i = used; i < c->opt.nargs; i++)
		c->opt.arg[i - used] = c->opt.arg[i];
	c->opt.nargs -= used;
	return cmd;
}

struct printed {
	char *p;
	size_t n;
};

/* exact: a record's own bytes, which may turn the direction of the text. */
static bool
line_ok(const char *p, size_t n, bool exact)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t b = (uint8_t)p[i];

		must(b >= 0x20 && b != 0x7f);
		must(b != 0xc2 || i + 1 == n || (uint8_t)p[i + 1] >= 0xa0);
	}
	return exact || str_text_ok(p, n);
}

static void
check_lines(const struct printed *t, bool exact)
{
	const char *p = t->p, *end = t->p + t->n;

	while (p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((lf != NULL ? lf : end) - p);

		must(line_ok(p, n, exact));
		p += n + (lf != NULL ? 1 : 0);
	}
}

/* What is to be pasted as root is our own but for the CA's keys. */
static void
check_setup(const struct printed *t)
{
	static const char *const ours[] = {
	    "cat >/etc/ssh/sallyport_ca.pub <<'END'", "END",
	    "mkdir -p /etc/ssh/sallyport_principals",
	    ("grep -qsxF deploy@web-01 "
	     "/etc/ssh/sallyport_principals/deploy ||"),
	    "  echo deploy@web-01 >>/etc/ssh/sallyport_principals/deploy",
	    "cat >/etc/ssh/sshd_config.d/sallyport.conf <<'END'",
	    "TrustedUserCAKeys /etc/ssh/sallyport_ca.pub",
	    "AuthorizedPrincipalsFile /etc/ssh/sallyport_principals/%u",
	    "sshd -t && systemctl reload ssh"};
	struct sshkey k;
	char *text = fuzz_text((const uint8_t *)t->p, t->n);
	char *save = NULL;

	for (char *l = strtok_r(text, "\n", &save); l != NULL;
	     l = strtok_r(NULL, "\n", &save)) {
		bool good = sshkey_parse_line(&k, l) == 0;

		for (size_t i = 0; i < ARRAY_LEN(ours); i++)
			good = good || strcmp(ours[i], l) == 0;
		must(good);
	}
	free(text);
}

/* whoami -o json is the reply. */
static void
check_same(const struct printed *t, const uint8_t *body, size_t n)
{
	struct problem p = {0};
	json_t *came = json_parse_object(body, n, &p);
	json_t *went = json_parse_object(t->p, t->n, &p);

	must(came == NULL || json_equal(came, went));
	json_decref(came);
	json_decref(went);
}

static void
run(struct ctx *c, const struct cmd *cmd, struct printed *out,
    struct printed *err)
{
	FILE *before[2] = {stdout, stderr};
	int x;

	stdout = open_memstream(&out->p, &out->n);
	stderr = open_memstream(&err->p, &err->n);
	must(stdout != NULL && stderr != NULL);
	say_errors_as_json(c->out == OUT_JSON);
	x = cmd->run(c);
	must(fclose(stdout) == 0 && fclose(stderr) == 0);
	stdout = before[0];
	stderr = before[1];
	must(x == EXIT_INTERRUPTED || (x >= EXIT_OK && x <= EXIT_VERIFY));
}

/* The replies that only a signed call reads. */
static void
read_alone(const uint8_t *data, size_t size)
{
	char server[LIMIT_NAME_SIZE], next[LIMIT_NAME_SIZE] = "";
	struct signed_source s;
	struct reply r = {0};

	reply_read(&r, 200, fuzz_text(data, size), size);
	if (challenge_parse(&s, server, r.json) == 0)
		must(strlen(s.nonce) == LIMIT_NONCE_SIZE - 1 &&
		     str_name_ok(server) && addr_valid(&s.addr));
	if (read_page(r.json, r.json, next) == 0)
		must(next[0] == '\0' || str_name_ok(next));
	reply_done(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ctx c;
	struct printed out = {0}, err = {0};
	const uint8_t *body = data + 6;
	unsigned line;
	int first;

	if (size < 6)
		return 0;
	if (c.cmds == NULL)
		must(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
	read_alone(body, size - 6);
	c = (struct ctx){.cmds = cmd_table(),
	    .no_input = true,
	    .yes = true,
	    .socket = "admin.sock",
	    .out = (enum out_format)(data[1] % (OUT_NAME + 1))};
	line = data[0] % ARRAY_LEN(lines);
	memset(&gateway, 0, sizeof(gateway));
	gateway.p = data + 3;
	gateway.n = size - 3;
	gateway.width = data[2];
	first = data[3] % 12 < 2; /* it says yes */
	run(&c, command(&c, lines[line]), &out, &err);
	check_lines(
	    &out, c.out == OUT_JSON && (line == TAIL || line == SEARCH));
	check_lines(&err, false);
	if (line == SETUP && c.out <= OUT_WIDE)
		check_setup(&out);
	if (line == WHOAMI && c.out == OUT_JSON && first &&
	    (data[4] | (size_t)data[5] << 8) <= size - 6)
		check_same(&out, body, data[4] | (size_t)data[5] << 8);
	free(out.p);
	free(err.p);
	return 0;
}
