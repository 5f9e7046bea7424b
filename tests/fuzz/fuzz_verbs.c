/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_verbs: calls of the API as the broker gets them, body and query and all.
 * It is the real broker, its own main() included; the target stands in the
 * place of lib/process, so each of its messages and records passes here. An
 * input is a verb, flags (below), and argument, query, token and body, a NUL
 * after each but the last.
 *
 * Every call is answered once, by what the API can pass on. While the log
 * refuses, nothing is stored and the firewall hears nothing. What is stored is
 * within its limits, and the same body again changes nothing. Every record can
 * be written, every message sent.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/record.h"
#include "base/err.h"
#include "base/ids.h"
#include "base/str.h"
#include "broker/broker.h"
#include "core/event.h"
#include "process/process.h"
#include "tests/fuzz/fuzz.h"
#include "wire/json.h"
#include "wire/verbs.h"

int broker_main(int argc, char **argv);
#define main broker_main
#include "gatewayd/broker/main.c"
#undef main

enum flags {
	LOG_TAKES = 1, /* else it refuses */
	BY_HTTPS = 2,  /* else on the admin socket */
	NOT_ROOT = 4,  /* whoever is there */
};

enum { PEERS = PROC_COUNT, QUEUE_MAX = 4096 };

/* ---- lib/process, as far as the broker uses it */

struct peer {
	enum proc proc;
	struct msg_sup_link link;
};

struct timer {
	int unused;
};

struct watch {
	int unused;
};

/* What comes back to it, once it has returned. */
struct coming {
	process_durable_fn *durable; /* a record's, or: */
	void *arg;
	int result;
	enum proc from;
	unsigned type;
	union {
		uint32_t rid; /* each begins with it */
		struct msg_nt_fold_end fold_end;
		struct msg_fw_synced synced;
		struct msg_nt_grant_opened opened;
		struct msg_nt_lines lines;
		struct msg_nt_mfa_burned burned;
		struct msg_nt_closed closed;
		struct msg_rec_bytes bytes;
	} m;
};

struct process {
	struct process_def def;
	struct conf conf;
	void *ctx;
	struct peer peers[PEERS];
	uint32_t rid;
	uint64_t seq;
	bool takes; /* the log */
	struct coming queue[QUEUE_MAX];
	size_t nqueue;
	unsigned to_firewall;
	/* the answer to the call */
	unsigned replies;
	struct msg_api_reply reply;
	struct buf body;
};

static struct process process;
static jmp_buf serving;

void *
process_ctx(struct process *r)
{
	return r->ctx;
}

void
process_exit(struct process *r, int status)
{
	(void)r;
	(void)status;
	abort(); /* no call ends the broker */
}

int
process_ready(struct process *r)
{
	(void)r;
	return 0;
}

uint32_t
process_rid(struct process *r)
{
	return ++r->rid;
}

/* No supervisor: nothing can be started that would dial. */
struct peer *
process_peer(struct process *r, enum proc proc)
{
	return proc != PROC_SUPERVISOR ? &r->peers[proc] : NULL;
}

struct peer *
process_session(struct process *r, uint64_t conn)
{
	(void)r;
	(void)conn;
	return NULL;
}

enum proc
peer_proc(const struct peer *p)
{
	return p->proc;
}

uint64_t
peer_conn(const struct peer *p)
{
	return p->link.conn;
}

const struct msg_sup_link *
peer_link(const struct peer *p)
{
	return &p->link;
}

void
peer_set_state(struct peer *p, enum msg_state s)
{
	(void)p;
	(void)s;
}

void
peer_close(struct peer *p)
{
	(void)p;
}

size_t
peer_queued(const struct peer *p)
{
	(void)p;
	return 0;
}

struct timer *
timer_new(struct process *r, process_timer_fn *fn, void *arg)
{
	(void)r;
	(void)fn;
	(void)arg;
	return calloc(1, sizeof(struct timer));
}

void
timer_set(struct timer *t, int64_t in_ms)
{
	(void)t;
	(void)in_ms;
}

void
timer_stop(struct timer *t)
{
	(void)t;
}

void
timer_free(struct timer *t)
{
	free(t);
}

struct watch *
watch_new(struct process *r, int fd, process_watch_fn *fn, void *arg)
{
	(void)r;
	(void)fd;
	(void)fn;
	(void)arg;
	return calloc(1, sizeof(struct watch));
}

void
watch_set(struct watch *w, unsigned what)
{
	(void)w;
	(void)what;
}

void
watch_free(struct watch *w)
{
	free(w);
}

/* ---- what it says, and what comes back */

static struct coming *
coming(struct process *r)
{
	must(r->nqueue < QUEUE_MAX);
	memset(&r->queue[r->nqueue], 0, sizeof(r->queue[0]));
	return &r->queue[r->nqueue++];
}

/* A record that can be written, and whose writer may. */
static void
check_record(
    struct process *r, enum event_code ev, const struct event_fields *f)
{
	struct record rec = {.seq = r->seq, .event = ev, .origin = PROC_BROKER};
	struct record back;
	struct buf json, line;

	must(event_may_write(ev, PROC_BROKER));
	strcpy(rec.id, "01987654-aaaa-7bbb-8ccc-0123456789ab");
	strcpy(rec.node, "gw");
	strcpy(rec.boot, "b");
	buf_init(&json, LIMIT_RECORD_MAX);
	buf_init(&line, LIMIT_RECORD_MAX);
	if (f != NULL)
		must(buf_err(&f->b) == 0 &&
		     event_fields_json(&json, f->b.p, f->b.len) == 0);
	must(record_format(&line, &rec, json.p, json.len) == 0);
	must(record_parse(&back, line.p, line.len) == 0);
	buf_done(&json);
	buf_done(&line);
}

int
process_append(struct process *r, enum event_code ev,
    const struct event_fields *f, process_durable_fn *fn, void *arg)
{
	struct coming *c;

	check_record(r, ev, f);
	if (fn == NULL)
		return 0;
	c = coming(r);
	c->durable = fn;
	c->arg = arg;
	c->result = r->takes ? 0 : GW_ESYS;
	return 0;
}

static void
take_reply(struct process *r, const struct msg_api_reply *m)
{
	r->replies++;
	r->reply = *m;
	buf_reset(&r->body);
	buf_put(&r->body, m->body.p, m->body.len);
	buf_u8(&r->body, '\0');
	must(buf_err(&r->body) == 0);
}

/* The others say no where they may. */
static void
answer(struct process *r, const struct peer *p, unsigned type, uint32_t rid)
{
	const uint8_t no = msg_result(GW_EDENIED);
	struct coming *c = coming(r);

	c->from = p->proc;
	c->m.rid = rid;
	switch (type) {
	case MSG_NT_FOLD_GET:
		c->type = MSG_NT_FOLD_END;
		c->m.fold_end.seq = r->seq;
		break;
	case MSG_FW_SYNC_END:
		c->type = MSG_FW_SYNCED;
		break;
	case MSG_NT_GRANT_OPEN:
		c->type = MSG_NT_GRANT_OPENED;
		c->m.opened.result = no;
		break;
	case MSG_NT_READ:
		c->type = MSG_NT_LINES;
		break;
	case MSG_NT_MFA_BURN:
		c->type = MSG_NT_MFA_BURNED;
		c->m.burned.result = no;
		break;
	case MSG_NT_GRANT_CLOSE:
		c->type = MSG_NT_GRANT_CLOSED;
		break;
	case MSG_REC_READ:
		c->type = MSG_REC_BYTES;
		c->m.bytes.result = no;
		break;
	default:
		r->nqueue--; /* no answer */
		break;
	}
}

int
peer_send(struct peer *p, unsigned type, const void *body, int fd)
{
	struct process *r = &process;
	uint32_t rid = 0;
	struct buf b;

	if (p == NULL)
		return GW_ECLOSED;
	must(fd == -1);
	must(msg_allowed(type, PROC_BROKER, p->proc, MST_READY, 0) == 0);
	buf_init(&b, LIMIT_MSG_MAX);
	must(msg_encode(&b, type, body) == 0);
	buf_done(&b);
	memcpy(&rid, body, sizeof(rid));
	if (type == MSG_API_REPLY)
		take_reply(r, body);
	else if (p->proc == PROC_FIREWALL)
		r->to_firewall++;
	answer(r, p, type, rid);
	return 0;
}

static int
hand_over(struct process *r, enum proc from, unsigned type, const void *body)
{
	const struct ipc_msg msg = {
	    .type = type, .body = (void *)(uintptr_t)body, .fds = {-1, -1}};

	for (size_t i = 0; i < r->def.nhandlers; i++)
		if (r->def.handlers[i].type == type)
			return r->def.handlers[i].fn(r, &r->peers[from], &msg);
	abort();
}

/* Until it waits for nothing more. */
static void
pump(struct process *r)
{
	for (size_t i = 0; i < r->nqueue; i++) {
		struct coming c = r->queue[i];

		if (c.durable != NULL)
			c.durable(
			    c.arg, c.result, c.result == 0 ? ++r->seq : 0);
		else
			must(hand_over(r, c.from, c.type, &c.m) == 0);
	}
	r->nqueue = 0;
}

/* ---- the store: in memory, and as it was before each call */

static sqlite3 *db, *before;
static uint8_t *image;
static sqlite3_int64 nimage;

int __real_sqlite3_open_v2(
    const char *path, sqlite3 **ret, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(
    const char *path, sqlite3 **ret, int flags, const char *vfs);

int
__wrap_sqlite3_open_v2(
    const char *path, sqlite3 **ret, int flags, const char *vfs)
{
	int rc = __real_sqlite3_open_v2(":memory:", ret, flags, vfs);

	(void)path;
	db = *ret;
	return rc;
}

static void
copy_store(sqlite3 *to, sqlite3 *from)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");

	must(b != NULL && sqlite3_backup_step(b, -1) == SQLITE_DONE);
	must(sqlite3_backup_finish(b) == SQLITE_OK);
}

/* Its header counts changes, these too. */
static void
take_image(void)
{
	sqlite3_free(image);
	image = sqlite3_serialize(db, "main", &nimage, 0);
	must(image != NULL);
}

static bool
store_is_same(void)
{
	sqlite3_int64 n = 0;
	uint8_t *now = sqlite3_serialize(db, "main", &n, 0);
	bool same;

	must(now != NULL);
	same = n == nimage && memcmp(now, image, (size_t)n) == 0;
	sqlite3_free(now);
	return same;
}

static void
restore(struct broker *b)
{
	/* any change, done or not: what was read at the version before is void
	 */
	must(store_role_remove(b->store, "none", 1) <= 0);
	copy_store(db, before);
	take_image();
	must(broker_load_roles(b) == 0);
}

/* ---- what is stored is good */

static void
check_user(void *arg, const char *name, const struct user *u)
{
	(void)arg;
	must(u != NULL && strcmp(u->name, name) == 0 && id_ok(u->id, 'u'));
	must(str_name_ok(u->name) && !event_actor_own(u->name));
	must(u->state == USER_INVITED || u->state == USER_DISABLED ||
	     (u->state == USER_ACTIVE && u->totp.len > 0));
	must(u->nkeys <= LIMIT_KEYS_PER_USER && u->groups.n <= LIMIT_LIST);
	for (unsigned i = 0; i < u->groups.n; i++)
		must(str_name_ok(u->groups.name[i]));
}

static void
check_target(void *arg, const char *name, const struct target *t)
{
	(void)arg;
	must(t != NULL && strcmp(t->name, name) == 0 && id_ok(t->id, 't'));
	must(target_ok(t) && target_nkeys(t) <= LIMIT_HOSTKEYS);
}

static void
check_store(struct broker *b)
{
	struct policy_role *roles = NULL;
	size_t n = 0;

	must(store_user_each(b->store, check_user, NULL) == 0);
	must(store_target_each(b->store, check_target, NULL) == 0);
	must(store_role_all(b->store, &roles, &n) == 0);
	for (size_t i = 0; i < n; i++) {
		must(policy_role_ok(&roles[i]) && id_ok(roles[i].id, 'p'));
		must(roles[i].max_s <= LIMIT_GRANT_MAX_S);
		for (unsigned k = 0; k < roles[i].ports.n; k++)
			must(roles[i].ports.port[k] != 0);
	}
	free(roles);
}

/* ---- calls */

static void
call(struct process *r, const struct msg_api_call *m, enum proc from)
{
	r->replies = r->to_firewall = 0;
	must(hand_over(r, from, MSG_API_CALL, m) == 0);
	pump(r);
	must(r->replies == 1 && r->reply.rid == m->rid);
	must(r->reply.status >= 200 && r->reply.status < 600);
}

static void
call_admin(struct process *r, unsigned verb, const char *body)
{
	struct msg_api_call m = {.rid = 7, .verb = (uint16_t)verb};

	m.body.p = (const uint8_t *)body;
	m.body.len = (uint32_t)strlen(body);
	call(r, &m, PROC_ADMIN);
}

static void
check_reply(const struct process *r)
{
	struct problem p = {0};
	json_t *o;

	if (strstr(r->reply.content_type, "json") == NULL ||
	    strstr(r->reply.content_type, "ndjson") != NULL)
		return;
	o = json_parse_object(r->body.p, r->body.len - 1, &p);
	must(o != NULL);
	if (r->reply.status >= 400) {
		must(json_string_value(json_object_get(o, "code")) != NULL);
		must(json_string_value(json_object_get(o, "detail")) != NULL);
	}
	json_decref(o);
}

/* What was set is set: to apply it changes nothing. */
static void
check_again(struct process *r, unsigned verb, const struct bytes *body)
{
	static const struct {
		unsigned verb;
		const char *list;
	} sets[] = {{VERB_USER_ADD, "users"}, {VERB_TARGET_ADD, "targets"},
	    {VERB_ROLE_SET, "roles"}};
	struct problem p = {0};
	struct buf b;

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		json_t *o;

		if (sets[i].verb != verb || r->reply.status >= 300)
			continue;
		buf_init(&b, LIMIT_BODY_MAX + 64);
		buf_printf(&b, "{\"dry_run\":true,\"%s\":[", sets[i].list);
		buf_put(&b, body->p, body->len);
		buf_printf(&b, "]}");
		buf_u8(&b, '\0');
		must(buf_err(&b) == 0);
		call_admin(r, VERB_APPLY, (const char *)b.p);
		buf_done(&b);
		o = json_parse_object(r->body.p, r->body.len - 1, &p);
		must(r->reply.status == 200);
		must(
		    strcmp(json_string_value(json_object_get(
			       json_array_get(json_object_get(o, "changes"), 0),
			       "change")),
			"same") == 0);
		json_decref(o);
	}
}

/* ---- start */

static const char policy[] =
    "{\"users\":[{\"user\":\"alice\",\"groups\":[\"ops\"],\"admin\":true,"
    "\"keys\":[\"ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAjACdlsYUt5J44cPHn5WAzUaAN"
    "kSUcL1RbxkFi/UMFb alice@laptop\"]}],"
    "\"targets\":[{\"target\":\"web-01\",\"addresses\":[\"198.51.100.1\"],"
    "\"port\":22,\"logins\":[\"deploy\"],\"labels\":{\"env\":\"prod\"},"
    "\"host_keys\":[\"ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAjACdlsYUt5J44cPHn5WA"
    "zUaANkSUcL1RbxkFi/UMFb\"]}],"
    "\"roles\":[{\"role\":\"ops\",\"groups\":[\"ops\"],\"labels\":{\"env\":"
    "\"prod\"},\"logins\":[\"deploy\"],\"max\":10800}]}";

static void
make_conf(struct conf *c, char *dir)
{
	static const uint8_t key[SEAL_KEY_SIZE] = {1};
	char path[LIMIT_PATH_SIZE];
	int fd;

	must(mkdtemp(dir) != NULL);
	strcpy(c->state_dir, dir);
	strcpy(c->server_id, "gw");
	strcpy(c->host, "gw.example.org");
	memset(c->tls_spki, 'a', sizeof(c->tls_spki) - 1);
	c->api[0].port = 8443;
	c->ssh[0].port = 2222;
	c->max_grant_s = LIMIT_GRANT_DEFAULT_S;
	c->mfa_age_s = LIMIT_MFA_AGE_S;
	(void)snprintf(path, sizeof(path), "%s/broker", dir);
	must(mkdir(path, 0700) == 0);
	(void)snprintf(path, sizeof(path), "%s/broker/seal.key", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, key, sizeof(key)) == sizeof(key));
	(void)close(fd);
}

static void
clean(const char *dir)
{
	char path[LIMIT_PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/broker/seal.key", dir);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/broker", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
}

/* Does not return: the broker serves from here on. */
int
process_main(const struct process_def *def, void *ctx, int argc, char **argv)
{
	char dir[] = "/tmp/sallyport-fuzz.XXXXXX";
	struct process *r = &process;

	(void)argc;
	(void)argv;
	log_init("fuzz", LOG_LV_ERR);
	r->def = *def;
	r->ctx = ctx;
	for (size_t i = 0; i < PEERS; i++)
		r->peers[i].proc = (enum proc)i;
	buf_init(&r->body, LIMIT_MSG_MAX);
	make_conf(&r->conf, dir);
	must(def->start(r, &r->conf) == 0);
	clean(dir);
	def->peer_up(r, &r->peers[PROC_API]);
	def->peer_up(r, &r->peers[PROC_ADMIN]);
	must(def->ready(r) == PROCESS_LATER);
	pump(r);
	r->takes = true;
	call_admin(r, VERB_APPLY, policy);
	must(r->reply.status == 200);
	must(
	    __real_sqlite3_open_v2(":memory:", &before,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) == SQLITE_OK);
	copy_store(before, db);
	take_image();
	longjmp(serving, 1);
}

/* ---- an input */

/* Up to the next NUL. */
static void
part(const uint8_t **p, size_t *n, char *ret, size_t size)
{
	const uint8_t *nul = memchr(*p, '\0', *n);
	const size_t len = nul != NULL ? (size_t)(nul - *p) : *n;
	const size_t used = len < *n ? len + 1 : len;

	memset(ret, 0, size);
	memcpy(ret, *p, len < size ? len : size - 1);
	*p += used;
	*n -= used;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char query[LIMIT_QUERY_MAX + 1];
	struct process *r = &process;
	struct msg_api_call m = {.rid = 9, .uid = 0, .loginuid = -1};
	enum proc from;

	if (r->ctx == NULL && setjmp(serving) == 0)
		(void)broker_main(1, (char *[]){(char[]){"broker"}, NULL});
	if (size < 2)
		return 0;
	m.verb = (uint16_t)(1 + data[0] % (VERB_COUNT - 1));
	if (verb_get(m.verb)->served == SERVED_BY_API)
		return 0;
	r->takes = (data[1] & LOG_TAKES) != 0;
	from = (data[1] & BY_HTTPS) != 0 ? PROC_API : PROC_ADMIN;
	if ((data[1] & NOT_ROOT) != 0)
		m.uid = 1000;
	if (from == PROC_API) {
		must(addr_parse(&m.peer, "192.0.2.7") == 0);
		m.peer_port = 5555;
		m.uid = m.loginuid = m.pid = -1;
	}
	data += 2;
	size -= 2;
	part(&data, &size, m.arg, sizeof(m.arg));
	part(&data, &size, query, sizeof(query));
	part(&data, &size, m.token, sizeof(m.token));
	m.query.p = (const uint8_t *)query;
	m.query.len = (uint32_t)strlen(query);
	m.body.p = data;
	m.body.len = (uint32_t)size;
	call(r, &m, from);
	check_reply(r);
	if (from == PROC_ADMIN && m.uid != 0 &&
	    verb_get(m.verb)->auth != AUTH_OPEN)
		must(r->reply.status == 403);
	if (store_is_same())
		return 0;
	must(r->takes);
	check_store(r->ctx);
	check_again(r, m.verb, &m.body);
	restore(r->ctx);
	return 0;
}
