#include "models/client/client.h"

#include "models/mutants.h"
#include "sim/world/message.h"
#include "sim/world/plan.h"

__extension__ typedef __int128 wide;

enum {
  KEY_TIMEOUT,
  KEY_ATTEMPTS,
  KEY_BACKOFF,
  KEY_BACKOFF_MAX,
  KEY_BACKOFF_JITTER,
  KEY_RESUBMIT_UNKNOWN,
  KEY_IDEMPOTENCY,
  KEY__COUNT
};

static const struct key keys[KEY__COUNT] = {
    [KEY_TIMEOUT] = {"timeout", VALUE_TIME, "0s", NULL, 0, NS_PER_D,
                     "an attempt that is not answered for so long is unknown; 0s = as long as the "
                     "producer takes",
                     "ours: the producers have timeouts of their own, such as delivery.timeout.ms"},
    [KEY_ATTEMPTS] = {"attempts", VALUE_COUNT, "3", NULL, 1, 1000,
                      "how often an operation is submitted at most, the first time included",
                      "AWS SDKs and Tools reference, retry behavior: max_attempts of the standard mode (3)"},
    [KEY_BACKOFF] = {"backoff", VALUE_TIME, "100ms", NULL, NS_PER_US, NS_PER_D,
                     "before the second attempt; doubles with each", "ours"},
    [KEY_BACKOFF_MAX] = {"backoff_max", VALUE_TIME, "20s", NULL, NS_PER_US, NS_PER_D,
                         "longest wait between attempts",
                         "ours; as the standard retry mode of boto3 (20 s)"},
    [KEY_BACKOFF_JITTER] = {"backoff_jitter", VALUE_SHARE, "20%", NULL, 0, SCHEMA_SHARE_SCALE,
                            "by how much a wait is longer or shorter at most", "ours"},
    [KEY_RESUBMIT_UNKNOWN] = {"resubmit_unknown", VALUE_BOOL, "false", NULL, 0, 0,
                              "whether it submits again what may be stored: a timeout, a delivery "
                              "timeout, a producer that died with it",
                              "ours: not, as only the application knows whether a repeat does harm"},
    [KEY_IDEMPOTENCY] = {"key", VALUE_ENUM, "per-request", "per-request per-user per-message", 0, 0,
                         "what its idempotency key names: the operation, the entity that it is about, or "
                         "each attempt of its own; the deduplication id of sqs-fifo is the operation's with "
                         "each of them",
                         "Stripe, idempotent requests: a key for each request, the same when it is retried"},
};

static struct span timeout(const struct settings *settings) {
  return span_of(settings->values[KEY_TIMEOUT].i);
}

static struct span nominal_wait(const struct settings *settings, uint32_t attempt) {
  int64_t wait = settings->values[KEY_BACKOFF].i, most = settings->values[KEY_BACKOFF_MAX].i;
  for (uint32_t i = 1; i < attempt && wait < most; i++) wait *= 2;
  return span_of(wait < most ? wait : most);
}

static bool again(const struct settings *settings, enum client_end end, uint32_t attempt, uint64_t draw,
                  struct span *out_wait) {
  bool may = end == CLIENT_REFUSED || settings->values[KEY_RESUBMIT_UNKNOWN].i ||
             MUTANT(CLIENT_RESUBMITS_UNKNOWN);
  if (!may || attempt >= settings->values[KEY_ATTEMPTS].i) return false;
  int64_t nominal = nominal_wait(settings, attempt).ns;
  wide width = (wide)2 * nominal * settings->values[KEY_BACKOFF_JITTER].i / SCHEMA_SHARE_SCALE;
  int64_t jitter = (int64_t)(width * (int64_t)(draw >> 44) >> 20);
  *out_wait = span_of(nominal - (int64_t)(width / 2) + jitter);
  return true;
}

static struct span longest_wait(const struct settings *settings) {
  int64_t wait = 2 * settings->values[KEY_BACKOFF_MAX].i, timeout_ns = settings->values[KEY_TIMEOUT].i;
  return span_of(wait > timeout_ns ? wait : timeout_ns);
}

enum { PER_REQUEST, PER_USER, PER_MESSAGE };

/* A first attempt's is the operation's, so that keys lie close together (models/store/id_set.h). */
static uint64_t attempt_key(const struct record *record) {
  uint64_t repeats = record->attempt > 1 ? record->attempt - 1u : 0;
  return repeats << 48 | record->intent;
}

uint64_t client_key(const struct plan *plan, const struct record *record) {
  if (plan->client != &client_retrying) return record->intent;
  switch (plan->client_settings.values[KEY_IDEMPOTENCY].i) {
  case PER_USER: return record->key;
  case PER_MESSAGE: return attempt_key(record);
  default: return MUTANT(CLIENT_KEY_OF_ATTEMPT) ? attempt_key(record) : record->intent;
  }
}

const struct client_policy client_none = {
    .name = "none",
    .about = "submits each operation once",
};

const struct client_policy client_retrying = {
    .name = "retrying",
    .about = "submits again what was refused, and, if it is told to, what is unknown",
    .keys = keys,
    .key_count = KEY__COUNT,
    .retries = true,
    .timeout = timeout,
    .again = again,
    .longest_wait = longest_wait,
};
