#include "sim/cli/document.h"

const struct document documents[] = {
    {"man", "the manual page dgsim(1)", document_man},
    {"bash", "completions for bash", document_bash},
    {"zsh", "completions for zsh", document_zsh},
    {"schema", "a JSON Schema of scenario files, for editors", document_schema},
};
const size_t document_count = sizeof documents / sizeof *documents;
