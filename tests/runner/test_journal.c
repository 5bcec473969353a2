/* A journal: what was written is read again, up to the first byte that is not as it was. */
#include "sim/runner/journal.h"
#include "tests/run_suite.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define ITEMS 6

/* In the place of the C library's. */
static unsigned synced;
int fdatasync(int fd) {
  (void)fd;
  synced++;
  return 0;
}

static char directory[64], path[128], old[160];

static const char *const words[] = {"--set=links/default/loss=1%", "--seeds=3\n"};
static struct journal_head head_of(unsigned shard, unsigned shards) {
  return (struct journal_head){.version = "1.2.3", .program = 77, .scenario = "a name", .path = "some%where/x.yaml",
                               .words = words, .word_count = 2, .resolved = 0xfedcba9876543210u, .items = ITEMS,
                               .verify = true, .shard = shard, .shards = shards};
}

static void setup(void) {
  snprintf(directory, sizeof directory, "/tmp/dgsim-journal-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(directory));
  snprintf(path, sizeof path, "%s/runs.journal", directory);
  snprintf(old, sizeof old, "%s.old", path);
}

static void teardown(void) {
  unlink(path), unlink(old);
  ck_assert_int_eq(rmdir(directory), 0);
}

static struct journal *open_it(const struct journal_head *head, bool resume, struct journal_found *found) {
  struct err err = {0};
  struct journal *journal = journal_open(path, head, resume, found, &err);
  ck_assert_msg(journal, "%s", err.message);
  return journal;
}

/* Item i has i * 37 bytes. */
static struct bytes bytes_of(uint64_t item) {
  struct bytes bytes = {0};
  for (uint64_t i = 0; i < item * 37; i++) bytes_unsigned(&bytes, (item * 11 + i) % 128);
  return bytes;
}

static void append(struct journal *journal, uint64_t item) {
  struct err err = {0};
  struct bytes bytes = bytes_of(item);
  ck_assert_msg(journal_append(journal, item, &bytes, &err), "%s", err.message);
  bytes_free(&bytes);
}

static void write_items(unsigned count) {
  struct journal_head head = head_of(1, 1);
  struct journal_found found;
  struct err err = {0};
  struct journal *journal = open_it(&head, false, &found);
  for (unsigned i = 0; i < count; i++) append(journal, i);
  ck_assert(journal_close(journal, &err));
}

static void finish(void) {
  const struct journal_head head = head_of(1, 1);
  struct journal_found found;
  struct err err = {0};
  struct journal *journal = open_it(&head, true, &found);
  ck_assert(journal_finish(journal, &err));
  ck_assert(journal_finish(journal, &err)); /* it is already */
  ck_assert(journal_close(journal, &err));
}

/* Reads to the end; *out_rows of them are as they were written. */
static enum journal_end read_all(uint64_t *out_rows) {
  struct journal_reader reader;
  struct err err = {0};
  bool torn;
  const int fd = open(path, O_RDONLY);
  ck_assert_msg(journal_reader_init(&reader, fd, path, &torn, &err), "%s", err.message);
  uint64_t item;
  struct bytes_reader bytes;
  enum journal_end end;
  for (*out_rows = 0; (end = journal_next(&reader, &item, &bytes, &err)) == JOURNAL_ROW; ++*out_rows) {
    struct bytes expected = bytes_of(item);
    ck_assert_uint_eq(item, *out_rows);
    ck_assert_uint_eq((size_t)(bytes.end - bytes.at), expected.count);
    if (expected.count > 0) ck_assert_mem_eq(bytes.at, expected.items, expected.count);
    bytes_free(&expected);
  }
  ck_assert_uint_eq(reader.rows, *out_rows);
  journal_reader_deinit(&reader);
  close(fd);
  return end;
}

struct image {
  unsigned char bytes[8192];
  size_t length, head;
};

static struct image load(void) {
  struct image image;
  const int fd = open(path, O_RDONLY);
  const ssize_t got = read(fd, image.bytes, sizeof image.bytes);
  ck_assert(got > 0 && (size_t)got < sizeof image.bytes);
  close(fd);
  image.length = (size_t)got;
  const unsigned char *behind = memmem(image.bytes, image.length, "\n\n", 2);
  image.head = (size_t)(behind + 2 - image.bytes);
  return image;
}

static void store(const unsigned char *bytes, size_t length) {
  unlink(path);
  const int fd = open(path, O_WRONLY | O_CREAT, 0666);
  ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
  close(fd);
}

START_TEST(at_the_end_and_once_a_second_rows_are_brought_to_the_disk) {
  const struct journal_head head = head_of(1, 1);
  struct journal_found found;
  struct err err = {0};
  write_items(2);
  ck_assert_uint_eq(synced, 1);
  finish();
  ck_assert_uint_eq(synced, 2); /* that no more are needed is a row, too */
  struct journal *journal = open_it(&head, false, &found);
  append(journal, 0);
  journal_settle(journal);
  ck_assert_uint_eq(synced, 2); /* not yet */
  ck_assert_int_eq(usleep(1001000), 0);
  journal_settle(journal);
  ck_assert_uint_eq(synced, 3); /* though no other row came */
  journal_settle(journal);
  ck_assert(journal_close(journal, &err));
  ck_assert_uint_eq(synced, 3);
}
END_TEST

START_TEST(what_is_written_is_read_again) {
  struct journal_reader reader;
  struct err err = {0};
  bool torn;
  uint64_t rows;
  write_items(ITEMS);
  ck_assert_int_eq(read_all(&rows), JOURNAL_WHOLE);
  ck_assert_uint_eq(rows, ITEMS);
  const int fd = open(path, O_RDONLY);
  ck_assert(journal_reader_init(&reader, fd, path, &torn, &err));
  const struct journal_head *head = &reader.head, expected = head_of(1, 1);
  ck_assert_str_eq(head->version, expected.version);
  ck_assert_str_eq(head->scenario, expected.scenario);
  ck_assert_str_eq(head->path, expected.path);
  ck_assert_uint_eq(head->word_count, 2);
  for (size_t i = 0; i < 2; i++) ck_assert_str_eq(head->words[i], words[i]);
  ck_assert_uint_eq(head->program, expected.program);
  ck_assert_uint_eq(head->resolved, expected.resolved);
  ck_assert_uint_eq(head->items, ITEMS);
  ck_assert(head->verify && head->shard == 1 && head->shards == 1);
  journal_reader_deinit(&reader);
  close(fd);
}
END_TEST

/* [J1] Cut off at any byte: rows that are whole count, and a new one can follow. */
START_TEST(every_place_to_cut_it_off) {
  const struct journal_head head = head_of(1, 1);
  write_items(ITEMS);
  const struct image image = load();
  for (size_t length = 0; length < image.length; length++) {
    struct journal_found found;
    struct err err = {0};
    uint64_t rows = 0, whole = 0;
    store(image.bytes, length);
    for (size_t end = image.head; whole < ITEMS; whole++) {
      end += 4 + 8 + whole * 37 + 8;
      if (end > length) break;
    }
    struct journal *journal = open_it(&head, true, &found);
    ck_assert_int_eq(found.resumed, length >= image.head);
    ck_assert_uint_eq(found.rows, whole);
    for (uint64_t item = whole; item < ITEMS; item++) append(journal, item);
    ck_assert(journal_close(journal, &err));
    ck_assert_int_eq(read_all(&rows), JOURNAL_WHOLE);
    ck_assert_uint_eq(rows, ITEMS);
    const struct image again = load();
    ck_assert_uint_eq(again.length, image.length);
    ck_assert_mem_eq(again.bytes, image.bytes, image.length);
  }
}
END_TEST

/* [J1] Any byte that is another: the rows before it count, no row behind it does. */
START_TEST(every_byte_that_can_flip) {
  write_items(ITEMS);
  const struct image image = load();
  for (size_t at = 0; at < image.length; at++) {
    struct image other = image;
    struct journal_found found;
    struct journal_reader reader;
    struct err err = {0};
    bool torn;
    other.bytes[at] ^= (unsigned char)(1u << (at % 8));
    store(other.bytes, other.length);
    if (at < image.head) {
      const int fd = open(path, O_RDONLY);
      ck_assert(!journal_reader_init(&reader, fd, path, &torn, &err) && err.code != ERR_NONE && !torn);
      close(fd);
      continue;
    }
    uint64_t rows, whole = 0;
    for (size_t end = image.head; whole < ITEMS; whole++) {
      end += 4 + 8 + whole * 37 + 8;
      if (end > at) break;
    }
    ck_assert_int_ne(read_all(&rows), JOURNAL_WHOLE);
    ck_assert_uint_eq(rows, whole);
    const struct journal_head head = head_of(1, 1);
    struct journal *journal = open_it(&head, true, &found);
    ck_assert_uint_eq(found.rows, whole);
    ck_assert(found.end == JOURNAL_TORN || found.end == JOURNAL_DAMAGED);
    ck_assert(journal_close(journal, &err));
    ck_assert_int_eq(read_all(&rows), JOURNAL_WHOLE);
  }
}
END_TEST

/* [J4] */
START_TEST(rows_of_another_journal_are_none) {
  uint64_t rows;
  write_items(ITEMS);
  struct image image = load();
  struct journal_head head = head_of(1, 1);
  struct journal_found found;
  struct err err = {0};
  head.resolved++;
  ck_assert(journal_close(open_it(&head, false, &found), &err));
  struct image other = load();
  memcpy(other.bytes + other.length, image.bytes + image.head, image.length - image.head);
  store(other.bytes, other.length + image.length - image.head);
  ck_assert_int_eq(read_all(&rows), JOURNAL_DAMAGED);
  ck_assert_uint_eq(rows, 0);
}
END_TEST

static void refused(const struct journal_head *head, const char *why) {
  struct journal_found found;
  struct err err = {0};
  const struct image before = load();
  ck_assert_ptr_null(journal_open(path, head, true, &found, &err));
  ck_assert_msg(strstr(err.message, why), "'%s' does not say '%s'", err.message, why);
  const struct image after = load();
  ck_assert_uint_eq(after.length, before.length);
  ck_assert_mem_eq(after.bytes, before.bytes, before.length);
}

START_TEST(what_differs_is_said) {
  static const char *const other[] = {"--seeds=4"};
  write_items(2);
  struct journal_head head = head_of(1, 1);
  head.version = "1.2.4";
  refused(&head, "then version 1.2.3, now version 1.2.4");
  head = head_of(1, 1), head.program = 78;
  refused(&head, "then another build of the program");
  head = head_of(1, 1), head.verify = false;
  refused(&head, "then with --verify, now without it");
  head = head_of(1, 1), head.scenario = "b";
  refused(&head, "then scenario 'a name', now 'b'");
  head = head_of(1, 1), head.resolved++;
  refused(&head, "then 'some%where/x.yaml', or a file that it names, was not as it is now");
  head.words = other, head.word_count = 1;
  refused(&head, "now '--seeds=4'");
  head.word_count = 0;
  refused(&head, "now no options");
  head = head_of(1, 2);
  refused(&head, "another shard");
  static const unsigned char format[] = "dgsim journal 2\nversion 9\n\n", text[] = "shopping list\n";
  store(format, sizeof format - 1);
  head = head_of(1, 1);
  refused(&head, "a journal of format 2");
  store(text, sizeof text - 1);
  refused(&head, "no journal of a campaign");
}
END_TEST

START_TEST(what_differs_is_said_of_long_words) {
  char text_a[400], text_b[400], difference[400];
  memset(text_a, 'x', sizeof text_a), memset(text_b, 'x', sizeof text_b);
  snprintf(text_a + 300, 8, ",1"), snprintf(text_b + 300, 8, ",2,3");
  const char *const words_a[] = {text_a}, *const words_b[] = {text_b};
  struct journal_head a = head_of(1, 1), b = head_of(1, 1);
  a.words = words_a, b.words = words_b;
  a.word_count = b.word_count = 1;
  b.resolved++;
  ck_assert(!journal_head_same(&a, "then", &b, "now", difference, sizeof difference));
  ck_assert_ptr_nonnull(strstr(difference, "xxx,1', now '...xxx"));
  ck_assert_ptr_nonnull(strstr(difference, "xxx,2,3'"));
}
END_TEST

/* Where it is not known which program it was, nobody is refused for it; and a path is no matter. */
START_TEST(what_does_not_matter) {
  struct journal_found found;
  struct err err = {0};
  write_items(2);
  struct journal_head head = head_of(1, 1);
  head.program = 0, head.path = "elsewhere.yaml";
  ck_assert(journal_close(open_it(&head, true, &found), &err));
  ck_assert(found.resumed && found.rows == 2);
}
END_TEST

START_TEST(without_resume_what_is_unfinished_is_kept) {
  struct journal_found found;
  struct err err = {0};
  uint64_t rows;
  write_items(2);
  const struct image before = load();
  struct journal_head head = head_of(1, 1);
  ck_assert(journal_close(open_it(&head, false, &found), &err));
  ck_assert(found.set_aside && found.same && !found.resumed && found.rows == 2 && found.items == ITEMS);
  ck_assert_int_eq(read_all(&rows), JOURNAL_WHOLE);
  ck_assert_uint_eq(rows, 0);
  ck_assert_int_eq(rename(old, path), 0);
  const struct image after = load();
  ck_assert_uint_eq(after.length, before.length);
  ck_assert_mem_eq(after.bytes, before.bytes, before.length);
  head.resolved++;
  ck_assert(journal_close(open_it(&head, false, &found), &err));
  ck_assert(found.set_aside && !found.same);
  unlink(old);
  unlink(path);
  write_items(2); /* of the first campaign again, */
  finish();       /* with nothing to be kept for, as it needs no more */
  head = head_of(1, 1);
  ck_assert(journal_close(open_it(&head, true, &found), &err));
  ck_assert(found.resumed && found.finished && found.rows == 2);
  const struct image whole = load();
  finish();
  ck_assert_uint_eq(load().length, whole.length);
  ck_assert(journal_close(open_it(&head, false, &found), &err));
  ck_assert(!found.set_aside && found.finished && found.rows == 2);
  ck_assert_int_ne(access(old, F_OK), 0);
  static const unsigned char text[] = "shopping list\n";
  store(text, sizeof text - 1);
  ck_assert(journal_close(open_it(&head, false, &found), &err));
  ck_assert(found.set_aside && found.items == 0);
  ck_assert_int_eq(access(old, F_OK), 0);
}
END_TEST

/* [J3] */
START_TEST(one_process_at_a_time) {
  struct journal_found found;
  struct err err = {0};
  const struct journal_head head = head_of(1, 1);
  struct journal *journal = open_it(&head, false, &found);
  ck_assert_ptr_null(journal_open(path, &head, true, &found, &err));
  ck_assert_ptr_nonnull(strstr(err.message, "another process"));
  append(journal, 0);
  ck_assert(journal_close(journal, &err));
  ck_assert(journal_close(open_it(&head, true, &found), &err));
  ck_assert_uint_eq(found.rows, 1);
}
END_TEST

/* [J2] */
START_TEST(a_full_disk_leaves_whole_rows) {
  struct journal_found found;
  struct err err = {0}, more = {0};
  struct rlimit limit, small;
  uint64_t rows;
  write_items(2);
  const struct image image = load();
  struct journal_head head = head_of(1, 1);
  struct journal *journal = open_it(&head, true, &found);
  struct bytes bytes = bytes_of(2);
  signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
  small = limit, small.rlim_cur = image.length + 20;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
  const bool written = journal_append(journal, 2, &bytes, &err), again = journal_append(journal, 2, &bytes, &more);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  ck_assert(!written && !again);
  ck_assert_ptr_nonnull(strstr(err.message, "File too large"));
  ck_assert_str_eq(more.message, err.message); /* whichever thread is the first to tell it */
  ck_assert_ptr_nonnull(strstr(err.message, path));
  ck_assert_ptr_nonnull(strstr(err.note, "2 of 6 runs are safe"));
  ck_assert_uint_eq(load().length, image.length);
  ck_assert(journal_close(journal, &err));
  ck_assert_int_eq(read_all(&rows), JOURNAL_WHOLE);
  ck_assert_uint_eq(rows, 2);
  journal = open_it(&head, true, &found);
  append(journal, 2);
  ck_assert(journal_close(journal, &more));
  ck_assert_int_eq(read_all(&rows), JOURNAL_WHOLE);
  ck_assert_uint_eq(rows, 3);
  bytes_free(&bytes);
}
END_TEST

START_TEST(a_shard_has_its_own_share_of_the_items) {
  struct journal_found found;
  struct err err = {0};
  static const unsigned shares[] = {2, 2, 1, 1};
  for (unsigned shard = 1; shard <= 4; shard++) {
    const struct journal_head head = head_of(shard, 4);
    ck_assert(journal_close(open_it(&head, false, &found), &err));
    ck_assert(journal_close(open_it(&head, true, &found), &err));
    ck_assert_uint_eq(found.items, shares[shard - 1]);
    unlink(path);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("journal");
  TCase *tcase = tcase_create("journal");
  tcase_set_timeout(tcase, 60);
  tcase_add_checked_fixture(tcase, setup, teardown);
  tcase_add_test(tcase, at_the_end_and_once_a_second_rows_are_brought_to_the_disk);
  tcase_add_test(tcase, what_is_written_is_read_again);
  tcase_add_test(tcase, every_place_to_cut_it_off);
  tcase_add_test(tcase, every_byte_that_can_flip);
  tcase_add_test(tcase, rows_of_another_journal_are_none);
  tcase_add_test(tcase, what_differs_is_said);
  tcase_add_test(tcase, what_differs_is_said_of_long_words);
  tcase_add_test(tcase, what_does_not_matter);
  tcase_add_test(tcase, without_resume_what_is_unfinished_is_kept);
  tcase_add_test(tcase, one_process_at_a_time);
  tcase_add_test(tcase, a_full_disk_leaves_whole_rows);
  tcase_add_test(tcase, a_shard_has_its_own_share_of_the_items);
  suite_add_tcase(suite, tcase);
  return run_suite(suite);
}
