/* Random numbers for the peers' models that cost next to nothing, so that what is measured is the peer:
 * xoshiro256++ and tables of quantiles.
 */
#ifndef TESTS_BENCH_PEERS_DRAWS_H
#define TESTS_BENCH_PEERS_DRAWS_H

#include <cmath>
#include <cstdint>
#include <ctime>
#include <vector>

class Draws {
  uint64_t state_[4];
  static uint64_t rotated(uint64_t x, int by) { return x << by | x >> (64 - by); }

public:
  explicit Draws(uint64_t seed) : state_{seed, 2, 3, 4} {
    for (int i = 0; i < 16; i++) next();
  }
  uint64_t next() {
    uint64_t result = rotated(state_[0] + state_[3], 23) + state_[0], shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotated(state_[3], 45);
    return result;
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  uint64_t below(uint64_t bound) { return static_cast<uint64_t>(static_cast<unsigned __int128>(next()) * bound >> 64); }
};

/* 4096 quantiles of a distribution. */
class Table {
  std::vector<double> cells_;

public:
  template <class Quantile> explicit Table(Quantile quantile) : cells_(4096) {
    for (int i = 0; i < 4096; i++) cells_[i] = quantile((i + 0.5) / 4096);
  }
  double operator()(Draws &draws) const { return cells_[draws.next() >> 52]; }
  static Table exponential(double mean) {
    return Table([mean](double p) { return -mean * std::log1p(-p); });
  }
};

inline uint64_t cpu_ns() {
  timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<uint64_t>(used.tv_sec) * 1000000000u + static_cast<uint64_t>(used.tv_nsec);
}

#endif
