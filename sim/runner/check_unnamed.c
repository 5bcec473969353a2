/* Lines that name neither an operation nor an account in words: what can be known of them. */
#include "sim/base/assert.h"
#include "sim/runner/check_judge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Balances under numbers --- */

static unsigned operations_on(const struct plan *plan, uint64_t account) {
  unsigned count = 0;
  for (uint64_t i = 0; i < plan->workload.messages; i++) count += plan->workload.intents[i].key == account;
  return count;
}

static bool is_balance(const struct plan *plan, const struct effect_line *line, bool *several) {
  int64_t account, amount;
  if (!check_number(line->operation, &account) || account < 1 || !check_number(line->amount, &amount)) return false;
  const unsigned operations = operations_on(plan, (uint64_t)account);
  *several |= operations > 1;
  return operations > 0 && amount == check_sum(plan, (uint64_t)account);
}

void check_find_accounts(const struct plan *plan, const struct effect_lines *clean, char *out, size_t size) {
  out[0] = '\0';
  for (size_t i = 0; i < clean->count; i++) {
    const char *kind = clean->items[i].kind;
    bool all = true, several = false;
    for (size_t j = 0; j < clean->count && all; j++)
      if (strcmp(clean->items[j].kind, kind) == 0) all = is_balance(plan, &clean->items[j], &several);
    if (all && several) check_name(out, size, kind);
  }
}

void check_name_accounts(struct effect_lines *lines, const char *kinds) {
  for (size_t i = 0; kinds[0] && i < lines->count; i++) {
    struct effect_line *line = &lines->items[i];
    int64_t account;
    char *name;
    if (!check_is_named(kinds, line->kind) || !check_number(line->operation, &account)) continue;
    ASSERT(asprintf(&name, "account-%" PRId64, account) > 0);
    free(line->operation);
    line->operation = name;
  }
}

/* --- What is not to be done --- */

static bool has_kind_of(const struct effect_lines *lines, const struct effect_line *line) {
  for (size_t i = 0; i < lines->count; i++)
    if (strcmp(lines->items[i].operation, line->operation) == 0 && strcmp(lines->items[i].kind, line->kind) == 0)
      return true;
  return false;
}

/* What `own` has besides: what an operation leaves that is not done, such as a row that says that it was rejected. */
static void add_more(struct effect_lines *out, const struct effect_lines *own, const struct effect_lines *than) {
  for (size_t i = 0; i < own->count; i++)
    if (!has_kind_of(than, &own->items[i]))
      effect_lines_add(out, own->items[i].operation, own->items[i].kind, own->items[i].amount);
}

static void add_all(struct effect_lines *out, const struct effect_lines *from) {
  for (size_t i = 0; i < from->count; i++)
    effect_lines_add(out, from->items[i].operation, from->items[i].kind, from->items[i].amount);
}

bool check_unwanted(const struct plan *plan, const struct effect_lines *without, const struct effect_lines *own,
                    struct check_outcome *out) {
  struct effect_lines both = {0};
  add_more(&both, own, without);
  add_all(&both, without);
  effect_lines_sort(&both);
  const bool same = check_lines(plan, &both, own, out);
  effect_lines_deinit(&both);
  if (same) return true;
  out->anomaly = ANOMALY_MISAPPLIED;
  out->intent = plan->content.second;
  return false;
}

void check_instead(const struct effect_lines *first, const struct effect_lines *second, const struct effect_lines *own,
                   struct effect_lines *out) {
  add_more(out, own, first);
  add_all(out, second);
}
