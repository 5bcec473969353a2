"""The exchange of scenarios/bench/at-least-once.yaml on SimPy.

    simpy_exchange.py MESSAGES SEED

The same producers, broker and consumers, hop by hop (../README.md), as SimPy's documentation writes them: processes
that yield events; what the network carries is a process ("Event Latency"), the broker takes from a store, who waits
for an answer waits for it or a timeout. Prints "messages=… delivered=… effects=… duplicated=… latency_ns=… events=…".
"""
import sys
from collections import deque

import simpy
from simpy_world import (COMMIT_INTERVAL, HANDLER, IN_FLIGHT, LATENCY, LOSS, PARTITIONS, PER_KIB, PROCESSED_MAX,
                         REPLICATION, REQUEST, TIMEOUT, Request, backoff, main)


class Network:
    """Delivers after a latency, or loses; each message by itself."""

    def __init__(self, env, draws):
        self.env, self.random, self.bits = env, draws.random, draws.getrandbits

    def send(self, delay, deliver, message):
        if self.random() >= LOSS:
            self.env.process(self.carry(delay + LATENCY[self.bits(12)], deliver, message))

    def carry(self, delay, deliver, message):
        yield self.env.timeout(delay)
        deliver(message)


def call(env, network, broker, request):
    """Sends a request; the value is whether it was answered in time."""
    request.answer = env.event()
    network.send(0.0, broker.inbox.put, request)
    yield request.answer | env.timeout(TIMEOUT)
    request.open = False
    return request.answer.triggered


class Broker:
    """One core; a request is executed when its service starts, its answers leave when that ends."""

    def __init__(self, env, network, world):
        self.env, self.network, self.world = env, network, world
        self.inbox = simpy.Store(env)
        self.log = [[] for _ in range(PARTITIONS)]
        self.parked = [None] * PARTITIONS
        self.kinds = {"produce": self.produce, "fetch": self.fetch, "output": self.output, "commit": self.commit}
        env.process(self.run())

    def run(self):
        while True:
            request = yield self.inbox.get()
            service = REQUEST + PER_KIB * request.kib
            self.kinds[request.kind](request, service)
            yield self.env.timeout(service)

    def answer(self, delay, request, value=None):
        self.network.send(delay, self.answered, (request, value))

    @staticmethod
    def answered(message):
        request, value = message
        if request.open and not request.answer.triggered:
            request.answer.succeed(value)

    def produce(self, request, service):
        partition = request.partition
        self.log[partition].append(request.content)
        waiting = self.parked[partition]
        if waiting and self.read(waiting, service):
            self.parked[partition] = None
        self.answer(service + REPLICATION, request)

    def read(self, request, service):
        log = self.log[request.partition]
        if request.content >= len(log):
            return False
        self.answer(service, request, log[request.content])
        return True

    def fetch(self, request, service):
        self.parked[request.partition] = None if self.read(request, service) else request

    def output(self, request, service):
        for message in request.content:
            self.world.effect(message)
        self.answer(service + REPLICATION, request)

    def commit(self, request, service):
        self.answer(service + REPLICATION, request)


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
                due, message, attempts = retries[0]
                if due > self.env.now:
                    return
                retries.popleft()
            elif queue:
                message, attempts = queue.popleft(), 0
            else:
                return
            self.waiting -= 1
            self.in_flight += 1
            self.env.process(self.attempt(partition, message, attempts + 1))

    def drain_all(self):
        for partition in range(PARTITIONS):
            if not self.waiting:
                return
            self.drain(partition)

    def attempt(self, partition, message, attempts):
        request = Request("produce", self, partition, message, 1)
        done = yield from call(self.env, self.network, self.broker, request)
        self.in_flight -= 1
        if done:
            self.drain_all()
            return
        wait = backoff(attempts, self.random())
        self.retries[partition].append((self.env.now + wait, message, attempts))
        self.waiting += 1
        self.drain_all()
        yield self.env.timeout(wait)
        self.drain(partition)


class Consumer:
    """Fetches one message at a time and works on it; commits what it has published every second."""

    def __init__(self, env, network, broker, world, partition, draws):
        self.env, self.network, self.broker, self.world = env, network, broker, world
        self.partition, self.random = partition, draws.random
        self.outputs, self.armed, self.committing = [], False, False
        env.process(self.run())

    def run(self):
        position = 0
        while True:
            request = Request("fetch", self, self.partition, position, 0)
            if not (yield from call(self.env, self.network, self.broker, request)):
                continue
            position += 1
            self.world.delivered += 1
            yield self.env.timeout(HANDLER)
            self.outputs.append(request.answer.value)
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
        yield from self.insist("output", batch, len(batch))
        yield from self.insist("commit", None, 0)
        self.committing = False
        if self.outputs:
            self.arm()

    def insist(self, kind, content, kib):
        while True:
            request = Request(kind, self, self.partition, content, kib)
            if (yield from call(self.env, self.network, self.broker, request)):
                return
            yield self.env.timeout(backoff(1, self.random()))


main(sys.modules[__name__])
