/* Prints a hash of what the C library's elementary functions give: another one without FMA shows that the mask of
 * scripts/determinism.sh reaches the library, and that there is something to be masked. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t hash;

static void note(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  hash = hash * 31 + bits;
}

int main(void) {
  for (int i = 1; i < 20000; i++) {
    double at = i * 0.00123;
    note(exp(at));
    note(log(at));
    note(pow(at, 1.7));
    note(sin(at));
  }
  printf("%016llx\n", (unsigned long long)hash);
  return 0;
}
