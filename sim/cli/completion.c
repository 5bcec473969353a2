#include "sim/cli/completion.h"

#include "sim/base/assert.h"
#include "sim/cli/document.h"
#include "sim/cli/lists.h"
#include "sim/cli/schema_parts.h"

#include <stdlib.h>
#include <string.h>

/* By the word that stands for it in the help. */
static const struct {
  const char *argument;
  enum completion option, command;
} kinds[] = {
    {"FILE", COMPLETE_FILE, COMPLETE_SCENARIO}, {"DIR", COMPLETE_FOLDER, COMPLETE_FILE},
    {"JOURNAL", COMPLETE_FILE, COMPLETE_FILE},  {"TRACE", COMPLETE_FILE, COMPLETE_FILE},
    {"SO", COMPLETE_SHARED_OBJECT, COMPLETE_NOTHING}, {"WORD", COMPLETE_WORDS, COMPLETE_NOTHING},
    {"POINT", COMPLETE_POINT, COMPLETE_NOTHING}, {"PATH", COMPLETE_PATH, COMPLETE_NOTHING},
    {"WHAT", COMPLETE_NOTHING, COMPLETE_LIST}, {"LABEL", COMPLETE_LABEL, COMPLETE_NOTHING},
};

/* The first word of "FILE|DIR...", "PATH=VALUE". */
static size_t find_kind(const char *argument) {
  const size_t length = strspn(argument, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
  size_t i = 0;
  while (i < sizeof kinds / sizeof *kinds &&
         !(strlen(kinds[i].argument) == length && memcmp(kinds[i].argument, argument, length) == 0))
    i++;
  return i;
}

enum completion completion_of_option(const struct option_view *option) {
  const size_t kind = option->argument ? find_kind(option->argument) : sizeof kinds / sizeof *kinds;
  return kind < sizeof kinds / sizeof *kinds ? kinds[kind].option : COMPLETE_NOTHING;
}

enum completion completion_of_command(const char *arguments) {
  const size_t kind = find_kind(arguments);
  return kind < sizeof kinds / sizeof *kinds ? kinds[kind].command : COMPLETE_NOTHING;
}

void completion_put_lists(FILE *out, const char *before, const char *after) {
  for (size_t i = 0; i < list_count; i++) fprintf(out, "%s%s%s", before, list_rows[i].name, after);
  fprintf(out, "%srows%s%sclaims%s", before, after, before, after);
  for (size_t i = 0; i < document_count; i++) fprintf(out, "%s%s%s", before, documents[i].name, after);
}

void completion_put_points(const struct registry *registry, FILE *out, const char *before, const char *after) {
  for (size_t i = 1; i < POINT_GENERIC__COUNT; i++) fprintf(out, "%s%s%s", before, generic_points[i].name, after);
  for (size_t i = 0; i < registry->system_count; i++) {
    const struct system *system = registry->systems[i];
    bool known = false;
    for (size_t j = 0; j < i; j++) known = known || registry->systems[j]->points == system->points;
    for (size_t j = 0; j < system->point_count && !known; j++)
      fprintf(out, "%s%s%s", before, system->points[j].name, after);
  }
}

/* ---- paths ---- */

#define PATH_TEXT_SIZE 160
struct path {
  char text[PATH_TEXT_SIZE];
  const char *words; /* NULL = no words */
};
struct paths {
  struct path *items;
  size_t count, capacity;
};

static void add_path(void *context, const char *text, const struct key *key) {
  struct paths *paths = context;
  if (paths->count == paths->capacity) {
    paths->capacity = 2 * paths->capacity + 64;
    ASSERT(paths->items = realloc(paths->items, paths->capacity * sizeof *paths->items));
  }
  const char *words = key->type == VALUE_ENUM ? key->choices : key->type == VALUE_BOOL ? "true false" : NULL;
  struct path *path = &paths->items[paths->count++];
  ASSERT_LT(snprintf(path->text, sizeof path->text, "%s", text), (int)sizeof path->text);
  path->words = words;
}

static int by_text(const void *left, const void *right) {
  return strcmp(((const struct path *)left)->text, ((const struct path *)right)->text);
}

/* Each once; of what several models have by one name, the first one's words. */
static struct paths collect(const struct registry *registry) {
  struct paths paths = {.count = 0};
  size_t kept = 0;
  paths_each(registry, add_path, &paths);
  qsort(paths.items, paths.count, sizeof *paths.items, by_text);
  for (size_t i = 0; i < paths.count; i++)
    if (kept == 0 || strcmp(paths.items[kept - 1].text, paths.items[i].text) != 0) paths.items[kept++] = paths.items[i];
  paths.count = kept;
  return paths;
}

void completion_put_paths(const struct registry *registry, FILE *out, const char *before, const char *after) {
  struct paths paths = collect(registry);
  for (size_t i = 0; i < paths.count; i++) fprintf(out, "%s%s%s", before, paths.items[i].text, after);
  free(paths.items);
}

void completion_put_values(const struct registry *registry, FILE *out, const char *before, const char *between,
                           const char *after) {
  struct paths paths = collect(registry);
  for (size_t i = 0; i < paths.count; i++)
    if (paths.items[i].words)
      fprintf(out, "%s%s%s%s%s", before, paths.items[i].text, between, paths.items[i].words, after);
  free(paths.items);
}
