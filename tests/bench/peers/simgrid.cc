// The kernel benchmarks on SimGrid: an actor for each pending event, which sleeps; a source and a server.
//   simgrid hold PENDING EVENTS
//   simgrid mm1 CUSTOMERS
// Prints as tests/bench/hold.c and mm1.c do.
#include "tests/bench/peers/draws.h"

#include <simgrid/s4u.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>

namespace sg4 = simgrid::s4u;

static Draws draws(1);
static const Table one_s = Table::exponential(1), gaps = Table::exponential(1.25);
static uint64_t due;

static sg4::Host *make_host() {
  auto *zone = sg4::create_full_zone("zone");
  auto *host = zone->create_host("host", 1e9)->seal();
  zone->seal();
  return host;
}

static void hold(sg4::Engine &engine, uint64_t pending, uint64_t events) {
  auto *host = make_host();
  for (uint64_t i = 0; i < pending; i++)
    sg4::Actor::create("holder", host, [] {
      for (;;) {
        sg4::this_actor::sleep_for(one_s(draws));
        due++;
      }
    })->daemonize();
  double span = static_cast<double>(events) / static_cast<double>(pending);
  sg4::Actor::create("measure", host, [span] {
    sg4::this_actor::sleep_for(2);
    uint64_t before = due, begin = cpu_ns();
    sg4::this_actor::sleep_for(span);
    uint64_t end = cpu_ns();
    std::printf("events=%lu cpu_ns=%lu evidence=%.6f\n", due - before, end - begin, sg4::Engine::get_clock());
    std::fflush(stdout);
    std::_Exit(0); // 100 000 actors need not be torn down
  });
  engine.run();
}

static void mm1(sg4::Engine &engine, uint64_t customers) {
  auto *host = make_host();
  auto arrived = sg4::Semaphore::create(0);
  std::deque<double> line;
  double waited = 0;
  sg4::Actor::create("source", host, [&] {
    for (;;) {
      line.push_back(sg4::Engine::get_clock());
      arrived->release();
      sg4::this_actor::sleep_for(gaps(draws));
    }
  })->daemonize();
  uint64_t begin = cpu_ns();
  sg4::Actor::create("server", host, [&] {
    for (uint64_t i = 0; i < customers; i++) {
      arrived->acquire();
      waited += sg4::Engine::get_clock() - line.front();
      line.pop_front();
      sg4::this_actor::sleep_for(one_s(draws));
    }
  });
  engine.run();
  uint64_t end = cpu_ns();
  std::printf("events=%lu cpu_ns=%lu customers=%lu wait_ns=%.0f evidence=%.6f\n", 2 * customers, end - begin,
              customers, waited / static_cast<double>(customers) * 1e6, sg4::Engine::get_clock());
}

int main(int argc, char **argv) {
  bool is_hold = argc == 4 && std::strcmp(argv[1], "hold") == 0;
  if (!is_hold && (argc != 3 || std::strcmp(argv[1], "mm1") != 0)) {
    std::fputs("usage: simgrid hold PENDING EVENTS | simgrid mm1 CUSTOMERS\n", stderr);
    return 64;
  }
  // 100 000 guard pages are more than Linux allows
  const char *options[] = {argv[0], "--cfg=contexts/stack-size:16", "--cfg=contexts/guard-size:0",
                           "--log=root.thres:error"};
  int count = 4;
  sg4::Engine engine(&count, const_cast<char **>(options));
  if (is_hold)
    hold(engine, std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
  else
    mm1(engine, std::strtoull(argv[2], nullptr, 10));
  return 0;
}
