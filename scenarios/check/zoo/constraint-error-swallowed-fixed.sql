-- The repaired twin of constraint-error-swallowed.sql: a mark that is there already ends it, and the effect is rolled back.
-- Contract: a queue that hands messages out again and to two consumers at once.
-- dgsim: schema
CREATE TABLE processed(id TEXT PRIMARY KEY);
CREATE TABLE payment(id TEXT NOT NULL, amount INTEGER NOT NULL);

-- dgsim: handler
BEGIN;
INSERT INTO payment(id, amount) VALUES (:id, :amount);
-- dgsim: on unique_violation: done
INSERT INTO processed(id) VALUES (:id);
COMMIT;

-- dgsim: probe
SELECT id, 'payment', amount FROM payment;
