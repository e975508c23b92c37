"""Programs under time limits, and tests that crash, hang or break later tests."""

import os
import stat
import subprocess
import sys
import tempfile
import time
import unittest

import place
import gtests
from run import Log, run

# Prints like a GoogleTest program. Tests do what their names say.
FAKE = """#!%s
import os, sys, time
tests = ["S.Good", "S.Skips", "S.Fails", "S.Crashes", "S.Hangs", "S.Last", "S.SpoiledBySpoils"]
chosen = [a.split("=", 1)[1] for a in sys.argv if a.startswith("--gtest_filter=")][0]
if "--gtest_list_tests" in sys.argv:
    print("S.\\n" + "\\n".join("  " + t[2:] for t in tests)); sys.exit()
chosen, failed = chosen.split(":"), False
for test in chosen:
    print("[ RUN      ]", test, flush=True)
    if test == "S.Crashes": os.abort()
    if test == "S.Hangs": time.sleep(100)
    if test == "S.Skips": print("a.cpp:1: Skipped\\nno such thing")
    bad = test == "S.Fails" or test == "S.SpoiledBySpoils" and len(chosen) > 1
    failed = failed or bad
    word = "  FAILED  " if bad else "  SKIPPED " if test == "S.Skips" else "       OK "
    print("[%%s] %%s (1 ms)" %% (word, test), flush=True)
sys.exit(1 if failed else int(os.environ.get("BAD_END", "0")))
"""


class Folder(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = self._folder.name
        self.log = Log(os.path.join(self.folder, "log.txt"))
        self.fake = os.path.join(self.folder, "fake_tests")
        with open(self.fake, "w", encoding="utf-8") as file:
            file.write(FAKE % sys.executable)
        os.chmod(self.fake, os.stat(self.fake).st_mode | stat.S_IXUSR)

    def tearDown(self):
        self.log.close()
        self._folder.cleanup()

    def logged(self):
        with open(os.path.join(self.folder, "log.txt"), encoding="utf-8") as file:
            return file.read()


class Run(Folder):
    def test_output_and_exit_code(self):
        done = run(self.log, [sys.executable, "-c", "import sys; print('hello'); sys.exit(3)"], 20)
        self.assertEqual((done.code, done.output, done.timed_out, done.ok), (3, "hello", False, False))
        self.assertEqual(done.complaint(), "exit code 3: hello")
        self.assertIn("hello", self.logged())

    def test_time_runs_out_and_what_was_printed_stays(self):
        began = time.monotonic()
        done = run(self.log, [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"], 1)
        self.assertTrue(done.timed_out)
        self.assertLess(time.monotonic() - began, 20)
        self.assertIn("begun", done.output)
        self.assertIn("out of time", self.logged())

    def test_its_children_end_with_it(self):
        code = "import subprocess,sys; p=subprocess.Popen(['sleep','60']); print(p.pid, flush=True); p.wait()"
        self.assert_gone(int(run(self.log, [sys.executable, "-c", code], 1).output))

    def assert_gone(self, pid):
        with self.assertRaises(ProcessLookupError):
            for _ in range(50):  # another process reaps an orphan, after an unknown time
                os.kill(pid, 0)
                with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
                    if file.read().split(")")[1].split()[0] == "Z":
                        raise ProcessLookupError
                time.sleep(0.1)

    def test_a_check_that_is_ended_ends_its_programs(self):
        code = ("import signal, sys; sys.path.insert(0, %r); import run\n"
                "signal.signal(signal.SIGTERM, lambda *_: run.end_programs() or run.os._exit(143))\n"
                "program = run.Program(['sleep', '60']); print(program._process.pid, flush=True); program.end(kill=False)" % place.CHECK)
        check = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        pid = int(check.stdout.readline())
        check.terminate()
        self.assertEqual(check.wait(20), 143)
        check.stdout.close()
        self.assert_gone(pid)

    def test_a_program_that_is_not_there(self):
        self.assertEqual(run(self.log, [os.path.join(self.folder, "none")], 1).code, 127)


class Tests(Folder):
    def run_all(self, names, hangs=60, seconds=60, workers=1, chunk=16):
        group = gtests.Group("g", names, chunk=chunk, hangs=hangs)
        gtests.run_groups(self.log, self.fake, [group], {}, time.monotonic() + seconds, workers)
        return group

    def status(self, group):
        return {name: result["status"] for name, result in group.results.items()}

    def test_lists(self):
        self.assertIn("S.Crashes", gtests.list_tests(self.fake, "*", {}, self.log, run))

    def test_those_after_a_crash_still_run(self):
        group = self.run_all(["S.Good", "S.Crashes", "S.Last", "S.Skips"])
        self.assertEqual(self.status(group), {"S.Good": "passed", "S.Crashes": "failed", "S.Last": "passed", "S.Skips": "skipped"})
        self.assertIn("exit code -6", group.results["S.Crashes"]["words"])

    def test_those_after_a_hanging_one_still_run(self):
        group = self.run_all(["S.Good", "S.Hangs", "S.Last"], hangs=2)
        self.assertEqual(self.status(group), {"S.Good": "passed", "S.Hangs": "failed", "S.Last": "passed"})
        self.assertIn("hung", group.results["S.Hangs"]["words"])

    def test_out_of_time_is_not_a_failure(self):
        group = self.run_all(["S.Good", "S.Hangs", "S.Last"], seconds=2)
        self.assertEqual(self.status(group), {"S.Good": "passed"})
        self.assertEqual(gtests.summary(group)["not_run"], 2)

    def test_parallel_processes_run_each_test_once(self):
        group = self.run_all(["S.Good", "S.Skips", "S.Fails", "S.Last"], workers=3, chunk=1)
        result = gtests.summary(group)
        self.assertEqual((result["passed"], result["failed"], result["skipped"], result["not_run"]), (2, 1, 1, 0))
        self.assertEqual(result["skip_reasons"], {"no such thing": 1})
        self.assertEqual(self.logged().count("[ RUN      ]"), 4)

    def test_a_test_that_fails_only_after_another_is_told_apart(self):
        group = self.run_all(["S.Fails", "S.SpoiledBySpoils"])
        self.assertEqual(gtests.summary(group)["failed"], 2)
        gtests.rerun_failed(self.log, self.fake, group, {}, time.monotonic() + 60)
        result = gtests.summary(group)
        self.assertEqual([failure["test"] for failure in result["failures"]], ["S.Fails"])
        self.assertEqual(result["only_after_others"], ["S.SpoiledBySpoils"])

    def test_a_group_that_stops_begins_none_after_a_failure(self):
        for bad in ("S.Fails", "S.Crashes"):
            group = gtests.Group("g", ["S.Good", bad, "S.Hangs", "S.Last"], chunk=3, stops=True)
            began = time.monotonic()
            gtests.run_groups(self.log, self.fake, [group], {}, time.monotonic() + 60, 1)
            self.assertLess(time.monotonic() - began, 30)
            self.assertEqual(self.status(group), {"S.Good": "passed", bad: "failed"})
            self.assertEqual(gtests.summary(group)["not_run"], 2)

    def test_a_process_that_ends_badly_is_seen(self):
        group = gtests.Group("g", ["S.Good"])
        gtests.run_groups(self.log, self.fake, [group], {"BAD_END": "99"}, time.monotonic() + 60, 1)
        self.assertEqual((gtests.summary(group)["passed"], group.bad_ends), (1, [99]))

    def test_a_program_that_does_not_start_fails_its_tests(self):
        self.fake = os.path.join(self.folder, "broken")
        with open(self.fake, "w", encoding="utf-8") as file:
            file.write("#!%s\nraise SystemExit(5)\n" % sys.executable)
        os.chmod(self.fake, 0o755)
        self.assertEqual(self.status(self.run_all(["S.Good", "S.Last"])), {"S.Good": "failed", "S.Last": "failed"})


if __name__ == "__main__":
    unittest.main()
