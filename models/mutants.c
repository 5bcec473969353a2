#include "models/mutants.h"

#ifdef DGSIM_MUTANTS
enum mutant mutant_on = MUTANT_NONE;
#endif
