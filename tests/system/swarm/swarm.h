/* What the program of the swarm does; each returns its exit status. */
#ifndef TESTS_SYSTEM_SWARM_SWARM_H
#define TESTS_SYSTEM_SWARM_SWARM_H

#include "sim/runner/scenario.h"

#define SWARM_WORKERS_MAX 64

struct swarm_options {
  uint64_t worlds, from;
  unsigned workers;
  const char *out;   /* folder of what fails */
  uint64_t messages; /* of a scenario: the most that are run */
};

int swarm_worlds(const struct registry *registry, const struct swarm_options *options);
int swarm_print(const struct registry *registry, uint64_t number);
int swarm_file(const struct registry *registry, const char *path, const char *out);
int swarm_scenarios(const struct registry *registry, const struct swarm_options *options, char **paths, int count);

#endif
