#include "sim/handler/fiber.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/likely.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define FIBER_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define FIBER_TSAN 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define FIBER_ASAN 1
#endif
#ifdef __SANITIZE_THREAD__
#define FIBER_TSAN 1
#endif
#if defined FIBER_ASAN || defined FIBER_TSAN
#define FIBER_CONTEXTS 1
#endif
/* clang has the compiler's jumps for few processors; for ARM's 64-bit ones it refuses them. */
#if defined __clang__ && !defined __x86_64__
#define FIBER_CONTEXTS 1
#endif

#ifdef FIBER_ASAN
#include <dlfcn.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef FIBER_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#ifdef DGSIM_VALGRIND /* it has to be told of stacks that lie side by side */
#include <valgrind/valgrind.h>
#endif

/* A built-in handler uses little of it; a user's own may parse and print. What is not touched is free. */
#define STACK_BYTES (256 * 1024)

#ifndef FIBER_CONTEXTS
/* The compiler's own jumps (GCC manual, "Nonlocal Gotos"): they save a frame, a stack pointer and an
 * address, and leave the registers to the function that jumps away. A third of the price of the
 * library's, which also unwinds thread cleanups; and the fortified longjmp takes a jump between stacks
 * for corruption. */
typedef void *jump[5];
#endif

enum fiber_state { FIBER_FREE, FIBER_STARTED, FIBER_SUSPENDED, FIBER_RUNNING, FIBER_RETURNED };

struct fiber {
  enum fiber_state state;
  bool entered; /* the frame of `enter` is at the bottom of its stack, to be used again */
  fiber_fn *function;
  void *argument;
  char *mapping; /* guard page, then the stack */
  struct fiber_pool *pool;
  struct fiber *next_free;
#ifndef FIBER_CONTEXTS
  jump base, here, resumer;
#endif
  ucontext_t context; /* large, and used once: behind what every switch reads */
#ifdef FIBER_CONTEXTS
  ucontext_t resumer;
#endif
#ifdef FIBER_ASAN
  const void *resumer_stack;
  size_t resumer_stack_bytes;
#endif
#ifdef FIBER_TSAN
  void *own_tsan, *resumer_tsan;
#endif
#ifdef DGSIM_VALGRIND
  unsigned registered;
#endif
};
struct fiber_pool {
  struct fiber **fibers; /* all that there are: each stays where it is, as its frames point to it */
  size_t count, capacity;
  struct fiber *free; /* the one that was given back last comes first */
};

size_t fiber_stack_bytes(void) { return STACK_BYTES; }

static size_t guard_bytes(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static char *stack_of(const struct fiber *fiber) { return fiber->mapping + guard_bytes(); }

static void map_stack(struct fiber *fiber) {
  size_t guard = guard_bytes();
  void *mapping = mmap(NULL, guard + STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_MSG(mapping != MAP_FAILED, "no memory for another handler's stack of %d bytes", STACK_BYTES);
  int protect = mprotect(mapping, guard, PROT_NONE);
  ASSERT_EQ(protect, 0);
  fiber->mapping = mapping;
#ifdef DGSIM_VALGRIND
  fiber->registered = VALGRIND_STACK_REGISTER(stack_of(fiber), stack_of(fiber) + STACK_BYTES);
#endif
}

static void forget_frames(struct fiber *fiber);

struct fiber_pool *fiber_pool_new(void) {
  struct fiber_pool *pool = calloc(1, sizeof *pool);
  ASSERT(pool);
  return pool;
}

static struct fiber *make(struct fiber_pool *pool) {
  struct fiber *fiber = calloc(1, sizeof *fiber);
  ASSERT(fiber);
  fiber->pool = pool;
  map_stack(fiber);
  GROW(pool->fibers, pool->capacity, pool->count + 1);
  return pool->fibers[pool->count++] = fiber;
}

static void give_back(struct fiber *fiber) {
  fiber->state = FIBER_FREE;
  fiber->next_free = fiber->pool->free;
  fiber->pool->free = fiber;
}

void fiber_pool_drop(struct fiber_pool *pool) {
  for (size_t i = 0; i < pool->count; i++)
    if (fiber_live(pool->fibers[i])) fiber_drop(pool->fibers[i]);
}

void fiber_pool_free(struct fiber_pool *pool) {
  if (!pool) return;
  fiber_pool_drop(pool);
  for (size_t i = 0; i < pool->count; i++) {
    struct fiber *fiber = pool->fibers[i];
    forget_frames(fiber);
#ifdef DGSIM_VALGRIND
    VALGRIND_STACK_DEREGISTER(fiber->registered);
#endif
    munmap(fiber->mapping, guard_bytes() + STACK_BYTES);
    free(fiber);
  }
  free(pool->fibers);
  free(pool);
}

bool fiber_live(const struct fiber *fiber) { return fiber->state != FIBER_FREE; }

/* A context that will run `entry(fiber)`; makecontext passes ints only. */
static void make_context(struct fiber *fiber, void (*entry)(unsigned high, unsigned low)) {
  int got = getcontext(&fiber->context);
  ASSERT_EQ(got, 0);
  fiber->context.uc_stack.ss_sp = stack_of(fiber);
  fiber->context.uc_stack.ss_size = STACK_BYTES;
  fiber->context.uc_link = NULL;
  uint64_t address = (uint64_t)(uintptr_t)fiber;
  makecontext(&fiber->context, (void (*)(void))entry, 2, (unsigned)(address >> 32),
              (unsigned)address);
}

static struct fiber *fiber_of(unsigned high, unsigned low) {
  return (struct fiber *)(uintptr_t)((uint64_t)high << 32 | low);
}

struct fiber *fiber_start(struct fiber_pool *pool, fiber_fn *function, void *argument) {
  struct fiber *fiber = pool->free;
  if (fiber)
    pool->free = fiber->next_free;
  else
    fiber = make(pool);
  fiber->function = function;
  fiber->argument = argument;
  fiber->state = FIBER_STARTED;
  return fiber;
}

#ifdef FIBER_CONTEXTS

/* --- Under sanitizers: contexts, and every switch announced; and where there are no jumps --- */

typedef int swap_fn(ucontext_t *, const ucontext_t *);

/* ASan's own swapcontext says in every process that it might not know of the other stack. It is told of it here, so
 * that the library's will do. */
static swap_fn *swap_of_library(void) {
#ifdef FIBER_ASAN
  static _Thread_local swap_fn *known;
  if (known) return known;
  void *library = dlopen("libc.so.6", RTLD_LAZY);
  *(void **)&known = library ? dlsym(library, "swapcontext") : NULL;
  ASSERT(known);
  return known;
#else
  return swapcontext;
#endif
}

static void leave_resumer(struct fiber *fiber) {
#ifdef FIBER_ASAN
  void *fake_stack;
  __sanitizer_start_switch_fiber(&fake_stack, stack_of(fiber), STACK_BYTES);
#endif
#ifdef FIBER_TSAN
  fiber->resumer_tsan = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(fiber->own_tsan, 0);
#endif
  int swapped = swap_of_library()(&fiber->resumer, &fiber->context);
  ASSERT_EQ(swapped, 0);
#ifdef FIBER_ASAN
  __sanitizer_finish_switch_fiber(fake_stack, NULL, NULL);
#endif
}

static void arrive_in_fiber(struct fiber *fiber, void *fake_stack) {
#ifdef FIBER_ASAN
  __sanitizer_finish_switch_fiber(fake_stack, &fiber->resumer_stack, &fiber->resumer_stack_bytes);
#else
  (void)fiber, (void)fake_stack;
#endif
}

static void leave_fiber(struct fiber *fiber) {
  void *fake_stack = NULL;
#ifdef FIBER_ASAN
  __sanitizer_start_switch_fiber(&fake_stack, fiber->resumer_stack, fiber->resumer_stack_bytes);
#endif
#ifdef FIBER_TSAN
  __tsan_switch_to_fiber(fiber->resumer_tsan, 0);
#endif
  int swapped = swap_of_library()(&fiber->context, &fiber->resumer);
  ASSERT_EQ(swapped, 0);
  arrive_in_fiber(fiber, fake_stack);
}

/* The frame at the bottom of a fiber's stack: it serves one start after the other. */
static void enter(unsigned high, unsigned low) {
  struct fiber *fiber = fiber_of(high, low);
  arrive_in_fiber(fiber, NULL);
  for (;;) {
    fiber->function(fiber->argument);
    fiber->state = FIBER_RETURNED;
    leave_fiber(fiber);
  }
}

static void forget_frames(struct fiber *fiber) {
  fiber->entered = false;
#ifdef FIBER_TSAN
  if (fiber->own_tsan) __tsan_destroy_fiber(fiber->own_tsan);
  fiber->own_tsan = NULL;
#endif
}

/* What a dropped function has left behind: red zones, a stack of calls. */
static void enter_anew(struct fiber *fiber) {
#ifdef FIBER_ASAN
  ASAN_UNPOISON_MEMORY_REGION(stack_of(fiber), STACK_BYTES);
#endif
#ifdef FIBER_TSAN
  fiber->own_tsan = __tsan_create_fiber(0);
#endif
  make_context(fiber, enter);
  fiber->entered = true;
}

/* Never inlined: a function that is jumped back into must have a frame of its own. */
__attribute__((noinline)) bool fiber_resume(struct fiber *fiber) {
  ASSERT(fiber->state == FIBER_STARTED || fiber->state == FIBER_SUSPENDED);
  if (!fiber->entered) enter_anew(fiber);
  fiber->state = FIBER_RUNNING;
  leave_resumer(fiber);
  if (fiber->state != FIBER_RETURNED) return false;
  give_back(fiber);
  return true;
}

__attribute__((noinline)) void fiber_yield(struct fiber *fiber) {
  ASSERT_EQ(fiber->state, FIBER_RUNNING);
  fiber->state = FIBER_SUSPENDED;
  leave_fiber(fiber);
}

void fiber_drop(struct fiber *fiber) {
  ASSERT(fiber->state == FIBER_STARTED || fiber->state == FIBER_SUSPENDED);
  if (fiber->state == FIBER_SUSPENDED) forget_frames(fiber);
  give_back(fiber);
}

#else

/* --- Otherwise: jumps --- */

/* The frame at the bottom of a fiber's stack. It is never left: a later start jumps to `base`, over
 * whatever a dropped function has left above it. */
static void enter(unsigned high, unsigned low) {
  struct fiber *const fiber = fiber_of(high, low);
  (void)__builtin_setjmp(fiber->base);
  fiber->function(fiber->argument);
  fiber->state = FIBER_RETURNED;
  __builtin_longjmp(fiber->resumer, 1);
}

static _Noreturn void enter_first(struct fiber *fiber) {
  fiber->entered = true;
  make_context(fiber, enter);
  setcontext(&fiber->context);
  assert_failed(__FILE__, __LINE__, "setcontext", "it returned");
}

/* A processor foretells where a return goes by the calls that it has seen: one that is left by a jump, as a
 * handler's are when it waits, puts it wrong about all returns behind it, up to the main loop. So after a jump
 * out, as many returns are made as there are calls between the bottom of a fiber and a wait of a built-in
 * handler, and as many calls before the jump back. Of another depth it is slower, and as right. */
#if defined __x86_64__ && !(defined __CET__ && (__CET__ & 2))
#define FORGET_CALL "lea 1f(%%rip), %%rax\n\tpush %%rax\n\tret\n1:\n\t"
#define REMEMBER_CALL "call 1f\n\tint3\n1:\n\tlea 8(%%rsp), %%rsp\n\t"
#define PAST_RED_ZONE(CODE) \
  __asm__ volatile("lea -128(%%rsp), %%rsp\n\t" CODE "lea 128(%%rsp), %%rsp" : : : "rax", "memory")
static inline void forget_calls(void) { PAST_RED_ZONE(FORGET_CALL FORGET_CALL FORGET_CALL FORGET_CALL); }
static inline void remember_calls(void) {
  PAST_RED_ZONE(REMEMBER_CALL REMEMBER_CALL REMEMBER_CALL REMEMBER_CALL);
}
#else
static inline void forget_calls(void) {}
static inline void remember_calls(void) {}
#endif

/* Never inlined: a function that is jumped back into must have a frame of its own. */
__attribute__((noinline)) bool fiber_resume(struct fiber *fiber) {
  enum fiber_state state = fiber->state;
  ASSERT(state == FIBER_STARTED || state == FIBER_SUSPENDED);
  if (__builtin_setjmp(fiber->resumer) == 0) {
    fiber->state = FIBER_RUNNING;
    if (state == FIBER_SUSPENDED) {
      remember_calls();
      __builtin_longjmp(fiber->here, 1);
    }
    if (LIKELY(fiber->entered)) __builtin_longjmp(fiber->base, 1);
    enter_first(fiber);
  }
  if (fiber->state == FIBER_RETURNED) {
    give_back(fiber);
    return true;
  }
  forget_calls();
  return false;
}

__attribute__((noinline)) void fiber_yield(struct fiber *fiber) {
  ASSERT_EQ(fiber->state, FIBER_RUNNING);
  fiber->state = FIBER_SUSPENDED;
  if (__builtin_setjmp(fiber->here) == 0) __builtin_longjmp(fiber->resumer, 1);
}

void fiber_drop(struct fiber *fiber) {
  ASSERT(fiber->state == FIBER_STARTED || fiber->state == FIBER_SUSPENDED);
  give_back(fiber); /* its frames are jumped over at the next start */
}

static void forget_frames(struct fiber *fiber) { fiber->entered = false; }

#endif
