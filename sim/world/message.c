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
  *pool = (struct message_pool){0};
}

void message_pool_reset(struct message_pool *pool) {
  uint32_t id = 0;
  for (struct message *message; pool->used > 0 && (message = message_next(pool, &id));) message_free(pool, message);
}

static void *pool_memory(struct message_pool *pool, size_t size) {
  GROW(pool->memory, pool->memory_capacity, pool->memory_count + 1);
  void *memory = grow(NULL, &(size_t){0}, size, 1);
  pool->memory[pool->memory_count++] = memory;
  return memory;
}

/* `size` bytes that begin with a cache line. */
static void *pool_lines(struct message_pool *pool, size_t size) {
  const uintptr_t line = _Alignof(struct message);
  return (void *)(((uintptr_t)pool_memory(pool, size + line - 1) + line - 1) & ~(line - 1));
}

void message_pool_enlarge(struct message_pool *pool) {
  GROW(pool->chunks, pool->chunk_capacity, pool->chunk_count + 1);
  struct message *chunk = pool_lines(pool, CHUNK * sizeof(struct message));
  pool->chunks[pool->chunk_count] = chunk;
  for (uint32_t i = CHUNK; i-- > 0;) {
    chunk[i].id = (uint32_t)(pool->chunk_count * CHUNK) + i;
    chunk[i].next_free = pool->free;
    pool->free = &chunk[i];
  }
  pool->chunk_count++;
}

struct message *message_at(const struct message_pool *pool, uint32_t id) {
  return &pool->chunks[id >> CHUNK_BITS][id & (CHUNK - 1)];
}

struct message *message_next(const struct message_pool *pool, uint32_t *id) {
  while (*id < pool->chunk_count * CHUNK) {
    struct message *message = message_at(pool, (*id)++);
    if (message->in_use) return message;
  }
  return NULL;
}

void message_give_back_records(struct message_pool *pool, struct message *message) {
  uint32_t class = message->record_class;
  GROW(pool->blocks[class], pool->block_capacity[class], pool->block_count[class] + 1);
  pool->blocks[class][pool->block_count[class]++] = message->records;
  message->record_class = 0;
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

struct record *message_many_records(struct message_pool *pool, struct message *message, uint32_t count) {
  ASSERT_LE(count, MESSAGE_RECORDS_MAX);
  message->record_count = count;
  uint32_t class = 1;
  while (((uint32_t)1 << (2 * class)) < count) class++;
  if (pool->block_count[class] == 0) add_blocks(pool, class);
  message->record_class = class;
  return message->records = pool->blocks[class][--pool->block_count[class]];
}
