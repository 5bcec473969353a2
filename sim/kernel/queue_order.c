/* Puts what was pushed in order, and takes the earliest out.
 *
 * A new event comes before those that pop no later, so that these move up by one place. How many there are is luck, and
 * a branch on it would often be foretold wrong: so the nearest are passed without one, whether they move or not. A
 * processor that compares four keys at once passes a third more of them so. Both ways do the same to the last bit.
 */
#include "sim/base/likely.h"
#include "sim/kernel/queue.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define REACH_PLAIN 12
#define STRIDE 4
_Static_assert(REACH_PLAIN <= QUEUE_REACH && REACH_PLAIN % STRIDE == 0 && QUEUE_REACH % STRIDE == 0,
               "keys are passed by fours");

/* The keys from `place` on have moved up: moves the others that have to, and puts the new one in. */
static inline void pass_on(uint64_t *place, uint64_t placed) {
  const uint64_t last = placed | QUEUE_SLOT_MASK;
  for (; place[-1] <= last; place--) place[0] = place[-1];
  *place = placed;
}

/* Looks at the key before `place`: whatever passes it moves up by one. `here` stood at `place`. Returns the key. */
static inline uint64_t pass(uint64_t *place, uint64_t here, uint64_t placed) {
  const uint64_t last = placed | QUEUE_SLOT_MASK, before = place[-1];
  const uint64_t moved = before > last ? placed : before;
  *place = here > last ? here : moved;
  return before;
}

static inline __attribute__((always_inline)) void order_plain(uint64_t *keys, size_t near,
                                                              const uint64_t *fresh) {
  const uint64_t placed = *fresh;
  uint64_t *place = &keys[QUEUE_REACH + near], here = 0;
  const uint64_t *const end = place - (near < REACH_PLAIN ? near | (STRIDE - 1) : REACH_PLAIN - 1);
  for (; place >= end; place -= STRIDE) {
    here = pass(place, here, placed);
    here = pass(place - 1, here, placed);
    here = pass(place - 2, here, placed);
    here = pass(place - 3, here, placed);
  }
  if (UNLIKELY(here <= (placed | QUEUE_SLOT_MASK))) pass_on(place, placed);
}

#if defined(__x86_64__)
bool queue_may_be_wide(void) { return __builtin_cpu_supports("avx2"); }

typedef __m256i four;

/* Kept in a register: a compiler would rather read it once for each use. */
static inline __attribute__((always_inline, target("avx2"))) four load(const uint64_t *place) {
  four keys = _mm256_loadu_si256((const four *)place);
  __asm__("" : "+x"(keys));
  return keys;
}

/* Each of `then` where that of `key` is later than that of `last`, else of `otherwise`: the sign of a difference says
 * which, as no key is as large as half of what it may be. */
static inline __attribute__((always_inline, target("avx2"))) four where_later(four key, four last, four then,
                                                                              four otherwise) {
  const __m256d sign = _mm256_castsi256_pd(_mm256_sub_epi64(last, key));
  return _mm256_castpd_si256(_mm256_blendv_pd(_mm256_castsi256_pd(otherwise), _mm256_castsi256_pd(then), sign));
}

/* The same with the four keys from `place` on, and the four before them. */
static inline __attribute__((always_inline, target("avx2"))) void pass_four(uint64_t *place, four here, four placed,
                                                                            four last) {
  const four before = load(place - 1);
  const four moved = where_later(before, last, placed, before);
  _mm256_storeu_si256((four *)place, where_later(here, last, here, moved));
}

static inline __attribute__((always_inline, target("avx2"))) void order_wide(uint64_t *keys, size_t near,
                                                                             const uint64_t *fresh) {
  _Static_assert(QUEUE_REACH == 4 * STRIDE, "four times four");
  uint64_t *const place = &keys[QUEUE_REACH + near - (STRIDE - 1)];
  const four placed = _mm256_castpd_si256(_mm256_broadcast_sd((const double *)fresh));
  const four last = _mm256_or_si256(placed, _mm256_set1_epi64x(QUEUE_SLOT_MASK));
  /* Nothing stands at the last place yet. */
  pass_four(place, _mm256_blend_epi32(load(place), _mm256_setzero_si256(), 0xc0), placed, last);
  pass_four(place - STRIDE, load(place - STRIDE), placed, last);
  pass_four(place - 2 * STRIDE, load(place - 2 * STRIDE), placed, last);
  pass_four(place - 3 * STRIDE, load(place - 3 * STRIDE), placed, last);
  uint64_t *const next = &keys[near];
  if (UNLIKELY(*next <= (*fresh | QUEUE_SLOT_MASK))) pass_on(next, *fresh);
}
#else
bool queue_may_be_wide(void) { return false; }
#endif

/* Puts a key among those of `near` events. */
typedef void order_fn(uint64_t *keys, size_t near, const uint64_t *fresh);

static inline __attribute__((always_inline)) void order_fresh(struct queue *queue, size_t near, order_fn *order) {
  const size_t fresh = queue->fresh;
  for (size_t i = 0; i < fresh; i++) order(queue->keys, near + i, &queue->fresh_keys[i]);
  queue->near = near + fresh;
  queue->fresh = 0;
}

/* One key at a time also where four could be: several in a row, each of which reads at once what the one before it
 * has written, at other places than in these four words. */
void queue_order_all(struct queue *queue) { order_fresh(queue, queue->near, order_plain); }

static inline const struct event *pop(struct queue *queue, uint64_t slot) {
  const struct event *event = &queue->slots[slot];
  queue->free |= UINT64_C(1) << slot;
  queue->last = event->at;
  return event;
}

/* Where one of the fresh may come first, or none is near. By a jump, as a call would have to keep what is in use. */
static __attribute__((noinline)) const struct event *take_in_order(struct queue *queue) {
  queue_order_all(queue);
  if (queue->near == 0) return queue_take_far(queue);
  return pop(queue, queue->keys[QUEUE_REACH - 1 + queue->near--] & QUEUE_SLOT_MASK);
}

static inline __attribute__((always_inline)) const struct event *take(struct queue *queue, order_fn *order) {
  /* Later than all when none is near. */
  const uint64_t next = queue->keys[QUEUE_REACH - 1 + queue->near] & ~QUEUE_SLOT_MASK;
  bool sooner = false;
  for (size_t i = 0; i < queue->fresh; i++) sooner |= queue->fresh_keys[i] < next;
  if (UNLIKELY(sooner || queue->near == 0)) return take_in_order(queue);
  const size_t near = queue->near - 1;
  const uint64_t slot = queue->keys[QUEUE_REACH + near] & QUEUE_SLOT_MASK;
  order_fresh(queue, near, order);
  return pop(queue, slot);
}

const struct event *queue_take_plain(struct queue *queue) { return take(queue, order_plain); }

#if defined(__x86_64__)
__attribute__((target("avx2"))) const struct event *queue_take_wide(struct queue *queue) {
  return take(queue, order_wide);
}
#else
const struct event *queue_take_wide(struct queue *queue) { return queue_take_plain(queue); }
#endif
