/* What a plan's handlers need of its system. */
#include "models/handlers/host.h"

static bool check_one(const struct plan *plan, const struct handler *handler, struct err *err) {
  const struct system *system = plan->system;
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
