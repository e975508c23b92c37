"""Runs the stages in order and writes the report after each. Started by tools/gpu_check.sh."""

import argparse
import glob
import os
import re
import shutil
import sys
import tempfile
import time
import traceback

import machine
import report
import stages
from run import Log, run

_BUDGET = 520  # seconds: with the start, the whole check stays under nine minutes

# Name, what it does, and seconds of the whole budget: the wanted time and the least useful time. A stage that
# needs less leaves the rest to later stages; the last takes what is left.
_STAGES = {
    "tests": (stages.tests, 110, 25),
    "training": (stages.training, 60, 10),
    "curves": (stages.cpu_curves, 60, 10),
    "steps": (stages.steps, 60, 10),
    "plan": (stages.plan, 20, 5),
    "peers": (stages.peers, 220, 25),
    "microbenchmarks": (stages.microbenchmarks, 60, 10),
    "sanitizer": (stages.sanitizer, _BUDGET, 60),
}


class Check:
    """The state shared by the stages: paths, the device, and results of earlier stages."""

    def __init__(self, options):
        self.root, self.build, self.device = options.root, os.path.abspath(options.build), options.device
        self.cores = len(os.sched_getaffinity(0))
        self.scratch = tempfile.mkdtemp(prefix="elbo-gpu-check-")
        self.environment = {}
        self.rehearsal = rehearsal = self.device == "cpu"
        self.device_word = "CPU, once more" if rehearsal else "GPU"
        self.epochs = 2 if rehearsal else 10
        self.seeds = [1] if rehearsal else [1, 2, 3]
        self.benchmark_seconds = 0.01 if rehearsal else 0.05
        self.rounds = 2 if rehearsal else 9
        self.curve_tolerance = 0.01
        self.test_times, self.trainings = {}, []
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


def shares(budget, selected):
    """{stage: (wanted, least)} for a budget in seconds."""
    scale = budget / _BUDGET
    return {name: (_STAGES[name][1] * scale, _STAGES[name][2] * min(1.0, scale)) for name in selected}


def time_for(name, left, plan, later):
    """Seconds that a stage gets of those left, such that later stages keep what they need; 0: too few to be useful."""
    wanted, least = plan[name]
    available = left - sum(plan[other][1] for other in later)
    if not later:
        wanted = left
    return 0.0 if available < least - 1e-6 else min(wanted, available)


def _run_stage(check, name, budget):
    began = time.monotonic()
    if budget == 0:
        result = {"status": stages.SKIPPED, "words": "no time was left for it"}
    else:
        try:
            result = _STAGES[name][0](check, began + budget)
        except Exception:  # a failing stage must not stop the others
            check.log.write(traceback.format_exc())
            result = {"status": stages.FAILED, "words": "the check itself failed: " + traceback.format_exc().splitlines()[-1]}
    return {"status": result.pop("status"), "seconds": time.monotonic() - began, "budget": budget, **result}


def _options():
    parser = argparse.ArgumentParser(prog="gpu_check.sh", description="Checks and measures elbo on this machine's GPU; one report.")
    parser.add_argument("--root", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--build", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="cpu: a rehearsal without a GPU")
    parser.add_argument("--budget", type=float, default=_BUDGET, metavar="SECONDS", help="for all stages together (default %d)" % _BUDGET)
    parser.add_argument("--only", default=",".join(_STAGES), metavar="STAGE,…", help="of " + ", ".join(_STAGES))
    parser.add_argument("--out", help="folder of the report, which must not exist (default bench/results/DEVICE-DATE)")
    options = parser.parse_args()
    options.selected = [name for name in _STAGES if name in options.only.split(",")]
    unknown = sorted(set(options.only.split(",")) - set(_STAGES))
    if unknown:
        parser.error("no stage is called %s: there are %s" % (", ".join(unknown), ", ".join(_STAGES)))
    if options.out and os.path.exists(options.out) and os.listdir(options.out):
        parser.error("%s exists already" % options.out)
    return options


def main():
    options = _options()
    began = time.monotonic()
    check = Check(options)
    gpu = machine.gpu() if options.device == "cuda" else None
    facts = {"began": machine.now(), "rehearsal": options.device == "cpu", "gpu": gpu, "host": machine.host(),
             "build": machine.build(options.root), "budget": options.budget, "finished": False, "seconds": 0.0}
    check.open(_new_folder(options, gpu["name"] if gpu else "rehearsal"))
    check.find_precisions()
    plan, results = shares(options.budget, options.selected), {}
    print("The report: %s" % os.path.join(check.out, "report.md"), flush=True)
    try:
        for i, name in enumerate(options.selected):
            left = options.budget - (time.monotonic() - began)
            results[name] = _run_stage(check, name, time_for(name, left, plan, options.selected[i + 1 :]))
            facts.update(seconds=time.monotonic() - began, finished=i + 1 == len(options.selected))
            report.write(check.out, facts, results)
            print("%-16s %-10s %4.0f s  %s" % (name, results[name]["status"], results[name]["seconds"], results[name]["words"]), flush=True)
    finally:
        shutil.rmtree(check.scratch, ignore_errors=True)
    return 1 if any(result["status"] == stages.FAILED for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
