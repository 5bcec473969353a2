-- The repaired twin of stale-set.sql: the database adds, and who finds the mark there adds nothing.
-- Contract: a queue that hands messages out again and to two consumers at once; two operations on one account.
-- dgsim: schema
CREATE TABLE processed(id TEXT PRIMARY KEY);
CREATE TABLE account(name TEXT PRIMARY KEY, balance INTEGER NOT NULL);

-- dgsim: handler
INSERT INTO account(name, balance) VALUES (:account, 0) ON CONFLICT(name) DO NOTHING;
BEGIN;
-- dgsim: on unique_violation: done
INSERT INTO processed(id) VALUES (:id);
UPDATE account SET balance = balance + :amount WHERE name = :account;
COMMIT;

-- dgsim: probe
SELECT name, 'balance', balance FROM account;
