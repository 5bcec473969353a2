/* Faults and the points at which they strike. */
#include "sim/cli/list_data.h"
#include "sim/runner/scenario_tables.h"
#include "sim/world/fault_verbs.h"

#include <string.h>

static void add_keys(struct sheet *sheet, const struct fault_key *keys, size_t count) {
  static const char *const kinds[] = {
      [FAULT_KEY_NAME] = "name", [FAULT_KEY_NODES] = "nodes", [FAULT_KEY_POINT] = "point"};
  for (size_t i = 0; i < count; i++)
    if (keys[i].kind == FAULT_KEY_VALUE)
      data_key(sheet, &keys[i].key);
    else
      data_key_as(sheet, &keys[i].key, kinds[keys[i].kind]);
}

static void add_target(struct sheet *sheet, const struct fault_verb *verb) {
  char text[128];
  if (verb->target == FAULT_TARGET_LINK)
    snprintf(text, sizeof text, "a link, such as consumer_to_broker");
  else if (verb->target == FAULT_TARGET_THIS)
    snprintf(text, sizeof text, "this: the message at the point of `when`");
  else
    snprintf(text, sizeof text, "nodes, such as %s", verb->such_as ? verb->such_as : "consumer.1 or broker.any");
  sheet_fact(sheet, "target", text);
}

static void add_for(struct sheet *sheet, const struct fault_verb *verb) {
  char text[128];
  if (!verb->for_means)
    snprintf(text, sizeof text, "none: it is an instant");
  else if (verb->for_default)
    snprintf(text, sizeof text, "%s; %s unless given", verb->for_means, verb->for_default);
  else
    snprintf(text, sizeof text, "%s; needed", verb->for_means);
  sheet_fact(sheet, "for", text);
}

/* Of a verb that not all of them understand. */
static void add_understood(const struct registry *registry, struct sheet *sheet, int verb) {
  char text[512] = "";
  size_t length = 0;
  if (!fault_verbs[verb].of_system) return;
  for (size_t i = 0; i < registry->system_count && length < sizeof text; i++)
    if ((registry->systems[i]->verbs >> verb) & 1)
      length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", length ? ", " : "", registry->systems[i]->name);
  for (size_t i = 0; i < registry->store_count && length < sizeof text; i++)
    if ((registry->stores[i]->verbs >> verb) & 1)
      length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", length ? ", " : "", registry->stores[i]->name);
  sheet_fact(sheet, "of systems and stores", *text ? text : "none of this version");
}

void data_faults(const struct registry *registry, struct sheet *sheet) {
  sheet_table(sheet, "timing", "Of these: at, every or when.", KEY_COLUMNS);
  add_keys(sheet, fault_timing_keys, FAULT_TIMING_KEY__COUNT);
  sheet_table(sheet, "every fault", "Keys that all of them have.", KEY_COLUMNS);
  add_keys(sheet, fault_common_keys, FAULT_COMMON_KEY__COUNT);
  for (int i = 0; i < VERB__COUNT; i++) {
    const struct fault_verb *verb = &fault_verbs[i];
    sheet_table(sheet, verb->name, verb->help, KEY_COLUMNS);
    add_target(sheet, verb);
    add_for(sheet, verb);
    sheet_fact(sheet, "effective", verb->hit);
    add_understood(registry, sheet, i);
    add_keys(sheet, verb->keys, verb->key_count);
  }
}

/* Of a system's own, once for all systems that share them: they are called like the first. */
static void add_own_points(const struct registry *registry, struct sheet *sheet, size_t first) {
  const struct system *system = registry->systems[first];
  char names[512] = "";
  size_t length = 0;
  if (system->point_count == 0) return;
  for (size_t i = 0; i < first; i++)
    if (registry->systems[i]->points == system->points) return;
  for (size_t i = first; i < registry->system_count && length < sizeof names; i++)
    if (registry->systems[i]->points == system->points)
      length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", length ? ", " : "", registry->systems[i]->name);
  sheet_table(sheet, system->name, "", "point` at what");
  sheet_fact(sheet, "points of", names);
  for (size_t i = 0; i < system->point_count; i++)
    SHEET_ROW(sheet, system->points[i].name, role_names[system->points[i].role], system->points[i].about);
}

void data_points(const struct registry *registry, struct sheet *sheet) {
  sheet_table(sheet, "", "Of every system, in the order of a delivery:", "point` at what");
  for (size_t i = 1; i < POINT_GENERIC__COUNT; i++)
    SHEET_ROW(sheet, generic_points[i].name, role_names[generic_points[i].role], generic_points[i].about);
  sheet_table(sheet, "what ack-sent is", "", "system` message");
  for (size_t i = 0; i < registry->system_count; i++)
    if (registry->systems[i]->ack) SHEET_ROW(sheet, registry->systems[i]->name, registry->systems[i]->ack);
  for (size_t i = 0; i < registry->system_count; i++) add_own_points(registry, sheet, i);
}
