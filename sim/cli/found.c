#include "sim/cli/found.h"

#include "sim/base/assert.h"
#include "sim/base/printable.h"
#include "sim/cli/shell.h"
#include "sim/runner/output.h"
#include "sim/runner/repro.h"
#include "sim/runner/scenario_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Lower-case-hyphens of a label: a name of the language. */
static void slug(const char *label, char *out, size_t size) {
  size_t length = 0;
  for (; *label && length + 1 < size; label++) {
    char c = *label >= 'A' && *label <= 'Z' ? (char)(*label - 'A' + 'a') : *label;
    bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain)
      out[length++] = c;
    else if (length > 0 && out[length - 1] != '-')
      out[length++] = '-';
  }
  while (length > 0 && out[length - 1] == '-') length--;
  out[length] = '\0';
}

/* What each row's files are called: its slug, cut so that `more` bytes still fit into a name, and where an earlier row
 * has that already, with the first number from 2 that none has. */
struct row_name {
  char text[LABEL_MAX + 1];
};

static bool is_taken(const struct row_name *names, size_t count, const char *text) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i].text, text) == 0) return true;
  return false;
}

static void name_next_row(struct row_name *names, size_t count, const char *label, size_t more) {
  struct row_name *name = &names[count];
  const size_t room = sizeof name->text - more;
  slug(label, name->text, room);
  for (size_t number = 2; is_taken(names, count, name->text); number++) {
    char suffix[24];
    const int length = snprintf(suffix, sizeof suffix, "-%zu", number);
    slug(label, name->text, room - (size_t)length);
    strcat(name->text, suffix);
  }
}

static struct row_name name_row(const struct scenario *scenario, size_t plan, size_t more) {
  struct row_name *names = calloc(scenario->row_count, sizeof *names);
  ASSERT(names);
  size_t row = 0;
  for (; row < scenario->row_count; row++) {
    name_next_row(names, row, scenario->rows[row].label, more);
    if (plan - scenario->rows[row].first < scenario->rows[row].count) break;
  }
  ASSERT_LT(row, scenario->row_count);
  const struct row_name name = names[row];
  free(names);
  return name;
}

/* The text says the same as what it was written from: run, it shows the metric. */
static bool verified(const struct registry *registry, const char *path, const char *text,
                     size_t length, enum metric metric, struct err *err) {
  struct scenario scenario;
  int64_t metrics[METRIC__COUNT];
  uint64_t digest;
  if (!scenario_load_text(path, text, length, false, registry, &scenario, err)) return false;
  struct run *run = run_new(0, 0);
  run_judge(run, &scenario.plans[0], scenario.seeds[0], path, metrics, &digest);
  run_free(run);
  scenario_free(&scenario);
  if (metrics[metric] > 0) return true;
  return err_set(err, ERR_CONFLICT, "the scenario that was written does not show %s any more: an error "
                                    "of this program", metric_rows[metric].name);
}

struct text {
  char *bytes;
  size_t length;
};

static void write_text(void *context, FILE *file) {
  const struct text *text = context;
  fwrite(text->bytes, 1, text->length, file);
}

static void write_small(const struct shrink_case *violation, const struct shrunk *shrunk,
                        const char *name, const char *about, FILE *out) {
  const struct repro repro = {.plan = &shrunk->plan, .placements = shrunk->placements,
                              .count = shrunk->count, .metric = violation->metric, .name = name,
                              .about = about};
  const struct scenario_part part = {shrunk->intents, shrunk->plan.workload.messages, shrunk->kept,
                                     shrunk->count, name, about, violation->metric};
  const struct scenario *scenario = violation->scenario;
  size_t seed = 0;
  if (!shrunk->own_world) return repro_write(&repro, out);
  while (scenario->seeds[seed] != violation->seed) seed++;
  scenario_print_part(scenario, violation->row, seed, &part, out);
}

static bool save(const struct registry *registry, const struct shrink_case *violation,
                 const struct shrunk *shrunk, const struct options *options, struct err *err) {
  const struct scenario *scenario = violation->scenario;
  const char *metric = metric_rows[violation->metric].name;
  char name[2 * LABEL_MAX], file_name[240], about[400], path[512];
  const struct row_name row = name_row(scenario, violation->row, strlen(metric) + 1);
  snprintf(name, sizeof name, "%s-%s", row.text, metric);
  for (char *at = name; *at; at++)
    if (*at == '_') *at = '-';
  snprintf(file_name, sizeof file_name, "%s.yaml", name);
  snprintf(about, sizeof about,
           "The smallest world that shows %s in row %s of %s (operation %" PRIu64 ", seed %" PRIu64
           ")%s.",
           metric, scenario->plans[violation->row].label, scenario->name,
           shrunk->suspect, violation->seed, shrunk->own_world ? ", with its faults as they were" : "");
  struct text text;
  FILE *memory = open_memstream(&text.bytes, &text.length);
  ASSERT(memory);
  write_small(violation, shrunk, name, about, memory);
  fclose(memory);
  bool saved = verified(registry, file_name, text.bytes, text.length, violation->metric, err) &&
               output_add(options->out, scenario->name, "anomalies", file_name, write_text, &text,
                          path, err);
  free(text.bytes);
  if (saved) {
    char *again = shell_command(2, (char *[]){"run", path});
    printf("  written   %s\n  again     %s\n", PRINTABLE(path), again);
    free(again);
  }
  return saved;
}

bool found_shrink(const struct registry *registry, const struct shrink_case *violation,
                  const struct explore_options *search, const struct options *options,
                  struct err *err) {
  struct shrunk *shrunk = calloc(1, sizeof *shrunk);
  ASSERT(shrunk);
  bool done = true;
  if (!shrink(violation, search, shrunk)) {
    printf("  shrunk    no: no world of up to %d operations and %d placed faults shows it (%" PRIu64
           " runs)\n", SHRINK_MESSAGES_MAX, SHRINK_FAULTS_MAX, shrunk->executed);
  } else {
    const unsigned faults = shrunk->count + shrunk->lossy_links;
    printf("  shrunk    to %" PRIu64 " operation%s and %u fault%s%s, in %" PRIu64 " runs\n",
           shrunk->plan.workload.messages, shrunk->plan.workload.messages == 1 ? "" : "s",
           faults, faults == 1 ? "" : "s",
           shrunk->own_world    ? " of its own world"
           : shrunk->same_sorts ? ""
                                : " of other sorts",
           shrunk->executed);
    for (unsigned i = 0; i < shrunk->count; i++) {
      fputs("            ", stdout);
      if (shrunk->own_world)
        fputs(violation->scenario->faults[shrunk->kept[i]].name, stdout);
      else
        placement_write(&shrunk->plan, &shrunk->placements[i], stdout);
      putchar('\n');
    }
    if (shrunk->lossy_links > 0) puts("            what links lose");
    done = save(registry, violation, shrunk, options, err);
  }
  free(shrunk);
  return done;
}
