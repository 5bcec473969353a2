/* What a fault says, once it is read: whether its keys go together, and whether it can strike anything. */
#include "sim/runner/scenario_reader.h"

#include "sim/world/world.h"

#include <string.h>

/* Where a key of the verb's own stands, or NULL. */
static const struct yaml_entry *own_entry(const struct fault_reading *reading, const char *name) {
  for (size_t i = 0; i < reading->verb->key_count; i++)
    if (strcmp(reading->verb->keys[i].key.name, name) == 0) return reading->own[i];
  return NULL;
}

/* Only datagrams are doubled or overtake each other: some row must have them there. */
static bool check_datagrams(struct reader *reader, const struct fault_reading *reading,
                            const struct fault_plan *fault, const char *name) {
  const struct yaml_entry *given = own_entry(reading, name);
  if (!given || reader->one_run) return true;
  for (size_t i = 0; i < reader->row_count; i++) {
    const struct plan *plan = &reader->scenario->plans[i];
    if (scenario_link_used(plan, fault->target_link) &&
        plan->links[fault->target_link].kind == LINK_KIND_DATAGRAM)
      return true;
  }
  return reader_fail_key(reader, given, ERR_CONFLICT, "'%s' needs a link of kind 'datagram'", name);
}

static bool check_degrade(struct reader *reader, const struct yaml_entry *verb,
                          const struct fault_reading *reading, const struct fault_plan *fault) {
  const struct yaml_entry *loss = own_entry(reading, "loss");
  bool any = false;
  for (size_t i = 0; i < reading->verb->key_count; i++) any = any || reading->own[i];
  if (!any) {
    reader_fail_key(reader, verb, ERR_MISSING_KEY, "fault 'degrade' does not say how");
    return err_note(reader->err, "give a key of links, such as latency: 200ms or loss: 5%%");
  }
  static const char *const one_way[] = {"request_loss", "reply_loss"};
  for (size_t i = 0; i < 2; i++) {
    if (!loss || !own_entry(reading, one_way[i])) continue;
    reader_fail_key(reader, loss, ERR_CONFLICT, "'loss' and '%s' exclude each other", one_way[i]);
    return err_note(reader->err, "loss is both ways");
  }
  return check_datagrams(reader, reading, fault, "duplication") &&
         check_datagrams(reader, reading, fault, "reordering");
}

/* A shape splits the target itself: there is no other side. */
static bool check_shape(struct reader *reader, const struct fault_reading *reading,
                        const struct fault_plan *fault) {
  const struct yaml_entry *from = own_entry(reading, "from"), *direction = own_entry(reading, "direction");
  if (fault->shape == SHAPE_SIDES) return true;
  if (from) {
    reader_fail_key(reader, from, ERR_CONFLICT, "'from' and 'shape' exclude each other");
    return err_note(reader->err, "a shape splits the target itself");
  }
  if (fault->shape == SHAPE_RING && fault->direction != DIRECTION_BOTH)
    return reader_fail_key(reader, direction, ERR_CONFLICT, "a ring has no direction");
  return true;
}

static bool is_understood(const struct reader *reader, enum role role, enum verb number) {
  for (size_t i = 0; i < reader->row_count; i++)
    if (plan_understands(&reader->scenario->plans[i], role, number)) return true;
  return false;
}

/* A fault that systems and stores understand or not: of the rows', one must, for each target. */
static bool check_understood(struct reader *reader, const struct yaml_entry *verb,
                             const struct fault_plan *fault) {
  if (!fault_verbs[fault->verb].of_system || reader->one_run) return true;
  for (uint32_t i = 0; i < fault->target.count; i++) {
    const struct selector_item *item = &fault->target.items[i];
    bool any = item->which != WHICH_THIS && is_understood(reader, item->role, fault->verb);
    for (int role = 0; item->which == WHICH_THIS && role < ROLE__COUNT; role++)
      any = any || is_understood(reader, (enum role)role, fault->verb);
    if (any) continue;
    bool store = item->which != WHICH_THIS && plan_store(&reader->scenario->plans[0], item->role);
    reader_fail_key(reader, verb, ERR_BAD_SELECTOR, "no row's %s has a fault '%s'",
                    store ? role_names[item->role] : "system", verb->key);
    return err_note(reader->err, "such as %s: %s; dgsim list faults says who understands it", verb->key,
                    fault_verbs[fault->verb].such_as);
  }
  return true;
}

/* ---- can it strike? ---- */

/* What can strike nothing in any row is a mistake, unless min_hits says that it may. Where the rows change
 * from point to point, or are one of many, nobody can tell. */
static bool must_strike(const struct reader *reader, const struct fault_reading *reading,
                        const struct fault_plan *fault) {
  return fault->min_hits > 0 && !reading->file && !reader->one_run && reader->sweep_count == 0;
}

/* The most nodes that one item can choose in a row. */
static uint32_t nodes_most(const struct plan *plan, const struct selector_item *item) {
  const uint32_t all = item->word ? item->count : world_nodes_of(plan, item->role);
  switch (item->which) {
  case WHICH_ALL: return all;
  case WHICH_MINORITY: return all ? (all - 1) / 2 : 0;
  case WHICH_MAJORITY: return all ? all / 2 + 1 : 0;
  default: return all ? 1 : 0;
  }
}

static uint32_t nodes_most_of(const struct plan *plan, const struct selector *selector) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < selector->count; i++) count += nodes_most(plan, &selector->items[i]);
  return count;
}

/* Both name the same node, and no other. */
static bool is_same_node(const struct selector_item *a, const struct selector_item *b) {
  return a->which == WHICH_INDEX && b->which == WHICH_INDEX && a->role == b->role && a->offset == b->offset &&
         a->index == b->index;
}

static bool are_linked(const struct plan *plan, enum role a, enum role b) {
  if (a == b && world_nodes_of(plan, a) < 2) return false;
  for (int i = 0; i < LINK__COUNT; i++)
    if (((link_rows[i].from == a && link_rows[i].to == b) || (link_rows[i].from == b && link_rows[i].to == a)) &&
        scenario_link_used(plan, (enum link)i))
      return true;
  return false;
}

/* Whether something is between the two sides in a row. `this` may be anybody. */
static bool has_between(const struct plan *plan, const struct selector *a, const struct selector *b) {
  for (uint32_t i = 0; i < a->count; i++)
    for (uint32_t j = 0; j < b->count; j++) {
      const struct selector_item *one = &a->items[i], *other = &b->items[j];
      if (one->which == WHICH_THIS || other->which == WHICH_THIS) return true;
      if (are_linked(plan, one->role, other->role) && !is_same_node(one, other)) return true;
    }
  return false;
}

/* Who sees everybody else of fewer is cut off from nobody. */
static const struct {
  const char *name;
  uint32_t least;
} shapes[] = {[SHAPE_SIDES] = {"sides", 1}, [SHAPE_HALVES] = {"halves", 2}, [SHAPE_MAJORITY] = {"majority", 3},
              [SHAPE_BRIDGE] = {"bridge", 3}, [SHAPE_RING] = {"ring", 4}};

static bool check_split(struct reader *reader, const struct fault_reading *reading,
                        const struct fault_plan *fault) {
  const struct yaml_entry *shape = own_entry(reading, "shape");
  uint32_t most = 0;
  for (size_t i = 0; i < reader->row_count; i++) {
    const uint32_t nodes = nodes_most_of(&reader->scenario->plans[i], &fault->target);
    if (nodes > most) most = nodes;
  }
  if (most >= shapes[fault->shape].least) return true;
  reader_fail(reader, shape->value, ERR_CONFLICT, "shape '%s' splits %u nodes or more, and the target has %u",
              shapes[fault->shape].name, shapes[fault->shape].least, most);
  return err_note(reader->err, "without shape the target is cut off from everybody else");
}

static bool check_partition(struct reader *reader, const struct yaml_entry *verb,
                            const struct fault_reading *reading, const struct fault_plan *fault) {
  const struct yaml_entry *from = own_entry(reading, "from");
  if (fault->shape == SHAPE_SIDES && !from) return true;
  if (fault->shape != SHAPE_SIDES && !check_split(reader, reading, fault)) return false;
  const struct selector *other = from ? &fault->from : &fault->target;
  for (size_t i = 0; i < reader->row_count; i++)
    if (has_between(&reader->scenario->plans[i], &fault->target, other)) return true;
  if (from)
    reader_fail(reader, from->value, ERR_CONFLICT, "nothing goes between the two sides: no row has a link there");
  else
    reader_fail(reader, verb->value, ERR_CONFLICT, "no row has a link between these nodes");
  return err_note(reader->err, "dgsim list links says who talks to whom; min_hits: 0 lets a fault strike nothing");
}

/* A step of a node, at which nothing leaves and nothing has arrived. */
static bool is_step(uint32_t point) {
  static const enum point steps[] = {POINT_COMMITTED, POINT_DELIVERED, POINT_HANDLER_STEP, POINT_EFFECT,
                                     POINT_HANDLED};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
    if (steps[i] == point) return true;
  return false;
}

static bool check_message(struct reader *reader, const struct yaml_entry *verb,
                          const struct fault_reading *reading, const struct fault_plan *fault) {
  if (fault->timing != TIMING_WHEN || !is_step(fault->point)) return true;
  reader_fail(reader, reading->timing[FAULT_KEY_WHEN]->value, ERR_CONFLICT, "there is no message to %s at '%s'",
              verb->key, generic_points[fault->point].name);
  return err_note(reader->err, "points that end in -sent, -received or -answered have one, such as when: ack-sent");
}

bool scenario_check_fault(struct reader *reader, const struct yaml_entry *verb,
                          const struct fault_reading *reading, const struct fault_plan *fault) {
  if (!check_understood(reader, verb, fault)) return false;
  if (fault->verb == VERB_SKEW_CLOCK && fault->skew.ns == 0) {
    reader_fail(reader, reading->node, ERR_MISSING_KEY, "fault 'skew_clock' does not say by how much");
    return err_note(reader->err, "give offset, such as offset: 1h, and direction: back to set it back");
  }
  if (fault->verb == VERB_DEGRADE) return check_degrade(reader, verb, reading, fault);
  if (fault->verb == VERB_PARTITION && !check_shape(reader, reading, fault)) return false;
  if (!must_strike(reader, reading, fault)) return true;
  switch (fault->verb) {
  case VERB_PARTITION: return check_partition(reader, verb, reading, fault);
  case VERB_DROP:
  case VERB_DELAY:
  case VERB_DUPLICATE: return check_message(reader, verb, reading, fault);
  default: return true;
  }
}
