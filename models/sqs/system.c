/* The systems sqs-standard and sqs-fifo: keys, links and claims. See wire.h. */
#include "models/handlers/host.h"
#include "models/sqs/wire.h"
#include "models/store/database.h"

const struct message_kind sqs_messages[SQS_MESSAGE__COUNT] = {
    [SQS_SEND] = {.name = "send", .sent = POINT_PUBLISH_SENT, .received = POINT_PUBLISH_RECEIVED,
                  .operation = true},
    [SQS_SEND_OK] = {.name = "send-ok", .sent = POINT_PUBLISH_ACK_SENT,
                     .received = POINT_PUBLISH_ACKED, .operation = true, .reply = true},
    [SQS_RECEIVE] = {.name = "receive", .sent = POINT_RECEIVE_SENT,
                     .received = POINT_RECEIVE_RECEIVED},
    [SQS_RECEIVE_OK] = {.name = "receive-ok", .sent = POINT_DELIVERY_SENT,
                        .received = POINT_DELIVERY_RECEIVED, .operation = true,
                        .reply = true},
    [SQS_DELETE] = {.name = "delete", .sent = POINT_ACK_SENT, .received = POINT_ACK_RECEIVED,
                    .operation = true},
    [SQS_DELETE_OK] = {.name = "delete-ok", .sent = POINT_ACK_ANSWER_SENT,
                       .received = POINT_ACK_ANSWERED, .operation = true,
                       .reply = true},
    [SQS_CHANGE_TIMEOUT] = {.name = "change-timeout", .sent = POINT_CHANGE_SENT,
                            .received = POINT_CHANGE_RECEIVED, .operation = true},
    [SQS_CHANGE_TIMEOUT_OK] = {.name = "change-timeout-ok", .operation = true, .reply = true},
};

static const struct point_row points[POINT_SQS__END - POINT_GENERIC__COUNT] = {
    {"receive-sent", ROLE_CONSUMER, "a request for messages leaves"},
    {"receive-received", ROLE_BROKER, "it reached the queue; nothing is handed out yet"},
    {"change-sent", ROLE_CONSUMER, "a call for another visibility timeout leaves"},
    {"change-received", ROLE_BROKER, "it reached the queue; nothing is changed yet"},
};

#define GUIDE "Amazon SQS developer guide, "
#define API "Amazon SQS API reference, "

#define COMMON_KEYS                                                                                \
  [KEY_SQS_VISIBILITY_TIMEOUT] = {"visibility_timeout", VALUE_TIME, "30s", NULL, 0,                \
                                  12 * NS_PER_H,                                                   \
                                  "how long a received message is hidden from further receives",   \
                                  GUIDE "visibility timeout: default 30 s, 0 s to 12 h"},          \
  [KEY_SQS_WAIT_TIME] = {"wait_time", VALUE_TIME, "20s", NULL, 0, 20 * NS_PER_S,                   \
                         "how long a receive waits for a message (long polling); 0s = not at all", \
                         "the most that ReceiveMessage WaitTimeSeconds allows, as Amazon advises; " \
                         "its own default is 0"},                                                  \
  [KEY_SQS_MAX_MESSAGES] = {"max_messages", VALUE_COUNT, "10", NULL, 1, SQS_RECEIVE_MAX,           \
                            "most messages of one receive",                                        \
                            "the most that ReceiveMessage MaxNumberOfMessages allows, as listener " \
                            "libraries ask for; its own default is 1"},                            \
  [KEY_SQS_REQUEST_TIMEOUT] = {"request_timeout", VALUE_TIME, "30s", NULL, NS_PER_MS, NS_PER_H,    \
                               "how long a client waits for an answer; of a receive, beyond "      \
                               "wait_time",                                                        \
                               "AWS SDK for Java 2, SdkHttpConfigurationOption: "                  \
                               "DEFAULT_SOCKET_READ_TIMEOUT"},                                     \
  [KEY_SQS_MAX_ATTEMPTS] = {"max_attempts", VALUE_COUNT, "3", NULL, 1, 1000000,                    \
                            "attempts of a send, delete or change of the timeout, the first "      \
                            "included",                                                            \
                            "AWS SDKs and tools reference guide, retry behavior: standard mode "   \
                            "makes three"},                                                        \
  [KEY_SQS_RETRY_BACKOFF] = {"retry_backoff", VALUE_TIME, "100ms", NULL, 0, NS_PER_H,              \
                             "most that the first retry waits; doubles with each",                 \
                             "smithy-typescript, util-retry: DEFAULT_RETRY_DELAY_BASE"},           \
  [KEY_SQS_RETRY_BACKOFF_MAX] = {"retry_backoff_max", VALUE_TIME, "20s", NULL, 0, NS_PER_H,        \
                                 "most that any retry waits",                                      \
                                 "smithy-typescript, util-retry: MAXIMUM_RETRY_DELAY"},            \
  [KEY_SQS_DELETE] = {"delete", VALUE_ENUM, "after-processing",                                    \
                      "after-processing before-processing", 0, 0,                                  \
                      "when a consumer deletes a message; before-processing loses what it dies "   \
                      "with",                                                                      \
                      GUIDE "delete after processing; before it is a consumer's mistake, and "     \
                      "Celery's default (task_acks_late false)"},                                  \
  [KEY_SQS_EXTEND_VISIBILITY] = {"extend_visibility", VALUE_TIME, "0s", NULL, 0, 12 * NS_PER_H,    \
                                 "how often a consumer sets the timeout of what it has anew "      \
                                 "(ChangeMessageVisibility); 0s = never",                          \
                                 "ours: a client does so only when it is told; " GUIDE             \
                                 "visibility timeout, calls it a heartbeat"},                      \
  [KEY_SQS_AFTER_FAILURE] = {"after_failure", VALUE_ENUM, "leave", "leave make-visible", 0, 0,     \
                             "what a consumer does when its handler has failed: leave the message " \
                             "to its timeout, or set that to 0",                                   \
                             GUIDE "visibility timeout: without a call it becomes visible by "     \
                             "itself, a timeout of 0 makes it visible at once"},                   \
  [KEY_SQS_MAX_RECEIVE_COUNT] = {"max_receive_count", VALUE_COUNT, "0", NULL, 0, 1000,             \
                                 "receives after which a message is moved to a dead-letter queue; " \
                                 "0 = there is none",                                              \
                                 API "SetQueueAttributes RedrivePolicy maxReceiveCount: 1 to 1000, " \
                                 "none by default"},                                               \
  [KEY_SQS_REDRIVE_AT] = {"redrive_at", VALUE_TIME, "0s", NULL, 0, 10 * NS_PER_D,                  \
                          "when somebody moves the dead-letter queue back, once; 0s = never",      \
                          "ours: StartMessageMoveTask, which a person calls"},                     \
  [KEY_SQS_RETENTION] = {"retention", VALUE_TIME, "4d", NULL, 60 * NS_PER_S, 14 * NS_PER_D,        \
                         "how old a message may become, in the dead-letter queue too",             \
                         "Amazon SQS quotas, messages: default 4 days, 60 s to 14 days"},          \
  [KEY_SQS_DELAY] = {"delay", VALUE_TIME, "0s", NULL, 0, 15 * NS_PER_MIN,                          \
                     "how long a new message is hidden (DelaySeconds of the queue)",               \
                     GUIDE "delay queues: default 0 s, most 15 min"},                              \
  [KEY_SQS_IN_FLIGHT_LIMIT] = {"in_flight_limit", VALUE_COUNT, "120000", NULL, 1, 120000,          \
                               "how many messages may be in flight",                               \
                               "Amazon SQS quotas: about 120000, FIFO likewise (20000 before 2024)"}

static const struct key standard_keys[KEY_SQS_STANDARD__COUNT] = {
    COMMON_KEYS,
    [KEY_SQS_OLD_RECEIPTS] = {"old_receipts", VALUE_ENUM, "delete", "delete ignore", 0, 0,
                              "what a delete by the receipt of an earlier receive does",
                              API "ReceiveMessage: with another than the latest receipt \"the message "
                                  "might not be deleted\"; it is answered with success"},
    [KEY_SQS_COPY_REDELIVERY] = {"copy_redelivery", VALUE_SHARE, "0%", NULL, 0, SCHEMA_SHARE_SCALE,
                                 "share of messages of which a server that was out of reach hands "
                                 "out a copy once more",
                                 "ours: " GUIDE "at-least-once delivery, says \"on rare occasions\" "
                                 "and gives no rate"},
    [KEY_SQS_COPY_REDELIVERY_AFTER] = {"copy_redelivery_after", VALUE_TIME, "1min", NULL, 0, NS_PER_D,
                                       "how long after the first receive such a copy appears",
                                       "ours: Amazon gives no time"},
};

static const struct key fifo_keys[KEY_SQS_FIFO__COUNT] = {
    COMMON_KEYS,
    [KEY_SQS_DEDUPLICATION_INTERVAL] = {"deduplication_interval", VALUE_TIME, "5min", NULL, 0,
                                        14 * NS_PER_D,
                                        "how long after the first accepted send of an operation others "
                                        "are dropped",
                                        GUIDE "message deduplication ID: the interval is 5 minutes and "
                                              "cannot be set"},
    [KEY_SQS_SEND_ORDER] = {"send_order", VALUE_ENUM, "one-at-a-time", "one-at-a-time concurrent", 0, 0,
                            "whether a producer waits for the answer to a send before the next of "
                            "that group",
                            "ours: a FIFO queue keeps the order in which it accepts, which concurrent "
                            "sends do not keep"},
    [KEY_SQS_RECEIVE_ATTEMPT_ID] = {"receive_attempt_id", VALUE_BOOL, "true", NULL, 0, 0,
                                    "a receive that was not answered is repeated with the same "
                                    "ReceiveRequestAttemptId",
                                    GUIDE "receive request attempt ID: best practice; the API leaves it "
                                          "to the caller"},
};

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* A call with all its attempts may be longest; many attempts are bounded, or nothing would drain. */
static struct span longest_timeout(const struct plan *plan) {
  const union value *values = plan->system_settings.values;
  int64_t request = values[KEY_SQS_REQUEST_TIMEOUT].i, attempts = values[KEY_SQS_MAX_ATTEMPTS].i;
  int64_t call = request, width = values[KEY_SQS_RETRY_BACKOFF].i;
  for (int64_t i = 1; i < attempts && call < NS_PER_D; i++) {
    call += request + (width < values[KEY_SQS_RETRY_BACKOFF_MAX].i
                           ? width
                           : values[KEY_SQS_RETRY_BACKOFF_MAX].i);
    if (width < NS_PER_D) width *= 2;
  }
  int64_t longest = larger(call, values[KEY_SQS_VISIBILITY_TIMEOUT].i);
  longest = larger(longest, request + values[KEY_SQS_WAIT_TIME].i);
  longest = larger(longest, larger(values[KEY_SQS_REDRIVE_AT].i, values[KEY_SQS_DELAY].i));
  return span_of(longest);
}

static struct span longest_timeout_standard(const struct plan *plan) {
  int64_t copies = plan->system_settings.values[KEY_SQS_COPY_REDELIVERY_AFTER].i;
  if (plan->system_settings.values[KEY_SQS_COPY_REDELIVERY].i == 0) copies = 0;
  return span_of(larger(copies, longest_timeout(plan).ns));
}

static bool check(const struct plan *plan, struct err *err) {
  const union value *values = plan->system_settings.values;
  if (!host_check(plan, err)) return false;
  if (values[KEY_SQS_REDRIVE_AT].i > 0 && values[KEY_SQS_MAX_RECEIVE_COUNT].i == 0)
    return err_set(err, ERR_CONFLICT, "redrive_at needs a dead-letter queue"),
           err_note(err, "set max_receive_count above 0");
  return true;
}

#define PER_REQUEST                                                                                \
  { .used = true, .kind = LINK_KIND_PER_REQUEST, .allowed = 1u << LINK_KIND_PER_REQUEST }

#define SQS_SYSTEM                                                                                 \
  .check = check, .host = &handler_host, .points = points,                                         \
  .links = {[LINK_PRODUCER_TO_BROKER] = PER_REQUEST,                                               \
            [LINK_CONSUMER_TO_BROKER] = PER_REQUEST},                                              \
  .point_count = sizeof points / sizeof *points, .handler = "naive", .ack = "DeleteMessage",           \
  .says = SAYS_FENCE

/* A dead-letter queue is there only when it is asked for. */
#define ALLOWS_REPEATING                                                                           \
  (CLAIM_BIT(DUPLICATE_DELIVERIES) | CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) |      \
   CLAIM_BIT(STATE_ERRORS) | CLAIM_BIT(DEAD_LETTERED))

const struct system system_sqs_standard = {
    SQS_SYSTEM,
    .name = "sqs-standard",
    .about = "Amazon SQS, standard queue: an acknowledgement for each delivery, with a deadline",
    .keys = standard_keys,
    .key_count = KEY_SQS_STANDARD__COUNT,
    .components = {[ROLE_PRODUCER] = &sqs_producer, [ROLE_BROKER] = &sqs_queue,
                   [ROLE_CONSUMER] = &sqs_consumer},
    .allows = ALLOWS_REPEATING | CLAIM_BIT(REORDERED),
    .verbs = 1u << VERB_REDELIVER,
    .longest_timeout = longest_timeout_standard,
};

/* Not reordered, as far as the queue can see to it: operations of a key reach it in their order, one
 * producer sends them, and none of them comes back from a dead-letter queue. */
const struct system system_sqs_fifo = {
    SQS_SYSTEM,
    .name = "sqs-fifo",
    .about = "Amazon SQS, FIFO queue: drops what is sent again within five minutes, one group in order",
    .keys = fifo_keys,
    .key_count = KEY_SQS_FIFO__COUNT,
    .components = {[ROLE_PRODUCER] = &sqs_fifo_producer, [ROLE_BROKER] = &sqs_fifo_queue,
                   [ROLE_CONSUMER] = &sqs_fifo_consumer},
    .allows = ALLOWS_REPEATING,
    .longest_timeout = longest_timeout,
};
