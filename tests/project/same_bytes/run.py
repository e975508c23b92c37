"""Runs the cases of cases.py with two commands and reports where their results differ; see ../../same_bytes.sh."""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

import cases
import compare
import data
import former_names

DEVICES = {"cpu": "cpu", "emulate": "cuda"}


def parse_arguments():
    parser = argparse.ArgumentParser()
    for device in DEVICES:
        parser.add_argument("--" + device, type=pathlib.Path)
        parser.add_argument("--reference-" + device, type=pathlib.Path)
    parser.add_argument("--recipes", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="")
    return parser.parse_args()


class Bench:
    """One device with its two commands."""

    def __init__(self, options, device):
        self.device = device
        self.commands = {"tree": getattr(options, device), "reference": getattr(options, "reference_" + device)}
        self.data = options.work / "data"
        self.runs = options.work / "runs" / device
        self.environment = {**os.environ, "ELBO_DATA": str(self.data / ("small" if device == "emulate" else "large")),
                            "XDG_CACHE_HOME": str(options.work / "cache"), "OMP_NUM_THREADS": "2" if device == "cpu" else "1",
                            "GOMP_SPINCOUNT": "1000", "ELBO_GRAPH_STEPS": "2"}

    def _call(self, side, folder, name, arguments):
        """Runs the command in `folder`; output that is JSON goes to NAME.json. Returns what went wrong."""
        arguments = [word.replace("{data}", str(self.data)) for word in arguments] + ["--device", DEVICES[self.device]]
        if side == "reference":
            arguments = former_names.with_former_names(arguments)
        done = subprocess.run([self.commands[side], *arguments], cwd=folder, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            return "elbo %s failed (%d): %s" % (" ".join(arguments), done.returncode, done.stderr.strip())
        if "--json" in arguments:
            (folder / (name + ".json")).write_text(done.stdout)
        return ""

    def _go_on(self, side, folder, case):
        steps = [["train", "--out", "run", "--resume", "--epochs", "3", "-q", "--json"]] if case["resumed"] else []
        for number, step in enumerate(steps + case["then"]):
            wrong = self._call(side, folder, "%d-%s" % (number, step[0]), step)
            if wrong:
                return wrong
        return ""

    def _folder(self, side, case):
        return self.runs / side / re.sub(r"[^a-z0-9]+", "-", case["name"])

    def run(self, side, case):
        """Trains, resumes and runs the case's commands. Returns what went wrong."""
        folder = self._folder(side, case)
        folder.mkdir(parents=True)
        command = [*case["command"], "--out", "run", "--no-tune", "-q", "--json"]
        wrong = self._call(side, folder, "trained", command + ([] if "--epochs" in command else ["--epochs", "2"]))
        if not wrong and side == "reference" and case["begun"]:
            shutil.copytree(folder, self._folder("begun", case))
        return wrong or self._go_on(side, folder, case)

    def judge(self, case, other=None):
        """Lines that describe the differences after both sides ran; the tree's case is `other` if given."""
        return compare.differences(self._folder("reference", case), self._folder("tree", other or case))

    def judge_begun(self, case):
        """Compares the reference's run, resumed by the tree, with the reference's own result."""
        folder = self._folder("begun", case)
        wrong = self._go_on("tree", folder, case)
        return [wrong] if wrong else compare.differences(self._folder("reference", case), folder)


def check_case(bench, case):
    """[(name, lines that describe differences)] for the case, and for the reference's run resumed by the tree."""
    wrong = [side + ": " + words for side in ("reference", "tree") if (words := bench.run(side, case))]
    results = [(case["name"], wrong or bench.judge(case))]
    if case["begun"] and not wrong:
        results.append((case["name"] + ", begun by the reference", bench.judge_begun(case)))
    return results


def check_eyes(bench):
    """A different seed must show in everything that depends on it."""
    one, other = cases.another_seed()
    wrong = [words for side, case in (("reference", one), ("tree", other)) if (words := bench.run(side, case))]
    seen = " ".join(bench.judge(one, other)) if not wrong else ""
    for file in ("run/model.safetensors", "run/last.safetensors", "run/checkpoint.safetensors", "run/metrics.jsonl", "draws.npy",
                 "1-eval.json"):
        if not wrong and file not in seen:
            wrong.append("another seed is not seen in " + file)
    return [("another seed is seen", wrong)]


def shared_recipes(bench, folder):
    """The files of the recipes that the reference has too, by its help; prints the names of those it lacks."""
    text = subprocess.run([bench.commands["reference"], "train", "--help"], capture_output=True, text=True, check=True).stdout
    shared = []
    for file in sorted(folder.glob("*.toml")):
        if re.search(r"^  %s " % re.escape(file.stem), text, re.MULTILINE):
            shared.append(file)
        else:
            print("left out  %s: the reference has no such recipe" % file.stem)
    return shared


def main():
    options = parse_arguments()
    shutil.rmtree(options.work / "runs", ignore_errors=True)
    shutil.rmtree(options.work / "data", ignore_errors=True)
    data.make(options.work / "data")
    counts = [0, 0]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = []
        for device in DEVICES:
            if not getattr(options, device):
                continue
            bench = Bench(options, device)
            wanted = [case for case in cases.all_cases(shared_recipes(bench, options.recipes), device == "emulate")
                      if re.search(options.only, case["name"])]
            jobs += [(device, pool.submit(check_eyes, bench))] + [(device, pool.submit(check_case, bench, case)) for case in wanted]
        for device, job in jobs:
            for name, wrong in job.result():
                counts[bool(wrong)] += 1
                print("%-8s%-9s%s" % ("FAILED" if wrong else "ok", device, name), flush=True)
                for line in wrong:
                    print(" " * 17 + line, flush=True)
    print("%d passed, %d failed" % tuple(counts))
    return 1 if counts[1] or not counts[0] else 0


if __name__ == "__main__":
    sys.exit(main())
