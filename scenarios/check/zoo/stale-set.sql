-- Bug: reads the balance, adds to it in the program, and sets what came of it, as if that could be done twice.
-- Shown by a pause between the two: what others have added meanwhile is overwritten. lost_acked
-- Fixed: the database adds, and who finds the mark there adds nothing.
-- Contract: a queue that hands messages out again and to two consumers at once; two operations on one account.
-- dgsim: schema
CREATE TABLE processed(id TEXT PRIMARY KEY);
CREATE TABLE account(name TEXT PRIMARY KEY, balance INTEGER NOT NULL);

-- dgsim: handler
INSERT INTO account(name, balance) VALUES (:account, 0) ON CONFLICT(name) DO NOTHING;
-- dgsim: into balance
SELECT balance FROM account WHERE name = :account;
-- dgsim: if rows: done
SELECT 1 FROM processed WHERE id = :id;
BEGIN;
INSERT INTO processed(id) VALUES (:id) ON CONFLICT(id) DO NOTHING;
UPDATE account SET balance = :balance + :amount WHERE name = :account;
COMMIT;

-- dgsim: probe
SELECT name, 'balance', balance FROM account;
