#include "sim/runner/workers.h"

#include "sim/base/assert.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX 1024

unsigned workers_count(unsigned wanted, size_t items) {
  if (wanted == 0) {
    cpu_set_t set;
    wanted = sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
  }
  if (wanted > WORKERS_MAX) wanted = WORKERS_MAX;
  if (wanted > items) wanted = (unsigned)items;
  return wanted > 0 ? wanted : 1;
}

struct job {
  void (*work)(void *context);
  void *context;
};

static void *begin(void *context) {
  const struct job *job = context;
  job->work(job->context);
  return NULL;
}

void workers_are_fewer(unsigned started, unsigned wanted, int failed) {
  ASSERT_MSG(started > 0, "cannot start a thread: %s", strerror(failed));
  fprintf(stderr, "dgsim: note: %u threads instead of %u (-j): %s\n", started, wanted, strerror(failed));
}

void workers_run(unsigned wanted, size_t items, void (*work)(void *context), void *context) {
  unsigned count = workers_count(wanted, items);
  if (count == 1) return work(context);
  struct job job = {work, context};
  pthread_t *threads = calloc(count, sizeof *threads);
  ASSERT(threads != NULL);
  for (unsigned i = 0; i < count; i++) {
    int failed = pthread_create(&threads[i], NULL, begin, &job);
    if (failed == 0) continue;
    if (i > 0) workers_are_fewer(i, count, failed);
    count = i;
  }
  if (count == 0) work(context);
  for (unsigned i = 0; i < count; i++) pthread_join(threads[i], NULL);
  free(threads);
}
