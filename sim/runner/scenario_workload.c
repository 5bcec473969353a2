/* Of messages, rate and for, two may be given and the third follows; or a list says all of it. */
#include "sim/runner/scenario_reader.h"

#include "sim/base/assert.h"
#include "sim/runner/distribution.h"

#include <string.h>

__extension__ typedef __int128 wide;

/* messages = rate * for, where a rate of 1/s is SCHEMA_RATE_SCALE and 1 s is 1e9 ns. */
#define RATE_TIMES_NS ((wide)SCHEMA_RATE_SCALE * NS_PER_S)

static wide nearest(wide numerator, wide denominator) {
  return (numerator + denominator / 2) / denominator;
}

static bool fail_derived(struct reader *reader, enum workload_key key, enum workload_key from) {
  const struct key *keys = workload_table.keys;
  ASSERT(reader->workload.given[from] != NULL); /* what follows from defaults alone is in range */
  return reader_fail(reader, reader->workload.given[from]->value, ERR_OUT_OF_RANGE,
                     "the '%s' that follows from it is out of range", keys[key].name);
}

/* The third from the two others. */
static bool derive(struct reader *reader) {
  union value *values = reader->workload.values;
  const struct yaml_entry **given = reader->workload.given;
  wide messages = values[WORKLOAD_MESSAGES].i, rate = values[WORKLOAD_RATE].i,
       span = values[WORKLOAD_FOR].i;
  enum workload_key from = given[WORKLOAD_FOR]    ? WORKLOAD_FOR
                           : given[WORKLOAD_RATE] ? WORKLOAD_RATE
                                                  : WORKLOAD_MESSAGES;
  wide value;
  if (!given[WORKLOAD_FOR]) {
    reader->derived = WORKLOAD_FOR;
    value = nearest(messages * RATE_TIMES_NS, rate);
  } else if (!given[WORKLOAD_MESSAGES]) {
    reader->derived = WORKLOAD_MESSAGES;
    value = nearest(rate * span, RATE_TIMES_NS);
  } else {
    reader->derived = WORKLOAD_RATE;
    value = nearest(messages * RATE_TIMES_NS, span);
  }
  const struct key *key = &workload_table.keys[reader->derived];
  if (value < 1 || value > key->max) return fail_derived(reader, reader->derived, from);
  values[reader->derived].i = (int64_t)value;
  return true;
}

/* Each of the two directions of rounding agrees: a resolved file gives all three. */
static bool check_agreement(struct reader *reader) {
  union value *values = reader->workload.values;
  wide messages = values[WORKLOAD_MESSAGES].i, rate = values[WORKLOAD_RATE].i,
       span = values[WORKLOAD_FOR].i;
  wide follows = nearest(rate * span, RATE_TIMES_NS);
  if (follows == messages || nearest(messages * RATE_TIMES_NS, rate) == span ||
      nearest(messages * RATE_TIMES_NS, span) == rate)
    return true;
  char rate_text[64], span_text[64];
  schema_format(&workload_table.keys[WORKLOAD_RATE], values[WORKLOAD_RATE], rate_text,
                sizeof rate_text);
  schema_format(&workload_table.keys[WORKLOAD_FOR], values[WORKLOAD_FOR], span_text,
                sizeof span_text);
  bool shown = follows < INT64_MAX;
  reader_fail_key(reader, reader->workload.given[WORKLOAD_MESSAGES], ERR_CONFLICT,
                  "'messages', 'for' and 'rate' disagree: %s for %s is %s%lld messages, not %lld",
                  rate_text, span_text, shown ? "" : "more than ",
                  shown ? (long long)follows : INT64_MAX - 1, (long long)messages);
  return err_note(reader->err, "give two of the three");
}

static bool read_saturating(struct reader *reader) {
  const struct yaml_entry **given = reader->workload.given;
  const struct yaml_entry *other =
      given[WORKLOAD_RATE] ? given[WORKLOAD_RATE] : given[WORKLOAD_FOR];
  if (other) {
    reader_fail_key(reader, other, ERR_CONFLICT, "'%s' and 'outstanding' exclude each other",
                    other->key);
    return err_note(
        reader->err,
        "with outstanding, an operation arrives when another has ended; messages says how many");
  }
  reader->workload.values[WORKLOAD_RATE].i = reader->workload.values[WORKLOAD_FOR].i = 0;
  return true;
}

bool scenario_check_transfer(struct reader *reader, const struct yaml_node *place) {
  if (reader->workload.values[WORKLOAD_KEYS].i >= 2) return true;
  reader_fail(reader, place, ERR_CONFLICT, "a transfer takes two keys, and the workload has one");
  return err_note(reader->err, "give keys: 2 or more");
}

/* Where an operation takes effect, and so what a handler has to call: an increment wherever it likes. */
static bool is_done_by(enum operation operation, const struct handler *handler) {
  const bool charges = handler && (handler->uses & HANDLER_USES(PROVIDER));
  const bool writes = handler && (handler->uses & HANDLER_USES(DATABASE));
  if (operation == OPERATION_INCREMENT) return true;
  return operation == OPERATION_CHARGE ? charges : writes && !charges;
}

static const struct yaml_node *place_of_operations(const struct reader *reader) {
  const struct yaml_entry *const *given = (const struct yaml_entry *const *)reader->workload.given;
  return (given[WORKLOAD_OPERATION] ? given[WORKLOAD_OPERATION]
          : given[WORKLOAD_INTENTS] ? given[WORKLOAD_INTENTS]
                                    : given[WORKLOAD_ARRIVALS])->value;
}

/* A service with a database does there what it publishes, and no database charges. */
static bool check_publisher(struct reader *reader, enum operation operation, const struct plan *plan) {
  if (operation != OPERATION_CHARGE || !plan->publisher || !plan->publisher->database) return true;
  reader_fail(reader, place_of_operations(reader), ERR_CONFLICT,
              "operation 'charge' is done in an external provider, and publisher '%s' of row '%s' does what it publishes "
              "in its own database", plan->publisher->name, plan->label);
  return err_note(reader->err, "the publisher that only publishes is 'direct'");
}

static bool check_handler(struct reader *reader, enum operation operation, const struct plan *plan,
                          uint32_t group) {
  const struct handler *handler = plan_handler(plan, group);
  if (is_done_by(operation, handler)) return true;
  const bool charge = operation == OPERATION_CHARGE;
  reader_fail(reader, place_of_operations(reader), ERR_CONFLICT,
              "operation '%s' is done in %s, and handler '%s' of row '%s' does %s",
              operation_rows[operation].word, charge ? "an external provider" : "a database",
              handler ? handler->name : "none", plan->label, charge ? "not call one" : "nothing there");
  return err_note(reader->err, charge ? "handlers that charge: see 'dgsim list handlers'"
                                      : "handlers that publish or charge take increment, or charge");
}

bool scenario_check_operations(struct reader *reader) {
  if (reader->checking) return true; /* what the user's program does is its own affair */
  bool wanted[OPERATION__COUNT] = {false};
  const uint64_t messages = (uint64_t)reader->workload.values[WORKLOAD_MESSAGES].i;
  if (!reader->intents) wanted[reader->workload.values[WORKLOAD_OPERATION].i] = true;
  for (uint64_t i = 0; reader->intents && i < messages; i++) wanted[reader->intents[i].operation] = true;
  for (size_t row = 0; row < reader->row_count; row++) {
    const struct plan *plan = &reader->scenario->plans[row];
    for (enum operation i = 0; i < OPERATION__COUNT; i++)
      if (wanted[i] && !check_publisher(reader, i, plan)) return false;
    for (uint32_t group = 0; group < plan_group_count(plan); group++)
      for (enum operation i = 0; i < OPERATION__COUNT; i++)
        if (wanted[i] && !check_handler(reader, i, plan, group)) return false;
  }
  return true;
}

/* Like reader_block, but for what is no scalar. *out_list: where every operation stands by itself. */
static bool read_block(struct reader *reader, const struct yaml_entry *block,
                       const struct yaml_entry **out_list) {
  if (!reader_defaults(reader, &workload_table, &reader->workload)) return false;
  scenario_check_workload(reader);
  if (!block) return true;
  if (!reader_is(reader, block->value, YAML_KIND_MAP, block->key)) return false;
  for (size_t i = 0; i < block->value->count; i++) {
    const struct yaml_entry *entry = &block->value->entries[i];
    const bool intents = strcmp(entry->key, "intents") == 0;
    const bool in_file = strcmp(entry->key, "arrivals") == 0 &&
                         entry->value->kind == YAML_KIND_MAP && yaml_find(entry->value, "file");
    if (intents || in_file) {
      reader->workload.given[intents ? WORKLOAD_INTENTS : WORKLOAD_ARRIVALS] = entry;
      if (!*out_list || !intents) *out_list = entry;
    } else if (strcmp(entry->key, "body") == 0) {
      if (!scenario_read_body(reader, entry)) return false;
    } else if (!reader_entry(reader, entry, " of 'workload'", &reader->workload)) {
      return false;
    }
  }
  return true;
}

bool scenario_read_workload(struct reader *reader) {
  const struct yaml_entry *block = reader->top[TOP_WORKLOAD], *list = NULL;
  const struct yaml_entry **given = reader->workload.given;
  if (!read_block(reader, block, &list)) return false;
  if (!list && given[WORKLOAD_OPERATION] &&
      reader->workload.values[WORKLOAD_OPERATION].i == OPERATION_TRANSFER &&
      !scenario_check_transfer(reader, given[WORKLOAD_OPERATION]->value))
    return false;
  reader->derived = WORKLOAD__COUNT;
  if (list) return scenario_read_intents(reader, list);
  if (given[WORKLOAD_OUTSTANDING]) return read_saturating(reader);
  if (given[WORKLOAD_MESSAGES] && given[WORKLOAD_RATE] && given[WORKLOAD_FOR])
    return check_agreement(reader);
  return derive(reader);
}
