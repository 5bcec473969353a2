/* Lists that have a form of their own for people; the others print their sheet. */
#ifndef SIM_CLI_LIST_TEXT_H
#define SIM_CLI_LIST_TEXT_H

#include "sim/runner/scenario.h"

typedef void list_text_fn(const struct registry *registry);
list_text_fn text_systems, text_handlers, text_stores, text_clients, text_publishers, text_faults, text_points, text_keys,
    text_metrics, text_anomalies, text_cases;

#endif
