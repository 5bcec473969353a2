#include "models/store/sessions.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/hash.h"

#include <stdlib.h>

void sessions_clear(struct sessions *sessions) {
  sessions->transaction_count = sessions->write_count = sessions->lock_count = 0;
  sessions->free_transaction = sessions->free_write = sessions->free_lock = SESSION_NONE;
  sessions->first_commit = sessions->last_commit = sessions->released = SESSION_NONE;
  sessions->live = 0;
  map_clear(&sessions->by_client);
  map_clear(&sessions->by_row);
}

void sessions_free(struct sessions *sessions) {
  free(sessions->transactions);
  free(sessions->writes);
  free(sessions->locks);
  map_deinit(&sessions->by_client);
  map_deinit(&sessions->by_row);
  *sessions = (struct sessions){0};
}

/* Incarnations are told apart modulo 2^16: a transaction does not outlive so many. */
static uint64_t client_key(uint16_t node, uint32_t incarnation, uint32_t id) {
  return (uint64_t)node << 48 | (uint64_t)(incarnation & 0xffff) << 32 | id;
}

uint64_t sessions_row(uint32_t table, uint64_t key) { return hash_pair(table + 1, key) | 1; }

/* --- Transactions --- */

uint32_t sessions_begin(struct sessions *sessions, const struct message *request, uint32_t id,
                        int64_t now_ns) {
  uint32_t index = sessions->free_transaction;
  if (index != SESSION_NONE) {
    sessions->free_transaction = sessions->transactions[index].next;
  } else {
    index = sessions->transaction_count++;
    GROW(sessions->transactions, sessions->transaction_capacity, sessions->transaction_count);
    sessions->transactions[index].generation = 0;
  }
  struct transaction *transaction = &sessions->transactions[index];
  *transaction = (struct transaction){
      .state = TRANSACTION_OPEN, .node = request->from, .incarnation = request->from_incarnation,
      .epoch = request->epoch, .id = id, .generation = transaction->generation + 1,
      .first_write = SESSION_NONE, .last_write = SESSION_NONE, .first_lock = SESSION_NONE,
      .waits_for = SESSION_NONE, .next = SESSION_NONE, .timer = UINT32_MAX, .wait_timer = UINT32_MAX, .active_at = now_ns};
  sessions->live++;
  if (id)
    *map_put(&sessions->by_client, client_key(request->from, request->from_incarnation, id), NULL) =
        index + 1;
  return index;
}

uint32_t sessions_find(const struct sessions *sessions, const struct message *request, uint32_t id) {
  const uint64_t *place =
      map_get(&sessions->by_client, client_key(request->from, request->from_incarnation, id));
  return place ? (uint32_t)*place - 1 : SESSION_NONE;
}

/* --- Locks --- */

static uint32_t new_lock(struct sessions *sessions, uint64_t row) {
  uint32_t index = sessions->free_lock;
  if (index != SESSION_NONE) {
    sessions->free_lock = sessions->locks[index].next;
  } else {
    index = sessions->lock_count++;
    GROW(sessions->locks, sessions->lock_capacity, sessions->lock_count);
  }
  sessions->locks[index] = (struct lock){.row = row, .owner = SESSION_NONE,
                                         .first_waiting = SESSION_NONE,
                                         .last_waiting = SESSION_NONE, .next = SESSION_NONE};
  return index;
}

/* Whether waiting for a lock would wait for oneself in the end. */
static bool circle(const struct sessions *sessions, uint32_t transaction, uint32_t lock) {
  for (;;) {
    uint32_t owner = sessions->locks[lock].owner;
    if (owner == transaction) return true;
    if (owner == SESSION_NONE) return false; /* released, its queue is being served */
    if (sessions->transactions[owner].state != TRANSACTION_WAITING) return false;
    lock = sessions->transactions[owner].waits_for;
  }
}

static void enqueue(struct sessions *sessions, uint32_t transaction, uint32_t index) {
  struct lock *lock = &sessions->locks[index];
  struct transaction *waiting = &sessions->transactions[transaction];
  waiting->state = TRANSACTION_WAITING;
  waiting->waits_for = index;
  waiting->next = SESSION_NONE;
  if (lock->last_waiting == SESSION_NONE)
    lock->first_waiting = transaction;
  else
    sessions->transactions[lock->last_waiting].next = transaction;
  lock->last_waiting = transaction;
}

enum lock_result sessions_lock(struct sessions *sessions, uint32_t transaction, uint32_t table,
                               uint64_t key) {
  uint64_t row = sessions_row(table, key);
  uint64_t *place = map_put(&sessions->by_row, row, NULL);
  if (*place == 0) *place = new_lock(sessions, row) + 1;
  uint32_t index = (uint32_t)*place - 1;
  struct lock *lock = &sessions->locks[index];
  if (lock->owner == transaction) return LOCK_TAKEN;
  if (lock->owner == SESSION_NONE) {
    lock->owner = transaction;
    lock->next = sessions->transactions[transaction].first_lock;
    sessions->transactions[transaction].first_lock = index;
    return LOCK_TAKEN;
  }
  if (circle(sessions, transaction, index)) return LOCK_DEADLOCK;
  enqueue(sessions, transaction, index);
  return LOCK_WAITS;
}

bool sessions_is_locked(const struct sessions *sessions, uint32_t transaction, uint32_t table, uint64_t key) {
  const uint64_t *place = map_get(&sessions->by_row, sessions_row(table, key));
  if (!place) return false;
  uint32_t owner = sessions->locks[*place - 1].owner;
  return owner != SESSION_NONE && owner != transaction;
}

static void leave_queue(struct sessions *sessions, uint32_t transaction) {
  struct lock *lock = &sessions->locks[sessions->transactions[transaction].waits_for];
  uint32_t previous = SESSION_NONE, at = lock->first_waiting;
  while (at != transaction) {
    previous = at;
    at = sessions->transactions[at].next;
  }
  uint32_t next = sessions->transactions[transaction].next;
  if (previous == SESSION_NONE)
    lock->first_waiting = next;
  else
    sessions->transactions[previous].next = next;
  if (lock->last_waiting == transaction) lock->last_waiting = previous;
}

/* --- Changes --- */

void sessions_write(struct sessions *sessions, uint32_t transaction, const struct write *write) {
  uint32_t index = sessions->free_write;
  if (index != SESSION_NONE) {
    sessions->free_write = sessions->writes[index].next;
  } else {
    index = sessions->write_count++;
    GROW(sessions->writes, sessions->write_capacity, sessions->write_count);
  }
  sessions->writes[index] = *write;
  sessions->writes[index].next = SESSION_NONE;
  struct transaction *owner = &sessions->transactions[transaction];
  if (owner->last_write == SESSION_NONE)
    owner->first_write = index;
  else
    sessions->writes[owner->last_write].next = index;
  owner->last_write = index;
}

bool sessions_unique(const struct sessions *sessions, uint32_t transaction, uint32_t table, uint64_t key,
                     bool exists) {
  uint32_t i = sessions->transactions[transaction].first_write;
  for (; i != SESSION_NONE; i = sessions->writes[i].next) {
    const struct write *write = &sessions->writes[i];
    if (write->table != table || write->key != key) continue;
    if (write->kind == WRITE_UNIQUE) exists = true;
    if (write->kind == WRITE_DELETE) exists = false;
  }
  return exists;
}

void write_change(const struct write *write, struct row *row) {
  switch (write->kind) {
  case WRITE_PUT: *row = (struct row){.exists = true, .value = write->value}; break;
  case WRITE_APPLY: row_operations[write->operation].own(row, write->intent); break;
  case WRITE_APPLY_OTHER: row_operations[write->operation].other(row, write->intent); break;
  case WRITE_DELETE: *row = (struct row){.exists = false}; break;
  case WRITE_UNIQUE:
  default: break; /* no row of these tables */
  }
}

void sessions_overlay(const struct sessions *sessions, uint32_t transaction, uint32_t table,
                      uint64_t key, struct row *row) {
  uint32_t i = sessions->transactions[transaction].first_write;
  for (; i != SESSION_NONE; i = sessions->writes[i].next) {
    const struct write *write = &sessions->writes[i];
    if (write->table == table && write->key == key) write_change(write, row);
  }
}

/* --- Ending --- */

static void free_writes(struct sessions *sessions, const struct transaction *transaction) {
  if (transaction->first_write == SESSION_NONE) return;
  sessions->writes[transaction->last_write].next = sessions->free_write;
  sessions->free_write = transaction->first_write;
}

static void release_locks(struct sessions *sessions, const struct transaction *transaction) {
  uint32_t index = transaction->first_lock;
  while (index != SESSION_NONE) {
    struct lock *lock = &sessions->locks[index];
    uint32_t next = lock->next;
    lock->owner = lock->next = SESSION_NONE;
    if (!lock->released) {
      lock->released = true;
      lock->next_released = sessions->released;
      sessions->released = index;
    }
    index = next;
  }
}

void sessions_end(struct sessions *sessions, uint32_t index) {
  struct transaction *transaction = &sessions->transactions[index];
  ASSERT(transaction->state != TRANSACTION_FREE);
  ASSERT_MSG(transaction->request == NULL, "transaction %u ends with a request unanswered", index);
  if (transaction->state == TRANSACTION_WAITING) leave_queue(sessions, index);
  free_writes(sessions, transaction);
  release_locks(sessions, transaction);
  if (transaction->id)
    map_remove(&sessions->by_client,
               client_key(transaction->node, transaction->incarnation, transaction->id));
  transaction->state = TRANSACTION_FREE;
  transaction->next = sessions->free_transaction;
  sessions->free_transaction = index;
  sessions->live--;
}

uint32_t sessions_wake(struct sessions *sessions) {
  while (sessions->released != SESSION_NONE) {
    uint32_t index = sessions->released;
    struct lock *lock = &sessions->locks[index];
    uint32_t first = lock->first_waiting;
    if (first != SESSION_NONE && lock->owner == SESSION_NONE) {
      struct transaction *transaction = &sessions->transactions[first];
      lock->first_waiting = transaction->next;
      if (lock->first_waiting == SESSION_NONE) lock->last_waiting = SESSION_NONE;
      transaction->state = TRANSACTION_OPEN;
      transaction->waits_for = transaction->next = SESSION_NONE;
      return first;
    }
    sessions->released = lock->next_released;
    lock->released = false;
    if (lock->owner != SESSION_NONE) continue;
    map_remove(&sessions->by_row, lock->row);
    lock->next = sessions->free_lock;
    sessions->free_lock = index;
  }
  return SESSION_NONE;
}

void sessions_queue_commit(struct sessions *sessions, uint32_t index, int64_t ready_ns) {
  struct transaction *transaction = &sessions->transactions[index];
  transaction->state = TRANSACTION_COMMITTING;
  transaction->ready_at = ready_ns;
  transaction->next = SESSION_NONE;
  if (sessions->last_commit == SESSION_NONE)
    sessions->first_commit = index;
  else
    sessions->transactions[sessions->last_commit].next = index;
  sessions->last_commit = index;
}

void sessions_dequeue_commit(struct sessions *sessions) {
  uint32_t index = sessions->first_commit;
  sessions->first_commit = sessions->transactions[index].next;
  if (sessions->first_commit == SESSION_NONE) sessions->last_commit = SESSION_NONE;
  sessions->transactions[index].next = SESSION_NONE;
}
