-- SPDX-License-Identifier: Apache-2.0
--
-- A store of version 1, for tests/unit/store/test_migrate.c. It was made by the
-- code of commit 1e5ee88: in a `git worktree` of it a program linked with its
-- libstore.la opened a new store with store_open(), and put what the test reads
-- back with store_user_put() and the others, one target being removed again.
-- Then `sqlite3 store.db .dump`, and `PRAGMA user_version` by hand, which a dump
-- does not have. Never change it: stores like this are in use.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE users( name TEXT PRIMARY KEY, state INTEGER NOT NULL, admin INTEGER NOT NULL, auditor INTEGER NOT NULL, totp BLOB, pending BLOB, invite TEXT NOT NULL, invite_end INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO users VALUES('alice',2,1,0,X'7365616c6564006279746573',NULL,'',0,11);
INSERT INTO users VALUES('bob',1,0,1,NULL,X'70656e64696e670073656564','00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',1795000000000,12);
INSERT INTO users VALUES('carol',3,0,0,NULL,NULL,'',0,13);
CREATE TABLE user_groups( user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE, name TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(user, name)) STRICT, WITHOUT ROWID;
INSERT INTO user_groups VALUES('alice','dev',11);
INSERT INTO user_groups VALUES('alice','ops',11);
CREATE TABLE user_keys( fp TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE, type TEXT NOT NULL, comment TEXT NOT NULL, blob BLOB NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO user_keys VALUES('SHA256:alice-0','alice','ssh-ed25519','alice@laptop',X'000102ff6b6530',11);
INSERT INTO user_keys VALUES('SHA256:alice-1','alice','ssh-ed25519','it''s "quoted"',X'000102ff6b6531',11);
CREATE TABLE targets( name TEXT PRIMARY KEY, addr4 TEXT NOT NULL, addr6 TEXT NOT NULL, port INTEGER NOT NULL, reach INTEGER NOT NULL, keys BLOB, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO targets VALUES('db-01','10.20.0.12','',22,1,NULL,15);
INSERT INTO targets VALUES('web-01','10.20.0.11','fd00:20::11',2222,2,X'00000002000000076b6579206f6e65000000076b65792074776f',14);
CREATE TABLE target_labels( target TEXT NOT NULL REFERENCES targets(name) ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(target, key)) STRICT, WITHOUT ROWID;
INSERT INTO target_labels VALUES('web-01','env','prod',14);
INSERT INTO target_labels VALUES('web-01','tier','web',14);
CREATE TABLE target_logins( target TEXT NOT NULL REFERENCES targets(name) ON DELETE CASCADE, n INTEGER NOT NULL, login TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(target, n)) STRICT, WITHOUT ROWID;
INSERT INTO target_logins VALUES('db-01',0,'deploy',15);
INSERT INTO target_logins VALUES('web-01',0,'zoe',14);
INSERT INTO target_logins VALUES('web-01',1,'adam',14);
CREATE TABLE roles( name TEXT PRIMARY KEY, max_s INTEGER NOT NULL, mfa_age INTEGER NOT NULL, reason INTEGER NOT NULL, caps INTEGER NOT NULL, record INTEGER NOT NULL, deny INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO roles VALUES('never',60,0,0,0,0,1,18);
INSERT INTO roles VALUES('ops',3600,60,1,5,1,0,17);
CREATE TABLE role_items( role TEXT NOT NULL REFERENCES roles(name) ON DELETE CASCADE, kind TEXT NOT NULL, n INTEGER NOT NULL, value TEXT NOT NULL, value2 TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(role, kind, n)) STRICT, WITHOUT ROWID;
INSERT INTO role_items VALUES('never','group',0,'guests','',18);
INSERT INTO role_items VALUES('never','label',0,'env','prod',18);
INSERT INTO role_items VALUES('ops','group',0,'ops','',17);
INSERT INTO role_items VALUES('ops','label',0,'env','prod',17);
INSERT INTO role_items VALUES('ops','login',0,'zoe','',17);
INSERT INTO role_items VALUES('ops','login',1,'adam','',17);
INSERT INTO role_items VALUES('ops','port',0,'22','',17);
INSERT INTO role_items VALUES('ops','port',1,'2222','',17);
INSERT INTO role_items VALUES('ops','source',0,'10.0.0.0/8','',17);
INSERT INTO role_items VALUES('ops','source',1,'fd00::/16','',17);
INSERT INTO role_items VALUES('ops','target',0,'web-01','',17);
INSERT INTO role_items VALUES('ops','user',0,'alice','',17);
CREATE TABLE answers( user TEXT NOT NULL, verb TEXT NOT NULL, key TEXT NOT NULL, status INTEGER NOT NULL, reply TEXT NOT NULL, at INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(user, verb, key)) STRICT, WITHOUT ROWID;
INSERT INTO answers VALUES('alice','request.create','key-0000000000000001',201,'{"grant":"g-22222222","state":"active"}',1790000000000,30);
CREATE TABLE grants( id TEXT PRIMARY KEY, req TEXT NOT NULL, user TEXT NOT NULL, target TEXT NOT NULL, login TEXT NOT NULL, role TEXT NOT NULL, why TEXT NOT NULL, source4 TEXT NOT NULL, source6 TEXT NOT NULL, port INTEGER NOT NULL, reach INTEGER NOT NULL, start INTEGER NOT NULL, due INTEGER NOT NULL, ended INTEGER NOT NULL, reason INTEGER NOT NULL, sessions INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO grants VALUES('g-22222222','r-22222222','alice','web-01','zoe','ops','why; "quoted", it''s so','198.51.100.7','',2222,2,1790000000000,1790000300000,1790000100000,3,1,31);
CREATE TABLE sessions( sid TEXT PRIMARY KEY, grant_id TEXT NOT NULL, user TEXT NOT NULL, target TEXT NOT NULL, login TEXT NOT NULL, source TEXT NOT NULL, start INTEGER NOT NULL, ended INTEGER NOT NULL, reason INTEGER NOT NULL, recorded INTEGER NOT NULL, bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO sessions VALUES('s-22222222','g-22222222','alice','web-01','zoe','198.51.100.7',1790000010000,1790000100000,3,1,1,4294967301,33);
CREATE TABLE removed(one INTEGER PRIMARY KEY CHECK(one = 1), seq INTEGER NOT NULL) STRICT;
INSERT INTO removed VALUES(1,40);
CREATE INDEX users_invite ON users(invite) WHERE invite <> '';
CREATE INDEX user_keys_user ON user_keys(user);
CREATE INDEX answers_at ON answers(at);
CREATE INDEX grants_start ON grants(start, id);
CREATE INDEX sessions_start ON sessions(start, sid);
PRAGMA user_version=1;
COMMIT;
