/* What messages say: the part of a message that no broker reads, and a user's own program does.
 *
 * Operation n says: account (its key), amount (10 n), tenant 1, its id n. The body is the scenario's text with
 * `{intent}`, `{account}`, `{amount}` and `{tenant}` filled in. A variant changes what one of two operations,
 * the first and the second of the run, says:
 *
 *   twins            the second says what the first says but for its id: two operations, both wanted
 *   other-tenant     the second has the id of the first, and is another tenant's: both wanted
 *   changed-payload  the second has the id of the first and another amount: it is not to be done
 *   poison           the second's body cannot be read: it is not to be done
 *
 * [I1] What a copy of a message says depends on the operation alone: every delivery says the same.
 */
#ifndef SIM_WORLD_CONTENT_H
#define SIM_WORLD_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan;

#define VARIANTS(X)                                                                                \
  X(NONE, "none")                                                                                  \
  X(TWINS, "twins")                                                                                \
  X(OTHER_TENANT, "other-tenant")                                                                  \
  X(CHANGED_PAYLOAD, "changed-payload")                                                            \
  X(POISON, "poison")

enum variant {
#define X(id, name) VARIANT_##id,
  VARIANTS(X)
#undef X
      VARIANT__COUNT
};
extern const char *const variant_names[VARIANT__COUNT];

struct content_plan {
  const char *body; /* template; NULL = CONTENT_BODY */
  enum variant variant;
  uint64_t first, second; /* operations, of a variant; 0 = the run has none */
};

#define CONTENT_BODY "{\"account\":\"account-{account}\",\"amount\":{amount}}"
#define CONTENT_AMOUNT 10 /* of operation 1; of operation n, n times that */

struct content {
  uint64_t id, tenant, account;
  int64_t amount;
};

/* What operation `intent` with this key says. */
struct content content_of(const struct plan *plan, uint64_t intent, uint64_t key);
/* Whether the operation is to have its effect. */
bool content_wanted(const struct plan *plan, uint64_t intent);

/* Bytes that every body of the plan fits into, with its NUL. */
size_t content_body_room(const struct plan *plan);
/* Writes the body of an operation; returns its length. */
size_t content_body(const struct plan *plan, uint64_t intent, const struct content *content, char *out);

#endif
