#include "sim/cli/merge_missing.h"

#include "sim/base/assert.h"
#include "sim/cli/shell.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN 10 /* shards */

/* The journal of each shard, as far as there is one that can be read; NULL = none. The array is the caller's. */
static const char **journals_of(const struct merged *merged,
                                const struct merge_journals *journals) {
  const char **of = calloc(merged->shards, sizeof *of);
  ASSERT(of);
  for (size_t i = 0; i < journals->count; i++) {
    struct journal_head head;
    struct err none = {0};
    bool torn;
    if (!merge_journals_head_of(journals->paths[i], &head, &torn, &none)) continue;
    if (head.shards == merged->shards) of[head.shard - 1] = journals->paths[i];
    journal_head_free(&head);
  }
  return of;
}

/* DIR of DIR/<scenario>, in place; NULL: that is not what it ends in. */
static const char *directory_above(char *directory, const char *scenario) {
  char *last = strrchr(directory, '/');
  if (strcmp(last ? last + 1 : directory, scenario) != 0) return NULL;
  if (!last) return ".";
  if (last == directory) return "/";
  *last = '\0';
  return directory;
}

/* --out of the run that wrote a journal, or "" where it needs none, or nobody can tell. */
static void out_word(const char *journal, const char *scenario, char *word, size_t size) {
  char path[PATH_MAX], whole[PATH_MAX];
  snprintf(path, sizeof path, "%s", journal);
  char *directory = dirname(path);
  const char *out = directory_above(directory, scenario);
  if (!out && realpath(directory, whole)) out = directory_above(whole, scenario);
  word[0] = '\0';
  if (out && strcmp(out, "results") != 0) snprintf(word, size, "--out=%s", out);
}

/* A command line of `run`; the caller's to free. */
static char *command_of(const struct journal_head *head, const char *file, const char *journal,
                        unsigned shard, unsigned shards) {
  char out[PATH_MAX + 8], part[64];
  const char **words = calloc(head->word_count + 6, sizeof *words);
  ASSERT(words);
  size_t count = 0;
  words[count++] = "run";
  words[count++] = file;
  for (size_t i = 0; i < head->word_count; i++) words[count++] = head->words[i];
  out_word(journal, head->scenario, out, sizeof out);
  if (out[0]) words[count++] = out;
  if (head->verify) words[count++] = "--verify";
  words[count++] = "--resume";
  snprintf(part, sizeof part, "--shard=%u/%u", shard, shards);
  if (shards > 1) words[count++] = part;
  char *command = shell_command((int)count, (char *const *)words);
  free(words);
  return command;
}

void merge_missing_tell(const struct merged *merged, const struct journal_head *head,
                        const struct merge_journals *journals, const char *file) {
  size_t told = 0, parts = 0;
  const char **of = journals_of(merged, journals);
  for (unsigned i = 0; i < merged->shards; i++) {
    if (merged->missing_of[i] == 0 || parts++ >= SHOWN) continue;
    char *command =
        command_of(head, file, of[i] ? of[i] : journals->paths[0], i + 1, merged->shards);
    fprintf(stderr, "  shard %u of %u: %zu missing: %s\n", i + 1, merged->shards,
            merged->missing_of[i], command);
    free(command);
    told++;
  }
  if (parts > told) fprintf(stderr, "  ... and of %zu more shards\n", parts - told);
  free(of);
}
