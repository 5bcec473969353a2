/* dgsim list, as text for people: what there is, from the tables that the program itself runs on. */
#include "sim/cli/list_data.h"
#include "sim/cli/list_text.h"
#include "sim/oracle/verdict.h"
#include "sim/runner/check.h"
#include "sim/world/fault_verbs.h"

#include <string.h>

/* One column wide enough for all names. */
static void print_line(size_t width, const char *name, const char *text) {
  printf("%-*s  %s\n", (int)width, name, text);
}
static void print_more(size_t width, const char *text) {
  printf("%-*s  %s\n", (int)width, "", text);
}

static size_t wider(size_t width, const char *name) {
  return strlen(name) > width ? strlen(name) : width;
}

void text_systems(const struct registry *registry) {
  size_t width = 0;
  for (size_t i = 0; i < registry->system_count; i++)
    width = wider(width, registry->systems[i]->name);
  for (size_t i = 0; i < registry->system_count; i++) {
    const struct system *system = registry->systems[i];
    char allows[256], line[512];
    print_line(width, system->name, system->about);
    if (system->stands_for) {
      snprintf(line, sizeof line, "stands for %s", system->stands_for);
      print_more(width, line);
    }
    verdict_describe(system->allows, allows, sizeof allows);
    snprintf(line, sizeof line, "its contract allows: %s", allows);
    print_more(width, line);
  }
}

/* Beside its database, what a handler needs a slot, a link or a system for. */
static void print_calls(size_t width, const struct handler *handler) {
  char line[128] = "calls:";
  bool any = false;
  for (int role = 0; role < ROLE__COUNT; role++) {
    if (!(handler->uses & (UINT32_C(1) << role))) continue;
    const size_t length = strlen(line);
    snprintf(line + length, sizeof line - length, "%s a %s", any ? "," : "", role_names[role]);
    any = true;
  }
  print_more(width, any ? line : "calls no store: its result goes to the output topic");
}

void text_handlers(const struct registry *registry) {
  size_t width = 0;
  for (size_t i = 0; i < registry->handler_count; i++)
    width = wider(width, registry->handlers[i]->name);
  for (size_t i = 0; i < registry->handler_count; i++) {
    const struct handler *handler = registry->handlers[i];
    char forbids[256], line[512];
    print_line(width, handler->name, handler->about);
    print_calls(width, handler);
    if (handler->forbids == 0) continue;
    verdict_describe(handler->forbids, forbids, sizeof forbids);
    snprintf(line, sizeof line, "rules out, of what the system's contract allows: %s", forbids);
    print_more(width, line);
  }
}

void text_stores(const struct registry *registry) {
  size_t width = 0;
  for (size_t i = 0; i < registry->store_count; i++) width = wider(width, registry->stores[i]->name);
  for (size_t i = 0; i < registry->store_count; i++) {
    char line[128];
    const struct store *store = registry->stores[i];
    print_line(width, store->name, store->about);
    snprintf(line, sizeof line, "of the slot '%s'", role_names[store->role]);
    print_more(width, line);
  }
}

void text_clients(const struct registry *registry) {
  size_t width = 0;
  for (size_t i = 0; i < registry->client_count; i++)
    width = wider(width, registry->clients[i]->name);
  for (size_t i = 0; i < registry->client_count; i++)
    print_line(width, registry->clients[i]->name, registry->clients[i]->about);
}

void text_publishers(const struct registry *registry) {
  size_t width = 0;
  for (size_t i = 0; i < registry->publisher_count; i++)
    width = wider(width, registry->publishers[i]->name);
  for (size_t i = 0; i < registry->publisher_count; i++) {
    const struct publisher *publisher = registry->publishers[i];
    char allows[256], line[512];
    print_line(width, publisher->name, publisher->about);
    if (publisher->allows == 0) continue;
    verdict_describe(publisher->allows, allows, sizeof allows);
    snprintf(line, sizeof line, "adds to what the contract allows: %s", allows);
    print_more(width, line);
  }
}

static void print_fault_key(const struct fault_key *row) {
  const char *value = row->key.value_default;
  const bool has = value && value[0] != '\0';
  printf("    %-16s  %s%s%s%s\n", row->key.name, row->key.help, has ? " (" : "", has ? value : "",
         has ? ")" : "");
}

/* Which systems and stores understand a verb that not all of them do. */
static void print_understood(const struct registry *registry, size_t verb) {
  bool any = false;
  if (!fault_verbs[verb].of_system) return;
  printf("%18s  of systems and stores:", "");
  for (size_t i = 0; i < registry->system_count; i++) {
    if (!((registry->systems[i]->verbs >> verb) & 1)) continue;
    printf(" %s", registry->systems[i]->name);
    any = true;
  }
  for (size_t i = 0; i < registry->store_count; i++) {
    if (!((registry->stores[i]->verbs >> verb) & 1)) continue;
    printf(" %s", registry->stores[i]->name);
    any = true;
  }
  puts(any ? "" : " none of this version");
}

void text_faults(const struct registry *registry) {
  static const char *const targets[] = {
      [FAULT_TARGET_NODES] = "nodes, such as ",
      [FAULT_TARGET_LINK] = "a link, such as consumer_to_broker",
      [FAULT_TARGET_THIS] = "this: the message at the point of `when`"};
  puts("A fault is timing, exactly one verb, and the verb's keys.\n\nverbs");
  for (size_t i = 0; i < VERB__COUNT; i++) {
    const struct fault_verb *verb = &fault_verbs[i];
    const char *such_as = verb->such_as ? verb->such_as : "consumer.1 or broker.any";
    printf("  %-16s  %s\n%18s  target: %s%s\n", verb->name, verb->help, "", targets[verb->target],
           verb->target == FAULT_TARGET_NODES ? such_as : "");
    if (verb->for_means)
      printf("%18s  for: %s (%s)\n", "", verb->for_means,
             verb->for_default ? verb->for_default : "must be given");
    printf("%18s  effective: %s\n", "", verb->hit);
    print_understood(registry, i);
    for (size_t key = 0; key < verb->key_count; key++) print_fault_key(&verb->keys[key]);
  }
  puts("\ntiming: at, every or when");
  for (size_t i = 0; i < FAULT_TIMING_KEY__COUNT; i++) print_fault_key(&fault_timing_keys[i]);
  puts("\nof every fault");
  for (size_t i = 0; i < FAULT_COMMON_KEY__COUNT; i++) print_fault_key(&fault_common_keys[i]);
}

/* The points of a system's own, once for all systems that share them. */
static void list_own_points(const struct registry *registry, size_t first, int width) {
  const struct system *system = registry->systems[first];
  if (system->point_count == 0) return;
  for (size_t s = 0; s < first; s++)
    if (registry->systems[s]->points == system->points) return;
  printf("\nof");
  for (size_t s = first; s < registry->system_count; s++)
    if (registry->systems[s]->points == system->points) printf(" %s", registry->systems[s]->name);
  putchar('\n');
  for (size_t i = 0; i < system->point_count; i++)
    printf("  %-*s  %-8s  %s\n", width, system->points[i].name, role_names[system->points[i].role],
           system->points[i].about);
}

void text_points(const struct registry *registry) {
  size_t width = 0;
  for (size_t i = 1; i < POINT_GENERIC__COUNT; i++) width = wider(width, generic_points[i].name);
  for (size_t s = 0; s < registry->system_count; s++)
    for (size_t i = 0; i < registry->systems[s]->point_count; i++)
      width = wider(width, registry->systems[s]->points[i].name);
  puts("of every system, in the order of a delivery");
  for (size_t i = 1; i < POINT_GENERIC__COUNT; i++)
    printf("  %-*s  %-8s  %s\n", (int)width, generic_points[i].name,
           role_names[generic_points[i].role], generic_points[i].about);
  puts("\nwhat ack-sent is");
  for (size_t s = 0; s < registry->system_count; s++)
    if (registry->systems[s]->ack)
      printf("  %-*s  %s\n", (int)width, registry->systems[s]->name, registry->systems[s]->ack);
  for (size_t s = 0; s < registry->system_count; s++) list_own_points(registry, s, (int)width);
}

void text_keys(const struct registry *registry) { scenario_list_keys(registry, stdout); }

void text_metrics(const struct registry *registry) {
  (void)registry;
  printf("%-22s  %-5s  %-20s  %s\n", "in expect", "value", "in runs.csv", "what it is");
  for (size_t i = 0; i < METRIC__COUNT; i++)
    printf("%-22s  %-5s  %-20s  %s\n", metric_rows[i].name, metric_unit_names[metric_rows[i].unit],
           metric_rows[i].column, metric_rows[i].about);
  for (size_t i = 0; i < EXPECT_WORDS; i++)
    printf("%-22s  %-5s  %-20s  %s\n", expect_words[i].name, expect_words[i].unit, "-", expect_words[i].about);
}

void text_anomalies(const struct registry *registry) {
  (void)registry;
  size_t width = 0;
  for (size_t i = 0; i < ANOMALY__COUNT; i++) width = wider(width, anomaly_names[i]);
  for (size_t i = 0; i < ANOMALY__COUNT; i++) print_line(width, anomaly_names[i], anomaly_abouts[i]);
}

/* What a check tries; and the key of its contract that a class hangs on. */
void text_cases(const struct registry *registry) {
  (void)registry;
  printf("%-16s  %-20s  %s\n", "class", "part of a contract", "what is done to the consumer");
  for (size_t i = 0; i < CHECK_CLASS__COUNT; i++)
    printf("%-16s  %-20s  %s\n", check_class_rows[i].name, check_class_rows[i].needs, check_class_rows[i].about);
}
