// The exchange of scenarios/bench/at-least-once.yaml on SimGrid.
//   simgrid_exchange MESSAGES SEED
// The same producers, broker and consumers, hop by hop (README.md beside this file). Everybody who waits is
// an actor: the source, a sender for each request under way, consumers and their commits; what the network
// carries is carried by a courier, an actor that sleeps for the latency. Actors are kept and used again.
// Prints as simpy_exchange.py does; no count of events, which SimGrid does not have.
#include "tests/bench/peers/draws.h"

#include <simgrid/s4u.hpp>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace sg4 = simgrid::s4u;

constexpr int producers = 20, partitions = 20, in_flight_max = 5, processed_max = 1000;
constexpr double rate = 1000, loss = 0.01, timeout = 0.1, backoff_first = 0.1, backoff_max = 1, commit_interval = 1;
constexpr uint64_t keys = 1000;
constexpr double request_s = 20e-6, per_kib_s = 1e-6, replication_s = 2e-3, handler_s = 1e-3;

// The quantile of the standard normal distribution, by bisection: only for a table.
static double normal_quantile(double p) {
  double low = -10, high = 10;
  for (int i = 0; i < 80; i++) {
    double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return low;
}

static Draws draws(1);
static const Table latency([](double p) { return 1e-3 * std::exp(std::log(5.0) / normal_quantile(0.99) * normal_quantile(p)); });
static const Table gap = Table::exponential(1 / rate);
static sg4::Host *host;

// Actors that do one job after the other and are kept for the next.
class Pool {
  struct Worker {
    sg4::SemaphorePtr wake = sg4::Semaphore::create(0);
    std::function<void()> job;
  };
  std::vector<Worker *> idle_;
  const char *name_;

public:
  explicit Pool(const char *name) : name_(name) {}
  void run(std::function<void()> job) {
    if (!idle_.empty()) {
      Worker *worker = idle_.back();
      idle_.pop_back();
      worker->job = std::move(job);
      worker->wake->release();
      return;
    }
    auto *worker = new Worker;
    worker->job = std::move(job);
    sg4::Actor::create(name_, host, [this, worker] {
      for (;;) {
        worker->job();
        idle_.push_back(worker);
        worker->wake->acquire();
      }
    })->daemonize();
  }
};
static Pool couriers("courier"), senders("sender"), committers("committer");

static void after(double delay, std::function<void()> job) {
  couriers.run([delay, job = std::move(job)] {
    if (delay > 0) sg4::this_actor::sleep_for(delay);
    job();
  });
}

// Delivers after a latency, or loses; each message by itself.
static void send(double delay, std::function<void()> receive) {
  if (draws.uniform() < loss) return;
  after(delay + latency(draws), std::move(receive));
}

static double jittered(double backoff) { return backoff * (0.8 + 0.4 * draws.uniform()); }

enum class Kind { produce, fetch, output, commit };
struct Request {
  Kind kind;
  int partition;
  std::vector<uint32_t> content; // messages; of a fetch the position
  double kib;
  sg4::SemaphorePtr answered; // of the sender, who waits
  bool open = true;           // it still does
  uint32_t answer = 0;
};
using RequestPtr = std::shared_ptr<Request>;

// Sends a request and waits for its answer; false: there was none in time.
static void to_broker(RequestPtr request);
static bool call(const RequestPtr &request) {
  send(0, [request] { to_broker(request); });
  bool late = request->answered->acquire_timeout(timeout);
  request->open = false;
  return !late;
}

// --- What is counted ---

static uint64_t messages, delivered, effects, first_effects;
static std::vector<double> arrived;
static std::vector<uint8_t> effects_of;
static double latency_sum;

static void finish() {
  uint64_t duplicated = 0;
  for (uint8_t times : effects_of) duplicated += times > 1;
  std::printf("messages=%lu delivered=%lu effects=%lu duplicated=%lu latency_ns=%.0f events=0\n", messages, delivered,
              effects, duplicated, latency_sum / static_cast<double>(messages) * 1e9);
  std::fflush(stdout);
  std::_Exit(0);
}

static void effect(uint32_t message) {
  effects++;
  uint8_t &times = effects_of[message];
  if (times < 255) times++;
  if (times > 1) return;
  latency_sum += sg4::Engine::get_clock() - arrived[message];
  if (++first_effects == messages) finish();
}

// --- The broker: one core; a request is executed when its service starts, answers leave when it ends ---

struct Broker {
  std::deque<RequestPtr> inbox;
  double free = 0;
  std::vector<uint32_t> log[partitions];
  RequestPtr parked[partitions];
};
static Broker broker;

static void answer(double delay, const RequestPtr &request) {
  send(delay, [request] {
    if (!request->open) return;
    request->open = false;
    request->answered->release();
  });
}

static bool read(const RequestPtr &fetch, double service) {
  const auto &log = broker.log[fetch->partition];
  if (fetch->content[0] >= log.size()) return false;
  fetch->answer = log[fetch->content[0]];
  answer(service, fetch);
  return true;
}

static void serve(const RequestPtr &request) {
  double service = request_s + per_kib_s * request->kib;
  broker.free = sg4::Engine::get_clock() + service;
  RequestPtr &parked = broker.parked[request->partition];
  switch (request->kind) {
  case Kind::produce:
    broker.log[request->partition].push_back(request->content[0]);
    if (parked && read(parked, service)) parked = nullptr;
    return answer(service + replication_s, request);
  case Kind::fetch: parked = read(request, service) ? nullptr : request; return;
  case Kind::output:
    for (uint32_t message : request->content) effect(message);
    return answer(service + replication_s, request);
  case Kind::commit: return answer(service + replication_s, request);
  }
}

static void wait_for_core() {
  after(broker.free - sg4::Engine::get_clock(), [] {
    RequestPtr request = broker.inbox.front();
    broker.inbox.pop_front();
    serve(request);
    if (!broker.inbox.empty()) wait_for_core();
  });
}

static void to_broker(RequestPtr request) {
  if (broker.inbox.empty() && broker.free <= sg4::Engine::get_clock()) return serve(request);
  broker.inbox.push_back(std::move(request));
  if (broker.inbox.size() == 1) wait_for_core();
}

// --- Producers: at most five requests under way; what waits for its retry holds back what is behind it ---

struct Retry {
  double due;
  uint32_t message;
  int attempts;
};
struct Producer {
  std::deque<uint32_t> queues[partitions];
  std::deque<Retry> retries[partitions];
  int in_flight = 0, waiting = 0;

  void drain_all() {
    for (int p = 0; p < partitions && waiting > 0; p++) drain(p);
  }

  void attempt(int partition, uint32_t message, int attempts) {
    waiting--;
    in_flight++;
    senders.run([this, partition, message, attempts] {
      auto request = std::make_shared<Request>(Request{Kind::produce, partition, {message}, 1, sg4::Semaphore::create(0)});
      bool done = call(request);
      in_flight--;
      if (done) return drain_all();
      double backoff = std::min(jittered(std::min(std::ldexp(backoff_first, attempts - 1), backoff_max)), backoff_max);
      retries[partition].push_back({sg4::Engine::get_clock() + backoff, message, attempts});
      waiting++;
      after(backoff, [this, partition] { drain(partition); });
      drain_all();
    });
  }

  void drain(int partition) {
    while (in_flight < in_flight_max) {
      auto &retry = retries[partition];
      auto &queue = queues[partition];
      if (!retry.empty()) {
        Retry first = retry.front();
        if (first.due > sg4::Engine::get_clock()) return;
        retry.pop_front();
        attempt(partition, first.message, first.attempts + 1);
      } else if (!queue.empty()) {
        uint32_t message = queue.front();
        queue.pop_front();
        attempt(partition, message, 1);
      } else {
        return;
      }
    }
  }

  void submit(uint32_t message, int partition) {
    queues[partition].push_back(message);
    waiting++;
    drain(partition);
  }
};
static Producer all_producers[producers];

static void source() {
  for (uint32_t message = 0; message < messages; message++) {
    sg4::this_actor::sleep_for(gap(draws));
    arrived.push_back(sg4::Engine::get_clock());
    int partition = static_cast<int>((draws.below(keys) * 0x9E3779B1u >> 16) % partitions);
    all_producers[draws.below(producers)].submit(message, partition);
  }
}

// --- Consumers: one message at a time; what they publish, and the commit, every second ---

struct Consumer {
  int partition;
  uint32_t position = 0;
  std::vector<uint32_t> outputs;
  bool armed = false, committing = false;

  void insist(Kind kind, const std::vector<uint32_t> &content) {
    for (;;) {
      auto request = std::make_shared<Request>(
          Request{kind, partition, content, static_cast<double>(content.size()), sg4::Semaphore::create(0)});
      if (call(request)) return;
      sg4::this_actor::sleep_for(jittered(backoff_first));
    }
  }

  void commit() {
    sg4::this_actor::sleep_for(commit_interval);
    armed = false;
    if (committing) return;
    committing = true;
    auto end = outputs.begin() + std::min<long>(processed_max, static_cast<long>(outputs.size()));
    std::vector<uint32_t> batch(outputs.begin(), end);
    outputs.erase(outputs.begin(), end);
    insist(Kind::output, batch);
    insist(Kind::commit, {});
    committing = false;
    if (!outputs.empty()) arm();
  }

  void arm() {
    if (armed) return;
    armed = true;
    committers.run([this] { commit(); });
  }

  void run() {
    for (;;) {
      auto request = std::make_shared<Request>(Request{Kind::fetch, partition, {position}, 0, sg4::Semaphore::create(0)});
      if (!call(request)) continue;
      position++;
      delivered++;
      sg4::this_actor::sleep_for(handler_s);
      outputs.push_back(request->answer);
      arm();
    }
  }
};
static Consumer consumers[partitions];

int main(int argc, char **argv) {
  messages = argc == 3 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (messages == 0) {
    std::fputs("usage: simgrid_exchange MESSAGES SEED\n", stderr);
    return 64;
  }
  draws = Draws(std::strtoull(argv[2], nullptr, 10));
  effects_of.resize(messages);
  arrived.reserve(messages);
  const char *options[] = {argv[0], "--cfg=contexts/stack-size:64", "--log=root.thres:error"};
  int count = 3;
  sg4::Engine engine(&count, const_cast<char **>(options));
  auto *zone = sg4::create_full_zone("zone");
  host = zone->create_host("host", 1e9)->seal();
  zone->seal();
  for (int p = 0; p < partitions; p++) {
    consumers[p].partition = p;
    sg4::Actor::create("consumer", host, [p] { consumers[p].run(); })->daemonize();
  }
  sg4::Actor::create("source", host, source);
  // Daemons end with the last actor that is none: this one outlives what is to be counted.
  sg4::Actor::create("clock", host, [] { sg4::this_actor::sleep_for(1e12); });
  engine.run();
  std::fputs("simgrid_exchange: not every message has had its effect\n", stderr);
  return 70;
}
