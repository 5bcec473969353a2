/* `dgsim list keys`: the tables that the loader reads, as text. */
#include "sim/runner/scenario.h"
#include "sim/runner/scenario_tables.h"

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
