/* Each call of the header once. Returns something that is no status. */
#include <dgsim.h>

static int handle(struct dg_context *c, const struct dg_message *message) {
  int64_t out = 0;
  dg_begin(c);
  dg_commit(c);
  dg_rollback(c);
  dg_get(c, "table", message->id, &out);
  dg_put(c, "table", message->key, out);
  dg_put_if(c, "table", 3, 4, 5);
  dg_delete(c, "table", 6);
  dg_insert_unique(c, "table", 7);
  dg_apply(c);
  dg_publish(c);
  dg_emit(c);
  dg_ack(c);
  dg_ack_all(c);
  dg_step(c, "step");
  dg_put(c, "now", 0, dg_now(c));
  dg_get_replica(c, "table", 8, &out);
  dg_put(c, "replica", 0, out);
  dg_suppress(c);
  dg_work(c);
  dg_sleep(c, 9);
  dg_put(c, "setting", 0, dg_setting(c, "key"));
  dg_cache_get(c, "cache", 10, &out);
  dg_cache_set(c, "cache", 11, 12, 13);
  dg_cache_set_if_absent(c, "cache", 14, 15, 16);
  dg_cache_delete(c, "cache", 17);
  dg_charge(c, 18, message->amount, &out);
  dg_local_seen(c, message->message_id);
  dg_local_mark(c, message->tenant);
  return -1;
}

const struct dg_plugin dg_plugin = {.version = DG_API_VERSION, .name = "every call", .handle = handle};
