/* precision: how well what is to be known, so that a campaign can end before its last seed. */
#include "sim/runner/scenario_reader.h"
#include "sim/runner/scenario_writer.h"

#include <string.h>

static bool fail_metric(struct reader *reader, const struct yaml_entry *entry) {
  struct words words = {.count = 0};
  for (int i = 0; i < METRIC__COUNT; i++) words_add(&words, metric_rows[i].name);
  if (strcmp(entry->key, "capacity") == 0) {
    reader_fail_key(reader, entry, ERR_CONFLICT, "'capacity' has no precision: it is measured once for each row");
    return err_note(reader->err, "seeds make 'goodput' more precise");
  }
  reader_fail_key(reader, entry, ERR_UNKNOWN_KEY, "unknown metric '%s'%s", entry->key,
                  reader_hint(reader, entry->key, &words));
  return err_note(reader->err, "dgsim list metrics shows all");
}

static bool read_goal(struct reader *reader, const struct yaml_entry *entry, struct precision_goal *out) {
  const int metric = metric_find(entry->key);
  const struct key key = {.name = entry->key, .type = VALUE_SHARE, .min = 1, .max = SCHEMA_SHARE_SCALE};
  union value share;
  if (metric < 0) return fail_metric(reader, entry);
  if (!reader_value(reader, &key, entry->value, &share)) return false;
  *out = (struct precision_goal){.metric = (enum metric)metric, .share = share.i};
  return true;
}

/* Seeds that the file itself says. */
static bool seeds_are_the_files(const struct reader *reader) {
  const struct yaml_entry *seeds = reader->top[TOP_SEEDS];
  return !reader->one_run && (!reader->seeds_from || strcmp(reader->seeds_from, "default") == 0) &&
         !(seeds && seeds->value->source->option);
}

bool scenario_read_precision(struct reader *reader) {
  const struct yaml_entry *block = reader->top[TOP_PRECISION];
  struct scenario *scenario = reader->scenario;
  if (!block) return true;
  if (!reader_is(reader, block->value, YAML_KIND_MAP, block->key)) return false;
  const size_t count = block->value->count;
  if (count == 0) {
    reader_fail(reader, block->value, ERR_MISSING_KEY, "'precision' has no metric");
    return err_note(reader->err, "such as precision: {lost: 0.1%%, latency_p99: 5%%}");
  }
  scenario->precision = POOL_NEW(reader->pool, struct precision_goal, count);
  for (size_t i = 0; i < count; i++)
    if (!read_goal(reader, &block->value->entries[i], &scenario->precision[i])) return false;
  if (scenario->seed_count > PRECISION_FIRST_LOOK) {
    scenario->precision_count = count;
    return true;
  }
  if (!seeds_are_the_files(reader)) return true; /* --seed 7: nothing can end earlier */
  reader_fail_key(reader, block, ERR_CONFLICT, "'precision' ends nothing earlier: there %s %zu seed%s",
                  scenario->seed_count == 1 ? "is" : "are", scenario->seed_count, scenario->seed_count == 1 ? "" : "s");
  return err_note(reader->err, "'seeds' is the most; the first look is after %d", PRECISION_FIRST_LOOK);
}

void write_precision(struct writer *writer) {
  const struct reader *reader = writer->reader;
  const struct scenario *scenario = reader->scenario;
  bool first = true;
  if (scenario->precision_count == 0 || reader->one_run || writer->record) return;
  write_text(writer, "precision: {");
  for (size_t i = 0; i < scenario->precision_count; i++) {
    const struct precision_goal *goal = &scenario->precision[i];
    const struct key key = {.type = VALUE_SHARE};
    write_part(writer, &first, metric_rows[goal->metric].name, write_format(writer, &key, (union value){.i = goal->share}));
  }
  write_text(writer, "}");
  const struct yaml_node *given = reader->top[TOP_PRECISION]->value;
  struct unsaid unsaid = {.default_count = 0};
  for (size_t i = 0; i < given->count; i++) unsaid_note(&unsaid, given->entries[i].key, &given->entries[i]);
  write_end(writer, unsaid_text(reader->pool, &unsaid));
}
