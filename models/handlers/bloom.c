/* Deduplication by what the process remembers itself: a Bloom filter, one or in generations, or the ids
 * that it used last.
 *
 *   seen already: done; work; apply; remember; acknowledge
 *
 * No request goes out for it. What is forgotten is done again: after a crash or a deploy, when the
 * partition has moved to another consumer, when the generation was emptied or the id was pushed out. And
 * a filter takes some fresh messages for old ones: those are dropped, acknowledged, and lost, at the rate
 * of the formula (models/store/bloom.h). Two copies at the same time, in two threads, are both done.
 *
 * Breaks it: {kill: consumer.1} between a message and its copy. Does not break: bloom-backed.
 */
#include "models/store/local.h"
#include "sim/handler/dgsim.h"
#include "sim/world/model.h"

static int handle(struct dg_context *context, const struct dg_message *message) {
  if (dg_local_seen(context, message->idempotency_key) == DG_EXISTS) {
    dg_suppress(context);
    return DG_OK;
  }
  dg_work(context);
  int applied = dg_apply(context); /* a transaction of its own */
  if (applied != DG_OK) return applied;
  return dg_local_mark(context, message->idempotency_key);
}

#define ROW(word, text, kind, table, count, form)                                                  \
  {.name = word, .about = text, .handle = handle, .local = &(kind), .keys = (table),               \
   .closed_form = (form),                                                                          \
   .key_count = (count), .uses = HANDLER_USES(DATABASE),                                           \
   .forbids = CLAIM_BIT(REEXECUTIONS) | CLAIM_BIT(DUPLICATE_EFFECTS) | CLAIM_BIT(STATE_ERRORS)}

const struct handler handler_bloom =
    ROW("bloom", "drops what the process's own Bloom filter takes for seen", local_bloom, bloom_keys,
        KEY_BLOOM_SINGLE__COUNT, &bloom_losses);
const struct handler handler_bloom_rotating =
    ROW("bloom-rotating", "the same with filters that take turns, so that old ids are forgotten",
        local_bloom_rotating, bloom_keys, KEY_BLOOM__COUNT, NULL);
const struct handler handler_lru =
    ROW("lru", "drops what is among the ids that the process used last, so many of them", local_lru,
        lru_keys, KEY_LRU__COUNT, NULL);
