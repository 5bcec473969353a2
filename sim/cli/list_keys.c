/* Keys of a scenario file, how their values are written, and links. */
#include "sim/cli/list_data.h"
#include "sim/runner/distribution.h"
#include "sim/runner/scenario_tables.h"
#include "sim/world/plan.h"

#include <string.h>

/* So large that it is no limit worth a word. */
#define NO_LIMIT INT64_C(0xffffffff)

/* "1 to 100"; empty where the type's own limits are all there is. */
static void describe_limits(const struct key *key, char *out, size_t size) {
  char low[64], high[64];
  out[0] = '\0';
  if (key->type == VALUE_BOOL || key->type >= VALUE_ENUM || (key->min == 0 && key->max == 0)) return;
  schema_format(key, (union value){.i = key->min}, low, sizeof low);
  schema_format(key, (union value){.i = key->max}, high, sizeof high);
  const bool open = key->type == VALUE_COUNT ? key->max >= NO_LIMIT && key->max != INT64_C(1000000000000)
                    : key->type == VALUE_SHARE ? key->max == SCHEMA_SHARE_SCALE
                                               : key->max >= SCHEMA_TIME_MAX_NS || key->max == INT64_C(1) << 50;
  if (key->min == key->max)
    snprintf(out, size, ", %s alone", low);
  else if (!open)
    snprintf(out, size, ", %s to %s", low, high);
  else if (key->min > 0)
    snprintf(out, size, ", from %s", low);
}

static void describe_words(const struct key *key, char *out, size_t size) {
  size_t length = 0;
  for (const char *at = key->choices; *at != '\0' && length + 3 < size; at++) {
    if (*at == ' ') out[length++] = ',';
    out[length++] = *at;
  }
  out[length] = '\0';
}

void data_key_as(struct sheet *sheet, const struct key *key, const char *type) {
  char text[512];
  snprintf(text, sizeof text, "%s%s", type, key->value_default ? "" : ", needed");
  SHEET_ROW(sheet, key->name, text, key->value_default, key->help, key->source);
}

void data_key(struct sheet *sheet, const struct key *key) {
  char type[448], words[400];
  if (key->type == VALUE_OTHER) {
    snprintf(type, sizeof type, "%s", key->choices);
  } else if (key->type == VALUE_ENUM) {
    describe_words(key, words, sizeof words);
    snprintf(type, sizeof type, "%s: %s", value_type_name(key->type), words);
  } else {
    describe_limits(key, words, sizeof words);
    snprintf(type, sizeof type, "%s%s", value_type_name(key->type), words);
  }
  data_key_as(sheet, key, type);
}

void data_keys(const struct registry *registry, struct sheet *sheet) {
  static const struct {
    const struct key_table *table;
    const char *name, *about;
  } blocks[] = {
      {&top_table, "scenario", "The top level of a file."},
      {&workload_table, "workload", "What arrives, and when: the same for every row."},
      {&intent_table, "intents", "Of one entry of the workload's `intents`, and of one line of a file of arrivals."},
      {&topology_table, "topology", "How many of each: the same for every row."},
      {&group_table, "groups", "Of each group in the map, by its name."},
      {&link_table, "links", "Of each link in the map, and of `default`, from which the others start; the links: "
                             "`dgsim list links`."},
      {&cost_table, "costs", "Prices of work, in modelled time."},
      {&check_table, "check", "For `dgsim check`: how a consumer of your own is tried."},
      {&delivery_table, "delivery", "Of `delivery` in `check`: the contract of the broker with the consumer."},
  };
  (void)registry;
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
    sheet_table(sheet, blocks[i].name, blocks[i].about, KEY_COLUMNS);
    sheet_fact(sheet, "not in this version yet", blocks[i].table->later);
    for (size_t key = 0; key < blocks[i].table->count; key++) data_key(sheet, &blocks[i].table->keys[key]);
  }
}

void data_values(const struct registry *registry, struct sheet *sheet) {
  const char *example;
  (void)registry;
  sheet_table(sheet, "types", "What the column `type` of the keys says.", "type` written` units`");
  for (int type = 0; type < VALUE__COUNT; type++)
    SHEET_ROW(sheet, value_type_name((enum value_type)type), value_type_example((enum value_type)type),
              value_type_units((enum value_type)type));
  sheet_table(sheet, "distributions", "Of time. All parameters are named; words and blanks, no commas.",
              "distribution` written`");
  for (size_t i = 0; distribution_form(i, &example); i++) SHEET_ROW(sheet, distribution_form(i, &example), example);
}

/* Systems that have something at both ends of a link and use it. */
static void describe_users(const struct registry *registry, enum link link, char *out, size_t size) {
  size_t length = 0;
  out[0] = '\0';
  for (size_t i = 0; i < registry->system_count; i++)
    if (registry->systems[i]->links[link].used && length < size)
      length += (size_t)snprintf(out + length, size - length, "%s%s", length ? ", " : "", registry->systems[i]->name);
  if (length == 0) snprintf(out, size, "rows whose handler, publisher or replicas need it");
}

void data_links(const struct registry *registry, struct sheet *sheet) {
  char users[512];
  const char *latency = link_table.keys[LINK_KEY_LATENCY].value_default;
  sheet_table(sheet, "", "", "link` from to latency` of");
  for (int i = 0; i < LINK__COUNT; i++) {
    describe_users(registry, (enum link)i, users, sizeof users);
    SHEET_ROW(sheet, link_rows[i].name, role_names[link_rows[i].from], role_names[link_rows[i].to],
              link_is_near((enum link)i) ? link_latency_near : latency, users);
  }
}
