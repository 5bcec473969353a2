/* As bloom-as-only-store.c; the filter spares a look-up of what is new, and the table decides. */
#include <dgsim.h>
#include <stdbool.h>

static uint8_t filter;

static uint8_t bits_of(uint64_t key) {
  uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15);
  return (uint8_t)(1u << (hash >> 62) | 1u << (hash >> 60 & 3));
}

static bool maybe_seen(uint64_t key) { return (filter & bits_of(key)) == bits_of(key); }

static int handle(struct dg_context *context, const struct dg_message *message) {
  int64_t mark;
  if (maybe_seen(message->id) && dg_get(context, "processed", message->id, &mark) == DG_OK) return DG_OK;
  dg_begin(context);
  int status = dg_insert_unique(context, "processed", message->id);
  if (status == DG_OK) status = dg_apply(context);
  if (status == DG_OK) status = dg_commit(context);
  else dg_rollback(context);
  if (status == DG_OK) filter |= bits_of(message->id);
  return status == DG_EXISTS ? DG_OK : status;
}

const struct dg_plugin dg_plugin = {
    .version = DG_API_VERSION, .name = "bloom-as-only-store", .handle = handle};
