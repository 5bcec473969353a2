/* dgsim list: what there is; and the documents that are made from it. */
#include "sim/base/suggest.h"
#include "sim/cli/commands.h"
#include "sim/cli/document.h"
#include "sim/cli/list_claims.h"
#include "sim/cli/list_data.h"
#include "sim/cli/list_labels.h"
#include "sim/cli/list_text.h"
#include "sim/cli/lists.h"
#include "sim/cli/options.h"

#include <string.h>

/* In the order of the reference: what one writes, what there is to name in it, what comes of it, the program. */
const struct list_row list_rows[] = {
    {"keys", data_keys, text_keys, "Keys",
     "Every key of a scenario file that belongs to no model, in the order of the file. A key that is not given has its "
     "default, which is ours; keys of models are with the models."},
    {"values", data_values, NULL, "Values",
     "How values are written. Units are never left out: a bare number is refused, with the nearest right way to write "
     "it. Nodes, paths and bounds: scenarios/README.md."},
    {"systems", data_systems, text_systems, "Systems",
     "What delivers messages: the slot `system`, each with its keys, their defaults, and where these come from. The "
     "generic names stand for a real system with the settings of that guarantee; a default without a source is ours."},
    {"handlers", data_handlers, text_handlers, "Handlers",
     "What a consumer does with a message: the slot `handler`. Each is one pattern of the literature, and says what it "
     "calls and which anomalies it rules out."},
    {"stores", data_stores, text_stores, "Stores",
     "What handlers and publishers call: the slots `database`, `cache` and `provider`. The first of each is there where "
     "none is named."},
    {"clients", data_clients, text_clients, "Clients",
     "The application above the producers: the slot `client`. It decides whether an operation is submitted again, and "
     "with which idempotency key."},
    {"publishers", data_publishers, text_publishers, "Publishers",
     "How producers have an operation in their own database and publish it: the slot `publisher`. Without one they only "
     "publish."},
    {"links", data_links, NULL, "Links",
     "Between whom messages travel, with the latency that is there unless the file says another. In faults one end may be "
     "a single node, as in `consumer.1_to_broker`."},
    {"faults", data_faults, text_faults, "Faults",
     "A fault is timing, exactly one verb, and the verb's keys, in one flat map. The verb's value is its target, and "
     "`effective` says what counts as a hit: a fault that is never effective makes a result inconclusive."},
    {"points", data_points, text_points, "Points",
     "Where a fault with `when` strikes: just after the point, or with `before` just before it. Points of every system "
     "keep comparisons paired; a system's own are for that system alone."},
    {"metrics", data_metrics, text_metrics, "Metrics",
     "What is counted in a run, and what `expect` can name. The name has no unit; the column of `runs.csv` has it, and so "
     "has the value of a bound."},
    {"anomalies", data_anomalies, text_anomalies, "Anomalies",
     "What may go wrong with an operation, as the judge decides it. A contract is the set of those that it allows."},
    {"cases", data_cases, text_cases, "Cases of a check",
     "What `dgsim check` does to a consumer of your own, class by class. `contract` is the key of `check` on which a class "
     "hangs."},
    {"commands", data_commands, NULL, "Commands",
     "Every command with its options. `dgsim COMMAND --help` says the same."},
    {"statuses", data_statuses, NULL, "Exit statuses",
     "What the program ends with. A script can rely on them."},
    {"files", data_files, NULL, "Files of a run",
     "What is left in `<out>/<scenario>`, by which command. Each appears by rename, so none is ever half there."},
    {"lists", data_lists, NULL, "Reference",
     "Everything that can be written in a scenario or comes out of a run, from the tables that the program itself reads. "
     "Written by `scripts/reference.sh --write`."},
};
const size_t list_count = sizeof list_rows / sizeof *list_rows;

void data_lists(const struct registry *registry, struct sheet *sheet) {
  (void)registry;
  sheet_table(sheet, "", "", "list` what");
  for (size_t i = 0; i + 1 < list_count; i++) SHEET_ROW(sheet, list_rows[i].name, list_rows[i].about);
}

/* What `dgsim list` can be asked for, in the words that are typed. */
static void print_words(enum sheet_format format) {
  struct sheet sheet;
  sheet_begin(&sheet, "lists", "Lists", "What `dgsim list` can be asked for.");
  sheet_table(&sheet, "", "", "list` what");
  for (size_t i = 0; i < list_count; i++) {
    char sentence[256];
    snprintf(sentence, sizeof sentence, "%.*s", (int)(strstr(list_rows[i].about, ". ") - list_rows[i].about),
             list_rows[i].about);
    SHEET_ROW(&sheet, list_rows[i].name, sentence);
  }
  SHEET_ROW(&sheet, "rows FILE", "the rows of a scenario, as `--row` takes them");
  SHEET_ROW(&sheet, "claims [DIR]", "what scenarios show of each claim, measured now");
  for (size_t i = 0; i < document_count; i++) SHEET_ROW(&sheet, documents[i].name, documents[i].about);
  sheet_print(&sheet, format, stdout);
  sheet_free(&sheet);
}

/* "keys, values, …; documents: man, …" */
static void note_words(struct err *err) {
  char text[sizeof err->note] = "";
  size_t length = 0;
  for (size_t i = 0; i < list_count; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "%s, ", list_rows[i].name);
  length += (size_t)snprintf(text + length, sizeof text - length, "rows FILE, claims; documents are:");
  for (size_t i = 0; i < document_count && length < sizeof text; i++)
    length += (size_t)snprintf(text + length, sizeof text - length, "%s %s", i ? "," : "", documents[i].name);
  err_note(err, "lists are: %s", text);
}

static enum status fail_word(const char *what, struct err *err) {
  const char *words[64];
  size_t count = 0;
  for (size_t i = 0; i < list_count; i++) words[count++] = list_rows[i].name;
  for (size_t i = 0; i < document_count; i++) words[count++] = documents[i].name;
  words[count++] = "rows";
  words[count++] = "claims";
  const char *near = suggest(what, words, count);
  err_set(err, ERR_USAGE,
          near ? "there is no list of '%s' (did you mean '%s'?)" : "there is no list of '%s'", what,
          near);
  note_words(err);
  return STATUS_USAGE;
}

static void list(const struct registry *registry, const struct list_row *row, enum sheet_format format) {
  struct sheet sheet;
  if (format == SHEET_HUMAN && row->text) {
    row->text(registry);
    return;
  }
  sheet_begin(&sheet, row->name, row->title, row->about);
  row->data(registry, &sheet);
  sheet_print(&sheet, format, stdout);
  sheet_free(&sheet);
}

static enum status find(const struct registry *registry, const struct options *options, struct err *err) {
  const char *what = options->files[0];
  for (size_t i = 0; i < list_count; i++)
    if (strcmp(what, list_rows[i].name) == 0) {
      list(registry, &list_rows[i], options->list_format);
      return STATUS_HELD;
    }
  for (size_t i = 0; i < document_count; i++) {
    if (strcmp(what, documents[i].name) != 0) continue;
    if (options->list_format != SHEET_HUMAN) {
      err_set(err, ERR_USAGE, "'%s' is a document, and has no other format", what);
      return STATUS_USAGE;
    }
    documents[i].write(registry, stdout);
    return STATUS_HELD;
  }
  return fail_word(what, err);
}

/* Lists that are no tables: of a scenario, and what is measured. */
static enum status list_other(const struct registry *registry, const struct options *options, struct err *err) {
  const bool claims = strcmp(options->files[0], "claims") == 0;
  const char *path = options->file_count > 1 ? options->files[1] : NULL;
  if (options->list_format != SHEET_HUMAN)
    err_set(err, ERR_USAGE, "'%s' %s, and printed for people alone", options->files[0],
            claims ? "are measured" : "are of a scenario");
  else if (claims)
    return list_claims(registry, path, err);
  else if (path)
    return list_labels(registry, path, err);
  else
    err_set(err, ERR_USAGE, "'rows' are of a scenario: dgsim list rows FILE");
  return STATUS_USAGE;
}

int command_list(const struct registry *registry, int argc, char **argv) {
  struct options options;
  struct err err = {0};
  enum status status = STATUS_USAGE;
  const bool good = options_parse(OPTIONS_LIST, argc, argv, &options, &err);
  const char *what = good && options.file_count > 0 ? options.files[0] : "";
  const bool other = strcmp(what, "claims") == 0 || strcmp(what, "rows") == 0;
  if (good && options.help) {
    command_help(command_list, stdout);
    status = STATUS_HELD;
  } else if (other && options.file_count <= 2) {
    status = list_other(registry, &options, &err);
  } else if (good && options.file_count == 0) {
    print_words(options.list_format);
    status = STATUS_HELD;
  } else if (good && options.file_count != 1) {
    err_set(&err, ERR_USAGE, "'list' takes one word: what to list");
    note_words(&err);
  } else if (good) {
    status = find(registry, &options, &err);
  }
  if (err.code != ERR_NONE) err_print(&err, stderr);
  options_free(&options);
  return (int)status;
}
