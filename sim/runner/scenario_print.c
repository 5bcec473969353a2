/* The resolved form: the same language with nothing implied, so that it can be kept, compared and
 * read again. Comments say where a value came from; without them, resolving it again gives the same
 * bytes, which is what the hash is over.
 */
#include "sim/runner/scenario_writer.h"

#include "sim/base/assert.h"
#include "sim/base/printable.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#ifndef DGSIM_VERSION
#define DGSIM_VERSION "0"
#endif

/* Room for what a record's name ends with. */
#define RECORDED_NAME_MAX (LABEL_MAX - 9)

static void write_flow(struct writer *writer, const char *name, const struct key_values *values) {
  write_text(writer, "%s: {", name);
  write_values(writer, values, true);
  write_text(writer, "}");
  write_end(writer, write_who(writer, values));
}

static void write_seeds(struct writer *writer) {
  const struct reader *reader = writer->reader;
  if (writer->record) {
    write_text(writer, "seeds: [%llu]", (unsigned long long)writer->record->seed);
    return write_end(writer, "");
  }
  const struct scenario *scenario = reader->scenario;
  bool counted = true;
  for (size_t i = 0; i < scenario->seed_count; i++)
    counted = counted && scenario->seeds[i] == i + 1;
  write_text(writer, "seeds: ");
  if (counted) {
    write_text(writer, "%zu", scenario->seed_count);
  } else {
    for (size_t i = 0; i < scenario->seed_count; i++)
      write_text(writer, "%s%llu", i ? ", " : "[", (unsigned long long)scenario->seeds[i]);
    write_text(writer, "]");
  }
  write_end(writer, reader->seeds_from ? reader->seeds_from : given_by_set(reader->top[TOP_SEEDS]));
}

static void write_top(struct writer *writer, enum top_key key, const char *value) {
  const struct yaml_entry *given = writer->reader->top[key];
  write_text(writer, "%s: %s", top_table.keys[key].name, value);
  write_end(writer, given ? given_by_set(given) : "default");
}

static void write_luck(struct writer *writer) {
  const struct scenario *scenario = writer->reader->scenario;
  if (writer->reader->checking) {
    write_text(writer, "luck: none");
    return write_end(writer, "of a check");
  }
  write_top(writer, TOP_LUCK, scenario->luck_none ? "none" : "drawn");
  write_top(writer, TOP_SWARM, scenario->swarm && !writer->record ? "true" : "false");
  if (writer->reader->one_run) {
    write_text(writer, "measure_capacity: false");
    write_end(writer, "one run");
  } else {
    write_top(writer, TOP_MEASURE_CAPACITY, scenario->measure_capacity ? "true" : "false");
  }
}

static void write_general(struct writer *writer) {
  const struct reader *reader = writer->reader;
  const struct scenario *scenario = reader->scenario;
  const struct yaml_entry *drain = reader->top[TOP_DRAIN_LIMIT];
  write_text(writer, "format: 1\n");
  writer->column = 0;
  write_text(writer, "name: %.*s%s", writer->record ? RECORDED_NAME_MAX : LABEL_MAX, scenario->name,
             writer->record ? "-recorded" : "");
  write_end(writer, reader->top[TOP_NAME] ? given_by_set(reader->top[TOP_NAME])
                                          : "derived: the file's name");
  write_text(writer, "about: ");
  write_quoted(writer, scenario->about);
  write_end(writer, given_by_set(reader->top[TOP_ABOUT]));
  write_seeds(writer);
  write_precision(writer);
  write_luck(writer);
  if (!is_left_out(writer, reader->top[TOP_DRAIN_EVENTS]))
    write_top(writer, TOP_DRAIN_EVENTS,
              write_format(writer, &top_table.keys[TOP_DRAIN_EVENTS],
                           reader->general.values[TOP_DRAIN_EVENTS]));
  if (is_left_out(writer, drain)) return;
  if (drain)
    write_top(writer, TOP_DRAIN_LIMIT,
              write_format(writer, &top_table.keys[TOP_DRAIN_LIMIT],
                           reader->general.values[TOP_DRAIN_LIMIT]));
  else
    write_comment(writer, "# drain_limit is derived for each row: twice its longest timeout");
}

static const char *workload_remark(const struct reader *reader, size_t key) {
  static const char *const derived[] = {
      [WORKLOAD_MESSAGES] = "derived: rate * for",
      [WORKLOAD_FOR] = "derived: messages / rate",
      [WORKLOAD_RATE] = "derived: messages / for",
  };
  if (key == reader->derived) return derived[key];
  if (key == WORKLOAD_KEYS && reader->intents && !reader->workload.given[key])
    return "derived: the largest of the list";
  return reader->workload.given[key] ? given_by_set(reader->workload.given[key]) : "default";
}

static void write_intent(struct writer *writer, const struct intent_plan *intent) {
  const union value values[INTENT_KEY__COUNT] = {
      [INTENT_ID].i = (int64_t)intent->id,          [INTENT_AT].i = intent->at.ns,
      [INTENT_KEY].i = intent->key,                 [INTENT_OPERATION].i = intent->operation,
      [INTENT_SIZE].i = intent->size,               [INTENT_SERVICE_TIME].distribution = intent->service_time,
      [INTENT_PRODUCER].i = intent->producer,
  };
  bool first = true;
  write_text(writer, "    - {");
  for (size_t i = 0; i < INTENT_KEY__COUNT; i++) {
    if (i == INTENT_SERVICE_TIME ? !intent->service_time : i == INTENT_PRODUCER && !intent->producer)
      continue;
    write_part(writer, &first, intent_table.keys[i].name,
               write_format(writer, &intent_table.keys[i], values[i]));
  }
  write_text(writer, "}");
  write_end(writer, "");
}

static void write_intents(struct writer *writer) {
  const struct reader *reader = writer->reader;
  write_text(writer, "  intents:");
  write_end(writer, given_by_set(reader->workload.given[WORKLOAD_INTENTS]));
  for (int64_t i = 0; i < reader->workload.values[WORKLOAD_MESSAGES].i; i++)
    write_intent(writer, &reader->intents[i]);
}

/* Whether a key of the workload says something: a list and a saturating one leave some out. */
static bool workload_key_there(const struct writer *writer, size_t key) {
  const struct reader *reader = writer->reader;
  const bool saturating = reader->workload.given[WORKLOAD_OUTSTANDING] != NULL;
  if (key == WORKLOAD_BODY) return reader->body != NULL;
  if (writer->record) return key == WORKLOAD_ARRIVALS || key >= WORKLOAD_KEYS;
  if (is_left_out(writer, reader->workload.given[key])) return false;
  if (key == reader->derived && arrivals_are_swept(writer)) return false;
  switch (key) {
  case WORKLOAD_MESSAGES:
    return !reader->intents;
  case WORKLOAD_ARRIVALS:
    return !reader->intents || reader->arrivals_file;
  case WORKLOAD_FOR:
  case WORKLOAD_RATE:
    return !reader->intents && !saturating;
  case WORKLOAD_OUTSTANDING:
    return saturating;
  case WORKLOAD_INTENTS:
    return reader->intents && !reader->arrivals_file;
  default:
    return true;
  }
}

static void write_workload(struct writer *writer) {
  const struct key_values *values = &writer->reader->workload;
  write_text(writer, "workload:\n");
  for (size_t i = 0; i < WORKLOAD__COUNT; i++) {
    if (!workload_key_there(writer, i)) continue;
    if (i == WORKLOAD_INTENTS) {
      write_intents(writer);
      continue;
    }
    const struct key *key = &workload_table.keys[i];
    writer->column = 0;
    write_text(writer, "  %s: ", key->name);
    if (i == WORKLOAD_ARRIVALS && writer->record)
      write_file(writer, RECORD_ARRIVALS);
    else if (i == WORKLOAD_ARRIVALS && writer->reader->arrivals_file)
      write_file(writer, writer->reader->arrivals_file);
    else if (i == WORKLOAD_BODY)
      write_file(writer, writer->reader->scenario->body_file);
    else
      write_text(writer, "%s", write_format(writer, key, values->values[i]));
    write_end(writer, workload_remark(writer->reader, i));
  }
}

/* Their handlers stand in the rows. */
static void write_groups(struct writer *writer) {
  const struct reader *reader = writer->reader;
  if (!reader->groups) return;
  write_text(writer, "groups:\n");
  writer->column = 0;
  for (size_t i = 0; i < reader->group_count; i++) {
    const struct group_reading *group = &reader->groups[i];
    const struct group_plan *plan = &reader->scenario->plans[0].groups[i];
    struct unsaid unsaid = {.default_count = 0};
    static const enum group_key shown[] = {GROUP_CONSUMERS, GROUP_SERVICE_TIME};
    bool first = true;
    write_text(writer, "  %s: {", group->name);
    for (size_t key = 0; key < sizeof shown / sizeof *shown; key++) {
      const struct yaml_entry *given = group->values.given[shown[key]];
      union value value = group->values.values[shown[key]];
      if (shown[key] == GROUP_SERVICE_TIME) {
        value.distribution = plan->service_time;
        if (!given) given = reader->workload.given[WORKLOAD_SERVICE_TIME];
      }
      if (is_left_out(writer, given)) continue;
      write_part(writer, &first, group_table.keys[shown[key]].name,
                 write_format(writer, &group_table.keys[shown[key]], value));
      unsaid_note(&unsaid, group_table.keys[shown[key]].name, group->values.given[shown[key]]);
    }
    write_text(writer, "}");
    write_end(writer, unsaid_text(reader->pool, &unsaid));
  }
}

static const struct plan *row_plan(const struct writer *writer, size_t row) {
  const struct scenario *scenario = writer->reader->scenario;
  return &scenario->plans[scenario->rows[row].first];
}

/* The kind of a link in the rows that use it; -1 = none does, -2 = it differs. */
static int kind_of(const struct writer *writer, int link) {
  int kind = -1;
  for (size_t i = writer->row_first; i < writer->row_end; i++) {
    const struct plan *plan = row_plan(writer, i);
    if (!scenario_link_used(plan, (enum link)link)) continue;
    int here = (int)plan->links[link].kind;
    kind = kind == -1 || kind == here ? here : -2;
  }
  return kind;
}

static bool has_datagrams(const struct writer *writer, int link) {
  for (size_t i = writer->row_first; i < writer->row_end; i++) {
    const struct plan *plan = row_plan(writer, i);
    if (scenario_link_used(plan, (enum link)link) && plan->links[link].kind == LINK_KIND_DATAGRAM)
      return true;
  }
  return false;
}

static bool losses_are_swept(const struct writer *writer, const struct link_reading *link) {
  const struct yaml_entry *const *given = link->values.given;
  return is_left_out(writer, given[LINK_KEY_LOSS]) ||
         is_left_out(writer, given[LINK_KEY_REQUEST_LOSS]) ||
         is_left_out(writer, given[LINK_KEY_REPLY_LOSS]);
}

/* A direction of its own, unless it is as `loss` says, which is swept. */
static bool loss_stays(const struct writer *writer, const struct link_reading *link, size_t key) {
  return link->values.given[key] || !is_left_out(writer, link->values.given[LINK_KEY_LOSS]);
}

/* The value that stands: losses by direction only where they differ, and what happens to datagrams
 * only where there are any. False: the key is left out. */
static bool link_value(const struct writer *writer, int index, size_t key, union value *out) {
  const struct link_reading *link = &writer->reader->links[index];
  bool differ = link->request_loss != link->reply_loss;
  *out = link->values.values[key];
  if (is_left_out(writer, link->values.given[key])) return false;
  if (losses_are_swept(writer, link)) differ = true;
  switch (key) {
  case LINK_KEY_LOSS:
    out->i = link->request_loss;
    return !differ;
  case LINK_KEY_REQUEST_LOSS:
    out->i = link->request_loss;
    return differ && loss_stays(writer, link, key);
  case LINK_KEY_REPLY_LOSS:
    out->i = link->reply_loss;
    return differ && loss_stays(writer, link, key);
  case LINK_KEY_DUPLICATION:
  case LINK_KEY_REORDERING:
    if (!has_datagrams(writer, index)) out->i = 0;
    return true;
  default:
    return key_is_there(writer, &link->values, key);
  }
}

static void write_link(struct writer *writer, int index) {
  const struct reader *reader = writer->reader;
  int kind = kind_of(writer, index);
  bool first = true;
  union value value = {.i = kind};
  write_text(writer, "  %s: {", link_rows[index].name);
  if (kind >= 0 && !is_left_out(writer, reader->links[index].values.given[LINK_KEY_KIND]))
    write_part(writer, &first, "kind",
               write_format(writer, &link_table.keys[LINK_KEY_KIND], value));
  for (size_t i = LINK_KEY_KIND + 1; i < LINK_KEY__COUNT; i++)
    if (link_value(writer, index, i, &value))
      write_part(writer, &first, link_table.keys[i].name,
                 write_format(writer, &link_table.keys[i], value));
  write_text(writer, "}");
  write_end(writer, write_who(writer, &reader->links[index].values));
}

static void write_links(struct writer *writer) {
  bool any = false;
  for (int i = 0; i < LINK__COUNT; i++) any = any || kind_of(writer, i) != -1;
  if (!any) return;
  write_text(writer, "links:\n");
  writer->column = 0;
  for (int i = 0; i < LINK__COUNT; i++)
    if (kind_of(writer, i) != -1) write_link(writer, i);
}

/* A file's faults stand together: its first says so for all. */
static void write_fault_at(struct writer *writer, size_t i) {
  const struct fault_reading *readings = writer->reader->faults;
  const struct fault_plan *fault = &writer->reader->scenario->faults[i];
  if (!readings[i].file) return write_fault(writer, fault, &readings[i]);
  if (i > 0 && readings[i - 1].file && readings[i - 1].entry == readings[i].entry) return;
  write_text(writer, "  - ");
  write_file(writer, readings[i].file);
  write_end(writer, "");
}

/* For a trigger that this row has no point or target for: faults behind it keep their numbers. */
static void write_stand_in(struct writer *writer, const char *name) {
  write_text(writer, "  - {name: %s, when: %s, kill: this, chance: 0%%, min_hits: 0}", name,
             generic_points[POINT_EFFECT].name);
  write_end(writer, "in its place: the row has nothing that it could strike");
}

/* Of a record: the file, then triggers, from which is expected what they did. */
static void write_recorded_faults(struct writer *writer) {
  const struct scenario *scenario = writer->reader->scenario;
  if (writer->record->has_faults) {
    write_text(writer, "  - ");
    write_file(writer, RECORD_FAULTS);
    write_end(writer, "");
  }
  for (size_t i = 0; i < scenario->fault_count; i++) {
    struct fault_plan fault = scenario->faults[i];
    if (fault.timing != TIMING_WHEN) continue;
    if (!writer->record->applies[i]) {
      write_stand_in(writer, fault.name);
      continue;
    }
    if (writer->record->absent[i]) fault.chance = 0;
    if (writer->record->hits[i] < fault.min_hits) fault.min_hits = (uint32_t)writer->record->hits[i];
    write_fault(writer, &fault, &writer->reader->faults[i]);
  }
}

static void write_faults(struct writer *writer) {
  const struct scenario *scenario = writer->reader->scenario;
  if (scenario->fault_count) write_text(writer, "faults:\n");
  writer->column = 0;
  if (writer->record) return write_recorded_faults(writer);
  for (size_t i = 0; i < scenario->fault_count; i++) write_fault_at(writer, i);
}

/* As text on one line: a name may hold a line break, and be no UTF-8. */
static const char *one_line(const struct reader *reader, const char *text) {
  char *copy = printable_copy(text);
  const char *shown = pool_text(reader->pool, copy, strlen(copy));
  free(copy);
  return shown;
}

static void write_file_hashes(struct writer *writer) {
  const struct scenario *scenario = writer->reader->scenario;
  for (size_t i = 0; i < scenario->file_count; i++) {
    const unsigned long long hash = scenario->files[i].hash;
    char kept[SCENARIO_KEPT_NAME_MAX];
    scenario_kept_name(i, kept);
    write_comment(writer, "# file %s%s%s: XXH3 %016llx", writer->reader->keeping ? kept : "",
                  writer->reader->keeping ? ", a copy of " : "",
                  one_line(writer->reader, scenario->files[i].name), hash);
  }
}

static const char *shown_name(const struct reader *reader) {
  const char *path = reader->scenario->path, *slash = strrchr(path, '/');
  return one_line(reader, slash ? slash + 1 : path);
}

static void write_sweep(struct writer *writer) {
  const struct scenario *scenario = writer->reader->scenario;
  if (writer->record || scenario->sweep_count == 0) return;
  write_text(writer, "sweep:\n");
  for (size_t i = 0; i < scenario->sweep_count; i++) {
    const struct sweep_key *key = &scenario->sweep[i];
    writer->column = 0;
    write_text(writer, "  %s: [%s]", key->path, pool_join(writer->reader->pool, key->texts, key->count));
    write_end(writer, key->option ? key->option : "");
  }
}

static void write_rows(struct writer *writer) {
  write_text(writer, "compare:\n");
  writer->column = 0;
  for (size_t i = writer->row_first; i < writer->row_end; i++)
    write_row(writer, &writer->reader->rows[i]);
}

static void write_all(struct writer *writer) {
  const struct reader *reader = writer->reader;
  bool any = false;
  write_general(writer);
  write_workload(writer);
  write_flow(writer, "topology", &reader->topology);
  write_groups(writer);
  write_links(writer);
  write_flow(writer, "costs", &reader->costs);
  if (reader->checking)
    write_check(writer);
  else
    write_rows(writer);
  write_faults(writer);
  write_sweep(writer);
  for (size_t i = 0; i < reader->statement_count; i++) {
    if (!statement_stays(writer, &reader->statements[i])) continue;
    if (!any) write_text(writer, "expect:\n");
    writer->column = 0;
    any = true;
    write_statement(writer, &reader->statements[i]);
  }
  if (!writer->record) write_file_hashes(writer);
}

const char *scenario_resolve(struct reader *reader, size_t *out_length, uint64_t *out_hash) {
  char *full = NULL, *bare = NULL;
  size_t bare_length = 0;
  struct writer writer = {.reader = reader,
                          .full = open_memstream(&full, out_length),
                          .bare = open_memstream(&bare, &bare_length),
                          .row_end = reader->row_count};
  ASSERT_MSG(writer.full && writer.bare, "out of memory");
  write_comment(&writer,
                "# dgsim " DGSIM_VERSION ", from %s; running this file gives the same digest",
                shown_name(reader));
  write_all(&writer);
  ASSERT(fclose(writer.full) == 0 && fclose(writer.bare) == 0);
  *out_hash = XXH3_64bits(bare, bare_length);
  free(bare);
  const char *text = pool_text(reader->pool, full, *out_length);
  free(full);
  return text;
}

void scenario_write_recorded(struct reader *reader, const struct scenario_record *record, FILE *out) {
  char *bare = NULL;
  size_t bare_length = 0;
  const uint32_t row = reader->scenario->points[record->plan].row;
  struct reader cut = *reader;
  scenario_cut_relays(&reader->scenario->plans[record->plan], &cut);
  struct writer writer = {.reader = &cut, .full = out, .bare = open_memstream(&bare, &bare_length),
                          .record = record, .row_first = row, .row_end = row + 1};
  ASSERT_MSG(writer.bare, "out of memory");
  write_comment(&writer,
                "# dgsim " DGSIM_VERSION ", recorded from %s, row %s, seed %llu; running this file "
                "gives the same digest",
                shown_name(reader), reader->rows[row].label,
                (unsigned long long)record->seed);
  write_all(&writer);
  ASSERT(fclose(writer.bare) == 0);
  free(bare);
}

void scenario_write_fault(struct reader *reader, const struct fault_plan *plan, size_t fault, FILE *out) {
  char *full = NULL, *bare = NULL;
  size_t full_length = 0, bare_length = 0;
  struct writer writer = {.reader = reader,
                          .full = open_memstream(&full, &full_length),
                          .bare = open_memstream(&bare, &bare_length),
                          .row_end = reader->row_count};
  ASSERT_MSG(writer.full && writer.bare, "out of memory");
  static const char item[] = "  - ";
  const size_t begin = strlen(item);
  if (reader->faults[fault].file) {
    write_text(&writer, "%s", item);
    write_file(&writer, reader->faults[fault].file);
    write_end(&writer, "");
  } else {
    write_fault(&writer, plan, &reader->faults[fault]);
  }
  ASSERT(fclose(writer.full) == 0 && fclose(writer.bare) == 0);
  ASSERT(bare_length > begin && strncmp(bare, item, begin) == 0 && bare[bare_length - 1] == '\n');
  fwrite(bare + begin, 1, bare_length - begin - 1, out);
  free(full);
  free(bare);
}
