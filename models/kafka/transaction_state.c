#include "models/kafka/transaction.h"

#include "models/mutants.h"
#include "sim/base/assert.h"

#define FENCED KAFKA_PRODUCER_FENCED
#define CONCURRENT KAFKA_CONCURRENT_TRANSACTIONS
#define INVALID KAFKA_INVALID_TRANSACTION_STATE
#define UNKNOWN KAFKA_INVALID_PRODUCER_ID_MAPPING

/* Rows of the table, in the order of the states. STAY keeps the state. */
#define STAY(state, error)                                                                         \
  { error, TRANSACTION_##state }
#define GO(error, next)                                                                            \
  { error, TRANSACTION_##next }
#define ROW(request, empty, ongoing, prepare_commit, prepare_abort, complete_commit,               \
            complete_abort)                                                                        \
  [TRANSACTION_##                                                                                  \
      request] = {[TRANSACTION_EMPTY] = empty,                                                     \
                  [TRANSACTION_ONGOING] = ongoing,                                                 \
                  [TRANSACTION_PREPARE_COMMIT] = prepare_commit,                                   \
                  [TRANSACTION_PREPARE_ABORT] = prepare_abort,                                     \
                  [TRANSACTION_COMPLETE_COMMIT] = complete_commit,                                 \
                  [TRANSACTION_COMPLETE_ABORT] = complete_abort,                                   \
                  [TRANSACTION_PREPARE_EPOCH_FENCE] = STAY(PREPARE_EPOCH_FENCE, CONCURRENT),       \
                  [TRANSACTION_DEAD] = STAY(DEAD, UNKNOWN)}

#define OK_EMPTY GO(KAFKA_OK, EMPTY)
#define OK_ONGOING GO(KAFKA_OK, ONGOING)
#define OK_PREPARE_COMMIT GO(KAFKA_OK, PREPARE_COMMIT)
#define OK_PREPARE_ABORT GO(KAFKA_OK, PREPARE_ABORT)
#define OK_COMPLETE_COMMIT GO(KAFKA_OK, COMPLETE_COMMIT)
#define OK_COMPLETE_ABORT GO(KAFKA_OK, COMPLETE_ABORT)
#define OK_DEAD GO(KAFKA_OK, DEAD)
#define FENCE GO(CONCURRENT, PREPARE_EPOCH_FENCE)
#define AT(state, error) STAY(state, error)

/* The same in both versions. INIT of what is dead, and the abort after a fence, stand beside them. */
#define COMMON                                                                                     \
  ROW(INIT, OK_EMPTY, FENCE, AT(PREPARE_COMMIT, CONCURRENT), AT(PREPARE_ABORT, CONCURRENT),        \
      OK_EMPTY, OK_EMPTY),                                                                         \
      ROW(ADD, OK_ONGOING, OK_ONGOING, AT(PREPARE_COMMIT, CONCURRENT),                             \
          AT(PREPARE_ABORT, CONCURRENT), OK_ONGOING, OK_ONGOING),                                  \
      ROW(VERIFY, AT(EMPTY, INVALID), OK_ONGOING, AT(PREPARE_COMMIT, CONCURRENT),                  \
          AT(PREPARE_ABORT, CONCURRENT), AT(COMPLETE_COMMIT, INVALID),                             \
          AT(COMPLETE_ABORT, INVALID)),                                                            \
      ROW(TIMEOUT, OK_EMPTY, FENCE, OK_PREPARE_COMMIT, OK_PREPARE_ABORT, OK_COMPLETE_COMMIT,       \
          OK_COMPLETE_ABORT),                                                                      \
      ROW(FENCED, AT(EMPTY, INVALID), AT(ONGOING, INVALID), AT(PREPARE_COMMIT, INVALID),           \
          AT(PREPARE_ABORT, INVALID), AT(COMPLETE_COMMIT, INVALID), AT(COMPLETE_ABORT, INVALID)),  \
      ROW(MARKED, AT(EMPTY, INVALID), AT(ONGOING, INVALID), OK_COMPLETE_COMMIT, OK_COMPLETE_ABORT, \
          AT(COMPLETE_COMMIT, INVALID), AT(COMPLETE_ABORT, INVALID)),                              \
      ROW(EXPIRE, OK_DEAD, AT(ONGOING, INVALID), AT(PREPARE_COMMIT, INVALID),                      \
          AT(PREPARE_ABORT, INVALID), OK_DEAD, OK_DEAD)

static const struct transaction_rule init_of_dead = OK_EMPTY, abort_after_fence = OK_PREPARE_ABORT;

const struct transaction_rule
    transaction_rules[2][TRANSACTION_REQUEST__COUNT][TRANSACTION_STATE__COUNT] = {
        {/* version 1 */
         COMMON,
         ROW(COMMIT, AT(EMPTY, INVALID), OK_PREPARE_COMMIT, AT(PREPARE_COMMIT, CONCURRENT),
             AT(PREPARE_ABORT, INVALID), OK_COMPLETE_COMMIT, AT(COMPLETE_ABORT, INVALID)),
         ROW(ABORT, AT(EMPTY, INVALID), OK_PREPARE_ABORT, AT(PREPARE_COMMIT, INVALID),
             AT(PREPARE_ABORT, CONCURRENT), AT(COMPLETE_COMMIT, INVALID), OK_COMPLETE_ABORT),
         ROW(COMMIT_AGAIN, AT(EMPTY, FENCED), AT(ONGOING, FENCED), AT(PREPARE_COMMIT, FENCED),
             AT(PREPARE_ABORT, FENCED), AT(COMPLETE_COMMIT, FENCED), AT(COMPLETE_ABORT, FENCED)),
         ROW(ABORT_AGAIN, AT(EMPTY, FENCED), AT(ONGOING, FENCED), AT(PREPARE_COMMIT, FENCED),
             AT(PREPARE_ABORT, FENCED), AT(COMPLETE_COMMIT, FENCED), AT(COMPLETE_ABORT, FENCED))},
        {/* version 2: an abort of nothing is an abort too, and takes the epoch one further */
         COMMON,
         ROW(COMMIT, AT(EMPTY, INVALID), OK_PREPARE_COMMIT, AT(PREPARE_COMMIT, FENCED),
             AT(PREPARE_ABORT, FENCED), AT(COMPLETE_COMMIT, INVALID), AT(COMPLETE_ABORT, INVALID)),
         ROW(ABORT, OK_PREPARE_ABORT, OK_PREPARE_ABORT, AT(PREPARE_COMMIT, FENCED),
             AT(PREPARE_ABORT, FENCED), OK_PREPARE_ABORT, OK_PREPARE_ABORT),
         ROW(COMMIT_AGAIN, AT(EMPTY, FENCED), AT(ONGOING, FENCED), AT(PREPARE_COMMIT, CONCURRENT),
             AT(PREPARE_ABORT, INVALID), OK_COMPLETE_COMMIT, AT(COMPLETE_ABORT, INVALID)),
         ROW(ABORT_AGAIN, AT(EMPTY, FENCED), AT(ONGOING, FENCED), AT(PREPARE_COMMIT, INVALID),
             AT(PREPARE_ABORT, CONCURRENT), AT(COMPLETE_COMMIT, INVALID), OK_COMPLETE_ABORT)}};

static const struct transaction_rule *rule_of(const struct transaction *transaction,
                                              enum transaction_request request, int version) {
  if (request == TRANSACTION_INIT && transaction->state == TRANSACTION_DEAD) return &init_of_dead;
  if (request == TRANSACTION_FENCED && transaction->state == TRANSACTION_PREPARE_EPOCH_FENCE)
    return &abort_after_fence;
  return &transaction_rules[version - 1][request][transaction->state];
}

enum transaction_request transaction_end_request(const struct transaction *transaction,
                                                 const struct batch *producer, bool commit,
                                                 int version, enum kafka_error *out_error) {
  bool again = version == 2 &&
               (producer->producer == transaction->producer
                    ? producer->epoch + 1 == transaction->epoch
                    : producer->producer == transaction->previous &&
                          producer->epoch == PRODUCER_EPOCH_MAX - 1 && transaction->epoch == 0);
  *out_error = KAFKA_OK;
  if (again) return commit ? TRANSACTION_COMMIT_AGAIN : TRANSACTION_ABORT_AGAIN;
  if (producer->producer != transaction->producer)
    *out_error = UNKNOWN;
  else if (producer->epoch != transaction->epoch)
    *out_error = FENCED;
  return commit ? TRANSACTION_COMMIT : TRANSACTION_ABORT;
}

static void new_producer(struct transaction *transaction, uint32_t *last_producer) {
  transaction->previous = transaction->producer;
  transaction->producer = ++*last_producer;
  transaction->epoch = 0;
}

/* The next owner of the id: who had it before is fenced. */
static void enter(struct transaction *transaction, uint32_t *last_producer) {
  bool fresh = transaction->producer == NO_PRODUCER;
  if (!fresh && transaction->epoch < PRODUCER_EPOCH_MAX - 1)
    transaction->epoch++;
  else
    new_producer(transaction, last_producer);
  transaction->previous = NO_PRODUCER; /* an end that is repeated to it is nobody's */
}

/* The decision: what the markers carry, and in version 2 the identity of the next transaction. */
static void decide(struct transaction *transaction, int version, uint32_t *last_producer) {
  bool exhausted = transaction->epoch >= PRODUCER_EPOCH_MAX - 1;
  bool last = transaction->epoch == PRODUCER_EPOCH_MAX; /* after a fence */
  transaction->marker =
      (struct batch){.producer = transaction->producer,
                     .epoch = (uint16_t)(transaction->epoch + (version == 2 && !last)),
                     .transactional = true};
  if (version == 1) return;
  if (exhausted)
    new_producer(transaction, last_producer);
  else
    transaction->epoch++;
}

enum kafka_error transaction_step(struct transaction *transaction, enum transaction_request request,
                                  int version, uint32_t *last_producer) {
  const struct transaction_rule *rule = rule_of(transaction, request, version);
  if (rule->next == transaction->state && request != TRANSACTION_INIT) return rule->error;
  if (request == TRANSACTION_INIT && rule->error != KAFKA_OK && rule->next == transaction->state)
    return rule->error;
  transaction->state = rule->next;
  if (rule->next == TRANSACTION_PREPARE_EPOCH_FENCE) { /* there is room: an end stops one below */
    ASSERT_LT(transaction->epoch, PRODUCER_EPOCH_MAX);
    transaction->epoch++;
  }
  if (request == TRANSACTION_INIT && rule->next == TRANSACTION_EMPTY)
    enter(transaction, last_producer);
  if (transaction_prepared(transaction)) decide(transaction, version, last_producer);
  if (rule->next == TRANSACTION_ONGOING) transaction->serial++;
  if (rule->next == TRANSACTION_DEAD) transaction->producer = transaction->previous = NO_PRODUCER;
  return rule->error;
}
