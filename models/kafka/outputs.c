/* What a consumer's handlers have published and no log has confirmed. It gathers in the order of publishing; the
 * commit that covers it sorts it by partition, of which each has a run then. Costs go by what there is, not by
 * partitions. While there is anything, it is held: it will have its effect, whoever has its input by now. */
#include "models/kafka/consumer.h"

#include "sim/base/assert.h"

#include <string.h>

size_t outputs_bytes(const struct plan *plan) {
  return 2 * OUTPUTS_MAX * sizeof(struct output) + 2 * bits_words(plan->partitions) * sizeof(uint64_t) +
         plan->partitions * sizeof(struct covered) + 64;
}

void outputs_start(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  const size_t words = bits_words(world->plan->partitions);
  consumer->covered = arena_far_raw(&node->arena, OUTPUTS_MAX * sizeof(struct output));
  consumer->covered_parts = ARENA_FAR(&node->arena, struct covered, world->plan->partitions);
  consumer->output_parts = ARENA_FAR(&node->arena, uint64_t, words);
  consumer->sequenced = ARENA_FAR(&node->arena, uint64_t, words);
}

bool outputs_add(struct world *world, struct node *node, uint32_t partition, uint64_t intent, uint32_t key) {
  struct consumer *consumer = consumer_of(node);
  const size_t count = outputs_count(consumer);
  if (count >= OUTPUTS_MAX) return false;
  if (count == 0) world_hold(world, node);
  ARENA_WIDEN(&node->arena, consumer->published, consumer->published_count, consumer->published_room, OUTPUTS_MAX);
  consumer->published[consumer->published_count++] =
      (struct output){.intent = intent, .key = key, .partition = partition};
  return true;
}

/* Where those of one partition that stand together end. Most stand together. */
static inline uint32_t run_end(const struct output *published, uint32_t begin, uint32_t count) {
  uint32_t end = begin + 1;
  while (end < count && published[end].partition == published[begin].partition) end++;
  return end;
}

void outputs_cover(const struct world *world, struct consumer *consumer) {
  struct covered *parts = consumer->covered_parts;
  const struct output *published = consumer->published;
  const uint32_t count = consumer->published_count;
  ASSERT_EQ(consumer->flushing, 0); /* nothing is left of the commit before */
  for (uint32_t i = 0, end; i < count; i = end) {
    end = run_end(published, i, count);
    parts[published[i].partition].count += (uint16_t)(end - i);
    bits_put(consumer->output_parts, published[i].partition);
  }
  uint32_t begin = 0;
  for (uint32_t p = outputs_covered(world, consumer, 0); p != BITS_NONE; p = outputs_covered(world, consumer, p + 1)) {
    parts[p].first = (uint16_t)begin;
    begin += parts[p].count;
    parts[p].count = 0;
  }
  for (uint32_t i = 0, end; i < count; i = end) {
    end = run_end(published, i, count);
    struct covered *part = &parts[published[i].partition];
    memcpy(&consumer->covered[part->first + part->count], &published[i], (end - i) * sizeof *published);
    part->count += (uint16_t)(end - i);
  }
  consumer->flushing = count;
  consumer->published_count = 0;
}

uint32_t outputs_covered(const struct world *world, const struct consumer *consumer, uint32_t from) {
  return bits_next(consumer->output_parts, from, world->plan->partitions);
}

uint32_t outputs_batch(const struct consumer *consumer, uint32_t partition) {
  const uint32_t covered = consumer->covered_parts[partition].count;
  return covered < PROCESSED_MAX ? covered : PROCESSED_MAX;
}

void outputs_fill(const struct world *world, const struct consumer *consumer, uint32_t partition,
                  struct record *out) {
  const uint32_t count = outputs_batch(consumer, partition), size = (uint32_t)world->plan->workload.size;
  const struct output *output = &consumer->covered[consumer->covered_parts[partition].first];
  for (uint32_t i = 0; i < count; i++)
    out[i] = (struct record){.intent = output[i].intent, .key = output[i].key, .size = size};
}

void outputs_acknowledged(struct world *world, struct node *node, uint32_t partition) {
  struct consumer *consumer = consumer_of(node);
  struct covered *part = &consumer->covered_parts[partition];
  const uint32_t count = outputs_batch(consumer, partition);
  part->first = (uint16_t)(part->first + count);
  part->count = (uint16_t)(part->count - count);
  consumer->parts[partition].sequence += (int32_t)count;
  consumer->flushing -= count;
  bits_put(consumer->sequenced, partition);
  if (part->count == 0) bits_take(consumer->output_parts, partition);
  if (count > 0 && outputs_count(consumer) == 0) world_unhold(world, node);
}

void outputs_forget(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  if (outputs_count(consumer) > 0) world_unhold(world, node);
  /* What is under way has its sequences: what comes next must not be taken for it. */
  if (consumer->flushing > 0 && consumer->producer.producer != NO_PRODUCER && !consumer->producer.transactional) {
    consumer->producer.epoch++;
    outputs_new_epoch(world, consumer);
  }
  for (uint32_t p = outputs_covered(world, consumer, 0); p != BITS_NONE; p = outputs_covered(world, consumer, p + 1)) {
    consumer->covered_parts[p].count = 0;
    bits_take(consumer->output_parts, p);
  }
  consumer->flushing = consumer->published_count = 0;
}

void outputs_new_epoch(const struct world *world, struct consumer *consumer) {
  const uint32_t partitions = world->plan->partitions;
  for (uint32_t p = bits_next(consumer->sequenced, 0, partitions); p != BITS_NONE;
       p = bits_next(consumer->sequenced, p + 1, partitions)) {
    consumer->parts[p].sequence = 0;
    bits_take(consumer->sequenced, p);
  }
}
