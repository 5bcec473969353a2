"""The kernel benchmarks on SimPy: a process for each pending event; a source and a server with a store.

    simpy_kernel.py hold PENDING EVENTS
    simpy_kernel.py mm1 CUSTOMERS

Prints as tests/bench/hold.c and mm1.c do.
"""
import random
import sys
import time

import simpy


def hold(pending, events):
    env = simpy.Environment()
    draw = random.Random(1).expovariate

    def holder():
        timeout = env.timeout
        while True:
            yield timeout(draw(1.0))

    for _ in range(pending):
        env.process(holder())
    env.run(until=2.0)
    before = next(env._eid)  # numbers of scheduled events: counting them costs nothing
    begin = time.process_time_ns()
    env.run(until=2.0 + events / pending)
    end = time.process_time_ns()
    print(f"events={next(env._eid) - before} cpu_ns={end - begin} evidence={env.now:.6f}")


def mm1(customers):
    env = simpy.Environment()
    draw = random.Random(1).expovariate
    line = simpy.Store(env)
    waited = 0.0

    def source():
        while True:
            yield line.put(env.now)
            yield env.timeout(draw(0.8))

    def server():
        nonlocal waited
        for _ in range(customers):
            arrived = yield line.get()
            waited += env.now - arrived
            yield env.timeout(draw(1.0))

    env.process(source())
    before = next(env._eid)
    begin = time.process_time_ns()
    env.run(until=env.process(server()))
    end = time.process_time_ns()
    print(f"events={next(env._eid) - before} cpu_ns={end - begin} customers={customers} "
          f"wait_ns={waited / customers * 1e6:.0f} evidence={env.now:.6f}")


if len(sys.argv) == 4 and sys.argv[1] == "hold":
    hold(int(sys.argv[2]), int(sys.argv[3]))
elif len(sys.argv) == 3 and sys.argv[1] == "mm1":
    mm1(int(sys.argv[2]))
else:
    sys.exit("usage: simpy_kernel.py hold PENDING EVENTS | simpy_kernel.py mm1 CUSTOMERS")
