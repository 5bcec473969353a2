/* The two providers as rows of the registry, and their keys. */
#include "models/store/provider.h"

static const struct key keys[KEY_PROVIDER__COUNT] = {
    [KEY_PROVIDER_TIMEOUT] =
        {
            .name = "timeout",
            .type = VALUE_TIME,
            .value_default = "80s",
            .min = NS_PER_MS,
            .max = NS_PER_D,
            .help = "how long a consumer waits for the answer to a request",
            .source = "stripe-node and stripe-ruby: 80 s",
        },
    [KEY_PROVIDER_SERVICE_TIME] =
        {
            .name = "service_time",
            .type = VALUE_DISTRIBUTION,
            .value_default = "lognormal median=500ms p99=3s",
            .help = "from a request's arrival to its execution; any number of them at once",
            .source = "assumption: a card network's authorisation takes the better part of a second",
        },
    [KEY_PROVIDER_FAILURES] =
        {
            .name = "failures",
            .type = VALUE_SHARE,
            .value_default = "0%",
            .help = "executions that fail (HTTP 500): nothing is charged",
        },
    [KEY_PROVIDER_RETENTION] =
        {
            .name = "retention",
            .type = VALUE_TIME,
            .value_default = "24h",
            .min = 1,
            .max = SCHEMA_TIME_MAX_NS,
            .help = "how long a key and its result are remembered; then the key is new",
            .source = "Stripe API v1, at least 24 hours; API v2 30 days, TrueLayer 30 days, Qonto 30 "
                      "minutes",
        },
    [KEY_PROVIDER_CACHE_FAILURES] =
        {
            .name = "cache_failures",
            .type = VALUE_BOOL,
            .value_default = "true",
            .help = "a failure is saved and answered again; false: the key is new after it",
            .source = "Stripe API v1, which saves 500s too; API v2 tries again what has failed",
        },
    [KEY_PROVIDER_COMPARE_PARAMETERS] =
        {
            .name = "compare_parameters",
            .type = VALUE_BOOL,
            .value_default = "true",
            .help = "a known key with other parameters is refused; false: it gets the saved result",
            .source = "Stripe; Qonto answers with the saved result",
        },
};

static struct span longest_timeout(const struct settings *settings) {
  return span_of(settings->values[KEY_PROVIDER_TIMEOUT].i);
}

/* HTTPS: each request and each answer is lost alone, and who asks waits for its timeout. */
#define PROVIDER(word, text, count)                                                                \
  {                                                                                                \
    .name = word, .about = text, .keys = keys, .key_count = count, .role = ROLE_PROVIDER,          \
    .component = &provider_component, .longest_timeout = longest_timeout,                          \
    .link = {.used = true, .kind = LINK_KIND_PER_REQUEST,                                          \
             .allowed = UINT32_C(1) << LINK_KIND_PER_REQUEST},                                     \
  }

const struct store store_plain = PROVIDER(
    "plain", "a payment API that executes every request, whatever key it carries", KEY_PROVIDER_RETENTION);
const struct store store_keyed =
    PROVIDER("keyed", "a payment API with idempotency keys: the first result is saved and answered again",
             KEY_PROVIDER__COUNT);
