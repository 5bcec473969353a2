-- The repaired twin of select-then-insert.sql: the mark has a unique key, and is inserted before anything else: the second waits, and is told.
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
