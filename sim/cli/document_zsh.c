/* `dgsim list zsh`: completions for zsh, with the help texts of the options. */
#include "sim/cli/commands.h"
#include "sim/cli/completion.h"
#include "sim/cli/document.h"

#include <string.h>

static const char *const actions[COMPLETE__COUNT] = {
    [COMPLETE_NOTHING] = " ",
    [COMPLETE_FILE] = "_files",
    [COMPLETE_FOLDER] = "_files -/",
    [COMPLETE_SCENARIO] = "_files -g \"*.(yaml|yml)\"",
    [COMPLETE_SHARED_OBJECT] = "_files -g \"*.so\"",
    [COMPLETE_LIST] = "_dgsim_lists",
    [COMPLETE_POINT] = "_dgsim_points",
    [COMPLETE_PATH] = "_dgsim_paths",
    [COMPLETE_LABEL] = "_dgsim_rows",
};

static const char helpers[] =
    "_dgsim_lists() { compadd -a dgsim_lists }\n"
    "_dgsim_points() { compadd -a dgsim_points }\n"
    "# Rows of the scenario that is on the line.\n"
    "_dgsim_rows() {\n"
    "  local -a rows\n"
    "  local file=${words[(r)*.(yaml|yml)]}\n"
    "  if [[ -f $file ]]; then\n"
    "    rows=(\"${(@f)$(_call_program rows dgsim list rows ${(q)file} 2>/dev/null)}\")\n"
    "    compadd -a rows\n"
    "  fi\n"
    "}\n"
    "# PATH=VALUE of --set and --vary.\n"
    "_dgsim_paths() {\n"
    "  local key\n"
    "  local -a choices\n"
    "  if compset -P 1 '*='; then\n"
    "    key=${${IPREFIX%=}##*=}\n"
    "    choices=(${(s: :)dgsim_choices[$key]})\n"
    "    compset -P '*,'\n"
    "    compadd -a choices\n"
    "  else\n"
    "    _multi_parts -S = / dgsim_keys\n"
    "  fi\n"
    "}\n"
    "# A scenario, and behind -- a command of one's own.\n"
    "_dgsim_program() {\n"
    "  local -i at=${words[(I)--]}\n"
    "  if (( at == 0 || at >= CURRENT )); then\n"
    "    _files -g \"*.(yaml|yml)\"\n"
    "  elif (( at + 1 == CURRENT )); then\n"
    "    _command_names -e\n"
    "  else\n"
    "    _files\n"
    "  fi\n"
    "}\n\n";

/* Within single quotes, and within the brackets of _arguments or before the colon of _describe. */
static void put_quoted(const char *text, FILE *out) {
  for (; *text != '\0'; text++)
    if (*text == '\'')
      fputs("'\\''", out);
    else
      fprintf(out, "%s%c", strchr("[]:\\", *text) ? "\\" : "", *text);
}

static void put_words(const struct registry *registry, FILE *out) {
  fputs("  local -a dgsim_lists dgsim_points dgsim_keys dgsim_commands\n"
        "  local -A dgsim_choices\n  dgsim_lists=(\n",
        out);
  completion_put_lists(out, "    ", "\n");
  fputs("  )\n  dgsim_points=(\n", out);
  completion_put_points(registry, out, "    ", "\n");
  fputs("  )\n  dgsim_keys=(\n", out);
  completion_put_paths(registry, out, "    ", "\n");
  fputs("  )\n  dgsim_choices=(\n", out);
  completion_put_values(registry, out, "    ", " '", "'\n");
  fputs("  )\n  dgsim_commands=(\n", out);
  for (size_t i = 0; i < command_count; i++) {
    fprintf(out, "    '%s:", commands[i].name);
    put_quoted(commands[i].about, out);
    fputs("'\n", out);
  }
  fputs("  )\n", out);
}

static void put_option(const struct option_view *option, FILE *out) {
  const enum completion kind = completion_of_option(option);
  const char *often = kind == COMPLETE_PATH ? "*" : "";
  if (option->letter)
    fprintf(out, "      '(-%c --%s)'{-%c,--%s}'[", option->letter, option->name, option->letter, option->name);
  else
    fprintf(out, "      '%s--%s%s[", often, option->name, option->argument ? "=" : "");
  put_quoted(option->help, out);
  fputc(']', out);
  if (option->argument) {
    fputc(':', out);
    put_quoted(option->argument, out);
    if (kind == COMPLETE_WORDS)
      fprintf(out, ":(%s)", option->words);
    else
      fprintf(out, ":%s", actions[kind]);
  }
  fputs("' \\\n", out);
}

static void put_command(const struct command *command, FILE *out) {
  const bool program = strstr(command->arguments, " -- ") != NULL;
  struct option_view option;
  fprintf(out, "  %s)\n    _arguments -S -s \\\n", command->name);
  for (size_t place = 0; options_next(command->options, &place, &option);) put_option(&option, out);
  fputs("      '*:", out);
  put_quoted(command->arguments, out);
  fprintf(out, ":%s'\n    ;;\n", program ? "_dgsim_program" : actions[completion_of_command(command->arguments)]);
}

void document_zsh(const struct registry *registry, FILE *out) {
  fputs("#compdef dgsim\n# Completions of dgsim for zsh, written by `dgsim list zsh`; to try them: source <(dgsim list zsh)\n\n",
        out);
  fputs(helpers, out);
  fputs("_dgsim() {\n", out);
  put_words(registry, out);
  fputs("  if (( CURRENT == 2 )); then\n"
        "    _describe command dgsim_commands\n"
        "    compadd -- --help --version\n"
        "    return\n"
        "  fi\n"
        "  local dgsim_command=$words[2]\n"
        "  shift words\n"
        "  (( CURRENT-- ))\n"
        "  case $dgsim_command in\n",
        out);
  for (size_t i = 0; i < command_count; i++) put_command(&commands[i], out);
  fputs("  esac\n}\n\n"
        "if [[ $funcstack[1] == _dgsim ]]; then _dgsim \"$@\"; else compdef _dgsim dgsim; fi\n",
        out);
}
