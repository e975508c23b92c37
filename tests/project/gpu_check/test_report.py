"""Halves and their time, stopping at a failure, combining findings, the report."""

import contextlib
import fnmatch
import glob
import importlib.util
import io
import json
import os
import re
import tempfile
import types
import unittest

import place
import gtests
import machine
import report
import stages
from run import Finished

_spec = importlib.util.spec_from_file_location("check_main", os.path.join(place.CHECK, "__main__.py"))
main = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(main)


class Time(unittest.TestCase):
    def total(self, names, budget, scale, use):
        """Simulates a half; each stage uses the fraction `use` of its time. Returns seconds used and stages left out."""
        left, out = budget, []
        for i, name in enumerate(names):
            given = main.time_for(name, left, names[i + 1 :], scale)
            self.assertLessEqual(given, left)
            out += [name] if given == 0 else []
            left -= given * use
        return budget - left, out

    def test_greedy_stages_keep_to_the_budget_and_leave_none_out(self):
        for scale in (0.3, 1.0, 4.0):
            for _, names, most in main.halves(list(main._STAGES)):
                used, out = self.total(names, most * scale, scale, use=1.0)
                self.assertLessEqual(used, most * scale + 1e-6)
                self.assertEqual(out, [])

    def test_a_stage_without_the_time_it_needs_is_left_out(self):
        self.assertEqual(main.time_for("sanitizer", 5, []), 0.0)

    def test_a_stage_takes_no_more_than_its_most(self):
        self.assertEqual(main.time_for("step", 400, []), 30)
        self.assertEqual(main.time_for("step", 400, [], scale=2), 60)


class Halves(unittest.TestCase):
    def options(self, *arguments):
        return main._options(["--root", ".", "--build", ".", *arguments])

    def test_both_by_default_and_nothing_else(self):
        planned = main.halves(self.options().selected)
        self.assertEqual([half for half, _, _ in planned], ["first", "second"])
        self.assertEqual(planned[0][1], ["tests", "step", "profile", "sanitizer"])
        self.assertEqual(planned[1][1], ["steps", "products", "training", "peers"])

    def test_the_first_half_fits_the_time_that_it_was_made_for(self):
        (_, names, most), _ = main.halves(self.options().selected)
        self.assertLessEqual(most, 150)
        self.assertLessEqual(sum(main._STAGES[name][2] for name in names), most)

    def test_a_stage_s_seconds_are_in_order(self):
        for name, (_, _, expected, most, least) in main._STAGES.items():
            self.assertTrue(0 < least <= expected <= most, name)

    def test_choices(self):
        self.assertEqual(self.options("--half", "second").selected, ["steps", "products", "training", "peers"])
        self.assertEqual(self.options("--only", "plan,tests").selected, ["tests", "plan"])
        self.assertEqual(main.halves(["plan"]), [("", ["plan"], 30)])

    def test_estimates_are_said_to_be_some(self):
        text = main.estimates(["tests", "plan"])
        self.assertEqual(text, "  first half: tests 40; together 40, at most 150\n  others: plan 15; together 15, at most 30")

    def test_what_makes_no_sense_is_refused(self):
        with tempfile.NamedTemporaryFile() as file:
            for wrong in (["--only", "curves"], ["--half", "third"], ["--only", "tests", "--half", "first"], ["--budget", "0"], ["--out", file.name]):
                with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()):
                    self.options(*wrong)


class Running(unittest.TestCase):
    """Halves of stages that are made up."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out, self.ran = folder.name, []
        self.check = types.SimpleNamespace(out=self.out, log=types.SimpleNamespace(write=lambda text: None))
        known = dict(main._STAGES)
        self.addCleanup(main._STAGES.update, known)
        for name, status in (("tests", "passed"), ("step", "failed"), ("profile", "skipped")):
            main._STAGES[name] = (self.stage(name, status), *known[name][1:])

    def stage(self, name, status):
        def run(check, deadline):
            self.ran.append(name)
            self.began = self.report()["stages"][name]["status"]
            check.save({"rows": [], "failures": []})
            self.seen = self.report()["stages"][name]["status"]
            return {"status": status, "words": "made up"}
        return run

    def report(self):
        with open(os.path.join(self.out, "report.json"), encoding="utf-8") as file:
            return json.load(file)

    def half(self, go_on):
        running = main._Running(self.check, document())
        with contextlib.redirect_stdout(io.StringIO()):
            good = running.half(["tests", "step", "profile"], 150, 1.0, go_on)
        return good

    def test_the_first_failure_is_the_last_stage(self):
        self.assertFalse(self.half(go_on=False))
        self.assertEqual(self.ran, ["tests", "step"])
        self.assertEqual({name: stage["status"] for name, stage in self.report()["stages"].items()}, {"tests": "passed", "step": "failed"})

    def test_it_goes_on_if_asked_and_has_failed_all_the_same(self):
        self.assertFalse(self.half(go_on=True))
        self.assertEqual(self.ran, ["tests", "step", "profile"])

    def test_a_running_stage_leaves_what_it_has(self):
        self.half(go_on=False)
        self.assertEqual((self.began, self.seen), ("running", "running"))


class KernelSuites(unittest.TestCase):
    TESTS = os.path.join(place.CHECK, "..", "..", "tests")
    BENCHMARKS = glob.glob(os.path.join(TESTS, "..", "bench", "*_bench.cpp"))

    @unittest.skipUnless(BENCHMARKS, "there are no sources here")
    def test_the_filter_has_every_suite_that_runs_kernels(self):
        check = types.SimpleNamespace(benchmarks=lambda: [os.path.basename(path)[: -len(".cpp")] for path in self.BENCHMARKS])
        patterns = stages.kernel_filter(check).split(":")
        files = [path for path in glob.glob(os.path.join(self.TESTS, "*", "*_test.cpp")) if os.path.basename(path) != "rooms_test.cpp"]
        # Ops are tested through their cases; these files are tests of kernels too.
        others = ["branch_test.cpp", "step_graph_test.cpp", "device_parity_test.cpp", "which_backend_test.cpp", "model_gradient_test.cpp"]
        suites = set()
        for path in files:
            with open(path, encoding="utf-8") as file:
                text = file.read()
            if '#include "cases/' in text or os.path.basename(path) in others:
                suites.update(re.findall(r"^TEST(?:_F|_P)?\((\w+),", text, re.MULTILINE))
        self.assertIn("EveryPlan", suites)
        for suite in suites:
            for name in (suite + ".Test", "Whole/%s.Test/0" % suite):
                self.assertTrue(any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns), name)
        self.assertFalse(any(fnmatch.fnmatchcase("Recipe.CountsEveryGemm", pattern) for pattern in patterns))

    def test_products_come_first_and_then_short_ones(self):
        names = ["Adam.Long", "Adam.Short", "Whole/EveryPlan.Long/a", "Gemm.Short", "StepPlan.CountsEveryGemmOnce"]
        times = {"Adam.Long": 9, "Adam.Short": 1, "Whole/EveryPlan.Long/a": 8, "Gemm.Short": 2, "StepPlan.CountsEveryGemmOnce": 3}
        self.assertEqual(stages.products_first(names, times), ["Gemm.Short", "Whole/EveryPlan.Long/a", "Adam.Short", "StepPlan.CountsEveryGemmOnce", "Adam.Long"])


class SanitizerFindings(unittest.TestCase):
    def group(self, output, names=("A.B",), done=True):
        group = gtests.Group("memcheck", list(names))
        group.output = output.splitlines()
        if done:
            group.results = {name: {"status": "passed", "milliseconds": 1, "words": ""} for name in names}
        return group

    def result(self, output, code=0, training="========= ERROR SUMMARY: 0 errors", timed_out=False, done=True):
        return stages.sanitizer_result({"memcheck": self.group(output, done=done)},
                                       {"memcheck": Finished(code, training, timed_out, 1.0)})

    def test_clean(self):
        result = self.result("========= ERROR SUMMARY: 0 errors")
        self.assertEqual(result["status"], stages.PASSED)
        self.assertIn("memcheck 1 of 1 tests", result["words"])

    def test_an_error_in_a_passing_test_fails(self):
        result = self.result("========= Invalid __global__ read of size 4 bytes\n========= ERROR SUMMARY: 1 error")
        self.assertEqual(result["status"], stages.FAILED)
        self.assertEqual(result["tools"]["memcheck"]["messages"], ["Invalid __global__ read of size 4 bytes"])

    def test_an_error_in_the_training_fails(self):
        self.assertEqual(self.result("", code=99, training="========= ERROR SUMMARY: 2 errors")["status"], stages.FAILED)

    def test_a_training_that_fails_without_a_finding_fails(self):
        self.assertEqual(self.result("", code=1, training="elbo: no")["status"], stages.FAILED)

    def test_without_trainings(self):
        result = stages.sanitizer_result({"memcheck": self.group("========= ERROR SUMMARY: 0 errors")}, {})
        self.assertEqual((result["status"], result["tools"]["memcheck"]["training"]), (stages.PASSED, "none"))

    def test_out_of_time(self):
        self.assertEqual(self.result("", done=False)["status"], stages.CUT_SHORT)
        self.assertEqual(self.result("", code=-15, timed_out=True)["status"], stages.CUT_SHORT)

    def test_unsupported_device(self):
        self.assertEqual(self.result("========= Error: Device not supported.", code=1)["status"], stages.SKIPPED)


def document():
    host = {"processor": "Some CPU", "cores": 16, "memory_gib": 128.0, "system": "Debian", "kernel": "6", "glibc": "2.36", "python": "3", "nvcc": None}
    gpu = {"name": "NVIDIA H200", "driver_version": "580.1", "memory.total": 143771, "compute_cap": "9.0", "clocks.sm": 345, "clocks.mem": 3201,
           "clocks.max.sm": 1980, "clocks.max.mem": 3201, "power.limit": 700.0, "cuda": "13.0"}
    return {"began": "2026-01-02T03:04:05+00:00", "rehearsal": False, "gpu": gpu, "host": host, "budget": 520, "seconds": 100.0, "finished": True,
            "build": {"from": "bundle", "commit": "abc123", "nvcc": "13.0.88"}}


def stage(status, words, **more):
    return {"status": status, "seconds": 3.0, "budget": 10.0, "words": words, **more}


RESULTS = {
    "tests": stage("failed", "1 failed", failures=[{"test": "A.B", "words": "3 of 17 are off"}], skip_reasons={"threads are the CPU's": 3}),
    "step": stage("passed", "1 timed", rows=[{"configuration": "784-400-400-20, batch 128", "precision": "tf32", "flags": "--overlap", "microseconds": 38.2,
                                              "fastest": 37.9, "examples_per_second": 3.35e6, "peak_percent": 34.2}]),
    "profile": stage("passed", "2 profiled", rows=[{"kernel": "gemm tf32 tile3 y Forward", "ns": 2500, "registers": 78, "blocks": 91, "threads": 128},
                                                   {"kernel": "adam", "ns": None}]),
    "training": stage("passed", "2 trainings", runs=[
        {"precision": "fp32", "training_seconds": 2.0, "examples_per_second": 3e6, "test": {"elbo": -104.5}},
        {"precision": "bf16", "training_seconds": 2.1, "examples_per_second": 2.9e6, "test": {"elbo": None}}]),
    "steps": stage("cut short", "none timed", rows=[]),
    "products": stage("passed", "1 plan", rows=[{"name": "linear_forward/n128_in784_out400_relu_tf32_32x32x64", "microseconds": 4.5,
                                                 "predicted_microseconds": 3.6}]),
    "plan": stage("passed", "1 plans", plans=[{
        "recipe": "mnist-deep", "batch": 128, "precision": "tf32", "microseconds": 61.5, "step_microseconds": 50.25, "ops": [
            {"op": "linear_forward", "shape": "128x784 -> 128x400", "engine": "tensor cores", "tile": "32x64x32", "splits": 2, "flops": 8e7, "bytes": 2e6,
             "microseconds": 4.0},
            {"op": "adam", "shape": "9", "engine": "loops", "tile": None, "splits": 1, "flops": 0.0, "bytes": 252.0, "microseconds": 0.0}]}]),
    "peers": stage("passed", "1 comparison | 1 peer", sections=[{"table": "### b128: batch 128, tf32\n\n| tool | ratio |\n|---|---|\n| elbo | 1 |"}]),
    "microbenchmarks": stage("cut short", "2 cases", rows=[{"name": "adam/n9", "microseconds": 5.0, "roofline_percent": 51.0}, {"name": "x", "error": "no"}]),
    "sanitizer": stage("passed", "no errors", tools={"memcheck": {"errors": 0, "messages": [], "training": "done", "tests": {"total": 5, "not_run": 1}}}),
    "all-tests": stage("running", "it has not ended"),
    "all-sanitizers": stage("skipped", "no time was left for it"),
}


class Report(unittest.TestCase):
    def test_markdown_has_what_counts(self):
        text = report.markdown({**document(), "stages": RESULTS})
        for words in ("# NVIDIA H200, 2026-01-02", "driver 580.1, CUDA 13.0", "SM 345 MHz of 1980", "143771 MiB", "commit abc123, from a bundle",
                      "nvcc: 13.0.88", "3 of 17 are off", "| fp32 | 104.5 | 2 |", "| bf16 | not finite |", "| 784-400-400-20, batch 128 | tf32 | --overlap | 38.2 |",
                      "| gemm tf32 tile3 y Forward | 2.5 |", "| 78 | 91 × 128 |", "| linear_forward/n128_in784_out400_relu_tf32_32x32x64 | 4.5 | 3.6 |",
                      "1 comparison \\| 1 peer", "### b128: batch 128, tf32", "| memcheck | 0 | 4 | 5 | done |", "| adam/n9 | 5 |", "mnist-deep, batch 128, tf32:",
                      "| linear_forward | 128x784 -> 128x400 | tensor cores, 32x64x32, 2 splits | 4 | 20 | 500 |", "| a step as it is trained |  |  | 50.25 |"):
            self.assertIn(words, text)

    def test_tables_have_as_many_cells_as_heads(self):
        text = report.markdown({**document(), "stages": RESULTS}).replace("\\|", "")
        width = 0
        for line in text.splitlines():
            if not line.startswith("|"):
                width = 0
            elif width == 0:
                width = line.count("|")
            self.assertEqual(line.count("|"), width, line)

    def test_empty_stages_are_no_trouble(self):
        empty = {name: stage("skipped", "no time was left for it") for name in main._STAGES}
        text = report.markdown({**document(), "gpu": None, "rehearsal": True, "stages": empty})
        self.assertIn("rehearsal", text)

    def test_files(self):
        with tempfile.TemporaryDirectory() as folder:
            report.write(folder, document(), RESULTS)
            self.assertEqual(sorted(os.listdir(folder)), ["report.json", "report.md"])
            with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
                self.assertEqual(json.load(file)["stages"]["step"]["rows"][0]["microseconds"], 38.2)

    def test_every_stage_has_its_section(self):
        self.assertEqual(set(report._SECTIONS), set(main._STAGES))


class Places(unittest.TestCase):
    def test_device_folder(self):
        self.assertEqual(machine.device_folder("NVIDIA A100-SXM4-80GB", "2026-01-02"), "nvidia-a100-sxm4-80gb-2026-01-02")

    def test_programs_of_a_bundle_and_of_a_build(self):
        with tempfile.TemporaryDirectory() as root:
            options = types.SimpleNamespace(root=root, build=os.path.join(root, "build"), device="cpu")
            check = main.Check(options)
            self.addCleanup(os.rmdir, check.scratch)
            self.assertEqual(check.program("elbo"), os.path.join(root, "build", "elbo"))
            self.assertEqual(check.program("elbo_tests"), os.path.join(root, "build", "tests", "elbo_tests"))
            self.assertEqual(check.program("adam_bench"), os.path.join(root, "build", "bench", "adam_bench"))
            with open(os.path.join(root, "bundle.json"), "w", encoding="utf-8") as file:
                file.write("{}")
            self.assertEqual(check.program("adam_bench"), os.path.join(root, "bin", "adam_bench"))

    def test_python_with_packages(self):
        python, packages = machine.python_with(["json", "no_such_package"])
        self.assertTrue(os.path.exists(python))
        self.assertEqual(packages, ["json"])

    def test_a_stage_that_raises_fails_alone(self):
        check = types.SimpleNamespace(log=types.SimpleNamespace(write=lambda text: None))
        result = main._run_stage(check, "tests", 5)  # lacks what the stage needs
        self.assertEqual(result["status"], stages.FAILED)
        self.assertIn("AttributeError", result["words"])


if __name__ == "__main__":
    unittest.main()
