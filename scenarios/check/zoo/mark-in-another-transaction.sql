-- Bug: the mark is committed before the transaction with the effect.
-- Shown by a refused statement, or a crash, between the two commits: the next delivery finds the mark. lost_acked
-- Fixed: the mark and the effect are one transaction.
-- Contract: a queue that hands messages out again and to two consumers at once.
-- dgsim: schema
CREATE TABLE processed(id TEXT PRIMARY KEY);
CREATE TABLE payment(id TEXT NOT NULL, amount INTEGER NOT NULL);

-- dgsim: handler
BEGIN;
-- dgsim: on unique_violation: done
INSERT INTO processed(id) VALUES (:id);
COMMIT;
BEGIN;
INSERT INTO payment(id, amount) VALUES (:id, :amount);
COMMIT;

-- dgsim: probe
SELECT id, 'payment', amount FROM payment;
