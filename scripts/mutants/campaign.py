"""Mechanical mutants: makes small faults in sim/ and models/ one at a time, and says which test finds each.

  campaign.py [--seed S] [--count N] [--jobs J] [--layer L]... [--only ID]... [--build DIR] [--quick SECONDS]
              [--again ID]... [--first TEST]... [--write]

The layers are compiled once, as one shared library that every test program uses; a mutant is one object compiled
again, and that library linked again. Where the object is the same as without the mutant, there is none: it is counted
as `same code` and another is taken. Then the tests run, one after the other, until one fails: first those of the file,
then those of its layer, then the others, the quickest first.

A test may use four times the processor time that it used without a mutant, and 4 s more: a mutant that makes it run
for ever is found by that, whatever else the machine does. (What sleeps for ever is ended after STALLED_S.)

What was found stands in DIR/results.csv, a row a mutant; mutants that are there are not tried again. Survivors are, with
the tests that take longer than those that have not found them, when --quick allows more.

At the end: how many were killed, and which survivors have no reason in tests/system/mutants_survivors.csv; exit status 1
when there are any. With --write also tests/system/mutants_mechanical.csv: each mutant and who killed it.
"""
import argparse
import csv
import glob
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading

import mutate

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAYERS = {"kernel": "sim/kernel", "world": "sim/world", "oracle": "sim/oracle", "models": "models"}
SHARES = {"kernel": 1, "world": 3, "oracle": 3, "models": 5}  # how many of each are taken in a round
ABOVE = {  # tests of which folders see a layer, nearest first
    "kernel": ["kernel", "world", "oracle", "runner", "models", "system"],
    "world": ["world", "runner", "models", "oracle", "system"],
    "oracle": ["oracle", "runner", "system"],
    "models": ["models", "system"],
}
PACKAGES = ["gsl", "yaml-0.1", "jansson", "sqlite3", "libpq", "libxxhash", "check"]
STALLED_S = 900
MEMORY_MAX = 6 << 30
SURVIVORS = os.path.join(ROOT, "tests/system/mutants_survivors.csv")
MECHANICAL = os.path.join(ROOT, "tests/system/mutants_mechanical.csv")
FIELDS = ["id", "file", "line", "operator", "before", "after", "result", "killer"]


def shell(command, **more):
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)


class Build:
    def __init__(self, folder, jobs):
        self.folder, self.jobs = os.path.abspath(folder), jobs
        pkg = lambda what: shell(["pkg-config", what] + PACKAGES).stdout.decode().split()
        version = re.search(r"VERSION ([\d.]+)", open(os.path.join(ROOT, "CMakeLists.txt")).read()).group(1)
        self.flags = ["-std=c17", "-O2", "-fPIC", "-fno-semantic-interposition", "-ffp-contract=off",
                      "-fno-strict-aliasing", "-D_GNU_SOURCE", '-DDGSIM_VERSION="%s"' % version, "-I" + ROOT, "-w",
                      "-Werror=int-conversion", "-Werror=incompatible-pointer-types",
                      "-Werror=implicit-function-declaration"] + pkg("--cflags")
        self.libraries = pkg("--libs") + ["-lcsv", "-lm", "-lpthread", "-ldl"]
        self.compiler = ["ccache", "gcc"] if shutil.which("ccache") else ["gcc"]
        self.objects = {}  # by source
        self.tests = {}    # by name: program

    def object_of(self, source):
        return os.path.join(self.folder, "objects", source.replace("/", "_")[:-2] + ".o")

    def compile(self, source, text, out, more=()):
        """Its text from a pipe, under its own name and with its own lines: so objects can be compared."""
        given = '#line 1 "%s"\n' % source + text
        return shell(["gcc", *self.flags, *more, "-x", "c", "-c", "-o", out, "-"], input=given.encode())

    def link(self, out, objects):
        return shell(["gcc", "-shared", "-o", out, *objects, *self.libraries])

    def make(self):
        for name in ("objects", "tests", "plain"):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        sources = [os.path.relpath(p, ROOT) for folder in ("sim", "models")
                   for p in glob.glob(os.path.join(ROOT, folder, "**", "*.c"), recursive=True)]
        sources = sorted(p for p in sources if not p.startswith("sim/cli/") and "/install/" not in p)
        work = [(self.make_object, source) for source in sources]
        in_turn(work, self.jobs)
        library = os.path.join(self.folder, "plain", "libdgsim.so")
        done = self.link(library, [self.objects[p] for p in sources])
        if done.returncode:
            sys.exit(done.stdout.decode())
        tests = sorted(os.path.relpath(p, ROOT) for folder in ("kernel", "world", "oracle", "models", "runner", "system")
                       for p in glob.glob(os.path.join(ROOT, "tests", folder, "test_*.c")))
        in_turn([(self.make_test, source) for source in tests], self.jobs)

    def make_object(self, source):
        out = self.object_of(source)
        path = os.path.join(ROOT, source)
        if not os.path.exists(out) or os.path.getmtime(out) < newest(path):
            done = self.compile(source, open(path).read(), out)
            if done.returncode:
                sys.exit(done.stdout.decode())
        self.objects[source] = out

    def make_test(self, source):
        name = source[len("tests/"):-2]
        out = os.path.join(self.folder, "tests", name.replace("/", "_"))
        if not os.path.exists(out) or os.path.getmtime(out) < newest(os.path.join(ROOT, source)):
            done = shell([*self.compiler, *self.flags, '-DSOURCE_DIR="%s"' % ROOT, source, "-o", out,
                          "-L" + os.path.join(self.folder, "plain"), "-ldgsim", *self.libraries])
            if done.returncode:
                sys.exit(done.stdout.decode())
        self.tests[name] = out


_newest_header = None


def newest(path):
    """When it changed last, or any header did."""
    global _newest_header
    if _newest_header is None:
        headers = [p for folder in ("sim", "models", "tests")
                   for p in glob.glob(os.path.join(ROOT, folder, "**", "*.h"), recursive=True)]
        _newest_header = max(os.path.getmtime(p) for p in headers)
    return max(_newest_header, os.path.getmtime(path))


def in_turn(work, jobs):
    """Calls each (function, argument), `jobs` at a time."""
    places, lock, failed = iter(work), threading.Lock(), []

    def one():
        while not failed:
            with lock:
                item = next(places, None)
            if item is None:
                return
            try:
                item[0](item[1])
            except BaseException as problem:  # also sys.exit
                failed.append(problem)

    threads = [threading.Thread(target=one) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


class Outcome:
    def __init__(self, failed, how, seconds, named=False):
        self.failed, self.how, self.seconds, self.named = failed, how, seconds, named


def run_test(program, library_folder, log, cpu_s, fork):
    """Its processor time, and what failed first."""
    def limits():
        os.nice(max(0, 10 - os.nice(0)))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 20, 64 << 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    environment = dict(os.environ, LD_LIBRARY_PATH=library_folder, CK_FORK="yes" if fork else "no", CK_VERBOSITY="normal")
    with open(log, "wb") as out:
        process = subprocess.Popen([program], cwd=ROOT, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                   env=environment, preexec_fn=limits, start_new_session=True)
        ended = threading.Timer(STALLED_S, os.killpg, (process.pid, signal.SIGKILL))
        ended.start()
        _, status, usage = os.wait4(process.pid, 0)
        ended.cancel()
        process.returncode = status
    seconds = usage.ru_utime + usage.ru_stime
    if status == 0:
        return Outcome(False, "", seconds)
    text = open(log, "rb").read(1 << 20).decode(errors="replace")
    named = re.search(r"^[^\n:]*:\d+:[FE]:[^:\n]*:([^:\n]*):\d+:", text, re.M)
    if named:
        return Outcome(True, named.group(1), seconds, named=True)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return Outcome(True, "does not end", seconds)
    asserted = re.search(r"\b((?:sim|models)/\S+\.[ch]:\d+)", text)
    if asserted:
        return Outcome(True, "assertion " + asserted.group(1), seconds)
    return Outcome(True, "signal %d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else "fails", seconds)


class Battery:
    """The tests, with what each costs, and whether it runs as one process."""

    def __init__(self, build):
        self.build, self.cost, self.fork = build, {}, {}

    def measure(self):
        path = os.path.join(self.build.folder, "costs.csv")
        if os.path.exists(path):
            for name, cost, fork in csv.reader(open(path)):
                self.cost[name], self.fork[name] = float(cost), fork == "fork"
        in_turn([(self.measure_one, name) for name in self.build.tests if name not in self.cost], self.build.jobs)
        with open(path, "w") as out:
            for name in sorted(self.cost):
                out.write("%s,%.2f,%s\n" % (name, self.cost[name], "fork" if self.fork[name] else "one"))

    def measure_one(self, name):
        plain = os.path.join(self.build.folder, "plain")
        for fork in (False, True):
            log = os.path.join(self.build.folder, "tests", name.replace("/", "_") + ".log")
            outcome = run_test(self.build.tests[name], plain, log, 600, fork)
            if not outcome.failed:
                self.cost[name], self.fork[name] = outcome.seconds, fork
                return
        print("note: %s fails without a mutant (%s): not used" % (name, outcome.how), flush=True)

    def of(self, path, layer, quick, first):
        words = set(re.split(r"[/_.]", path)) - {"sim", "models", "c", "store", "handlers"}

        def place(name):
            folder, test = name.split("/")
            shared = len(words & set(test.split("_")[1:]))
            return ABOVE[layer].index(folder) if folder != layer and shared == 0 else -shared, self.cost[name], name

        names = [n for n in self.cost if n.split("/")[0] in ABOVE[layer] and self.cost[n] <= quick]
        return sorted(names, key=lambda name: (name not in first, place(name)))


class Campaign:
    def __init__(self, build, battery, options):
        self.build, self.battery, self.options = build, battery, options
        self.path = os.path.join(build.folder, "results.csv")
        self.done = {}
        if os.path.exists(self.path):
            self.done = {row["id"]: row for row in csv.DictReader(open(self.path))}
        else:
            self.append(FIELDS)
        for i in options.again:
            self.done.pop(i, None)
        self.reasons = {row["id"] for row in csv.DictReader(open(SURVIVORS))}
        self.lock = threading.Lock()
        self.counted = 0

    def append(self, row):
        with open(self.path, "a", newline="") as out:
            csv.writer(out, lineterminator="\n").writerow(row)

    def chosen(self):
        """Layers in turn, by their shares; then whoever is left."""
        lanes = {}
        for layer, folder in LAYERS.items():
            if self.options.layer and layer not in self.options.layer:
                continue
            mutants = []
            for path in sorted(glob.glob(os.path.join(ROOT, folder, "**", "*.c"), recursive=True)):
                mutants += mutate.mutants_of(os.path.relpath(path, ROOT), open(path).read())
            for mutant in mutants:
                mutant.layer = layer
            lanes[layer] = mutate.order(mutants, self.options.seed)[::-1]
        if self.options.only:
            yield from (m for lane in lanes.values() for m in lane if m.id in self.options.only)
            return
        while any(lanes.values()):
            for layer in lanes:
                for _ in range(SHARES[layer]):
                    if lanes[layer]:
                        yield lanes[layer].pop()

    def run(self):
        mutants = self.chosen()

        def work(number):
            folder = os.path.join(self.build.folder, "worker%d" % number)
            os.makedirs(folder, exist_ok=True)
            while True:
                with self.lock:
                    if self.counted >= self.options.count:
                        return
                    mutant = next(mutants, None)
                    if mutant is None:
                        return
                    known = self.done.get(mutant.id)
                    if known and known["result"] not in ("killed", "survived"):
                        continue
                    self.counted += 1
                    tried = self.tried(known)
                    if known and (known["result"] == "killed" or tried >= self.options.quick or mutant.id in self.reasons):
                        continue
                result, killer = self.try_one(mutant, folder, tried)
                row = [mutant.id, mutant.path, mutant.line, mutant.operator, mutant.before, mutant.after, result, killer]
                with self.lock:
                    if result not in ("killed", "survived"):
                        self.counted -= 1
                    self.append(row)
                    print("%-9s %s %s:%d %s\n          - %s\n          + %s\n          %s" %
                          (result, mutant.id, mutant.path, mutant.line, mutant.operator, mutant.before, mutant.after,
                           killer), flush=True)

        in_turn([(work, i) for i in range(self.options.jobs)], self.options.jobs)

    def report(self, write):
        """Of the mutants that count; the exit status."""
        results = {row["id"]: row for row in csv.DictReader(open(self.path))}
        rows = []
        for mutant in self.chosen():
            result = results.get(mutant.id)
            if result and result["result"] in ("killed", "survived") and len(rows) < self.options.count:
                rows.append(result)
        killed = [row for row in rows if row["result"] == "killed"]
        unexplained = [row for row in rows if row["result"] == "survived" and row["id"] not in self.reasons]
        for row in unexplained:
            print("survived without a reason: %(id)s %(file)s:%(line)s\n  - %(before)s\n  + %(after)s" % row)
        print("%d of %d mechanical mutants killed, %d survive with a reason, %d without" %
              (len(killed), len(rows), len(rows) - len(killed) - len(unexplained), len(unexplained)))
        if write:
            with open(MECHANICAL, "w", newline="") as out:
                table = csv.DictWriter(out, ["id", "file", "operator", "before", "after", "killer"],
                                       extrasaction="ignore", lineterminator="\n")
                table.writeheader()
                for row in sorted(killed, key=lambda row: (row["file"], row["id"])):
                    table.writerow(row)
        return 1 if unexplained else 0

    @staticmethod
    def tried(known):
        """Up to which cost tests have not found a survivor; they are not tried again."""
        return float(known["killer"].split()[2]) if known and known["result"] == "survived" else -1

    def try_one(self, mutant, folder, tried):
        source = open(os.path.join(ROOT, mutant.path)).read()
        mutated = os.path.join(folder, "mutant.o")
        if self.build.compile(mutant.path, mutant.text(source), mutated).returncode:
            return "no C", ""
        plain = self.build.objects[mutant.path]
        if open(plain, "rb").read() == open(mutated, "rb").read():
            return "same code", ""
        objects = [mutated if p == mutant.path else o for p, o in sorted(self.build.objects.items())]
        linked = self.build.link(os.path.join(folder, "libdgsim.so"), objects)
        if linked.returncode:
            return "no C", ""
        for name in self.battery.of(mutant.path, mutant.layer, self.options.quick, self.options.first):
            if self.battery.cost[name] <= tried and name not in self.options.first:
                continue
            cpu_s = int(4 * self.battery.cost[name]) + 4
            outcome = run_test(self.build.tests[name], folder, os.path.join(folder, "test.log"), cpu_s,
                               self.battery.fork[name])
            if outcome.failed:
                if not self.battery.fork[name] and outcome.how != "does not end" and not outcome.named:
                    outcome = self.named_in_a_fork(name, folder, cpu_s, outcome)
                return "killed", name + ": " + outcome.how
        return "survived", "up to %g s" % self.options.quick

    def named_in_a_fork(self, name, folder, cpu_s, outcome):
        """A test that ends its whole program has no name there: each in a process of its own has."""
        again = run_test(self.build.tests[name], folder, os.path.join(folder, "test.log"), cpu_s, True)
        return again if again.failed and again.named else outcome


def main():
    parser = argparse.ArgumentParser(description="Makes mechanical mutants and says which test kills each.")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--layer", action="append", default=[], choices=list(LAYERS))
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--again", action="append", default=[])
    parser.add_argument("--first", action="append", default=[], help="a test that is new: tried before the others")
    parser.add_argument("--write", action="store_true", help="the list of mutants and their killers")
    parser.add_argument("--build", default=os.path.join(ROOT, "build-mutants"))
    parser.add_argument("--quick", type=float, default=1000, help="no test that takes more processor time, in seconds")
    options = parser.parse_args()
    build = Build(options.build, options.jobs)
    build.make()
    battery = Battery(build)
    battery.measure()
    campaign = Campaign(build, battery, options)
    campaign.run()
    sys.exit(campaign.report(options.write))


if __name__ == "__main__":
    main()
