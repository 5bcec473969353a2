/* 2.9: Bloom filters of m bits and k hash functions. How full a filter gets differs, so what is counted is counted in each
 * filter, and there are many. */
#include "tests/system/formulas/formulas.h"

#include <math.h>

static double seen(double k, double marked, double bits) { return pow(1 - exp(-k * marked / bits), k); }

static bool dropped(const struct trial *trial, size_t i) { return trial->operations[i].effects == 0; }

/* N fresh ids through an empty filter; what is dropped marks nothing new. */
static void losses(struct findings *findings, unsigned bytes, unsigned hashes, unsigned messages, unsigned filters) {
  const double bits = bytes * 8.0;
  struct trial trial;
  trial_open(&trial, findings, "bloom.yaml", filters, 10 * filters);
  trial_set(&trial, "handler/size=%uB", bytes);
  trial_set(&trial, "handler/hashes=%u", hashes);
  trial_set(&trial, "workload/messages=%u", messages);
  struct sample lost = {0}, at = {0};
  while (trial_next(&trial)) {
    double count = 0, last = 0;
    for (size_t i = 1; i <= messages; i++) count += dropped(&trial, i);
    for (size_t i = messages - 99; i <= messages; i++) last += dropped(&trial, i);
    sample_add(&lost, count);
    sample_add(&at, last / 100);
  }
  double sum = 0, end = 0;
  for (unsigned i = 0; i < messages; i++) {
    sum += seen(hashes, i, bits);
    if (i >= messages - 100) end += seen(hashes, i, bits) / 100;
  }
  find_mean(findings, &trial, &at, end, "m = %g, k = %u: (1 - e^(-kn/m))^k, n = %u to %u", bits, hashes,
            messages - 100, messages - 1);
  find_mean(findings, &trial, &lost, sum, "m = %g, k = %u, lost of N = %u: sum of (1 - e^(-ki/m))^k", bits, hashes,
            messages);
  trial_close(&trial);
}

static void backed(struct findings *findings) {
  struct trial trial;
  trial_open(&trial, findings, "bloom.yaml", 20, 200);
  trial.row = 1;
  double lost = 0;
  while (trial_next(&trial)) lost += (double)trial.result.metrics[METRIC_LOST];
  find_exactly(findings, &trial, lost, 0, "with an exact table behind it, lost");
  trial_close(&trial);
}

/* k = log2(1/error) rounded up, n k / ln 2 bits, and then an error of 2^-k when all are in it. */
static void sized(struct findings *findings, double error, int hashes) {
  const unsigned items = 1000;
  struct trial trial;
  trial_open(&trial, findings, "bloom-sized.yaml", error < 0.1 ? 500 : 150, 4000);
  trial_set(&trial, "handler/error_rate=%g%%", 100 * error);
  trial_set(&trial, "workload/messages=%u", items + 100);
  struct sample at = {0};
  double bytes = 0;
  while (trial_next(&trial)) {
    double last = 0;
    for (size_t i = items + 1; i <= items + 100; i++) last += dropped(&trial, i);
    sample_add(&at, last / 100);
    bytes = (double)trial.result.metrics[METRIC_DEDUP_BYTES_PEAK];
  }
  const double bits = items * hashes / M_LN2;
  double expected = 0;
  for (unsigned i = items; i < items + 100; i++) expected += seen(hashes, i, bits) / 100;
  find_within(findings, &trial, bytes * 8 / items, bytes * 8 / items, bits / items, (bits + 64) / items,
              "bits an item: 1.44 log2(1/error), error 2^-%d, in words", hashes);
  find_mean(findings, &trial, &at, expected, "what was made for %g %% and %u items: 2^-%d, and 100 more", 100 * error,
            items, hashes);
  trial_close(&trial);
}

/* The filter of the first second has all of its ids, that of the second fills up: 1 - (1-e_1)(1-e_2). What the first
 * drops is not marked in the second. */
static void generations(struct findings *findings) {
  const double bits = 512 * 8, k = 3, first = seen(k, 1000, bits);
  struct trial trial;
  trial_open(&trial, findings, "bloom-generations.yaml", 60, 1000);
  struct sample at = {0};
  double expected = 0;
  while (trial_next(&trial)) {
    double count = 0;
    expected = 0;
    for (size_t i = 1020; i < 1980; i++) {
      count += dropped(&trial, i);
      double marked = (double)(i - 1000) * (1 - first);
      expected += 1 - (1 - first) * (1 - seen(k, marked, bits));
    }
    sample_add(&at, count / 960);
  }
  find_mean(findings, &trial, &at, expected / 960, "two generations: 1 - (1 - e1)(1 - e2)");
  trial_close(&trial);
}

void formulas_bloom_filters(struct findings *findings) {
  losses(findings, 1024, 7, 800, 900);
  losses(findings, 1024, 3, 2000, 100);
  losses(findings, 512, 5, 500, 600);
  losses(findings, 2048, 2, 1500, 450);
  backed(findings);
  sized(findings, 0.01, 7);
  sized(findings, 0.125, 3);
  generations(findings);
}
