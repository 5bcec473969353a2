#include "models/store/isolation.h"

#include "models/mutants.h"
#include "sim/base/grow.h"

#include <stdlib.h>

void isolation_clear(struct isolation *isolation, bool serializable) {
  map_clear(&isolation->changed);
  isolation->count = 0;
  isolation->free_list = SESSION_NONE;
  isolation->commits = 0;
  isolation->serializable = serializable && !MUTANT(DATABASE_NOT_SERIALIZABLE);
}

void isolation_free(struct isolation *isolation) {
  map_deinit(&isolation->changed);
  free(isolation->touches);
  *isolation = (struct isolation){0};
}

static bool changed_since(const struct isolation *isolation, uint64_t row, uint64_t snapshot) {
  const uint64_t *last = map_get(&isolation->changed, row);
  return last && *last > snapshot;
}

bool isolation_touch(struct isolation *isolation, struct transaction *transaction, uint32_t table,
                     uint64_t key) {
  if (!isolation->serializable) return true;
  uint64_t row = sessions_row(table, key);
  uint32_t index = isolation->free_list;
  if (index != SESSION_NONE) {
    isolation->free_list = isolation->touches[index].next;
  } else {
    index = isolation->count++;
    GROW(isolation->touches, isolation->capacity, isolation->count);
  }
  isolation->touches[index] = (struct touch){.row = row, .next = transaction->first_touch};
  transaction->first_touch = index;
  return !changed_since(isolation, row, transaction->snapshot);
}

static bool writes(const struct sessions *sessions, const struct transaction *transaction, uint64_t row) {
  for (uint32_t i = transaction->first_write; i != SESSION_NONE; i = sessions->writes[i].next)
    if (sessions_row(sessions->writes[i].table, sessions->writes[i].key) == row) return true;
  return false;
}

/* What stands before it in the queue commits before it. */
static bool will_change(const struct sessions *sessions, uint64_t row) {
  for (uint32_t i = sessions->first_commit; i != SESSION_NONE; i = sessions->transactions[i].next)
    if (writes(sessions, &sessions->transactions[i], row)) return true;
  return false;
}

bool isolation_allows(const struct isolation *isolation, const struct sessions *sessions,
                      const struct transaction *transaction) {
  if (!isolation->serializable) return true;
  for (uint32_t i = transaction->first_touch; i != SESSION_NONE; i = isolation->touches[i].next) {
    uint64_t row = isolation->touches[i].row;
    if (changed_since(isolation, row, transaction->snapshot) || will_change(sessions, row)) return false;
  }
  return true;
}

void isolation_commits(struct isolation *isolation) { isolation->commits++; }

void isolation_changes(struct isolation *isolation, uint32_t table, uint64_t key) {
  if (isolation->serializable)
    *map_put(&isolation->changed, sessions_row(table, key), NULL) = isolation->commits;
}

void isolation_begins(const struct isolation *isolation, struct transaction *transaction) {
  transaction->snapshot = isolation->commits;
  transaction->first_touch = SESSION_NONE;
}

void isolation_ends(struct isolation *isolation, struct transaction *transaction, uint32_t live) {
  while (transaction->first_touch != SESSION_NONE) {
    uint32_t index = transaction->first_touch;
    transaction->first_touch = isolation->touches[index].next;
    isolation->touches[index].next = isolation->free_list;
    isolation->free_list = index;
  }
  if (live == 0 && isolation->serializable) map_clear(&isolation->changed);
}
