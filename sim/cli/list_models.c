/* Systems, handlers, stores, clients and publishers: a table each, of its keys. */
#include "sim/cli/list_data.h"
#include "sim/oracle/verdict.h"
#include "sim/runner/scenario_tables.h"
#include "sim/world/fault_verbs.h"

#include <string.h>

#define TEXT_SIZE 512

static void add_word(char out[TEXT_SIZE], const char *before, const char *word) {
  const size_t length = strlen(out);
  snprintf(out + length, TEXT_SIZE - length, "%s%s%s", length ? ", " : "", before, word);
}

static void add_keys(struct sheet *sheet, const struct key *keys, size_t count) {
  for (size_t i = 0; i < count; i++) data_key(sheet, &keys[i]);
}

static void add_verbs(struct sheet *sheet, uint32_t verbs) {
  char text[TEXT_SIZE] = "";
  for (int i = 0; i < VERB__COUNT; i++)
    if ((verbs >> i) & 1) add_word(text, "", fault_verbs[i].name);
  sheet_fact(sheet, "faults of its own", text);
}

static void add_anomalies(struct sheet *sheet, const char *name, uint32_t anomalies) {
  char text[TEXT_SIZE];
  verdict_describe(anomalies, text, sizeof text);
  sheet_fact(sheet, name, text);
}

static void add_points(struct sheet *sheet, const struct system *system) {
  char text[TEXT_SIZE];
  snprintf(text, sizeof text, "%zu, such as %s; all: dgsim list points", system->point_count,
           system->point_count > 0 ? system->points[0].name : "");
  if (system->point_count > 0) sheet_fact(sheet, "points of its own", text);
}

void data_systems(const struct registry *registry, struct sheet *sheet) {
  for (size_t i = 0; i < registry->system_count; i++) {
    const struct system *system = registry->systems[i];
    sheet_table(sheet, system->name, system->about, KEY_COLUMNS);
    sheet_fact(sheet, "stands for", system->stands_for);
    add_anomalies(sheet, "its contract allows", system->allows);
    sheet_fact(sheet, "its handler, where none is named", system->handler ? system->handler : "naive");
    sheet_fact(sheet, "what ack-sent is", system->ack);
    add_points(sheet, system);
    add_verbs(sheet, system->verbs);
    add_keys(sheet, system->keys, system->key_count);
  }
}

void data_handlers(const struct registry *registry, struct sheet *sheet) {
  for (size_t i = 0; i < registry->handler_count; i++) {
    const struct handler *handler = registry->handlers[i];
    char calls[TEXT_SIZE] = "";
    for (int role = 0; role < ROLE__COUNT; role++)
      if (handler->uses & (UINT32_C(1) << role)) add_word(calls, "a ", role_names[role]);
    sheet_table(sheet, handler->name, handler->about, KEY_COLUMNS);
    sheet_fact(sheet, "calls", *calls ? calls : "no store: its result goes to the output topic");
    if (handler->forbids) add_anomalies(sheet, "rules out, of what the system's contract allows", handler->forbids);
    add_keys(sheet, handler->keys, handler->key_count);
  }
}

void data_stores(const struct registry *registry, struct sheet *sheet) {
  for (size_t i = 0; i < registry->store_count; i++) {
    const struct store *store = registry->stores[i];
    sheet_table(sheet, store->name, store->about, KEY_COLUMNS);
    sheet_fact(sheet, "slot", role_names[store->role]);
    add_verbs(sheet, store->verbs);
    add_keys(sheet, store->keys, store->key_count);
  }
}

void data_clients(const struct registry *registry, struct sheet *sheet) {
  for (size_t i = 0; i < registry->client_count; i++) {
    const struct client_policy *client = registry->clients[i];
    sheet_table(sheet, client->name, client->about, KEY_COLUMNS);
    add_keys(sheet, client->keys, client->key_count);
  }
}

void data_publishers(const struct registry *registry, struct sheet *sheet) {
  for (size_t i = 0; i < registry->publisher_count; i++) {
    const struct publisher *publisher = registry->publishers[i];
    sheet_table(sheet, publisher->name, publisher->about, KEY_COLUMNS);
    if (publisher->allows) add_anomalies(sheet, "adds to what the contract allows", publisher->allows);
    add_keys(sheet, publisher->keys, publisher->key_count);
  }
}
