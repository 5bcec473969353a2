/* What --set and --vary say: lines of input, each one of them; those that begin with '+' vary. Applied to a scenario
 * that has something of everything. */
#include "tests/fuzz/fuzz.h"

#include "sim/base/assert.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MAX 8

static const char base[] =
    "format: 1\n"
    "name: base\n"
    "seeds: 3\n"
    "workload: {messages: 20, rate: 100/s}\n"
    "topology: {partitions: 2, consumers: 2}\n"
    "links: {default: {loss: 1%}}\n"
    "sweep: {handler/window: [1s, 5s]}\n"
    "handler: {name: dedup-window, window: 1s}\n"
    "compare:\n"
    "  - at-least-once\n"
    "  - {label: queue, system: sqs-standard}\n"
    "  - {label: rabbit, system: rabbitmq, handler: naive}\n"
    "faults:\n"
    "  - {name: crash, at: 100ms, kill: consumer.1, for: 50ms}\n"
    "  - {name: often, every: 50ms, drop: consumer_to_broker, for: 5ms}\n"
    "  - {when: ack-sent, intent: 2, drop: this}\n"
    "expect:\n"
    "  - {row: queue, lost: none}\n";

void fuzz_changes(const uint8_t *data, size_t size) {
  char *text = fuzz_text(data, size), *rest = text;
  const char *sets[LINES_MAX], *varies[LINES_MAX];
  struct scenario_changes changes = {.sets = sets, .varies = varies};
  for (char *line; (line = strsep(&rest, "\n")) && changes.set_count + changes.vary_count < LINES_MAX;) {
    const bool vary = line[0] == '+';
    if (!strchr(line + vary, '=') || line[vary] == '=') continue; /* the command line refuses it */
    if (vary)
      varies[changes.vary_count++] = line + 1;
    else
      sets[changes.set_count++] = line;
  }
  struct scenario scenario;
  struct err err = {0};
  const char *path = fuzz_file(0, (const uint8_t *)base, sizeof base - 1);
  if (scenario_load_changed(path, fuzz_registry(), &changes, &scenario, &err)) {
    struct scenario again;
    char *resolved = fuzz_resolved(&scenario);
    const bool loaded = scenario_load_text(path, resolved, strlen(resolved), false, fuzz_registry(), &again, &err);
    ASSERT_MSG(loaded, "its resolved form: %d:%d: %s\n%s", err.line, err.column, err.message, resolved);
    ASSERT_MSG(again.resolved_hash == scenario.resolved_hash, "its resolved form means something else:\n%s", resolved);
    scenario_free(&again);
    scenario_free(&scenario);
    free(resolved);
  } else {
    fuzz_check_error(&err);
  }
  free(text);
}
