/* The resolved form: the same language with nothing implied, so that it can be kept, compared and
 * read again. Comments say where a value came from; without them, resolving it again gives the same
 * bytes, which is what the hash is over.
 */
#include "sim/runner/scenario_reader.h"

#include "sim/base/assert.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#ifndef DGSIM_VERSION
#define DGSIM_VERSION "0"
#endif
#define REMARK_COLUMN 42

/* Two copies of the text grow together: with comments and without. */
struct writer {
  struct reader *reader;
  FILE *full, *bare;
  size_t column;
};

static void put(struct writer *writer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void put(struct writer *writer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vfprintf(writer->full, format, arguments);
  va_end(arguments);
  va_start(arguments, format);
  vfprintf(writer->bare, format, arguments);
  va_end(arguments);
  writer->column += (size_t)length;
}

/* Ends a line, with a comment behind it unless the remark is empty. */
static void end_line(struct writer *writer, const char *remark) {
  if (*remark) {
    int gap = writer->column < REMARK_COLUMN ? (int)(REMARK_COLUMN - writer->column) : 2;
    fprintf(writer->full, "%*s# %s", gap, "", remark);
  }
  put(writer, "\n");
  writer->column = 0;
}

static const char *set_remark(const struct yaml_entry *given) {
  return given && given->value->source->is_set ? "--set" : "";
}

static const char *format_value(struct writer *writer, const struct key *key, union value value) {
  char text[1100];
  schema_format(key, value, text, sizeof text);
  return pool_print(writer->reader->pool, "%s", text);
}

/* What a user may not have written as a plain word: quoted, every odd character escaped. */
static void put_quoted(struct writer *writer, const char *text) {
  put(writer, "\"");
  for (const unsigned char *at = (const unsigned char *)text; *at;) {
    unsigned value = *at;
    int width = value < 0x80 ? 1 : value < 0xE0 ? 2 : value < 0xF0 ? 3 : 4;
    if (width > 1) value &= 0xFFu >> (width + 1);
    for (int i = 1; i < width; i++) value = value << 6 | (at[i] & 0x3Fu);
    bool odd = value < 0x20 || (value >= 0x7F && value <= 0xA0) || value == 0xFEFF ||
               value == 0x2028 || value == 0x2029;
    if (value == '\n')
      put(writer, "\\n");
    else if (odd)
      put(writer, "\\u%04X", value);
    else
      put(writer, "%s%.*s", value == '"' || value == '\\' ? "\\" : "", width, (const char *)at);
    at += width;
  }
  put(writer, "\"");
}

/* ---- flow maps ---- */

/* `, ` between the parts of a flow map. */
static void put_part(struct writer *writer, bool *first, const char *key, const char *value) {
  put(writer, "%s%s: %s", *first ? "" : ", ", key, value);
  *first = false;
}

/* A key that is not there (no default, not given) is left out. */
static bool is_there(const struct key_values *values, size_t i) {
  const char *text = values->table->keys[i].value_default;
  return values->given[i] || (text && text[0] != '\0');
}

/* "default", "default: a, b", "--set: c": who said what the file did not. */
static const char *who(struct writer *writer, const struct key_values *values) {
  const char *defaults[SCHEMA_KEYS_MAX], *sets[SCHEMA_KEYS_MAX];
  size_t default_count = 0, set_count = 0, there = 0;
  struct pool *pool = writer->reader->pool;
  for (size_t i = 0; i < values->table->count; i++) {
    if (!is_there(values, i)) continue;
    there++;
    if (!values->given[i]) defaults[default_count++] = values->table->keys[i].name;
    if (*set_remark(values->given[i])) sets[set_count++] = values->table->keys[i].name;
  }
  if (there > 0 && default_count == there) return "default";
  const char *by_default =
      default_count ? pool_print(pool, "default: %s", pool_join(pool, defaults, default_count))
                    : "";
  if (set_count == 0) return by_default;
  return pool_print(pool, "--set: %s%s%s", pool_join(pool, sets, set_count),
                    *by_default ? "; " : "", by_default);
}

static void put_values(struct writer *writer, const struct key_values *values, bool first) {
  for (size_t i = 0; i < values->table->count; i++)
    if (is_there(values, i)) {
      const struct key *key = &values->table->keys[i];
      put_part(writer, &first, key->name, format_value(writer, key, values->values[i]));
    }
}

static void put_flow(struct writer *writer, const char *name, const struct key_values *values) {
  put(writer, "%s: {", name);
  put_values(writer, values, true);
  put(writer, "}");
  end_line(writer, who(writer, values));
}

/* ---- the blocks ---- */

static void put_seeds(struct writer *writer) {
  const struct reader *reader = writer->reader;
  const struct scenario *scenario = reader->scenario;
  bool counted = true;
  for (size_t i = 0; i < scenario->seed_count; i++)
    counted = counted && scenario->seeds[i] == i + 1;
  put(writer, "seeds: ");
  if (counted) {
    put(writer, "%zu", scenario->seed_count);
  } else {
    for (size_t i = 0; i < scenario->seed_count; i++)
      put(writer, "%s%llu", i ? ", " : "[", (unsigned long long)scenario->seeds[i]);
    put(writer, "]");
  }
  end_line(writer, reader->seeds_from ? reader->seeds_from : set_remark(reader->top[TOP_SEEDS]));
}

static void put_top(struct writer *writer, enum top_key key, const char *value) {
  const struct yaml_entry *given = writer->reader->top[key];
  put(writer, "%s: %s", top_table.keys[key].name, value);
  end_line(writer, given ? set_remark(given) : "default");
}

static void put_general(struct writer *writer) {
  const struct reader *reader = writer->reader;
  const struct scenario *scenario = reader->scenario;
  const struct yaml_entry *drain = reader->top[TOP_DRAIN_LIMIT];
  put(writer, "format: 1\n");
  writer->column = 0;
  put(writer, "name: %s", scenario->name);
  end_line(writer,
           reader->top[TOP_NAME] ? set_remark(reader->top[TOP_NAME]) : "derived: the file's name");
  put(writer, "about: ");
  put_quoted(writer, scenario->about);
  end_line(writer, set_remark(reader->top[TOP_ABOUT]));
  put_seeds(writer);
  put_top(writer, TOP_LUCK, scenario->luck_none ? "none" : "drawn");
  put_top(writer, TOP_MEASURE_CAPACITY, scenario->measure_capacity ? "true" : "false");
  if (drain)
    put_top(writer, TOP_DRAIN_LIMIT,
            format_value(writer, &top_table.keys[TOP_DRAIN_LIMIT],
                         reader->general.values[TOP_DRAIN_LIMIT]));
  else
    fprintf(writer->full, "# drain_limit is derived for each row: twice its longest timeout\n");
}

static const char *workload_remark(const struct reader *reader, size_t key) {
  static const char *const derived[] = {
      [WORKLOAD_MESSAGES] = "derived: rate * for",
      [WORKLOAD_FOR] = "derived: messages / rate",
      [WORKLOAD_RATE] = "derived: messages / for",
  };
  if (key == reader->derived) return derived[key];
  return reader->workload.given[key] ? set_remark(reader->workload.given[key]) : "default";
}

static void put_workload(struct writer *writer) {
  const struct key_values *values = &writer->reader->workload;
  bool saturating = values->given[WORKLOAD_OUTSTANDING] != NULL;
  put(writer, "workload:\n");
  for (size_t i = 0; i < WORKLOAD__COUNT; i++) {
    if (i == WORKLOAD_OUTSTANDING ? !saturating
                                  : saturating && (i == WORKLOAD_FOR || i == WORKLOAD_RATE))
      continue;
    const struct key *key = &workload_table.keys[i];
    writer->column = 0;
    put(writer, "  %s: %s", key->name, format_value(writer, key, values->values[i]));
    end_line(writer, workload_remark(writer->reader, i));
  }
}

/* The kind of a link in the rows that use it; -1 = none does, -2 = it differs. */
static int kind_of(const struct reader *reader, int link) {
  int kind = -1;
  for (size_t i = 0; i < reader->row_count; i++) {
    const struct plan *plan = &reader->scenario->plans[i];
    if (!scenario_link_used(plan, (enum link)link)) continue;
    int here = (int)plan->links[link].kind;
    kind = kind == -1 || kind == here ? here : -2;
  }
  return kind;
}

static bool has_datagrams(const struct reader *reader, int link) {
  for (size_t i = 0; i < reader->row_count; i++) {
    const struct plan *plan = &reader->scenario->plans[i];
    if (scenario_link_used(plan, (enum link)link) && plan->links[link].kind == LINK_KIND_DATAGRAM)
      return true;
  }
  return false;
}

/* The value that stands: losses by direction only where they differ, and what happens to datagrams
 * only where there are any. False: the key is left out. */
static bool link_value(const struct reader *reader, int index, size_t key, union value *out) {
  const struct link_reading *link = &reader->links[index];
  bool differ = link->request_loss != link->reply_loss;
  *out = link->values.values[key];
  switch (key) {
  case LINK_KEY_LOSS:
    out->i = link->request_loss;
    return !differ;
  case LINK_KEY_REQUEST_LOSS:
    out->i = link->request_loss;
    return differ;
  case LINK_KEY_REPLY_LOSS:
    out->i = link->reply_loss;
    return differ;
  case LINK_KEY_DUPLICATION:
  case LINK_KEY_REORDERING:
    if (!has_datagrams(reader, index)) out->i = 0;
    return true;
  default:
    return is_there(&link->values, key);
  }
}

static void put_link(struct writer *writer, int index) {
  const struct reader *reader = writer->reader;
  int kind = kind_of(reader, index);
  bool first = true;
  union value value = {.i = kind};
  put(writer, "  %s: {", link_rows[index].name);
  if (kind >= 0)
    put_part(writer, &first, "kind", format_value(writer, &link_table.keys[LINK_KEY_KIND], value));
  for (size_t i = LINK_KEY_KIND + 1; i < LINK_KEY__COUNT; i++)
    if (link_value(reader, index, i, &value))
      put_part(writer, &first, link_table.keys[i].name,
               format_value(writer, &link_table.keys[i], value));
  put(writer, "}");
  end_line(writer, who(writer, &reader->links[index].values));
}

static void put_links(struct writer *writer) {
  bool any = false;
  for (int i = 0; i < LINK__COUNT; i++) any = any || kind_of(writer->reader, i) != -1;
  if (!any) return;
  put(writer, "links:\n");
  writer->column = 0;
  for (int i = 0; i < LINK__COUNT; i++)
    if (kind_of(writer->reader, i) != -1) put_link(writer, i);
}

/* ---- rows ---- */

/* Under a row: which of a model's keys are defaults, and where these come from. */
static void remark_defaults(struct writer *writer, enum slot slot,
                            const struct slot_reading *reading) {
  const struct key_values *values = &reading->values;
  const char *plain[SCHEMA_KEYS_MAX];
  size_t plain_count = 0;
  struct pool *pool = writer->reader->pool;
  for (size_t i = 0; i < values->table->count; i++) {
    const struct key *key = &values->table->keys[i];
    if (*set_remark(values->given[i]))
      fprintf(writer->full, "    # %s %s: --set\n", slot_rows[slot].name, key->name);
    if (values->given[i] || !is_there(values, i)) continue;
    if (key->source)
      fprintf(writer->full, "    # %s %s: default, %s\n", slot_rows[slot].name, key->name,
              key->source);
    else
      plain[plain_count++] = key->name;
  }
  if (plain_count)
    fprintf(writer->full, "    # %s default: %s\n", slot_rows[slot].name,
            pool_join(pool, plain, plain_count));
}

static void put_row(struct writer *writer, const struct row_reading *row) {
  bool first = true;
  put(writer, "  - {");
  put_part(writer, &first, "label", row->label);
  for (int slot = 0; slot < SLOT__COUNT; slot++) {
    const struct slot_reading *reading = &row->slots[slot];
    if (!reading->model) continue;
    const char *name = reading->model->table.name;
    bool keys = false;
    for (size_t i = 0; i < reading->model->table.count; i++)
      keys = keys || is_there(&reading->values, i);
    put_part(writer, &first, slot_rows[slot].name, keys ? "{" : name);
    if (!keys) continue;
    put(writer, "name: %s", name);
    put_values(writer, &reading->values, false);
    put(writer, "}");
  }
  put(writer, "}");
  end_line(writer, "");
  for (int slot = 0; slot < SLOT__COUNT; slot++)
    if (row->slots[slot].model) remark_defaults(writer, (enum slot)slot, &row->slots[slot]);
}

/* ---- faults and expectations ---- */

static const char *fault_value(struct writer *writer, const struct fault_plan *fault,
                               const struct fault_reading *reading, const struct fault_key *key) {
  struct pool *pool = writer->reader->pool;
  switch (key->kind) {
  case FAULT_KEY_NAME:
    return fault->name;
  case FAULT_KEY_POINT:
    return pool_print(pool, "%s%s", fault->before ? "before " : "", reading->point);
  case FAULT_KEY_NODES:
    return select_format(
        pool, (const struct selector *)(const void *)((const char *)fault + key->offset));
  case FAULT_KEY_VALUE:
    break;
  }
  return format_value(writer, &key->key, fault_field(fault, key));
}

static const char *fault_target(struct writer *writer, const struct fault_plan *fault) {
  struct pool *pool = writer->reader->pool;
  if (fault_verbs[fault->verb].target == FAULT_TARGET_LINK)
    return select_format_link(pool, &fault->target, fault->target_link);
  return select_format(pool, &fault->target);
}

/* What was not in the file, by name. */
struct unsaid {
  const char *defaults[SCHEMA_KEYS_MAX], *sets[SCHEMA_KEYS_MAX];
  size_t default_count, set_count;
};

static void put_fault_key(struct writer *writer, const struct fault_plan *fault,
                          const struct fault_reading *reading, const struct fault_key *key,
                          const struct yaml_entry *given, bool *first, struct unsaid *unsaid) {
  put_part(writer, first, key->key.name, fault_value(writer, fault, reading, key));
  if (!given) unsaid->defaults[unsaid->default_count++] = key->key.name;
  if (*set_remark(given)) unsaid->sets[unsaid->set_count++] = key->key.name;
}

static const char *fault_remark(struct writer *writer, const struct unsaid *unsaid) {
  struct pool *pool = writer->reader->pool;
  const char *defaults = unsaid->default_count
                             ? pool_print(pool, "default: %s",
                                          pool_join(pool, unsaid->defaults, unsaid->default_count))
                             : "";
  if (unsaid->set_count == 0) return defaults;
  return pool_print(pool, "--set: %s%s%s", pool_join(pool, unsaid->sets, unsaid->set_count),
                    *defaults ? "; " : "", defaults);
}

static void put_fault(struct writer *writer, const struct fault_plan *fault,
                      const struct fault_reading *reading) {
  const struct fault_verb *verb = reading->verb;
  const struct fault_key *common = fault_common_keys;
  struct unsaid unsaid = {.default_count = 0};
  bool first = true, lasts = !verb->for_default || verb->for_default[0] != '\0';
  put(writer, "  - {");
  put_fault_key(writer, fault, reading, &common[FAULT_KEY_NAME_], reading->common[FAULT_KEY_NAME_],
                &first, &unsaid);
  for (int i = 0; i < FAULT_TIMING_KEY__COUNT; i++) {
    bool until = i == FAULT_KEY_UNTIL && fault->timing == TIMING_EVERY &&
                 fault->until.ns < SCHEMA_TIME_MAX_NS;
    if (reading->timing[i] || until)
      put_fault_key(writer, fault, reading, &fault_timing_keys[i], reading->timing[i], &first,
                    &unsaid);
  }
  put_part(writer, &first, verb->name, fault_target(writer, fault));
  for (size_t i = 0; i < verb->key_count; i++)
    if (reading->own[i] || verb->keys[i].key.value_default[0] != '\0')
      put_fault_key(writer, fault, reading, &verb->keys[i], reading->own[i], &first, &unsaid);
  for (int i = FAULT_KEY_FOR; i < FAULT_COMMON_KEY__COUNT; i++)
    if (i != FAULT_KEY_FOR || lasts)
      put_fault_key(writer, fault, reading, &common[i], reading->common[i], &first, &unsaid);
  put(writer, "}");
  end_line(writer, fault_remark(writer, &unsaid));
}

static void put_statement(struct writer *writer, const struct statement *statement) {
  const struct scenario *scenario = writer->reader->scenario;
  struct pool *pool = writer->reader->pool;
  bool first = true;
  put(writer, "  - {");
  if (statement->rows) put_part(writer, &first, "row", statement->rows);
  if (statement->about) {
    put_part(writer, &first, "about", "");
    put_quoted(writer, statement->about);
  }
  for (size_t i = 0; i < statement->count; i++) {
    const struct expectation *e = &scenario->expectations[statement->first + i];
    put_part(writer, &first, expect_metric_name(e->metric),
             e->metric == EXPECT_VIOLATES ? expect_format_violates(pool, e)
                                          : expect_format(pool, scenario, e));
  }
  put(writer, "}");
  end_line(writer, "");
}

static void put_all(struct writer *writer) {
  const struct reader *reader = writer->reader;
  const struct scenario *scenario = reader->scenario;
  put_general(writer);
  put_workload(writer);
  put_flow(writer, "topology", &reader->topology);
  put_links(writer);
  put_flow(writer, "costs", &reader->costs);
  put(writer, "compare:\n");
  writer->column = 0;
  for (size_t i = 0; i < reader->row_count; i++) put_row(writer, &reader->rows[i]);
  if (scenario->fault_count) put(writer, "faults:\n");
  writer->column = 0;
  for (size_t i = 0; i < scenario->fault_count; i++)
    put_fault(writer, &scenario->faults[i], &reader->faults[i]);
  if (reader->statement_count) put(writer, "expect:\n");
  writer->column = 0;
  for (size_t i = 0; i < reader->statement_count; i++)
    put_statement(writer, &reader->statements[i]);
}

const char *scenario_resolve(struct reader *reader, size_t *out_length, uint64_t *out_hash) {
  char *full = NULL, *bare = NULL;
  size_t bare_length = 0;
  struct writer writer = {.reader = reader,
                          .full = open_memstream(&full, out_length),
                          .bare = open_memstream(&bare, &bare_length)};
  ASSERT_MSG(writer.full && writer.bare, "out of memory");
  const char *path = reader->scenario->path;
  const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
  char *shown = (char *)(uintptr_t)pool_text(reader->pool, base, strlen(base));
  for (char *at = shown; *at; at++)
    if ((unsigned char)*at < ' ' || *at == 0x7F)
      *at = '?'; /* a file's name may hold a line break */
  fprintf(writer.full,
          "# dgsim " DGSIM_VERSION ", from %s; running this file gives the same digest\n", shown);
  put_all(&writer);
  ASSERT(fclose(writer.full) == 0 && fclose(writer.bare) == 0);
  *out_hash = XXH3_64bits(bare, bare_length);
  free(bare);
  const char *text = pool_text(reader->pool, full, *out_length);
  free(full);
  return text;
}
