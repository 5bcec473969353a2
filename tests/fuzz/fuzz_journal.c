/* A journal. The first byte says how the rest is to be taken: 'r' as a file as it stands; 'p' as rows whose checksums
 * are right, so that what stands behind them is reached: item, length, bytes. It is read, its head's words are parsed as
 * `merge` parses them, it is merged, and gone on with. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"
#include "sim/cli/merge_journals.h"
#include "sim/cli/options.h"
#include "sim/runner/campaign_journal.h"
#include "sim/runner/output.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH "fuzz.journal" /* in the current folder */

static const char text_of_scenario[] =
    "format: 1\nname: fuzz\nseeds: 2\nmeasure_capacity: false\nworkload: {messages: 3, rate: 100/s}\n"
    "groups:\n  one: {consumers: 1}\n  two: {consumers: 1}\n"
    "compare: [at-least-once, kafka-acks-all]\nfaults:\n  - {at: 10ms, kill: one.1, for: 5ms}\n";

static const struct scenario *scenario_of_it(void) {
  static struct scenario scenario;
  struct err err = {0};
  if (!scenario.plans)
    ASSERT_MSG(scenario_load_text("fuzz.yaml", text_of_scenario, sizeof text_of_scenario - 1, false, fuzz_registry(),
                                  &scenario, &err),
               "%s", err.message);
  return &scenario;
}

static struct journal_head head_of_it(void) {
  const struct scenario *scenario = scenario_of_it();
  return (struct journal_head){.version = DGSIM_VERSION,
                               .scenario = scenario->name,
                               .path = scenario->path,
                               .resolved = scenario->resolved_hash,
                               .items = campaign_items(scenario),
                               .shard = 1,
                               .shards = 1};
}

static void write_raw(const uint8_t *data, size_t size) {
  const int file = open(PATH, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ASSERT(file >= 0);
  ASSERT(write(file, data, size) == (ssize_t)size);
  close(file);
}

static void write_rows(const uint8_t *data, size_t size) {
  const struct journal_head head = head_of_it();
  struct journal_found found;
  struct err err = {0};
  unlink(PATH);
  struct journal *journal = journal_open(PATH, &head, false, &found, &err);
  ASSERT_MSG(journal, "%s", err.message);
  while (size >= 3) {
    const size_t wanted = (size_t)data[1] | (size_t)data[2] << 8, length = wanted < size - 3 ? wanted : size - 3;
    struct bytes bytes = {0};
    bytes_add(&bytes, data + 3, length);
    ASSERT_MSG(journal_append(journal, data[0], &bytes, &err), "%s", err.message);
    bytes_free(&bytes);
    data += 3 + length;
    size -= 3 + length;
  }
  ASSERT_MSG(journal_close(journal, &err), "%s", err.message);
}

/* As `merge` does before it loads the scenario. */
static void read_head(void) {
  const char *paths[] = {PATH};
  const struct merge_journals journals = {.paths = paths, .count = 1};
  struct journal_head head = {0};
  struct options options;
  struct err err = {0};
  if (!merge_journals_head(&journals, &head, &err)) return fuzz_check_error(&err);
  char **words = calloc(head.word_count + 2, sizeof *words);
  ASSERT(words);
  words[0] = (char *)(uintptr_t)"run";
  for (size_t i = 0; i < head.word_count; i++) words[i + 1] = (char *)(uintptr_t)head.words[i];
  if (!options_parse(OPTIONS_RUN, (int)head.word_count + 1, words, &options, &err)) fuzz_check_error(&err);
  options_free(&options);
  free(words);
  journal_head_free(&head);
}

static void merge(void) {
  const struct journal_head head = head_of_it();
  const char *const paths[] = {PATH};
  const struct campaign_options options = {.command = "tests/fuzz"};
  struct campaign campaign;
  struct merged merged = {0};
  struct err err = {0};
  if (campaign_merge(scenario_of_it(), &options, &head, paths, 1, &campaign, &merged, &err)) {
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    output_summary(&campaign, false, out);
    ASSERT(fclose(out) == 0);
    free(text);
    campaign_free(&campaign);
  } else {
    fuzz_check_error(&err);
  }
  merged_free(&merged);
}

static void resume(void) {
  const struct journal_head head = head_of_it();
  struct journal_found found;
  struct journal_reader reader;
  struct bytes_reader bytes;
  struct err err = {0};
  struct journal *journal = journal_open(PATH, &head, true, &found, &err);
  if (!journal) return fuzz_check_error(&err);
  if (found.resumed && journal_rewind(journal, &reader, &err)) {
    uint64_t item, rows = 0;
    while (journal_next(&reader, &item, &bytes, &err) == JOURNAL_ROW) rows++;
    ASSERT(rows == found.rows);
    journal_reader_deinit(&reader);
  }
  ASSERT_MSG(journal_close(journal, &err), "%s", err.message);
}

void fuzz_journal(const uint8_t *data, size_t size) {
  if (size == 0) return;
  if (data[0] == 'r')
    write_raw(data + 1, size - 1);
  else if (data[0] == 'p')
    write_rows(data + 1, size - 1);
  else
    return;
  read_head();
  merge();
  resume();
}
