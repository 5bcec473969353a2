/* The client of the external provider: one request over HTTPS. */
#include "models/handlers/host_state.h"

#include "models/store/provider.h"

static bool charge(struct world *world, struct node *node, struct thread *thread) {
  if (world->count[ROLE_PROVIDER] == 0) return host_done(thread, DG_FAILED);
  struct message *message =
      host_request(world, node, thread, world_node(world, ROLE_PROVIDER, 0), PROVIDER_CHARGE);
  message->a = (int64_t)thread->message.key;
  message->b = (int64_t)thread->key;
  message->c = thread->value;
  message->size = PROVIDER_WIRE_BYTES;
  return host_ask(world, node, thread, message);
}

static void unanswered(struct thread *thread) { thread->status = DG_UNKNOWN; }

struct span host_provider_timeout(const struct world *world) {
  return span_of(provider_setting(world, KEY_PROVIDER_TIMEOUT));
}

const struct call_row host_provider_calls[CALL__COUNT] = {
    [CALL_CHARGE] = {.perform = charge, .unanswered = unanswered},
};
