/* Links: `default`, then each by name; which kind a link is depends on the systems of the rows. */
#include "sim/runner/scenario_reader.h"

#include "sim/base/assert.h"

#include <string.h>

#define LATER_ROLES "client"

bool link_is_later(const char *name) {
  const char *middle = strstr(name, "_to_");
  if (!middle) return false;
  bool later = false, known = true;
  const char *ends[2] = {name, middle + 4};
  for (int end = 0; end < 2; end++) {
    char role[32];
    snprintf(role, sizeof role, "%.*s", end == 0 ? (int)(middle - name) : 31, ends[end]);
    bool found = false;
    for (int r = 0; r < ROLE__COUNT; r++) found = found || strcmp(role_names[r], role) == 0;
    known = known && found;
    later = later || word_in(LATER_ROLES, role);
  }
  return known && later;
}

bool scenario_link_used(const struct plan *plan, enum link link) {
  if (link == LINK_BROKER_TO_CONTROLLER)
    return plan->system && plan->system->controllers && plan->system->controllers(plan) > 0;
  return plan->system && plan_link_rule(plan, link).used;
}

static const char *kind_word(int64_t kind) {
  static const char *const words[LINK_KIND__COUNT] = {"a connection", "per-request", "datagrams"};
  return words[kind];
}

/* What stands in one map, over what was there. `loss` is both ways; each way alone is its own. */
static bool read_one(struct reader *reader, const struct yaml_entry *block,
                     struct link_reading *link) {
  const char *what = pool_print(reader->pool, " of link '%s'", block->key);
  struct key_values *values = &link->values;
  if (!reader_block(reader, block, what, false, values, &link_table)) return false;
  const struct yaml_entry *loss = yaml_find(block->value, "loss");
  const struct yaml_entry *request = yaml_find(block->value, "request_loss");
  const struct yaml_entry *reply = yaml_find(block->value, "reply_loss");
  if (loss && (request || reply)) {
    reader_fail_key(reader, loss, ERR_CONFLICT, "'loss' and '%s' exclude each other",
                    request ? "request_loss" : "reply_loss");
    return err_note(reader->err, "loss is both ways");
  }
  if (loss) {
    link->request_loss = link->reply_loss = values->values[LINK_KEY_LOSS].i;
    values->given[LINK_KEY_REQUEST_LOSS] = values->given[LINK_KEY_REPLY_LOSS] = NULL; /* default's */
  }
  if (request) link->request_loss = values->values[LINK_KEY_REQUEST_LOSS].i;
  if (reply) link->reply_loss = values->values[LINK_KEY_REPLY_LOSS].i;
  return true;
}

static bool fail_link(struct reader *reader, const struct yaml_entry *entry) {
  if (link_is_later(entry->key))
    return reader_fail_key(reader, entry, ERR_NOT_HERE, "link '%s' is not in this version yet",
                           entry->key);
  struct words words = {.count = 0};
  words_add(&words, "default");
  for (int i = 0; i < LINK__COUNT; i++) words_add(&words, link_rows[i].name);
  return reader_fail_key(reader, entry, ERR_UNKNOWN_NAME, "unknown link '%s'%s", entry->key,
                         link_hint(reader, entry->key, &words));
}

static bool read_named(struct reader *reader, const struct yaml_node *block) {
  for (size_t i = 0; i < block->count; i++) {
    const struct yaml_entry *entry = &block->entries[i];
    int link = 0;
    if (strcmp(entry->key, "default") == 0) continue;
    while (link < LINK__COUNT && strcmp(link_rows[link].name, entry->key) != 0) link++;
    if (link == LINK__COUNT) return fail_link(reader, entry);
    if (!read_one(reader, entry, &reader->links[link])) return false;
  }
  return true;
}

/* A kind that was asked for must be one that each row's system allows on this link. */
static bool check_kind(struct reader *reader, enum link link) {
  const struct yaml_entry *given = reader->links[link].values.given[LINK_KEY_KIND];
  int64_t kind = reader->links[link].values.values[LINK_KEY_KIND].i;
  for (size_t i = 0; given && i < reader->row_count; i++) {
    const struct plan *plan = &reader->scenario->plans[i];
    const struct link_rule rule = plan_link_rule(plan, link);
    if (!scenario_link_used(plan, link) || rule.kind == (enum link_kind)kind) continue;
    if (rule.allowed & (UINT32_C(1) << kind)) continue;
    reader_fail(reader, given->value, ERR_CONFLICT, "link '%s' of system '%s' cannot be '%s'",
                link_rows[link].name, plan->system->name, given->value->text);
    return err_note(reader->err, "it is %s there", kind_word((int64_t)rule.kind));
  }
  return true;
}

static enum link_kind kind_in(const struct reader *reader, const struct plan *plan,
                              enum link link) {
  const struct key_values *values = &reader->links[link].values;
  if (values->given[LINK_KEY_KIND]) return (enum link_kind)values->values[LINK_KEY_KIND].i;
  return plan_link_rule(plan, link).kind;
}

/* Only datagrams are doubled or overtake each other. What a named link asks for must be able to
 * happen in some row; what `default` says is for the links that can. */
static bool check_datagram(struct reader *reader, enum link link, enum link_key key) {
  const struct yaml_entry *block = reader->top[TOP_LINKS];
  const struct yaml_entry *named = block ? yaml_find(block->value, link_rows[link].name) : NULL;
  const struct yaml_entry *given =
      named ? yaml_find(named->value, link_table.keys[key].name) : NULL;
  if (!given || reader->links[link].values.values[key].i == 0) return true;
  bool used = false;
  for (size_t i = 0; i < reader->row_count; i++) {
    const struct plan *plan = &reader->scenario->plans[i];
    if (!scenario_link_used(plan, link)) continue;
    used = true;
    if (kind_in(reader, plan, link) == LINK_KIND_DATAGRAM) return true;
  }
  if (!used) return true;
  return reader_fail_key(reader, given, ERR_CONFLICT, "'%s' needs a link of kind 'datagram'",
                         given->key);
}

bool scenario_read_links(struct reader *reader) {
  const struct yaml_entry *block = reader->top[TOP_LINKS];
  struct link_reading base = {.request_loss = 0};
  if (!reader_defaults(reader, &link_table, &base.values)) return false;
  const struct distribution *near;
  reader_distribution(reader, link_latency_near, NULL, &near);
  const struct yaml_entry *all = NULL;
  if (block) {
    if (!reader_is(reader, block->value, YAML_KIND_MAP, block->key)) return false;
    all = yaml_find(block->value, "default");
    if (all && !read_one(reader, all, &base)) return false;
  }
  for (int i = 0; i < LINK__COUNT; i++) {
    reader->links[i] = base;
    if (link_is_near((enum link)i) && !base.values.given[LINK_KEY_LATENCY])
      reader->links[i].values.values[LINK_KEY_LATENCY].distribution = near;
  }
  if (block && !read_named(reader, block->value)) return false;
  for (int i = 0; i < LINK__COUNT; i++)
    if (!check_kind(reader, (enum link)i) ||
        !check_datagram(reader, (enum link)i, LINK_KEY_DUPLICATION) ||
        !check_datagram(reader, (enum link)i, LINK_KEY_REORDERING))
      return false;
  return true;
}

void scenario_fill_links(const struct reader *reader, struct plan *plan) {
  for (int i = 0; i < LINK__COUNT; i++) {
    const struct link_reading *link = &reader->links[i];
    const union value *values = link->values.values;
    bool used = scenario_link_used(plan, (enum link)i);
    enum link_kind kind = used ? kind_in(reader, plan, (enum link)i) : plan_link_rule(plan, (enum link)i).kind;
    bool datagram = kind == LINK_KIND_DATAGRAM;
    plan->links[i] = (struct link_plan){
        .kind = kind,
        .latency = values[LINK_KEY_LATENCY].distribution,
        .request_loss = link->request_loss,
        .reply_loss = link->reply_loss,
        .duplication = datagram ? values[LINK_KEY_DUPLICATION].i : 0,
        .reordering = datagram ? values[LINK_KEY_REORDERING].i : 0,
        .bandwidth = values[LINK_KEY_BANDWIDTH].i,
    };
  }
}
