-- The repaired twin of every-error-a-duplicate.sql: a violation of the unique key alone is a duplicate.
-- Contract: a queue that hands messages out again and to two consumers at once.
-- dgsim: schema
CREATE TABLE processed(id TEXT PRIMARY KEY);
CREATE TABLE payment(id TEXT NOT NULL, amount INTEGER NOT NULL);

-- dgsim: handler
BEGIN;
-- dgsim: on unique_violation: done
INSERT INTO processed(id) VALUES (:id);
INSERT INTO payment(id, amount) VALUES (:id, :amount);
COMMIT;

-- dgsim: probe
SELECT id, 'payment', amount FROM payment;
