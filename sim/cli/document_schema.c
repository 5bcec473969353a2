/* `dgsim list schema`: what an editor completes and checks scenario files by. */
#include "sim/base/assert.h"
#include "sim/cli/document.h"
#include "sim/cli/list_data.h"
#include "sim/cli/schema_parts.h"
#include "sim/runner/scenario_reader.h"

#include <string.h>

static json_t *part_seeds(void) {
  const struct key *seeds = &top_table.keys[TOP_SEEDS];
  json_t *list = part_list(json_pack("{s:s, s:i}", "type", "integer", "minimum", 0));
  json_object_set_new(list, "maxItems", json_integer(SEEDS_MAX));
  json_object_set_new(list, "uniqueItems", json_true());
  return part_either(part_of_type(seeds), list);
}

static json_t *part_intents(const struct registry *registry) {
  return part_list(part_of_table(&intent_table, NULL, registry));
}

static json_t *part_workload(const struct registry *registry, size_t key) {
  switch ((enum workload_key)key) {
  case WORKLOAD_ARRIVALS:
    return part_either(part_of_type(&workload_table.keys[key]), part_file());
  case WORKLOAD_INTENTS:
    return part_intents(registry);
  case WORKLOAD_BODY:
    return part_file();
  default:
    return NULL;
  }
}

static json_t *reference(const char *name) { return json_pack("{s:o}", "$ref", json_sprintf("#/definitions/%s", name)); }

static json_t *part_links(void) {
  json_t *map = part_map();
  part_put(map, "default", reference("link"));
  for (int i = 0; i < LINK__COUNT; i++) part_put(map, link_rows[i].name, reference("link"));
  return map;
}

static json_t *part_link_keys(const struct registry *registry) {
  json_t *map = part_of_table(&link_table, NULL, registry);
  part_exclude(map, "loss", "request_loss reply_loss");
  return map;
}

/* What the list of operations says by itself. */
static json_t *part_workload_block(const struct registry *registry) {
  json_t *map = part_of_table(&workload_table, part_workload, registry);
  part_exclude(map, "intents", "messages rate for outstanding arrivals");
  part_exclude(map, "outstanding", "rate for");
  return map;
}

static json_t *part_check(const struct registry *registry, size_t key) {
  switch ((enum check_key)key) {
  case CHECK_KEY_DELIVERY:
    return part_of_table(&delivery_table, NULL, registry);
  case CHECK_KEY_OTHER_VERSION:
    return part_either(part_text(), part_list(part_text()));
  case CHECK_KEY_PROBE:
  case CHECK_KEY_RESET:
  case CHECK_KEY_IGNORE:
    return part_list(part_text());
  default:
    return NULL;
  }
}

static json_t *part_top(const struct registry *registry, size_t key) {
  switch ((enum top_key)key) {
  case TOP_NAME:
    return part_name(true);
  case TOP_ABOUT:
    return part_text();
  case TOP_SEEDS:
    return part_seeds();
  case TOP_PRECISION:
    return part_precision();
  case TOP_WORKLOAD:
    return part_workload_block(registry);
  case TOP_TOPOLOGY:
    return part_of_table(&topology_table, NULL, registry);
  case TOP_GROUPS:
    return part_groups(registry);
  case TOP_LINKS:
    return part_links();
  case TOP_COSTS:
    return part_of_table(&cost_table, NULL, registry);
  case TOP_COMPARE:
    return part_compare(registry);
  case TOP_FAULTS:
    return part_faults(registry);
  case TOP_SWEEP:
    return part_sweep(registry);
  case TOP_EXPECT:
    return part_expect();
  case TOP_CHECK:
    return part_of_table(&check_table, part_check, registry);
  default:
    break;
  }
  for (int slot = 0; slot < SLOT__COUNT; slot++)
    if (slot_rows[slot].base == (enum top_key)key) return reference(slot_rows[slot].name);
  return NULL;
}

/* Keys that exclude each other. */
static void exclude(json_t *top) {
  char others[256] = "";
  size_t length = 0;
  const char *other;
  for (size_t i = 0; (other = scenario_check_refuses(i)) != NULL; i++)
    length += (size_t)snprintf(others + length, sizeof others - length, "%s%s", i ? " " : "", other);
  ASSERT_LT(length, sizeof others);
  part_exclude(top, "check", others);
  json_object_set_new(json_object_get(top, "dependencies"), "groups",
                      json_pack("{s:{s:{s:{s:[s]}}}}", "properties", "topology", "not", "required",
                                topology_table.keys[TOPOLOGY_CONSUMERS].name));
}

void document_schema(const struct registry *registry, FILE *out) {
  json_t *schema = json_pack("{s:s, s:s, s:s}", "$schema", "http://json-schema.org/draft-07/schema#", "title",
                             "A scenario of dgsim, format 1", "description",
                             "Written by `dgsim list schema`, version " DGSIM_VERSION
                             ". What depends on other values only the program tells.");
  json_t *definitions = json_object(), *top = part_of_table(&top_table, part_top, registry);
  exclude(top);
  for (enum metric_unit unit = UNIT_COUNT; unit <= UNIT_BYTES; unit++) {
    char name[64];
    snprintf(name, sizeof name, "bound-%s", metric_unit_names[unit]);
    json_object_set_new(definitions, name, part_bound(unit));
  }
  for (int type = 0; type < VALUE__COUNT; type++) {
    json_t *part = part_of_units((enum value_type)type);
    if (part) json_object_set_new(definitions, value_type_name((enum value_type)type), part);
  }
  for (int slot = 0; slot < SLOT__COUNT; slot++) {
    char keys[64];
    snprintf(keys, sizeof keys, "%s-keys", slot_rows[slot].name);
    json_object_set_new(definitions, slot_rows[slot].name, part_slot(registry, slot_rows[slot].name));
    json_object_set_new(definitions, keys, part_slot_keys(registry, slot_rows[slot].name));
  }
  json_object_set_new(definitions, "link", part_link_keys(registry));
  json_object_update(schema, top);
  json_decref(top);
  json_object_set_new(schema, "definitions", definitions);
  ASSERT(json_dumpf(schema, out, JSON_INDENT(1)) == 0 || ferror(out));
  fputc('\n', out);
  json_decref(schema);
}
