/* What removes old rows from an outbox table: a statement now and then, from the first relay.
 *
 *   none              nothing: the table grows for ever
 *   delete            DELETE of what is older than `retention` and published
 *   drop-partitions   the table is partitioned by created_at, a partition for each `cleanup_every`; one is
 *                     dropped when all of it is older, and nothing in it is unpublished
 *   archive           as delete, into a table elsewhere: INSERT ... SELECT, then DELETE
 *
 * `unpublished_too`: age alone decides, and what a relay has not published yet is lost with it.
 * LIMIT: a statement costs the same however many rows it removes; what another transaction has locked is
 *        passed over until the next time.
 */
#ifndef MODELS_OUTBOX_CLEANUP_H
#define MODELS_OUTBOX_CLEANUP_H

#include "models/outbox/application.h"
#include "models/outbox/session.h"

/* Behind the application's key, in every publisher with an outbox. */
enum cleanup_key {
  KEY_CLEANUP = KEY_OUTBOX__COUNT,
  KEY_CLEANUP_RETENTION,
  KEY_CLEANUP_EVERY,
  KEY_CLEANUP_UNPUBLISHED_TOO,
  KEY_CLEANUP__COUNT
};
enum { CLEANUP_NONE, CLEANUP_DELETE, CLEANUP_DROP_PARTITIONS, CLEANUP_ARCHIVE };
#define CLEANUP_KEYS                                                                               \
  [KEY_CLEANUP] = {.name = "cleanup", .type = VALUE_ENUM, .value_default = "none",                 \
                   .choices = "none delete drop-partitions archive",                               \
                   .help = "how old rows are removed from the outbox table",                       \
                   .source = "ours: nothing removes them unless somebody does"},                   \
  [KEY_CLEANUP_RETENTION] = {.name = "retention", .type = VALUE_TIME, .value_default = "1h",       \
                             .min = 0, .max = SCHEMA_TIME_MAX_NS / 4,                              \
                             .help = "how old a row must be to be removed", .source = "ours"},     \
  [KEY_CLEANUP_EVERY] = {.name = "cleanup_every", .type = VALUE_TIME, .value_default = "1min",     \
                         .min = NS_PER_MS, .max = NS_PER_D, .source = "ours",                      \
                         .help = "between two removals; also the span of a partition"},            \
  [KEY_CLEANUP_UNPUBLISHED_TOO] = {.name = "unpublished_too", .type = VALUE_BOOL,                  \
                                   .value_default = "false", .source = "ours",                     \
                                   .help = "whether age alone decides"}

static inline int64_t publisher_setting(const struct world *world, int key) {
  return world->plan->publisher_settings.values[key].i;
}

/* Whether this relay is the one that removes rows. */
bool cleanup_is_here(const struct world *world, const struct node *node);
/* The statement, to be asked. */
struct message *cleanup_request(struct world *world, const struct node *node);

#endif
