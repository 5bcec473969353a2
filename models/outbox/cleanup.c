#include "models/outbox/cleanup.h"

#include "models/mutants.h"

bool cleanup_is_here(const struct world *world, const struct node *node) {
  return !MUTANT(CLEANUP_NEVER) && node->index == 1 && publisher_setting(world, KEY_CLEANUP) != CLEANUP_NONE;
}

struct message *cleanup_request(struct world *world, const struct node *node) {
  struct message *message = session_request(world, node, OUTBOX_DELETE, 0, 0, false);
  message->a = publisher_setting(world, KEY_CLEANUP_RETENTION);
  message->c = publisher_setting(world, KEY_CLEANUP_EVERY);
  switch (publisher_setting(world, KEY_CLEANUP)) {
  case CLEANUP_DROP_PARTITIONS: message->b |= OUTBOX_BY_PARTITION; break;
  case CLEANUP_ARCHIVE: message->b |= OUTBOX_ARCHIVED; break;
  default: break;
  }
  if (publisher_setting(world, KEY_CLEANUP_UNPUBLISHED_TOO) || MUTANT(CLEANUP_BY_AGE)) message->b |= OUTBOX_UNPUBLISHED_TOO;
  return message;
}
