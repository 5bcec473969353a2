#include "sim/runner/repro.h"

#include "sim/base/assert.h"
#include "sim/runner/scenario_reader.h"
#include "sim/runner/scenario_tables.h"
#include "sim/runner/yaml_out.h"
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
    if (!scenario_link_used(plan, (enum link)i)) continue;
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

/* What an operation says for itself. */
static void put_intent(const struct plan *plan, const struct intent_plan *intent, bool all, FILE *out) {
  const struct key *keys = intent_table.keys;
  char at[64];
  schema_format(&time_key, (union value){.i = intent->at.ns}, at, sizeof at);
  fprintf(out, "    - {id: %" PRIu64 ", at: %s, key: %u", intent->id, at, intent->key);
  if (intent->operation != OPERATION_INCREMENT)
    fprintf(out, ", operation: %s", operation_rows[intent->operation].word);
  if (all && intent->size != plan->workload.size) {
    fputs(", size: ", out);
    put_value(&keys[INTENT_SIZE], (union value){.i = intent->size}, out);
  }
  if (all && intent->service_time) fprintf(out, ", service_time: %s", intent->service_time->text);
  if (all && intent->producer) fprintf(out, ", producer: %u", intent->producer);
  fputs("}\n", out);
}

/* Operations that are not listed. */
static void put_arrivals(const struct workload_plan *workload, FILE *out) {
  const struct {
    enum workload_key key;
    int64_t value;
  } items[] = {{WORKLOAD_MESSAGES, (int64_t)workload->messages}, {WORKLOAD_RATE, workload->rate},
               {WORKLOAD_ARRIVALS, workload->steady}, {WORKLOAD_OPERATION, workload->operation}};
  for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
    fprintf(out, "  %s: ", workload_table.keys[items[i].key].name);
    put_value(&workload_table.keys[items[i].key], (union value){.i = items[i].value}, out);
    fputc('\n', out);
  }
}

static void put_workload(const struct repro *repro, struct pool *pool, FILE *out) {
  const struct plan *plan = repro->plan;
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
  if (repro->body) fprintf(out, "  body: {file: %s}\n", yaml_word(pool, repro->body));
  fprintf(out, "  keys: %u\n", workload->keys);
  if (!workload->intents) return put_arrivals(workload, out);
  fprintf(out, "  intents:\n");
  for (uint64_t i = 0; i < workload->messages; i++)
    put_intent(plan, &workload->intents[i], repro->check != NULL, out);
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

/* What stands beside system and handler. */
static void put_others(const struct plan *plan, FILE *out) {
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
}

void repro_write(const struct repro *repro, FILE *out) {
  const struct plan *plan = repro->plan;
  struct pool *pool = pool_new();
  fprintf(out, "format: 1\nname: %s\nabout: %s\nluck: none\n%s", repro->name, yaml_quoted(pool, repro->about),
          repro->check ? "" : "measure_capacity: false\n");
  if (plan->drain_limit.ns) {
    char text[64];
    schema_format(&time_key, (union value){.i = plan->drain_limit.ns}, text, sizeof text);
    fprintf(out, "drain_limit: %s\n", text);
  }
  if (plan->drain_events != PLAN_DRAIN_EVENTS) fprintf(out, "drain_events: %" PRIu64 "\n", plan->drain_events);
  put_workload(repro, pool, out);
  put_topology(plan, out);
  put_links(plan, out);
  put_costs(plan, out);
  put_model("system", plan->system->name, plan->system->keys, plan->system->key_count,
            &plan->system_settings, out);
  if (!plan->groups && !repro->check)
    put_model("handler", plan->handler->name, plan->handler->keys, plan->handler->key_count,
              &plan->handler_settings, out);
  put_others(plan, out);
  fprintf(out, repro->count ? "faults:\n" : "");
  for (unsigned i = 0; i < repro->count; i++) {
    fputs("  - ", out);
    placement_write(plan, &repro->placements[i], out);
    fputc('\n', out);
  }
  if (repro->check)
    fprintf(out, "check:\n%s", repro->check);
  else
    fprintf(out, "expect:\n  - {%s: none}\n", metric_rows[repro->metric].name);
  pool_free(pool);
}
