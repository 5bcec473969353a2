/* Slots, rows of `compare` and groups; and the paths that lead to their keys. */
#include "sim/cli/schema_parts.h"

#include "sim/base/assert.h"
#include "sim/runner/scenario_reader.h"

#include <string.h>

#define SLOT_MODEL(row) ((struct slot_model){(row)->name, (row)->keys, (row)->key_count})

static bool store_model(const struct registry *registry, enum role role, size_t index, struct slot_model *out) {
  for (size_t i = 0; i < registry->store_count; i++) {
    if (registry->stores[i]->role != role || index-- > 0) continue;
    *out = SLOT_MODEL(registry->stores[i]);
    return true;
  }
  return false;
}

bool slot_model(const struct registry *registry, const char *slot, size_t index, struct slot_model *out) {
  enum slot which = 0;
  while (strcmp(slot_rows[which].name, slot) != 0) which++;
  switch (which) {
  case SLOT_SYSTEM:
    if (index >= registry->system_count) return false;
    *out = SLOT_MODEL(registry->systems[index]);
    return true;
  case SLOT_HANDLER:
    if (index >= registry->handler_count) return false;
    *out = SLOT_MODEL(registry->handlers[index]);
    return true;
  case SLOT_CLIENT:
    if (index >= registry->client_count) return false;
    *out = SLOT_MODEL(registry->clients[index]);
    return true;
  case SLOT_PUBLISHER:
    if (index >= registry->publisher_count) return false;
    *out = SLOT_MODEL(registry->publishers[index]);
    return true;
  default:
    return store_model(registry, slot_rows[which].store, index, out);
  }
}

static json_t *model_names(const struct registry *registry, const char *slot) {
  json_t *names = json_array();
  struct slot_model model;
  for (size_t i = 0; slot_model(registry, slot, i, &model); i++) json_array_append_new(names, json_string(model.name));
  return json_pack("{s:o}", "enum", names);
}

/* A key that several models have: if they mean different values by it, any of these; a default only if it is one. */
static void add_key(json_t *map, const struct key *key) {
  json_t *known = json_object_get(json_object_get(map, "properties"), key->name), *mine = part_of_key(key);
  if (!known) {
    part_put(map, key->name, mine);
    return;
  }
  json_t *type = part_of_type(key), *others = json_object_get(known, "anyOf"), *bare = json_deep_copy(known);
  static const char *const said[] = {"description", "default"};
  for (size_t i = 0; i < 2; i++) json_object_del(bare, said[i]);
  if (!json_equal(json_object_get(known, "default"), json_object_get(mine, "default"))) {
    json_object_del(known, "default");
    part_say(known, key->help, "the model's", NULL);
  }
  bool same = json_equal(bare, type);
  for (size_t i = 0; i < json_array_size(others); i++) same = same || json_equal(json_array_get(others, i), type);
  if (!same) {
    json_t *either = part_either(bare, json_incref(type));
    json_object_set(either, "description", json_object_get(known, "description"));
    part_put(map, key->name, either);
    bare = NULL;
  }
  json_decref(bare);
  json_decref(type);
  json_decref(mine);
}

/* As all models of the slot have it, but where help, default or source are this model's own. */
static json_t *own_key(const json_t *all, const char *slot, const struct key *key) {
  const json_t *known = json_object_get(json_object_get(all, "properties"), key->name);
  json_t *mine = part_of_key(key), *part = json_pack("{s:o}", "$ref", json_sprintf("#/definitions/%s-keys/properties/%s",
                                                                                   slot, key->name));
  static const char *const said[] = {"description", "default"};
  bool same = true;
  for (size_t i = 0; i < 2; i++) same = same && json_equal(json_object_get(mine, said[i]), json_object_get(known, said[i]));
  for (size_t i = 0; i < 2 && !same; i++)
    if (json_object_get(mine, said[i])) json_object_set(part, said[i], json_object_get(mine, said[i]));
  json_decref(mine);
  return part;
}

/* With this name: these keys and no others. */
static json_t *only_keys(const json_t *all, const char *slot, const struct slot_model *model) {
  json_t *map = part_map();
  part_put(map, "name", json_object());
  for (size_t i = 0; i < model->key_count; i++) {
    part_put(map, model->keys[i].name, own_key(all, slot, &model->keys[i]));
    if (!model->keys[i].value_default) part_require(map, model->keys[i].name);
  }
  return json_pack("{s:{s:{s:{s:s}}, s:[s]}, s:o}", "if", "properties", "name", "const", model->name, "required", "name",
                   "then", map);
}

json_t *part_slot_keys(const struct registry *registry, const char *slot) {
  json_t *map = part_map();
  struct slot_model model;
  for (size_t i = 0; slot_model(registry, slot, i, &model); i++)
    for (size_t key = 0; key < model.key_count; key++) add_key(map, &model.keys[key]);
  return map;
}

/* Without a name: whatever key some model has, as it changes the base. */
static json_t *model_keys(const struct registry *registry, const char *slot) {
  json_t *all = part_slot_keys(registry, slot), *rules = json_array();
  struct slot_model model;
  for (size_t i = 0; slot_model(registry, slot, i, &model); i++)
    json_array_append_new(rules, only_keys(all, slot, &model));
  json_decref(all);
  json_array_append_new(rules, json_pack("{s:{s:{s:[s]}}, s:{s:o}}", "if", "not", "required", "name", "then", "$ref",
                                         json_sprintf("#/definitions/%s-keys", slot)));
  return json_pack("{s:s, s:{s:o}, s:o}", "type", "object", "properties", "name", model_names(registry, slot), "allOf", rules);
}

json_t *part_slot(const struct registry *registry, const char *slot) {
  return part_either(model_names(registry, slot), model_keys(registry, slot));
}

static json_t *slot_reference(const char *slot) {
  char text[64];
  snprintf(text, sizeof text, "#/definitions/%s", slot);
  return json_pack("{s:s}", "$ref", text);
}

static json_t *group_key(const struct registry *registry, size_t key) {
  (void)registry;
  return key == GROUP_HANDLER ? slot_reference("handler") : NULL;
}

json_t *part_groups(const struct registry *registry) {
  return json_pack("{s:s, s:i, s:i, s:o, s:o}", "type", "object", "minProperties", 1, "maxProperties", PLAN_GROUPS_MAX,
                   "propertyNames", part_name(false), "additionalProperties",
                   part_of_table(&group_table, group_key, registry));
}

static json_t *part_label(void) {
  char pattern[160], *out = pattern;
  out += sprintf(out, "[a-zA-Z][");
  for (const char *at = LABEL_CHARACTERS; *at != '\0'; at++) out += sprintf(out, "%s%c", *at == '-' ? "\\" : "", *at);
  sprintf(out, "]{0,%d}", LABEL_MAX - 1);
  return part_not_boolean(part_pattern(pattern, "letters, digits, blanks and . + = % _ ( ) -, beginning with a letter"));
}

json_t *part_compare(const struct registry *registry) {
  json_t *row = part_map(), *group = part_map();
  part_put(row, "label", part_label());
  for (int i = 0; i < SLOT__COUNT; i++) part_put(row, slot_rows[i].name, slot_reference(slot_rows[i].name));
  part_put(group, "handler", slot_reference("handler"));
  part_put(row, "groups", json_pack("{s:s, s:o}", "type", "object", "additionalProperties", group));
  json_t *list = part_list(part_either(model_names(registry, "system"), row));
  json_object_set_new(list, "maxItems", json_integer(ROWS_MAX));
  return list;
}

/* ---- paths ---- */

static void visit_table(const char *before, const struct key_table *table, path_fn *visit, void *context) {
  char path[160];
  for (size_t i = 0; i < table->count; i++) {
    if (table->keys[i].type == VALUE_OTHER || &table->keys[i] == &top_table.keys[TOP_FORMAT]) continue;
    snprintf(path, sizeof path, "%s%s%s", before, *before ? "/" : "", table->keys[i].name);
    visit(context, path, &table->keys[i]);
  }
}

void paths_each(const struct registry *registry, path_fn *visit, void *context) {
  static const struct key_table *const blocks[] = {&workload_table, &topology_table, &cost_table};
  struct slot_model model;
  char before[96];
  visit_table("", &top_table, visit, context);
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) visit_table(blocks[i]->name, blocks[i], visit, context);
  visit_table("links/default", &link_table, visit, context);
  for (int i = 0; i < LINK__COUNT; i++) {
    snprintf(before, sizeof before, "links/%s", link_rows[i].name);
    visit_table(before, &link_table, visit, context);
  }
  for (int slot = 0; slot < SLOT__COUNT; slot++)
    for (size_t i = 0; slot_model(registry, slot_rows[slot].name, i, &model); i++) {
      const struct key_table table = {model.name, model.keys, model.key_count, ""};
      visit_table(slot_rows[slot].name, &table, visit, context);
    }
  visit_table("check", &check_table, visit, context);
  visit_table("check/delivery", &delivery_table, visit, context);
}
