#include "sim/world/message.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BITS 8
#define CHUNK (1u << CHUNK_BITS)
#define BLOCK_CLASSES 8
#define BLOCKS_AT_ONCE_BYTES 65536

void message_pool_init(struct message_pool *pool) { *pool = (struct message_pool){0}; }

void message_pool_deinit(struct message_pool *pool) {
  for (size_t i = 0; i < pool->memory_count; i++) free(pool->memory[i]);
  for (int i = 0; i < BLOCK_CLASSES; i++) free(pool->blocks[i]);
  free(pool->memory);
  free(pool->chunks);
  free(pool->free_ids);
  *pool = (struct message_pool){0};
}

void message_pool_reset(struct message_pool *pool) {
  for (uint32_t id = 0; id < pool->chunk_count * CHUNK && pool->used > 0; id++)
    if (message_at(pool, id)->in_use) message_free(pool, message_at(pool, id));
}

static void *pool_memory(struct message_pool *pool, size_t size) {
  GROW(pool->memory, pool->memory_capacity, pool->memory_count + 1);
  void *memory = grow(NULL, &(size_t){0}, size, 1);
  pool->memory[pool->memory_count++] = memory;
  return memory;
}

static void add_chunk(struct message_pool *pool) {
  GROW(pool->chunks, pool->chunk_capacity, pool->chunk_count + 1);
  pool->chunks[pool->chunk_count] = pool_memory(pool, CHUNK * sizeof(struct message));
  GROW(pool->free_ids, pool->free_capacity, (pool->chunk_count + 1) * CHUNK);
  for (uint32_t i = CHUNK; i-- > 0;)
    pool->free_ids[pool->free_count++] = (uint32_t)(pool->chunk_count * CHUNK) + i;
  pool->chunk_count++;
}

struct message *message_at(const struct message_pool *pool, uint32_t id) {
  return &pool->chunks[id >> CHUNK_BITS][id & (CHUNK - 1)];
}

/* Zeroes the part of a message that must be. For this size a compiler writes `rep stos`, which takes
 * three times as long as sixteen bytes at a time; the barrier keeps it from finding that out. */
typedef uint64_t sixteen_bytes __attribute__((vector_size(16), aligned(8)));
_Static_assert(offsetof(struct message, one) % sizeof(sixteen_bytes) == 0, "whole vectors");

static void zero(struct message *message) {
  sixteen_bytes *at = (sixteen_bytes *)message;
  for (size_t i = 0; i < offsetof(struct message, one) / sizeof *at; i++) {
    at[i] = (sixteen_bytes){0, 0};
    __asm__ volatile("" : : : "memory");
  }
}

struct message *message_new(struct message_pool *pool) {
  if (pool->free_count == 0) add_chunk(pool);
  uint32_t id = pool->free_ids[--pool->free_count];
  struct message *message = message_at(pool, id);
  zero(message);
  message->id = id;
  message->in_use = true;
  pool->used++;
  return message;
}

void message_free(struct message_pool *pool, struct message *message) {
  ASSERT(message->in_use);
  if (message->record_class > 0) {
    uint32_t class = message->record_class;
    GROW(pool->blocks[class], pool->block_capacity[class], pool->block_count[class] + 1);
    pool->blocks[class][pool->block_count[class]++] = message->records;
    message->record_class = 0;
  }
  message->in_use = false;
  pool->free_ids[pool->free_count++] = message->id;
  pool->used--;
}

static void add_blocks(struct message_pool *pool, uint32_t class) {
  size_t records = (size_t)1 << (2 * class);
  size_t blocks = BLOCKS_AT_ONCE_BYTES / (records * sizeof(struct record));
  if (blocks == 0) blocks = 1;
  struct record *memory = pool_memory(pool, blocks * records * sizeof(struct record));
  GROW(pool->blocks[class], pool->block_capacity[class], pool->block_count[class] + blocks);
  for (size_t i = blocks; i-- > 0;)
    pool->blocks[class][pool->block_count[class]++] = memory + i * records;
}

struct record *message_records(struct message_pool *pool, struct message *message, uint32_t count) {
  ASSERT(message->record_count == 0);
  ASSERT_LE(count, MESSAGE_RECORDS_MAX);
  message->record_count = count;
  if (count <= 1) return message->records = &message->one;
  uint32_t class = 1;
  while (((uint32_t)1 << (2 * class)) < count) class++;
  if (pool->block_count[class] == 0) add_blocks(pool, class);
  message->record_class = class;
  return message->records = pool->blocks[class][--pool->block_count[class]];
}
