/* The file at each point of the grid: read as if it had said the point's values itself. What does not
 * depend on the point is the same every time; distributions are shared, so that a reading is cheap. */
#include "sim/runner/scenario_reader.h"

#include "sim/base/assert.h"

#include <string.h>

/* "handler/window: 5min (line 12), workload/rate: 10/s (line 13)" */
static const char *describe(struct reader *reader) {
  const char *text = "";
  for (size_t i = 0; i < reader->sweep_count; i++) {
    const struct yaml_node *value = reader->sweep[i].entry.value;
    text = pool_print(reader->pool, "%s%s%s: %s", text, i ? ", " : "", reader->sweep[i].path,
                      value->text);
    if (!value->source->option) text = pool_print(reader->pool, "%s, line %d", text, value->line);
  }
  return text;
}

static bool error_is_at_value(const struct reader *reader) {
  for (size_t i = 0; i < reader->sweep_count; i++) {
    const struct yaml_node *value = reader->sweep[i].entry.value;
    if (reader->err->line == value->line && reader->err->column == value->column &&
        strcmp(reader->err->path, value->source->path) == 0)
      return true;
  }
  return false;
}

/* A store that no handler of a row calls has its keys for nothing: the row is one without them. */
static void drop_unused(struct reader *reader) {
  for (size_t row = 0; row < reader->row_count; row++)
    for (size_t i = 0; i < reader->sweep_count; i++) {
      const enum slot slot = reader->sweep[i].slot;
      if (slot == SLOT__COUNT || slot_rows[slot].store >= ROLE__COUNT) continue;
      if (plan_uses(&reader->scenario->plans[row], slot_rows[slot].store)) continue;
      reader->rows[row].swept &= ~(UINT32_C(1) << i);
    }
}

/* A reading of its own, into *out and *out_scenario. */
static bool read_at(struct reader *reader, const size_t *indexes, struct reader *out,
                    struct scenario *out_scenario) {
  *out_scenario = *reader->scenario;
  out_scenario->faults = NULL;
  out_scenario->fault_count = 0;
  *out = *reader;
  out->scenario = out_scenario;
  const bool read = scenario_put_point(out, indexes) && scenario_list_top(out) &&
                    scenario_read_world(out);
  if (read) drop_unused(out);
  reader->scenario->body_file = out_scenario->body_file;
  reader->scenario->files = out_scenario->files;
  reader->scenario->file_count = out_scenario->file_count;
  reader->file_capacity = out->file_capacity;
  if (!read && reader->sweep_count > 0 && !error_is_at_value(reader))
    reader->failed_point = describe(reader);
  return read;
}

/* What has been read of the whole grid. */
struct grid {
  struct reader *reader; /* of the first point, in the end */
  size_t points, indexes[SWEEP_KEYS_MAX];
  struct plan **plans;   /* [points]: of the rows */
  size_t steps[SWEEP_KEYS_MAX]; /* points from one value of a key to its next */
};

static void next_point(struct grid *grid) {
  for (size_t i = grid->reader->sweep_count; i-- > 0;) {
    if (++grid->indexes[i] < grid->reader->sweep[i].count) return;
    grid->indexes[i] = 0;
  }
}

static bool read_grid(struct grid *grid) {
  struct reader base = *grid->reader, at;
  struct scenario scenario;
  for (size_t point = 0; point < grid->points; point++, next_point(grid)) {
    if (!read_at(&base, grid->indexes, &at, &scenario)) {
      grid->reader->failed_point = base.failed_point;
      return false;
    }
    grid->plans[point] = scenario.plans;
    if (point > 0) continue;
    struct scenario *out = grid->reader->scenario;
    *grid->reader = at;
    grid->reader->scenario = out;
    *out = scenario;
  }
  return true;
}

/* ---- rows and their points ---- */

static bool has_key(const struct reader *reader, size_t row, size_t key) {
  const uint32_t bit = UINT32_C(1) << key;
  return reader->sweep[key].slot == SLOT__COUNT || (reader->rows[row].swept & bit);
}

static size_t points_of_row(const struct reader *reader, size_t row) {
  size_t points = 1;
  for (size_t i = 0; i < reader->sweep_count; i++)
    if (has_key(reader, row, i)) points *= reader->sweep[i].count;
  return points;
}

static void name_point(struct reader *reader, struct scenario_point *point) {
  const struct scenario *scenario = reader->scenario;
  const char *label = reader->rows[point->row].label;
  point->at = "";
  for (size_t i = 0; i < scenario->sweep_count; i++)
    if (point->values[i] != SWEEP_NONE)
      point->at = pool_print(reader->pool, "%s%s%s %s", point->at, *point->at ? ", " : "",
                             scenario->sweep[i].path, scenario->sweep[i].texts[point->values[i]]);
  point->name = *point->at ? pool_print(reader->pool, "%s at %s", label, point->at) : label;
}

/* The number-th point of a row; a key that the row has not stands at its first value. */
static void fill_point(struct grid *grid, size_t row, size_t number, size_t plan) {
  struct reader *reader = grid->reader;
  struct scenario *scenario = reader->scenario;
  struct scenario_point *point = &scenario->points[plan];
  uint32_t *values = POOL_NEW(reader->pool, uint32_t, reader->sweep_count);
  size_t place = 0;
  for (size_t i = reader->sweep_count; i-- > 0;) {
    values[i] = SWEEP_NONE;
    if (!has_key(reader, row, i)) continue;
    values[i] = (uint32_t)(number % reader->sweep[i].count);
    number /= reader->sweep[i].count;
    place += values[i] * grid->steps[i];
  }
  *point = (struct scenario_point){.row = (uint32_t)row, .values = values};
  name_point(reader, point);
  scenario->plans[plan] = grid->plans[place][row];
}

static bool fill_rows(struct grid *grid) {
  struct reader *reader = grid->reader;
  struct scenario *scenario = reader->scenario;
  size_t plans = 0;
  for (size_t row = 0; row < reader->row_count; row++) plans += points_of_row(reader, row);
  if (plans > PLANS_MAX)
    return reader_fail(reader, reader->top[TOP_SWEEP]->value, ERR_LIMIT,
                       "rows and points make %zu runs of a seed; the most is %d", plans, PLANS_MAX);
  scenario->plan_count = plans;
  scenario->plans = POOL_NEW(reader->pool, struct plan, plans);
  scenario->points = POOL_NEW(reader->pool, struct scenario_point, plans);
  scenario->row_count = reader->row_count;
  scenario->rows = POOL_NEW(reader->pool, struct scenario_row, reader->row_count);
  for (size_t row = 0, plan = 0; row < reader->row_count; row++) {
    struct scenario_row *out = &scenario->rows[row];
    *out = (struct scenario_row){reader->rows[row].label, (uint32_t)plan,
                                 (uint32_t)points_of_row(reader, row)};
    for (size_t number = 0; number < out->count; number++) fill_point(grid, row, number, plan++);
  }
  return true;
}

bool scenario_read_points(struct reader *reader) {
  struct grid grid = {.reader = reader, .points = 1};
  if (reader->sweep_count > 0) { /* once to learn what the paths lead to, and so the order of the values */
    struct reader trial;
    struct scenario scenario;
    if (!read_at(reader, grid.indexes, &trial, &scenario) || !scenario_type_sweep(&trial)) return false;
  }
  for (size_t i = reader->sweep_count; i-- > 0;) {
    grid.steps[i] = grid.points;
    grid.points *= reader->sweep[i].count;
  }
  grid.plans = POOL_NEW(reader->pool, struct plan *, grid.points);
  if (!read_grid(&grid)) return false;
  scenario_fill_sweep(reader, reader->scenario);
  return fill_rows(&grid);
}
