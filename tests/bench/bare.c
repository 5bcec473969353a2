/* The limit that the kernel is measured against: the hold model as a bare loop. A radix heap of the same
 * 32-byte records, one call through a function pointer for each that pops, a stream of random numbers
 * and a small table; no digest, no keyed luck, no checks. Nothing of ours is in it.
 *
 *   bare PENDING EVENTS     prints "events=… cpu_ns=… evidence=…": the time last popped
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct record {
  int64_t at;
  uint32_t node;
  uint16_t kind, detail;
  uint64_t a, b;
};
struct bucket {
  struct record *records;
  size_t count, room, head;
  int64_t least;
};
struct heap {
  struct bucket buckets[65];
  uint64_t occupied;
  int64_t last;
};

static struct heap heap;
static uint64_t state[4] = {1, 2, 3, 4};
static int64_t exponential[1024];

static inline uint64_t rotated(uint64_t x, int by) { return x << by | x >> (64 - by); }

/* xoshiro256++ (Blackman, Vigna) */
static inline uint64_t draw(void) {
  uint64_t result = rotated(state[0] + state[3], 23) + state[0], shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotated(state[3], 45);
  return result;
}

static inline void put(const struct record *record) {
  uint64_t difference = (uint64_t)record->at ^ (uint64_t)heap.last;
  int index = difference ? 64 - __builtin_clzll(difference) : 0;
  struct bucket *bucket = &heap.buckets[index];
  if (bucket->count == bucket->room) {
    bucket->room = bucket->room ? 2 * bucket->room : 16;
    bucket->records = realloc(bucket->records, bucket->room * sizeof *bucket->records);
    if (!bucket->records) abort();
  }
  if (bucket->count == 0 || record->at < bucket->least) bucket->least = record->at;
  bucket->records[bucket->count++] = *record;
  if (index) heap.occupied |= UINT64_C(1) << (index - 1);
}

/* The first of the earliest goes straight out, the others of its bucket into those below. */
static inline void pop(struct record *out) {
  struct bucket *now = &heap.buckets[0];
  if (now->head < now->count) {
    *out = now->records[now->head++];
    return;
  }
  now->head = now->count = 0;
  struct bucket *from = &heap.buckets[__builtin_ctzll(heap.occupied) + 1];
  size_t count = from->count, i = 0;
  heap.occupied &= heap.occupied - 1;
  heap.last = from->least;
  from->count = 0;
  while (from->records[i].at != heap.last) put(&from->records[i++]);
  *out = from->records[i++];
  while (i < count) put(&from->records[i++]);
}

typedef void due_fn(const struct record *record);
static void on_due(const struct record *record) {
  struct record next = *record;
  next.at += exponential[draw() >> 54];
  next.b++;
  put(&next);
}
static due_fn *volatile on_kind[2] = {on_due, on_due};

static void run(uint64_t events) {
  due_fn *table[2] = {on_kind[0], on_kind[1]};
  struct record record;
  for (uint64_t i = 0; i < events; i++) {
    pop(&record);
    table[record.kind](&record);
  }
}

static uint64_t cpu_ns(void) {
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

int main(int argc, char **argv) {
  uint64_t pending = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
  uint64_t events = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
  if (pending == 0 || events == 0) {
    fputs("usage: bare PENDING EVENTS\n", stderr);
    return 64;
  }
  for (int i = 0; i < 1024; i++) exponential[i] = (int64_t)(-1e6 * log((i + 0.5) / 1024));
  for (uint64_t i = 0; i < pending; i++)
    on_due(&(struct record){.node = (uint32_t)(i % 100), .kind = 1, .a = i + 1});
  run(2 * pending);
  uint64_t begin = cpu_ns();
  run(events);
  uint64_t end = cpu_ns();
  printf("events=%" PRIu64 " cpu_ns=%" PRIu64 " evidence=%016" PRIx64 "\n", events, end - begin, (uint64_t)heap.last);
  for (int i = 0; i < 65; i++) free(heap.buckets[i].records);
  return 0;
}
