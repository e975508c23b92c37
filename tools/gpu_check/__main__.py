"""Runs the stages in order and writes the report as figures come. Started by tools/gpu_check.sh."""

import argparse
import glob
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback

import machine
import measure
import report
import stages
from run import Log, end_programs, run

# A stage has what it does, its half (none: only where --only names it), its seconds on a GPU as they are expected (nobody
# has measured them), the most it may take, and the least that is of use. A stage that needs less leaves the rest to later ones.
_STAGES = {
    "tests": (stages.tests, "first", 40, 70, 20),
    "step": (measure.step, "first", 15, 30, 5),
    "profile": (measure.profile, "first", 20, 35, 10),
    "sanitizer": (stages.sanitizer, "first", 60, 75, 20),
    "steps": (measure.steps, "second", 30, 50, 10),
    "products": (measure.products, "second", 60, 80, 10),
    "training": (measure.training, "second", 30, 50, 10),
    "peers": (measure.peers, "second", 160, 200, 25),
    "plan": (measure.plan, "", 15, 30, 5),
    "microbenchmarks": (measure.microbenchmarks, "", 60, 90, 10),
    "all-tests": (stages.all_tests, "", 110, 180, 25),
    "all-sanitizers": (stages.all_sanitizers, "", 180, 300, 60),
}
_HALVES = {"first": 150, "second": 300}  # seconds that a half takes at most


class Check:
    """The state shared by the stages: paths, the device, and results of earlier stages."""

    def __init__(self, options):
        self.root, self.build, self.device = options.root, os.path.abspath(options.build), options.device
        self.cores = len(os.sched_getaffinity(0))
        self.scratch = tempfile.mkdtemp(prefix="elbo-gpu-check-")
        self.environment = {}
        self.rehearsal = rehearsal = self.device == "cpu"
        self.epochs = 2 if rehearsal else 10
        self.benchmark_seconds = 0.01 if rehearsal else 0.02
        self.rounds = 2 if rehearsal else 9
        self.test_times = {}
        self.save = lambda figures: None  # keeps a running stage's figures so far
        self._find_data(rehearsal)

    def _find_data(self, rehearsal):
        """MNIST if it is under $ELBO_DATA or in the bundle's data/; else, and for a rehearsal, elbo's own digits."""
        for folder in (os.environ.get("ELBO_DATA"), os.path.join(self.root, "data")):
            if folder and os.path.isdir(os.path.join(folder, "mnist")):
                self.environment["ELBO_DATA"] = folder
                break
        self.data = "mnist" if "ELBO_DATA" in self.environment and not rehearsal else "digits"

    def program(self, name):
        """A program's path: in a bundle under bin/, in a build in the folder of its source."""
        if os.path.exists(os.path.join(self.root, "bundle.json")):
            return os.path.join(self.root, "bin", name)
        folder = "bench" if name.endswith("_bench") else "tests" if name == "elbo_tests" else "."
        return os.path.normpath(os.path.join(self.build, folder, name))

    def benchmarks(self):
        return sorted(os.path.basename(path) for path in glob.glob(self.program("*_bench")) if os.access(path, os.X_OK))

    def case_filter(self, listed):
        """The benchmark cases to time: all; in a rehearsal the first."""
        return "^%s$" % re.escape(listed.split("\n")[0]) if self.rehearsal and listed else "."

    def open(self, out):
        """Starts the report's folder."""
        os.makedirs(out, exist_ok=True)
        self.out, self.log = out, Log(os.path.join(out, "log.txt"))

    def find_precisions(self):
        """The precisions in which this build trains."""
        known = run(self.log, [self.program("elbo"), "info", "--help"], 20).output
        known += run(self.log, [self.program("elbo"), "train", "--help"], 20).output
        self.has_precision = "precision" in known
        self.precisions = ["fp32", "tf32", "bf16"] if self.has_precision and self.device == "cuda" else ["fp32"]


def _new_folder(options, name):
    if options.out:
        return os.path.abspath(options.out)
    base = os.path.join(options.root, "bench", "results", machine.device_folder(name))
    folder, number = base, 2
    while os.path.exists(folder):
        folder, number = "%s-%d" % (base, number), number + 1
    return folder


def time_for(name, left, later, scale=1.0):
    """Seconds that a stage gets of those left to its half, such that later stages keep the least they need; 0: too few to be
    useful. `scale` shortens or lengthens all."""
    most, least = _STAGES[name][3] * scale, _STAGES[name][4] * min(1.0, scale)
    available = left - sum(_STAGES[other][4] * min(1.0, scale) for other in later)
    return 0.0 if available < least - 1e-6 else min(most, available)


def halves(selected):
    """[(half, its stages of those selected, the seconds it takes at most)], in order; "" has those of no half."""
    chosen = {half: [name for name in selected if _STAGES[name][1] == half] for half in (*_HALVES, "")}
    return [(half, names, _HALVES.get(half) or sum(_STAGES[name][3] for name in names)) for half, names in chosen.items() if names]


def _run_stage(check, name, budget):
    began = time.monotonic()
    if budget == 0:
        result = {"status": stages.SKIPPED, "words": "no time was left for it"}
    else:
        try:
            result = _STAGES[name][0](check, began + budget)
        except Exception:  # a stage that fails still has its place in the report
            check.log.write(traceback.format_exc())
            result = {"status": stages.FAILED, "words": "the check itself failed: " + traceback.format_exc().splitlines()[-1]}
    return {"status": result.pop("status"), "seconds": time.monotonic() - began, "budget": budget, **result}


def _options(arguments=None):
    parser = argparse.ArgumentParser(prog="gpu_check.sh", formatter_class=argparse.RawDescriptionHelpFormatter, description="""\
Checks and measures elbo on this machine's GPU; one report. The first half ends at the first failure, and the second does not
begin then. Expected seconds, not measured ones:
""" + estimates(list(_STAGES)))
    parser.add_argument("--root", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="cpu: a rehearsal without a GPU")
    parser.add_argument("--half", choices=["first", "second", "both"], help="which half runs (default: both)")
    parser.add_argument("--only", metavar="STAGE,…", help="these stages instead of halves: of " + ", ".join(_STAGES))
    parser.add_argument("--budget", type=float, metavar="SECONDS", help="for all stages together (default %d for the first half, %d for the second)" % tuple(_HALVES.values()))
    parser.add_argument("--go-on", action="store_true", help="run the stages after one that failed, too")
    parser.add_argument("--out", help="folder of the report, which must be empty or new (default bench/results/DEVICE-DATE)")
    options = parser.parse_args(arguments)
    if options.only and options.half:
        parser.error("--only names stages and --half a half of them: give one")
    chosen = options.only.split(",") if options.only else [
        name for name, stage in _STAGES.items() if stage[1] and options.half in (None, "both", stage[1])]
    options.selected = [name for name in _STAGES if name in chosen]
    unknown = sorted(set(chosen) - set(_STAGES))
    if unknown:
        parser.error("no stage is called %s: there are %s" % (", ".join(unknown), ", ".join(_STAGES)))
    if options.budget is not None and options.budget <= 0:
        parser.error("--budget takes more than 0 seconds")
    if options.out and os.path.exists(options.out) and (not os.path.isdir(options.out) or os.listdir(options.out)):
        parser.error("%s exists already" % options.out)
    return options


def estimates(selected):
    """A line for each half: its stages with the seconds they are expected to take."""
    lines = []
    for half, names, most in halves(selected):
        took = ", ".join("%s %d" % (name, _STAGES[name][2]) for name in names)
        lines.append("  %s: %s; together %d, at most %d" % (half + " half" if half else "others", took, sum(_STAGES[name][2] for name in names), most))
    return "\n".join(lines)


class _Running:
    """The check while it runs: results so far, written to the report after every change."""

    def __init__(self, check, facts):
        self.check, self.facts, self.results, self.began = check, facts, {}, time.monotonic()

    def write(self):
        self.facts["seconds"] = time.monotonic() - self.began
        report.write(self.check.out, self.facts, self.results)

    def stage(self, name, budget):
        began = time.monotonic()

        def save(figures):
            seconds = time.monotonic() - began
            self.results[name] = {"status": "running", "words": "it has not ended", "seconds": seconds, "budget": budget, **figures}
            self.write()

        self.check.save = save
        save({})
        self.results[name] = result = _run_stage(self.check, name, budget)
        self.write()
        print("%-16s %-10s %4.0f s  %s" % (name, result["status"], result["seconds"], result["words"]), flush=True)
        return result["status"] != stages.FAILED

    def half(self, names, seconds, scale, go_on):
        """Whether no stage failed; the first that does is the last, unless `go_on`."""
        ends, good = time.monotonic() + seconds, True
        for i, name in enumerate(names):
            good = self.stage(name, time_for(name, ends - time.monotonic(), names[i + 1 :], scale)) and good
            if not good and not go_on:
                return False
        return good


def _end(check, number):
    """Ends at a signal; the report has what there is."""
    end_programs()
    shutil.rmtree(check.scratch, ignore_errors=True)
    os._exit(128 + number)


def main():
    options = _options()
    check = Check(options)
    gpu = machine.gpu() if options.device == "cuda" else None
    planned = halves(options.selected)
    budget = options.budget or float(sum(most for _, _, most in planned))
    scale = budget / sum(most for _, _, most in planned)
    facts = {"began": machine.now(), "rehearsal": options.device == "cpu", "gpu": gpu, "host": machine.host(),
             "build": machine.build(options.root), "budget": budget, "finished": False, "seconds": 0.0}
    check.open(_new_folder(options, gpu["name"] if gpu else "rehearsal"))
    print("Expected seconds, not measured ones:\n%s\nThe report: %s" % (estimates(options.selected), os.path.join(check.out, "report.md")), flush=True)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: _end(check, number))
    running, good = _Running(check, facts), True
    try:
        check.find_precisions()
        for half, names, most in planned:
            good = running.half(names, most * scale, scale, options.go_on) and good
            if not good and not options.go_on:
                break
        facts["finished"] = True
        running.write()
        left_out = [name for name in options.selected if name not in running.results]
        if left_out:
            print("stopped at the first failure, before %s (--go-on runs them too)" % ", ".join(left_out), flush=True)
    finally:
        shutil.rmtree(check.scratch, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
