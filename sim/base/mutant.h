/* Mutants: faults that were put in on purpose, one of which can be switched on, to see that a test notices.
 *
 * A normal build has none of this: MUTANT(ID) is the constant 0. A build with DGSIM_MUTANTS (only a test's)
 * compares `mutant_on`. Each layer has a table of its own, the mutants.h of its folder, and numbers of its own.
 * A row: identifier, name, who notices it, what is wrong. Who notices is
 *
 *   C04-holds         a scenario of scenarios/claims: it does not give what it says any more
 *   world/test_link   a test program: it fails
 *
 *   if (!MUTANT(SQS_NO_VISIBILITY)) hide(message);
 *
 * tests/system/mutants.c tries each.
 */
#ifndef SIM_BASE_MUTANT_H
#define SIM_BASE_MUTANT_H

enum mutant_numbers {
  MUTANT_NONE,
  MUTANT_WORLD_FIRST = 1000,
  MUTANT_ORACLE_FIRST = 2000,
  MUTANT_MODELS_FIRST = 3000,
};

#ifdef DGSIM_MUTANTS
extern int mutant_on; /* a number, or MUTANT_NONE; at first what DGSIM_MUTANT in the environment says */
#define MUTANT(id) (mutant_on == MUTANT_##id)
#else
#define MUTANT(id) 0
#endif

#endif
