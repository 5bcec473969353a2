-- The repaired twin of upsert-overwrites-newer.sql: an older version does not overwrite a newer one.
-- Contract: a queue that hands messages out again and to two consumers at once; operations are numbered in the order of their making.
-- dgsim: schema
CREATE TABLE price(account TEXT PRIMARY KEY, amount INTEGER NOT NULL, version INTEGER NOT NULL);

-- dgsim: handler
INSERT INTO price(account, amount, version) VALUES (:account, :amount, CAST(SUBSTR(:id, 4) AS INTEGER))
  ON CONFLICT(account) DO UPDATE SET amount = excluded.amount, version = excluded.version
  WHERE excluded.version > price.version;

-- dgsim: probe
SELECT account, 'price', amount FROM price;
