/* `dgsim list man`: the manual page dgsim(1), in mdoc(7). The frame is written here; commands, options, statuses and
 * files are the tables'. */
#include "sim/base/assert.h"
#include "sim/cli/commands.h"
#include "sim/cli/document.h"
#include "sim/cli/lists.h"
#include "sim/cli/options.h"
#include "sim/cli/sheet.h"

#include <stdlib.h>
#include <string.h>

/* When the frame was changed; never the day of a build, so that builds are the same. */
#define DATE "November 28, 2026"

static const char head[] =
    ".Dd " DATE "\n"
    ".Dt DGSIM 1\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm dgsim\n"
    ".Nd simulate message delivery guarantees under faults, and judge them\n"
    ".Sh SYNOPSIS\n";

static const char description[] =
    ".Sh DESCRIPTION\n"
    ".Nm\n"
    "is a deterministic discrete-event simulator and fault-injection testbench\n"
    "for message delivery guarantees.\n"
    "It models producers, brokers, consumers and the stores around them, gives\n"
    "every guarantee that is compared the same\n"
    "bad luck, and counts what was lost, what was done twice and what it cost.\n"
    "An experiment is one file of YAML, a scenario; results are tables and charts\n"
    "that are the same bytes each time.\n"
    ".Pp\n"
    "Times, sizes, rates and shares in scenarios and options carry their unit:\n"
    ".Li 500ms ,\n"
    ".Li 1KiB ,\n"
    ".Li 2000/s ,\n"
    ".Li 0.1% .\n"
    "Every key of a scenario, with its default and where that comes from, is told\n"
    "by\n"
    ".Dl dgsim list keys\n"
    "and what else there is to name by the other lists.\n"
    ".Sh COMMANDS\n";

static const char environment[] =
    ".Sh ENVIRONMENT\n"
    ".Bl -tag -width Ds\n"
    ".It Ev NO_COLOR\n"
    "Not empty: the table of\n"
    ".Cm run\n"
    "has no colours on a terminal.\n"
    ".It Ev TERM\n"
    ".Li dumb\n"
    "likewise.\n"
    ".It Ev TMPDIR\n"
    "Where\n"
    ".Cm check\n"
    "keeps the databases of the consumers that it tries, where\n"
    ".Pa /dev/shm\n"
    "cannot be written to; without it,\n"
    ".Pa /tmp .\n"
    ".It Ev DGSIM_SHOW_STDERR\n"
    "Of\n"
    ".Cm check :\n"
    "what the consumer writes to its standard error is shown.\n"
    ".It Ev DGSIM_WORKER\n"
    "Set for the consumer, the probe and the reset of\n"
    ".Cm check :\n"
    "the number of the worker, so that side by side each has files of its own.\n"
    ".El\n";

static const char examples[] =
    ".Sh EXAMPLES\n"
    "A first scenario, two guarantees and a crash:\n"
    ".Bd -literal -offset indent\n"
    "format: 1\n"
    "compare: [at-most-once, at-least-once]\n"
    "faults:\n"
    "  - {at: 300ms, kill: consumer.1, for: 1s}\n"
    ".Ed\n"
    ".Pp\n"
    "Run it with 20 seeds, then look at it with nothing implied:\n"
    ".Dl dgsim run mine.yaml --seeds 20\n"
    ".Dl dgsim run mine.yaml --dry-run\n"
    ".Pp\n"
    "The same with a lossy network, and over three rates:\n"
    ".Dl dgsim run mine.yaml --set links/default/loss=1%\n"
    ".Dl dgsim run mine.yaml --vary workload/rate=100/s,500/s,1000/s\n"
    ".Pp\n"
    "Every placement of up to two faults, and the story of what one does:\n"
    ".Dl dgsim explore mine.yaml --row at-least-once --faults 2\n"
    ".Dl dgsim explain mine.yaml --row at-least-once --seed 3\n"
    ".Pp\n"
    "A consumer of one's own, in any language:\n"
    ".Dl dgsim check payments.yaml \\-\\- python3 consumer.py\n"
    ".Pp\n"
    "Completions for this shell, and a schema for an editor:\n"
    ".Dl source <(dgsim list bash)\n"
    ".Dl dgsim list schema >scenario.schema.json\n"
    ".Sh SEE ALSO\n"
    ".Xr gnuplot 1 ,\n"
    ".Xr mpirun 1\n"
    ".Pp\n"
    "In the sources: README.md, scenarios/README.md (the language),\n"
    "scenarios/reference (all tables), scenarios/check\n"
    "(checking a consumer).\n"
    ".Sh CAVEATS\n"
    "A simulation shows what a protocol does, not what an installation does:\n"
    "every known simplification is a comment\n"
    "that begins with LIMIT in the sources.\n";

#define LINE_MAX 78

/* One word: no escape is taken for one, at the beginning of a line no control character. Returns its columns. */
static size_t put_word(const char *word, size_t length, bool begins, FILE *out) {
  if (begins && (*word == '.' || *word == '\'')) fputs("\\&", out);
  if (length == 2 && memcmp(word, "--", 2) == 0) return (size_t)fprintf(out, "\\-\\-");
  for (size_t i = 0; i < length; i++)
    if (word[i] == '\\')
      fputs("\\e", out);
    else
      fputc(word[i], out);
  return length;
}

/* In lines that are not too long; each sentence begins one, as mdoc wants. */
static void put(const char *text, FILE *out) {
  size_t column = 0;
  bool ended = false;
  for (size_t length; *text != '\0'; text += length + (text[length] == ' ')) {
    length = strcspn(text, " ");
    const bool breaks = column > 0 && (ended || column + 1 + length > LINE_MAX);
    if (breaks) column = 0;
    if (breaks || column > 0) fputc(breaks ? '\n' : ' ', out);
    column += (column > 0) + put_word(text, length, column == 0, out);
    ended = length > 1 && text[length - 1] == '.' && text[length - 2] != '.';
  }
}

/* With a capital letter and a full stop, as a sentence. */
static void put_sentence(const char *text, FILE *out) {
  char *copy = strdup(text);
  const size_t length = strlen(text);
  ASSERT(copy);
  if (*copy >= 'a' && *copy <= 'z') *copy = (char)(*copy - 'a' + 'A');
  put(copy, out);
  fputs(length > 0 && text[length - 1] == '.' ? "\n" : ".\n", out);
  free(copy);
}

/* Arguments of a macro: in quotes, as words such as Ar or No would be macros. */
static void put_quoted(const char *text, FILE *out) {
  fputs(" \"", out);
  for (size_t length; *text != '\0'; text += length + (text[length] == ' ')) {
    length = strcspn(text, " ");
    put_word(text, length, false, out);
    if (text[length] == ' ') fputc(' ', out);
  }
  fputc('"', out);
}

static void put_flag(const char *macro, const struct option_view *option, FILE *out) {
  fprintf(out, ".%s", macro);
  if (option->letter) fprintf(out, " Fl %c ,", option->letter);
  fprintf(out, " Fl \\-%s", option->name);
  if (!option->argument) {
    fputc('\n', out);
    return;
  }
  fputs(" Ar", out);
  put_quoted(option->argument, out);
  fputc('\n', out);
}

static void put_arguments(const char *arguments, FILE *out) {
  if (*arguments == '\0') return;
  fputs(" Ar", out);
  put_quoted(arguments, out);
}

static void put_command(const struct command *command, FILE *out) {
  struct option_view option;
  fprintf(out, ".Ss dgsim %s\n.Nm\n.Cm %s\n.Op Ar option ...\n", command->name, command->name);
  fputs(".Ar", out);
  put_quoted(command->arguments, out);
  fputs("\n.Pp\n", out);
  put_sentence(command->about, out);
  fputs(".Bl -tag -width Ds\n", out);
  for (size_t place = 0; options_next(command->options, &place, &option);) {
    put_flag("It", &option, out);
    put_sentence(option.help, out);
  }
  fputs(".El\n", out);
}

/* The rows of a sheet as a tagged list: the first cell, then those of two columns; `name`: NULL = of one. */
static void put_sheet(const struct registry *registry, list_data_fn *data, const char *macro, const char *name,
                      const char *text, FILE *out) {
  struct sheet sheet;
  sheet_begin(&sheet, "", "", "");
  data(registry, &sheet);
  json_t *table = json_array_get(json_object_get(sheet.list, "tables"), 0), *rows = json_object_get(table, "rows");
  const char *first = json_string_value(json_array_get(json_object_get(table, "columns"), 0));
  fputs(".Bl -tag -width Ds\n", out);
  for (size_t i = 0; i < json_array_size(rows); i++) {
    fprintf(out, ".It %s", macro);
    put_quoted(json_string_value(json_object_get(json_array_get(rows, i), first)), out);
    fputc('\n', out);
    char *sentence;
    const json_t *row = json_array_get(rows, i), *named = name ? json_object_get(row, name) : NULL;
    ASSERT(asprintf(&sentence, "%s%s%s", named ? json_string_value(named) : "", named ? ": " : "",
                    json_string_value(json_object_get(row, text))) >= 0);
    put_sentence(sentence, out);
    free(sentence);
  }
  fputs(".El\n", out);
  sheet_free(&sheet);
}

void document_man(const struct registry *registry, FILE *out) {
  fputs(head, out);
  for (size_t i = 0; i < command_count; i++) {
    fprintf(out, ".Nm\n.Cm %s\n.Op Ar option ...\n.", commands[i].name);
    put_arguments(commands[i].arguments, out);
    fputc('\n', out);
  }
  fputs(".Nm\n.Fl \\-version\n", out);
  fputs(description, out);
  for (size_t i = 0; i < command_count; i++) put_command(&commands[i], out);
  fputs(".Sh LISTS\nWhat\n.Cm list\ntakes:\n", out);
  put_sheet(registry, data_lists, "Cm", NULL, "what", out);
  fputs(".Pp\nDocuments, which are printed as they are:\n.Bl -tag -width Ds\n", out);
  for (size_t i = 0; i < document_count; i++) {
    fprintf(out, ".It Cm %s\n", documents[i].name);
    put_sentence(documents[i].about, out);
  }
  fputs(".El\n", out);
  fputs(environment, out);
  fputs(".Sh FILES\nIn\n.Pa results/SCENARIO ,\nor where\n.Fl \\-out\nsays:\n", out);
  put_sheet(registry, data_files, "Pa", NULL, "contents", out);
  fputs(".Sh EXIT STATUS\n", out);
  put_sheet(registry, data_statuses, "Sy", "name", "meaning", out);
  fputs(".Pp\nOf several the worst counts: 70, 64, 1, 2, 0.\n", out);
  fputs(examples, out);
}
