-- Bug: its answer is lost, so that it begins the transaction again: it may have been committed.
-- Shown by the lost answer of a COMMIT. duplicate_effects
-- Fixed: the transaction has a mark, which tells the second attempt that the first was committed.
-- Contract: a queue that hands messages out again and to two consumers at once.
-- dgsim: schema
CREATE TABLE payment(id TEXT NOT NULL, amount INTEGER NOT NULL);

-- dgsim: handler
-- dgsim: if rows: done
SELECT 1 FROM payment WHERE id = :id;
-- dgsim: retry 3 on connection_failure, serialization_failure, deadlock_detected
BEGIN;
INSERT INTO payment(id, amount) VALUES (:id, :amount);
COMMIT;

-- dgsim: probe
SELECT id, 'payment', amount FROM payment;
