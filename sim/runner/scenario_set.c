/* --set PATH=VALUE and --vary PATH=VALUE,VALUE: they edit the tree before anything interprets it, so that a
 * value from the command line is read, checked and reported like one from the file.
 *
 * A path's parts are joined by `/`; faults are addressed by name. On its way it makes the maps that the
 * file leaves out, and turns `system: NAME` into `system: {name: NAME}`.
 */
#include "sim/runner/scenario_reader.h"

#include <string.h>

struct set {
  const char *option;             /* "--set", "--vary" */
  const char *argument;           /* as on the command line */
  const struct yaml_entry *place; /* instead: where the file says it */
  const char *parts[PATH_PARTS_MAX];
  size_t count;
  struct yaml_node *value;
};

static bool fail_set(struct reader *reader, const struct set *set, enum err_code code,
                     const char *message) {
  if (set->place) return reader_fail_key(reader, set->place, code, "%s", message);
  err_set(reader->err, code, "%s", message);
  snprintf(reader->err->path, sizeof reader->err->path, "%s %.400s", set->option,
           set->argument);
  return false;
}

/* `system.retries`: the path that was probably meant, or NULL. Only what stands before the first dot
 * must be a key; names of links and faults hold no dots, so there two separators are meant. */
static const char *undotted(struct reader *reader, const char *part) {
  const char *dot = strchr(part, '.');
  if (!dot) return NULL;
  const char *first = pool_text(reader->pool, part, (size_t)(dot - part));
  if (schema_find(top_table.keys, top_table.count, first) < 0) return NULL;
  const char *rest = dot + 1, *second = strchr(rest, '.');
  bool two = strcmp(first, "faults") == 0 || strcmp(first, "links") == 0;
  if (!two || !second) return pool_print(reader->pool, "%s/%s", first, rest);
  return pool_print(reader->pool, "%s/%.*s/%s", first, (int)(second - rest), rest, second + 1);
}

static bool split_path(struct reader *reader, const char *at, struct set *out) {
  for (;; at++) {
    size_t length = strcspn(at, "/=");
    if (length == 0) return fail_set(reader, out, ERR_USAGE, "a part of the path is empty");
    if (out->count == PATH_PARTS_MAX)
      return fail_set(reader, out, ERR_USAGE, "the path is too long");
    out->parts[out->count++] = pool_text(reader->pool, at, length);
    at += length;
    if (*at != '/') return true;
  }
}

static bool check_dots(struct reader *reader, const struct set *out) {
  const char *meant = out->count == 1 ? undotted(reader, out->parts[0]) : NULL;
  if (!meant) return true;
  fail_set(reader, out, ERR_UNKNOWN_KEY,
           pool_print(reader->pool, "no key '%s' (did you mean '%s'?)", out->parts[0], meant));
  return err_note(reader->err, "parts of a path are joined by /");
}

/* What stands between the brackets of a list in a file: so a comma separates, and quotes keep one. */
static const char *as_list(struct reader *reader, const char *values) {
  return values[0] == '[' ? values : pool_print(reader->pool, "[%s]", values);
}

static bool split(struct reader *reader, const char *option, const char *argument, struct set *out) {
  const bool vary = strcmp(option, "--vary") == 0;
  *out = (struct set){.option = option, .argument = argument};
  const char *equals = strchr(argument, '=');
  if (!equals || equals == argument) {
    fail_set(reader, out, ERR_USAGE, vary ? "it is not PATH=VALUE,VALUE" : "it is not PATH=VALUE");
    return err_note(reader->err, vary ? "such as --vary workload/rate=100/s,1000/s"
                                      : "such as --set workload/rate=2000/s");
  }
  if (!split_path(reader, argument, out)) return false;
  const char *source = pool_print(reader->pool, "%s %s", option, argument);
  const char *value = vary ? as_list(reader, equals + 1) : equals + 1;
  out->value = yaml_read(reader->pool, source, value, strlen(value), option, reader->err);
  return out->value && check_dots(reader, out);
}

bool scenario_split_path(struct reader *reader, const struct yaml_entry *place,
                         const char **out_parts, size_t *out_count) {
  struct set set = {.place = place};
  if (!split_path(reader, place->key, &set) || !check_dots(reader, &set)) return false;
  memcpy(out_parts, set.parts, sizeof set.parts);
  *out_count = set.count;
  return true;
}

/* A map where a map is wanted: what is there, a new one, or the name of a model as one. */
static struct yaml_node *as_map(struct reader *reader, const struct set *set,
                                struct yaml_node *parent, const char *key) {
  struct yaml_entry *entry = yaml_find(parent, key);
  struct yaml_node *node = entry ? entry->value : NULL;
  if (node && node->kind == YAML_KIND_MAP) return node;
  struct yaml_node *map = POOL_NEW(reader->pool, struct yaml_node, 1);
  *map = node ? *node : *set->value;
  map->kind = YAML_KIND_MAP;
  map->count = map->capacity = 0;
  map->entries = NULL;
  bool slot = false;
  for (int i = 0; i < SLOT__COUNT; i++) slot = slot || strcmp(slot_rows[i].name, key) == 0;
  if (node && node->kind == YAML_KIND_SCALAR && slot) {
    yaml_put(reader->pool, map, "name", node, node);
    entry->value = map; /* the key stays where the file has it */
  } else if (node && node->kind != YAML_KIND_NULL) {
    fail_set(reader, set, ERR_UNKNOWN_KEY, pool_print(reader->pool, "'%s' is not a map", key));
    return NULL;
  } else {
    yaml_put(reader->pool, parent, key, map, set->value);
  }
  return map;
}

static const char *given_name(const struct yaml_node *fault) {
  const struct yaml_entry *name = fault->kind == YAML_KIND_MAP ? yaml_find(fault, "name") : NULL;
  return name && name->value->kind == YAML_KIND_SCALAR ? name->value->text : NULL;
}

static int verb_of(const struct yaml_node *fault) {
  for (int v = 0; fault->kind == YAML_KIND_MAP && v < VERB__COUNT; v++)
    if (yaml_find(fault, fault_verbs[v].name)) return v;
  return -1;
}

/* Faults by the names that they have or will get: see fault_next_name. */
static struct yaml_node *find_fault(struct reader *reader, const struct set *set) {
  const struct yaml_entry *block = yaml_find(reader->root, "faults");
  const struct yaml_node *faults =
      block && block->value->kind == YAML_KIND_LIST ? block->value : NULL;
  struct yaml_node *found = NULL;
  struct words words = {.count = 0};
  struct fault_names names = {.taken = {0}};
  for (size_t i = 0; faults && i < faults->count; i++)
    if (given_name(faults->items[i])) fault_name_take(&names, given_name(faults->items[i]));
  for (size_t i = 0; faults && i < faults->count && !found; i++) {
    struct yaml_node *fault = faults->items[i];
    const char *name = given_name(fault);
    int verb = verb_of(fault);
    if (!name && verb >= 0) name = fault_next_name(reader->pool, &names, (enum verb)verb);
    if (!name) continue;
    words_add(&words, name);
    if (strcmp(name, set->parts[1]) == 0) found = fault;
  }
  map_deinit(&names.taken);
  if (!found)
    fail_set(reader, set, ERR_UNKNOWN_NAME,
             pool_print(reader->pool, "no fault is called '%s'%s", set->parts[1],
                        reader_hint(reader, set->parts[1], &words)));
  return found;
}

static bool apply(struct reader *reader, const struct set *set) {
  struct yaml_node *at = reader->root;
  size_t part = 0;
  if (strcmp(set->parts[0], "faults") == 0 && set->count > 1) {
    if (set->count == 2)
      return fail_set(reader, set, ERR_USAGE, "it does not say which key of the fault");
    at = find_fault(reader, set);
    part = 2;
  }
  for (; at && part + 1 < set->count; part++) at = as_map(reader, set, at, set->parts[part]);
  if (!at) return false;
  yaml_put(reader->pool, at, set->parts[part], set->value, set->value);
  return true;
}

bool scenario_put(struct reader *reader, const struct yaml_entry *place, const char *const *parts,
                  size_t count, struct yaml_node *value) {
  struct set set = {.place = place, .count = count, .value = value};
  memcpy(set.parts, parts, count * sizeof *parts);
  return apply(reader, &set);
}

int scenario_path_verb(struct reader *reader, const struct yaml_entry *place,
                       const char *const *parts, size_t count) {
  struct set set = {.place = place, .count = count};
  memcpy(set.parts, parts, count * sizeof *parts);
  const struct yaml_node *fault = find_fault(reader, &set);
  return fault ? verb_of(fault) : -1;
}

/* A swept path is given this one value: the point is picked. False: it is not swept. */
static bool pick(struct reader *reader, const struct set *set) {
  const struct yaml_entry *block = yaml_find(reader->root, "sweep");
  const char *path = pool_text(reader->pool, set->argument, strcspn(set->argument, "="));
  if (!block || block->value->kind != YAML_KIND_MAP) return false;
  struct yaml_entry *entry = yaml_find(block->value, path);
  if (!entry) return false;
  struct yaml_node *list = POOL_NEW(reader->pool, struct yaml_node, 1);
  *list = *set->value;
  list->kind = YAML_KIND_LIST;
  list->items = POOL_NEW(reader->pool, struct yaml_node *, 1);
  list->items[0] = set->value;
  list->count = list->capacity = 1;
  entry->value = list;
  return true;
}

static bool is_varied(const struct yaml_node *node) {
  return node->source->option && strcmp(node->source->option, "--vary") == 0;
}

/* Puts the path into `sweep`, where the file has it or at the end. */
static bool vary(struct reader *reader, const struct set *set) {
  const char *path = pool_text(reader->pool, set->argument, strcspn(set->argument, "="));
  struct yaml_node *sweep = as_map(reader, set, reader->root, "sweep");
  if (!sweep) return false;
  const struct yaml_entry *before = yaml_find(sweep, path);
  if (before && is_varied(before->value))
    return fail_set(reader, set, ERR_USAGE, pool_print(reader->pool, "'%s' is varied twice", path));
  yaml_put(reader->pool, sweep, path, set->value, set->value);
  return true;
}

bool scenario_apply_changes(struct reader *reader, const struct scenario_changes *changes) {
  struct set set;
  for (size_t i = 0; i < changes->vary_count; i++)
    if (!split(reader, "--vary", changes->varies[i], &set) || !vary(reader, &set)) return false;
  for (size_t i = 0; i < changes->set_count; i++) {
    if (!split(reader, "--set", changes->sets[i], &set)) return false;
    if (!pick(reader, &set) && !apply(reader, &set)) return false;
  }
  return true;
}
