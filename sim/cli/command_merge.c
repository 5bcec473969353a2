/* dgsim merge: shards of a campaign, run apart, as the one campaign that they are. The first journal says which
 * scenario it is and how it was loaded; it is loaded so again. */
#include "sim/base/assert.h"
#include "sim/cli/commands.h"
#include "sim/cli/load.h"
#include "sim/cli/merge_missing.h"
#include "sim/cli/program.h"
#include "sim/cli/shell.h"
#include "sim/cli/write_files.h"
#include "sim/runner/campaign_journal.h"
#include "sim/runner/output.h"

#include <stdlib.h>

/* As it was loaded for the runs. `how` is to be given to options_free. */
static bool load(const struct journal_head *head, const struct registry *registry, const char *file,
                 struct options *how, struct scenario *out, struct err *err) {
  char **words = calloc(head->word_count + 2, sizeof *words); /* NULL-terminated */
  ASSERT(words);
  words[0] = "run";
  for (size_t i = 0; i < head->word_count; i++) words[i + 1] = (char *)head->words[i];
  bool good = options_parse(OPTIONS_RUN, (int)head->word_count + 1, words, how, err);
  free(words);
  if (good && !load_scenario(file ? file : head->path, registry, how, out, err)) {
    good = false;
    err_note(err, "the journals say that their scenario is '%s': --file FILE if it stands elsewhere", head->path);
  }
  if (good && (out->resolved_hash != head->resolved || campaign_items(out) != head->items)) {
    err_set(err, ERR_CONFLICT, "'%s', or a file that it names, is not as it was for the runs", out->path);
    err_note(err, "--file FILE if what was run stands elsewhere; %016llx was its resolved form's hash",
             (unsigned long long)head->resolved);
    scenario_free(out);
    good = false;
  }
  return good;
}

static enum status merge_loaded(const struct scenario *scenario, const struct journal_head *head,
                                const struct merge_journals *journals, const struct options *how,
                                const struct options *options, const char *command, struct report *report) {
  struct campaign campaign;
  struct merged merged = {0};
  struct err err = {0};
  enum status status = STATUS_USAGE;
  struct journal_head here = *head;
  here.version = DGSIM_VERSION;
  here.program = program_hash();
  char *reproduce = shell_reproduce(scenario->path, how);
  const struct campaign_options campaign_options = {
      .verify = head->verify, .command = command, .reproduce = reproduce};
  if (output_check(options->out, scenario->name, &err) &&
      campaign_merge(scenario, &campaign_options, &here, journals->paths, journals->count, &campaign, &merged, &err)) {
    if (merged.programs_differ)
      fprintf(stderr, "dgsim: note: not all of this was run and merged by the same build of the program\n");
    output_clean(options->out, scenario->name);
    status = write_files(&campaign, options, report, &(struct write_files_safe){.journal = NULL});
    campaign_free(&campaign);
  } else {
    err_print(&err, stderr);
    if (merged.missing > 0) merge_missing_tell(&merged, head, journals, scenario->path);
    if (options->format != REPORT_HUMAN) report_error(report, scenario->path, &err);
  }
  merged_free(&merged);
  free(reproduce);
  return status;
}

static enum status merge(const struct registry *registry, const struct options *options, const char *command,
                         struct err *err) {
  struct merge_journals journals;
  struct journal_head head = {0};
  struct options how = {0};
  struct scenario scenario;
  struct report report = {.format = options->format};
  enum status status = STATUS_USAGE;
  if (options->format != REPORT_HUMAN) report_begin(&report, options->format, stdout);
  if (merge_journals_find(options->files, options->file_count, &journals, err) &&
      merge_journals_head(&journals, &head, err) && load(&head, registry, options->file, &how, &scenario, err)) {
    status = merge_loaded(&scenario, &head, &journals, &how, options, command, &report);
    scenario_free(&scenario);
  } else if (options->format != REPORT_HUMAN) {
    report_error(&report, options->files[0], err);
  }
  if (options->format != REPORT_HUMAN) report_end(&report);
  options_free(&how);
  journal_head_free(&head);
  merge_journals_free(&journals);
  return status;
}

int command_merge(const struct registry *registry, int argc, char **argv) {
  struct options options;
  struct err err = {0};
  char *command = shell_command(argc, argv);
  enum status status = STATUS_USAGE;
  if (options_parse(OPTIONS_MERGE, argc, argv, &options, &err)) {
    if (options.help) {
      command_help(command_merge, stdout);
      status = STATUS_HELD;
    } else if (options.file_count == 0) {
      err_set(&err, ERR_USAGE, "'merge' needs journals, or the directory that they are in");
      err_note(&err, "dgsim run FILE --shard I/N writes one: as in dgsim merge results/NAME");
    } else {
      status = merge(registry, &options, command, &err);
    }
  }
  if (err.code != ERR_NONE) err_print(&err, stderr);
  options_free(&options);
  free(command);
  return (int)status;
}
