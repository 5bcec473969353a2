#include "sim/runner/campaign_threads.h"

#include "sim/base/assert.h"
#include "sim/runner/interrupt.h"
#include "sim/runner/workers.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What the second run of --verify starts from: another page offset, other stale bytes. */
#define VERIFY_BASE_OFFSET 8208
#define VERIFY_FILL 0xa5
#define PROGRESS_EVERY_NS 100000000
#define PROGRESS_AFTER_S 1.0
#define ANOTHER_LOOK_NS 2000000

struct crew {
  struct work *work;
  const struct work_others *others; /* NULL = none */
  pthread_mutex_t mutex; /* guards running */
  pthread_cond_t finished;
  unsigned running;
};

static double now_s(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void campaign_thread(const struct work *work, const struct work_source *source) {
  struct run *run = run_new(0, 0);
  struct run *again = work->options->verify ? run_new(VERIFY_BASE_OFFSET, VERIFY_FILL) : NULL;
  for (size_t item; source->take(source->context, &item);) {
    struct work_outcome outcome;
    const double begun_s = now_s();
    work_execute(work, item, run, again, &outcome);
    source->done(source->context, item, (int64_t)((now_s() - begun_s) * 1e9), &outcome);
  }
  run_free(run);
  if (again) run_free(again);
}

/* What others have taken may be given back: a thread goes on looking until all is done. */
static bool take(void *context, size_t *out_item) {
  const struct crew *crew = context;
  bool some;
  while (!(some = work_take(crew->work, out_item)) && crew->others && work_left(crew->work) > 0)
    nanosleep(&(struct timespec){.tv_nsec = ANOTHER_LOOK_NS}, NULL);
  return some;
}

static void done(void *context, size_t item, int64_t took_ns, struct work_outcome *outcome) {
  (void)took_ns;
  work_done(((struct crew *)context)->work, item, outcome);
}

static void *worker(void *context) {
  struct crew *crew = context;
  campaign_thread(crew->work, &(struct work_source){.take = take, .done = done, .context = crew});
  pthread_mutex_lock(&crew->mutex);
  crew->running--;
  pthread_cond_signal(&crew->finished);
  pthread_mutex_unlock(&crew->mutex);
  return NULL;
}

static void print_progress(struct work *work, double elapsed_s) {
  const struct work_counts counts = work_progress(work);
  const size_t here = counts.done - counts.restored;
  fprintf(stderr, "\r%s: %zu of %zu runs, %.0f s", work->scenario->name, counts.done, counts.mine, elapsed_s);
  if (here > 0)
    fprintf(stderr, ", about %.0f s left", elapsed_s * (double)(counts.mine - counts.done) / (double)here);
  fputs("\033[K", stderr);
  fflush(stderr);
}

/* Ends the process: the runs under way are lost, those in the journal are not. */
static void interrupted(struct work *work, int signal) {
  const struct campaign_options *options = work->options;
  if (work->journal) journal_stop(work->journal);
  const struct work_counts counts = work_progress(work);
  options->interrupted(options->interrupted_context, signal, work->journal ? counts.done : 0, counts.mine);
}

/* Up to PROGRESS_EVERY_NS. With the mutex. */
static void wait_for_workers(struct crew *crew) {
  struct timespec until;
  if (crew->others) {
    pthread_mutex_unlock(&crew->mutex);
    crew->others->attend(crew->others->context);
    pthread_mutex_lock(&crew->mutex);
    return;
  }
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += PROGRESS_EVERY_NS;
  if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
  pthread_cond_timedwait(&crew->finished, &crew->mutex, &until);
}

/* With the mutex, which workers get meanwhile: a disk may be slow. */
static void settle(struct crew *crew) {
  if (!crew->work->journal) return;
  pthread_mutex_unlock(&crew->mutex);
  journal_settle(crew->work->journal);
  pthread_mutex_lock(&crew->mutex);
}

/* Waits for the workers, tells a terminal how far they are, and looks whether the process is to end. */
static void watch(struct crew *crew, struct interrupt *interrupt) {
  const bool show = crew->work->options->progress && isatty(STDERR_FILENO);
  const double started_s = now_s();
  double next_s = PROGRESS_AFTER_S;
  bool shown = false;
  pthread_mutex_lock(&crew->mutex);
  while (crew->running > 0) {
    wait_for_workers(crew);
    settle(crew);
    const int signal = interrupt ? interrupt_seen(interrupt) : 0;
    if (signal != 0) {
      if (shown) fputs("\r\033[K", stderr);
      interrupted(crew->work, signal);
    }
    const double elapsed_s = now_s() - started_s;
    if (show && crew->running > 0 && elapsed_s >= next_s) {
      print_progress(crew->work, elapsed_s);
      next_s = elapsed_s + PROGRESS_EVERY_NS * 1e-9;
      shown = true;
    }
  }
  pthread_mutex_unlock(&crew->mutex);
  if (shown) fputs("\r\033[K", stderr);
}

void campaign_threads(struct work *work, unsigned workers, const struct work_others *others) {
  struct crew crew = {.work = work, .others = others, .running = workers};
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
    if (failed == 0) continue;
    workers_are_fewer(i, workers, failed);
    pthread_mutex_lock(&crew.mutex);
    crew.running -= workers - i;
    pthread_mutex_unlock(&crew.mutex);
    workers = i;
  }
  watch(&crew, watched ? &interrupt : NULL);
  for (unsigned i = 0; i < workers; i++) pthread_join(threads[i], NULL);
  if (watched) interrupt_end(&interrupt);
  free(threads);
  pthread_cond_destroy(&crew.finished);
  pthread_mutex_destroy(&crew.mutex);
}
