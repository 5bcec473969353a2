#include "models/outbox/session.h"

#include "models/store/database.h"
#include "sim/base/assert.h"

uint16_t session_lane(struct world *world) {
  return world_lane(world, span_of(database_setting(world, KEY_DATABASE_SOCKET_TIMEOUT)));
}

struct message *session_request(struct world *world, const struct node *node, uint16_t kind, uint64_t intent,
                                uint32_t transaction, bool begins) {
  struct message *message = world_message(world, node, session_database(world)->id, 0, kind);
  message->reply_port = PUBLISHER_PORT;
  message->intent = intent;
  message->size = STORE_WIRE_BYTES;
  message->d = transaction | (begins ? DATABASE_BEGINS : 0);
  return message;
}

void session_ask(struct world *world, struct node *node, struct session_wait *wait, struct message *message,
                 uint32_t correlation, uint16_t lane, uint16_t timer_kind, uint64_t tag) {
  ASSERT(wait->correlation == 0 && correlation != 0);
  wait->correlation = message->correlation = correlation;
  wait->timer = world_timer(world, node, PUBLISHER_PORT, lane, timer_kind, tag);
  world_send(world, node, message);
}

bool session_answered(struct world *world, struct session_wait *wait, const struct message *answer) {
  if (wait->correlation == 0 || wait->correlation != answer->correlation) return false;
  session_lost(world, wait);
  return true;
}

void session_lost(struct world *world, struct session_wait *wait) {
  world_cancel(world, wait->timer);
  wait->correlation = 0;
}
