"""What both forms of the exchange on SimPy share: the numbers, what a request is, the source, what is counted."""
import math
import random
import statistics
import sys
from array import array

import simpy

PRODUCERS = PARTITIONS = 20
RATE, KEYS, LOSS = 1000.0, 1000, 0.01
TIMEOUT, BACKOFF, BACKOFF_MAX = 0.1, 0.1, 1.0
IN_FLIGHT, COMMIT_INTERVAL, PROCESSED_MAX = 5, 1.0, 1000
REQUEST, PER_KIB, REPLICATION, HANDLER = 20e-6, 1e-6, 2e-3, 1e-3
SIGMA = math.log(5) / statistics.NormalDist().inv_cdf(0.99)
LATENCY = [1e-3 * math.exp(SIGMA * statistics.NormalDist().inv_cdf((i + 0.5) / 4096)) for i in range(4096)]


class Request:
    """`open`: its sender still waits for the answer."""

    __slots__ = ("kind", "sender", "partition", "content", "kib", "open", "answer", "attempts")

    def __init__(self, kind, sender, partition, content, kib):
        self.kind, self.sender, self.partition, self.content, self.kib = kind, sender, partition, content, kib
        self.open, self.answer, self.attempts = True, None, 1


def backoff(attempts, draw):
    """Before the next attempt: doubles up to a bound, give or take a fifth."""
    nominal = min(BACKOFF * 2 ** min(attempts - 1, 5), BACKOFF_MAX)
    return min(nominal * (0.8 + 0.4 * draw), BACKOFF_MAX)


class World:
    """`parts` has the classes Network, Broker, Producer and Consumer: the calling module."""

    def __init__(self, messages, seed, parts):
        self.env, self.messages, self.draws = simpy.Environment(), messages, random.Random(seed)
        self.network = parts.Network(self.env, self.draws)
        self.broker = parts.Broker(self.env, self.network, self)
        self.producers = [parts.Producer(self.env, self.network, self.broker, self.draws) for _ in range(PRODUCERS)]
        self.consumers = [
            parts.Consumer(self.env, self.network, self.broker, self, p, self.draws) for p in range(PARTITIONS)]
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


def main(parts):
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} MESSAGES SEED")
    World(int(sys.argv[1]), int(sys.argv[2]), parts).run()
