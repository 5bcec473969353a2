#include "sim/runner/repro.h"

#include "sim/base/assert.h"
#include "sim/runner/scenario_tables.h"
#include "sim/world/cost.h"

#include <inttypes.h>
#include <string.h>

static const struct key time_key = {.name = "at", .type = VALUE_TIME};

static bool is_default(const struct key *key, union value value) {
  union value usual;
  struct err err = {0};
  if (!key->value_default) return false;
  if (key->type == VALUE_DISTRIBUTION)
    return value.distribution && strcmp(value.distribution->text, key->value_default) == 0;
  if (key->value_default[0] == '\0') return true;
  ASSERT_MSG(schema_parse(key, key->value_default, &usual, &err), "default of '%s': %s", key->name,
             err.message);
  return usual.i == value.i;
}

static void put_value(const struct key *key, union value value, FILE *out) {
  char text[256];
  if (key->type == VALUE_DISTRIBUTION) {
    fprintf(out, "%s", value.distribution->text);
    return;
  }
  schema_format(key, value, text, sizeof text);
  fputs(text, out);
}

/* `slot: name`, or `slot: {name: name, key: value}` with what differs from the model's defaults. */
static void put_model(const char *slot, const char *name, const struct key *keys, size_t count,
                      const struct settings *settings, FILE *out) {
  bool any = false;
  fprintf(out, "%s: ", slot);
  for (size_t i = 0; i < count; i++) {
    if (is_default(&keys[i], settings->values[i])) continue;
    if (!any) fprintf(out, "{name: %s", name);
    any = true;
    fprintf(out, ", %s: ", keys[i].name);
    put_value(&keys[i], settings->values[i], out);
  }
  fprintf(out, any ? "}\n" : "%s\n", name);
}

static void put_costs(const struct plan *plan, FILE *out) {
  const char *before = "costs: {";
  for (int i = 0; i < COST__COUNT; i++) {
    if (is_default(&cost_keys[i], plan->costs.values[i])) continue;
    fprintf(out, "%s%s: ", before, cost_keys[i].name);
    put_value(&cost_keys[i], plan->costs.values[i], out);
    before = ", ";
  }
  if (before[0] == ',') fputs("}\n", out);
}

static const char *usual_latency(int link) {
  return link_is_near((enum link)link) ? link_latency_near : link_table.keys[LINK_KEY_LATENCY].value_default;
}

static void put_links(const struct plan *plan, FILE *out) {
  bool any = false;
  for (int i = 0; i < LINK__COUNT; i++) {
    const struct link_plan *link = &plan->links[i];
    const struct link_rule rule = plan_link_rule(plan, (enum link)i);
    if (!rule.used) continue;
    const char *before = "{";
    char head[64];
    snprintf(head, sizeof head, "%s  %s: ", any ? "" : "links:\n", link_rows[i].name);
    if (link->kind != rule.kind) {
      fprintf(out, "%s%skind: ", head, before);
      put_value(&link_table.keys[LINK_KEY_KIND], (union value){.i = link->kind}, out);
      before = ", ", head[0] = '\0';
    }
    if (strcmp(link->latency->text, usual_latency(i)) != 0) {
      fprintf(out, "%s%slatency: %s", head, before, link->latency->text);
      before = ", ", head[0] = '\0';
    }
    if (link->bandwidth) {
      fprintf(out, "%s%sbandwidth: ", head, before);
      put_value(&link_table.keys[LINK_KEY_BANDWIDTH], (union value){.i = link->bandwidth}, out);
      before = ", ", head[0] = '\0';
    }
    if (before[0] != ',') continue;
    fputs("}\n", out);
    any = true;
  }
}

static void put_workload(const struct plan *plan, FILE *out) {
  const struct workload_plan *workload = &plan->workload;
  fprintf(out, "workload:\n");
  for (int i = 0; i < WORKLOAD__COUNT; i++) {
    const struct key *key = &workload_table.keys[i];
    union value value = {.i = i == WORKLOAD_SIZE ? workload->size : 0};
    if (i == WORKLOAD_SERVICE_TIME) value.distribution = workload->service_time;
    if ((i != WORKLOAD_SIZE && i != WORKLOAD_SERVICE_TIME) || is_default(key, value)) continue;
    fprintf(out, "  %s: ", key->name);
    put_value(key, value, out);
    fputc('\n', out);
  }
  fprintf(out, "  keys: %u\n  intents:\n", workload->keys);
  for (uint64_t i = 0; i < workload->messages; i++) {
    const struct intent_plan *intent = &workload->intents[i];
    char at[64];
    schema_format(&time_key, (union value){.i = intent->at.ns}, at, sizeof at);
    fprintf(out, "    - {id: %" PRIu64 ", at: %s, key: %u", intent->id, at, intent->key);
    if (intent->operation != OPERATION_INCREMENT)
      fprintf(out, ", operation: %s", operation_rows[intent->operation].word);
    fprintf(out, "}\n");
  }
}

static void put_groups(const struct plan *plan, FILE *out) {
  fprintf(out, "groups:\n");
  for (uint32_t i = 0; i < plan->group_count; i++) {
    const struct group_plan *group = &plan->groups[i];
    fprintf(out, "  %s:\n    consumers: %u\n    service_time: %s\n    ", group->name,
            group->consumers, group->service_time->text);
    put_model("handler", group->handler->name, group->handler->keys, group->handler->key_count,
              &group->handler_settings, out);
  }
}

static void put_topology(const struct plan *plan, FILE *out) {
  fprintf(out, "topology: {producers: %u, brokers: %u, partitions: %u, ", plan->counts[ROLE_PRODUCER],
          plan->counts[ROLE_BROKER], plan->partitions);
  if (!plan->groups) fprintf(out, "consumers: %u, ", plan->counts[ROLE_CONSUMER]);
  if (plan->publisher && plan->publisher->relay) fprintf(out, "relays: %u, ", plan->counts[ROLE_RELAY]);
  fprintf(out, "threads: %u, cores: %u}\n", plan->threads, plan->cores);
  if (plan->groups) put_groups(plan, out);
}

void repro_write(const struct repro *repro, FILE *out) {
  const struct plan *plan = repro->plan;
  fprintf(out, "format: 1\nname: %s\nabout: \"%s\"\nluck: none\nmeasure_capacity: false\n",
          repro->name, repro->about);
  if (plan->drain_limit.ns) {
    char text[64];
    schema_format(&time_key, (union value){.i = plan->drain_limit.ns}, text, sizeof text);
    fprintf(out, "drain_limit: %s\n", text);
  }
  put_workload(plan, out);
  put_topology(plan, out);
  put_links(plan, out);
  put_costs(plan, out);
  put_model("system", plan->system->name, plan->system->keys, plan->system->key_count,
            &plan->system_settings, out);
  if (!plan->groups)
    put_model("handler", plan->handler->name, plan->handler->keys, plan->handler->key_count,
              &plan->handler_settings, out);
  for (int role = 0; role < ROLE__COUNT; role++) {
    const struct store_plan *slot = plan_store(plan, (enum role)role);
    if (slot && slot->store && (role == ROLE_DATABASE || plan_uses(plan, (enum role)role)))
      put_model(role_names[role], slot->store->name, slot->store->keys, slot->store->key_count,
                &slot->settings, out);
  }
  if (plan->client)
    put_model("client", plan->client->name, plan->client->keys, plan->client->key_count,
              &plan->client_settings, out);
  if (plan->publisher)
    put_model("publisher", plan->publisher->name, plan->publisher->keys, plan->publisher->key_count,
              &plan->publisher_settings, out);
  fprintf(out, repro->count ? "faults:\n" : "");
  for (unsigned i = 0; i < repro->count; i++) {
    fputs("  - ", out);
    placement_write(plan, &repro->placements[i], out);
    fputc('\n', out);
  }
  fprintf(out, "expect:\n  - {%s: none}\n", metric_rows[repro->metric].name);
}
