/* dgsim run: loads every file first, so that a mistake in the last one is told before the first has
 * run for minutes; then runs, prints and writes one after the other. */
#include "sim/base/assert.h"
#include "sim/base/printable.h"
#include "sim/cli/commands.h"
#include "sim/cli/load.h"
#include "sim/cli/options.h"
#include "sim/cli/run_journal.h"
#include "sim/cli/run_ranks.h"
#include "sim/cli/run_record.h"
#include "sim/cli/run_trace.h"
#include "sim/cli/shell.h"
#include "sim/cli/write_files.h"
#include "sim/runner/output.h"

#include <stdlib.h>
#include <string.h>

struct file {
  const char *path;
  struct scenario scenario;
  bool loaded;
  struct err err;
};

/* --seed N is `seeds: [N]`, so that the resolved form says what was run. */
static bool load(struct file *file, const struct registry *registry,
                 const struct options *options) {
  file->loaded = load_scenario(file->path, registry, options, &file->scenario, &file->err);
  return file->loaded;
}

/* Two scenarios of one name would overwrite each other's results. */
static void refuse_same_names(struct file *files, size_t count) {
  for (size_t i = 1; i < count; i++)
    for (size_t j = 0; j < i && files[i].loaded; j++) {
      if (!files[j].loaded || strcmp(files[i].scenario.name, files[j].scenario.name) != 0) continue;
      err_set(&files[i].err, ERR_CONFLICT, "the scenario's name '%s' is also that of %s",
              files[i].scenario.name, files[j].path);
      err_note(&files[i].err, "their results would be in the same place: give one another 'name'");
      err_place(&files[i].err, files[i].path, 0, 0, NULL);
      scenario_free(&files[i].scenario);
      files[i].loaded = false;
    }
}

/* Places where to write are there, and no other process writes there. */
static bool open_places(const struct scenario *scenario, const struct options *options, struct run_journal *journal,
                        struct err *err) {
  if (!output_check(options->out, scenario->name, err) || !run_journal_open(journal, scenario, options, err))
    return false;
  output_clean(options->out, scenario->name);
  return true;
}

static enum status whole(const struct file *file, const struct options *options,
                         const struct campaign_options *campaign_options, const struct run_journal *journal,
                         struct report *report, struct err *err) {
  struct campaign campaign;
  if (!campaign_try(&file->scenario, campaign_options, &campaign, err)) return STATUS_USAGE;
  const enum status status = write_files(&campaign, options, report, &(struct write_files_safe){journal->path});
  campaign_free(&campaign);
  return status;
}

static enum status shard(const struct file *file, const struct options *options,
                         const struct campaign_options *campaign_options, const struct run_journal *journal,
                         struct err *err) {
  if (!campaign_shard(&file->scenario, campaign_options, err)) return STATUS_USAGE;
  if (!journal_is_there(journal->journal)) {
    err_set(err, ERR_IO, "'%s' was removed while it was written, and what was done with it", journal->path);
    err_note(err, "run this shard again");
    return STATUS_USAGE;
  }
  printf("%s: shard %u of %u is done: %s\n", file->scenario.name, options->shard, options->shards,
         PRINTABLE(journal->path));
  return STATUS_HELD;
}

static enum status run_campaign(const struct file *file, const struct options *options, const char *command,
                                const struct run_ranks *together, uint64_t number, struct report *report) {
  struct err err = {0};
  struct run_journal journal = {0};
  enum status status = STATUS_USAGE;
  if (open_places(&file->scenario, options, &journal, &err)) {
    char *reproduce = shell_reproduce(file->path, options);
    const struct campaign_options campaign = {.workers = options->workers,
                                              .verify = options->verify,
                                              .progress = true,
                                              .command = command,
                                              .reproduce = reproduce,
                                              .journal = journal.journal,
                                              .shard = options->shard,
                                              .shards = options->shards,
                                              .interrupted = run_journal_interrupted,
                                              .interrupted_context = &journal,
                                              .ranks = together->ranks,
                                              .number = number};
    status = options->has_shard ? shard(file, options, &campaign, &journal, &err)
                                : whole(file, options, &campaign, &journal, report, &err);
    if (!journal_close(journal.journal, &err)) status = status_worse(status, STATUS_USAGE);
    free(reproduce);
  }
  if (err.code != ERR_NONE) err_print(&err, stderr);
  if (err.code != ERR_NONE && options->format != REPORT_HUMAN) report_error(report, file->path, &err);
  return status;
}

static enum status run_files(struct file *files, const struct options *options, const char *command,
                             const struct run_ranks *together) {
  enum status status = STATUS_HELD;
  struct report report;
  if (options->format != REPORT_HUMAN) report_begin(&report, options->format, stdout);
  for (size_t i = 0; i < options->file_count; i++) {
    if (!files[i].loaded) {
      if (options->format != REPORT_HUMAN) report_error(&report, files[i].path, &files[i].err);
      continue;
    }
    if (i > 0 && options->format == REPORT_HUMAN) putchar('\n');
    status = status_worse(status, run_campaign(&files[i], options, command, together, i, &report));
    fflush(stdout);
  }
  if (options->format != REPORT_HUMAN) report_end(&report);
  return status;
}

/* Another rank than 0: does what rank 0 hands out, of one file after the other. */
static void serve(struct file *files, const struct options *options, const char *command, struct ranks *ranks) {
  bool more = true;
  for (size_t i = 0; i < options->file_count && more; i++) {
    const struct campaign_options campaign = {
        .workers = options->workers, .verify = options->verify, .command = command, .ranks = ranks, .number = i};
    if (files[i].loaded) more = campaign_mpi_serve(&files[i].scenario, &campaign);
  }
}

static bool agree(const struct file *files, const struct options *options, const struct run_ranks *together,
                  struct err *err) {
  struct campaign_mpi_file *read = calloc(options->file_count, sizeof *read);
  ASSERT(read != NULL);
  for (size_t i = 0; i < options->file_count; i++)
    read[i] = (struct campaign_mpi_file){.path = files[i].path,
                                         .hash = files[i].loaded ? files[i].scenario.resolved_hash : 0,
                                         .error = files[i].loaded ? NULL : files[i].err.message};
  const bool agreed = run_ranks_agree(together, options, read, err);
  free(read);
  return agreed;
}

static enum status act(struct file *files, const struct registry *registry, const struct options *options,
                       const char *command, const struct run_ranks *together) {
  if (options->trace || options->record) {
    if (!files[0].loaded) return STATUS_HELD; /* what is wrong with it has been said */
    if (options->record)
      return run_record_file(&files[0].scenario, registry, options, command);
    return run_trace(&files[0].scenario, options, command);
  }
  if (!together->leads && together->ranks) {
    serve(files, options, command, together->ranks);
    return STATUS_HELD;
  }
  if (!together->leads) return STATUS_HELD;
  if (!options->dry_run) return run_files(files, options, command, together);
  for (size_t i = 0; i < options->file_count; i++) {
    if (i > 0) puts("---");
    if (files[i].loaded) scenario_print_resolved(&files[i].scenario, stdout);
  }
  return STATUS_HELD;
}

static enum status run(const struct registry *registry, const struct options *options, const char *command,
                       const struct run_ranks *together) {
  struct err err = {0};
  struct file *files = calloc(options->file_count, sizeof *files);
  ASSERT(files != NULL);
  enum status status = STATUS_HELD;
  for (size_t i = 0; i < options->file_count; i++) {
    files[i].path = options->files[i];
    load(&files[i], registry, options);
  }
  if (!options->dry_run) refuse_same_names(files, options->file_count);
  for (size_t i = 0; i < options->file_count; i++) {
    if (files[i].loaded) continue;
    if (together->leads) err_print(&files[i].err, stderr);
    status = STATUS_USAGE;
  }
  if (agree(files, options, together, &err))
    status = status_worse(status, act(files, registry, options, command, together));
  if (err.code != ERR_NONE) {
    err_print(&err, stderr);
    status = STATUS_USAGE;
  }
  for (size_t i = 0; i < options->file_count; i++)
    if (files[i].loaded) scenario_free(&files[i].scenario);
  free(files);
  return status;
}

int command_run(const struct registry *registry, int argc, char **argv) {
  struct options options;
  struct run_ranks together = {.leads = ranks_start().rank == 0};
  struct err err = {0};
  char *command = shell_command(argc, argv); /* before getopt_long permutes it */
  int status = STATUS_HELD;
  if (!options_parse(OPTIONS_RUN, argc, argv, &options, &err)) {
    status = STATUS_USAGE;
  } else if (options.help) {
    if (together.leads) command_help(command_run, stdout);
  } else if (options.file_count == 0) {
    err_set(&err, ERR_USAGE, "'run' needs a scenario file");
    status = STATUS_USAGE;
  } else if ((options.trace || options.record) && options.file_count > 1) {
    err_set(&err, ERR_USAGE, "--%s needs exactly one scenario file",
            options.trace ? "trace" : "record");
    status = STATUS_USAGE;
  } else if (!run_ranks_begin(&together, &options, &err)) {
    status = STATUS_USAGE;
  } else {
    status = (int)run(registry, &options, command, &together);
    if (together.ranks && !together.leads) status = STATUS_HELD; /* rank 0 has said all that there is */
    run_ranks_end(&together);
  }
  if (err.code != ERR_NONE && together.leads) {
    err_note(&err, "dgsim run --help lists the options");
    err_print(&err, stderr);
  }
  options_free(&options);
  free(command);
  return status;
}
