/* Which exceptions are in the table, where facts find them, and which in the archive. A page of it comes
 * back whole when a fact names an id of it: who is late mostly is so with its neighbours, and the next
 * fact of them finds them in the table. */
#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/oracle/ledger_state.h"

#include <stdlib.h>

/* A page in eight: so a full table has room for those of a few places at once. */
static uint32_t entries_max(const struct ledger *ledger) {
  const uint64_t part = ledger->exceptions_max / 8;
  return part < 1 ? 1 : part < ARCHIVE_ENTRIES_MAX ? (uint32_t)part : ARCHIVE_ENTRIES_MAX;
}

void ledger_exceptions_reset(struct ledger *ledger) {
  map_clear(&ledger->exception_index);
  ledger->exception_count = 0;
  ledger->free_head = 0;
  ledger->exceptions_bound = ledger->exceptions_max;
  ledger->asked = ledger->came_back = 0;
  archive_reset(&ledger->archive, ledger->key_count, entries_max(ledger));
}

void ledger_exceptions_free(struct ledger *ledger) {
  map_deinit(&ledger->exception_index);
  archive_deinit(&ledger->archive);
  free(ledger->exceptions);
  free(ledger->leaving);
}

size_t ledger_exceptions_bytes(const struct ledger *ledger) {
  return ledger->exception_index.capacity * sizeof *ledger->exception_index.entries +
         ledger->exception_room * sizeof *ledger->exceptions +
         ledger->leaving_room * sizeof *ledger->leaving + archive_bytes(&ledger->archive);
}

static struct exception *find_in_table(const struct ledger *ledger, uint64_t intent) {
  if (intent == 0) return NULL; /* the map has no key 0 */
  const uint64_t *place = map_get(&ledger->exception_index, intent);
  return place ? &ledger->exceptions[*place - 1] : NULL;
}

static struct exception *place_new(struct ledger *ledger, uint64_t intent) {
  uint32_t place = ledger->free_head;
  if (place) {
    ledger->free_head = ledger->exceptions[place - 1].next_free;
  } else {
    GROW(ledger->exceptions, ledger->exception_room, ledger->exception_count + 1);
    place = (uint32_t)++ledger->exception_count;
  }
  *map_put(&ledger->exception_index, intent, NULL) = place;
  struct exception *exception = &ledger->exceptions[place - 1];
  *exception = (struct exception){.intent = intent};
  return exception;
}

void ledger_exception_drop(struct ledger *ledger, struct exception *exception) {
  map_remove(&ledger->exception_index, exception->intent);
  exception->next_free = ledger->free_head;
  ledger->free_head = (uint32_t)(exception - ledger->exceptions) + 1;
  exception->intent = 0;
}

/* All but the latest ids, as many of these as a quarter of the table holds. */
static void put_away(struct ledger *ledger) {
  const size_t count = ledger->exception_index.count, stay = ledger->exceptions_bound / 4;
  GROW(ledger->leaving, ledger->leaving_room, count);
  map_keys(&ledger->exception_index, ledger->leaving);
  for (size_t i = 0; i < count - stay; i++)
    ledger->leaving[i] = *map_get(&ledger->exception_index, ledger->leaving[i]) - 1;
  archive_put(&ledger->archive, ledger->exceptions, ledger->leaving, count - stay);
  for (size_t i = 0; i < count - stay; i++)
    ledger_exception_drop(ledger, &ledger->exceptions[ledger->leaving[i]]);
}

/* In the table, for so many. It is too small where far more come back than are asked for: a backlog of
 * which a thousand partitions are each at another place. */
static void make_room(struct ledger *ledger, size_t coming) {
  if (ledger->exception_index.count + coming <= ledger->exceptions_bound) return;
  if (ledger->came_back > 16 * ledger->asked)
    ledger->exceptions_bound *= 2;
  else
    put_away(ledger);
  ledger->asked = ledger->came_back = 0;
}

struct exception *ledger_exception_new(struct ledger *ledger, uint64_t intent) {
  make_room(ledger, 1);
  ledger->asked++;
  return place_new(ledger, intent);
}

static bool bring_back(struct ledger *ledger, uint64_t intent) {
  if (archive_covering(&ledger->archive, intent) == ARCHIVE_NONE) return false;
  make_room(ledger, ledger->archive.entries_max);
  const size_t page = archive_covering(&ledger->archive, intent); /* others may have joined it */
  if (page == ARCHIVE_NONE) return false;
  struct archive_reader reader = archive_open(&ledger->archive, page);
  struct exception exception;
  for (; archive_next(&reader, &exception); ledger->came_back++)
    *place_new(ledger, exception.intent) = exception;
  archive_remove(&ledger->archive, page);
  return true;
}

struct exception *ledger_exception_find(struct ledger *ledger, uint64_t intent) {
  ledger->asked++;
  struct exception *exception = find_in_table(ledger, intent);
  return exception || !bring_back(ledger, intent) ? exception : find_in_table(ledger, intent);
}

bool ledger_exception_look(const struct ledger *ledger, uint64_t intent, struct exception *out) {
  const struct exception *exception = find_in_table(ledger, intent);
  if (!exception) return archive_find(&ledger->archive, intent, out);
  *out = *exception;
  return true;
}
