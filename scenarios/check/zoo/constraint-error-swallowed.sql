-- Bug: does its effect, then finds that the operation is marked, takes no notice, and commits.
-- Shown by any second delivery. duplicate_effects on SQLite, where a statement that fails leaves its transaction open; in PostgreSQL
-- the COMMIT of a transaction with an error is a rollback, which saves it
-- Fixed: a mark that is there already ends it, and the effect is rolled back.
-- Contract: a queue that hands messages out again and to two consumers at once.
-- dgsim: schema
CREATE TABLE processed(id TEXT PRIMARY KEY);
CREATE TABLE payment(id TEXT NOT NULL, amount INTEGER NOT NULL);

-- dgsim: handler
BEGIN;
INSERT INTO payment(id, amount) VALUES (:id, :amount);
-- dgsim: on unique_violation: continue
INSERT INTO processed(id) VALUES (:id);
COMMIT;

-- dgsim: probe
SELECT id, 'payment', amount FROM payment;
