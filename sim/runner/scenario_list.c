/* `dgsim list keys` and `dgsim list faults`: the tables that the loader reads, as text. */
#include "sim/runner/scenario.h"
#include "sim/runner/scenario_tables.h"
#include "sim/world/fault_verbs.h"

static const char *type_word(const struct key *key) {
  if (key->type == VALUE_OTHER) return key->choices;
  return value_type_name(key->type);
}

static void print_key(FILE *out, const struct key *key) {
  fprintf(out, "  %-34s %-14s ", key->name, type_word(key));
  if (!key->value_default)
    fprintf(out, "(needed)");
  else
    fprintf(out, "%s", *key->value_default ? key->value_default : "-");
  fprintf(out, "\n      %s", key->help ? key->help : "");
  if (key->type == VALUE_ENUM) fprintf(out, " [%s]", key->choices);
  if (key->source) fprintf(out, "\n      default from: %s", key->source);
  fputc('\n', out);
}

static void print_table(FILE *out, const char *what, const struct key_table *table) {
  fprintf(out, "%s%s%s\n", what, *what ? " " : "", table->name);
  for (size_t i = 0; i < table->count; i++) print_key(out, &table->keys[i]);
  if (table->later && *table->later)
    fprintf(out, "  (not in this version yet: %s)\n", table->later);
  fputc('\n', out);
}

static void print_model(FILE *out, const char *what, const char *name, const struct key *keys,
                        size_t count) {
  const struct key_table table = {name, keys, count, ""};
  if (count > 0) print_table(out, what, &table);
}

void scenario_list_keys(const struct registry *registry, FILE *out) {
  print_table(out, "", &top_table);
  print_table(out, "", &workload_table);
  print_table(out, "", &intent_table);
  print_table(out, "", &topology_table);
  print_table(out, "", &group_table);
  print_table(out, "", &link_table);
  print_table(out, "", &cost_table);
  print_table(out, "", &check_table);
  print_table(out, "check", &delivery_table);
  for (size_t i = 0; i < registry->system_count; i++)
    print_model(out, "system", registry->systems[i]->name, registry->systems[i]->keys,
                registry->systems[i]->key_count);
  for (size_t i = 0; i < registry->handler_count; i++)
    print_model(out, "handler", registry->handlers[i]->name, registry->handlers[i]->keys,
                registry->handlers[i]->key_count);
  for (size_t i = 0; i < registry->store_count; i++)
    print_model(out, role_names[registry->stores[i]->role], registry->stores[i]->name,
                registry->stores[i]->keys, registry->stores[i]->key_count);
  for (size_t i = 0; i < registry->client_count; i++)
    print_model(out, "client", registry->clients[i]->name, registry->clients[i]->keys,
                registry->clients[i]->key_count);
  for (size_t i = 0; i < registry->publisher_count; i++)
    print_model(out, "publisher", registry->publishers[i]->name, registry->publishers[i]->keys,
                registry->publishers[i]->key_count);
}

static void print_fault_keys(FILE *out, const struct fault_key *keys, size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct key key = keys[i].key;
    static const char *const kinds[] = {
        [FAULT_KEY_NAME] = "name", [FAULT_KEY_NODES] = "nodes", [FAULT_KEY_POINT] = "point"};
    if (keys[i].kind != FAULT_KEY_VALUE) {
      key.type = VALUE_OTHER;
      key.choices = kinds[keys[i].kind];
    }
    print_key(out, &key);
  }
}

void scenario_list_faults(FILE *out) {
  static const char *const targets[] = {
      [FAULT_TARGET_NODES] = "nodes", [FAULT_TARGET_LINK] = "link", [FAULT_TARGET_THIS] = "this"};
  fprintf(out, "timing: at, every or when\n");
  print_fault_keys(out, fault_timing_keys, FAULT_TIMING_KEY__COUNT);
  fprintf(out, "\nof every fault\n");
  print_fault_keys(out, fault_common_keys, FAULT_COMMON_KEY__COUNT);
  for (int v = 0; v < VERB__COUNT; v++) {
    const struct fault_verb *verb = &fault_verbs[v];
    fprintf(out, "\n%s: %s\n  %s\n", verb->name, targets[verb->target], verb->help);
    if (verb->for_means)
      fprintf(out, "  for: %s, %s\n", verb->for_means,
              verb->for_default ? verb->for_default : "needed");
    fprintf(out, "  a hit is: %s\n", verb->hit);
    print_fault_keys(out, verb->keys, verb->key_count);
  }
  fprintf(out, "\nnot in this version yet: %s\n", fault_verbs_later);
}
