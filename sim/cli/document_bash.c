/* `dgsim list bash`: completions for bash, without help of the package bash-completion. */
#include "sim/cli/commands.h"
#include "sim/cli/completion.h"
#include "sim/cli/document.h"

/* How each kind is completed: a line of bash; $cur is what there is of the word. */
static const char *const actions[COMPLETE__COUNT] = {
    [COMPLETE_NOTHING] = "COMPREPLY=()",
    [COMPLETE_FILE] = "_dgsim_files ''",
    [COMPLETE_FOLDER] = "_dgsim_folders",
    [COMPLETE_SCENARIO] = "_dgsim_files '*.y?(a)ml'",
    [COMPLETE_SHARED_OBJECT] = "_dgsim_files '*.so'",
    [COMPLETE_LIST] = "_dgsim_words \"$_dgsim_lists\"",
    [COMPLETE_POINT] = "_dgsim_words \"$_dgsim_points\"",
    [COMPLETE_PATH] = "_dgsim_paths",
    [COMPLETE_LABEL] = "_dgsim_rows",
};

static const char helpers[] =
    "_dgsim_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\"); }\n"
    "_dgsim_folders() {\n"
    "  compopt -o filenames 2>/dev/null\n"
    "  mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
    "}\n"
    "# Files of a pattern (all where it is empty), and folders on the way to them.\n"
    "_dgsim_files() {\n"
    "  local file\n"
    "  _dgsim_folders\n"
    "  while IFS= read -r file; do\n"
    "    if [[ -d $file ]]; then continue; fi\n"
    "    # shellcheck disable=SC2053 # it is a pattern\n"
    "    if [[ -z $1 || $file == $1 ]]; then COMPREPLY+=(\"$file\"); fi\n"
    "  done < <(compgen -f -- \"$cur\")\n"
    "}\n"
    "# Rows of the scenario that is on the line. As names of files, so that bash puts a \\ before their blanks.\n"
    "_dgsim_rows() {\n"
    "  local word label begun=${cur//\\\\/}\n"
    "  begun=${begun#[\\'\\\"]}\n"
    "  compopt -o filenames 2>/dev/null\n"
    "  for word in \"${COMP_WORDS[@]:2}\"; do\n"
    "    if [[ $word != *.y?(a)ml || ! -f $word ]]; then continue; fi\n"
    "    while IFS= read -r label; do\n"
    "      if [[ $label == \"$begun\"* ]]; then COMPREPLY+=(\"$label\"); fi\n"
    "    done < <(\"${COMP_WORDS[0]}\" list rows \"$word\" 2>/dev/null)\n"
    "    return\n"
    "  done\n"
    "}\n"
    "# PATH= of --set and --vary, part by part: up to the next / only.\n"
    "_dgsim_paths() {\n"
    "  local path rest\n"
    "  local -A seen=()\n"
    "  COMPREPLY=()\n"
    "  compopt -o nospace 2>/dev/null\n"
    "  for path in $_dgsim_keys; do\n"
    "    if [[ $path != \"$cur\"* ]]; then continue; fi\n"
    "    rest=${path#\"$cur\"}\n"
    "    if [[ $rest == */* ]]; then path=$cur${rest%%/*}/; else path+='='; fi\n"
    "    if [[ -z ${seen[$path]:-} ]]; then COMPREPLY+=(\"$path\"); fi\n"
    "    seen[$path]=1\n"
    "  done\n"
    "}\n"
    "# What stands behind PATH=, where it is one of some words; behind a comma the next of them.\n"
    "_dgsim_values() {\n"
    "  local path=$1 done='' word line\n"
    "  COMPREPLY=()\n"
    "  if [[ $cur == *,* ]]; then done=${cur%,*},; fi\n"
    "  while IFS= read -r line; do\n"
    "    if [[ $line != \"$path \"* ]]; then continue; fi\n"
    "    for word in ${line#* }; do\n"
    "      if [[ $done$word == \"$cur\"* ]]; then COMPREPLY+=(\"$done$word\"); fi\n"
    "    done\n"
    "  done <<<\"$_dgsim_choices\"\n"
    "}\n";

/* The word and what stands before it, put together again where bash has cut at =. */
static const char beginning[] =
    "_dgsim() {\n"
    "  local cur=${COMP_WORDS[COMP_CWORD]} prev='' path='' command='' word i\n"
    "  COMPREPLY=()\n"
    "  i=$((COMP_CWORD - 1))\n"
    "  if [[ $cur == = ]]; then cur=''; i=$COMP_CWORD; fi\n"
    "  if ((i > 0)) && [[ ${COMP_WORDS[i]} == = ]]; then\n"
    "    path=${COMP_WORDS[i - 1]} prev=${COMP_WORDS[i - 2]:-}\n"
    "    if [[ $prev == = ]]; then prev=${COMP_WORDS[i - 3]:-}; fi\n"
    "    if [[ $path == --* ]]; then prev=$path path=''; fi\n"
    "  elif ((i > 0)); then\n"
    "    prev=${COMP_WORDS[i]}\n"
    "  fi\n"
    "  if ((COMP_CWORD > 1)); then command=${COMP_WORDS[1]}; fi\n"
    "  for ((i = 2; i < COMP_CWORD; i++)); do\n"
    "    word=${COMP_WORDS[i]}\n"
    "    if [[ $word == -- ]]; then\n"
    "      if ((i + 1 == COMP_CWORD)); then mapfile -t COMPREPLY < <(compgen -c -- \"$cur\"); else _dgsim_files ''; fi\n"
    "      return\n"
    "    fi\n"
    "  done\n";

static void put_words(const struct registry *registry, FILE *out) {
  fputs("_dgsim_lists='", out);
  completion_put_lists(out, "", " ");
  fputs("'\n_dgsim_points='", out);
  completion_put_points(registry, out, "", " ");
  fputs("'\n_dgsim_keys='\n", out);
  completion_put_paths(registry, out, "", "\n");
  fputs("'\n_dgsim_choices='\n", out);
  completion_put_values(registry, out, "", " ", "\n");
  fputs("'\n\n", out);
}

/* What follows an option, in the branch of its command. */
static void put_option(const struct option_view *option, FILE *out) {
  const enum completion kind = completion_of_option(option);
  if (!option->argument) return;
  fprintf(out, "    --%s", option->name);
  if (option->letter) fprintf(out, " | -%c", option->letter);
  if (kind == COMPLETE_PATH)
    fprintf(out, ") if [[ -n $path ]]; then _dgsim_values \"$path\"; else %s; fi; return ;;\n", actions[kind]);
  else if (kind == COMPLETE_WORDS)
    fprintf(out, ") _dgsim_words '%s'; return ;;\n", option->words);
  else
    fprintf(out, ") %s; return ;;\n", actions[kind]);
}

static void put_command(const struct command *command, FILE *out) {
  struct option_view option;
  fprintf(out, "  %s)\n    case $prev in\n", command->name);
  for (size_t place = 0; options_next(command->options, &place, &option);) put_option(&option, out);
  fputs("    esac\n    if [[ $cur == -* ]]; then\n      _dgsim_words '", out);
  for (size_t place = 0; options_next(command->options, &place, &option);) fprintf(out, "--%s ", option.name);
  fprintf(out, "'\n    else\n      %s\n    fi\n    ;;\n", actions[completion_of_command(command->arguments)]);
}

void document_bash(const struct registry *registry, FILE *out) {
  fputs("# Completions of dgsim for bash, written by `dgsim list bash`; to try them: source <(dgsim list bash)\n"
        "# shellcheck shell=bash\n",
        out);
  put_words(registry, out);
  fputs(helpers, out);
  fputs(beginning, out);
  fputs("  case $command in\n  '') _dgsim_words '", out);
  for (size_t i = 0; i < command_count; i++) fprintf(out, "%s ", commands[i].name);
  fputs("--help --version' ;;\n", out);
  for (size_t i = 0; i < command_count; i++) put_command(&commands[i], out);
  fputs("  esac\n}\ncomplete -F _dgsim dgsim\n", out);
}
