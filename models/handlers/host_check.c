/* What a plan's handlers need of its system. */
#include "models/handlers/host.h"

/* A handler whose group is a service: what it has to tell others goes to an output topic, and one database
 * says what is committed. */
static bool check_service(const struct plan *plan, const struct handler *handler, struct err *err) {
  const struct publisher *publisher = plan->publisher;
  const bool of_consumers = publisher && publisher->of_consumers;
  if (of_consumers && !handler->emits)
    return err_set(err, ERR_CONFLICT, "publisher '%s' reads an outbox, and handler '%s' writes into none",
                   publisher->name, handler->name),
           err_note(err, "take handler 'outbox'");
  if (!handler->commits) return true;
  if (!plan->system->components[ROLE_CONSUMER]->publish)
    return err_set(err, ERR_CONFLICT, "handler '%s' has events to publish, and '%s' has no topic for them",
                   handler->name, plan->system->name),
           err_note(err, "the systems of a log have one");
  if (plan->groups)
    return err_set(err, ERR_CONFLICT, "handler '%s' publishes to the one output topic: it cannot be a group's of "
                   "several", handler->name),
           err_note(err, "leave 'groups' out");
  if (handler->emits && !of_consumers)
    return err_set(err, ERR_CONFLICT, "nobody publishes what handler '%s' writes into its outbox", handler->name),
           err_note(err, "add publisher: consumer-outbox");
  if (!handler->emits && publisher)
    return err_set(err, ERR_CONFLICT, "handler '%s' and publisher '%s' both have a database that says what is "
                   "committed", handler->name, publisher->name),
           err_note(err, "leave 'publisher' out");
  return true;
}

static bool check_one(const struct plan *plan, const struct handler *handler, struct err *err) {
  const struct system *system = plan->system;
  if (!check_service(plan, handler, err)) return false;
  if (!handler->uses && !system->components[ROLE_CONSUMER]->publish)
    return err_set(err, ERR_CONFLICT, "handler '%s' publishes its result, and '%s' has no topic for it",
                   handler->name, system->name),
           err_note(err, "the systems of a log have one, or take a handler with a store");
  uint32_t missing = handler->needs & ~system->says;
  if (missing & SAYS_OFFSET)
    return err_set(err, ERR_CONFLICT, "handler '%s' goes by offsets, and '%s' has none", handler->name,
                   system->name),
           err_note(err, "the systems of a log have them");
  if (missing & SAYS_FENCE)
    return err_set(err, ERR_CONFLICT, "handler '%s' goes by a fencing token, and '%s' gives none",
                   handler->name, system->name),
           err_note(err, "the systems of a log give a group's generation, the sqs ones a receive count");
  if ((handler->needs & SAYS_OFFSET) && plan->threads > 1)
    return err_set(err, ERR_CONFLICT, "handler '%s' takes the records of a partition one after the other, "
                   "and there are %u threads", handler->name, plan->threads),
           err_note(err, "set topology/threads to 1, and have more partitions and consumers");
  return true;
}

bool host_check(const struct plan *plan, struct err *err) {
  for (uint32_t i = 0; i < plan_group_count(plan); i++)
    if (plan_handler(plan, i) && !check_one(plan, plan_handler(plan, i), err)) return false;
  return true;
}
