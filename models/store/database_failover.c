/* A standby takes over, at this node. See database.h. */
#include "models/mutants.h"
#include "models/store/database_state.h"
#include "sim/base/assert.h"

/* Nothing of what was open or waited for the log is known there; who asked learns that the connection broke. */
static uint32_t end_all(struct world *world, struct node *node) {
  struct database *database = database_of(node);
  struct sessions *sessions = &database->sessions;
  uint32_t count = 0;
  for (; sessions->first_commit != SESSION_NONE; count++) {
    uint32_t index = sessions->first_commit;
    sessions_dequeue_commit(sessions);
    database_end(world, node, index);
  }
  for (uint32_t i = 0; i < sessions->transaction_count; i++)
    if (transaction_at(database, i)->state != TRANSACTION_FREE) {
      database_abort(world, node, i);
      count++;
    }
  return count;
}

static uint32_t lose_slot(struct world *world, struct node *node) {
  uint32_t count = change_log_lose_slot(world, &database_of(node)->changes);
  if (node->alive) database_serve_reader(world, node);
  return count;
}

static uint32_t fail_over(struct world *world, struct node *node, uint32_t fault) {
  if (!node->alive) return 0;
  const bool clean = faults_rules(world, fault)->election == ELECTION_CLEAN;
  uint32_t count = 0;
  for (size_t i = 0; i < world->channel_count; i++) {
    struct channel *channel = &world->channels[i];
    if (channel->ends[1] == node->id) link_reset(world, channel, fault);
  }
  count += end_all(world, node);
  database_drop_reader(world, database_of(node));
  if (!clean || MUTANT(DATABASE_CLEAN_FORGETS))
    count += database_undo_since(
        world, node, world->now.ns - database_setting(world, KEY_DATABASE_REPLICATION_DELAY));
  if (!database_setting(world, KEY_DATABASE_SYNC_SLOTS)) count += lose_slot(world, node);
  return count;
}

uint32_t database_struck(struct world *world, struct node *node, uint32_t fault, bool begins) {
  if (!begins || !node->disk[0]) return 0;
  if (faults_rules(world, fault)->verb == VERB_LOSE_SLOT) return lose_slot(world, node);
  ASSERT_EQ(faults_rules(world, fault)->verb, VERB_FAILOVER);
  return fail_over(world, node, fault);
}
