/* An application that keeps a business row in its service's database and tells others by an event. It runs
 * on producers, above the system's producer component.
 *
 *   client --operation--> application --statements--> service's database
 *                             '--event--> the system's producer (dual write only)
 *
 * What it does for an operation is a recipe: steps in an order, each waiting for the one before.
 *
 *   dual-write, database-first    UPDATE, COMMIT, publish
 *   dual-write, publish-first     publish, UPDATE, COMMIT
 *   outbox, same-transaction      UPDATE, INSERT INTO outbox, COMMIT
 *   outbox, separate              UPDATE, COMMIT, INSERT INTO outbox (committed by itself)
 *
 * Its client learns OK when all steps were confirmed (NONE where the event was sent and no confirmation
 * exists); REJECTED when it gave up before anything of the database was committed, and rolled back; UNKNOWN
 * in between: a COMMIT without an answer, or a step that failed behind a COMMIT. It never tries a step
 * again: that is its client's business.
 *
 * Volatile: everything. Who dies with it learns nothing (ABANDONED).
 * [I1] At most one request or publication is under way for an operation.
 * LIMIT: its own work takes no time, and it has as many threads as operations are open.
 */
#ifndef MODELS_OUTBOX_APPLICATION_H
#define MODELS_OUTBOX_APPLICATION_H

#include "sim/world/model.h"

/* First key of every publisher with an outbox, then those of its own. */
enum outbox_key { KEY_OUTBOX, KEY_OUTBOX__COUNT };
#define OUTBOX_SAME_TRANSACTION 0
#define OUTBOX_SEPARATE 1
#define OUTBOX_KEY                                                                                 \
  {                                                                                                \
    .name = "outbox", .type = VALUE_ENUM, .value_default = "same-transaction",                     \
    .choices = "same-transaction separate",                                                        \
    .help = "whether the event's row is inserted in the business row's transaction, or behind it", \
    .source = "the pattern: Richardson, microservices.io, Transactional outbox",                   \
  }

extern const struct component dual_write_application, outbox_application;

#endif
