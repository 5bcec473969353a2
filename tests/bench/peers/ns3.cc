// The kernel benchmarks on ns-3: plain functions as events, no nodes, packets or tracing.
//   ns3 SCHEDULER hold PENDING EVENTS
//   ns3 SCHEDULER mm1 CUSTOMERS
// SCHEDULER: Map, PriorityQueue, Heap, Calendar, List. Prints as tests/bench/hold.c and mm1.c do.
#include "tests/bench/peers/draws.h"

#include <ns3/core-module.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>

using namespace ns3;

static Draws draws(1);
static const Table one_ms = Table::exponential(1e6), gaps = Table::exponential(1.25e6);

static uint64_t due;
static void OnDue() {
  if (++due == 0) return;
  Simulator::Schedule(NanoSeconds(static_cast<int64_t>(one_ms(draws))), &OnDue);
}

static int Hold(uint64_t pending, uint64_t events) {
  for (uint64_t i = 0; i < pending; i++)
    Simulator::Schedule(NanoSeconds(static_cast<int64_t>(one_ms(draws))), &OnDue);
  Simulator::Stop(MilliSeconds(2));
  Simulator::Run();
  uint64_t before = due, begin = cpu_ns();
  Simulator::Stop(NanoSeconds(static_cast<int64_t>(1e6 * static_cast<double>(events) / static_cast<double>(pending))));
  Simulator::Run();
  uint64_t end = cpu_ns();
  std::printf("events=%lu cpu_ns=%lu evidence=%ld\n", due - before, end - begin,
              static_cast<long>(Simulator::Now().GetNanoSeconds()));
  return 0;
}

static std::deque<int64_t> line;
static bool busy;
static uint64_t served, begun, wanted;
static int64_t waited;
static void OnDeparture();
static void Serve(int64_t arrived) {
  busy = true;
  begun++;
  waited += Simulator::Now().GetNanoSeconds() - arrived;
  Simulator::Schedule(NanoSeconds(static_cast<int64_t>(one_ms(draws))), &OnDeparture);
}
static void OnArrival() {
  Simulator::Schedule(NanoSeconds(static_cast<int64_t>(gaps(draws))), &OnArrival);
  int64_t now = Simulator::Now().GetNanoSeconds();
  if (busy)
    line.push_back(now);
  else
    Serve(now);
}
static void OnDeparture() {
  busy = false;
  if (++served == wanted) return Simulator::Stop();
  if (line.empty()) return;
  int64_t arrived = line.front();
  line.pop_front();
  Serve(arrived);
}

static int Mm1(uint64_t customers) {
  wanted = customers;
  Simulator::Schedule(NanoSeconds(0), &OnArrival);
  uint64_t before = Simulator::GetEventCount(), begin = cpu_ns();
  Simulator::Run();
  uint64_t end = cpu_ns();
  std::printf("events=%lu cpu_ns=%lu customers=%lu wait_ns=%ld evidence=%ld\n", Simulator::GetEventCount() - before,
              end - begin, served, static_cast<long>(waited / static_cast<int64_t>(begun)),
              static_cast<long>(Simulator::Now().GetNanoSeconds()));
  return 0;
}

int main(int argc, char **argv) {
  bool hold = argc == 5 && std::strcmp(argv[2], "hold") == 0;
  if (!hold && (argc != 4 || std::strcmp(argv[2], "mm1") != 0)) {
    std::fputs("usage: ns3 SCHEDULER hold PENDING EVENTS | ns3 SCHEDULER mm1 CUSTOMERS\n", stderr);
    return 64;
  }
  ObjectFactory scheduler("ns3::" + std::string(argv[1]) + "Scheduler");
  Simulator::SetScheduler(scheduler);
  int status = hold ? Hold(std::strtoull(argv[3], nullptr, 10), std::strtoull(argv[4], nullptr, 10))
                    : Mm1(std::strtoull(argv[3], nullptr, 10));
  std::fflush(stdout);
  std::_Exit(status); // nothing to tear down
}
