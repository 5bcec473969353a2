/* What a consumer's handlers have published and no log has confirmed: a list for each output partition, in the
 * order of publishing, of which a commit covers the beginning. Costs go by what there is, not by partitions. */
#include "models/kafka/consumer.h"

#include "sim/base/assert.h"

size_t outputs_bytes(const struct plan *plan) {
  return OUTPUTS_MAX * sizeof(struct output) + 2 * bits_words(plan->partitions) * sizeof(uint64_t) + 64;
}

void outputs_start(struct world *world, struct node *node) {
  struct consumer *consumer = consumer_of(node);
  const size_t words = bits_words(world->plan->partitions);
  consumer->outputs = arena_alloc_raw(&node->arena, OUTPUTS_MAX * sizeof *consumer->outputs);
  consumer->output_parts = ARENA_NEW(&node->arena, uint64_t, words);
  consumer->sequenced = ARENA_NEW(&node->arena, uint64_t, words);
  consumer->free_output = OUTPUT_NONE;
}

static uint16_t take_place(struct consumer *consumer) {
  uint16_t place = consumer->free_output;
  if (place == OUTPUT_NONE) return (uint16_t)consumer->outputs_used++;
  consumer->free_output = consumer->outputs[place].next;
  return place;
}

bool outputs_add(struct consumer *consumer, uint32_t partition, uint64_t intent, uint32_t key) {
  if (consumer->output_count >= OUTPUTS_MAX) return false;
  struct consumer_part *part = &consumer->parts[partition];
  const uint16_t place = take_place(consumer);
  consumer->outputs[place] = (struct output){.intent = intent, .key = key, .next = OUTPUT_NONE};
  if (part->output_count == 0)
    part->first_output = place;
  else
    consumer->outputs[part->last_output].next = place;
  part->last_output = place;
  part->output_count++;
  consumer->output_count++;
  bits_put(consumer->output_parts, partition);
  return true;
}

void outputs_cover(const struct world *world, struct consumer *consumer) {
  const uint32_t partitions = world->plan->partitions;
  consumer->flushing = consumer->output_count;
  for (uint32_t p = bits_next(consumer->output_parts, 0, partitions); p != BITS_NONE;
       p = bits_next(consumer->output_parts, p + 1, partitions))
    consumer->parts[p].flushing = consumer->parts[p].output_count;
}

uint32_t outputs_covered(const struct world *world, const struct consumer *consumer, uint32_t from) {
  const uint32_t partitions = world->plan->partitions;
  uint32_t p = bits_next(consumer->output_parts, from, partitions);
  while (p != BITS_NONE && consumer->parts[p].flushing == 0)
    p = bits_next(consumer->output_parts, p + 1, partitions);
  return p;
}

uint32_t outputs_batch(const struct consumer *consumer, uint32_t partition) {
  const uint32_t flushing = consumer->parts[partition].flushing;
  return flushing < PROCESSED_MAX ? flushing : PROCESSED_MAX;
}

void outputs_fill(const struct world *world, const struct consumer *consumer, uint32_t partition,
                  struct record *out) {
  const uint32_t count = outputs_batch(consumer, partition), size = (uint32_t)world->plan->workload.size;
  uint16_t place = consumer->parts[partition].first_output;
  for (uint32_t i = 0; i < count; i++) {
    const struct output *output = &consumer->outputs[place];
    out[i] = (struct record){.intent = output->intent, .key = output->key, .size = size};
    place = output->next;
  }
}

/* Takes the oldest `count` outputs of a partition off its list. */
static void drop(struct consumer *consumer, uint32_t partition, uint32_t count) {
  struct consumer_part *part = &consumer->parts[partition];
  for (uint32_t i = 0; i < count; i++) {
    const uint16_t place = part->first_output;
    part->first_output = consumer->outputs[place].next;
    consumer->outputs[place].next = consumer->free_output;
    consumer->free_output = place;
  }
  part->output_count = (uint16_t)(part->output_count - count);
  consumer->output_count -= count;
  if (part->output_count == 0) bits_take(consumer->output_parts, partition);
}

void outputs_acknowledged(struct consumer *consumer, uint32_t partition) {
  struct consumer_part *part = &consumer->parts[partition];
  const uint32_t count = outputs_batch(consumer, partition);
  ASSERT_LE(count, consumer->flushing);
  part->flushing = (uint16_t)(part->flushing - count);
  consumer->flushing -= count;
  part->sequence += (int32_t)count;
  bits_put(consumer->sequenced, partition);
  drop(consumer, partition, count);
}

void outputs_forget(const struct world *world, struct consumer *consumer) {
  const uint32_t partitions = world->plan->partitions;
  for (uint32_t p = bits_next(consumer->output_parts, 0, partitions); p != BITS_NONE;
       p = bits_next(consumer->output_parts, p + 1, partitions)) {
    consumer->parts[p].flushing = 0;
    drop(consumer, p, consumer->parts[p].output_count);
  }
  consumer->flushing = 0;
}

void outputs_new_epoch(const struct world *world, struct consumer *consumer) {
  const uint32_t partitions = world->plan->partitions;
  for (uint32_t p = bits_next(consumer->sequenced, 0, partitions); p != BITS_NONE;
       p = bits_next(consumer->sequenced, p + 1, partitions)) {
    consumer->parts[p].sequence = 0;
    bits_take(consumer->sequenced, p);
  }
}
