-- Bug: sets what the message says, whatever stands there: an older one wins when it comes last.
-- Shown by a copy of an older message behind a newer one of the same account. lost_acked (the newer)
-- Fixed: an older version does not overwrite a newer one.
-- Contract: a queue that hands messages out again and to two consumers at once; operations are numbered in the order of their making.
-- dgsim: schema
CREATE TABLE price(account TEXT PRIMARY KEY, amount INTEGER NOT NULL, version INTEGER NOT NULL);

-- dgsim: handler
INSERT INTO price(account, amount, version) VALUES (:account, :amount, CAST(SUBSTR(:id, 4) AS INTEGER))
  ON CONFLICT(account) DO UPDATE SET amount = excluded.amount, version = excluded.version;

-- dgsim: probe
SELECT account, 'price', amount FROM price;
