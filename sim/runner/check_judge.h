/* What a run of a user's consumer left behind, against what it should have.
 *
 * Lines are `operation kind amount`. The reference is the clean run. In a variant, what is expected of its second
 * operation follows from the lines of the clean run without the variant: twins leave what the first one left, under
 * their own id; another tenant's operation leaves what it left before, under the first one's id; what is not to be
 * done leaves nothing. Lines without an operation (balances): where the clean run's amount is the sum of what the
 * operations on that account say, a variant's is to be the sum of what is wanted there; other lines without an
 * operation are taken from the variant's own clean run, and judged from there on. That run itself is to have what one
 * without the operation has that is not to be done.
 *
 *   missing                      lost_acked
 *   there more often, or a sum that one operation done twice explains      duplicate_effects
 *   of an operation that nobody wanted                                      phantoms
 *   another amount of an operation                                          misapplied
 *   another sum                                                             lost_acked where a missing one explains
 *                                                                           it, else state_errors
 *
 * The ledger's metrics count where the clean run had effects of its own there (EFFECT facts).
 */
#ifndef SIM_RUNNER_CHECK_JUDGE_H
#define SIM_RUNNER_CHECK_JUDGE_H

#include "sim/base/map.h"
#include "sim/oracle/metric.h"
#include "sim/runner/check.h"

/* What the facts of a run say of single operations. */
struct check_effects {
  struct map counts; /* by operation (its id can be any): effects that stand */
  uint64_t total;
};

/* Takes out lines whose kind differs between two clean runs, and names these kinds. Both are sorted. True: any
 * was. */
bool check_mask(struct effect_lines *lines, const struct effect_lines *other, char *out, size_t size);
/* Takes out lines of these kinds (NULL-terminated; NULL = none). */
void check_ignore(struct effect_lines *lines, const char *const *kinds);

/* Likewise of kinds as check_mask names them. */
void check_without(struct effect_lines *lines, const char *kinds);

/* Adds a kind to a list as check_mask makes one. */
void check_name(char *out, size_t size, const char *kind);
bool check_is_named(const char *kinds, const char *kind);

/* What a plug-in's own tables are keyed by are numbers. Kinds of lines in which every number is an account, and every
 * amount what the operations on it add up to, two of them at least on one account: balances. */
void check_find_accounts(const struct plan *plan, const struct effect_lines *clean, char *out, size_t size);
/* Calls them "account-3" in lines of these kinds. */
void check_name_accounts(struct effect_lines *lines, const char *kinds);
/* What the plan's operations on an account add up to. */
int64_t check_sum(const struct plan *plan, uint64_t account);

/* The clean run of a variant whose second operation is not to be done, against one without that operation: what is
 * there has to be here, too. Both are sorted. False: as check_lines. */
bool check_unwanted(const struct plan *plan, const struct effect_lines *without, const struct effect_lines *own,
                    struct check_outcome *out);
/* What is there when the second came first, and was done instead: of runs with the first alone, the second alone, and
 * both in their order. */
void check_instead(const struct effect_lines *first, const struct effect_lines *second, const struct effect_lines *own,
                   struct effect_lines *out);

/* A whole number, the whole text. False: it is none. */
bool check_number(const char *text, int64_t *out);

/* What a variant of the plan is to leave behind. `own`: of its own clean run, for what cannot be derived; NULL.
 * `other`: where the second of two operations with one id came first, and was done instead. */
void check_expect(const struct plan *plan, const struct effect_lines *clean, const struct effect_lines *own,
                  bool other, struct effect_lines *out);

/* Compares; both are sorted. False: anomaly, intent and evidence of *out are set. */
bool check_lines(const struct plan *plan, const struct effect_lines *expected, const struct effect_lines *found,
                 struct check_outcome *out);

/* The ledger's say. False likewise. */
bool check_ledger(const struct plan *plan, const int64_t metrics[METRIC__COUNT], const struct check_effects *effects,
                  struct check_outcome *out);

#endif
