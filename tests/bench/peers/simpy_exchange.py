"""The exchange of scenarios/bench/at-least-once.yaml on SimPy.

    simpy_exchange.py MESSAGES SEED

The same producers, broker and consumers, hop by hop (README.md beside this file): processes for the
source, the consumers and their commits; what the network carries is a timeout with a callback, which is
cheaper than a process. Prints "messages=… delivered=… effects=… duplicated=… latency_ns=… events=…".
"""
import math
import random
import statistics
import sys
from array import array
from collections import deque

import simpy

PRODUCERS = PARTITIONS = 20
RATE, KEYS, LOSS = 1000.0, 1000, 0.01
TIMEOUT, BACKOFF, BACKOFF_MAX = 0.1, 0.1, 1.0
IN_FLIGHT, COMMIT_INTERVAL, PROCESSED_MAX = 5, 1.0, 1000
REQUEST, PER_KIB, REPLICATION, HANDLER = 20e-6, 1e-6, 2e-3, 1e-3
SIGMA = math.log(5) / statistics.NormalDist().inv_cdf(0.99)
LATENCY = [1e-3 * math.exp(SIGMA * statistics.NormalDist().inv_cdf((i + 0.5) / 4096)) for i in range(4096)]


class Network:
    """Delivers after a latency, or loses; each message by itself."""

    def __init__(self, env, draws):
        self.env, self.random, self.bits = env, draws.random, draws.getrandbits

    def send(self, delay, receive, message):
        if self.random() < LOSS:
            return
        self.env.timeout(delay + LATENCY[self.bits(12)], message).callbacks.append(receive)


class Request:
    """`open`: its sender still waits for the answer."""

    __slots__ = ("kind", "sender", "partition", "content", "kib", "open", "answer", "attempts")

    def __init__(self, kind, sender, partition, content, kib):
        self.kind, self.sender, self.partition, self.content, self.kib = kind, sender, partition, content, kib
        self.open, self.answer, self.attempts = True, None, 1


class Broker:
    """One core; a request is executed when its service starts, its answers leave when that ends."""

    def __init__(self, env, network, world):
        self.env, self.network, self.world = env, network, world
        self.inbox, self.free = deque(), 0.0
        self.log = [[] for _ in range(PARTITIONS)]
        self.parked = [None] * PARTITIONS
        self.kinds = {"produce": self.produce, "fetch": self.fetch, "output": self.output, "commit": self.commit}

    def receive(self, event):
        if self.inbox or self.free > self.env.now:
            self.inbox.append(event.value)
            if len(self.inbox) == 1:
                self.wait()
        else:
            self.serve(event.value)

    def wait(self):
        self.env.timeout(self.free - self.env.now).callbacks.append(self.core_free)

    def core_free(self, _):
        self.serve(self.inbox.popleft())
        if self.inbox:
            self.wait()

    def serve(self, request):
        service = REQUEST + PER_KIB * request.kib
        self.free = self.env.now + service
        self.kinds[request.kind](request, service)

    def produce(self, request, service):
        partition = request.partition
        self.log[partition].append(request.content)
        waiting = self.parked[partition]
        if waiting and self.read(waiting, service):
            self.parked[partition] = None
        self.network.send(service + REPLICATION, request.sender.produced, request)

    def read(self, request, service):
        log = self.log[request.partition]
        if request.content >= len(log):
            return False
        request.answer = log[request.content]
        self.network.send(service, request.sender.fetched, request)
        return True

    def fetch(self, request, service):
        self.parked[request.partition] = None if self.read(request, service) else request

    def output(self, request, service):
        for message in request.content:
            self.world.effect(message)
        self.network.send(service + REPLICATION, request.sender.answered, request)

    def commit(self, request, service):
        self.network.send(service + REPLICATION, request.sender.answered, request)


class Producer:
    """At most five requests under way; what waits for its retry holds back what is behind it."""

    def __init__(self, env, network, broker, draws):
        self.env, self.network, self.broker, self.random = env, network, broker, draws.random
        self.queues = [deque() for _ in range(PARTITIONS)]
        self.retries = [deque() for _ in range(PARTITIONS)]
        self.in_flight = self.waiting = 0

    def submit(self, message, partition):
        self.queues[partition].append(message)
        self.waiting += 1
        self.drain(partition)

    def drain(self, partition):
        queue, retries = self.queues[partition], self.retries[partition]
        while self.in_flight < IN_FLIGHT:
            if retries:
                due, failed = retries[0]
                if due > self.env.now:
                    return
                retries.popleft()
                request = Request("produce", self, partition, failed.content, 1)
                request.attempts = failed.attempts + 1
            elif queue:
                request = Request("produce", self, partition, queue.popleft(), 1)
            else:
                return
            self.waiting -= 1
            self.in_flight += 1
            self.env.timeout(TIMEOUT, request).callbacks.append(self.timed_out)
            self.network.send(0.0, self.broker.receive, request)

    def drain_all(self):
        for partition in range(PARTITIONS):
            if not self.waiting:
                return
            self.drain(partition)

    def produced(self, event):
        request = event.value
        if request.open:
            request.open = False
            self.in_flight -= 1
            self.drain_all()

    def timed_out(self, event):
        request = event.value
        if not request.open:
            return
        request.open = False
        self.in_flight -= 1
        backoff = BACKOFF * 2 ** (request.attempts - 1) if request.attempts < 5 else BACKOFF_MAX
        backoff = min(min(backoff, BACKOFF_MAX) * (0.8 + 0.4 * self.random()), BACKOFF_MAX)
        self.retries[request.partition].append((self.env.now + backoff, request))
        self.waiting += 1
        partition = request.partition
        self.env.timeout(backoff).callbacks.append(lambda _: self.drain(partition))
        self.drain_all()


class Consumer:
    """Fetches one message at a time and works on it; commits what it has published every second."""

    def __init__(self, env, network, broker, world, partition, draws):
        self.env, self.network, self.broker, self.world = env, network, broker, world
        self.partition, self.random = partition, draws.random
        self.position, self.arrived = 0, None
        self.outputs, self.armed, self.committing = [], False, False
        env.process(self.run())

    def ask(self):
        request = Request("fetch", self, self.partition, self.position, 0)
        self.env.timeout(TIMEOUT, request).callbacks.append(self.ask_again)
        self.network.send(0.0, self.broker.receive, request)

    def ask_again(self, event):
        if event.value.open:
            event.value.open = False
            self.ask()

    def fetched(self, event):
        request = event.value
        if request.open:
            request.open = False
            self.arrived.succeed(request.answer)

    def run(self):
        env = self.env
        while True:
            self.arrived = env.event()
            self.ask()
            message = yield self.arrived
            self.position += 1
            self.world.delivered += 1
            yield env.timeout(HANDLER)
            self.outputs.append(message)
            self.arm()

    def arm(self):
        if not self.armed:
            self.armed = True
            self.env.process(self.commit())

    def commit(self):
        yield self.env.timeout(COMMIT_INTERVAL)
        self.armed = False
        if self.committing:
            return
        self.committing = True
        batch, self.outputs = self.outputs[:PROCESSED_MAX], self.outputs[PROCESSED_MAX:]
        yield from self.call("output", batch, len(batch))
        yield from self.call("commit", None, 0)
        self.committing = False
        if self.outputs:
            self.arm()

    def call(self, kind, content, kib):
        while True:
            request = Request(kind, self, self.partition, content, kib)
            request.answer = self.env.event()
            self.env.timeout(TIMEOUT, request).callbacks.append(self.gave_up)
            self.network.send(0.0, self.broker.receive, request)
            if (yield request.answer):
                return
            yield self.env.timeout(BACKOFF * (0.8 + 0.4 * self.random()))

    def answered(self, event):
        request = event.value
        if request.open:
            request.open = False
            request.answer.succeed(True)

    def gave_up(self, event):
        request = event.value
        if request.open:
            request.open = False
            request.answer.succeed(False)


class World:
    def __init__(self, messages, seed):
        self.env, self.messages, self.draws = simpy.Environment(), messages, random.Random(seed)
        self.network = Network(self.env, self.draws)
        self.broker = Broker(self.env, self.network, self)
        self.producers = [Producer(self.env, self.network, self.broker, self.draws) for _ in range(PRODUCERS)]
        self.consumers = [
            Consumer(self.env, self.network, self.broker, self, p, self.draws) for p in range(PARTITIONS)]
        self.arrived, self.effects = array("d"), bytearray(messages)
        self.delivered = self.effect_count = self.first_effects = 0
        self.latency, self.over = 0.0, self.env.event()
        self.env.process(self.source())

    def source(self):
        draws, below = self.draws, self.draws.randrange
        for message in range(self.messages):
            yield self.env.timeout(draws.expovariate(RATE))
            self.arrived.append(self.env.now)
            partition = (below(KEYS) * 0x9E3779B1 >> 16) % PARTITIONS
            self.producers[below(PRODUCERS)].submit(message, partition)

    def effect(self, message):
        self.effect_count += 1
        if self.effects[message] == 0:
            self.first_effects += 1
            self.latency += self.env.now - self.arrived[message]
            if self.first_effects == self.messages:
                self.over.succeed()
        self.effects[message] = min(self.effects[message] + 1, 255)

    def run(self):
        self.env.run(until=self.over)
        duplicated = sum(1 for times in self.effects if times > 1)
        print(f"messages={self.messages} delivered={self.delivered} effects={self.effect_count} "
              f"duplicated={duplicated} latency_ns={self.latency / self.messages * 1e9:.0f} "
              f"events={next(self.env._eid)}")


if len(sys.argv) != 3:
    sys.exit("usage: simpy_exchange.py MESSAGES SEED")
World(int(sys.argv[1]), int(sys.argv[2])).run()
