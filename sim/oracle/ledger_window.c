#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/oracle/ledger_state.h"
#include "sim/oracle/mutants.h"

void ledger_window_reset(struct ledger *ledger) {
  ledger->commits = false;
  ledger->next = 1;
  ledger->capacity = ledger->window_min;
  ledger->mask = ledger->capacity - 1;
  GROW(ledger->ring, ledger->ring_room, ledger->capacity);
  for (uint64_t i = 0; i < ledger->capacity; i++) ledger->ring[i].status.flags = FLAG_ELSEWHERE;
  ledger->plain = (struct status){.outcome = OUTCOME_OK, .deliveries = 1, .flags = FLAG_EFFECTED};
  ledger->plain_fixed = false;
  ledger->retired = 0;
  ledger->gap_count = 0;
}

struct exception *ledger_set_aside(struct ledger *ledger, uint64_t intent, struct entry *entry,
                                   uint64_t number) {
  struct exception *exception = ledger_exception_new(ledger, intent);
  exception->entry = *entry;
  exception->note = special_note(ledger, intent);
  /* The high half follows from the record under way, less than 2^32 records later. */
  uint64_t now = number + 1;
  if (entry->effects) exception->first = now - (uint32_t)((uint32_t)now - entry->first_effect);
  entry->status.flags = FLAG_ELSEWHERE;
  return exception;
}

static bool in_gap(const struct ledger *ledger, uint64_t intent) {
  size_t low = 0, high = ledger->gap_count; /* gaps rise: the first that ends at or after intent */
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (ledger->gaps[middle].last < intent)
      low = middle + 1;
    else
      high = middle;
  }
  return low < ledger->gap_count && ledger->gaps[low].first <= intent;
}

bool ledger_was_issued(const struct ledger *ledger, uint64_t intent) {
  return intent > 0 && intent < ledger->next && !in_gap(ledger, intent);
}

struct exception *ledger_exception_reach(struct ledger *ledger, uint64_t intent) {
  struct exception *exception = ledger_exception_find(ledger, intent);
  if (exception) return exception;
  if (!ledger_was_issued(ledger, intent)) return NULL;
  ASSERT(ledger->retired > 0);
  ledger->retired--;
  exception = ledger_exception_new(ledger, intent);
  exception->entry.effects = 1;
  exception->entry.status = ledger->plain;
  exception->keyless = ledger->next - intent > ledger->keys_remembered;
  if (!exception->keyless) {
    exception->entry.about = ledger->recent_keys[intent & (ledger->keys_remembered - 1)];
    exception->note = special_note(ledger, intent);
    special_retire(ledger, exception->entry.about, exception->note, -1);
  }
  return exception;
}

/* [I2], [W3]: whether nothing need be remembered of it. */
static bool is_plain(struct ledger *ledger, const struct entry *entry) {
  if (entry->effects != 1) return false;
  if (MUTANT(ORACLE_RETIRES_UNCONFIRMED) && entry->status.outcome == OUTCOME_UNKNOWN) return true;
  if (status_equal(entry->status, ledger->plain)) {
    ledger->plain_fixed = true;
    return true;
  }
  if (ledger->plain_fixed) return false;
  /* Nobody has retired yet: a run without confirmations retires NONE instead of OK. */
  struct status without_answer = ledger->plain;
  without_answer.outcome = OUTCOME_NONE;
  if (!status_equal(entry->status, without_answer)) return false;
  ledger->plain = without_answer;
  ledger->plain_fixed = true;
  return true;
}

static void retire(struct ledger *ledger, uint32_t about, uint32_t note) {
  ledger->retired++;
  special_retire(ledger, about, note, 1);
}

void ledger_exception_settle(struct ledger *ledger, struct exception *exception) {
  if (!is_plain(ledger, &exception->entry)) return;
  if (exception->keyless)
    ledger->retired++;
  else
    retire(ledger, exception->entry.about, exception->note);
  ledger_exception_drop(ledger, exception);
}

/* Whether the window is too small, and not just kept open by a few that were lost: eight ids spread
 * over it, none of them plain. */
static bool is_crowded(struct ledger *ledger, uint64_t oldest) {
  if (ledger->capacity < 8) return true;
  for (uint64_t i = 0; i < 8; i++) {
    const struct entry *entry = &ledger->ring[(oldest + i * ledger->capacity / 8) & ledger->mask];
    if (entry->status.flags & FLAG_ELSEWHERE || is_plain(ledger, entry)) return false;
  }
  return true;
}

/* Doubles the ring: the ids of the window take one bit more of themselves as their place. */
static void widen(struct ledger *ledger, uint64_t intent) {
  uint64_t old = ledger->capacity;
  GROW(ledger->ring, ledger->ring_room, old * 2);
  for (uint64_t id = intent - old; id < intent; id++) {
    uint64_t from = id & (old - 1), to = id & (old * 2 - 1), other = to ^ old;
    ledger->ring[to] = ledger->ring[from];
    ledger->ring[other].status.flags = FLAG_ELSEWHERE;
  }
  ledger->capacity = old * 2;
  ledger->mask = ledger->capacity - 1;
}

void ledger_window_make_room(struct ledger *ledger, uint64_t intent, uint64_t number) {
  struct entry *oldest = &ledger->ring[intent & ledger->mask];
  if (oldest->status.flags & FLAG_ELSEWHERE) return;
  uint64_t id = intent - ledger->capacity;
  if (is_plain(ledger, oldest))
    retire(ledger, oldest->about, special_note(ledger, id));
  else if (ledger->capacity < ledger->window_max && is_crowded(ledger, id))
    widen(ledger, intent);
  else
    ledger_set_aside(ledger, id, oldest, number);
}

void ledger_window_skip(struct ledger *ledger, uint64_t intent, uint64_t number) {
  ASSERT_MSG(intent > ledger->next, "id %llu is issued after %llu", (unsigned long long)intent,
             (unsigned long long)ledger->next - 1);
  GROW(ledger->gaps, ledger->gap_room, ledger->gap_count + 1);
  ledger->gaps[ledger->gap_count++] = (struct gap){.first = ledger->next, .last = intent - 1};
  /* Ids of the gap take their turn as if issued, until nobody of before is left in the window. */
  uint64_t last = intent - ledger->next > ledger->window_max ? ledger->next + ledger->window_max
                                                             : intent;
  for (; ledger->next < last; ledger->next++) {
    ledger_window_make_room(ledger, ledger->next, number);
    ledger->ring[ledger->next & ledger->mask].status.flags = FLAG_ELSEWHERE;
  }
  ledger->next = intent;
}
