/* expect: statements, each a row, a list of rows or all of them, and metric: bound. */
#include "sim/runner/scenario_reader.h"

#include <string.h>

/* How a bound's number is written, by the metric's unit. */
static const enum value_type unit_types[] = {
    [UNIT_COUNT] = VALUE_COUNT,
    [UNIT_NS] = VALUE_TIME,
    [UNIT_RATE] = VALUE_RATE,
    [UNIT_BYTES] = VALUE_SIZE,
};

enum metric_unit expect_unit(unsigned metric) {
  return metric < METRIC__COUNT ? metric_rows[metric].unit : UNIT_RATE; /* capacity */
}

const char *expect_metric_name(unsigned metric) {
  if (metric == EXPECT_CAPACITY) return "capacity";
  return metric == EXPECT_VIOLATES ? "violates" : metric_rows[metric].name;
}

/* ---- bounds ---- */

/* Where the bound of one metric is being read. */
struct bound {
  struct reader *reader;
  const struct yaml_node *at;
  struct expectation *out;
};

static bool fail_bound(const struct bound *bound) {
  reader_fail(bound->reader, bound->at, ERR_BAD_BOUND, "'%s' is not a bound", bound->at->text);
  return err_note(
      bound->reader->err,
      "bounds are words: none, some, 3, at least 3, at most 1%%, between 3 and 9, more than ROW");
}

/* "0.01 is not a count", but it may be a share: the note of one without its unit. */
static void hint_share(struct err *err, const char *text) {
  static const struct key share = {.name = "share", .type = VALUE_SHARE};
  struct err without_unit = {.code = ERR_NONE};
  union value value;
  if (!schema_parse(&share, text, &value, &without_unit)) memcpy(err->note, without_unit.note, sizeof err->note);
}

/* A number in the metric's unit; of a count also a share of `intended`. */
static bool read_number(const struct bound *bound, const char *text, int64_t *out,
                        bool *out_relative) {
  enum metric_unit unit = expect_unit(bound->out->metric);
  size_t length = strlen(text);
  bool share =
      unit == UNIT_COUNT && length > 0 && (text[length - 1] == '%' || text[length - 1] == 'm');
  struct key key = {.name = expect_metric_name(bound->out->metric),
                    .type = share ? VALUE_SHARE : unit_types[unit]};
  union value value;
  if (length == 0 || text[0] < '0' || text[0] > '9') return fail_bound(bound);
  if (!schema_parse(&key, text, &value, bound->reader->err)) {
    if (key.type == VALUE_COUNT && strncmp(text, "0.", 2) == 0) hint_share(bound->reader->err, text);
    return yaml_fail_at(bound->at->source, bound->at->line, bound->at->column, bound->reader->err);
  }
  *out = value.i;
  *out_relative = share;
  return true;
}

/* `90% of ROW`; `of` points at " of ROW". */
static bool read_share_of(const struct bound *bound, const char *text, const char *of,
                          enum bound_kind kind) {
  struct reader *reader = bound->reader;
  const struct key key = {.name = "share", .type = VALUE_SHARE};
  union value value;
  bound->out->kind = kind;
  if (!schema_parse(&key, pool_text(reader->pool, text, (size_t)(of - text)), &value, reader->err))
    return yaml_fail_at(bound->at->source, bound->at->line, bound->at->column, reader->err);
  bound->out->share = value.i;
  return scenario_find_row(reader, of + strlen(" of "), bound->at, &bound->out->other_row);
}

static bool read_least_or_most(const struct bound *bound, const char *rest, bool least) {
  struct expectation *out = bound->out;
  const char *of = strstr(rest, " of ");
  if (of) return read_share_of(bound, rest, of, least ? BOUND_AT_LEAST_OF : BOUND_AT_MOST_OF);
  out->kind = least ? BOUND_AT_LEAST : BOUND_AT_MOST;
  return read_number(bound, rest, least ? &out->low : &out->high, &out->relative);
}

static bool read_between(const struct bound *bound, const char *rest) {
  struct expectation *out = bound->out;
  const char *and = strstr(rest, " and ");
  bool relative;
  if (!and) return fail_bound(bound);
  const char *low = pool_text(bound->reader->pool, rest, (size_t)(and-rest));
  out->kind = BOUND_BETWEEN;
  if (!read_number(bound, low, &out->low, &out->relative) ||
      !read_number(bound, and+5, &out->high, &relative))
    return false;
  if (relative != out->relative)
    return reader_fail(bound->reader, bound->at, ERR_BAD_BOUND, "'%s' mixes a count and a share",
                       bound->at->text);
  if (out->low > out->high)
    return reader_fail(bound->reader, bound->at, ERR_BAD_BOUND,
                       "'%s': the first is above the second", bound->at->text);
  return true;
}

static bool read_bound(const struct bound *bound) {
  static const struct {
    const char *words;
    enum bound_kind kind;
  } orders[] = {{"less than ", BOUND_LESS_THAN},
                {"more than ", BOUND_MORE_THAN},
                {"same as ", BOUND_SAME_AS}};
  struct expectation *out = bound->out;
  if (!reader_is(bound->reader, bound->at, YAML_KIND_SCALAR, expect_metric_name(out->metric)))
    return false;
  const char *text = bound->at->text;
  if (strcmp(text, "none") == 0 || strcmp(text, "some") == 0) {
    out->kind = text[0] == 'n' ? BOUND_NONE : BOUND_SOME;
    return true;
  }
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
    if (strncmp(text, orders[i].words, strlen(orders[i].words)) == 0) {
      out->kind = orders[i].kind;
      return scenario_find_row(bound->reader, text + strlen(orders[i].words), bound->at,
                               &out->other_row);
    }
  if (strncmp(text, "at least ", 9) == 0) return read_least_or_most(bound, text + 9, true);
  if (strncmp(text, "at most ", 8) == 0) return read_least_or_most(bound, text + 8, false);
  if (strncmp(text, "between ", 8) == 0) return read_between(bound, text + 8);
  out->kind = BOUND_EXACTLY;
  if (!read_number(bound, text, &out->low, &out->relative)) return false;
  out->high = out->low;
  return true;
}

/* ---- violates ---- */

static bool add_anomaly(const struct bound *bound, const struct yaml_node *node) {
  struct reader *reader = bound->reader;
  struct expectation *out = bound->out;
  if (!reader_is(reader, node, YAML_KIND_SCALAR, "an anomaly")) return false;
  if (strcmp(node->text, "lost") == 0) {
    out->violations_either |= CLAIM_BIT(LOST_ACKED) | CLAIM_BIT(LOST_UNACKED);
    return true;
  }
  struct words words = {.count = 0};
  words_add(&words, "lost");
  for (int i = 0; i < ANOMALY__COUNT; i++) {
    words_add(&words, anomaly_names[i]);
    if (strcmp(anomaly_names[i], node->text) != 0) continue;
    out->violations |= UINT32_C(1) << i;
    return true;
  }
  return reader_fail(reader, node, ERR_UNKNOWN_NAME, "unknown anomaly '%s'%s", node->text,
                     reader_hint(reader, node->text, &words));
}

static bool read_violates(const struct bound *bound) {
  const struct yaml_node *node = bound->at;
  bound->out->kind = BOUND_EXACTLY;
  if (node->kind == YAML_KIND_SCALAR && strcmp(node->text, "none") == 0) return true;
  if (!reader_is(bound->reader, node, YAML_KIND_LIST, "violates"))
    return err_note(bound->reader->err, "violates: none, or a list such as [duplicate_effects]");
  for (size_t i = 0; i < node->count; i++)
    if (!add_anomaly(bound, node->items[i])) return false;
  if (node->count == 0)
    return reader_fail(bound->reader, node, ERR_BAD_BOUND,
                       "an empty list of anomalies; write none");
  return true;
}

/* ---- statements ---- */

static bool fail_metric(struct reader *reader, const struct yaml_entry *entry) {
  struct words words = {.count = 0};
  words_add(&words, "row");
  words_add(&words, "group");
  words_add(&words, "where");
  words_add(&words, "about");
  words_add(&words, "capacity");
  words_add(&words, "violates");
  for (int i = 0; i < METRIC__COUNT; i++) words_add(&words, metric_rows[i].name);
  reader_fail_key(reader, entry, ERR_UNKNOWN_KEY, "unknown metric '%s'%s", entry->key,
                  reader_hint(reader, entry->key, &words));
  for (int i = 0; i < METRIC__COUNT; i++)
    if (strcmp(metric_rows[i].column, entry->key) == 0 && metric_rows[i].unit != UNIT_COUNT) {
      bool shown = entry->value->kind == YAML_KIND_SCALAR;
      return err_note(reader->err, "the value carries the unit, as in %s",
                      shown ? entry->value->text : "at most 50ms");
    }
  return err_note(reader->err, "dgsim list metrics shows all");
}

/* The rows of a statement; one array for all its bounds. */
static bool read_rows(struct reader *reader, const struct yaml_entry *row, struct expectation *out,
                      struct statement *statement) {
  size_t count = !row                                 ? reader->row_count
                 : row->value->kind == YAML_KIND_LIST ? row->value->count
                                                      : 1;
  if (row && row->value->kind == YAML_KIND_LIST && (count == 0 || count > ROWS_MAX))
    return reader_fail(reader, row->value, ERR_BAD_BOUND, "'row' is a label or a list of labels");
  const char **labels = POOL_NEW(reader->pool, const char *, count);
  out->rows = POOL_NEW(reader->pool, uint32_t, count);
  out->row_count = count;
  for (size_t i = 0; i < count; i++) {
    out->rows[i] = (uint32_t)i;
    if (!row) continue;
    const struct yaml_node *item =
        row->value->kind == YAML_KIND_LIST ? row->value->items[i] : row->value;
    if (!reader_is(reader, item, YAML_KIND_SCALAR, "row")) return false;
    if (!scenario_find_row(reader, item->text, item, &out->rows[i])) return false;
    labels[i] = item->text;
  }
  if (!row) return true;
  statement->rows = pool_join(reader->pool, labels, count);
  if (row->value->kind == YAML_KIND_LIST)
    statement->rows = pool_print(reader->pool, "[%s]", statement->rows);
  return true;
}

/* The groups of a statement; likewise one array. */
static bool read_groups(struct reader *reader, const struct yaml_entry *group,
                        struct expectation *out, struct statement *statement) {
  if (!group) return true;
  const bool list = group->value->kind == YAML_KIND_LIST;
  const size_t count = list ? group->value->count : 1;
  if (list && (count == 0 || count > PLAN_GROUPS_MAX))
    return reader_fail(reader, group->value, ERR_BAD_BOUND, "'group' is a group or a list of groups");
  const char **names = POOL_NEW(reader->pool, const char *, count);
  out->groups = POOL_NEW(reader->pool, uint32_t, count);
  out->group_count = count;
  for (size_t i = 0; i < count; i++) {
    const struct yaml_node *item = list ? group->value->items[i] : group->value;
    if (!reader_is(reader, item, YAML_KIND_SCALAR, "group") ||
        !scenario_find_group(reader, item->text, item, &out->groups[i]))
      return false;
    names[i] = item->text;
  }
  statement->groups = pool_join(reader->pool, names, count);
  if (list) statement->groups = pool_print(reader->pool, "[%s]", statement->groups);
  return true;
}

/* A bound on another row, when that row is the only one it is asked of. */
static bool check_other(const struct bound *bound) {
  const struct expectation *out = bound->out;
  bool other = out->kind >= BOUND_AT_LEAST_OF;
  if (!other || out->row_count != 1 || out->rows[0] != out->other_row) return true;
  return reader_fail(bound->reader, bound->at, ERR_BAD_BOUND, "row '%s' is compared with itself",
                     bound->reader->rows[out->other_row].label);
}

static const char *bound_text(struct reader *reader, const struct statement *statement,
                              const struct yaml_entry *entry,
                              const struct expectation *expectation) {
  const char *value = entry->value->text;
  if (expectation->metric == EXPECT_VIOLATES)
    value = expect_format_violates(reader->pool, expectation);
  const char *text = pool_print(reader->pool, "%s: %s", entry->key, value);
  if (statement->where) text = pool_print(reader->pool, "where {%s}: %s", statement->where, text);
  if (statement->groups) text = pool_print(reader->pool, "group %s: %s", statement->groups, text);
  if (statement->rows) text = pool_print(reader->pool, "row %s: %s", statement->rows, text);
  return text;
}

static bool read_metric(struct reader *reader, const struct yaml_entry *entry,
                        struct expectation *out) {
  if (strcmp(entry->key, "capacity") == 0)
    out->metric = EXPECT_CAPACITY;
  else if (strcmp(entry->key, "violates") == 0)
    out->metric = EXPECT_VIOLATES;
  else if (metric_find(entry->key) < 0)
    return fail_metric(reader, entry);
  else
    out->metric = (unsigned)metric_find(entry->key);
  out->line = entry->line;
  out->column = entry->column;
  if (out->metric == EXPECT_CAPACITY && !reader->scenario->measure_capacity)
    return reader_fail_key(reader, entry, ERR_CONFLICT,
                           "'capacity' is not measured: measure_capacity is false");
  bool apart = out->metric == EXPECT_VIOLATES ||
               (out->metric < METRIC__COUNT && metric_of_group((enum metric)out->metric));
  if (out->group_count > 0 && !apart)
    return reader_fail_key(reader, entry, ERR_CONFLICT, "'%s' is not counted for each group", entry->key);
  struct bound bound = {reader, entry->value, out};
  if (out->metric == EXPECT_VIOLATES) return read_violates(&bound);
  return read_bound(&bound) && check_other(&bound);
}

/* A point that --set has picked leaves out what is said of others; else each is said of one. */
static bool fail_no_point(struct reader *reader, const struct yaml_entry *where) {
  const struct scenario *scenario = reader->scenario;
  const char *values = "";
  for (size_t i = 0; i < scenario->sweep_count; i++)
    values = pool_print(reader->pool, "%s%s%s: %.100s", values, i ? "; " : "", scenario->sweep[i].path,
                        pool_join(reader->pool, scenario->sweep[i].texts, scenario->sweep[i].count));
  reader_fail_key(reader, where, ERR_BAD_BOUND, "'where' matches no point of these rows");
  return err_note(reader->err, "swept are %s", values);
}

static bool point_is_picked(const struct scenario *scenario) {
  for (size_t i = 0; i < scenario->sweep_count; i++)
    if (scenario->sweep[i].option) return true;
  return false;
}

static bool read_statement(struct reader *reader, const struct yaml_node *node,
                           struct statement *statement, size_t *capacity) {
  struct scenario *scenario = reader->scenario;
  if (!reader_is(reader, node, YAML_KIND_MAP, "a statement")) return false;
  const struct yaml_entry *row = yaml_find(node, "row"), *about = yaml_find(node, "about");
  const struct yaml_entry *group = yaml_find(node, "group"), *at = yaml_find(node, "where");
  struct expectation base = {.metric = 0};
  struct where *where = NULL;
  size_t bounds = 0;
  if (!read_rows(reader, row, &base, statement)) return false;
  if (!read_groups(reader, group, &base, statement)) return false;
  if (at && !scenario_read_where(reader, at, &where, &statement->where)) return false;
  if (about && !reader_is(reader, about->value, YAML_KIND_SCALAR, "about")) return false;
  if (about) statement->about = about->value->text;
  statement->first = scenario->expectation_count;
  for (size_t i = 0; i < node->count; i++) {
    const struct yaml_entry *entry = &node->entries[i];
    if (entry == row || entry == group || entry == at || entry == about) continue;
    struct expectation expectation = base;
    if (!read_metric(reader, entry, &expectation)) return false;
    bounds++;
    scenario_expand_rows(reader, where, &expectation);
    if (expectation.row_count == 0) {
      if (!point_is_picked(scenario)) return fail_no_point(reader, at);
      continue;
    }
    expectation.text = bound_text(reader, statement, entry, &expectation);
    POOL_GROW(reader->pool, scenario->expectations, scenario->expectation_count, *capacity);
    scenario->expectations[scenario->expectation_count++] = expectation;
    statement->count++;
  }
  if (bounds > 0) return true;
  reader_fail(reader, node, ERR_MISSING_KEY, "the statement has no bound");
  return err_note(reader->err, "such as lost: none");
}

bool scenario_read_expect(struct reader *reader) {
  const struct yaml_entry *block = reader->top[TOP_EXPECT];
  if (!block) return true;
  if (!reader_is(reader, block->value, YAML_KIND_LIST, block->key)) return false;
  size_t count = block->value->count, capacity = 0;
  if (count > STATEMENTS_MAX)
    return reader_fail(reader, block->value, ERR_LIMIT, "'expect' has more than %d statements",
                       STATEMENTS_MAX);
  reader->statements = POOL_NEW(reader->pool, struct statement, count);
  reader->statement_count = count;
  for (size_t i = 0; i < count; i++)
    if (!read_statement(reader, block->value->items[i], &reader->statements[i], &capacity))
      return false;
  return true;
}

/* ---- writing ---- */

const char *expect_format(struct pool *pool, const struct scenario *scenario,
                          const struct expectation *e) {
  const struct key share_key = {.type = VALUE_SHARE};
  struct key key = {.type = e->relative ? VALUE_SHARE : unit_types[expect_unit(e->metric)]};
  char low[64], high[64], share[64];
  const char *other = scenario->rows[e->other_row].label;
  schema_format(&key, (union value){.i = e->low}, low, sizeof low);
  schema_format(&key, (union value){.i = e->high}, high, sizeof high);
  schema_format(&share_key, (union value){.i = e->share}, share, sizeof share);
  switch (e->kind) {
  case BOUND_NONE:
    return "none";
  case BOUND_SOME:
    return "some";
  case BOUND_EXACTLY:
    return pool_print(pool, "%s", low);
  case BOUND_AT_LEAST:
    return pool_print(pool, "at least %s", low);
  case BOUND_AT_MOST:
    return pool_print(pool, "at most %s", high);
  case BOUND_BETWEEN:
    return pool_print(pool, "between %s and %s", low, high);
  case BOUND_AT_LEAST_OF:
    return pool_print(pool, "at least %s of %s", share, other);
  case BOUND_AT_MOST_OF:
    return pool_print(pool, "at most %s of %s", share, other);
  case BOUND_LESS_THAN:
    return pool_print(pool, "less than %s", other);
  case BOUND_MORE_THAN:
    return pool_print(pool, "more than %s", other);
  case BOUND_SAME_AS:
    return pool_print(pool, "same as %s", other);
  }
  return "";
}

const char *expect_format_violates(struct pool *pool, const struct expectation *e) {
  const char *text = e->violations_either ? "lost" : "";
  for (int i = 0; i < ANOMALY__COUNT; i++)
    if (e->violations & (UINT32_C(1) << i))
      text = pool_print(pool, "%s%s%s", text, *text ? ", " : "", anomaly_names[i]);
  return *text ? pool_print(pool, "[%s]", text) : "none";
}
