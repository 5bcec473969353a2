/* partition.assignment.strategy: who gets which partition. Pure functions, as in Kafka 4.0.
 *
 *   range               each a range of neighbours                                 RangeAssignor
 *   round-robin         dealt out in turn                                          RoundRobinAssignor
 *   sticky              each keeps what it has, as far as that is even             AbstractStickyAssignor
 *   cooperative-sticky  the same, but what moves is nobody's for one generation:   CooperativeStickyAssignor
 *                       its owner has to give it up first
 *
 * [A1] Shares differ by one partition at most (but for what moves in cooperative-sticky).
 * [A2] sticky moves no more partitions than evenness asks for.
 */
#ifndef MODELS_KAFKA_ASSIGNMENT_H
#define MODELS_KAFKA_ASSIGNMENT_H

#include <stddef.h>
#include <stdint.h>

enum { STRATEGY_RANGE, STRATEGY_ROUND_ROBIN, STRATEGY_STICKY, STRATEGY_COOPERATIVE_STICKY };

struct assignment {
  size_t members, partitions;
  const uint64_t *ids;   /* of the members, in order */
  const uint64_t *claim; /* by partition: the member that has it now, 0 = nobody */
  uint64_t *owner;       /* out, by partition: member id, 0 = nobody for now */
  uint32_t *shares;      /* room for one number a member */
};

void assignment_make(const struct assignment *assignment, int strategy);

#endif
