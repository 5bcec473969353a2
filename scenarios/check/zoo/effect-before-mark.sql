-- Bug: the effect commits by itself, and then the mark.
-- Shown by a refused statement, or a crash, between the two: the next delivery finds no mark. duplicate_effects
-- Fixed: the mark comes first, and both are one transaction.
-- Contract: a queue that hands messages out again and to two consumers at once.
-- dgsim: schema
CREATE TABLE processed(id TEXT PRIMARY KEY);
CREATE TABLE payment(id TEXT NOT NULL, amount INTEGER NOT NULL);

-- dgsim: handler
-- dgsim: if rows: done
SELECT 1 FROM processed WHERE id = :id;
INSERT INTO payment(id, amount) VALUES (:id, :amount);
-- dgsim: on unique_violation: done
INSERT INTO processed(id) VALUES (:id);

-- dgsim: probe
SELECT id, 'payment', amount FROM payment;
