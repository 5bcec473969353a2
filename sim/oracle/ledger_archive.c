#include "sim/oracle/ledger_archive.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/oracle/ledger_state.h"

#include <stdlib.h>

#define PAGE_BITS (ARCHIVE_PAGE_WORDS * 64)
#define ENTRY_BITS_MAX 448 /* 397 */
#define SLAB_PAGES 128     /* 64 KiB */

/* Numbers of any size are exponential Golomb codes: of an order k, small ones take k + 1 bits. That of gaps
 * is for exceptions of 1 % to 10 % of all ids. */
enum { GAP_ORDER = 5, EFFECTS_ORDER = 1, NOTE_ORDER = 4, TIME_ORDER = 24 };

/* The form of an entry in one number: effects, then 18 bits of what else it may be. */
enum { FORM_BITS = 18 };
_Static_assert(OUTCOME__COUNT <= 1 << 3, "outcome has three bits");
_Static_assert(FLAG_COMMITTED < 1 << 7, "flags have seven bits");
_Static_assert(FACT_OPERATIONS_MAX <= 1 << 5, "operation has five bits");

static uint64_t form_of(const struct exception *exception) {
  const struct entry *entry = &exception->entry;
  const uint64_t rest = (uint64_t)entry->status.outcome | (uint64_t)entry->status.deliveries << 3 |
                        (uint64_t)entry->status.flags << 5 | (uint64_t)exception->keyless << 12 |
                        (uint64_t)entry_operation(entry) << 13;
  return rest << 32 | entry->effects;
}

static void take_form(struct exception *exception, uint64_t form) {
  const uint32_t rest = (uint32_t)(form >> 32);
  exception->entry.effects = (uint32_t)form;
  exception->entry.status = (struct status){.outcome = rest & 7, .deliveries = rest >> 3 & 3, .flags = rest >> 5 & 127};
  exception->keyless = rest >> 12 & 1;
  exception->entry.about = (rest >> 13) << FACT_STATE_KEY_BITS;
}

void archive_reset(struct archive *archive, uint32_t keys, uint32_t entries_max) {
  ASSERT(entries_max >= 1 && entries_max <= ARCHIVE_ENTRIES_MAX);
  archive->count = 0;
  archive->places = archive->free_head = 0;
  archive->entries_max = entries_max;
  archive->key_bits = 0;
  while (archive->key_bits < 32 && (uint64_t)keys > UINT64_C(1) << archive->key_bits) archive->key_bits++;
}

void archive_deinit(struct archive *archive) {
  for (size_t i = 0; i < archive->slab_count; i++) free(archive->slabs[i]);
  free(archive->slabs);
  free(archive->pages);
  free(archive->spare);
  *archive = (struct archive){0};
}

size_t archive_bytes(const struct archive *archive) {
  return (archive->room + archive->spare_room) * sizeof *archive->pages +
         archive->slab_room * sizeof *archive->slabs +
         archive->slab_count * SLAB_PAGES * ARCHIVE_PAGE_WORDS * sizeof(uint64_t);
}

static uint64_t *words_of(const struct archive *archive, uint32_t place) {
  return archive->slabs[place / SLAB_PAGES] + (size_t)(place % SLAB_PAGES) * ARCHIVE_PAGE_WORDS;
}

static uint32_t take_place(struct archive *archive) {
  if (archive->free_head) {
    const uint32_t place = archive->free_head - 1;
    archive->free_head = (uint32_t)*words_of(archive, place);
    return place;
  }
  if (archive->places == archive->slab_count * SLAB_PAGES) {
    size_t room = 0;
    GROW(archive->slabs, archive->slab_room, archive->slab_count + 1);
    archive->slabs[archive->slab_count] = NULL;
    GROW(archive->slabs[archive->slab_count], room, SLAB_PAGES * ARCHIVE_PAGE_WORDS);
    ASSERT_EQ(room, SLAB_PAGES * ARCHIVE_PAGE_WORDS);
    archive->slab_count++;
  }
  return archive->places++;
}

static void give_place(struct archive *archive, uint32_t place) {
  *words_of(archive, place) = archive->free_head;
  archive->free_head = place + 1;
}

/* A page in the making, with room for one entry that turns out to be too much. */
struct writer {
  struct archive *archive;
  struct archive_page page;
  uint64_t words[ARCHIVE_PAGE_WORDS + ENTRY_BITS_MAX / 64];
  struct archive_forms forms;
  uint64_t intended_at; /* of the entry before */
  uint32_t entries_max;
};

static void put_bits(struct writer *writer, uint64_t value, unsigned count) {
  const unsigned word = writer->page.bits / 64, used = writer->page.bits % 64;
  writer->words[word] |= value << used;
  if (used + count > 64) writer->words[word + 1] |= value >> (64 - used);
  writer->page.bits = (uint16_t)(writer->page.bits + count);
}

/* How many bits it has beyond the order, as so many ones and a zero; then its bits, but for the highest,
 * which is a one, of those that have any beyond. */
static void put_number(struct writer *writer, uint64_t value, unsigned order) {
  unsigned more = 0;
  for (; value >> order >> more; more++) put_bits(writer, 1, 1);
  put_bits(writer, 0, 1);
  const unsigned count = more ? order + more - 1 : order;
  put_bits(writer, value & ((UINT64_C(1) << count) - 1), count);
}

/* As one bit when it is that of the entry before, as two when it is the one before that form. */
static void put_form(struct writer *writer, uint64_t form) {
  struct archive_forms *forms = &writer->forms;
  put_bits(writer, form == forms->last, 1);
  if (form == forms->last) return;
  put_bits(writer, form == forms->earlier, 1);
  if (form != forms->earlier) {
    put_bits(writer, form >> 32, FORM_BITS);
    put_number(writer, (uint32_t)form, EFFECTS_ORDER);
  }
  *forms = (struct archive_forms){.last = form, .earlier = forms->last};
}

static void put_entry(struct writer *writer, const struct exception *exception) {
  const struct entry *entry = &exception->entry;
  if (writer->page.count)
    put_number(writer, exception->intent - writer->page.last - 1, GAP_ORDER);
  else
    writer->page.first = exception->intent;
  put_form(writer, form_of(exception));
  if (!exception->keyless) put_bits(writer, entry_key(entry), writer->archive->key_bits);
  if (entry_is_special(entry)) put_number(writer, exception->note, NOTE_ORDER);
  if (!(entry->status.flags & FLAG_EFFECTED)) {
    /* Rises with the id; where it does not the difference wraps, here and when it is read. */
    const uint64_t intended_at = (uint64_t)entry->intended_at;
    put_number(writer, intended_at - writer->intended_at, TIME_ORDER);
    writer->intended_at = intended_at;
  }
  writer->page.last = exception->intent;
  writer->page.count++;
}

static void list(struct archive *archive, const struct archive_page *page) {
  GROW(archive->spare, archive->spare_room, archive->spare_count + 1);
  archive->spare[archive->spare_count++] = *page;
}

static void begin_page(struct writer *writer) {
  memset(writer->words, 0, sizeof writer->words);
  writer->page = (struct archive_page){0};
  writer->forms = (struct archive_forms){0};
  writer->intended_at = 0;
}

static void end_page(struct writer *writer, const struct archive_page *page) {
  if (page->count == 0) return;
  struct archive_page ended = *page;
  ended.place = take_place(writer->archive);
  memcpy(words_of(writer->archive, ended.place), writer->words, ARCHIVE_PAGE_WORDS * sizeof *writer->words);
  list(writer->archive, &ended);
}

static void put(struct writer *writer, const struct exception *exception) {
  const struct archive_page before = writer->page;
  if (before.count < writer->entries_max) {
    put_entry(writer, exception);
    if (writer->page.bits <= PAGE_BITS) return;
  }
  end_page(writer, &before);
  begin_page(writer);
  put_entry(writer, exception);
}

/* Entries a page, so that `more` beside those of a page make pages that are equally full: else each time
 * one is added a full page would be left with a tiny one behind it. */
static uint32_t even_share(const struct archive *archive, const struct archive_page *page, size_t more) {
  const size_t entries = page->count + more, bits = entries * page->bits / page->count;
  size_t pages = (bits + PAGE_BITS - 1) / PAGE_BITS;
  if (pages * archive->entries_max < entries) pages = (entries - 1) / archive->entries_max + 1;
  return (uint32_t)((entries - 1) / pages + 1);
}

/* A page and what falls into it, or behind it and before the next. */
static void merge(struct archive *archive, size_t page, const struct exception *table,
                  const uint64_t *places, size_t count) {
  const struct archive_page old = archive->pages[page];
  struct writer writer = {.archive = archive, .entries_max = archive->entries_max};
  if (page + 1 < archive->count) /* behind the last one more is to come */
    writer.entries_max = even_share(archive, &old, count);
  struct archive_reader reader = archive_open(archive, page);
  struct exception here;
  size_t next = 0;
  while (archive_next(&reader, &here)) {
    for (; next < count && table[places[next]].intent < here.intent; next++) put(&writer, &table[places[next]]);
    put(&writer, &here);
  }
  for (; next < count; next++) put(&writer, &table[places[next]]);
  end_page(&writer, &writer.page);
  give_place(archive, old.place);
}

static void put_first(struct archive *archive, const struct exception *table, const uint64_t *places,
                      size_t count) {
  struct writer writer = {.archive = archive, .entries_max = archive->entries_max};
  for (size_t i = 0; i < count; i++) put(&writer, &table[places[i]]);
  end_page(&writer, &writer.page);
}

/* How many pages stay as they are when this id is the lowest that is put away. */
static size_t pages_before(const struct archive *archive, uint64_t intent) {
  size_t low = 0, high = archive->count; /* the first page that begins behind it */
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (archive->pages[middle].first <= intent)
      low = middle + 1;
    else
      high = middle;
  }
  return low > 0 ? low - 1 : 0;
}

void archive_put(struct archive *archive, const struct exception *table, const uint64_t *places,
                 size_t count) {
  if (count == 0) return;
  const size_t stay = pages_before(archive, table[places[0]].intent);
  archive->spare_count = 0;
  if (archive->count == 0) put_first(archive, table, places, count);
  size_t next = 0;
  for (size_t page = stay; page < archive->count; page++) {
    const size_t from = next;
    const bool last = page + 1 == archive->count;
    while (next < count && (last || table[places[next]].intent < archive->pages[page + 1].first)) next++;
    if (next == from)
      list(archive, &archive->pages[page]);
    else
      merge(archive, page, table, places + from, next - from);
  }
  archive->count = stay + archive->spare_count;
  GROW(archive->pages, archive->room, archive->count);
  memcpy(archive->pages + stay, archive->spare, archive->spare_count * sizeof *archive->pages);
}

struct archive_reader archive_open(const struct archive *archive, size_t page) {
  ASSERT_LT(page, archive->count);
  const struct archive_page *opened = &archive->pages[page];
  return (struct archive_reader){.words = words_of(archive, opened->place),
                                 .key_bits = archive->key_bits,
                                 .left = opened->count,
                                 .intent = opened->first};
}

static uint64_t get_bits(struct archive_reader *reader, unsigned count) {
  if (count == 0) return 0; /* the page may end here */
  const unsigned word = reader->at / 64, used = reader->at % 64;
  uint64_t value = reader->words[word] >> used;
  if (used + count > 64) value |= reader->words[word + 1] << (64 - used);
  reader->at += count;
  return value & ((UINT64_C(1) << count) - 1);
}

static uint64_t get_number(struct archive_reader *reader, unsigned order) {
  unsigned more = 0;
  while (get_bits(reader, 1)) more++;
  if (more == 0) return get_bits(reader, order);
  return get_bits(reader, order + more - 1) | UINT64_C(1) << (order + more - 1);
}

static uint64_t get_form(struct archive_reader *reader) {
  struct archive_forms *forms = &reader->forms;
  if (get_bits(reader, 1)) return forms->last;
  uint64_t form = forms->earlier;
  if (!get_bits(reader, 1)) {
    form = get_bits(reader, FORM_BITS) << 32;
    form |= get_number(reader, EFFECTS_ORDER);
  }
  *forms = (struct archive_forms){.last = form, .earlier = forms->last};
  return form;
}

bool archive_next(struct archive_reader *reader, struct exception *out) {
  if (reader->left == 0) return false;
  reader->left--;
  if (reader->at) reader->intent += get_number(reader, GAP_ORDER) + 1;
  *out = (struct exception){.intent = reader->intent};
  take_form(out, get_form(reader));
  if (!out->keyless) out->entry.about |= (uint32_t)get_bits(reader, reader->key_bits);
  if (entry_is_special(&out->entry)) out->note = (uint32_t)get_number(reader, NOTE_ORDER);
  if (!(out->entry.status.flags & FLAG_EFFECTED)) {
    reader->intended_at += get_number(reader, TIME_ORDER);
    out->entry.intended_at = (int64_t)reader->intended_at;
  }
  return true;
}

bool archive_find(const struct archive *archive, uint64_t intent, struct exception *out) {
  const size_t page = archive_covering(archive, intent);
  if (page == ARCHIVE_NONE) return false;
  struct archive_reader reader = archive_open(archive, page);
  while (archive_next(&reader, out))
    if (out->intent >= intent) return out->intent == intent;
  return false;
}

void archive_remove(struct archive *archive, size_t page) {
  ASSERT_LT(page, archive->count);
  give_place(archive, archive->pages[page].place);
  archive->count--;
  memmove(archive->pages + page, archive->pages + page + 1,
          (archive->count - page) * sizeof *archive->pages);
}
