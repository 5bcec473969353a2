/* The other ranks. */
#include "sim/base/grow.h"
#include "sim/runner/campaign_mpi.h"
#include "sim/runner/campaign_mpi_messages.h"
#include "sim/runner/campaign_threads.h"
#include "sim/runner/workers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So much work is asked for at once, as far as can be guessed: what is lost with the rank, and much longer
 * than an answer takes. */
#define AHEAD_NS 50000000
#define WANT_MAX 256
#define STATUS_ALONE 70

struct server {
  const struct work *work;
  struct ranks *ranks;
  uint64_t campaign;
  unsigned threads;
  pthread_mutex_t mutex;                 /* guards what follows */
  pthread_cond_t some;                   /* there are items, or it is over */
  size_t *items, first, count, capacity; /* from first to count */
  bool asked, over;
  int64_t spent_ns, spent_on; /* how long items took, and how many */
};

/* With the mutex. What AHEAD_NS is worth, at least one for each thread. */
static uint64_t wanted(const struct server *server) {
  const int64_t mean_ns = server->spent_on > 0 ? server->spent_ns / server->spent_on + 1 : AHEAD_NS;
  const uint64_t each = 1 + (uint64_t)(AHEAD_NS / mean_ns);
  return server->threads * (each < WANT_MAX ? each : WANT_MAX);
}

/* With the mutex. Asks for more while there is still something to do. */
static void ask(struct server *server) {
  const uint64_t want = wanted(server);
  if (server->asked || server->over || server->count - server->first > want / 2) return;
  struct bytes bytes = campaign_message(CAMPAIGN_WANT, server->campaign);
  bytes_unsigned(&bytes, want);
  ranks_send(server->ranks, 0, &bytes);
  server->asked = true;
}

static bool take(void *context, size_t *out_item) {
  struct server *server = context;
  pthread_mutex_lock(&server->mutex);
  while (server->first == server->count && !server->over) pthread_cond_wait(&server->some, &server->mutex);
  const bool some = !server->over;
  if (some) {
    *out_item = server->items[server->first++];
    ask(server);
  }
  pthread_mutex_unlock(&server->mutex);
  return some;
}

static void done(void *context, size_t item, int64_t took_ns, struct work_outcome *outcome) {
  struct server *server = context;
  struct bytes bytes = campaign_message(CAMPAIGN_RESULT, server->campaign);
  bytes_unsigned(&bytes, item);
  work_pack(server->work, item, outcome, &bytes);
  ranks_send(server->ranks, 0, &bytes);
  work_outcome_deinit(outcome);
  pthread_mutex_lock(&server->mutex);
  server->spent_ns += took_ns;
  server->spent_on++;
  pthread_mutex_unlock(&server->mutex);
}

static void *thread(void *context) {
  struct server *server = context;
  campaign_thread(server->work, &(struct work_source){.take = take, .done = done, .context = server});
  return NULL;
}

static void on_items(struct server *server, struct bytes_reader *reader) {
  pthread_mutex_lock(&server->mutex);
  server->asked = false;
  if (server->first == server->count) server->first = server->count = 0;
  while (reader->at < reader->end && !reader->bad) {
    const uint64_t item = bytes_read_up_to(reader, server->work->items - 1);
    GROW(server->items, server->capacity, server->count + 1);
    server->items[server->count++] = item;
  }
  ASSERT_MSG(!reader->bad, "rank 0 hands out what is no run of this campaign");
  ask(server);
  pthread_cond_broadcast(&server->some);
  pthread_mutex_unlock(&server->mutex);
}

static void stop(struct server *server) {
  pthread_mutex_lock(&server->mutex);
  server->over = true;
  pthread_cond_broadcast(&server->some);
  pthread_mutex_unlock(&server->mutex);
}

/* [C2] */
_Noreturn void campaign_mpi_end_alone(const struct ranks *ranks) {
  fprintf(stderr, "dgsim: error: rank %u hears nothing of rank 0 any more, and ends\n", ranks_rank(ranks));
  _exit(STATUS_ALONE);
}

/* False: no more campaigns. */
static bool listen(struct server *server) {
  unsigned from;
  for (;;) {
    struct bytes bytes;
    enum campaign_message kind;
    uint64_t campaign;
    if (!ranks_receive(server->ranks, CAMPAIGN_LISTEN_NS, &from, &bytes)) {
      if (ranks_silent(server->ranks, 0)) campaign_mpi_end_alone(server->ranks);
      continue;
    }
    struct bytes_reader reader = campaign_message_read(&bytes, &kind, &campaign);
    if (kind == CAMPAIGN_ITEMS && campaign == server->campaign) on_items(server, &reader);
    bytes_free(&bytes);
    if (kind == CAMPAIGN_OVER && campaign >= server->campaign) return campaign != CAMPAIGN_NONE_TO_COME;
  }
}

bool campaign_mpi_serve(const struct scenario *scenario, const struct campaign_options *options) {
  struct campaign nobody = {.result_count = scenario->plan_count * scenario->seed_count};
  struct work work;
  work_init(&work, scenario, options, &nobody);
  struct server server = {.work = &work,
                          .ranks = options->ranks,
                          .campaign = options->number,
                          .threads = workers_count(options->workers > 0 ? options->workers : 1, work.items)};
  pthread_mutex_init(&server.mutex, NULL);
  pthread_cond_init(&server.some, NULL);
  pthread_t *threads = calloc(server.threads, sizeof *threads);
  ASSERT(threads != NULL);
  pthread_mutex_lock(&server.mutex);
  ask(&server);
  pthread_mutex_unlock(&server.mutex);
  for (unsigned i = 0; i < server.threads; i++) {
    const int failed = pthread_create(&threads[i], NULL, thread, &server);
    ASSERT_MSG(failed == 0, "cannot start thread %u of %u (-j): %s", i + 1, server.threads, strerror(failed));
  }
  const bool more = listen(&server);
  stop(&server);
  for (unsigned i = 0; i < server.threads; i++) pthread_join(threads[i], NULL);
  free(threads);
  free(server.items);
  pthread_cond_destroy(&server.some);
  pthread_mutex_destroy(&server.mutex);
  work_deinit(&work);
  return more;
}
