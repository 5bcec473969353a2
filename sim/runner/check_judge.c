#include "sim/runner/check_judge.h"

#include "sim/base/assert.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Kinds that do not count --- */

static void take_out(struct effect_lines *lines, bool (*goes)(const void *, const char *kind),
                     const void *context) {
  struct effect_lines kept = {0};
  for (size_t i = 0; i < lines->count; i++)
    if (!goes(context, lines->items[i].kind))
      effect_lines_add(&kept, lines->items[i].operation, lines->items[i].kind, lines->items[i].amount);
  effect_lines_deinit(lines);
  *lines = kept;
}

static bool is_listed(const void *context, const char *kind) {
  for (const char *const *kinds = context; *kinds; kinds++)
    if (strcmp(*kinds, kind) == 0) return true;
  return false;
}

void check_ignore(struct effect_lines *lines, const char *const *kinds) {
  if (kinds) take_out(lines, is_listed, kinds);
}

static int compare(const struct effect_line *one, const struct effect_line *other) {
  int order = strcmp(one->operation, other->operation);
  if (order == 0) order = strcmp(one->kind, other->kind);
  return order ? order : strcmp(one->amount, other->amount);
}

static bool is_in(const void *context, const char *kind) {
  const char *list = context;
  size_t length = strlen(kind);
  if (length == 0) return false; /* it could not be told in a list */
  for (const char *at = list; (at = strstr(at, kind)) != NULL; at += length)
    if ((at == list || at[-1] == ' ') && (at[length] == ',' || at[length] == '\0')) return true;
  return false;
}

static void name_kind(char *out, size_t size, const char *kind) {
  if (kind[0] == '\0' || is_in(out, kind)) return;
  size_t length = strlen(out);
  snprintf(out + length, size - length, "%s%s", length ? ", " : "", kind);
}

void check_without(struct effect_lines *lines, const char *kinds) {
  if (kinds[0]) take_out(lines, is_in, kinds);
}

bool check_is_named(const char *kinds, const char *kind) { return is_in(kinds, kind); }
void check_name(char *out, size_t size, const char *kind) { name_kind(out, size, kind); }

bool check_mask(struct effect_lines *lines, const struct effect_lines *other, char *out, size_t size) {
  size_t a = 0, b = 0;
  out[0] = '\0';
  while (a < lines->count || b < other->count) {
    int order = a == lines->count   ? 1
                : b == other->count ? -1
                                    : compare(&lines->items[a], &other->items[b]);
    if (order < 0) name_kind(out, size, lines->items[a].kind);
    if (order > 0) name_kind(out, size, other->items[b].kind);
    a += order <= 0;
    b += order >= 0;
  }
  check_without(lines, out);
  return out[0] != '\0';
}

/* --- What is expected --- */

bool check_number(const char *text, int64_t *out) {
  char *end;
  errno = 0;
  *out = strtoll(text, &end, 10);
  return *text && *end == '\0' && errno == 0;
}

/* The account that a line without an operation is about, "account-3", or 0. */
static uint64_t account_of(const struct effect_line *line) {
  static const char word[] = "account-";
  const char *at = strstr(line->operation, word);
  if (!at) at = strstr(line->kind, word);
  return at ? strtoull(at + sizeof word - 1, NULL, 10) : 0;
}

/* "op-17" and nothing more: a key that a program has made of an operation and something else is its own affair. */
static bool has_operation(const struct effect_line *line) {
  const char *digits = line->operation + 3;
  return strncmp(line->operation, "op-", 3) == 0 && *digits && digits[strspn(digits, "0123456789")] == '\0';
}

/* What the operations on an account add up to. */
enum sum { SUM_PLAIN, SUM_VARIED, SUM_OTHER };

static bool in_sum(const struct plan *plan, uint64_t intent, enum sum which) {
  if (which != SUM_OTHER) return content_wanted(plan, intent);
  return intent != plan->content.first;
}

/* What says the same is about the same account: the second is about that of the first, wherever it belongs
 * without the variant. */
static uint32_t key_of(const struct plan *plan, uint64_t index, enum sum which) {
  const bool same = plan->content.variant == VARIANT_TWINS || plan->content.variant == VARIANT_CHANGED_PAYLOAD;
  const struct intent_plan *intents = plan->workload.intents;
  return same && which != SUM_PLAIN && intents[index].id == plan->content.second ? intents[0].key : intents[index].key;
}

static int64_t sum_of(const struct plan *plan, uint64_t account, enum sum which) {
  struct plan plain = *plan;
  if (which == SUM_PLAIN) plain.content.variant = VARIANT_NONE;
  int64_t sum = 0;
  for (uint64_t i = 0; i < plan->workload.messages; i++) {
    const struct intent_plan *intent = &plan->workload.intents[i];
    const struct content content = content_of(&plain, intent->id, key_of(plan, i, which));
    if (content.account == account && in_sum(&plain, intent->id, which)) sum += content.amount;
  }
  return sum;
}

int64_t check_sum(const struct plan *plan, uint64_t account) { return sum_of(plan, account, SUM_PLAIN); }

static bool is_balance(const struct plan *plan, const struct effect_line *line) {
  int64_t amount;
  const uint64_t account = account_of(line);
  return account && check_number(line->amount, &amount) && amount == sum_of(plan, account, SUM_PLAIN);
}

/* A line of an operation that the variant touches: what becomes of it. */
static void expect_operation(const struct plan *plan, const struct effect_line *line, bool other,
                             struct effect_lines *out) {
  const struct content_plan *rules = &plan->content;
  char first[PROGRAM_OPERATION_ROOM], second[PROGRAM_OPERATION_ROOM];
  program_operation(rules->first, first);
  program_operation(rules->second, second);
  const bool of_first = strcmp(line->operation, first) == 0, of_second = strcmp(line->operation, second) == 0;
  if (other && of_second) effect_lines_add(out, first, line->kind, line->amount);
  if (other ? !of_first && !of_second : !of_second) effect_lines_add(out, line->operation, line->kind, line->amount);
  if (rules->variant == VARIANT_TWINS && of_first) effect_lines_add(out, second, line->kind, line->amount);
  if (rules->variant == VARIANT_OTHER_TENANT && of_second) effect_lines_add(out, first, line->kind, line->amount);
}

/* Whether a line is expected as it is of the clean run: one of an operation, or a balance. */
static bool is_derived(const struct plan *plan, const struct effect_lines *clean, const struct effect_line *line) {
  if (has_operation(line)) return true;
  for (size_t i = 0; i < clean->count; i++) {
    const struct effect_line *known = &clean->items[i];
    if (strcmp(known->operation, line->operation) == 0 && strcmp(known->kind, line->kind) == 0)
      return is_balance(plan, known);
  }
  return false;
}

void check_expect(const struct plan *plan, const struct effect_lines *clean, const struct effect_lines *own,
                  bool other, struct effect_lines *out) {
  effect_lines_clear(out);
  for (size_t i = 0; i < clean->count; i++) {
    const struct effect_line *line = &clean->items[i];
    char amount[24];
    if (has_operation(line)) {
      expect_operation(plan, line, other, out);
    } else if (plan->content.variant == VARIANT_NONE) {
      effect_lines_add(out, line->operation, line->kind, line->amount);
    } else if (is_balance(plan, line)) {
      snprintf(amount, sizeof amount, "%" PRId64, sum_of(plan, account_of(line), other ? SUM_OTHER : SUM_VARIED));
      effect_lines_add(out, line->operation, line->kind, amount);
    }
  }
  for (size_t i = 0; own && plan->content.variant != VARIANT_NONE && i < own->count; i++)
    if (!is_derived(plan, clean, &own->items[i]))
      effect_lines_add(out, own->items[i].operation, own->items[i].kind, own->items[i].amount);
  effect_lines_sort(out);
}

/* --- Comparing --- */

static uint64_t intent_of(const char *operation) {
  return strncmp(operation, "op-", 3) == 0 ? strtoull(operation + 3, NULL, 10) : 0;
}

static bool found_wrong(struct check_outcome *out, enum anomaly anomaly, const struct effect_line *line,
                        const char *format, const char *a, const char *b) {
  char detail[200];
  snprintf(detail, sizeof detail, format, a, b);
  out->verdict = CHECK_FAILED;
  out->anomaly = anomaly;
  out->intent = intent_of(line->operation);
  out->of_lines = true;
  if (!has_operation(line) && !account_of(line)) snprintf(out->kind, sizeof out->kind, "%s", line->kind);
  snprintf(out->evidence, sizeof out->evidence, "%s%s%s: %s", line->operation, *line->operation ? " " : "",
           line->kind, detail);
  return false;
}

/* Lines of the same operation and kind, from `at` on. */
static size_t alike(const struct effect_lines *lines, size_t at, const struct effect_line *line) {
  size_t count = 0;
  while (at + count < lines->count && strcmp(lines->items[at + count].operation, line->operation) == 0 &&
         strcmp(lines->items[at + count].kind, line->kind) == 0)
    count++;
  return count;
}

/* Whether a sum is off by what one operation says. */
static bool off_by_one_operation(const struct plan *plan, int64_t by) {
  for (uint64_t i = 0; i < plan->workload.messages; i++) {
    const struct intent_plan *intent = &plan->workload.intents[i];
    if (content_of(plan, intent->id, intent->key).amount == by) return true;
  }
  return false;
}

static bool other_amount(const struct plan *plan, const struct effect_line *expected, const struct effect_line *found,
                         struct check_outcome *out) {
  int64_t wanted, is;
  enum anomaly anomaly = has_operation(expected) ? ANOMALY_MISAPPLIED : ANOMALY_STATE_ERRORS;
  if (check_number(expected->amount, &wanted) && check_number(found->amount, &is)) {
    int64_t more = 0; /* stays 0 where it is beyond all that operations say */
    if (__builtin_sub_overflow(is, wanted, &more)) more = 0;
    if (has_operation(expected) && wanted > 0 && more >= wanted && is % wanted == 0)
      anomaly = ANOMALY_DUPLICATE_EFFECTS;
    else if (!has_operation(expected) && more > 0 && off_by_one_operation(plan, more))
      anomaly = ANOMALY_DUPLICATE_EFFECTS;
    else if (!has_operation(expected) && more < 0 && more > INT64_MIN && off_by_one_operation(plan, -more))
      anomaly = ANOMALY_LOST_ACKED;
  }
  return found_wrong(out, anomaly, expected, "%s instead of %s", found->amount, expected->amount);
}

/* A balance of an account that nothing was done to: its row may as well not be there. */
static bool is_nothing(const struct effect_line *line, size_t count) {
  return count == 1 && account_of(line) && !has_operation(line) && strcmp(line->amount, "0") == 0;
}

/* Lines of one operation and kind: so many are expected, so many are there. */
static bool compare_alike(const struct plan *plan, const struct effect_line *expected, size_t expected_count,
                          const struct effect_line *found, size_t found_count, struct check_outcome *out) {
  char a[24], b[24];
  snprintf(a, sizeof a, "%zu", found_count);
  snprintf(b, sizeof b, "%zu", expected_count);
  if (found_count == 0 ? is_nothing(expected, expected_count) : expected_count == 0 && is_nothing(found, found_count))
    return true;
  if (found_count == 0)
    return found_wrong(out, ANOMALY_LOST_ACKED, expected, "%s instead of %s", "nothing", expected->amount);
  if (expected_count == 0)
    return found_wrong(out, ANOMALY_PHANTOMS, found, "%s, and nothing is expected%s", found->amount, "");
  if (found_count > expected_count)
    return found_wrong(out, ANOMALY_DUPLICATE_EFFECTS, found, "%s times instead of %s", a, b);
  if (found_count < expected_count)
    return found_wrong(out, ANOMALY_LOST_ACKED, found, "%s times instead of %s", a, b);
  for (size_t i = 0; i < found_count; i++)
    if (strcmp(expected[i].amount, found[i].amount) != 0)
      return other_amount(plan, &expected[i], &found[i], out);
  return true;
}

/* Of lines with an operation, or of those without. */
static bool compare_lines(const struct plan *plan, const struct effect_lines *expected,
                          const struct effect_lines *found, bool of_operations, struct check_outcome *out) {
  size_t a = 0, b = 0;
  while (a < expected->count || b < found->count) {
    const struct effect_line *one = a < expected->count ? &expected->items[a] : NULL;
    const struct effect_line *other = b < found->count ? &found->items[b] : NULL;
    int order = 0;
    if (!one || !other) order = one ? -1 : 1;
    if (order == 0) order = strcmp(one->operation, other->operation);
    if (order == 0) order = strcmp(one->kind, other->kind);
    const struct effect_line *line = order <= 0 ? one : other;
    ASSERT(line);
    const size_t expected_count = order <= 0 ? alike(expected, a, line) : 0;
    const size_t found_count = order >= 0 ? alike(found, b, line) : 0;
    if (has_operation(line) == of_operations &&
        !compare_alike(plan, one, expected_count, other, found_count, out))
      return false;
    a += expected_count;
    b += found_count;
  }
  return true;
}

/* What names an operation says more. */
bool check_lines(const struct plan *plan, const struct effect_lines *expected, const struct effect_lines *found,
                 struct check_outcome *out) {
  return compare_lines(plan, expected, found, true, out) && compare_lines(plan, expected, found, false, out);
}

/* --- The ledger --- */

/* In this order: what is worst names the case. */
static const enum anomaly judged[] = {
    ANOMALY_DUPLICATE_EFFECTS, ANOMALY_LOST_ACKED,  ANOMALY_LOST_UNACKED,       ANOMALY_PHANTOMS,
    ANOMALY_MISAPPLIED,        ANOMALY_STATE_ERRORS, ANOMALY_FALSE_SUPPRESSIONS, ANOMALY_STALE_OVERWRITES,
    ANOMALY_STORE_DISAGREEMENTS, ANOMALY_STUCK,     ANOMALY_DEAD_LETTERED,
};

static uint64_t stand(const struct check_effects *effects, uint64_t intent) {
  const uint64_t *count = map_get(&effects->counts, intent);
  return count ? *count : 0;
}

static uint64_t suspect(const struct plan *plan, const struct check_effects *effects, enum anomaly anomaly) {
  const bool doubled = anomaly == ANOMALY_DUPLICATE_EFFECTS;
  for (uint64_t i = 0; i < plan->workload.messages; i++) {
    const uint64_t id = plan->workload.intents[i].id;
    const uint64_t count = stand(effects, id);
    if (doubled ? count > 1 : count == 0 && content_wanted(plan, id)) return id;
  }
  return 0;
}

/* Of two messages with one id, that which came first is done. False: the other one is, too. */
static bool judge_unwanted(const struct plan *plan, const struct check_effects *effects, int64_t *out_missing,
                           struct check_outcome *out) {
  const uint64_t first = plan->content.first, second = plan->content.second;
  *out_missing = second && !content_wanted(plan, second);
  const bool instead = plan->content.variant == VARIANT_CHANGED_PAYLOAD && stand(effects, first) == 0;
  if (*out_missing == 0 || stand(effects, second) == 0 || instead) return true;
  out->verdict = CHECK_FAILED;
  out->anomaly = ANOMALY_MISAPPLIED;
  out->intent = second;
  snprintf(out->evidence, sizeof out->evidence, "operation %" PRIu64 " was done, and is not to be", second);
  return false;
}

bool check_ledger(const struct plan *plan, const int64_t metrics[METRIC__COUNT], const struct check_effects *effects,
                  struct check_outcome *out) {
  int64_t missing; /* so many may be, whatever became of them */
  if (!judge_unwanted(plan, effects, &missing, out)) return false;
  for (size_t i = 0; i < sizeof judged / sizeof *judged; i++) {
    const enum anomaly anomaly = judged[i];
    int64_t count = metrics[metric_find(anomaly_names[anomaly])];
    const bool absent = anomaly == ANOMALY_LOST_ACKED || anomaly == ANOMALY_LOST_UNACKED ||
                        anomaly == ANOMALY_STUCK || anomaly == ANOMALY_DEAD_LETTERED ||
                        anomaly == ANOMALY_FALSE_SUPPRESSIONS;
    if (count == 0 || (absent && count <= missing)) continue;
    if (missing && anomaly == ANOMALY_STATE_ERRORS && metrics[METRIC_STATE_LOST] == count) continue;
    out->verdict = CHECK_FAILED;
    out->anomaly = anomaly;
    out->intent = suspect(plan, effects, anomaly);
    snprintf(out->evidence, sizeof out->evidence, "%s = %" PRId64, anomaly_names[anomaly], count);
    if (out->intent) {
      size_t length = strlen(out->evidence);
      snprintf(out->evidence + length, sizeof out->evidence - length, " (operation %" PRIu64 ")", out->intent);
    }
    return false;
  }
  return true;
}
