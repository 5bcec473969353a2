/* What the environment says about how a process was started. */
#include "sim/runner/ranks.h"
#include "tests/run_suite.h"

#include <stdlib.h>

static const char *const variables[] = {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK",    "PMI_SIZE",
                                        "PMIX_RANK",            "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"};
#define VARIABLES (sizeof variables / sizeof *variables)

static const struct {
  const char *values[VARIABLES]; /* of the variables, NULL = not set */
  bool launched, several;
  unsigned rank, count;
} cases[] = {
    {{NULL}, false, false, 0, 1},
    {{"2", "3"}, true, true, 2, 3},
    {{"0", "1"}, true, false, 0, 1},
    {{"2"}, false, false, 0, 1}, /* a rank of how many? */
    {{"x", "3"}, false, false, 0, 1},
    {{"-1", "3"}, false, false, 0, 1},
    {{NULL, NULL, "1", "4"}, true, true, 1, 4},
    {{NULL, NULL, NULL, NULL, "5", "8", "5"}, true, true, 5, 8},
    {{NULL, NULL, NULL, NULL, "0", "1", "0"}, true, false, 0, 1},
    {{NULL, NULL, NULL, NULL, "5"}, true, true, 5, 0}, /* how many, only MPI knows */
    {{NULL, NULL, NULL, NULL, NULL, "8", "5"}, false, false, 0, 1}, /* a job of Slurm: starts nothing together */
    {{"1", "2", NULL, NULL, "1", "8", "5"}, true, true, 1, 2}, /* mpirun within such a job */
};

START_TEST(it_is_read_from_the_variables_of_each_launcher) {
  for (size_t v = 0; v < VARIABLES; v++) {
    unsetenv(variables[v]);
    if (cases[_i].values[v]) setenv(variables[v], cases[_i].values[v], 1);
  }
  const struct ranks_start start = ranks_start();
  ck_assert_int_eq(start.launched, cases[_i].launched);
  ck_assert_int_eq(ranks_several(&start), cases[_i].several);
  ck_assert_uint_eq(start.rank, cases[_i].rank);
  ck_assert_uint_eq(start.count, cases[_i].count);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ranks_start");
  TCase *start = tcase_create("start");
  tcase_add_loop_test(start, it_is_read_from_the_variables_of_each_launcher, 0,
                      (int)(sizeof cases / sizeof *cases));
  suite_add_tcase(suite, start);
  return run_suite(suite);
}
