/* The system sqs-standard: its keys, links and claims. See wire.h. */
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
};

static const struct point_row points[POINT_SQS__END - POINT_GENERIC__COUNT] = {
    {"receive-sent", ROLE_CONSUMER, "a request for messages leaves"},
    {"receive-received", ROLE_BROKER, "it reached the queue; nothing is handed out yet"},
};

static const struct key keys[KEY_SQS__COUNT] = {
    [KEY_SQS_VISIBILITY_TIMEOUT] =
        {
            .name = "visibility_timeout",
            .type = VALUE_TIME,
            .value_default = "30s",
            .min = 0,
            .max = 12 * NS_PER_H,
            .help = "how long a received message is hidden from further receives",
            .source = "Amazon SQS developer guide, visibility timeout: default 30 s, 0 s to 12 h",
        },
    [KEY_SQS_WAIT_TIME] =
        {
            .name = "wait_time",
            .type = VALUE_TIME,
            .value_default = "20s",
            .min = 0,
            .max = 20 * NS_PER_S,
            .help = "how long a receive waits for a message (long polling); 0s = not at all",
            .source = "the most that ReceiveMessage WaitTimeSeconds allows, as Amazon advises; its "
                      "own default is 0",
        },
    [KEY_SQS_MAX_MESSAGES] =
        {
            .name = "max_messages",
            .type = VALUE_COUNT,
            .value_default = "10",
            .min = 1,
            .max = SQS_RECEIVE_MAX,
            .help = "most messages of one receive",
            .source = "the most that ReceiveMessage MaxNumberOfMessages allows, as listener "
                      "libraries ask for; its own default is 1",
        },
    [KEY_SQS_REQUEST_TIMEOUT] =
        {
            .name = "request_timeout",
            .type = VALUE_TIME,
            .value_default = "30s",
            .min = NS_PER_MS,
            .max = NS_PER_H,
            .help = "how long a client waits for an answer; of a receive, beyond wait_time",
            .source = "AWS SDK for Java 2, SdkHttpConfigurationOption: DEFAULT_SOCKET_READ_TIMEOUT",
        },
    [KEY_SQS_MAX_ATTEMPTS] =
        {
            .name = "max_attempts",
            .type = VALUE_COUNT,
            .value_default = "3",
            .min = 1,
            .max = 1000000,
            .help = "attempts of a send or delete, the first included",
            .source = "AWS SDKs and tools reference guide, retry behavior: standard mode makes three",
        },
    [KEY_SQS_RETRY_BACKOFF] =
        {
            .name = "retry_backoff",
            .type = VALUE_TIME,
            .value_default = "100ms",
            .min = 0,
            .max = NS_PER_H,
            .help = "most that the first retry waits; doubles with each",
            .source = "smithy-typescript, util-retry: DEFAULT_RETRY_DELAY_BASE",
        },
    [KEY_SQS_RETRY_BACKOFF_MAX] =
        {
            .name = "retry_backoff_max",
            .type = VALUE_TIME,
            .value_default = "20s",
            .min = 0,
            .max = NS_PER_H,
            .help = "most that any retry waits",
            .source = "smithy-typescript, util-retry: MAXIMUM_RETRY_DELAY",
        },
    [KEY_SQS_DELETE] =
        {
            .name = "delete",
            .type = VALUE_ENUM,
            .value_default = "after-processing",
            .choices = "after-processing before-processing",
            .help = "when a consumer deletes a message; before-processing loses what it dies with",
            .source = "Amazon SQS developer guide: delete after processing; before it is a consumer's "
                      "mistake, and Celery's default (task_acks_late false)",
        },
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
  return span_of(larger(longest, database_longest_timeout(plan).ns));
}

#define PER_REQUEST                                                                                \
  { .used = true, .kind = LINK_KIND_PER_REQUEST, .allowed = 1u << LINK_KIND_PER_REQUEST }

const struct system system_sqs_standard = {
    .name = "sqs-standard",
    .about = "Amazon SQS, standard queue: an acknowledgement for each delivery, with a deadline",
    .keys = keys,
    .key_count = KEY_SQS__COUNT,
    .components = {[ROLE_PRODUCER] = &sqs_producer, [ROLE_BROKER] = &sqs_queue,
                   [ROLE_CONSUMER] = &sqs_consumer},
    .host = &handler_host,
    .links = {[LINK_PRODUCER_TO_BROKER] = PER_REQUEST,
              [LINK_CONSUMER_TO_BROKER] = PER_REQUEST,
              [LINK_CONSUMER_TO_DATABASE] = {.used = true, .kind = LINK_KIND_CONNECTION,
                                             .allowed = 1u << LINK_KIND_CONNECTION}},
    .points = points,
    .point_count = sizeof points / sizeof *points,
    .handler = "naive",
    .allows = CLAIM_BIT(DUPLICATE_DELIVERIES) | CLAIM_BIT(REEXECUTIONS) |
              CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS) | CLAIM_BIT(REORDERED),
    .ack = "DeleteMessage",
    .longest_timeout = longest_timeout,
};
