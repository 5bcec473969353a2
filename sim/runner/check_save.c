#include "sim/runner/check_save.h"

#include "sim/base/assert.h"
#include "sim/runner/check_repro.h"
#include "sim/runner/output.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static int is_scenario(const struct dirent *entry) {
  const size_t length = strlen(entry->d_name);
  return length > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

/* By bytes: alphasort goes by the locale. */
static int by_name(const struct dirent **left, const struct dirent **right) {
  return strcmp((*left)->d_name, (*right)->d_name);
}

bool check_saved_list(const char *folder, struct check_saved *out, struct err *err) {
  struct dirent **entries;
  *out = (struct check_saved){0};
  const int count = scandir(folder, &entries, is_scenario, by_name);
  if (count < 0) return errno == ENOENT || err_set(err, ERR_IO, "cannot read '%s': %s", folder, strerror(errno));
  out->paths = calloc((size_t)count + 1, sizeof *out->paths);
  ASSERT(out->paths);
  for (int i = 0; i < count; i++) {
    ASSERT(asprintf(&out->paths[out->count++], "%s/%s", folder, entries[i]->d_name) > 0);
    free(entries[i]);
  }
  free(entries);
  return true;
}

void check_saved_deinit(struct check_saved *saved) {
  for (size_t i = 0; i < saved->count; i++) free(saved->paths[i]);
  free(saved->paths);
  *saved = (struct check_saved){0};
}

struct case_text {
  const struct scenario *scenario;
  const struct check_small *small;
  const char *folder, *name;
};
static void write_case(void *context, FILE *out) {
  const struct case_text *text = context;
  check_repro_write(text->scenario, text->small, text->folder, text->name, out);
}

bool check_save(const struct scenario *scenario, const struct check_small *small, const char *folder,
                char out_path[512], struct err *err) {
  char base[64], name[80], file_name[96], *bytes = NULL;
  size_t size = 0;
  check_repro_name(small, base, sizeof base);
  struct check_small nameless = *small; /* what it shows may be put in other words another time */
  nameless.outcome.evidence[0] = '\0';
  struct case_text text = {scenario, &nameless, folder, base};
  FILE *memory = open_memstream(&bytes, &size);
  ASSERT_MSG(memory, "out of memory");
  write_case(&text, memory);
  ASSERT(fclose(memory) == 0);
  snprintf(name, sizeof name, "%s-%08x", base, (unsigned)(XXH3_64bits(bytes, size) >> 32));
  free(bytes);
  snprintf(file_name, sizeof file_name, "%s.yaml", name);
  text.name = name;
  text.small = small;
  return output_file(folder, file_name, write_case, &text, out_path, err);
}
