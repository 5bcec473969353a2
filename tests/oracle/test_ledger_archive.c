/* Exceptions that are put away, against an array of them. */
#include "sim/base/grow.h"
#include "sim/base/hash.h"
#include "sim/oracle/ledger_state.h"
#include "tests/run_suite.h"

#define EXCEPTIONS_MAX 3000
#define KEYS_MAX (1 << FACT_STATE_KEY_BITS)

/* libcheck's own assertions write to a pipe each time. */
#define EXPECT(condition)                                                                          \
  do {                                                                                             \
    if (!(condition)) ck_abort_msg("%s", #condition);                                              \
  } while (0)

static struct archive archive;
static uint64_t seed;

static void setup(void) { seed = 1; }
static void teardown(void) { archive_deinit(&archive); }

static uint64_t draw(uint64_t bound) { return hash_mix(seed += 0x9e3779b97f4a7c15u) % bound; }

/* Small, or anything that so many bits hold. */
static uint64_t draw_number(unsigned bits) {
  const uint64_t any = hash_mix(seed += 0x9e3779b97f4a7c15u);
  return draw(3) ? any % 4 : any >> (64 - 1 - draw(bits));
}

/* As the ledger makes them: what [A1] says does not come back is zero. */
static struct exception draw_exception(uint64_t intent, uint32_t keys) {
  struct exception exception = {.intent = intent, .keyless = draw(8) == 0};
  struct entry *entry = &exception.entry;
  entry->status.outcome = (uint8_t)draw(OUTCOME__COUNT);
  entry->status.deliveries = (uint8_t)draw(3);
  entry->status.flags = (uint8_t)(draw(2) ? FLAG_EFFECTED : draw(2 * FLAG_COMMITTED));
  entry->effects = (uint32_t)draw_number(32);
  if (!(entry->status.flags & FLAG_EFFECTED)) entry->intended_at = (int64_t)draw_number(63);
  if (exception.keyless) return exception;
  const uint32_t operation = draw(2) ? OPERATION_INCREMENT : (uint32_t)draw(FACT_OPERATIONS_MAX);
  entry->about = (uint32_t)draw(keys) | operation << FACT_STATE_KEY_BITS;
  if (entry_is_special(entry)) exception.note = (uint32_t)draw_number(32);
  return exception;
}

static bool exceptions_equal(const struct exception *a, const struct exception *b) {
  return a->intent == b->intent && a->keyless == b->keyless && a->note == b->note &&
         a->first == b->first && a->second == b->second && a->entry.about == b->entry.about &&
         a->entry.effects == b->entry.effects && a->entry.intended_at == b->entry.intended_at &&
         a->entry.first_effect == b->entry.first_effect && status_equal(a->entry.status, b->entry.status);
}

/* All that there are, and which of them are put away. */
struct twin {
  struct exception all[EXCEPTIONS_MAX];
  bool away[EXCEPTIONS_MAX];
  size_t count;
};

static void make(struct twin *twin, uint32_t keys) {
  uint64_t intent = 0;
  twin->count = 1 + draw(draw(2) ? 60 : EXCEPTIONS_MAX);
  for (size_t i = 0; i < twin->count; i++) {
    intent += 1 + (draw(50) ? draw(100) : draw_number(40));
    twin->all[i] = draw_exception(intent, keys);
    twin->away[i] = false;
  }
}

/* Some of those that are not; all where no two of them stand together. */
static void put_some(struct twin *twin) {
  static uint64_t places[EXCEPTIONS_MAX];
  const size_t from = draw(twin->count), to = from + 1 + draw(twin->count - from), every = 1 + draw(20);
  size_t count = 0;
  for (size_t i = from; i < to; i++) {
    if (twin->away[i] || i % every) continue;
    places[count++] = i;
    twin->away[i] = true;
  }
  archive_put(&archive, twin->all, places, count);
}

static void remove_some(struct twin *twin) {
  if (archive.count == 0) return;
  const size_t page = draw(archive.count);
  const struct archive_page removed = archive.pages[page];
  for (size_t i = 0; i < twin->count; i++)
    if (twin->all[i].intent >= removed.first && twin->all[i].intent <= removed.last) twin->away[i] = false;
  archive_remove(&archive, page);
}

static void check_pages(const struct twin *twin) {
  size_t i = 0;
  uint64_t last = 0;
  for (size_t page = 0; page < archive.count; page++) {
    struct archive_reader reader = archive_open(&archive, page);
    struct exception exception;
    size_t count = 0;
    EXPECT(archive.pages[page].first > last);
    while (archive_next(&reader, &exception)) {
      while (i < twin->count && !twin->away[i]) i++;
      EXPECT(i < twin->count);
      EXPECT(exceptions_equal(&exception, &twin->all[i]));
      if (count++ == 0) EXPECT(exception.intent == archive.pages[page].first);
      i++;
    }
    EXPECT(exception.intent == archive.pages[page].last);
    EXPECT(count == archive.pages[page].count);
    EXPECT(count >= 1 && count <= archive.entries_max);
    last = archive.pages[page].last;
  }
  while (i < twin->count && !twin->away[i]) i++;
  EXPECT(i == twin->count);
}

static void check_finding(const struct twin *twin) {
  for (int n = 0; n < 20; n++) {
    const size_t i = draw(twin->count);
    struct exception found;
    const bool here = archive_find(&archive, twin->all[i].intent, &found);
    EXPECT(here == twin->away[i]);
    EXPECT(!here || exceptions_equal(&found, &twin->all[i]));
    const bool next_is_another = i + 1 < twin->count && twin->all[i + 1].intent == twin->all[i].intent + 1;
    if (!next_is_another) EXPECT(!archive_find(&archive, twin->all[i].intent + 1, &found));
  }
  struct exception found;
  EXPECT(!archive_find(&archive, 0, &found));
}

START_TEST(what_comes_back_is_what_was_put_away_A1_A2) {
  static struct twin twin;
  for (int round = 0; round < 400; round++) {
    const uint32_t keys = draw(4) ? 1 + (uint32_t)draw(1000) : draw(2) ? 1 : KEYS_MAX;
    archive_reset(&archive, keys, draw(2) ? ARCHIVE_ENTRIES_MAX : 1 + (uint32_t)draw(9));
    make(&twin, keys);
    for (int step = 0; step < 12; step++) {
      if (draw(3))
        put_some(&twin);
      else
        remove_some(&twin);
      check_pages(&twin);
      check_finding(&twin);
    }
  }
}
END_TEST

static struct exception doubled(uint64_t intent) {
  struct exception exception = {.intent = intent, .entry = {.about = (uint32_t)draw(1000), .effects = 2}};
  exception.entry.status = (struct status){.outcome = OUTCOME_OK, .deliveries = 2, .flags = FLAG_EFFECTED};
  if (draw(100) == 0) exception.entry.effects = 3;
  return exception;
}

static struct exception lost(uint64_t intent) {
  struct exception exception = doubled(intent);
  exception.entry.effects = 0;
  exception.entry.intended_at = (int64_t)intent * 1000000; /* a thousand a second */
  exception.entry.status = (struct status){.outcome = OUTCOME_OK};
  return exception;
}

enum { BATCH = 1000, BATCHES = 100 };

/* Bits of each, two in a hundred ids. */
static size_t bits_each(struct exception (*make_one)(uint64_t)) {
  static struct exception table[BATCH];
  static uint64_t places[BATCH];
  uint64_t intent = 0;
  size_t bits = 0;
  archive_reset(&archive, 1000, ARCHIVE_ENTRIES_MAX);
  for (int batch = 0; batch < BATCHES; batch++) {
    for (size_t i = 0; i < BATCH; i++) {
      do intent++;
      while (draw(50));
      table[i] = make_one(intent);
      places[i] = i;
    }
    archive_put(&archive, table, places, BATCH);
  }
  for (size_t i = 0; i < archive.count; i++) bits += archive.pages[i].bits;
  ck_assert_uint_gt(bits, archive.count * ARCHIVE_PAGE_WORDS * 64 * 95 / 100); /* full pages */
  return bits / (BATCH * BATCHES);
}

START_TEST(one_of_fifty_ids_with_one_of_a_thousand_keys_takes_two_or_three_bytes_and_six_if_lost) {
  ck_assert_uint_lt(bits_each(doubled), 20);
  ck_assert_uint_lt(bits_each(lost), 48);
  const uint64_t grown = grow_count();
  bits_each(doubled);
  ck_assert_uint_eq(grow_count(), grown); /* memory is kept */
}
END_TEST

START_TEST(pages_stay_half_full_when_ids_come_one_by_one_and_in_no_order) {
  enum { IDS = 1 << 14 };
  archive_reset(&archive, 1000, ARCHIVE_ENTRIES_MAX);
  for (uint64_t i = 0; i < IDS; i++) {
    const struct exception exception = doubled(1 + 50 * (i * 6151 % IDS)); /* each once */
    archive_put(&archive, &exception, (uint64_t[]){0}, 1);
  }
  size_t bits = 0;
  for (size_t i = 0; i < archive.count; i++) bits += archive.pages[i].bits;
  ck_assert_uint_gt(bits * 2, archive.count * ARCHIVE_PAGE_WORDS * 64);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("exceptions that are put away");
  TCase *tcase = tcase_create("archive");
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_set_timeout(tcase, 120);
  tcase_add_test(tcase, what_comes_back_is_what_was_put_away_A1_A2);
  tcase_add_test(tcase, one_of_fifty_ids_with_one_of_a_thousand_keys_takes_two_or_three_bytes_and_six_if_lost);
  tcase_add_test(tcase, pages_stay_half_full_when_ids_come_one_by_one_and_in_no_order);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
