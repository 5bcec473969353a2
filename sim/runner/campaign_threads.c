#include "sim/runner/campaign_threads.h"

#include "sim/base/assert.h"
#include "sim/runner/interrupt.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What the second run of --verify starts from: another page offset, other stale bytes. */
#define VERIFY_BASE_OFFSET 8208
#define VERIFY_FILL 0xa5
#define PROGRESS_EVERY_NS 100000000
#define PROGRESS_AFTER_S 1.0

struct crew {
  struct work *work;
  pthread_mutex_t mutex; /* guards running */
  pthread_cond_t finished;
  unsigned running;
};

static double now_s(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void *worker(void *context) {
  struct crew *crew = context;
  struct run *run = run_new(0, 0);
  struct run *again = crew->work->options->verify ? run_new(VERIFY_BASE_OFFSET, VERIFY_FILL) : NULL;
  for (size_t item; work_take(crew->work, &item);) {
    struct work_outcome outcome;
    work_execute(crew->work, item, run, again, &outcome);
    work_done(crew->work, item, &outcome);
  }
  run_free(run);
  if (again) run_free(again);
  pthread_mutex_lock(&crew->mutex);
  crew->running--;
  pthread_cond_signal(&crew->finished);
  pthread_mutex_unlock(&crew->mutex);
  return NULL;
}

static void print_progress(struct work *work, double elapsed_s) {
  const size_t done = work_progress(work), here = done - work->restored;
  fprintf(stderr, "\r%s: %zu of %zu runs, %.0f s", work->scenario->name, done, work->mine, elapsed_s);
  if (here > 0)
    fprintf(stderr, ", about %.0f s left", elapsed_s * (double)(work->mine - done) / (double)here);
  fputs("\033[K", stderr);
  fflush(stderr);
}

/* Ends the process: the runs under way are lost, those in the journal are not. */
static void interrupted(struct work *work, int signal) {
  const struct campaign_options *options = work->options;
  if (work->journal) journal_stop(work->journal);
  const size_t kept = work->journal ? work_progress(work) : 0;
  options->interrupted(options->interrupted_context, signal, kept, work->mine);
}

/* Waits for the workers, tells a terminal how far they are, and looks whether the process is to end. */
static void watch(struct crew *crew, const struct interrupt *interrupt) {
  const bool show = crew->work->options->progress && isatty(STDERR_FILENO);
  const double started_s = now_s();
  bool shown = false;
  pthread_mutex_lock(&crew->mutex);
  while (crew->running > 0) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += PROGRESS_EVERY_NS;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    pthread_cond_timedwait(&crew->finished, &crew->mutex, &until);
    const int signal = interrupt ? interrupt_seen(interrupt) : 0;
    if (signal != 0) {
      if (shown) fputs("\r\033[K", stderr);
      interrupted(crew->work, signal);
    }
    const double elapsed_s = now_s() - started_s;
    if (show && crew->running > 0 && elapsed_s >= PROGRESS_AFTER_S) {
      print_progress(crew->work, elapsed_s);
      shown = true;
    }
  }
  pthread_mutex_unlock(&crew->mutex);
  if (shown) fputs("\r\033[K", stderr);
}

void campaign_threads(struct work *work, unsigned workers) {
  struct crew crew = {.work = work, .running = workers};
  struct interrupt interrupt;
  const bool watched = work->options->interrupted != NULL;
  if (watched) interrupt_begin(&interrupt);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&crew.finished, &monotonic);
  pthread_condattr_destroy(&monotonic);
  pthread_mutex_init(&crew.mutex, NULL);
  pthread_t *threads = calloc(workers, sizeof *threads);
  ASSERT(threads != NULL);
  for (unsigned i = 0; i < workers; i++) {
    const int failed = pthread_create(&threads[i], NULL, worker, &crew);
    ASSERT_MSG(failed == 0, "cannot start thread %u of %u (-j): %s", i + 1, workers, strerror(failed));
  }
  watch(&crew, watched ? &interrupt : NULL);
  for (unsigned i = 0; i < workers; i++) pthread_join(threads[i], NULL);
  if (watched) interrupt_end(&interrupt);
  free(threads);
  pthread_cond_destroy(&crew.finished);
  pthread_mutex_destroy(&crew.mutex);
}
