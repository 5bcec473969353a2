#include "tests/system/swarm/draw.h"

#include "sim/base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MS INT64_C(1000000)

struct draw draw_of(uint64_t world, uint64_t attempt) {
  return (struct draw){.key = hash_pair(hash_pair(hash_name("a world of the swarm"), world), attempt)};
}

uint32_t draw_below(struct draw *draw, uint32_t bound) {
  return (uint32_t)((hash_pair(draw->key, draw->count++) >> 32) * bound >> 32);
}

bool draw_chance(struct draw *draw, uint32_t percent) { return draw_below(draw, 100) < percent; }

uint64_t draw_octaves(struct draw *draw, uint64_t low, uint64_t high) {
  uint32_t octaves = 0;
  while (low << (octaves + 1) <= high) octaves++;
  const uint64_t from = low << draw_below(draw, octaves + 1), to = 2 * from - 1 < high ? 2 * from - 1 : high;
  return from + draw_below(draw, (uint32_t)(to - from + 1));
}

void draw_time(struct draw *draw, char *out, size_t size) {
  snprintf(out, size, "%" PRIu64 "ms", draw_octaves(draw, 20, 16000));
}

void draw_distribution(struct draw *draw, char *out, size_t size) {
  const unsigned a = (unsigned)draw_octaves(draw, 1, 200), b = a + (unsigned)draw_octaves(draw, 1, 800);
  switch (draw_below(draw, 10)) {
  case 0:
  case 6:
  case 7:
  case 8: snprintf(out, size, "%ums", a); break;
  case 1: snprintf(out, size, "uniform min=%ums max=%ums", a, b); break;
  case 2: snprintf(out, size, "exponential mean=%ums", a); break;
  case 3: snprintf(out, size, "lognormal median=%ums p99=%ums", a, b); break;
  case 4: snprintf(out, size, "pareto min=%ums exponent=2.5", a); break;
  default: snprintf(out, size, "mix %ums=80%% %ums=20%%", a, b);
  }
}

/* Within the key's limits, in its internal unit. */
static int64_t within(const struct key *key, int64_t value) {
  if (key->min == 0 && key->max == 0) return value;
  if (value < key->min) return key->min;
  return value > key->max ? key->max : value;
}

static void draw_word(struct draw *draw, const char *choices, char *out, size_t size) {
  uint32_t words = 1;
  for (const char *at = choices; *at; at++) words += *at == ' ';
  const char *word = choices;
  for (uint32_t skip = draw_below(draw, words); skip > 0; skip--) word = strchr(word, ' ') + 1;
  snprintf(out, size, "%.*s", (int)strcspn(word, " "), word);
}

void draw_value(struct draw *draw, const struct key *key, char *out, size_t size) {
  static const char *const shares[] = {"0%", "1%", "1%", "5%", "20%", "50%", "100%"};
  switch (key->type) {
  case VALUE_BOOL: snprintf(out, size, "%s", draw_below(draw, 2) ? "true" : "false"); break;
  case VALUE_COUNT:
    snprintf(out, size, "%" PRId64, within(key, draw_chance(draw, 10) ? 0 : (int64_t)draw_octaves(draw, 1, 300)));
    break;
  case VALUE_TIME:
  case VALUE_MILLISECONDS: {
    const int64_t ns = within(key, draw_chance(draw, 4) ? 0 : (int64_t)draw_octaves(draw, 20, 16000) * MS);
    snprintf(out, size, "%" PRId64 "%s", ns % MS ? ns : ns / MS, ns % MS ? "ns" : "ms");
    break;
  }
  case VALUE_SIZE: snprintf(out, size, "%" PRId64 "B", within(key, (int64_t)draw_octaves(draw, 64, 65535))); break;
  case VALUE_RATE: snprintf(out, size, "%" PRIu64 "/s", draw_octaves(draw, 20, 1000)); break;
  case VALUE_BANDWIDTH: snprintf(out, size, "%" PRIu64 "KiB/s", draw_octaves(draw, 16, 16384)); break;
  case VALUE_SHARE: snprintf(out, size, "%s", shares[draw_below(draw, sizeof shares / sizeof *shares)]); break;
  case VALUE_ENUM: draw_word(draw, key->choices ? key->choices : "none", out, size); break;
  case VALUE_DISTRIBUTION: draw_distribution(draw, out, size); break;
  case VALUE__COUNT: break;
  }
}
