/* dgsim diff: where two runs that should have been the same part ways. Their scenarios may differ. */
#include "sim/base/input.h"
#include "sim/base/printable.h"
#include "sim/cli/commands.h"
#include "sim/cli/options.h"
#include "sim/cli/record.h"

#include <inttypes.h>
#include <string.h>

struct side {
  const char *path;
  FILE *file;
  struct trace_reader reader;
  struct trace_record record;
  int got; /* as trace_reader_next */
};

static bool open_side(struct side *side, const char *path, struct err *err) {
  side->path = path;
  const char *why;
  side->file = input_open(path, &why);
  if (!side->file) return err_set(err, ERR_IO, "cannot read '%s': %s", path, why);
  return trace_reader_begin(&side->reader, side->file, path, NULL, NULL, err);
}

static void print_side(const struct side *side, uint64_t number) {
  printf("%s\n", PRINTABLE(side->path));
  if (side->got == 0)
    printf("  ends after record %" PRIu64 "\n", number - 1);
  else
    record_print(&side->record, number, stdout);
}

/* Reads on while both say the same. */
static int compare(struct side sides[2], struct err *err) {
  struct trace_record before = {0};
  for (uint64_t number = 1;; number++) {
    for (int i = 0; i < 2; i++) {
      sides[i].got = trace_reader_next(&sides[i].reader, &sides[i].record, err);
      if (sides[i].got < 0) return STATUS_USAGE;
    }
    if (sides[0].got == 0 && sides[1].got == 0) {
      printf("equal: %" PRIu64 " records\n", number - 1);
      return STATUS_HELD;
    }
    if (sides[0].got != sides[1].got ||
        memcmp(&sides[0].record, &sides[1].record, sizeof before) != 0) {
      printf("record %" PRIu64 " is the first that differs\n", number);
      if (number > 1) {
        puts("before it, in both");
        record_print(&before, number - 1, stdout);
      }
      for (int i = 0; i < 2; i++) print_side(&sides[i], number);
      return STATUS_VIOLATED;
    }
    before = sides[0].record;
  }
}

static int diff(const char *a, const char *b, struct err *err) {
  struct side sides[2] = {{0}, {0}};
  int status = STATUS_USAGE;
  if (open_side(&sides[0], a, err) && open_side(&sides[1], b, err)) status = compare(sides, err);
  for (int i = 0; i < 2; i++)
    if (sides[i].file) fclose(sides[i].file);
  return status;
}

int command_diff(const struct registry *registry, int argc, char **argv) {
  (void)registry;
  struct options options;
  struct err err = {0};
  int status = STATUS_USAGE;
  if (options_parse(OPTIONS_DIFF, argc, argv, &options, &err)) {
    if (options.help) {
      command_help(command_diff, stdout);
      status = STATUS_HELD;
    } else if (options.file_count != 2) {
      err_set(&err, ERR_USAGE, "'diff' compares two traces");
      err_note(&err, "dgsim run FILE --trace A writes one");
    } else {
      status = diff(options.files[0], options.files[1], &err);
    }
  }
  if (err.code != ERR_NONE) err_print(&err, stderr);
  options_free(&options);
  return status;
}
