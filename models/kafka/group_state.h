/* What the files of the group coordinator share: members, their parked requests, and rebalancing. */
#ifndef MODELS_KAFKA_GROUP_STATE_H
#define MODELS_KAFKA_GROUP_STATE_H

#include "models/kafka/broker.h"

void group_answer(struct world *world, struct node *node, const struct message *request, enum wire kind,
                  enum kafka_error error);

void group_stop_session(struct world *world, struct member *member);
void group_start_session(struct world *world, struct node *node, struct member *member);
/* The one wait of a rebalance: for joins, or for syncs. */
void group_start_wait(struct world *world, struct node *node, struct group *group, int64_t ns);
void group_stop_wait(struct world *world, struct group *group);
void group_start_retention(struct world *world, struct node *node, const struct group *group);

void group_release(struct world *world, struct message **parked);
void group_park(struct world *world, struct message **place, struct message *request);
void group_answer_join(struct world *world, struct node *node, const struct group *group,
                       const struct member *member, const struct message *request);
/* The member's assignment. */
void group_answer_sync(struct world *world, struct node *node, const struct group *group,
                       struct member *member, const struct message *request);

struct member *group_add(struct group *group, uint64_t id, uint32_t instance);
void group_drop(struct world *world, struct node *node, struct group *group, struct member *member);

/* A rebalance begins, if none is under way; the generation that follows it begins when all have joined. */
void group_prepare(struct world *world, struct node *node, struct group *group);
void group_complete_if_all_joined(struct world *world, struct node *node, struct group *group);
void group_complete(struct world *world, struct node *node, struct group *group);
void group_assign(struct world *world, struct group *group);
/* What a JOIN says of its member: which partitions it has, since which generation. */
uint64_t group_subscription_of(const struct message *request);
void group_take_claims(struct group *group, const struct member *member, const struct message *request);

#endif
