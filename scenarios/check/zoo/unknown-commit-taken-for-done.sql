-- Bug: takes a COMMIT without an answer for one that happened.
-- Shown by a connection that is cut before the COMMIT arrives. lost_acked
-- Fixed: the message comes again, and its mark tells what became of it.
-- Contract: a queue that hands messages out again and to two consumers at once.
-- dgsim: schema
CREATE TABLE processed(id TEXT PRIMARY KEY);
CREATE TABLE payment(id TEXT NOT NULL, amount INTEGER NOT NULL);

-- dgsim: handler
BEGIN;
-- dgsim: on unique_violation: done
INSERT INTO processed(id) VALUES (:id);
INSERT INTO payment(id, amount) VALUES (:id, :amount);
-- dgsim: on connection_failure: done
COMMIT;

-- dgsim: probe
SELECT id, 'payment', amount FROM payment;
