/* What a file says has to reach some row: a link that no row has, a cache that no handler calls, relays without an
 * outbox would change nothing, and the file would mean less than it says. Not asked of a run that was cut out of a
 * comparison, whose other rows are not here. */
#include "sim/runner/scenario_reader.h"

static bool any_uses(const struct reader *reader, enum role store) {
  for (size_t i = 0; i < reader->row_count; i++)
    if (plan_uses(&reader->scenario->plans[i], store)) return true;
  return false;
}

static bool check_links(struct reader *reader) {
  const struct yaml_entry *block = reader->top[TOP_LINKS];
  for (int link = 0; block && link < LINK__COUNT; link++) {
    const struct yaml_entry *entry = yaml_find(block->value, link_rows[link].name);
    bool used = !entry;
    for (size_t i = 0; !used && i < reader->row_count; i++)
      used = scenario_link_used(&reader->scenario->plans[i], (enum link)link);
    if (used) continue;
    reader_fail_key(reader, entry, ERR_CONFLICT, "no row uses link '%s'", entry->key);
    return err_note(reader->err, "its ends are there where a handler, publisher or system has them; 'default' is for all");
  }
  return true;
}

/* A row's own words need that row to call the store; the base's need any. */
static bool check_store(struct reader *reader, enum slot slot) {
  const enum role store = slot_rows[slot].store;
  const struct yaml_entry *base = reader->top[slot_rows[slot].base];
  const bool any = any_uses(reader, store);
  for (size_t i = 0; i < reader->row_count; i++) {
    const struct yaml_node *place = reader->rows[i].slots[slot].place;
    if (!place || plan_uses(&reader->scenario->plans[i], store)) continue;
    if (base && place == base->value && any) continue;
    reader_fail(reader, place, ERR_CONFLICT, "no handler of row '%s' calls a %s", reader->rows[i].label,
                slot_rows[slot].name);
    return err_note(reader->err, "dgsim list handlers shows which do");
  }
  return true;
}

static bool check_relays(struct reader *reader) {
  const struct yaml_entry *given = reader->topology.given[TOPOLOGY_RELAYS];
  if (!given) return true;
  bool any = false;
  for (size_t i = 0; i < reader->row_count; i++) {
    const struct publisher *publisher = reader->scenario->plans[i].publisher;
    any = any || (publisher && publisher->relay);
  }
  const int64_t relays = reader->topology.values[TOPOLOGY_RELAYS].i;
  if (!any && relays > 0) {
    reader_fail(reader, given->value, ERR_CONFLICT, "no row has an outbox that relays could publish from");
    return err_note(reader->err, "publisher: outbox-polling, or outbox-cdc");
  }
  if (any && relays == 0)
    return reader_fail(reader, given->value, ERR_CONFLICT, "an outbox without a relay publishes nothing: at least 1");
  return true;
}

static bool reads_clock(const struct plan *plan) {
  for (uint32_t i = 0; i < plan_group_count(plan); i++)
    if (plan_handler(plan, i) && plan_handler(plan, i)->reads_clock) return true;
  return false;
}

/* A clock that is wrong and that nobody reads would never be a hit. */
bool scenario_check_clocks(struct reader *reader) {
  bool any = reader->checking || reader->one_run;
  for (size_t i = 0; i < reader->row_count; i++) any = any || reads_clock(&reader->scenario->plans[i]);
  for (size_t i = 0; !any && i < reader->scenario->fault_count; i++) {
    if (reader->scenario->faults[i].verb != VERB_SKEW_CLOCK) continue;
    const struct yaml_entry *verb = yaml_find(reader->faults[i].node, fault_verbs[VERB_SKEW_CLOCK].name);
    reader_fail_key(reader, verb, ERR_CONFLICT, "no row's handler reads a clock");
    return err_note(reader->err, "a program can: dgsim check FILE -- COMMAND");
  }
  return true;
}

bool scenario_check_used(struct reader *reader) {
  return reader->one_run || (check_links(reader) && check_store(reader, SLOT_CACHE) &&
                             check_store(reader, SLOT_PROVIDER) && check_relays(reader));
}
