#include "sim/base/printable.h"
#include "sim/cli/run_journal.h"

#include "sim/cli/load.h"
#include "sim/cli/program.h"
#include "sim/runner/interrupt.h"

#include <inttypes.h>
#include <stdio.h>

static void tell_end(const struct journal_found *found) {
  if (found->end == JOURNAL_TORN && found->rows < found->items)
    fprintf(stderr, "; the last row was torn: its run is done again");
  else if (found->end == JOURNAL_DAMAGED)
    fprintf(stderr, "; row %" PRIu64 " was damaged: what stood from it on, %" PRIu64 " bytes, is done again",
            found->rows + 1, found->cut);
}

static void tell(const char *journal, const struct journal_found *found, bool resume) {
  static const char note[] = "dgsim: note:";
  const char *path = PRINTABLE(journal);
  if (found->resumed && found->finished) {
    fprintf(stderr, "%s all %" PRIu64 " runs were done before, in '%s'\n", note, found->rows, path);
  } else if (found->resumed) {
    fprintf(stderr, "%s %" PRIu64 " of %" PRIu64 " runs were done before, in '%s'", note, found->rows, found->items, path);
    tell_end(found);
    fputc('\n', stderr);
  } else if (resume) {
    fprintf(stderr, "%s nothing to resume: no run is in '%s' yet\n", note, path);
  } else if (found->set_aside && found->items == 0) {
    fprintf(stderr, "%s '%s' was no journal that can be read: it is kept as %s.old\n", note, path, path);
  } else if (found->set_aside) {
    fprintf(stderr, "%s %" PRIu64 " of %" PRIu64 " runs of %s were in '%s', which is kept as %s.old%s\n", note,
            found->rows, found->items, found->same ? "an earlier, unfinished campaign" : "another, unfinished campaign",
            path, path, found->same ? "; --resume would have gone on with them" : "");
  }
}

bool run_journal_open(struct run_journal *out, const struct scenario *scenario, const struct options *options,
                      struct err *err) {
  size_t word_count;
  char **words = load_words(options, &word_count);
  const struct journal_head head = {.version = DGSIM_VERSION,
                                    .program = program_hash(),
                                    .scenario = scenario->name,
                                    .path = scenario->path,
                                    .words = (const char *const *)words,
                                    .word_count = word_count,
                                    .resolved = scenario->resolved_hash,
                                    .items = campaign_items(scenario),
                                    .verify = options->verify,
                                    .shard = options->shard,
                                    .shards = options->shards};
  struct journal_found found;
  if (options->has_shard)
    snprintf(out->path, sizeof out->path, "%s/%s/shard-%u-of-%u.journal", options->out, scenario->name,
             options->shard, options->shards);
  else
    snprintf(out->path, sizeof out->path, "%s/%s/runs.journal", options->out, scenario->name);
  out->journal = journal_open(out->path, &head, options->resume, &found, err);
  if (out->journal) tell(out->path, &found, options->resume);
  load_words_free(words);
  return out->journal != NULL;
}

void run_journal_interrupted(void *context, int signal_number, size_t kept, size_t of) {
  const struct run_journal *journal = context;
  fflush(stdout);
  if (journal_is_there(journal->journal))
    fprintf(stderr, "dgsim: interrupted: %zu of %zu runs are in '%s'; --resume goes on with them\n", kept, of,
            PRINTABLE(journal->path));
  else
    fprintf(stderr, "dgsim: interrupted: '%s' was removed meanwhile, and what was done with it\n",
            PRINTABLE(journal->path));
  interrupt_die(signal_number);
}
