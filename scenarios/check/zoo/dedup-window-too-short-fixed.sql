-- The repaired twin of dedup-window-too-short.sql: the window has room for every message of the redelivery horizon.
-- Contract: a queue that hands messages out again and to two consumers at once, as late as the redelivery horizon.
-- dgsim: schema
CREATE TABLE processed(id TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE payment(id TEXT NOT NULL, amount INTEGER NOT NULL);

-- dgsim: handler
BEGIN;
-- dgsim: on unique_violation: done
INSERT INTO processed(id, number) SELECT :id, COALESCE(MAX(number), 0) + 1 FROM processed;
INSERT INTO payment(id, amount) VALUES (:id, :amount);
DELETE FROM processed WHERE number <= (SELECT MAX(number) FROM processed) - 1000;
COMMIT;

-- dgsim: probe
SELECT id, 'payment', amount FROM payment;
