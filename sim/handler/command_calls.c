/* The calls of the protocol: which fields each has, and what of dgsim.h it comes to. */
#include "sim/handler/command_protocol.h"
#include "sim/handler/dgsim.h"

#include <string.h>

#define CACHE_KEYS "cache" /* a key of the cache is one text, as in Redis */
#define NS_PER_MS 1000000

typedef const struct protocol_arguments *arguments;

#define CALL(name, expression)                                                                     \
  static int name(struct dg_context *c, arguments a, int64_t *out) {                               \
    (void)a, (void)out;                                                                            \
    return expression;                                                                             \
  }
CALL(begin, dg_begin(c))
CALL(commit, dg_commit(c))
CALL(rollback, dg_rollback(c))
CALL(get, dg_get(c, a->table, a->key, out))
CALL(get_replica, dg_get_replica(c, a->table, a->key, out))
CALL(put, dg_put(c, a->table, a->key, a->value))
CALL(put_if, dg_put_if(c, a->table, a->key, a->expected, a->value))
CALL(insert_unique, dg_insert_unique(c, a->table, a->key))
CALL(delete_row, dg_delete(c, a->table, a->key))
CALL(apply, dg_apply(c))
CALL(publish, dg_publish(c))
CALL(emit, dg_emit(c))
CALL(cache_get, dg_cache_get(c, CACHE_KEYS, a->key, out))
CALL(cache_set, dg_cache_set(c, CACHE_KEYS, a->key, a->value, a->ttl_ns))
CALL(cache_set_if_absent, dg_cache_set_if_absent(c, CACHE_KEYS, a->key, a->value, a->ttl_ns))
CALL(cache_delete, dg_cache_delete(c, CACHE_KEYS, a->key))
CALL(charge, dg_charge(c, a->idempotency_key, a->amount, out))
CALL(work, dg_work(c))
CALL(sleep_for, dg_sleep(c, a->ns))
CALL(now, (*out = dg_now(c) / NS_PER_MS, DG_OK))
CALL(step, dg_step(c, a->name))
CALL(ack, dg_ack(c))
CALL(ack_all, dg_ack_all(c))
CALL(suppress, dg_suppress(c))

#define T (1u << FIELD_TABLE)
#define K (1u << FIELD_KEY)
#define V (1u << FIELD_VALUE)
#define E (1u << FIELD_EXPECTED)
#define TTL (1u << FIELD_TTL_MS)

const struct protocol_call protocol_calls[] = {
    {"begin", 0, 0, RESULT_NONE, "ok failed", "a transaction of the database begins; without one, each call commits by itself", begin},
    {"commit", 0, 0, RESULT_NONE, "ok failed conflict unknown", "it ends; `failed` and `conflict`: rolled back", commit},
    {"rollback", 0, 0, RESULT_NONE, "ok", "it ends, and nothing of it was done", rollback},
    {"get", T | K, 0, RESULT_VALUE, "ok not-found failed conflict", "a row's value; 0 of a unique key that has none", get},
    {"get_replica", T | K, 0, RESULT_VALUE, "ok not-found failed", "the same, from a replica that is behind", get_replica},
    {"put", T | K | V, 0, RESULT_NONE, "ok failed conflict unknown", "writes a row", put},
    {"put_if", T | K | V | E, 0, RESULT_NONE, "ok exists failed conflict unknown", "writes a row if its value is `expected` (no row counts as 0); `exists`: it is another", put_if},
    {"insert_unique", T | K, 0, RESULT_NONE, "ok exists failed conflict unknown", "inserts a key under a unique constraint; `exists`: it is there", insert_unique},
    {"delete", T | K, 0, RESULT_NONE, "ok not-found failed conflict unknown", "deletes a row and unique key", delete_row},
    {"apply", 0, 0, RESULT_NONE, "ok exists failed conflict unknown", "does the message's operation, in table `balance` of the database", apply},
    {"publish", 0, 0, RESULT_NONE, "ok failed conflict unknown", "publishes the message's result to the output topic", publish},
    {"emit", 0, 0, RESULT_NONE, "ok failed conflict unknown", "writes it into the outbox instead, in the open transaction", emit},
    {"cache_get", K, 0, RESULT_VALUE, "ok not-found failed", "a value of the cache", cache_get},
    {"cache_set", K | V, TTL, RESULT_NONE, "ok failed unknown", "sets it; without `ttl_ms`, for ever", cache_set},
    {"cache_set_if_absent", K | V, TTL, RESULT_NONE, "ok exists failed unknown", "sets it if there is none (SET NX PX)", cache_set_if_absent},
    {"cache_delete", K, 0, RESULT_NONE, "ok not-found failed unknown", "deletes it", cache_delete},
    {"charge", 1u << FIELD_AMOUNT, 1u << FIELD_IDEMPOTENCY_KEY, RESULT_NUMBER, "ok failed conflict mismatch unknown", "the external provider charges the account; `value` is the number of the charge", charge},
    {"work", 0, 0, RESULT_NONE, "ok", "the message's service time passes", work},
    {"sleep", 1u << FIELD_MS, 0, RESULT_NONE, "ok", "so much virtual time passes", sleep_for},
    {"now", 0, 0, RESULT_NUMBER, "ok", "`value` is this consumer's clock, in ms", now},
    {"step", 1u << FIELD_NAME, 0, RESULT_NONE, "ok failed conflict unknown", "marks that a step of the program's own was done", step},
    {"ack", 0, 0, RESULT_NONE, "ok failed", "acknowledges the message already now", ack},
    {"ack_all", 0, 0, RESULT_NONE, "ok failed", "acknowledges it with everything before it", ack_all},
    {"suppress", 0, 0, RESULT_NONE, "ok", "says that the message is taken for a duplicate; for the story only", suppress},
};
const size_t protocol_call_count = sizeof protocol_calls / sizeof *protocol_calls;

/* --- As the page has it --- */

#define X(id, name, what) name,
static const char *const field_names[] = {PROTOCOL_FIELDS(X)};
#undef X

static void print_fields(FILE *out, const struct protocol_call *call) {
  const char *between = "";
  for (int i = 0; i < FIELD__COUNT; i++) {
    if (!((call->required | call->optional) >> i & 1)) continue;
    fprintf(out, "%s%s%s", between, field_names[i], call->optional >> i & 1 ? "?" : "");
    between = ", ";
  }
}

void protocol_print_calls(FILE *out) {
  fprintf(out, "| call | fields | statuses | |\n|---|---|---|---|\n");
  for (size_t i = 0; i < protocol_call_count; i++) {
    const struct protocol_call *call = &protocol_calls[i];
    fprintf(out, "| `%s` | ", call->name);
    print_fields(out, call);
    fprintf(out, " | %s | %s |\n", call->statuses, call->help);
  }
}
