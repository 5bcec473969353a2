#include "sim/runner/ranks.h"

#include <stdlib.h>

/* Variables that a process started together with others has: its rank, and how many there are. Slurm's own
 * (SLURM_PROCID) are not among them: a job has them that starts nothing together. */
static const struct {
  const char *rank, *count;
} launchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, /* mpirun of Open MPI */
    {"PMI_RANK", "PMI_SIZE"},                         /* mpiexec of MPICH and its kin; srun --mpi=pmi2 */
    {"PMIX_RANK", "SLURM_STEP_NUM_TASKS"},            /* srun --mpi=pmix */
    {"PMIX_RANK", NULL},                              /* any other of PMIx: says not how many */
};

/* A whole number of the environment; false = not set, or none. */
static bool number(const char *name, unsigned *out) {
  const char *text = name ? getenv(name) : NULL;
  char *end;
  if (!text || text[0] < '0' || text[0] > '9') return false;
  const unsigned long value = strtoul(text, &end, 10);
  if (*end != '\0' || value > 1000000) return false;
  *out = (unsigned)value;
  return true;
}

struct ranks_start ranks_start(void) {
  struct ranks_start start = {.count = 1};
  for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++) {
    if (!number(launchers[i].rank, &start.rank)) continue;
    if (launchers[i].count && !number(launchers[i].count, &start.count)) continue;
    if (!launchers[i].count) start.count = 0;
    start.launched = true;
    return start;
  }
  return (struct ranks_start){.count = 1};
}

bool ranks_several(const struct ranks_start *start) { return start->launched && start->count != 1; }
