/* A relay that polls an outbox table. It runs on a node of its own, above the system's producer component.
 * Of a consumers' group (`of_consumers`) it reads the group's database and publishes to the output topic.
 *
 *            poll_every            rows             all confirmed       marked
 *   [asleep] ----------> [reading] ----> [publishing] ---------> [marking] ----> [asleep]
 *      ^                    | none           mark: before-publish turns these two round
 *      '--------------------+---- a statement failed, or got no answer: the transaction is rolled back
 *
 * With `lock: skip-locked` reading, publishing and marking are one transaction, which keeps the rows from
 * other relays; without, each statement is one by itself. A batch that was full is followed by the next poll
 * at once. What the producer does not confirm is not marked, and is read again (published-flag), or holds
 * the cursor back (id).
 *
 * Volatile: everything. A relay that dies between a confirmation and its mark publishes again: at least once.
 * With `mark: before-publish` what it had marked and not published is lost with it.
 *
 * [I1] One request to the database is under way at most, and never beside publications.
 * [I2] Only confirmed rows are marked (after-publish): of a cursor, those in front of the first that is not.
 * The first relay also removes old rows: cleanup.h.
 * LIMIT: relays do not share rows out among themselves, but for skip-locked.
 */
#ifndef MODELS_OUTBOX_RELAY_H
#define MODELS_OUTBOX_RELAY_H

#include "models/outbox/application.h"
#include "models/outbox/cleanup.h"

enum polling_key {
  KEY_POLL_EVERY = KEY_CLEANUP__COUNT,
  KEY_POLL_BATCH,
  KEY_POLL_CURSOR,
  KEY_POLL_MARK,
  KEY_POLL_LOCK,
  KEY_POLLING__COUNT
};
enum { CURSOR_PUBLISHED_FLAG, CURSOR_ID };
enum { MARK_AFTER_PUBLISH, MARK_BEFORE_PUBLISH };
enum { LOCK_NONE, LOCK_SKIP_LOCKED };

extern const struct component polling_relay;

#endif
