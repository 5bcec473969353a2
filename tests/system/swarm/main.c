/* The swarm: random worlds over everything that there is, each run with all assertions on, ended within
 * limits, and judged by the ledger and by the second judge. scripts/swarm.sh calls it.
 *
 *   system_swarm [--worlds N] [--from K] [-j N] [--out DIR]     runs worlds K to K + N - 1
 *   system_swarm --print K                                      world K as a scenario
 *   system_swarm --file FILE                                    one file as a world of the swarm, made smaller
 *   system_swarm --scenarios [--messages N] [-j N] FILE...      judges each row at each point of files
 *
 * A world that fails is written to DIR as a scenario, once as it was drawn and once as small as it gets. The
 * last line of all is `worlds N, internal errors N, disagreements N`; exit status 1 unless both are 0. */
#include "tests/system/swarm/swarm.h"

#include "models/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct registry everything(void) {
  return (struct registry){.systems = registry_systems,   .system_count = registry_system_count,
                           .handlers = registry_handlers, .handler_count = registry_handler_count,
                           .stores = registry_stores,     .store_count = registry_store_count,
                           .clients = registry_clients,   .client_count = registry_client_count,
                           .publishers = registry_publishers,
                           .publisher_count = registry_publisher_count};
}

static int usage(void) {
  fprintf(stderr, "system_swarm [--worlds N] [--from K] [-j N] [--out DIR] | --print K | --file FILE | "
                  "--scenarios [--messages N] FILE...\n");
  return 64;
}

int main(int count, char **words) {
  const struct registry registry = everything();
  struct swarm_options options = {.worlds = 1000, .from = 1, .workers = 1, .out = "results/swarm", .messages = 2000};
  bool scenarios = false;
  int i = 1;
  for (; i < count && words[i][0] == '-'; i++) {
    const char *value = i + 1 < count ? words[i + 1] : NULL;
    if (strcmp(words[i], "--scenarios") == 0) {
      scenarios = true;
      continue;
    }
    if (!value) return usage();
    if (strcmp(words[i], "--worlds") == 0) options.worlds = strtoull(value, NULL, 10);
    else if (strcmp(words[i], "--from") == 0) options.from = strtoull(value, NULL, 10);
    else if (strcmp(words[i], "-j") == 0) options.workers = (unsigned)strtoul(value, NULL, 10);
    else if (strcmp(words[i], "--out") == 0) options.out = value;
    else if (strcmp(words[i], "--messages") == 0) options.messages = strtoull(value, NULL, 10);
    else if (strcmp(words[i], "--print") == 0) return swarm_print(&registry, strtoull(value, NULL, 10));
    else if (strcmp(words[i], "--file") == 0) return swarm_file(&registry, value, options.out);
    else return usage();
    i++;
  }
  if (options.workers < 1 || options.workers > SWARM_WORKERS_MAX) return usage();
  if (scenarios) return swarm_scenarios(&registry, &options, words + i, count - i);
  return i == count ? swarm_worlds(&registry, &options) : usage();
}
