"""Sharing of time, comparing and drawing curves, combining findings, the report."""

import fnmatch
import glob
import importlib.util
import json
import os
import re
import tempfile
import types
import unittest
import xml.etree.ElementTree

import place
import curves
import gtests
import machine
import report
import stages
from run import Finished

_spec = importlib.util.spec_from_file_location("check_main", os.path.join(place.CHECK, "__main__.py"))
main = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(main)


def epochs(*values):
    return [{"epoch": i + 1, "train": {"elbo": value, "reconstruction": 1.0, "kl": 1.0}} for i, value in enumerate(values)]


class Time(unittest.TestCase):
    def total(self, budget, use):
        """Simulates all stages; each uses the fraction `use` of its time. Returns seconds used and stages left out."""
        names, left, out = list(main._STAGES), budget, []
        plan = main.shares(budget, names)
        for i, name in enumerate(names):
            given = main.time_for(name, left, plan, names[i + 1 :])
            self.assertLessEqual(given, left)
            out += [name] if given == 0 else []
            left -= given * use
        return budget - left, out

    def test_greedy_stages_keep_to_the_budget_and_leave_none_out(self):
        for budget in (60, 200, 520, 2000):
            used, out = self.total(budget, use=1.0)
            self.assertLessEqual(used, budget + 1e-6)
            self.assertEqual(out, [])

    def test_a_stage_without_the_time_it_needs_is_left_out(self):
        plan = main.shares(520, ["tests", "sanitizer"])
        self.assertEqual(main.time_for("sanitizer", 5, plan, []), 0.0)

    def test_the_last_stage_takes_what_there_is(self):
        plan = main.shares(520, ["tests"])
        self.assertEqual(main.time_for("tests", 400, plan, []), 400)


class Curves(unittest.TestCase):
    def test_differences(self):
        result = curves.compare(epochs(-200.0, -100.0), epochs(-201.0, -99.5, -90.0))
        self.assertEqual([row["difference"] for row in result["epochs"]], [1.0, -0.5])
        self.assertEqual(result["largest_difference"], 1.0)
        self.assertAlmostEqual(result["largest_relative"], 0.005)

    def test_nothing_in_common(self):
        self.assertIsNone(curves.compare(epochs(None), epochs(-1.0))["largest_relative"])

    def test_picture_is_xml_with_every_point(self):
        picture = curves.svg("a <b> & c", {"CPU, fp32": [(1, 200.0), (2, 150.0), (3, 140.0)], "GPU": [(1, 201.0), (2, 149.0)], "none": []})
        root = xml.etree.ElementTree.fromstring(picture)
        lines = root.findall("{http://www.w3.org/2000/svg}polyline")
        self.assertEqual([len(line.get("points").split()) for line in lines], [3, 2])
        inside = [tuple(map(float, point.split(","))) for line in lines for point in line.get("points").split()]
        self.assertTrue(all(curves._LEFT <= x <= curves._WIDTH - curves._RIGHT for x, _ in inside))
        self.assertTrue(all(curves._TOP <= y <= curves._HEIGHT - curves._BOTTOM for _, y in inside))
        self.assertLess(inside[1][1] - inside[2][1], 0)  # lower values are drawn lower

    def test_one_point_and_none(self):
        self.assertIsNotNone(curves.svg("t", {"a": [(1, 5.0)]}))
        self.assertIsNone(curves.svg("t", {"a": []}))

    def test_ticks_are_round_and_within(self):
        self.assertEqual(curves._ticks(100, 200, 5), [100, 120, 140, 160, 180, 200])
        self.assertEqual(curves._ticks(103.2, 109.9, 7), [104, 105, 106, 107, 108, 109])


class KernelSuites(unittest.TestCase):
    TESTS = os.path.join(place.CHECK, "..", "..", "tests")
    BENCHMARKS = glob.glob(os.path.join(TESTS, "..", "bench", "*_bench.cpp"))

    @unittest.skipUnless(BENCHMARKS, "there are no sources here")
    def test_the_filter_has_every_suite_that_runs_kernels(self):
        check = types.SimpleNamespace(benchmarks=lambda: [os.path.basename(path)[: -len(".cpp")] for path in self.BENCHMARKS])
        patterns = stages._kernel_filter(check).split(":")
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
        self.assertEqual(stages.sanitizer_order(names, times), ["Gemm.Short", "Whole/EveryPlan.Long/a", "Adam.Short", "StepPlan.CountsEveryGemmOnce", "Adam.Long"])


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
    "training": stage("passed", "2 trainings", runs=[
        {"precision": "fp32", "seed": 1, "training_seconds": 2.0, "examples_per_second": 3e6, "test": {"elbo": -104.5}},
        {"precision": "fp32", "seed": 2, "training_seconds": 2.1, "examples_per_second": 2.9e6, "test": {"elbo": -104.7}}]),
    "curves": stage("passed", "close", picture="curves.svg", compared={"fp32": curves.compare(epochs(-200.0), epochs(-200.5))}),
    "steps": stage("passed", "1 timed", rows=[{"configuration": "784-400-400-20, batch 128", "precision": "tf32", "microseconds": 38.2,
                                               "fastest": 37.9, "examples_per_second": 3.35e6, "peak_percent": 34.2}]),
    "plan": stage("passed", "1 plans", plans=[{
        "recipe": "mnist-deep", "batch": 128, "precision": "tf32", "microseconds": 61.5, "step_microseconds": 50.25, "ops": [
            {"op": "linear_forward", "shape": "128x784 -> 128x400", "engine": "tensor cores", "tile": "32x64x32", "splits": 2, "flops": 8e7, "bytes": 2e6,
             "microseconds": 4.0},
            {"op": "adam", "shape": "9", "engine": "loops", "tile": None, "splits": 1, "flops": 0.0, "bytes": 252.0, "microseconds": 0.0}]}]),
    "peers": stage("passed", "1 comparison | 1 peer", sections=[{"table": "### b128: batch 128, tf32\n\n| tool | ratio |\n|---|---|\n| elbo | 1 |"}]),
    "microbenchmarks": stage("cut short", "2 cases", rows=[{"name": "adam/n9", "microseconds": 5.0, "roofline_percent": 51.0}, {"name": "x", "error": "no"}]),
    "sanitizer": stage("passed", "no errors", tools={"memcheck": {"errors": 0, "messages": [], "training": "done", "tests": {"total": 5, "not_run": 1}}}),
}


class Report(unittest.TestCase):
    def test_markdown_has_what_counts(self):
        text = report.markdown({**document(), "stages": RESULTS})
        for words in ("# NVIDIA H200, 2026-01-02", "driver 580.1, CUDA 13.0", "SM 345 MHz of 1980", "143771 MiB", "commit abc123, from a bundle",
                      "nvcc: 13.0.88", "3 of 17 are off", "| fp32 | 2 | 104.6 |", "![curves](curves.svg)", "| 784-400-400-20, batch 128 | tf32 | 38.2 |",
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
                self.assertEqual(json.load(file)["stages"]["steps"]["rows"][0]["microseconds"], 38.2)

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
