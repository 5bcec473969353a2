#include "sim/base/mutant.h"

#ifdef DGSIM_MUTANTS
#include <stdlib.h>

int mutant_on = MUTANT_NONE;

__attribute__((constructor)) static void read_environment(void) {
  const char *number = getenv("DGSIM_MUTANT");
  if (number) mutant_on = atoi(number);
}
#endif
