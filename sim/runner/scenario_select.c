/* Names of nodes (`consumer.1`, `broker.leader`), links (`producer.any_to_broker`) and points. */
#include "sim/runner/scenario_reader.h"

#include "sim/world/world.h"

#include <stdlib.h>
#include <string.h>

static const char *const which_words[] = {
    [WHICH_ANY] = "any",           [WHICH_ALL] = "all",       [WHICH_MINORITY] = "minority",
    [WHICH_MAJORITY] = "majority", [WHICH_LEADER] = "leader",
    [WHICH_COORDINATOR] = "coordinator",
};
#define WHICH_WORDS (sizeof which_words / sizeof *which_words)

const char *select_which(size_t index) {
  for (size_t i = 0; i < WHICH_WORDS; i++)
    if (which_words[i] && index-- == 0) return which_words[i];
  return NULL;
}

/* ---- nodes ---- */

static int role_of(const char *name, size_t length) {
  for (int r = 0; r < ROLE__COUNT; r++)
    if (strlen(role_names[r]) == length && memcmp(role_names[r], name, length) == 0) return r;
  return -1;
}

static bool fail_role(struct reader *reader, const struct yaml_node *at, const char *name) {
  struct words words = {.count = 0};
  for (int r = 0; r < ROLE__COUNT; r++)
    if (r != ROLE_CLIENT) words_add(&words, role_names[r]); /* there are none */
  for (size_t i = 0; i < reader->group_count; i++) words_add(&words, reader->groups[i].name);
  words_add(&words, PLAN_SERVICE_DATABASE);
  reader_fail(reader, at, ERR_UNKNOWN_NAME, "unknown role '%s'%s", name,
              reader_hint(reader, name, &words));
  return err_note(reader->err, "one of: %s", words_join(reader, &words));
}

/* Nodes of a role in the topology, and whether any row puts something there. */
static uint32_t role_count(const struct reader *reader, enum role role) {
  return reader->scenario->plans[0].counts[role];
}

static bool role_runs(const struct reader *reader, enum role role) {
  for (size_t i = 0; i < reader->row_count; i++)
    if (role == ROLE_DATABASE || world_nodes_of(&reader->scenario->plans[i], role) > 0) return true;
  return false;
}

/* A group's nodes, or its database: what stands before the dot. Returns whether it is one. */
static bool is_group(const struct reader *reader, const char *name, struct selector_item *out) {
  const struct plan *plan = &reader->scenario->plans[0];
  for (uint32_t i = 0; i < plan->group_count; i++) {
    const struct group_plan *group = &plan->groups[i];
    if (strcmp(group->name, name) == 0)
      *out = (struct selector_item){.role = ROLE_CONSUMER, .word = group->name,
                                    .offset = group->first, .count = group->consumers};
    else if (strcmp(group->database_name, name) == 0)
      *out = (struct selector_item){.role = ROLE_DATABASE, .word = group->database_name, .offset = i,
                                    .count = 1};
    else if (strcmp(group->cache_name, name) == 0)
      *out = (struct selector_item){.role = ROLE_CACHE, .word = group->cache_name, .offset = i,
                                    .count = 1};
    else
      continue;
    return true;
  }
  return false;
}

/* The database of the producers' service. */
static bool is_service(const struct reader *reader, const char *name, struct selector_item *out) {
  if (strcmp(name, PLAN_SERVICE_DATABASE) != 0) return false;
  *out = (struct selector_item){.role = ROLE_DATABASE, .word = PLAN_SERVICE_DATABASE, .count = 1,
                                .offset = reader->scenario->plans[0].counts[ROLE_DATABASE]};
  return true;
}

static const char *item_word(const struct selector_item *item) {
  return item->word ? item->word : role_names[item->role];
}

static bool check_role(struct reader *reader, const struct yaml_node *at, const struct selector_item *item) {
  enum role role = item->role;
  bool any = !item->word || strcmp(item->word, PLAN_SERVICE_DATABASE) != 0 || reader->one_run;
  for (size_t i = 0; i < reader->row_count; i++)
    any = any || plan_services(&reader->scenario->plans[i]) > 0;
  if (!any)
    return reader_fail(reader, at, ERR_BAD_SELECTOR, "there is no %s: no row's publisher has one", item->word);
  if (role_count(reader, role) == 0)
    return reader_fail(reader, at, ERR_BAD_SELECTOR, "there is no %s: topology has 0 %ss",
                       role_names[role], role_names[role]);
  if (!role_runs(reader, role) && !reader->one_run)
    return reader_fail(reader, at, ERR_BAD_SELECTOR, "there is no %s: no row's %s has one",
                       role_names[role], plan_store(&reader->scenario->plans[0], role) ? "handler" : "system");
  return true;
}

static bool parse_index(struct reader *reader, const struct yaml_node *at, const char *digits,
                        struct selector_item *out) {
  uint32_t count = out->word ? out->count : role_count(reader, out->role);
  const char *role = item_word(out);
  const struct plan *plan = &reader->scenario->plans[0];
  const char *own = plan->groups ? group_node_name(&plan->groups[0], out->role) : NULL;
  if (own && !out->word) {
    reader_fail(reader, at, ERR_BAD_SELECTOR, "there is no %s.%s: the file has 'groups'", role, digits);
    return err_note(reader->err, "write %s.1, or %s.any", own, role);
  }
  bool good = digits[0] != '0' && strlen(digits) <= 9;
  uint32_t index = good ? (uint32_t)strtoul(digits, NULL, 10) : 0;
  if (!good || index > count) {
    const char *nodes = pool_print(reader->pool, "%s%s", role, count == 1 ? "" : "s");
    bool service = out->word && strcmp(out->word, PLAN_SERVICE_DATABASE) == 0;
    const char *owner = service ? "the service" : out->word ? "the group" : "topology";
    if (out->word) nodes = count == 1 ? "node" : "nodes";
    return reader_fail(reader, at, ERR_BAD_SELECTOR, "there is no %s.%s: %s has %u %s", role, digits,
                       owner, count, nodes);
  }
  out->which = WHICH_INDEX;
  out->index = index;
  return true;
}

/* `leader` and `coordinator` are who the system says. */
static bool check_which(struct reader *reader, const struct yaml_node *at,
                        const struct selector_item *item) {
  if (item->which != WHICH_LEADER && item->which != WHICH_COORDINATOR) return true;
  const char *word = which_words[item->which];
  if (item->role != ROLE_BROKER)
    return reader_fail(reader, at, ERR_BAD_SELECTOR, "only brokers have a %s", word);
  if (item->which == WHICH_LEADER || reader->one_run) return true;
  for (size_t i = 0; i < reader->row_count; i++)
    if (reader->scenario->plans[i].system->coordinator) return true;
  return reader_fail(reader, at, ERR_BAD_SELECTOR, "there is no %s: no row's system has one", word);
}

static bool parse_which(struct reader *reader, const struct yaml_node *at, const char *word,
                        struct selector_item *out) {
  if (*word && strspn(word, "0123456789") == strlen(word))
    return parse_index(reader, at, word, out);
  struct words words = {.count = 0};
  for (size_t i = 0; i < WHICH_WORDS; i++) {
    if (!which_words[i]) continue;
    words_add(&words, which_words[i]);
    if (strcmp(which_words[i], word) != 0) continue;
    out->which = (enum selector_which)i;
    return check_which(reader, at, out);
  }
  const char *role = item_word(out);
  reader_fail(reader, at, ERR_BAD_SELECTOR, "unknown '%s' in '%s.%s'%s", word, role, word,
              reader_hint(reader, word, &words));
  return err_note(reader->err, "write a number, any, all, minority or majority; leader or coordinator of "
                               "brokers");
}

/* Which, and not of what. */
static bool is_bare_which(const char *name) {
  for (size_t i = 0; i < WHICH_WORDS; i++)
    if (which_words[i] && strcmp(which_words[i], name) == 0) return true;
  return *name && strspn(name, "0123456789") == strlen(name);
}

static bool fail_bare_which(struct reader *reader, const struct yaml_node *at, const char *name) {
  const bool broker = strcmp(name, which_words[WHICH_LEADER]) == 0 || strcmp(name, which_words[WHICH_COORDINATOR]) == 0;
  reader_fail(reader, at, ERR_BAD_SELECTOR, "'%s' does not say of what", name);
  return err_note(reader->err, "write ROLE.WHICH, such as %s.%s", broker ? role_names[ROLE_BROKER] : role_names[ROLE_CONSUMER],
                  name);
}

/* ROLE.WHICH; `text` is not always the whole scalar (see select_link). */
static bool parse_item(struct reader *reader, const struct yaml_node *at, const char *text,
                       struct selector_item *out) {
  size_t length = strcspn(text, ".");
  const char *name = pool_text(reader->pool, text, length);
  int role = role_of(name, length);
  if (role >= 0)
    *out = (struct selector_item){.role = (enum role)role};
  else if (!is_group(reader, name, out) && !is_service(reader, name, out))
    return is_bare_which(name) ? fail_bare_which(reader, at, name) : fail_role(reader, at, name);
  if (text[length] == '\0') {
    reader_fail(reader, at, ERR_BAD_SELECTOR, "'%s' does not say which", name);
    return err_note(reader->err, "write %s.1, %s.any or %s.all", name, name, name);
  }
  return check_role(reader, at, out) && parse_which(reader, at, text + length + 1, out);
}

bool select_nodes(struct reader *reader, const struct yaml_node *node, bool this_allowed,
                  struct selector *out) {
  size_t count = node->kind == YAML_KIND_LIST ? node->count : 1;
  out->count = 0;
  if (count == 0) return reader_fail(reader, node, ERR_BAD_SELECTOR, "an empty list of nodes");
  if (count > PLAN_SELECTOR_MAX)
    return reader_fail(reader, node, ERR_LIMIT, "a list of nodes has at most %d entries",
                       PLAN_SELECTOR_MAX);
  for (size_t i = 0; i < count; i++) {
    const struct yaml_node *item = node->kind == YAML_KIND_LIST ? node->items[i] : node;
    if (!reader_is(reader, item, YAML_KIND_SCALAR, "a node")) return false;
    if (strcmp(item->text, "this") == 0) {
      if (!this_allowed || count > 1)
        return reader_fail(reader, item, ERR_BAD_SELECTOR, "'this' cannot stand here");
      out->items[out->count++] = (struct selector_item){.which = WHICH_THIS};
    } else if (!parse_item(reader, item, item->text, &out->items[out->count++])) {
      return false;
    }
  }
  return true;
}

static const char *format_item(struct pool *pool, const struct selector_item *item) {
  if (item->which == WHICH_THIS) return "this";
  if (item->which == WHICH_INDEX)
    return pool_print(pool, "%s.%u", item_word(item), item->index);
  return pool_print(pool, "%s.%s", item_word(item), which_words[item->which]);
}

const char *select_format(struct pool *pool, const struct selector *selector) {
  const char *text = "";
  for (uint32_t i = 0; i < selector->count; i++)
    text = pool_print(pool, "%s%s%s", text, i ? ", " : "", format_item(pool, &selector->items[i]));
  return selector->count == 1 ? text : pool_print(pool, "[%s]", text);
}

/* ---- links ---- */

const char *link_hint(struct reader *reader, const char *name, const struct words *words) {
  const char *middle = strstr(name, "_to_");
  const char *turned = middle ? pool_print(reader->pool, "%s_to_%.*s", middle + 4, (int)(middle - name), name) : "";
  for (int i = 0; i < LINK__COUNT; i++)
    if (strcmp(link_rows[i].name, turned) == 0) return reader_hint(reader, turned, words);
  return reader_hint(reader, name, words);
}

static bool fail_link_name(struct reader *reader, const struct yaml_node *at, const char *name) {
  if (link_is_later(name))
    return reader_fail(reader, at, ERR_NOT_HERE, "link '%s' is not in this version yet", name);
  struct words words = {.count = 0};
  for (int i = 0; i < LINK__COUNT; i++) words_add(&words, link_rows[i].name);
  reader_fail(reader, at, ERR_BAD_SELECTOR, "unknown link '%s'%s", name, link_hint(reader, name, &words));
  return err_note(reader->err, "from who connects to who answers, such as consumer_to_broker or "
                                "producer.any_to_broker");
}

bool select_link(struct reader *reader, const struct yaml_node *node, struct selector *out_from,
                 enum link *out_link) {
  if (!reader_is(reader, node, YAML_KIND_SCALAR, "a link")) return false;
  const char *text = node->text, *middle = strstr(text, "_to_");
  if (!middle) return fail_link_name(reader, node, text);
  const char *from = pool_text(reader->pool, text, (size_t)(middle - text));
  const char *whose = pool_text(reader->pool, from, strcspn(from, "."));
  struct selector_item group;
  if (is_group(reader, whose, &group)) {
    if (!strchr(from, '.')) from = pool_print(reader->pool, "%s.all", from);
    whose = role_names[group.role];
  }
  const char *name = pool_print(reader->pool, "%s%s", whose, middle);
  int link = 0;
  while (link < LINK__COUNT && strcmp(link_rows[link].name, name) != 0) link++;
  if (link == LINK__COUNT) return fail_link_name(reader, node, name);
  bool used = reader->one_run;
  for (size_t i = 0; i < reader->row_count; i++)
    used = used || scenario_link_used(&reader->scenario->plans[i], (enum link)link);
  if (!used) return reader_fail(reader, node, ERR_BAD_SELECTOR, "no row uses link '%s'", name);
  *out_link = (enum link)link;
  out_from->count = 1;
  if (strchr(from, '.')) return parse_item(reader, node, from, &out_from->items[0]);
  out_from->items[0] = (struct selector_item){.which = WHICH_ALL, .role = link_rows[link].from};
  return true;
}

const char *select_format_link(struct pool *pool, const struct selector *from, enum link link) {
  const char *middle = strstr(link_rows[link].name, "_to_");
  return pool_print(pool, "%s%s", format_item(pool, &from->items[0]), middle);
}

/* ---- points ---- */

uint32_t point_number(const struct system *system, const char *name) {
  for (uint32_t i = POINT_NONE + 1; i < POINT_GENERIC__COUNT; i++)
    if (strcmp(generic_points[i].name, name) == 0) return i;
  for (size_t i = 0; i < system->point_count; i++)
    if (strcmp(system->points[i].name, name) == 0) return POINT_GENERIC__COUNT + (uint32_t)i;
  return POINT_NONE;
}

/* The first system that there is with such a point, or NULL. */
static const struct system *has_point(const struct reader *reader, const char *name) {
  for (size_t i = 0; i < reader->registry->system_count; i++)
    if (point_number(reader->registry->systems[i], name) != POINT_NONE) return reader->registry->systems[i];
  return NULL;
}

bool select_point(struct reader *reader, const struct yaml_node *node, struct fault_plan *fault,
                  struct fault_reading *reading) {
  if (!reader_is(reader, node, YAML_KIND_SCALAR, "when")) return false;
  const char *name = node->text;
  fault->before = strncmp(name, "before ", 7) == 0;
  if (fault->before) name += 7 + strspn(name + 7, " ");
  reading->point = name;
  struct words words = {.count = 0};
  for (uint32_t i = POINT_NONE + 1; i < POINT_GENERIC__COUNT; i++)
    words_add(&words, generic_points[i].name);
  for (size_t row = 0; row < reader->row_count; row++) {
    const struct system *system = reader->scenario->plans[row].system;
    uint32_t number = point_number(system, name);
    for (size_t i = 0; i < system->point_count; i++) words_add(&words, system->points[i].name);
    if (number == POINT_NONE) continue;
    fault->point = number;
    reading->own_point = number >= POINT_GENERIC__COUNT;
    return true;
  }
  const struct system *elsewhere = has_point(reader, name);
  if (elsewhere && !reader->one_run)
    return reader_fail(reader, node, ERR_BAD_SELECTOR, "no row's system has a point '%s' (it belongs to '%s')", name,
                       elsewhere->name);
  if (elsewhere) {
    fault->point = POINT_NONE;
    reading->own_point = true;
    return true;
  }
  reader_fail(reader, node, ERR_UNKNOWN_NAME, "unknown point '%s'%s", name,
              reader_hint(reader, name, &words));
  return err_note(reader->err, "dgsim list points shows all");
}

static bool asks_the_system(const struct selector *selector) {
  for (uint32_t i = 0; i < selector->count; i++)
    if (selector->items[i].which == WHICH_LEADER || selector->items[i].which == WHICH_COORDINATOR)
      return true;
  return false;
}

bool scenario_fault_is_unpaired(const struct fault_plan *fault) {
  return fault->nth || asks_the_system(&fault->target) || asks_the_system(&fault->from) ||
         asks_the_system(&fault->when_node);
}
