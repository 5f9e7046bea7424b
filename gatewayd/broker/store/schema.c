/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema - what each version of the store brought. A change is a new entry at
 * the end, never another text of an old one. BLOB is the one word here that not
 * every database knows: one that says BYTEA replaces it in its sql_*.c.
 */
#include "base/attr.h"
#include "broker/store/store_sql.h"

/* 1: the first stores in use. Sequence numbers fit a signed integer: a log of
 * 2^63 records is far off. */
static const char tables[] =
    "CREATE TABLE users("
    " name TEXT PRIMARY KEY, state INTEGER NOT NULL, admin INTEGER NOT NULL,"
    " auditor INTEGER NOT NULL, totp BLOB, pending BLOB,"
    " invite TEXT NOT NULL, invite_end INTEGER NOT NULL,"
    " seq INTEGER NOT NULL);"
    "CREATE INDEX users_invite ON users(invite) WHERE invite <> '';"
    "CREATE TABLE user_groups("
    " user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
    " name TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(user, name));"
    "CREATE TABLE user_keys("
    " fp TEXT PRIMARY KEY,"
    " user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
    " type TEXT NOT NULL, comment TEXT NOT NULL, blob BLOB NOT NULL,"
    " seq INTEGER NOT NULL);"
    "CREATE INDEX user_keys_user ON user_keys(user);"
    "CREATE TABLE targets("
    " name TEXT PRIMARY KEY, addr4 TEXT NOT NULL, addr6 TEXT NOT NULL,"
    " port INTEGER NOT NULL, reach INTEGER NOT NULL, keys BLOB,"
    " seq INTEGER NOT NULL);"
    "CREATE TABLE target_labels("
    " target TEXT NOT NULL REFERENCES targets(name) ON DELETE CASCADE,"
    " key TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(target, key));"
    "CREATE TABLE target_logins("
    " target TEXT NOT NULL REFERENCES targets(name) ON DELETE CASCADE,"
    " n INTEGER NOT NULL, login TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(target, n));"
    "CREATE TABLE roles("
    " name TEXT PRIMARY KEY, max_s INTEGER NOT NULL,"
    " mfa_age INTEGER NOT NULL, reason INTEGER NOT NULL,"
    " caps INTEGER NOT NULL, record INTEGER NOT NULL, deny INTEGER NOT NULL,"
    " seq INTEGER NOT NULL);"
    "CREATE TABLE role_items("
    " role TEXT NOT NULL REFERENCES roles(name) ON DELETE CASCADE,"
    " kind TEXT NOT NULL, n INTEGER NOT NULL, value TEXT NOT NULL,"
    " value2 TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(role, kind, n));"
    "CREATE TABLE answers("
    " user TEXT NOT NULL, verb TEXT NOT NULL, key TEXT NOT NULL,"
    " status INTEGER NOT NULL, reply TEXT NOT NULL, at INTEGER NOT NULL,"
    " seq INTEGER NOT NULL,"
    " PRIMARY KEY(user, verb, key));"
    "CREATE INDEX answers_at ON answers(at);"
    "CREATE TABLE grants("
    " id TEXT PRIMARY KEY, req TEXT NOT NULL, user TEXT NOT NULL,"
    " target TEXT NOT NULL, login TEXT NOT NULL, role TEXT NOT NULL,"
    " why TEXT NOT NULL, source4 TEXT NOT NULL, source6 TEXT NOT NULL,"
    " port INTEGER NOT NULL, reach INTEGER NOT NULL,"
    " start INTEGER NOT NULL, due INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " reason INTEGER NOT NULL, sessions INTEGER NOT NULL,"
    " seq INTEGER NOT NULL);"
    "CREATE TABLE sessions("
    " sid TEXT PRIMARY KEY, grant_id TEXT NOT NULL, user TEXT NOT NULL,"
    " target TEXT NOT NULL, login TEXT NOT NULL, source TEXT NOT NULL,"
    " start INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " reason INTEGER NOT NULL, recorded INTEGER NOT NULL,"
    " bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL,"
    " seq INTEGER NOT NULL);"
    "CREATE TABLE removed(one INTEGER PRIMARY KEY CHECK(one = 1),"
    " seq INTEGER NOT NULL);"
    "INSERT INTO removed VALUES(1, 0);";

/* 2: lists by time. A store of version 1 may have them. */
static const char lists[] =
    "CREATE INDEX IF NOT EXISTS grants_start ON grants(start, id);"
    "CREATE INDEX IF NOT EXISTS sessions_start ON sessions(start, sid);";

/* 3: ids. What has ended before has none. */
static const char ids[] =
    "CREATE TABLE ids(id TEXT PRIMARY KEY);"
    "ALTER TABLE users ADD COLUMN id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE targets ADD COLUMN id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE roles ADD COLUMN id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE grants ADD COLUMN user_id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE grants ADD COLUMN target_id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE grants ADD COLUMN role_id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE sessions ADD COLUMN user_id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE sessions ADD COLUMN target_id TEXT NOT NULL DEFAULT '';";

/* 4: a role's fields by their names (core/rolefield.h), all in one table, so
 * that a new one changes no table. */
static const char fields[] =
    "CREATE TABLE role_fields("
    " role TEXT NOT NULL REFERENCES roles(name) ON DELETE CASCADE,"
    " field TEXT NOT NULL, n INTEGER NOT NULL, value TEXT NOT NULL,"
    " more TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(role, field, n));"
    "INSERT INTO role_fields"
    " SELECT role, kind || 's', n, value, value2, seq FROM role_items;"
    "INSERT INTO role_fields"
    " SELECT name, 'max', 0, CAST(max_s AS TEXT), '', seq FROM roles;"
    "INSERT INTO role_fields"
    " SELECT name, 'mfa_age', 0, CAST(mfa_age AS TEXT), '', seq FROM roles;"
    "INSERT INTO role_fields SELECT name, 'reason', 0,"
    " CASE reason WHEN 0 THEN 'optional' ELSE 'required' END, '', seq"
    " FROM roles;"
    "INSERT INTO role_fields SELECT name, 'record', 0,"
    " CASE record WHEN 0 THEN 'false' ELSE 'true' END, '', seq FROM roles;"
    "INSERT INTO role_fields SELECT name, 'deny', 0,"
    " CASE deny WHEN 0 THEN 'false' ELSE 'true' END, '', seq FROM roles;"
    "INSERT INTO role_fields"
    " SELECT name, 'allow', 0, 'shell', '', seq FROM roles"
    " WHERE (caps & 1) <> 0;"
    "INSERT INTO role_fields"
    " SELECT name, 'allow', 1, 'exec', '', seq FROM roles"
    " WHERE (caps & 2) <> 0;"
    "INSERT INTO role_fields"
    " SELECT name, 'allow', 2, 'sftp', '', seq FROM roles"
    " WHERE (caps & 4) <> 0;"
    "INSERT INTO role_fields"
    " SELECT name, 'allow', 3, 'pty', '', seq FROM roles"
    " WHERE (caps & 8) <> 0;"
    "DROP TABLE role_items;"
    "ALTER TABLE roles DROP COLUMN max_s;"
    "ALTER TABLE roles DROP COLUMN mfa_age;"
    "ALTER TABLE roles DROP COLUMN reason;"
    "ALTER TABLE roles DROP COLUMN caps;"
    "ALTER TABLE roles DROP COLUMN record;"
    "ALTER TABLE roles DROP COLUMN deny;";

/* 5: wrong codes, which a restart must not forget. */
static const char code_tries[] =
    "CREATE TABLE code_tries("
    " user_id TEXT NOT NULL, key_fp TEXT NOT NULL, wrong INTEGER NOT NULL,"
    " until INTEGER NOT NULL, until_boot INTEGER NOT NULL, boot TEXT NOT NULL,"
    " PRIMARY KEY(user_id, key_fp));";

/* 6: what names look like. Only names are added, none is removed. */
static const char looks[] =
    "CREATE TABLE looks(look TEXT NOT NULL, name TEXT NOT NULL,"
    " PRIMARY KEY(look, name));"
    "CREATE INDEX user_groups_name ON user_groups(name);"
    "CREATE INDEX target_logins_login ON target_logins(login);"
    "CREATE INDEX role_fields_value ON role_fields(field, value);";

/* 7: requests that wait for approval, and what became of them. */
static const char asked[] =
    "CREATE TABLE requests("
    " id TEXT PRIMARY KEY, user TEXT NOT NULL, user_id TEXT NOT NULL,"
    " target TEXT NOT NULL, target_id TEXT NOT NULL, login TEXT NOT NULL,"
    " role TEXT NOT NULL, role_named INTEGER NOT NULL,"
    " port INTEGER NOT NULL, seconds INTEGER NOT NULL,"
    " use_within INTEGER NOT NULL, why TEXT NOT NULL, ticket TEXT NOT NULL, "
    "source4 TEXT NOT NULL,"
    " source6 TEXT NOT NULL, state INTEGER NOT NULL,"
    " created INTEGER NOT NULL, until INTEGER NOT NULL,"
    " grant_id TEXT NOT NULL, by TEXT NOT NULL, note TEXT NOT NULL,"
    " revision TEXT NOT NULL, digest TEXT NOT NULL, seq INTEGER NOT NULL);"
    "CREATE INDEX requests_created ON requests(created, id);"
    "CREATE INDEX requests_state ON requests(state, until);"
    "CREATE INDEX grants_used ON grants(target, user, start);"
    "CREATE INDEX sessions_grant ON sessions(grant_id);"
    "CREATE TABLE approvals("
    " request TEXT NOT NULL REFERENCES requests(id) ON DELETE CASCADE,"
    " user_id TEXT NOT NULL, user TEXT NOT NULL, key_fp TEXT NOT NULL,"
    " level INTEGER NOT NULL, note TEXT NOT NULL, at INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, PRIMARY KEY(request, user_id));"
    "CREATE TABLE approval_groups("
    " request TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL,"
    " PRIMARY KEY(request, user_id, name),"
    " FOREIGN KEY(request, user_id) REFERENCES approvals(request, user_id)"
    " ON DELETE CASCADE);";

/* 8: locks that stand. */
static const char locks[] =
    "CREATE TABLE locks("
    " id TEXT PRIMARY KEY, kind INTEGER NOT NULL, value TEXT NOT NULL,"
    " by TEXT NOT NULL, why TEXT NOT NULL, created INTEGER NOT NULL,"
    " until INTEGER NOT NULL, seq INTEGER NOT NULL);";

/* 9: recovery codes, and until when a new second factor waits to be confirmed.
 * A code that was used stays, to be told from a wrong one. */
static const char recovery[] =
    "ALTER TABLE users ADD COLUMN pending_end INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE recovery_codes("
    " user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
    " hash TEXT NOT NULL, salt TEXT NOT NULL, used INTEGER NOT NULL,"
    " seq INTEGER NOT NULL, PRIMARY KEY(user, hash));";

/* 10: who had approved what became a grant. */
static const char approved[] =
    "ALTER TABLE requests ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';";

/* 11: rights as a set (core/right.h): admin and auditor are two of several. */
static const char rights[] =
    "ALTER TABLE users ADD COLUMN rights INTEGER NOT NULL DEFAULT 0;"
    "UPDATE users SET rights = (CASE admin WHEN 1 THEN 1 ELSE 0 END)"
    " + (CASE auditor WHEN 1 THEN 2 ELSE 0 END);"
    "ALTER TABLE users DROP COLUMN admin;"
    "ALTER TABLE users DROP COLUMN auditor;";

/* 12: what opens at a time. */
static const char timed[] =
    "ALTER TABLE requests ADD COLUMN at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE requests ADD COLUMN at_boot INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE requests ADD COLUMN boot_id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE requests ADD COLUMN key_fp TEXT NOT NULL DEFAULT '';";

/* 13: changes that wait for a second admin, and what became of them. */
static const char proposals[] =
    "CREATE TABLE proposals("
    " id TEXT PRIMARY KEY, verb TEXT NOT NULL, user TEXT NOT NULL,"
    " user_id TEXT NOT NULL, key_fp TEXT NOT NULL, source TEXT NOT NULL,"
    " state INTEGER NOT NULL, created INTEGER NOT NULL,"
    " until INTEGER NOT NULL, by TEXT NOT NULL, note TEXT NOT NULL,"
    " revision TEXT NOT NULL, digest TEXT NOT NULL, payload TEXT NOT NULL,"
    " signature TEXT NOT NULL, seq INTEGER NOT NULL);"
    "CREATE INDEX proposals_state ON proposals(state, until);";

/* 14: break-glass: its codes on paper, as recovery codes are kept, and its
 * uses. */
static const char glass[] =
    "CREATE TABLE glass_codes("
    " user TEXT NOT NULL, hash TEXT NOT NULL, salt TEXT NOT NULL,"
    " used INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(user, hash));"
    "CREATE TABLE glass_uses("
    " id TEXT PRIMARY KEY, user TEXT NOT NULL, user_id TEXT NOT NULL,"
    " target TEXT NOT NULL, target_id TEXT NOT NULL, login TEXT NOT NULL,"
    " grant_id TEXT NOT NULL, why TEXT NOT NULL, used INTEGER NOT NULL,"
    " state INTEGER NOT NULL, by TEXT NOT NULL, note TEXT NOT NULL,"
    " reviewed INTEGER NOT NULL, seq INTEGER NOT NULL);";

/* 15: people and machines; the networks that a machine asks from. */
static const char kinds[] =
    "ALTER TABLE users ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;"
    "UPDATE users SET kind = 1;"
    "CREATE TABLE user_sources("
    " user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
    " prefix TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(user, prefix));";

/* 16: history, from a request to its grants, and by user and target. */
static const char past[] =
    "CREATE INDEX grants_req ON grants(req);"
    "CREATE INDEX grants_user ON grants(user, start, id);"
    "CREATE INDEX requests_user ON requests(user, created, id);";

/* 17: how codes are made of a secret (core/otp.h): all there are as ever. */
static const char forms[] =
    "ALTER TABLE users ADD COLUMN totp_otp TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE users ADD COLUMN pending_otp TEXT NOT NULL DEFAULT '';"
    "UPDATE users SET totp_otp = 'sha1,6,30' WHERE totp IS NOT NULL;"
    "UPDATE users SET pending_otp = 'sha1,6,30' WHERE pending IS NOT NULL;";

/* 18: the groups of approvals are among what looks alike. */
static const char approvers_look[] = "DELETE FROM looks WHERE look = '';";

/* 19: reviews of who holds which role, and their lines (core/review.h). */
static const char reviews[] =
    "CREATE INDEX grants_under ON grants(user, user_id, role, role_id, start);"
    "CREATE TABLE reviews("
    " name TEXT PRIMARY KEY, state INTEGER NOT NULL, by TEXT NOT NULL,"
    " started INTEGER NOT NULL, until INTEGER NOT NULL,"
    " unused INTEGER NOT NULL, scope TEXT NOT NULL, reviewers TEXT NOT NULL,"
    " lines INTEGER NOT NULL, digest TEXT NOT NULL, ended INTEGER NOT NULL,"
    " ended_by TEXT NOT NULL, how TEXT NOT NULL, seq INTEGER NOT NULL);"
    "CREATE TABLE review_lines("
    " review TEXT NOT NULL REFERENCES reviews(name), n INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, user TEXT NOT NULL, user_id TEXT NOT NULL,"
    " role TEXT NOT NULL, role_id TEXT NOT NULL, via TEXT NOT NULL,"
    " until INTEGER NOT NULL, last INTEGER NOT NULL, times INTEGER NOT NULL,"
    " advice INTEGER NOT NULL, why TEXT NOT NULL, answer INTEGER NOT NULL,"
    " by TEXT NOT NULL, note TEXT NOT NULL, at INTEGER NOT NULL,"
    " done TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(review, n));";

/* 20: when a lock ends by the boottime, too. */
static const char lock_boots[] =
    "ALTER TABLE locks ADD COLUMN boot_id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE locks ADD COLUMN end_boot INTEGER NOT NULL DEFAULT 0;";

/* 21: policies that come in parts. */
static const char uploads[] =
    "CREATE TABLE uploads("
    " id TEXT PRIMARY KEY, user_id TEXT NOT NULL, size INTEGER NOT NULL,"
    " have INTEGER NOT NULL, digest TEXT NOT NULL, until INTEGER NOT NULL,"
    " seq INTEGER NOT NULL);"
    "CREATE TABLE upload_parts("
    " upload TEXT NOT NULL REFERENCES uploads(id) ON DELETE CASCADE,"
    " at INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY(upload, at));";

/* 22: whose an agent is, and what it is lent. */
static const char agents[] =
    "ALTER TABLE users ADD COLUMN owner TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE users ADD COLUMN owner_id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE requests ADD COLUMN owner TEXT NOT NULL DEFAULT '';"
    "CREATE TABLE delegations("
    " agent TEXT PRIMARY KEY REFERENCES users(name) ON DELETE CASCADE,"
    " id TEXT NOT NULL, agent_id TEXT NOT NULL,"
    " owner TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
    " owner_id TEXT NOT NULL, key_fp TEXT NOT NULL, caps INTEGER NOT NULL,"
    " max INTEGER NOT NULL, created INTEGER NOT NULL,"
    " until INTEGER NOT NULL, why TEXT NOT NULL, seq INTEGER NOT NULL);"
    "CREATE INDEX users_owner ON users(owner_id) WHERE owner_id <> '';"
    "CREATE INDEX delegations_owner ON delegations(owner);"
    "CREATE TABLE delegation_lists("
    " agent TEXT NOT NULL REFERENCES delegations(agent) ON DELETE CASCADE,"
    " list INTEGER NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL,"
    " PRIMARY KEY(agent, list, value));";

/* 23: where targets were, and are. */
static const char places[] =
    "CREATE TABLE target_past("
    " name TEXT NOT NULL, addr TEXT NOT NULL, port INTEGER NOT NULL,"
    " PRIMARY KEY(name, addr, port));"
    "CREATE INDEX target_past_addr ON target_past(addr, port);"
    "CREATE INDEX targets_addr4 ON targets(addr4, port);"
    "CREATE INDEX targets_addr6 ON targets(addr6, port);";

/* 24: all roles that were merged. Of what is older the one that gave its name
 * is all that is known. */
static const char deciding[] =
    "ALTER TABLE requests ADD COLUMN roles TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE grants ADD COLUMN roles TEXT NOT NULL DEFAULT '';"
    "DROP INDEX grants_under;"
    "CREATE INDEX grants_under ON"
    " grants(user, user_id, role, role_id, roles, start);";

const struct migration *
store_migrations(unsigned *retn)
{
	static const struct migration list[] = {
	    {.text = tables},
	    {.text = lists},
	    {.text = ids, .fill = store_id_fill},
	    {.text = fields},
	    {.text = code_tries},
	    {.text = looks, .fill = store_look_fill},
	    {.text = asked},
	    {.text = locks},
	    {.text = recovery},
	    {.text = approved},
	    {.text = rights},
	    {.text = timed},
	    {.text = proposals},
	    {.text = glass},
	    {.text = kinds},
	    {.text = past},
	    {.text = forms},
	    {.text = approvers_look, .fill = store_look_fill_approvers},
	    {.text = reviews},
	    {.text = lock_boots},
	    {.text = uploads},
	    {.text = agents},
	    {.text = places},
	    {.text = deciding},
	};

	*retn = ARRAY_LEN(list);
	return list;
}
