-- Bug: looks whether the operation is marked, and no constraint keeps two from finding no mark.
-- Shown by a pause after the look: by the time it goes on, another consumer has handled the message. duplicate_effects
-- Fixed: the mark has a unique key, and is inserted before anything else: the second waits, and is told.
-- Contract: a queue that hands messages out again and to two consumers at once.
-- dgsim: schema
CREATE TABLE processed(id TEXT NOT NULL);
CREATE TABLE payment(id TEXT NOT NULL, amount INTEGER NOT NULL);

-- dgsim: handler
-- dgsim: if rows: done
SELECT 1 FROM processed WHERE id = :id;
BEGIN;
INSERT INTO processed(id) VALUES (:id);
INSERT INTO payment(id, amount) VALUES (:id, :amount);
COMMIT;

-- dgsim: probe
SELECT id, 'payment', amount FROM payment;
