/* where: at which points of the sweep a statement is meant.
 *
 * A path that a row does not have is at no value there, so no bound on it holds: the row is not meant. Where
 * a row is compared with another that has it, the other's value counts.
 */
#include "sim/runner/scenario_reader.h"

#include <string.h>

struct where_bound {
  size_t key; /* of sweep */
  enum bound_kind kind;
  int64_t low, high; /* of texts: the index of the one that is meant, or SWEEP_NONE */
};
struct where {
  struct where_bound bounds[SWEEP_KEYS_MAX];
  size_t count;
};

/* ---- reading ---- */

static bool fail_bound(struct reader *reader, const struct yaml_node *at) {
  reader_fail(reader, at, ERR_BAD_BOUND, "'%s' is no bound of 'where'", at->text);
  return err_note(reader->err, "a value, at least VALUE, at most VALUE, between VALUE and VALUE");
}

/* In the unit of the key, but without its limits: no value of the list need be there. */
static bool read_number(struct reader *reader, const struct sweep_key *sweep,
                        const struct yaml_node *at, const char *text, int64_t *out) {
  const struct key key = {.name = sweep->path, .type = sweep->type};
  union value value;
  if (*text < '0' || *text > '9') return fail_bound(reader, at);
  if (!schema_parse(&key, text, &value, reader->err))
    return yaml_fail_at(at->source, at->line, at->column, reader->err);
  *out = value.i;
  return true;
}

static bool read_text(const struct sweep_key *sweep, const char *text, struct where_bound *out) {
  out->low = SWEEP_NONE;
  for (size_t i = 0; i < sweep->count; i++)
    if (strcmp(sweep->texts[i], text) == 0) out->low = (int64_t)i;
  out->high = out->low;
  return true;
}

static bool read_bound(struct reader *reader, const struct yaml_node *at, struct where_bound *out) {
  const struct sweep_key *sweep = &reader->scenario->sweep[out->key];
  if (!reader_is(reader, at, YAML_KIND_SCALAR, sweep->path)) return false;
  const char *text = at->text;
  out->kind = BOUND_EXACTLY;
  if (sweep->is_text) return read_text(sweep, text, out);
  if (strncmp(text, "at least ", 9) == 0) {
    out->kind = BOUND_AT_LEAST;
    return read_number(reader, sweep, at, text + 9, &out->low);
  }
  if (strncmp(text, "at most ", 8) == 0) {
    out->kind = BOUND_AT_MOST;
    return read_number(reader, sweep, at, text + 8, &out->high);
  }
  if (strncmp(text, "between ", 8) == 0) {
    const char *and = strstr(text + 8, " and ");
    if (!and) return fail_bound(reader, at);
    out->kind = BOUND_BETWEEN;
    const char *low = pool_text(reader->pool, text + 8, (size_t)(and - text - 8));
    return read_number(reader, sweep, at, low, &out->low) &&
           read_number(reader, sweep, at, and + 5, &out->high);
  }
  if (!read_number(reader, sweep, at, text, &out->low)) return false;
  out->high = out->low;
  return true;
}

static bool find_key(struct reader *reader, const struct yaml_entry *entry, size_t *out) {
  const struct scenario *scenario = reader->scenario;
  struct words words = {.count = 0};
  for (*out = 0; *out < scenario->sweep_count; (*out)++) {
    if (strcmp(scenario->sweep[*out].path, entry->key) == 0) return true;
    words_add(&words, scenario->sweep[*out].path);
  }
  reader_fail_key(reader, entry, ERR_UNKNOWN_NAME, "'%s' is not swept%s", entry->key,
                  reader_hint(reader, entry->key, &words));
  return err_note(reader->err, "'where' names paths of 'sweep'");
}

static const char *format(struct reader *reader, const struct where_bound *bound) {
  const struct sweep_key *sweep = &reader->scenario->sweep[bound->key];
  const struct key key = {.type = sweep->type};
  char low[64], high[64];
  if (sweep->is_text) return NULL; /* as it was written */
  schema_format(&key, (union value){.i = bound->low}, low, sizeof low);
  schema_format(&key, (union value){.i = bound->high}, high, sizeof high);
  switch (bound->kind) {
  case BOUND_AT_LEAST:
    return pool_print(reader->pool, "at least %s", low);
  case BOUND_AT_MOST:
    return pool_print(reader->pool, "at most %s", high);
  case BOUND_BETWEEN:
    return pool_print(reader->pool, "between %s and %s", low, high);
  default:
    return pool_print(reader->pool, "%s", low);
  }
}

bool scenario_read_where(struct reader *reader, const struct yaml_entry *entry, struct where **out,
                         const char **out_text) {
  struct where *where = POOL_NEW(reader->pool, struct where, 1);
  const char *parts[SWEEP_KEYS_MAX];
  if (!reader_is(reader, entry->value, YAML_KIND_MAP, entry->key)) return false;
  if (entry->value->count == 0)
    return reader_fail(reader, entry->value, ERR_BAD_BOUND, "'where' names no path");
  for (size_t i = 0; i < entry->value->count; i++) {
    const struct yaml_entry *path = &entry->value->entries[i];
    struct where_bound *bound = &where->bounds[where->count];
    if (!find_key(reader, path, &bound->key) || !read_bound(reader, path->value, bound)) return false;
    const char *text = format(reader, bound);
    parts[where->count++] = pool_print(reader->pool, "%s: %s", path->key, text ? text : path->value->text);
  }
  *out = where;
  *out_text = pool_join(reader->pool, parts, where->count);
  return true;
}

/* ---- which plans are meant ---- */

static bool meets(const struct sweep_key *sweep, const struct where_bound *bound, uint32_t index) {
  const int64_t value = sweep->is_text ? (int64_t)index : sweep->numbers[index];
  if (bound->kind != BOUND_AT_MOST && value < bound->low) return false;
  return bound->kind == BOUND_AT_LEAST || value <= bound->high;
}

/* `other` may be the same point. */
static bool meant(const struct scenario *scenario, const struct where *where,
                  const struct scenario_point *point, const struct scenario_point *other) {
  for (size_t i = 0; where && i < where->count; i++) {
    const struct where_bound *bound = &where->bounds[i];
    uint32_t index = point->values[bound->key];
    if (index == SWEEP_NONE) index = other->values[bound->key];
    if (index == SWEEP_NONE || !meets(&scenario->sweep[bound->key], bound, index)) return false;
  }
  return true;
}

static bool same_point(const struct scenario *scenario, const struct scenario_point *a,
                       const struct scenario_point *b) {
  for (size_t i = 0; i < scenario->sweep_count; i++)
    if (a->values[i] != b->values[i] && a->values[i] != SWEEP_NONE && b->values[i] != SWEEP_NONE)
      return false;
  return true;
}

struct plan_list {
  uint32_t *plans, *others;
  size_t count, capacity, other_capacity;
};

static void add(struct reader *reader, struct plan_list *list, uint32_t plan, uint32_t other) {
  size_t count = list->count;
  POOL_GROW(reader->pool, list->plans, count, list->capacity);
  POOL_GROW(reader->pool, list->others, count, list->other_capacity);
  list->plans[count] = plan;
  list->others[count] = other;
  list->count++;
}

/* A plan alone, or with each plan of the other row that stands at the same point. */
static void add_plan(struct reader *reader, const struct where *where,
                     const struct expectation *expectation, uint32_t plan, struct plan_list *list) {
  const struct scenario *scenario = reader->scenario;
  const struct scenario_point *points = scenario->points;
  if (expectation->kind < BOUND_AT_LEAST_OF) {
    if (meant(scenario, where, &points[plan], &points[plan])) add(reader, list, plan, plan);
    return;
  }
  const struct scenario_row *row = &scenario->rows[expectation->other_row];
  for (uint32_t other = row->first; other < row->first + row->count; other++)
    if (same_point(scenario, &points[plan], &points[other]) &&
        meant(scenario, where, &points[plan], &points[other]))
      add(reader, list, plan, other);
}

void scenario_expand_rows(struct reader *reader, const struct where *where,
                          struct expectation *inout) {
  const struct scenario *scenario = reader->scenario;
  struct plan_list list = {.count = 0};
  for (size_t i = 0; i < inout->row_count; i++) {
    const struct scenario_row *row = &scenario->rows[inout->rows[i]];
    for (uint32_t plan = row->first; plan < row->first + row->count; plan++)
      add_plan(reader, where, inout, plan, &list);
  }
  inout->rows = list.plans;
  inout->others = list.others;
  inout->row_count = list.count;
}
