"""The check's parsing of its programs' output, on samples in those programs' formats."""

import json
import unittest

import place  # noqa: F401  (the check's own folder on the path)
import parse

GTEST = """\
Note: Google Test filter = Adam*
[==========] Running 4 tests from 2 test suites.
[----------] 4 tests from Adam
[ RUN      ] Adam.IsItsFormula
[       OK ] Adam.IsItsFormula (12 ms)
[ RUN      ] Adam.ThreadsGiveTheSame
/src/tests/adam_test.cpp:175: Skipped
threads are the CPU's
[  SKIPPED ] Adam.ThreadsGiveTheSame (0 ms)
[ RUN      ] Shapes/AdamCases.Agrees/n17
/src/tests/adam_test.cpp:40: Failure
Value of: near_all
  Actual: false (3 of 17 values are off)
[  FAILED  ] Shapes/AdamCases.Agrees/n17, where GetParam() = n 17, with a comma (3 ms)
[ RUN      ] Adam.Crashes
terminate called
"""


class Gtest(unittest.TestCase):
    def test_list(self):
        text = "Running main() from gtest_main.cc\nAdam.\n  IsItsFormula\nShapes/AdamCases.\n  Agrees/n17  # GetParam() = n 17\n"
        self.assertEqual(parse.gtest_list(text), ["Adam.IsItsFormula", "Shapes/AdamCases.Agrees/n17"])

    def test_stream(self):
        stream = parse.GtestStream()
        for line in GTEST.splitlines():
            stream.feed(line)
        self.assertEqual({name: r["status"] for name, r in stream.results.items()},
                         {"Adam.IsItsFormula": "passed", "Adam.ThreadsGiveTheSame": "skipped", "Shapes/AdamCases.Agrees/n17": "failed"})
        self.assertEqual(stream.results["Adam.IsItsFormula"]["milliseconds"], 12)
        self.assertIn("3 of 17 values are off", stream.results["Shapes/AdamCases.Agrees/n17"]["words"])
        self.assertEqual(parse.skip_reason(stream.results["Adam.ThreadsGiveTheSame"]["words"]), "threads are the CPU's")
        self.assertEqual(stream.running, "Adam.Crashes")

    def test_the_closing_list_of_failures_counts_nothing_twice(self):
        stream = parse.GtestStream()
        for line in ("[ RUN      ] A.B", "[  FAILED  ] A.B (7 ms)", "[  FAILED  ] 1 test, listed below:", "[  FAILED  ] A.B", " 1 FAILED TEST"):
            stream.feed(line)
        self.assertEqual(stream.results["A.B"]["milliseconds"], 7)
        self.assertEqual(len(stream.results), 1)


class Sanitizer(unittest.TestCase):
    def test_clean(self):
        text = "========= COMPUTE-SANITIZER\n[ RUN      ] A.B\n========= ERROR SUMMARY: 0 errors\n"
        self.assertEqual(parse.sanitizer(text), {"errors": 0, "messages": [], "unsupported": ""})

    def test_memcheck(self):
        text = """========= COMPUTE-SANITIZER
========= Invalid __global__ write of size 4 bytes
=========     at elbo::adam_kernel(float *)+0x60
=========     by thread (32,0,0) in block (0,0,0)
=========     Address 0x7f1 is out of bounds
=========     Saved host backtrace up to driver entry point at kernel launch time
=========         Host Frame: main [0x12]
=========
========= Invalid __global__ write of size 4 bytes
=========     at elbo::adam_kernel(float *)+0x60
=========     by thread (33,0,0) in block (0,0,0)
=========
========= ERROR SUMMARY: 2 errors
"""
        found = parse.sanitizer(text)
        self.assertEqual(found["errors"], 2)
        self.assertEqual(found["messages"], ["Invalid __global__ write of size 4 bytes at elbo::adam_kernel(float *)+0x60"])

    def test_racecheck(self):
        text = """========= COMPUTE-SANITIZER
========= Error: Race reported between Write access at elbo::sum(float *)+0x80
=========     and Read access at elbo::sum(float *)+0xb0 [992 hazards]
=========
========= RACECHECK SUMMARY: 1 hazard displayed (1 error, 0 warnings)
"""
        found = parse.sanitizer(text)
        self.assertEqual(found["errors"], 1)
        self.assertIn("Race reported", found["messages"][0])

    def test_several_processes_add_up(self):
        text = "========= ERROR SUMMARY: 1 error\n========= ERROR SUMMARY: 3 errors\n"
        self.assertEqual(parse.sanitizer(text)["errors"], 4)

    def test_cut_off_before_the_summary(self):
        self.assertIsNone(parse.sanitizer("========= COMPUTE-SANITIZER\n[ RUN      ] A.B\n")["errors"])

    def test_unsupported_device(self):
        text = "========= COMPUTE-SANITIZER\n========= Error: Device not supported. Please refer to the \"Supported Devices\" section\n"
        self.assertIn("Device not supported", parse.sanitizer(text)["unsupported"])


BENCHMARK = {
    "context": {"date": "2026-01-01T00:00:00+00:00", "num_cpus": 2},
    "benchmarks": [
        {"name": "adam/n1000000/manual_time", "run_type": "iteration", "iterations": 100, "real_time": 10.5, "time_unit": "us",
         "GB/s": 2000.5, "median_us": 10.25, "roofline_%": 51.0},
        {"name": "linear_forward/128x400x784/manual_time", "run_type": "iteration", "iterations": 100, "real_time": 5.0, "time_unit": "us",
         "GB/s": 300.0, "TFLOP/s": 16.0, "median_us": 5.0, "roofline_%": 20.0},
        {"name": "broken/manual_time", "error_occurred": True, "error_message": "no device"},
    ],
}


class Benchmarks(unittest.TestCase):
    def test_rows(self):
        rows = parse.benchmarks(json.dumps(BENCHMARK))
        self.assertEqual(rows[0], {"name": "adam/n1000000", "microseconds": 10.25, "gigabytes_per_second": 2000.5, "roofline_percent": 51.0})
        self.assertEqual(rows[1]["tflops"], 16.0)
        self.assertEqual(rows[2], {"name": "broken", "error": "no device"})

    def test_a_file_cut_off_anywhere_gives_the_rows_before(self):
        text = json.dumps(BENCHMARK, indent=2)
        second = text.index('"linear_forward')
        for cut in range(second, len(text) - 1, 7):
            names = [row["name"] for row in parse.benchmarks(text[:cut])]
            self.assertEqual(names, ["adam/n1000000", "linear_forward/128x400x784", "broken"][: len(names)])
            self.assertGreaterEqual(len(names), 1, cut)
        self.assertEqual(parse.benchmarks(text[:40]), [])
        self.assertEqual(parse.benchmarks(""), [])


STEP = ('{"tool":"elbo","recipe":"mnist-deep","batch":128,"widths":[784,400,400,20],"precision":"tf32","steps":400,"device":"NVIDIA H200",'
        '"threads":null,"versions":{"elbo":"0.1.0"},"settings":{},"median_us":38.0,"repeats_us":[38.5,37.5,38.0],'
        '"examples_per_second":3368421.0,"gflops":17000.0,"peak_gflops":%s,"epoch_seconds":[0.03,0.02,0.025],"negative_elbo":200.1}')


class Step(unittest.TestCase):
    def test_figures(self):
        self.assertEqual(parse.step("a word of warning\n" + STEP % "34000.0" + "\n"),
                         {"device": "cuda", "microseconds": 38.0, "fastest": 37.5, "examples_per_second": 3368421.0, "gflops": 17000.0,
                          "peak_percent": 50.0, "epoch_seconds": 0.025})

    def test_without_a_peak(self):
        self.assertNotIn("peak_percent", parse.step(STEP % "null"))

    def test_nothing_from_a_failed_run(self):
        self.assertIsNone(parse.step("step_bench: unknown option --x"))
        self.assertIsNone(parse.step((STEP % "1.0")[:100]))


NCU = """\
==PROF== Connected to process 77 (step_bench)
==PROF== Profiling "gather_kernel" - 0: 0%....50%....100% - 3 passes
{"tool":"elbo","median_us":9000.0}
"ID","Process ID","Process Name","Host Name","Kernel Name","Context","Stream","Block Size","Grid Size","Device","CC","Section Name","Metric Name","Metric Unit","Metric Value"
"0","77","step_bench","127.0.0.1","elbo::cuda::<unnamed>::gather_kernel(int, long)","1","7","(256, 1, 1)","(98, 1, 1)","0","9.0","Command line profiler metrics","gpu__time_duration.sum","ns","2,560"
"0","77","step_bench","127.0.0.1","elbo::cuda::<unnamed>::gather_kernel(int, long)","1","7","(256, 1, 1)","(98, 1, 1)","0","9.0","Command line profiler metrics","sm__throughput.avg.pct_of_peak_sustained_elapsed","%","12.50"
"1","77","step_bench","127.0.0.1","elbo::cuda::adam_kernel(float *)","1","7","(256, 1, 1)","(98, 1, 1)","0","9.0","Command line profiler metrics","gpu__time_duration.sum","ns","n/a"
==PROF== Disconnected from process 77
"""


class Profile(unittest.TestCase):
    NAMES = {"gpu__time_duration.sum": "ns", "sm__throughput.avg.pct_of_peak_sustained_elapsed": "percent"}

    def test_kernels(self):
        self.assertEqual(parse.profile(NCU, self.NAMES), [
            {"kernel": "elbo::cuda::<unnamed>::gather_kernel(int, long)", "ns": 2560, "percent": 12.5},
            {"kernel": "elbo::cuda::adam_kernel(float *)", "ns": None}])

    def test_cut_off(self):
        self.assertEqual(parse.profile(NCU[: NCU.index('"0","77"')], self.NAMES), [])
        self.assertEqual(parse.profile("", self.NAMES), [])

    def test_refusal(self):
        self.assertEqual(parse.ncu_refusal("x\n==ERROR== ERR_NVGPUCTRPERM - The user does not have permission\n"), "ERR_NVGPUCTRPERM - The user does not have permission")
        self.assertEqual(parse.ncu_refusal(NCU), "")


class Machine(unittest.TestCase):
    def test_fields(self):
        fields = ["name", "memory.total", "power.draw", "mig.mode.current"]
        gpus = parse.nvidia_smi("NVIDIA H200, 143771, 75.42, [N/A]\nNVIDIA H200, 143771, [Not Supported], Disabled\n", fields)
        self.assertEqual(gpus[0], {"name": "NVIDIA H200", "memory.total": 143771, "power.draw": 75.42, "mig.mode.current": None})
        self.assertIsNone(gpus[1]["power.draw"])

    def test_a_complaint_is_no_gpu(self):
        self.assertEqual(parse.nvidia_smi("Field \"x\" is not a valid field to query.\n", ["name", "x"]), [])

    def test_cuda_version(self):
        self.assertEqual(parse.cuda_version("| NVIDIA-SMI 580.1   Driver Version: 580.1   CUDA Version: 13.0     |"), "13.0")
        self.assertIsNone(parse.cuda_version("NVIDIA-SMI has failed"))


class Metrics(unittest.TestCase):
    def test_a_last_line_cut_off_is_left_out(self):
        self.assertEqual(parse.metrics('{"epoch": 1, "train": {"elbo": -5.0}}\n{"epoch": 2, "tr'), [{"epoch": 1, "train": {"elbo": -5.0}}])


if __name__ == "__main__":
    unittest.main()
