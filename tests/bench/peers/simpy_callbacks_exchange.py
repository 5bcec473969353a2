"""The exchange on SimPy once more, with nothing but timeouts and their callbacks where that is possible.

    simpy_callbacks_exchange.py MESSAGES SEED

Not how SimPy is meant to be used, but the quickest that we could make of it: no process for a message, no store,
no condition. Prints what simpy_exchange.py prints.
"""
import sys
from collections import deque

from simpy_world import (COMMIT_INTERVAL, HANDLER, IN_FLIGHT, LATENCY, LOSS, PARTITIONS, PER_KIB,
                         PROCESSED_MAX, REPLICATION, REQUEST, TIMEOUT, Request, backoff, main)


class Network:
    """Delivers after a latency, or loses; each message by itself."""

    def __init__(self, env, draws):
        self.env, self.random, self.bits = env, draws.random, draws.getrandbits

    def send(self, delay, receive, message):
        if self.random() < LOSS:
            return
        self.env.timeout(delay + LATENCY[self.bits(12)], message).callbacks.append(receive)


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
        wait = backoff(request.attempts, self.random())
        self.retries[request.partition].append((self.env.now + wait, request))
        self.waiting += 1
        partition = request.partition
        self.env.timeout(wait).callbacks.append(lambda _: self.drain(partition))
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
            yield self.env.timeout(backoff(1, self.random()))

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


main(sys.modules[__name__])
