/* Groups of consumers: the map of the file, what rows change of it, and the plan's groups. */
#include "sim/runner/scenario_reader.h"

#include "sim/oracle/ledger.h"

#include <string.h>

_Static_assert(PLAN_GROUPS_MAX <= LEDGER_GROUPS_MAX, "the oracle judges as many groups as a plan has");

/* ---- the map ---- */

static bool is_role(const char *name) {
  for (int role = 0; role < ROLE__COUNT; role++)
    if (strcmp(role_names[role], name) == 0) return true;
  return false;
}

/* Names of nodes begin with it. */
static bool read_name(struct reader *reader, const struct yaml_entry *entry, const char **out) {
  const struct yaml_node node = {.source = entry->source, .line = entry->line, .column = entry->column,
                                 .kind = YAML_KIND_SCALAR, .text = entry->key};
  if (!reader_name(reader, &node, "group's name", false, out)) return false;
  if (strlen(*out) > PLAN_GROUP_NAME_MAX)
    return reader_fail(reader, &node, ERR_LIMIT, "a group's name has at most %d characters",
                       PLAN_GROUP_NAME_MAX);
  if (!is_role(*out) && strcmp(*out, "this") != 0) return true;
  reader_fail(reader, &node, ERR_BAD_LABEL, "'%s' cannot be a group's name", *out);
  return err_note(reader->err, "it means nodes of any group");
}

static bool read_group(struct reader *reader, const struct yaml_entry *entry,
                       struct group_reading *out) {
  const char *name;
  if (!read_name(reader, entry, &name)) return false;
  const char *what = pool_print(reader->pool, " of group '%s'", name);
  if (!reader_is(reader, entry->value, YAML_KIND_MAP, entry->key) ||
      !reader_defaults(reader, &group_table, &out->values))
    return false;
  out->entry = entry;
  out->name = name;
  out->database_name = pool_print(reader->pool, "%s_database", name);
  out->cache_name = pool_print(reader->pool, "%s_cache", name);
  for (size_t i = 0; i < entry->value->count; i++) {
    const struct yaml_entry *key = &entry->value->entries[i];
    if (strcmp(key->key, group_table.keys[GROUP_HANDLER].name) == 0) {
      if (!slot_read_spec(reader, SLOT_HANDLER, key, &out->handler)) return false;
    } else if (!reader_entry(reader, key, what, &out->values)) {
      return false;
    }
  }
  return true;
}

/* --set makes the maps on its path, and so a group whose name is mistyped. */
static bool check_set(struct reader *reader, const struct yaml_entry *block) {
  struct words words = {.count = 0};
  const struct yaml_entry *made = NULL;
  for (size_t i = 0; i < block->value->count; i++) {
    const struct yaml_entry *entry = &block->value->entries[i];
    if (!entry->source->option)
      words_add(&words, entry->key);
    else if (!made)
      made = entry;
  }
  if (!made || words.count == 0) return true;
  return reader_fail_key(reader, made, ERR_UNKNOWN_NAME, "no group is called '%s'%s", made->key,
                         reader_hint(reader, made->key, &words));
}

bool scenario_read_groups(struct reader *reader) {
  const struct yaml_entry *block = reader->top[TOP_GROUPS];
  if (!block) return true;
  if (!reader_is(reader, block->value, YAML_KIND_MAP, block->key)) return false;
  size_t count = block->value->count;
  if (count == 0) {
    reader_fail(reader, block->value, ERR_MISSING_KEY, "'groups' has no group");
    return err_note(reader->err, "such as groups: {payment: {consumers: 1}}");
  }
  if (count > PLAN_GROUPS_MAX)
    return reader_fail(reader, block->value, ERR_LIMIT, "'groups' has more than %d groups",
                       PLAN_GROUPS_MAX);
  if (!check_set(reader, block)) return false;
  reader->groups = POOL_NEW(reader->pool, struct group_reading, count);
  reader->group_count = count;
  for (size_t i = 0; i < count; i++)
    if (!read_group(reader, &block->value->entries[i], &reader->groups[i])) return false;
  return true;
}

bool scenario_find_group(struct reader *reader, const char *name, const struct yaml_node *at,
                         uint32_t *out) {
  if (!reader->groups) {
    reader_fail(reader, at, ERR_UNKNOWN_NAME, "no group is called '%s': there is no 'groups'", name);
    return err_note(reader->err, "such as groups: {payment: {consumers: 1}}");
  }
  struct words words = {.count = 0};
  for (size_t i = 0; i < reader->group_count; i++) {
    words_add(&words, reader->groups[i].name);
    if (strcmp(reader->groups[i].name, name) != 0) continue;
    *out = (uint32_t)i;
    return true;
  }
  reader_fail(reader, at, ERR_UNKNOWN_NAME, "no group is called '%s'%s", name,
              reader_hint(reader, name, &words));
  return err_note(reader->err, "groups are: %s",
                  pool_join(reader->pool, words.items, words.count));
}

/* ---- rows ---- */

static bool fail_key(struct reader *reader, const struct yaml_entry *entry, const char *group) {
  if (schema_find(group_table.keys, group_table.count, entry->key) >= 0) {
    reader_fail_key(reader, entry, ERR_CONFLICT,
                    "a row cannot change '%s' of a group: all rows share the same bad luck", entry->key);
    return err_note(reader->err, "a row's group has a 'handler' alone");
  }
  struct words words = {.count = 0};
  words_add(&words, group_table.keys[GROUP_HANDLER].name);
  return reader_unknown_key(reader, entry, pool_print(reader->pool, " of group '%s' in a row", group),
                            &words, group_table.later);
}

/* What a row says of its groups' handlers. */
static bool read_row_specs(struct reader *reader, const struct yaml_entry *entry,
                           struct slot_spec *specs) {
  if (!entry) return true;
  if (!reader_is(reader, entry->value, YAML_KIND_MAP, entry->key)) return false;
  for (size_t i = 0; i < entry->value->count; i++) {
    const struct yaml_entry *group = &entry->value->entries[i];
    const struct yaml_node at = {.source = group->source, .line = group->line, .column = group->column};
    uint32_t index;
    if (!scenario_find_group(reader, group->key, &at, &index) ||
        !reader_is(reader, group->value, YAML_KIND_MAP, group->key))
      return false;
    for (size_t j = 0; j < group->value->count; j++) {
      const struct yaml_entry *key = &group->value->entries[j];
      if (strcmp(key->key, group_table.keys[GROUP_HANDLER].name) != 0)
        return fail_key(reader, key, group->key);
      if (!slot_read_spec(reader, SLOT_HANDLER, key, &specs[index])) return false;
    }
  }
  return true;
}

/* A system that has one group only cannot be run with several. */
static bool check_system(struct reader *reader, const struct row_reading *row) {
  const struct system *system = row->slots[SLOT_SYSTEM].model->row;
  if (system->groups) return true;
  const char *able = "";
  for (size_t i = 0; i < reader->registry->system_count; i++)
    if (reader->registry->systems[i]->groups)
      able = pool_print(reader->pool, "%s%s%s", able, *able ? ", " : "",
                        reader->registry->systems[i]->name);
  const struct yaml_node *at = row->slots[SLOT_SYSTEM].place;
  reader_fail(reader, at ? at : reader->root, ERR_CONFLICT,
              "system '%s' has one group of consumers, and the file has 'groups'", system->name);
  return err_note(reader->err, "it would take a topic in front of it; these have groups: %s", able);
}

bool scenario_read_row_groups(struct reader *reader, const struct slot_spec *base,
                              const struct slot_spec *own, const struct yaml_entry *entry,
                              struct row_reading *row, const char **inout_label) {
  struct slot_spec specs[PLAN_GROUPS_MAX] = {{NULL, NULL, NULL}};
  if (!read_row_specs(reader, entry, specs)) return false;
  if (!reader->groups) return true;
  if (!check_system(reader, row)) return false;
  row->groups = POOL_NEW(reader->pool, struct slot_reading, reader->group_count);
  for (size_t i = 0; i < reader->group_count; i++) {
    const struct slot_spec *const places[] = {base, own, &reader->groups[i].handler, &specs[i]};
    if (!slot_read(reader, SLOT_HANDLER, reader->groups[i].name, places,
                   sizeof places / sizeof *places, row, &row->groups[i]))
      return false;
    row->swept |= row->groups[i].swept;
    row->kept |= row->groups[i].kept;
    if (row->groups[i].named)
      *inout_label = pool_print(reader->pool, "%s + %s=%s", *inout_label, reader->groups[i].name,
                                specs[i].name);
  }
  return true;
}

bool scenario_check_groups(struct reader *reader) {
  for (size_t i = 0; i < reader->group_count; i++) {
    const struct group_reading *group = &reader->groups[i];
    const struct yaml_entry *handler =
        yaml_find(group->entry->value, group_table.keys[GROUP_HANDLER].name);
    const struct yaml_entry *set = handler ? slot_set(handler) : NULL;
    bool used = false;
    for (size_t row = 0; row < reader->row_count; row++)
      used = used || reader->rows[row].groups[i].from <= 2;
    if (set && !used)
      return reader_fail_key(reader, set, ERR_CONFLICT,
                             "it changes nothing: every row names its own 'handler' for group '%s'",
                             group->name);
  }
  return true;
}

/* ---- plans ---- */

void scenario_fill_groups(struct reader *reader, const struct row_reading *row, struct plan *plan) {
  if (!reader->groups) return;
  struct group_plan *groups = POOL_NEW(reader->pool, struct group_plan, reader->group_count);
  uint32_t first = 0;
  for (size_t i = 0; i < reader->group_count; i++) {
    const struct group_reading *group = &reader->groups[i];
    const union value *values = group->values.values;
    groups[i] = (struct group_plan){
        .name = group->name,
        .database_name = group->database_name,
        .cache_name = group->cache_name,
        .first = first,
        .consumers = (uint32_t)values[GROUP_CONSUMERS].i,
        .handler = row->groups[i].model ? row->groups[i].model->row : NULL,
        .service_time = group->values.given[GROUP_SERVICE_TIME]
                            ? values[GROUP_SERVICE_TIME].distribution
                            : reader->workload.values[WORKLOAD_SERVICE_TIME].distribution,
    };
    memcpy(groups[i].handler_settings.values, row->groups[i].values.values,
           sizeof groups[i].handler_settings.values);
    first += groups[i].consumers;
  }
  plan->groups = groups;
  plan->group_count = (uint32_t)reader->group_count;
  plan->handler = groups[0].handler;
  plan->handler_settings = groups[0].handler_settings;
  plan->counts[ROLE_CONSUMER] = first;
  plan->counts[ROLE_DATABASE] = plan->counts[ROLE_CACHE] = plan->group_count;
}
