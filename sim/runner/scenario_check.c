/* `check`, and how a scenario is read for `dgsim check`: the handler is a program of the user's, there is one
 * world without luck, and the tool places the faults itself. */
#include "sim/base/assert.h"
#include "sim/runner/check_worker.h"
#include "sim/runner/scenario_reader.h"

#include <string.h>

#define MESSAGES 5                       /* of a check, unless the file says it */
#define RATE (10LL * SCHEMA_RATE_SCALE)
#define RATE_OF_BATCHES (1000LL * SCHEMA_RATE_SCALE) /* so that they are there together */
#define KEYS 2 /* few, so that operations meet on an account */

/* What has no meaning in a check, and why. */
static const struct {
  enum top_key key;
  const char *why;
} refused[] = {
    {TOP_HANDLER, "the handler is the user's program: dgsim check FILE -- COMMAND"},
    {TOP_COMPARE, "one system is checked, and its handler is the user's program"},
    {TOP_GROUPS, "one group of consumers runs the user's program; topology says how many"},
    {TOP_SWEEP, "a check is of one world: write a file for each"},
    {TOP_EXPECT, "what is expected is what the run without faults leaves behind"},
    {TOP_PRECISION, "a check draws nothing: there is nothing to be more precise about"},
    {TOP_SWARM, "a check draws nothing: it tries each fault by itself"},
    {TOP_MEASURE_CAPACITY, "a check measures no capacity"},
};

const char *scenario_check_refuses(size_t index) {
  return index < sizeof refused / sizeof *refused ? top_table.keys[refused[index].key].name : NULL;
}

/* dgsim check itself says which handler it is. */
static bool is_program(const struct yaml_entry *entry) {
  const struct yaml_node *node = entry->value;
  return node->source->option && node->kind == YAML_KIND_SCALAR && strcmp(node->text, SCENARIO_PROGRAM) == 0;
}

static bool check_refused(struct reader *reader) {
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    const struct yaml_entry *entry = reader->top[refused[i].key];
    if (!entry || (refused[i].key == TOP_HANDLER && is_program(entry))) continue;
    reader_fail_key(reader, entry, ERR_CONFLICT, "a check has no '%s'", entry->key);
    return err_note(reader->err, "%s", refused[i].why);
  }
  return true;
}

/* ---- the block ---- */

/* An argument list, or a list of words. One word alone is a list where `or_word` says so. */
static bool read_list(struct reader *reader, const struct yaml_entry *entry, bool or_word,
                      const char *const **out) {
  struct yaml_node *node = entry->value, **items = node->items;
  size_t count = node->count;
  if (or_word && node->kind == YAML_KIND_SCALAR) {
    items = &node;
    count = 1;
  } else if (!reader_is(reader, node, YAML_KIND_LIST, entry->key)) {
    if (node->kind != YAML_KIND_SCALAR) return false;
    return err_note(reader->err, "as in %s: [python3, %s.py]; no shell takes it apart", entry->key, entry->key);
  }
  if (count == 0) return reader_fail(reader, node, ERR_MISSING_KEY, "'%s' is an empty list", entry->key);
  const char **list = POOL_NEW(reader->pool, const char *, count + 1);
  for (size_t i = 0; i < count; i++) {
    if (!reader_is(reader, items[i], YAML_KIND_SCALAR, entry->key)) return false;
    list[i] = items[i]->text;
  }
  if (*list[0] == '\0') return reader_fail(reader, items[0], ERR_MISSING_KEY, "'%s' begins with nothing", entry->key);
  *out = list;
  return true;
}

static const char *const **list_of(struct check_rules *rules, enum check_key key) {
  switch (key) {
  case CHECK_KEY_PROBE: return (const char *const **)&rules->probe;
  case CHECK_KEY_RESET: return (const char *const **)&rules->reset;
  case CHECK_KEY_OTHER_VERSION: return (const char *const **)&rules->other_version;
  case CHECK_KEY_IGNORE: return (const char *const **)&rules->ignore;
  default: return NULL;
  }
}

const char *const *scenario_check_list(const struct check_rules *rules, enum check_key key) {
  struct check_rules copy = *rules;
  const char *const **list = list_of(&copy, key);
  ASSERT(list);
  return *list;
}

static bool read_entry(struct reader *reader, const struct yaml_entry *entry) {
  struct check_rules *rules = &reader->scenario->check;
  const int key = schema_find(check_table.keys, check_table.count, entry->key);
  if (key == CHECK_KEY_DELIVERY)
    return reader_block(reader, entry, " of 'delivery'", false, &reader->delivery, &delivery_table);
  if (key >= 0 && list_of(rules, (enum check_key)key)) {
    reader->check.given[key] = entry;
    return read_list(reader, entry, key == CHECK_KEY_OTHER_VERSION, list_of(rules, (enum check_key)key));
  }
  if (key < 0 && schema_find(delivery_table.keys, delivery_table.count, entry->key) >= 0)
    return reader_fail_key(reader, entry, ERR_UNKNOWN_KEY, "unknown key '%s' of 'check' (it belongs to 'delivery')",
                           entry->key);
  return reader_entry(reader, entry, " of 'check'", &reader->check);
}

static void fill_rules(const struct reader *reader, struct check_rules *rules) {
  const union value *delivery = reader->delivery.values, *check = reader->check.values;
  rules->redelivery_horizon = span_of(delivery[DELIVERY_REDELIVERY_HORIZON].i);
  rules->concurrent_delivery = delivery[DELIVERY_CONCURRENT_DELIVERY].i == 1;
  rules->reorder = delivery[DELIVERY_REORDER].i == 1;
  rules->batch = (uint32_t)delivery[DELIVERY_BATCH].i;
  rules->ack = (enum check_ack)delivery[DELIVERY_ACK].i;
  rules->clock = (enum check_clock)delivery[DELIVERY_CLOCK].i;
  rules->external = (enum check_external)delivery[DELIVERY_EXTERNAL].i;
  rules->tenants = delivery[DELIVERY_TENANTS].i == 1;
  rules->changed_payload = delivery[DELIVERY_CHANGED_PAYLOAD].i == 1;
  rules->poison = delivery[DELIVERY_POISON].i == 1;
  rules->failover = delivery[DELIVERY_FAILOVER].i == 1;
  rules->answer_limit = span_of(check[CHECK_KEY_ANSWER_LIMIT].i);
  rules->pairs = (uint32_t)check[CHECK_KEY_PAIRS].i;
  rules->cases = (enum check_cases)check[CHECK_KEY_CASES].i;
  rules->variant = (enum variant)check[CHECK_KEY_VARIANT].i;
  rules->mixed_versions = check[CHECK_KEY_MIXED_VERSIONS].i == 1;
}

union value scenario_delivery_value(const struct check_rules *rules, enum delivery_key key) {
  const int64_t values[DELIVERY__COUNT] = {
      [DELIVERY_REDELIVERY_HORIZON] = rules->redelivery_horizon.ns,
      [DELIVERY_CONCURRENT_DELIVERY] = rules->concurrent_delivery,
      [DELIVERY_REORDER] = rules->reorder,
      [DELIVERY_BATCH] = rules->batch,
      [DELIVERY_ACK] = rules->ack,
      [DELIVERY_CLOCK] = rules->clock,
      [DELIVERY_EXTERNAL] = rules->external,
      [DELIVERY_TENANTS] = rules->tenants,
      [DELIVERY_CHANGED_PAYLOAD] = rules->changed_payload,
      [DELIVERY_POISON] = rules->poison,
      [DELIVERY_FAILOVER] = rules->failover,
  };
  return (union value){.i = values[key]};
}

union value scenario_check_value(const struct check_rules *rules, enum check_key key) {
  const int64_t values[CHECK_KEY__COUNT] = {
      [CHECK_KEY_ANSWER_LIMIT] = rules->answer_limit.ns,
      [CHECK_KEY_PAIRS] = rules->pairs,
      [CHECK_KEY_CASES] = rules->cases,
      [CHECK_KEY_VARIANT] = rules->variant,
      [CHECK_KEY_MIXED_VERSIONS] = rules->mixed_versions,
  };
  return (union value){.i = values[key]};
}

/* ---- what does not go together ---- */

/* A variant and two versions are tried by themselves, in cases of their own. */
static bool check_declared(struct reader *reader) {
  static const enum check_key keys[] = {CHECK_KEY_VARIANT, CHECK_KEY_MIXED_VERSIONS};
  const struct check_rules *rules = &reader->scenario->check;
  const struct yaml_entry *faults = reader->top[TOP_FAULTS];
  if (rules->cases == CHECK_CASES_ALL && faults) {
    reader_fail_key(reader, faults, ERR_CONFLICT, "a check has no 'faults' of its own");
    return err_note(reader->err, "it places each fault itself; with check: {cases: declared} it tries these and no others");
  }
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const struct yaml_entry *given = reader->check.given[keys[i]];
    if (rules->cases == CHECK_CASES_DECLARED || scenario_check_value(rules, keys[i]).i == 0) continue;
    reader_fail_key(reader, given, ERR_CONFLICT, "'%s' is of a declared case", given->key);
    return err_note(reader->err, "with cases: declared; else the contract in 'delivery' says what is tried");
  }
  if (!rules->mixed_versions || rules->other_version) return true;
  return reader_fail_key(reader, reader->check.given[CHECK_KEY_MIXED_VERSIONS], ERR_MISSING_KEY,
                         "'mixed_versions' needs 'other_version'");
}

static bool check_luck(struct reader *reader) {
  const struct yaml_entry *luck = reader->top[TOP_LUCK], *seeds = reader->top[TOP_SEEDS];
  if (luck && luck->value->kind == YAML_KIND_SCALAR && strcmp(luck->value->text, "drawn") == 0) {
    reader_fail(reader, luck->value, ERR_CONFLICT, "a check has no luck");
    return err_note(reader->err, "it tries each fault by itself: luck is none");
  }
  if (reader->scenario->seed_count == 1) return true;
  if (!seeds) {
    err_set(reader->err, ERR_CONFLICT, "a check has one seed");
    return false;
  }
  reader_fail(reader, seeds->value, ERR_CONFLICT, "a check has one seed");
  return err_note(reader->err, "nothing is drawn, so that another would be the same again");
}

bool scenario_read_check(struct reader *reader) {
  const struct yaml_entry *block = reader->top[TOP_CHECK];
  struct check_rules *rules = &reader->scenario->check;
  if (!reader->checking) {
    if (!block) return true;
    reader_fail_key(reader, block, ERR_CONFLICT, "'check' is for a program of the user's");
    return err_note(reader->err, "dgsim check FILE -- COMMAND");
  }
  reader_defaults(reader, &check_table, &reader->check);
  reader_defaults(reader, &delivery_table, &reader->delivery);
  if (!check_refused(reader) || !check_luck(reader)) return false;
  if (block && !reader_is(reader, block->value, YAML_KIND_MAP, block->key)) return false;
  for (size_t i = 0; block && i < block->value->count; i++)
    if (!read_entry(reader, &block->value->entries[i])) return false;
  rules->given = block && !block->source->option;
  fill_rules(reader, rules);
  return check_declared(reader);
}

/* ---- the world ---- */

void scenario_check_workload(struct reader *reader) {
  if (!reader->checking) return;
  reader->workload.values[WORKLOAD_MESSAGES].i = MESSAGES;
  reader->workload.values[WORKLOAD_RATE].i = reader->scenario->check.batch > 1 ? RATE_OF_BATCHES : RATE;
  reader->workload.values[WORKLOAD_KEYS].i = KEYS;
}

/* Each operation is listed. */
static bool check_count(struct reader *reader) {
  static const enum workload_key keys[] = {WORKLOAD_MESSAGES, WORKLOAD_FOR, WORKLOAD_RATE, WORKLOAD_INTENTS,
                                           WORKLOAD_ARRIVALS};
  const struct yaml_entry *const *given = reader->workload.given, *at = given[WORKLOAD_OUTSTANDING];
  if (at) {
    reader_fail_key(reader, at, ERR_CONFLICT, "a check has no 'outstanding'");
    return err_note(reader->err, "its operations come at their times: messages and rate");
  }
  const int64_t messages = reader->workload.values[WORKLOAD_MESSAGES].i;
  if (messages <= CHECK_OPERATIONS_MAX) return true;
  for (size_t i = 0; !at; i++) at = given[keys[i]];
  reader_fail_key(reader, at, ERR_LIMIT, "a check of %lld operations; the most is %d", (long long)messages,
                  CHECK_OPERATIONS_MAX);
  return err_note(reader->err, "every call for each of them is a place of several faults: 5 are plenty");
}

bool scenario_check_delivery(struct reader *reader) {
  struct check_rules *rules = &reader->scenario->check;
  if (!reader->checking) return true;
  if (!check_count(reader)) return false;
  const struct yaml_entry *batch = reader->delivery.given[DELIVERY_BATCH];
  const struct yaml_entry *threads = reader->topology.given[TOPOLOGY_THREADS];
  int64_t *topology = &reader->topology.values[TOPOLOGY_THREADS].i;
  if (!threads)
    *topology = rules->batch;
  else if (!batch)
    reader->delivery.values[DELIVERY_BATCH].i = rules->batch = (uint32_t)*topology;
  else if (*topology != rules->batch) {
    reader_fail(reader, batch->value, ERR_CONFLICT, "'batch' is %u, and the topology has %lld 'threads'", rules->batch,
                (long long)*topology);
    return err_note(reader->err, "what a consumer has at once is both: give one of them");
  }
  const int64_t messages = reader->workload.values[WORKLOAD_MESSAGES].i;
  if (rules->variant == VARIANT_NONE || messages >= 2) return true;
  return reader_fail(reader, reader->check.given[CHECK_KEY_VARIANT]->value, ERR_CONFLICT,
                     "a variant is of two operations, and the workload has one");
}

const char *scenario_check_model(const struct reader *reader, enum slot slot) {
  static const char *const providers[] = {NULL, "plain", "keyed"};
  const struct check_rules *rules = &reader->scenario->check;
  if (!reader->checking) return NULL;
  switch (slot) {
  case SLOT_SYSTEM:
    if (rules->ack == CHECK_ACK_CUMULATIVE) return "at-least-once";
    return rules->reorder ? "sqs-standard" : "sqs-fifo";
  case SLOT_HANDLER: return SCENARIO_PROGRAM;
  case SLOT_PROVIDER: return providers[rules->external];
  default: return NULL;
  }
}

/* What a system loses by itself no consumer can mend, and none is to be blamed for. */
static bool check_delivers(struct reader *reader) {
  const struct slot_reading *slot = &reader->rows[0].slots[SLOT_SYSTEM];
  const struct system *system = slot->model->row;
  if (!(system->allows & (CLAIM_BIT(LOST_ACKED) | CLAIM_BIT(LOST_UNACKED)))) return true;
  const struct yaml_entry *given = reader->top[TOP_SYSTEM];
  if (given)
    reader_fail(reader, given->value, ERR_CONFLICT, "'%s' loses messages by itself: no consumer can be judged by it",
                system->name);
  else
    err_set(reader->err, ERR_CONFLICT, "'%s' loses messages by itself", system->name);
  return err_note(reader->err, "take one that delivers at least once, such as sqs-standard or at-least-once");
}

/* What the contract says of order and acknowledgements, and the system does otherwise. */
static bool check_contract(struct reader *reader) {
  const struct check_rules *rules = &reader->scenario->check;
  const struct system *system = reader->rows[0].slots[SLOT_SYSTEM].model->row;
  const struct yaml_entry *reorder = reader->delivery.given[DELIVERY_REORDER], *ack = reader->delivery.given[DELIVERY_ACK];
  if (!rules->reorder && reorder && (system->allows & CLAIM_BIT(REORDERED))) {
    reader_fail(reader, reorder->value, ERR_CONFLICT, "'reorder' is false, and '%s' keeps no order", system->name);
    return err_note(reader->err, "take one that does, such as sqs-fifo or at-least-once");
  }
  if (rules->ack == CHECK_ACK_SINGLE || !ack || system->components[ROLE_CONSUMER]->acknowledge_all) return true;
  reader_fail(reader, ack->value, ERR_CONFLICT, "'ack' is cumulative, and '%s' acknowledges one by one", system->name);
  return err_note(reader->err, "take one that does, such as at-least-once or rabbitmq-quorum");
}

bool scenario_check_slots(struct reader *reader) {
  struct check_rules *rules = &reader->scenario->check;
  if (!reader->checking) return true;
  if (!check_delivers(reader) || !check_contract(reader)) return false;
  if (!reader->top[TOP_PROVIDER]) return true;
  const struct slot_reading *provider = &reader->rows[0].slots[SLOT_PROVIDER];
  const struct yaml_entry *given = reader->delivery.given[DELIVERY_EXTERNAL];
  const int keyed = strcmp(provider->model->table.name, "keyed") == 0;
  const enum check_external is = keyed ? CHECK_EXTERNAL_KEYED : CHECK_EXTERNAL_PLAIN;
  if (!given) {
    rules->external = is;
    reader->delivery.values[DELIVERY_EXTERNAL].i = is;
  }
  if (rules->external == is || rules->external == CHECK_EXTERNAL_NONE) return true;
  reader_fail(reader, given->value, ERR_CONFLICT, "'external' is %s, and the provider is '%s'", given->value->text,
              provider->model->table.name);
  return err_note(reader->err, "give one of them, and the other follows");
}

void scenario_fill_check(const struct reader *reader, struct plan *plan) {
  const struct check_rules *rules = &reader->scenario->check;
  plan->content.body = reader->body;
  plan->content.variant = rules->variant;
  plan->mixed_versions = rules->mixed_versions;
  plan->redelivery_horizon = rules->redelivery_horizon;
  if (rules->variant == VARIANT_NONE) return;
  plan->content.first = reader->intents ? reader->intents[0].id : 1;
  plan->content.second = reader->intents ? reader->intents[1].id : 2;
}

/* ---- what messages say ---- */

bool scenario_read_body(struct reader *reader, const struct yaml_entry *entry) {
  reader->workload.given[WORKLOAD_BODY] = entry;
  const struct yaml_node *node = entry->value;
  if (node->kind == YAML_KIND_SCALAR) {
    reader_fail(reader, node, ERR_WRONG_TYPE, "'body' is a map here, not one value");
    return err_note(reader->err, "the text stands in a file: body: {file: payment.json}");
  }
  if (!reader_is(reader, node, YAML_KIND_MAP, entry->key)) return false;
  if (!yaml_find(node, "file")) return reader_fail(reader, node, ERR_MISSING_KEY, "'body' has no 'file'");
  if (!reader->checking) {
    reader_fail_key(reader, entry, ERR_CONFLICT, "'body' is for a program of the user's");
    return err_note(reader->err, "no handler here reads it; dgsim check FILE -- COMMAND");
  }
  const struct yaml_source *source = reader_file(reader, node);
  if (!source) return false;
  const struct yaml_node *name = yaml_find(node, "file")->value;
  if (source->length > BODY_BYTES_MAX)
    return reader_fail(reader, name, ERR_TOO_BIG, "'%s' has %zu bytes; a body has at most %d", name->text,
                       source->length, BODY_BYTES_MAX);
  reader->body = source->text;
  reader->scenario->body_file = name->text;
  return true;
}
