#include "sim/runner/ranks.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/runner/ranks_port.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_NS_MIN 20000
#define LOOK_NS_MAX 1000000
#define SECOND_NS INT64_C(1000000000)
#define CLOSE_NS (5 * SECOND_NS) /* for what should take some milliseconds */

/* A message is one of these, MPI's tag. */
enum { TAG_LIVES, TAG_MESSAGE, TAG_ENDED, TAG_CLOSE };

struct letter {
  unsigned peer;
  int tag;
  struct bytes message;
};

struct letters {
  struct letter *items;
  size_t first, count, capacity; /* from first to count */
};

struct peer {
  int64_t heard_ns, told_ns; /* monotonic */
  bool silent;
  bool ended; /* has nothing more to do but to close */
};

/* How far this process is: each comes once, in this order. */
enum stage { STAGE_STARTING, STAGE_OPEN, STAGE_ENDING, STAGE_CLOSING, STAGE_CLOSED };

struct ranks {
  unsigned rank, count; /* set before `begun` is signalled */
  int64_t silence_ns;
  pthread_t thread;
  pthread_mutex_t mutex; /* guards what follows */
  pthread_cond_t look;   /* there is something for the thread to do */
  pthread_cond_t news;   /* a message, or another stage */
  enum stage stage;
  int64_t closing_ns;  /* when STAGE_CLOSING began */
  bool orderly, close; /* how to close; other ranks than 0: that it is time to */
  struct letters inbox, outbox;
  struct peer *peers; /* [count] */
};

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * SECOND_NS + time.tv_nsec;
}

/* True when signalled (or spuriously), false when the time is over. */
static bool wait_for(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t wait_ns) {
  const int64_t until_ns = now_ns() + wait_ns;
  const struct timespec until = {.tv_sec = until_ns / SECOND_NS, .tv_nsec = until_ns % SECOND_NS};
  return pthread_cond_timedwait(condition, mutex, &until) == 0;
}

/* --- Letters --- */

static void push(struct letters *letters, struct letter letter) {
  if (letters->first == letters->count) letters->first = letters->count = 0;
  GROW(letters->items, letters->capacity, letters->count + 1);
  letters->items[letters->count++] = letter;
}

static bool pull(struct letters *letters, struct letter *out) {
  if (letters->first == letters->count) return false;
  *out = letters->items[letters->first++];
  return true;
}

static void free_letters(struct letters *letters) {
  for (struct letter letter; pull(letters, &letter);) bytes_free(&letter.message);
  free(letters->items);
}

/* --- The thread that talks --- */

/* A message without content still has a byte: less to be special. */
static void tell(struct port *port, unsigned to, int tag, unsigned char content) {
  struct bytes bytes = {0};
  bytes_unsigned(&bytes, content);
  port_send(port, to, tag, &bytes);
}

static bool is_peer(const struct ranks *ranks, unsigned rank) {
  return ranks->rank == 0 ? rank != 0 : rank == 0;
}

/* Mutex held, as in all of these. */
static bool send_letters(struct ranks *ranks, struct port *port) {
  bool some = false;
  for (struct letter letter; pull(&ranks->outbox, &letter); some = true)
    port_send(port, letter.peer, letter.tag, &letter.message);
  return some;
}

static bool receive_letters(struct ranks *ranks, struct port *port) {
  struct letter letter = {0};
  bool some = false;
  for (; port_receive(port, &letter.peer, &letter.tag, &letter.message); some = true) {
    struct peer *peer = &ranks->peers[letter.peer];
    peer->heard_ns = now_ns();
    peer->silent = false;
    if (letter.tag == TAG_MESSAGE) {
      push(&ranks->inbox, letter);
      pthread_cond_broadcast(&ranks->news);
      continue;
    }
    if (letter.tag == TAG_ENDED) peer->ended = true;
    if (letter.tag == TAG_CLOSE) {
      ranks->close = true;
      ranks->orderly = letter.message.items[0] != 0;
    }
    bytes_free(&letter.message);
  }
  return some;
}

/* Says that this one lives, and sees who does not. `slept`: this process itself was stopped for a while, and
 * what was said to it in that time may not have come in yet. */
static void look_after(struct ranks *ranks, struct port *port, bool slept) {
  const int64_t now = now_ns();
  const int64_t every_ns = ranks->silence_ns / 4 < SECOND_NS ? ranks->silence_ns / 4 : SECOND_NS;
  for (unsigned rank = 0; rank < ranks->count; rank++) {
    struct peer *peer = &ranks->peers[rank];
    if (!is_peer(ranks, rank)) continue;
    if (slept) peer->heard_ns = now;
    if (!peer->silent && now - peer->heard_ns > ranks->silence_ns) {
      peer->silent = true;
      pthread_cond_broadcast(&ranks->news);
    }
    if (peer->silent || now - peer->told_ns < every_ns) continue;
    peer->told_ns = now;
    if (port_sending(port, rank) < 2) tell(port, rank, TAG_LIVES, 0);
  }
}

/* Rank 0: whether every other one has nothing more to do, or is gone. */
static bool have_ended(const struct ranks *ranks, bool *out_all) {
  bool wait = false;
  *out_all = true;
  for (unsigned rank = 1; rank < ranks->count; rank++) {
    *out_all &= ranks->peers[rank].ended;
    wait |= !ranks->peers[rank].ended && !ranks->peers[rank].silent;
  }
  return !wait;
}

/* True when it is time to close. MPI_Finalize waits for all, so rank 0 says whether all are there. */
static bool end(struct ranks *ranks, struct port *port, bool *told) {
  if (ranks->rank != 0) {
    if (!*told) tell(port, 0, TAG_ENDED, 0);
    *told = true;
    return ranks->close || ranks->peers[0].silent;
  }
  if (!have_ended(ranks, &ranks->orderly)) return false;
  for (unsigned rank = 1; rank < ranks->count; rank++) tell(port, rank, TAG_CLOSE, ranks->orderly);
  return true;
}

/* What was sent last is to arrive. */
static void drain(const struct ranks *ranks, struct port *port) {
  const int64_t until_ns = now_ns() + CLOSE_NS;
  for (unsigned rank = 0; rank < ranks->count; rank++)
    while (!ranks->peers[rank].silent && port_sending(port, rank) > 0 && now_ns() < until_ns)
      nanosleep(&(struct timespec){.tv_nsec = LOOK_NS_MAX}, NULL);
}

static void talk(struct ranks *ranks, struct port *port) {
  int64_t look_ns = LOOK_NS_MIN, last_ns = now_ns();
  bool told = false;
  for (;;) {
    const bool sent = send_letters(ranks, port), received = receive_letters(ranks, port);
    const int64_t now = now_ns();
    look_after(ranks, port, now - last_ns > ranks->silence_ns / 4);
    last_ns = now;
    if (ranks->stage == STAGE_ENDING && end(ranks, port, &told)) return;
    look_ns = sent || received ? LOOK_NS_MIN : look_ns * 2 < LOOK_NS_MAX ? look_ns * 2 : LOOK_NS_MAX;
    wait_for(&ranks->look, &ranks->mutex, look_ns);
  }
}

static void *thread(void *context) {
  struct ranks *ranks = context;
  struct port *port = port_open(&ranks->rank, &ranks->count);
  pthread_mutex_lock(&ranks->mutex);
  ranks->peers = calloc(ranks->count, sizeof *ranks->peers);
  ASSERT(ranks->peers != NULL);
  for (unsigned rank = 0; rank < ranks->count; rank++) ranks->peers[rank].heard_ns = now_ns();
  ranks->stage = STAGE_OPEN;
  pthread_cond_signal(&ranks->news);
  talk(ranks, port);
  ranks->closing_ns = now_ns();
  ranks->stage = STAGE_CLOSING;
  pthread_mutex_unlock(&ranks->mutex);
  drain(ranks, port);
  port_close(port, ranks->orderly);
  pthread_mutex_lock(&ranks->mutex);
  ranks->stage = STAGE_CLOSED;
  pthread_cond_signal(&ranks->news);
  pthread_mutex_unlock(&ranks->mutex);
  return NULL;
}

/* --- Beginning and end --- */

static void condition(pthread_cond_t *out) {
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(out, &monotonic);
  pthread_condattr_destroy(&monotonic);
}

bool ranks_begin(const struct ranks_start *start, int64_t silence_ns, struct ranks **out, struct err *err) {
  char library[128];
  if (!port_library(library, sizeof library)) {
    err_set(err, ERR_NOT_HERE,
            "several of this were started together, as for MPI, and it is built without MPI");
    return err_note(
        err, "all would do the same work; build it where Open MPI is (libopenmpi-dev), or use --shard");
  }
  struct ranks *ranks = calloc(1, sizeof *ranks);
  ASSERT(ranks != NULL);
  ranks->silence_ns = silence_ns;
  pthread_mutex_init(&ranks->mutex, NULL);
  condition(&ranks->look);
  condition(&ranks->news);
  pthread_mutex_lock(&ranks->mutex);
  /* Signals are for the threads of the program. MPI starts some of its own: they do as the one that does so. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const int failed = pthread_create(&ranks->thread, NULL, thread, ranks);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  ASSERT_MSG(failed == 0, "cannot start a thread: %s", strerror(failed));
  while (ranks->stage == STAGE_STARTING) pthread_cond_wait(&ranks->news, &ranks->mutex);
  pthread_mutex_unlock(&ranks->mutex);
  *out = ranks;
  if (ranks->count > 1 || start->count <= 1) return true;
  err_set(err, ERR_NOT_HERE,
          "%u of this were started together, but not by the MPI that it is built with (%s)", start->count,
          library);
  ranks_end(ranks);
  return err_note(err, "all would do the same work; start them with the mpirun of that MPI");
}

void ranks_end(struct ranks *ranks) {
  bool closed = false, lost = false;
  pthread_mutex_lock(&ranks->mutex);
  ranks->stage = STAGE_ENDING;
  pthread_cond_signal(&ranks->look);
  while (!closed && !lost) { /* [R2]: for a rank that is alive, however long; for MPI to finish, not */
    wait_for(&ranks->news, &ranks->mutex, SECOND_NS);
    closed = ranks->stage == STAGE_CLOSED;
    lost = ranks->stage == STAGE_CLOSING && now_ns() - ranks->closing_ns > 2 * CLOSE_NS;
  }
  pthread_mutex_unlock(&ranks->mutex);
  if (lost) { /* a rank died just now: the process ends with that thread in MPI_Finalize */
    pthread_detach(ranks->thread);
    return;
  }
  pthread_join(ranks->thread, NULL);
  free_letters(&ranks->inbox);
  free_letters(&ranks->outbox);
  free(ranks->peers);
  pthread_cond_destroy(&ranks->look);
  pthread_cond_destroy(&ranks->news);
  pthread_mutex_destroy(&ranks->mutex);
  free(ranks);
}

/* --- For everybody --- */

unsigned ranks_rank(const struct ranks *ranks) { return ranks->rank; }
unsigned ranks_count(const struct ranks *ranks) { return ranks->count; }

void ranks_send(struct ranks *ranks, unsigned to, struct bytes *message) {
  ASSERT(is_peer(ranks, to) && to < ranks->count);
  pthread_mutex_lock(&ranks->mutex);
  push(&ranks->outbox, (struct letter){.peer = to, .tag = TAG_MESSAGE, .message = *message});
  pthread_cond_signal(&ranks->look);
  pthread_mutex_unlock(&ranks->mutex);
  *message = (struct bytes){0};
}

bool ranks_receive(struct ranks *ranks, int64_t wait_ns, unsigned *out_from, struct bytes *out_message) {
  struct letter letter;
  pthread_mutex_lock(&ranks->mutex);
  bool some = pull(&ranks->inbox, &letter);
  if (!some && wait_for(&ranks->news, &ranks->mutex, wait_ns)) some = pull(&ranks->inbox, &letter);
  pthread_mutex_unlock(&ranks->mutex);
  if (!some) return false;
  *out_from = letter.peer;
  *out_message = letter.message;
  return true;
}

bool ranks_silent(struct ranks *ranks, unsigned rank) {
  pthread_mutex_lock(&ranks->mutex);
  const bool silent = ranks->peers[rank].silent;
  pthread_mutex_unlock(&ranks->mutex);
  return silent;
}
