/* The resolved form of rows, faults and statements. */
#include "sim/runner/scenario_writer.h"

/* A slot of a row, or of one of its groups. */
struct shown_slot {
  const struct slot_reading *reading;
  const char *name;
};

/* How many slots a row has, its groups' handlers behind the others; with groups its own handler is
 * nobody's. */
static size_t slots_of(const struct reader *reader) { return SLOT__COUNT + reader->group_count; }

/* A cache or provider that no handler of the row calls says nothing: where the base speaks of one for other rows, this
 * row may not (scenario_used.c). */
static bool slot_matters(const struct reader *reader, const struct row_reading *row, size_t i) {
  enum role store = slot_rows[i].store;
  if (store == ROLE__COUNT || store == ROLE_DATABASE) return true;
  const struct scenario *scenario = reader->scenario;
  return plan_uses(&scenario->plans[scenario->rows[row - reader->rows].first], store);
}

static struct shown_slot slot_at(const struct reader *reader, const struct row_reading *row, size_t i) {
  if (i >= SLOT__COUNT)
    return (struct shown_slot){&row->groups[i - SLOT__COUNT], reader->groups[i - SLOT__COUNT].name};
  if (i == SLOT_HANDLER && reader->groups) return (struct shown_slot){NULL, NULL};
  if (!row->slots[i].model || !slot_matters(reader, row, i)) return (struct shown_slot){NULL, NULL};
  return (struct shown_slot){&row->slots[i], slot_rows[i].name};
}

/* Whether a slot written before took the same default of the same table: its source stands there. */
static bool said_before(const struct reader *reader, const struct slot_reading *slot, size_t key) {
  for (const struct row_reading *row = reader->rows; row < reader->rows + reader->row_count; row++)
    for (size_t i = 0; i < slots_of(reader); i++) {
      const struct slot_reading *other = slot_at(reader, row, i).reading;
      if (other == slot) return false;
      if (other && !other->values.given[key] && other->values.table->keys == slot->values.table->keys)
        return true;
    }
  return false;
}

/* Under a row: which of a model's keys are defaults, and where these come from. */
static void remark_defaults(struct writer *writer, const struct shown_slot *slot) {
  const struct key_values *values = &slot->reading->values;
  const char *name = slot->name, *plain[SCHEMA_KEYS_MAX];
  size_t plain_count = 0;
  for (size_t i = 0; i < values->table->count; i++) {
    const struct key *key = &values->table->keys[i];
    if (*given_by_set(values->given[i]) && !is_left_out(writer, values->given[i]))
      write_comment(writer, "    # %s %s: --set", name, key->name);
    if (values->given[i] || !key_is_there(writer, values, i)) continue;
    if (key->source && !said_before(writer->reader, slot->reading, i))
      write_comment(writer, "    # %s %s: default, %s", name, key->name, key->source);
    else
      plain[plain_count++] = key->name;
  }
  if (plain_count)
    write_comment(writer, "    # %s default: %s", name,
                  pool_join(writer->reader->pool, plain, plain_count));
}

static void write_slot(struct writer *writer, const char *slot, const struct slot_reading *reading,
                       bool *first) {
  const char *name = reading->model->table.name;
  bool keys = false;
  for (size_t i = 0; i < reading->model->table.count; i++)
    keys = keys || key_is_there(writer, &reading->values, i);
  write_part(writer, first, slot, keys ? "{" : name);
  if (!keys) return;
  write_text(writer, "name: %s", name);
  write_values(writer, &reading->values, false);
  write_text(writer, "}");
}

static void write_row_groups(struct writer *writer, const struct row_reading *row, bool *first) {
  const struct reader *reader = writer->reader;
  bool first_group = true;
  write_part(writer, first, "groups", "{");
  for (size_t i = 0; i < reader->group_count; i++) {
    bool first_slot = true;
    write_part(writer, &first_group, reader->groups[i].name, "{");
    if (row->groups[i].model)
      write_slot(writer, slot_rows[SLOT_HANDLER].name, &row->groups[i], &first_slot);
    write_text(writer, "}");
  }
  write_text(writer, "}");
}

void write_row(struct writer *writer, const struct row_reading *row) {
  const struct reader *reader = writer->reader;
  bool first = true;
  write_text(writer, "  - {");
  write_part(writer, &first, "label", row->label);
  for (size_t i = 0; i < SLOT__COUNT; i++) {
    struct shown_slot slot = slot_at(reader, row, i);
    if (slot.reading) write_slot(writer, slot.name, slot.reading, &first);
  }
  if (reader->groups) write_row_groups(writer, row, &first);
  write_text(writer, "}");
  write_end(writer, "");
  for (size_t i = 0; i < slots_of(reader); i++) {
    struct shown_slot slot = slot_at(reader, row, i);
    if (slot.reading && slot.reading->model) remark_defaults(writer, &slot);
  }
}

/* Its slots, each at the top; the handler is nobody's to write. */
void write_slots(struct writer *writer, const struct row_reading *row) {
  for (size_t i = 0; i < SLOT__COUNT; i++) {
    const struct shown_slot slot = slot_at(writer->reader, row, i);
    bool first = true;
    if (!slot.reading || i == SLOT_HANDLER) continue;
    write_slot(writer, slot.name, slot.reading, &first);
    write_end(writer, slot.reading->place ? "" : "default");
    remark_defaults(writer, &slot);
  }
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
  return write_format(writer, &key->key, fault_field(fault, key));
}

static const char *fault_target(struct writer *writer, const struct fault_plan *fault) {
  struct pool *pool = writer->reader->pool;
  if (fault_verbs[fault->verb].target == FAULT_TARGET_LINK)
    return select_format_link(pool, &fault->target, fault->target_link);
  return select_format(pool, &fault->target);
}

static void write_fault_key(struct writer *writer, const struct fault_plan *fault,
                            const struct fault_reading *reading, const struct fault_key *key,
                            const struct yaml_entry *given, bool *first, struct unsaid *unsaid) {
  if (is_left_out(writer, given)) return;
  write_part(writer, first, key->key.name, fault_value(writer, fault, reading, key));
  unsaid_note(unsaid, key->key.name, given);
}

static const char *fault_remark(const struct writer *writer, const struct fault_plan *fault,
                                const struct unsaid *unsaid) {
  struct pool *pool = writer->reader->pool;
  const char *said = unsaid_text(pool, unsaid);
  if (writer->reader->row_count < 2 || !scenario_fault_is_unpaired(fault)) return said;
  return pool_print(pool, "%s%snot paired between rows", said, *said ? "; " : "");
}

void write_fault(struct writer *writer, const struct fault_plan *fault,
                 const struct fault_reading *reading) {
  const struct fault_verb *verb = reading->verb;
  const struct fault_key *common = fault_common_keys;
  struct unsaid unsaid = {.default_count = 0};
  bool first = true, lasts = !verb->for_default || verb->for_default[0] != '\0';
  write_text(writer, "  - {");
  write_fault_key(writer, fault, reading, &common[FAULT_KEY_NAME_],
                  reading->common[FAULT_KEY_NAME_], &first, &unsaid);
  for (int i = 0; i < FAULT_TIMING_KEY__COUNT; i++) {
    bool until = i == FAULT_KEY_UNTIL && fault->timing == TIMING_EVERY &&
                 fault->until.ns < SCHEMA_TIME_MAX_NS && !arrivals_are_swept(writer);
    if (reading->timing[i] || until)
      write_fault_key(writer, fault, reading, &fault_timing_keys[i], reading->timing[i], &first,
                      &unsaid);
  }
  write_part(writer, &first, verb->name, fault_target(writer, fault));
  for (size_t i = 0; i < verb->key_count; i++)
    if (reading->own[i] || verb->keys[i].key.value_default[0] != '\0')
      write_fault_key(writer, fault, reading, &verb->keys[i], reading->own[i], &first, &unsaid);
  for (int i = FAULT_KEY_FOR; i < FAULT_COMMON_KEY__COUNT; i++)
    if (i != FAULT_KEY_FOR || lasts)
      write_fault_key(writer, fault, reading, &common[i], reading->common[i], &first, &unsaid);
  write_text(writer, "}");
  write_end(writer, fault_remark(writer, fault, &unsaid));
}

static bool bound_stays(const struct writer *writer, const struct expectation *expectation) {
  if (!writer->record) return true;
  if (expectation->kind >= BOUND_AT_LEAST_OF) return false;
  for (size_t i = 0; i < expectation->row_count; i++)
    if (expectation->rows[i] == writer->record->plan) return true;
  return false;
}

bool statement_stays(const struct writer *writer, const struct statement *statement) {
  const struct expectation *expectations = writer->reader->scenario->expectations;
  for (size_t i = 0; i < statement->count; i++)
    if (bound_stays(writer, &expectations[statement->first + i])) return true;
  return false;
}

void write_statement(struct writer *writer, const struct statement *statement) {
  const struct scenario *scenario = writer->reader->scenario;
  struct pool *pool = writer->reader->pool;
  bool first = true;
  write_text(writer, "  - {");
  if (statement->rows && !writer->record) write_part(writer, &first, "row", statement->rows);
  if (statement->groups) write_part(writer, &first, "group", statement->groups);
  if (statement->where && !writer->record)
    write_part(writer, &first, "where", pool_print(pool, "{%s}", statement->where));
  if (statement->about) {
    write_part(writer, &first, "about", "");
    write_quoted(writer, statement->about);
  }
  for (size_t i = 0; i < statement->count; i++) {
    const struct expectation *e = &scenario->expectations[statement->first + i];
    if (!bound_stays(writer, e)) continue;
    write_part(writer, &first, expect_metric_name(e->metric),
               e->metric == EXPECT_VIOLATES ? expect_format_violates(pool, e)
                                            : expect_format(pool, scenario, e));
  }
  write_text(writer, "}");
  write_end(writer, "");
}
