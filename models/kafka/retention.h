/* What a log keeps. Kafka keeps a week (log.retention.hours), longer than most runs, so that within a run whoever
 * comes back, however late, finds what he left off at. Here a log forgets what nothing in the world can ask for any
 * more, which saves memory and changes no result. No broker decides anything by it, so it may look everywhere.
 *
 * [I1] What a group has committed or will, a reader's position, and what a message under way asks for or commits:
 *      nothing of it is below a log's start.
 * LIMIT: log.retention.hours and log.retention.bytes are not modelled.
 */
#ifndef MODELS_KAFKA_RETENTION_H
#define MODELS_KAFKA_RETENTION_H

#include "models/kafka/broker.h"

/* Records were appended to an input partition that this broker leads, from offset `before` on: now and then
 * the log forgets. */
void retention_appended(struct world *world, struct node *node, uint32_t partition, uint64_t before);
/* Nobody asks for what is below the offset, in a log of one copy: it goes, unless a machine that fails in this
 * run may make it count again. */
void retention_passed(struct world *world, struct partition_log *log, uint64_t below);

#endif
