/* Tables of distributions that nearly every world has are built once: they are most of what a world costs. The
 * linker puts these functions in the place of the runner's (-Wl,--wrap), for this program alone. */
#include "sim/runner/distribution.h"

#include <string.h>

#define GAPS 4096

struct distribution *__real_distribution_exponential(int64_t mean_ns);
struct distribution *__wrap_distribution_exponential(int64_t mean_ns);
bool __real_distribution_parse(const char *text, struct distribution **out, struct err *err);
bool __wrap_distribution_parse(const char *text, struct distribution **out, struct err *err);
void __real_distribution_free(struct distribution *distribution);
void __wrap_distribution_free(struct distribution *distribution);

/* Defaults of links and of providers. */
static const char *const common[] = {"lognormal median=1ms p99=5ms", "lognormal median=100us p99=500us",
                                     "lognormal median=500ms p99=3s"};
enum { COMMON = sizeof common / sizeof *common };
static struct distribution *kept[COMMON];
static struct {
  int64_t mean_ns;
  struct distribution *distribution;
} gaps[GAPS];

bool __wrap_distribution_parse(const char *text, struct distribution **out, struct err *err) {
  for (int i = 0; i < COMMON; i++) {
    if (strcmp(text, common[i]) != 0) continue;
    if (!kept[i] && !__real_distribution_parse(text, &kept[i], err)) return false;
    *out = kept[i];
    return true;
  }
  return __real_distribution_parse(text, out, err);
}

/* One place for each mean; where another is there already it is not kept. */
struct distribution *__wrap_distribution_exponential(int64_t mean_ns) {
  const size_t place = (uint64_t)mean_ns % GAPS;
  if (!gaps[place].distribution) {
    gaps[place].mean_ns = mean_ns;
    gaps[place].distribution = __real_distribution_exponential(mean_ns);
  }
  return gaps[place].mean_ns == mean_ns ? gaps[place].distribution : __real_distribution_exponential(mean_ns);
}

void __wrap_distribution_free(struct distribution *distribution) {
  for (int i = 0; i < COMMON; i++)
    if (kept[i] == distribution) return;
  for (size_t i = 0; i < GAPS; i++)
    if (gaps[i].distribution == distribution) return;
  __real_distribution_free(distribution);
}
