/* Rows of `compare` and their slots.
 *
 * Override rule: a slot in a row without a model's name changes the given keys of the base; with a
 * name it starts from that model's defaults. So nothing leaks from one model to another.
 */
#include "sim/runner/scenario_reader.h"

#include <string.h>

const struct slot_row slot_rows[SLOT__COUNT] = {
    [SLOT_SYSTEM] = {"system", TOP_SYSTEM, ROLE__COUNT},
    [SLOT_HANDLER] = {"handler", TOP_HANDLER, ROLE__COUNT},
    [SLOT_DATABASE] = {"database", TOP_DATABASE, ROLE_DATABASE},
    [SLOT_CACHE] = {"cache", TOP_CACHE, ROLE_CACHE},
    [SLOT_PROVIDER] = {"provider", TOP_PROVIDER, ROLE_PROVIDER},
    [SLOT_CLIENT] = {"client", TOP_CLIENT, ROLE__COUNT},
    [SLOT_PUBLISHER] = {"publisher", TOP_PUBLISHER, ROLE__COUNT},
};

/* ---- the registry as models ---- */

#define SHORT_LIST 10 /* words that fit into a note */

static void add_model(struct models *models, const char *name, const struct key *keys,
                      size_t key_count, const void *row) {
  models->items[models->count++] = (struct model){{name, keys, key_count, ""}, row};
}

static void list_models(struct reader *reader) {
  const struct registry *registry = reader->registry;
  struct models *models = reader->models;
  models[SLOT_SYSTEM].items = POOL_NEW(reader->pool, struct model, registry->system_count);
  models[SLOT_HANDLER].items = POOL_NEW(reader->pool, struct model, registry->handler_count);
  for (size_t i = 0; i < registry->system_count; i++) {
    const struct system *row = registry->systems[i];
    add_model(&models[SLOT_SYSTEM], row->name, row->keys, row->key_count, row);
  }
  for (size_t i = 0; i < registry->handler_count; i++) {
    const struct handler *row = registry->handlers[i];
    add_model(&models[SLOT_HANDLER], row->name, row->keys, row->key_count, row);
  }
}

static void list_stores(struct reader *reader, enum slot slot) {
  const struct registry *registry = reader->registry;
  struct models *models = &reader->models[slot];
  models->items = POOL_NEW(reader->pool, struct model, registry->store_count);
  for (size_t i = 0; i < registry->store_count; i++) {
    const struct store *row = registry->stores[i];
    if (row->role == slot_rows[slot].store)
      add_model(models, row->name, row->keys, row->key_count, row);
  }
}

static void list_clients(struct reader *reader) {
  const struct registry *registry = reader->registry;
  struct models *models = &reader->models[SLOT_CLIENT];
  models->items = POOL_NEW(reader->pool, struct model, registry->client_count);
  for (size_t i = 0; i < registry->client_count; i++) {
    const struct client_policy *row = registry->clients[i];
    add_model(models, row->name, row->keys, row->key_count, row);
  }
}

static void list_publishers(struct reader *reader) {
  const struct registry *registry = reader->registry;
  struct models *models = &reader->models[SLOT_PUBLISHER];
  models->items = POOL_NEW(reader->pool, struct model, registry->publisher_count);
  for (size_t i = 0; i < registry->publisher_count; i++) {
    const struct publisher *row = registry->publishers[i];
    add_model(models, row->name, row->keys, row->key_count, row);
  }
}

static const struct model *find_model(const struct models *models, const char *name) {
  for (size_t i = 0; i < models->count; i++)
    if (strcmp(models->items[i].table.name, name) == 0) return &models->items[i];
  return NULL;
}

static bool fail_model(struct reader *reader, enum slot slot, const char *name,
                       const struct yaml_node *at) {
  struct words words = {.count = 0};
  for (size_t i = 0; i < reader->models[slot].count; i++)
    words_add(&words, reader->models[slot].items[i].table.name);
  reader_fail(reader, at, ERR_UNKNOWN_NAME, "unknown %s '%s'%s", slot_rows[slot].name, name,
              reader_hint(reader, name, &words));
  struct words longer = {.count = 0};
  for (size_t i = 0; i < words.count && strlen(name) > 1; i++)
    if (strncmp(words.items[i], name, strlen(name)) == 0) words_add(&longer, words.items[i]);
  if (longer.count > 0)
    return err_note(reader->err, "one of: %s; dgsim list %ss says what each is", words_join(reader, &longer),
                    slot_rows[slot].name);
  if (words.count > SHORT_LIST) return err_note(reader->err, "dgsim list %ss shows all", slot_rows[slot].name);
  return err_note(reader->err, "one of: %s", words_join(reader, &words));
}

/* ---- one slot ---- */

bool slot_read_spec(struct reader *reader, enum slot slot, const struct yaml_entry *entry,
                    struct slot_spec *out) {
  *out = (struct slot_spec){NULL, NULL, NULL};
  if (!entry) return true;
  const struct yaml_node *node = entry->value;
  out->node = node;
  out->name_node = node;
  if (node->kind == YAML_KIND_MAP) {
    const struct yaml_entry *name = yaml_find(node, "name");
    if (!name) return true;
    out->name_node = name->value;
  } else if (node->kind == YAML_KIND_LIST) {
    reader_fail(reader, node, ERR_WRONG_TYPE, "'%s' is one model here, not a list", entry->key);
    return err_note(reader->err, "a name, or {name: NAME, KEY: VALUE}");
  }
  if (!reader_is(reader, out->name_node, YAML_KIND_SCALAR, slot_rows[slot].name)) return false;
  out->name = out->name_node->text;
  return true;
}

/* Which model of this slot, or which other block, has a key of this name? */
static const char *owner_of(const struct reader *reader, enum slot slot, const char *key) {
  for (size_t i = 0; i < reader->models[slot].count; i++) {
    const struct key_table *table = &reader->models[slot].items[i].table;
    if (schema_find(table->keys, table->count, key) >= 0) return table->name;
  }
  const struct key_table *blocks[] = {&workload_table, &topology_table, &cost_table};
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
    if (schema_find(blocks[i]->keys, blocks[i]->count, key) >= 0) return blocks[i]->name;
  return NULL;
}

/* What there is instead, where that is short. */
static bool note_keys(struct reader *reader, const struct key_table *table) {
  struct words words = {.count = 0};
  for (size_t i = 0; i < table->count; i++) words_add(&words, table->keys[i].name);
  if (table->count == 0) return err_note(reader->err, "it has no keys");
  if (table->count > SHORT_LIST) return err_note(reader->err, "dgsim list keys shows all");
  return err_note(reader->err, "its keys: %s", words_join(reader, &words));
}

static bool read_keys(struct reader *reader, enum slot slot, const struct yaml_node *map,
                      struct slot_reading *out) {
  const char *what =
      pool_print(reader->pool, " of %s '%s'", slot_rows[slot].name, out->model->table.name);
  for (size_t i = 0; i < map->count; i++) {
    const struct yaml_entry *entry = &map->entries[i];
    if (strcmp(entry->key, "name") == 0) continue;
    const struct key_table *table = &out->model->table;
    if (schema_find(table->keys, table->count, entry->key) < 0) {
      const char *owner = owner_of(reader, slot, entry->key);
      if (owner)
        reader_fail_key(reader, entry, ERR_UNKNOWN_KEY, "%s '%s' has no key '%s' (it belongs to '%s')",
                        slot_rows[slot].name, table->name, entry->key, owner);
      else
        reader_entry(reader, entry, what, &out->values);
      return note_keys(reader, table);
    }
    if (!reader_entry(reader, entry, what, &out->values)) return false;
  }
  return true;
}

static bool check_needed(struct reader *reader, enum slot slot,
                         const struct slot_reading *reading) {
  const struct key_table *table = &reading->model->table;
  for (size_t i = 0; i < table->count; i++) {
    if (table->keys[i].value_default || reading->values.given[i]) continue;
    const char *message = pool_print(reader->pool, "%s '%s' needs a '%s'", slot_rows[slot].name,
                                     table->name, table->keys[i].name);
    const struct yaml_node *at = reading->place ? reading->place : reader->root;
    return reader_fail(reader, at, ERR_MISSING_KEY, "%s", message);
  }
  return true;
}

/* The model that stands when neither row nor base names one. */
static const struct model *default_model(const struct reader *reader, enum slot slot,
                                         const struct row_reading *row) {
  const struct models *models = &reader->models[slot];
  const char *of_check = scenario_check_model(reader, slot);
  if (of_check && find_model(models, of_check)) return find_model(models, of_check);
  if (slot == SLOT_HANDLER) {
    const struct system *system = row->slots[SLOT_SYSTEM].model->row;
    return system->handler ? find_model(models, system->handler) : NULL;
  }
  return slot_rows[slot].store < ROLE__COUNT && models->count ? &models->items[0] : NULL;
}

bool slot_read(struct reader *reader, enum slot slot, const char *group,
               const struct slot_spec *const *places, size_t count, const struct row_reading *row,
               struct slot_reading *out) {
  const struct slot_spec *namer = NULL;
  for (size_t i = 0; i < count; i++) {
    if (places[i]->node) out->place = places[i]->node;
    if (!places[i]->name) continue;
    namer = places[i];
    out->from = i;
  }
  out->named = places[count - 1]->name != NULL;
  out->model =
      namer ? find_model(&reader->models[slot], namer->name) : default_model(reader, slot, row);
  if (namer && !out->model) return fail_model(reader, slot, namer->name, namer->name_node);
  if (!out->model && out->place)
    return reader_fail(reader, out->place, ERR_MISSING_KEY, "'%s' has no 'name'",
                       slot_rows[slot].name);
  if (!out->model && slot == SLOT_SYSTEM) {
    reader_fail(reader, row->place ? row->place : reader->root, ERR_MISSING_KEY,
                "there is no 'system' to run");
    return err_note(reader->err, "such as system: %s",
                    reader->models[slot].count ? reader->models[slot].items[0].table.name : "NAME");
  }
  if (!out->model) return true;
  if (!reader_defaults(reader, &out->model->table, &out->values)) return false;
  for (size_t i = out->from; i < count; i++)
    if (places[i]->node && places[i]->node->kind == YAML_KIND_MAP &&
        !read_keys(reader, slot, places[i]->node, out))
      return false;
  return scenario_sweep_slot(reader, slot, group, places, count, out) &&
         check_needed(reader, slot, out);
}

/* ---- rows ---- */

static bool fail_row_key(struct reader *reader, const struct yaml_entry *entry) {
  struct words words = {.count = 0};
  words_add(&words, "label");
  words_add(&words, "groups");
  for (int i = 0; i < SLOT__COUNT; i++) words_add(&words, slot_rows[i].name);
  bool slot_later = word_in("services", entry->key);
  bool top = schema_find(top_table.keys, top_table.count, entry->key) >= 0;
  if (slot_later) return reader_not_here(reader, entry);
  if (strcmp(entry->key, "name") == 0)
    return reader_fail_key(reader, entry, ERR_UNKNOWN_KEY,
                           "unknown key 'name' of a row (did you mean 'label'?)");
  if (top || word_in(top_table.later, entry->key)) {
    reader_fail_key(reader, entry, ERR_CONFLICT,
                    "a row cannot change '%s': all rows share the same bad luck", entry->key);
    return err_note(reader->err, "vary it with sweep, or use two files");
  }
  return reader_unknown_key(reader, entry, " of a row", &words, "");
}

static bool read_label(struct reader *reader, const struct yaml_node *node,
                       struct row_reading *row) {
  if (!reader_is(reader, node, YAML_KIND_SCALAR, "label")) return false;
  const char *text = node->text;
  size_t length = strlen(text);
  bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
  bool good =
      letter && length <= LABEL_MAX && text[length - 1] != ' ' && !word_is_boolean(text) &&
      strspn(text, LABEL_CHARACTERS) == length;
  if (!good) {
    reader_fail(reader, node, ERR_BAD_LABEL, "'%s' cannot be a label", text);
    return err_note(
        reader->err,
        word_is_boolean(text)
            ? "YAML takes this word for true, false or nothing"
            : "letters, digits, blanks and . + = %% _ ( ) -, beginning with a letter, at most 100");
  }
  row->label = text;
  return true;
}

/* The system's name, then the name of each other slot that the row itself names; `groups` likewise. */
static void derive_label(struct reader *reader, const char *groups, struct row_reading *row) {
  row->label = row->slots[SLOT_SYSTEM].model->table.name;
  for (int i = SLOT_SYSTEM + 1; i < SLOT__COUNT; i++)
    if (row->slots[i].named)
      row->label = pool_print(reader->pool, "%s + %s", row->label, row->slots[i].model->table.name);
  row->label = pool_print(reader->pool, "%s%s", row->label, groups);
}

/* `node` is NULL when there is no compare: one row, the base. */
static bool read_row(struct reader *reader, const struct slot_spec bases[SLOT__COUNT],
                     const struct yaml_node *node, struct row_reading *row) {
  struct slot_spec own[SLOT__COUNT] = {{NULL, NULL, NULL}};
  const struct yaml_entry *groups = NULL;
  const char *label = "";
  row->place = node;
  if (node && node->kind == YAML_KIND_SCALAR) {
    own[SLOT_SYSTEM] = (struct slot_spec){node->text, node, node};
  } else if (node) {
    if (!reader_is(reader, node, YAML_KIND_MAP, "a row")) return false;
    for (size_t i = 0; i < node->count; i++) {
      const struct yaml_entry *entry = &node->entries[i];
      int slot = 0;
      while (slot < SLOT__COUNT && strcmp(slot_rows[slot].name, entry->key) != 0) slot++;
      if (slot < SLOT__COUNT) {
        if (!slot_read_spec(reader, (enum slot)slot, entry, &own[slot])) return false;
      } else if (strcmp(entry->key, "groups") == 0) {
        groups = entry;
      } else if (strcmp(entry->key, "label") != 0) {
        return fail_row_key(reader, entry);
      } else if (!read_label(reader, entry->value, row)) {
        return false;
      }
    }
  }
  for (int i = 0; i < SLOT__COUNT; i++) {
    const struct slot_spec *const places[] = {&bases[i], &own[i]};
    if (!slot_read(reader, (enum slot)i, NULL, places, 2, row, &row->slots[i])) return false;
    row->swept |= row->slots[i].swept;
    row->kept |= row->slots[i].kept;
  }
  if (!scenario_read_row_groups(reader, &bases[SLOT_HANDLER], &own[SLOT_HANDLER], groups, row, &label))
    return false;
  if (!row->label) derive_label(reader, label, row);
  return true;
}

static bool check_labels(struct reader *reader) {
  for (size_t i = 1; i < reader->row_count; i++)
    for (size_t j = 0; j < i; j++)
      if (strcmp(reader->rows[i].label, reader->rows[j].label) == 0) {
        reader_fail(reader, reader->rows[i].place, ERR_BAD_LABEL, "two rows are labelled '%s'",
                    reader->rows[i].label);
        return err_note(reader->err, "give one of them a 'label'");
      }
  return true;
}

const struct yaml_entry *slot_set(const struct yaml_entry *slot) {
  const struct yaml_entry *set = NULL;
  if (slot->value->kind == YAML_KIND_MAP)
    for (size_t i = 0; i < slot->value->count; i++)
      if (slot->value->entries[i].source->option) set = &slot->value->entries[i];
  return slot->source->option ? slot : set;
}

/* Whether a row builds on the base of a slot: its groups do instead of it where there are any. */
static bool builds_on_base(const struct reader *reader, const struct row_reading *row,
                           enum slot slot) {
  if (slot != SLOT_HANDLER || !reader->groups) return row->slots[slot].from == 0;
  for (size_t i = 0; i < reader->group_count; i++)
    if (row->groups[i].from == 0) return true;
  return false;
}

/* --set on a base slot that no row builds on would change nothing, silently. */
static bool check_bases(struct reader *reader) {
  for (int slot = 0; slot < SLOT__COUNT; slot++) {
    const struct yaml_entry *entry = reader->top[slot_rows[slot].base];
    const struct yaml_entry *set = entry ? slot_set(entry) : NULL;
    bool used = false;
    for (size_t i = 0; i < reader->row_count; i++)
      used = used || builds_on_base(reader, &reader->rows[i], (enum slot)slot);
    if (!set || used) continue;
    const char *which = reader->groups && slot == SLOT_HANDLER ? "group" : "row";
    reader_fail_key(reader, set, ERR_CONFLICT, "it changes nothing: every %s names its own '%s'", which,
                    slot_rows[slot].name);
    return err_note(reader->err, "say it in each %s; --vary reaches a key of them all", which);
  }
  return scenario_check_groups(reader);
}

bool scenario_read_slots(struct reader *reader) {
  struct slot_spec bases[SLOT__COUNT];
  list_models(reader);
  list_clients(reader);
  list_publishers(reader);
  for (int i = 0; i < SLOT__COUNT; i++)
    if (slot_rows[i].store < ROLE__COUNT) list_stores(reader, (enum slot)i);
  for (int i = 0; i < SLOT__COUNT; i++)
    if (!slot_read_spec(reader, (enum slot)i, reader->top[slot_rows[i].base], &bases[i])) return false;
  const struct yaml_entry *compare = reader->top[TOP_COMPARE];
  if (compare) {
    if (!reader_is(reader, compare->value, YAML_KIND_LIST, compare->key)) return false;
    if (compare->value->count == 0)
      return reader_fail(reader, compare->value, ERR_MISSING_KEY, "'compare' has no row");
    if (compare->value->count > ROWS_MAX)
      return reader_fail(reader, compare->value, ERR_LIMIT, "'compare' has more than %d rows",
                         ROWS_MAX);
  }
  reader->row_count = compare ? compare->value->count : 1;
  reader->rows = POOL_NEW(reader->pool, struct row_reading, reader->row_count);
  for (size_t i = 0; i < reader->row_count; i++)
    if (!read_row(reader, bases, compare ? compare->value->items[i] : NULL, &reader->rows[i]))
      return false;
  return check_labels(reader) && check_bases(reader);
}

static void copy_settings(const struct slot_reading *slot, struct settings *out) {
  memcpy(out->values, slot->values.values, sizeof out->values);
}

static void fill_store(const struct slot_reading *slot, struct store_plan *out) {
  out->store = slot->model ? slot->model->row : NULL;
  copy_settings(slot, &out->settings);
}

void scenario_fill_slots(const struct row_reading *row, struct plan *plan) {
  plan->label = row->label;
  plan->system = row->slots[SLOT_SYSTEM].model->row;
  copy_settings(&row->slots[SLOT_SYSTEM], &plan->system_settings);
  if (row->slots[SLOT_HANDLER].model) plan->handler = row->slots[SLOT_HANDLER].model->row;
  copy_settings(&row->slots[SLOT_HANDLER], &plan->handler_settings);
  fill_store(&row->slots[SLOT_DATABASE], &plan->database);
  fill_store(&row->slots[SLOT_CACHE], &plan->cache);
  fill_store(&row->slots[SLOT_PROVIDER], &plan->provider);
  const struct model *client = row->slots[SLOT_CLIENT].model;
  if (client && ((const struct client_policy *)client->row)->retries) plan->client = client->row;
  copy_settings(&row->slots[SLOT_CLIENT], &plan->client_settings);
  const struct model *publisher = row->slots[SLOT_PUBLISHER].model;
  const struct publisher *chosen = publisher ? publisher->row : NULL;
  if (chosen && (chosen->application || chosen->relay)) plan->publisher = chosen;
  copy_settings(&row->slots[SLOT_PUBLISHER], &plan->publisher_settings);
}

bool scenario_find_row(struct reader *reader, const char *label, const struct yaml_node *at,
                       uint32_t *out) {
  for (size_t i = 0; i < reader->row_count; i++)
    if (strcmp(reader->rows[i].label, label) == 0) {
      *out = (uint32_t)i;
      return true;
    }
  struct words words = {.count = 0};
  const char *all = "";
  for (size_t i = 0; i < reader->row_count && i < WORDS_MAX; i++) {
    words_add(&words, reader->rows[i].label);
    if (strlen(all) < 400)
      all = pool_print(reader->pool, "%s%s%s", all, i ? ", " : "", reader->rows[i].label);
  }
  reader_fail(reader, at, ERR_UNKNOWN_NAME, "no row is labelled '%s'%s", label,
              reader_hint(reader, label, &words));
  return err_note(reader->err, "rows are: %s", all);
}
