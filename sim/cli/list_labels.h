/* dgsim list rows FILE: the labels of a scenario's rows, as --row takes them. */
#ifndef SIM_CLI_LIST_LABELS_H
#define SIM_CLI_LIST_LABELS_H

#include "sim/cli/commands.h"

enum status list_labels(const struct registry *registry, const char *path, struct err *err);

#endif
