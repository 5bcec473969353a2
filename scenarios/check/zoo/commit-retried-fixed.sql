-- The repaired twin of commit-retried.sql: the transaction has a mark, which tells the second attempt that the first was committed.
-- Contract: a queue that hands messages out again and to two consumers at once.
-- dgsim: schema
CREATE TABLE payment(id TEXT PRIMARY KEY, amount INTEGER NOT NULL);

-- dgsim: handler
-- dgsim: retry 3 on connection_failure, serialization_failure, deadlock_detected
BEGIN;
-- dgsim: on unique_violation: done
INSERT INTO payment(id, amount) VALUES (:id, :amount);
COMMIT;

-- dgsim: probe
SELECT id, 'payment', amount FROM payment;
