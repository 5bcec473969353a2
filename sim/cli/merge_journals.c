#include "sim/cli/merge_journals.h"

#include "sim/base/assert.h"
#include "sim/base/grow.h"
#include "sim/base/input.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(struct merge_journals *journals, const char *directory, const char *name) {
  char *path;
  const size_t length = strlen(directory);
  ASSERT(asprintf(&path, "%s%s%s", directory, length > 0 && directory[length - 1] != '/' ? "/" : "", name) > 0);
  GROW(journals->paths, journals->capacity, journals->count + 1);
  journals->paths[journals->count++] = path;
}

static int is_shard(const struct dirent *entry) {
  static const char before[] = "shard-", behind[] = ".journal";
  const size_t length = strlen(entry->d_name);
  return length > strlen(before) + strlen(behind) && strncmp(entry->d_name, before, strlen(before)) == 0 &&
         strcmp(entry->d_name + length - strlen(behind), behind) == 0;
}

static bool add_directory(struct merge_journals *journals, const char *directory, struct err *err) {
  struct dirent **entries;
  const int count = scandir(directory, &entries, is_shard, versionsort);
  if (count < 0) return err_set(err, ERR_IO, "cannot read '%s': %s", directory, strerror(errno));
  for (int i = 0; i < count; i++) {
    add(journals, directory, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  if (count > 0) return true;
  err_set(err, ERR_IO, "there is no shard-*.journal in '%s'", directory);
  return err_note(err, "dgsim run FILE --shard I/N writes them; another journal is named itself, as in %s/runs.journal",
                  directory);
}

bool merge_journals_find(char *const *names, size_t name_count, struct merge_journals *out, struct err *err) {
  struct stat status;
  *out = (struct merge_journals){0};
  bool good = true;
  for (size_t i = 0; good && i < name_count; i++)
    if (stat(names[i], &status) == 0 && S_ISDIR(status.st_mode))
      good = add_directory(out, names[i], err);
    else
      add(out, "", names[i]);
  return good;
}

void merge_journals_free(struct merge_journals *journals) {
  for (size_t i = 0; i < journals->count; i++) free((char *)journals->paths[i]);
  free(journals->paths);
  *journals = (struct merge_journals){0};
}

bool merge_journals_head_of(const char *path, struct journal_head *out, bool *out_torn, struct err *err) {
  struct journal_reader reader;
  *out_torn = false;
  const char *why;
  const int fd = input_open_file(path, &why);
  if (fd < 0) return err_set(err, ERR_IO, "cannot read '%s': %s", path, why);
  const bool good = journal_reader_init(&reader, fd, path, out_torn, err);
  if (good) {
    *out = reader.head; /* taken over */
    reader.head = (struct journal_head){0};
    journal_reader_deinit(&reader);
  }
  close(fd);
  return good;
}

bool merge_journals_head(const struct merge_journals *journals, struct journal_head *out, struct err *err) {
  bool torn = true, good = false;
  for (size_t i = 0; i < journals->count && torn && !good; i++) {
    *err = (struct err){0};
    good = merge_journals_head_of(journals->paths[i], out, &torn, err);
  }
  if (torn) err_note(err, "its shard has done nothing yet: dgsim run FILE --resume --shard I/N");
  if (good) *err = (struct err){0};
  return good;
}
