"""The stages of the first half with programs that are made up: what they are asked, and what is made of their answers."""

import json
import os
import stat
import sys
import tempfile
import time
import types
import unittest
from unittest import mock

import place  # noqa: F401
import machine
import measure
import stages
from run import Log

# Each writes its arguments to asked.txt, a JSON list a line.
PROGRAM = """#!%s
import json, os, sys
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "asked.txt"), "a") as file: file.write(json.dumps(sys.argv) + "\\n")
"""
STEP_BENCH = PROGRAM + """
overlap = "--overlap" in sys.argv
if overlap and "bf16" in sys.argv: sys.exit("no such grid")
print(json.dumps({"threads": None, "median_us": 30.0 if overlap else 40.0, "repeats_us": [41.0, 39.0], "examples_per_second": 3e6, "gflops": 1.0}))
"""
NCU = PROGRAM + """
print('"ID","Kernel Name","Metric Name","Metric Unit","Metric Value"')
print('"0","elbo::cuda::<unnamed>::adam_kernel(float *)","gpu__time_duration.sum","ns","2,560"')
print('"0","elbo::cuda::<unnamed>::adam_kernel(float *)","launch__registers_per_thread","register/thread","39"')
"""
REFUSING_NCU = PROGRAM + """
print("==ERROR== ERR_NVGPUCTRPERM - The user does not have permission"); sys.exit(1)
"""
SANITIZER = PROGRAM + """
at = next(i for i, word in enumerate(sys.argv) if word.startswith("--gtest_filter="))
for name in sys.argv[at][15:].split(":"): print("[ RUN      ]", name); print("[       OK ] %%s (1 ms)" %% name)
print("========= ERROR SUMMARY: 0 errors")
"""
TESTS = PROGRAM + """
print("Whole/EveryPlan.\\n  Agrees/a\\n  Agrees/b")
"""


class Stages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.saved = folder.name, []
        log = Log(os.path.join(self.folder, "log.txt"))
        self.addCleanup(log.close)
        self.check = types.SimpleNamespace(
            device="cuda", cores=4, rehearsal=False, environment={}, precisions=["fp32", "bf16"], scratch=self.folder, log=log, test_times={},
            program=self.path, save=lambda figures: self.saved.append(json.loads(json.dumps(figures))))
        patch = mock.patch.object(machine, "toolkit_program", self.path)
        patch.start()
        self.addCleanup(patch.stop)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text % sys.executable)
        os.chmod(self.path(name), os.stat(self.path(name)).st_mode | stat.S_IXUSR)

    def asked(self):
        with open(self.path("asked.txt"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_a_step_is_timed_with_and_without_overlap_and_saved_as_it_comes(self):
        self.make("step_bench", STEP_BENCH)
        result = measure.step(self.check, time.monotonic() + 60)
        self.assertEqual([(row["precision"], row["flags"], row["microseconds"]) for row in result["rows"]],
                         [("fp32", "", 40.0), ("fp32", "--overlap", 30.0), ("bf16", "", 40.0)])
        self.assertEqual(result["status"], stages.FAILED)
        self.assertIn("no such grid", result["words"])
        self.assertEqual([len(figures["rows"]) for figures in self.saved], [1, 2, 3, 3])
        self.assertTrue(all(words[words.index("--batch") + 1] == "128" for words in self.asked()))

    def test_larger_steps_are_not_of_batch_128(self):
        self.make("step_bench", STEP_BENCH)
        self.check.precisions = ["fp32"]
        measure.steps(self.check, time.monotonic() + 60)
        self.assertEqual([words[words.index("--batch") + 1] for words in self.asked()], ["1024", "8192", "4096"])

    def test_a_step_that_there_is_no_time_for(self):
        self.make("step_bench", STEP_BENCH)
        self.assertEqual(measure.step(self.check, time.monotonic() + 1)["status"], stages.CUT_SHORT)

    def test_profile(self):
        self.make("ncu", NCU)
        result = measure.profile(self.check, time.monotonic() + 60)
        self.assertEqual((result["status"], result["rows"]), (stages.PASSED, [{"kernel": "adam", "ns": 2560, "registers": 39}]))
        self.assertIn("40", self.asked()[0])
        self.assertIn("train.tune=false", self.asked()[0])

    def test_counters_that_may_not_be_read_are_no_failure(self):
        self.make("ncu", REFUSING_NCU)
        result = measure.profile(self.check, time.monotonic() + 60)
        self.assertEqual(result["status"], stages.SKIPPED)
        self.assertIn("ERR_NVGPUCTRPERM", result["words"])

    def test_without_a_gpu_nothing_is_profiled_or_sanitized(self):
        self.check.device = "cpu"
        for stage in (measure.profile, stages.sanitizer):
            self.assertEqual(stage(self.check, time.monotonic() + 60)["status"], stages.SKIPPED)

    def test_sanitizer_looks_at_elbo_s_kernels_with_two_tools(self):
        self.make("elbo_tests", TESTS)
        self.make("compute-sanitizer", SANITIZER)
        result = stages.sanitizer(self.check, time.monotonic() + 60)
        self.assertEqual(result["status"], stages.PASSED)
        self.assertEqual({tool: found["tests"]["passed"] for tool, found in result["tools"].items()}, {"memcheck": 2, "racecheck": 2})
        runs = [words for words in self.asked() if "--tool" in words]
        self.assertTrue(runs and all(words[words.index("--kernel-name") + 1] == "kns=4elbo4cuda" for words in runs))
        self.assertIn("--gtest_filter=*EveryPlan*.*", self.asked()[0])

    def test_compiling_peers_come_last(self):
        tools = [tools for _, tools, _ in measure._COMPARED["cuda"]]
        self.assertTrue(all("compile" not in some for some in tools[:-1]) and "compile" in tools[-1])
        self.assertEqual(tools[0], ["elbo", "eager", "jax"])


if __name__ == "__main__":
    unittest.main()
