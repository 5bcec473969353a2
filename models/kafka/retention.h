/* What a log keeps. Kafka keeps a week (log.retention.hours), longer than most runs, so that within a run whoever
 * comes back, however late, finds what he left off at. Here a log forgets what nothing in the world can ask for any
 * more, which saves memory and changes no result. No broker decides anything by it, so it may look everywhere.
 *
 * [I1] What a group has committed or will, a reader's position, and what a message under way asks for or commits:
 *      nothing of it is below a log's start; nor is where a reader is sent back to who finds that a log has other
 *      records than he has read. A log is cut back to what is flushed, or to what its leader has, and start is below
 *      both: at that time nothing that any reader may need is below. Afterwards each offset above counts as the one
 *      that its reader will be sent back to. Only where a disk may go does a log begin anew below its start, and then
 *      from 0.
 * LIMIT: log.retention.hours and log.retention.bytes are not modelled.
 */
#ifndef MODELS_KAFKA_RETENTION_H
#define MODELS_KAFKA_RETENTION_H

#include "models/kafka/broker.h"
#include "sim/base/likely.h"

/* A log is looked at when its end passes a multiple of this: an instant of the run, and not one at which memory
 * happens to be full. */
#define RETENTION_STEP 1024

/* An input partition that this broker leads forgets what nobody can ask for. */
void retention_forget(struct world *world, struct node *node, uint32_t partition);
/* Records were appended to such a partition's log, from offset `before` on: now and then it forgets. */
static inline void retention_appended(struct world *world, struct node *node, const struct partition_log *log,
                                      uint32_t partition, uint64_t before) {
  if (UNLIKELY(before / RETENTION_STEP != log->end / RETENTION_STEP)) retention_forget(world, node, partition);
}
/* Nobody asks for what is below the offset, in a log of one copy: it goes, unless a machine that fails in this
 * run may make it count again. */
void retention_passed(struct world *world, struct partition_log *log, uint64_t below);

#endif
