/* Every state x message cell of every component is handled, or is a protocol breach: the message is for
 * another role, as the point says at which it is received; or tests/models/breaches.csv names the cell with
 * the reason why it cannot happen. That a breach stops the run by name is tests/world/test_world's to say. */
#include "tests/system/rig.h"

#define BREACHES_MAX 400
#define COMPONENTS_MAX 64

struct breach {
  char component[32], stage[32], message[40], why[200]; /* stage, message: "*" = each */
  unsigned used;
};

static struct breach breaches[BREACHES_MAX];
static size_t breach_count;

static void read_breaches(void) {
  FILE *file = fopen("tests/models/breaches.csv", "r");
  ck_assert_ptr_nonnull(file);
  char line[400];
  ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
  ck_assert_str_eq(line, "component,stage,message,why\n");
  while (fgets(line, sizeof line, file)) {
    ck_assert_uint_lt(breach_count, BREACHES_MAX);
    struct breach *breach = &breaches[breach_count++];
    int fields = sscanf(line, "%31[^,],%31[^,],%39[^,],%199[^\n]", breach->component,
                        breach->stage, breach->message, breach->why);
    ck_assert_msg(fields == 4, "breaches.csv: %s", line);
  }
  fclose(file);
}

static bool matches(const char *pattern, const char *name) {
  return strcmp(pattern, "*") == 0 || strcmp(pattern, name) == 0;
}

static bool named(const char *component, const char *stage, const char *message) {
  bool found = false;
  for (size_t i = 0; i < breach_count; i++) {
    struct breach *breach = &breaches[i];
    bool fits = strcmp(breach->component, component) == 0 && matches(breach->stage, stage) &&
                matches(breach->message, message);
    breach->used += fits;
    found |= fits;
  }
  return found;
}

struct part {
  const struct component *component;
  const struct system *system;
  enum role role;
};

static bool for_another(const struct part *part, const struct message_kind *kind) {
  uint32_t point = kind->received;
  if (point == POINT_NONE) return false;
  const struct point_row *row = point < POINT_GENERIC__COUNT
                                    ? &generic_points[point]
                                    : &part->system->points[point - POINT_GENERIC__COUNT];
  return row->role != part->role;
}

static unsigned check(const struct part *part) {
  const struct component *component = part->component;
  unsigned missing = 0;
  for (unsigned stage = 0; stage < component->stage_count; stage++)
    for (unsigned kind = 0; kind < component->message_count; kind++) {
      const char *message = component->messages[kind].name;
      const char *name = component->stage_names ? component->stage_names[stage] : "-";
      ck_assert_msg(message && name, "%s has a cell without a name", component->name);
      if (component->on[stage * component->message_count + kind]) continue;
      if (for_another(part, &component->messages[kind])) continue;
      if (named(component->name, name, message)) continue;
      fprintf(stderr, "%s,%s,%s,\n", component->name, name, message);
      missing++;
    }
  return missing;
}

struct parts {
  struct part items[COMPONENTS_MAX];
  size_t count;
};

static void add(struct parts *parts, const struct component *component, const struct system *system,
                enum role role) {
  if (!component) return;
  for (size_t i = 0; i < parts->count; i++)
    if (parts->items[i].component == component) return;
  ck_assert_uint_lt(parts->count, COMPONENTS_MAX);
  parts->items[parts->count++] = (struct part){component, system, role};
}

START_TEST(each_cell_is_handled_or_a_breach_by_name) {
  struct parts parts = {.count = 0};
  unsigned missing = 0;
  read_breaches();
  for (size_t i = 0; i < registry_system_count; i++) {
    const struct system *system = registry_systems[i];
    for (int role = 0; role < ROLE__COUNT; role++)
      add(&parts, system->components[role], system, (enum role)role);
    add(&parts, system->host, system, ROLE_CONSUMER);
    for (size_t j = 0; j < registry_store_count; j++)
      add(&parts, registry_stores[j]->component, system, registry_stores[j]->role);
  }
  for (size_t i = 0; i < registry_publisher_count; i++) {
    add(&parts, registry_publishers[i]->application, registry_systems[0], ROLE_PRODUCER);
    add(&parts, registry_publishers[i]->relay, registry_systems[0], ROLE_RELAY);
  }
  for (size_t i = 0; i < parts.count; i++) missing += check(&parts.items[i]);
  ck_assert_msg(missing == 0, "%u cells are neither handled nor in tests/models/breaches.csv", missing);
  for (size_t i = 0; i < breach_count; i++)
    ck_assert_msg(breaches[i].used > 0, "breaches.csv: %s, %s, %s is no breach",
                  breaches[i].component, breaches[i].stage, breaches[i].message);
}
END_TEST

int main(void) {
  TCase *tests = tcase_create("cells");
  tcase_add_test(tests, each_cell_is_handled_or_a_breach_by_name);
  return rig_main(suite_create("system/cells"), tests);
}
