"""Runs a GoogleTest program's tests in parallel processes. A test that ends its program or hangs fails alone: those
after it run in a new process."""

import threading
import time

import parse
from run import Program


class Group:
    """Tests that share a command line: `prefix` comes before the program (a checker), `key` names the group; after
    `hangs` seconds one test counts as hanging; with `stops` none begins after one has failed."""

    def __init__(self, key, tests, prefix=(), chunk=16, hangs=60, stops=False):
        self.key, self.prefix, self.hangs, self.stops = key, list(prefix), hangs, stops
        self.chunks = [tests[i : i + chunk] for i in range(0, len(tests), chunk)]
        self.total = len(tests)
        self.results = {}
        self.output = []  # all lines, including a checker's
        self.bad_ends = []  # exit codes of processes that failed although their tests did not

    @property
    def stopped(self):
        return self.stops and any(result["status"] == "failed" for result in list(self.results.values()))


def list_tests(program, test_filter, environment, log, run):
    finished = run(log, [program, "--gtest_list_tests", "--gtest_filter=" + test_filter], 60, environment)
    return parse.gtest_list(finished.output) if finished.ok else []


def _run_chunk(log, program, group, tests, environment, deadline):
    """Runs these tests in one process; returns those not run if it ends early."""
    stream = parse.GtestStream()
    process = Program(group.prefix + [program, "--gtest_filter=" + ":".join(tests), "--gtest_color=no"], environment)
    last, kill, block = time.monotonic(), "", []
    while not kill:
        lines = process.lines(0.5)
        if lines is None:
            break
        for line in lines:
            block.append(line)
            if stream.feed(line):
                last = time.monotonic()
            if not stream.running and block:  # keeps a test's lines together, though processes run in parallel
                log.write("\n".join(block))
                group.output += block
                block = []
        now = time.monotonic()
        kill = "out of time" if now > deadline else "hung" if now - last > group.hangs else ""
        failed = any(result["status"] == "failed" for result in stream.results.values())
        kill = kill or ("stopped after a failure" if group.stops and (failed or group.stopped) else "")
    code = process.end(kill=bool(kill))
    log.write("\n".join(block + ["[%s]" % (kill or "exit code %d" % code)]))
    group.output += block
    if stream.running and kill in ("", "hung"):
        why = "hung for %d s" % group.hangs if kill else "ended its program with exit code %d" % code
        stream.feed(why)
        stream.end("failed", 1000 * group.hangs if kill else 0)
    group.results.update(stream.results)
    if code and not kill and all(result["status"] != "failed" for result in stream.results.values()):
        group.bad_ends.append(code)
    if kill not in ("", "hung") or group.stopped:
        return []
    if not stream.results:  # it does not even start
        why = {"status": "failed", "milliseconds": 0, "words": "the program ended with exit code %d before the test" % code}
        group.results[tests[0]] = why
    return [test for test in tests if test not in group.results]


def run_groups(log, program, groups, environment, deadline, workers):
    """Fills each group's results until the deadline; groups take turns, so that each gets its share."""
    queue, lock = [], threading.Lock()
    for turn in range(max((len(group.chunks) for group in groups), default=0)):
        queue += [(group, group.chunks[turn]) for group in groups if turn < len(group.chunks)]

    def work():
        while time.monotonic() < deadline:
            with lock:
                if not queue:
                    return
                group, tests = queue.pop(0)
            if group.stopped:
                continue
            left = _run_chunk(log, program, group, tests, environment, deadline)
            if left:
                with lock:
                    queue.insert(0, (group, left))

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def rerun_failed(log, program, group, environment, deadline, most=20):
    """Runs failed tests again, each alone, as a persistent device error fails all tests after it."""
    failed = [name for name, result in group.results.items() if result["status"] == "failed"]
    if len(failed) < 2:
        return
    for name in failed[:most]:
        if time.monotonic() > deadline:
            return
        again = Group(group.key, [name], group.prefix, hangs=group.hangs)
        _run_chunk(log, program, again, [name], environment, deadline)
        if again.results.get(name, {}).get("status") == "passed":
            group.results[name].update(status="passed", words="failed after another test, passed alone")


def summary(group):
    """Counts, and the messages of failed tests."""
    by = {status: [] for status in ("passed", "failed", "skipped")}
    for name, result in sorted(group.results.items()):
        by[result["status"]].append(name)
    reasons = {}
    for name in by["skipped"]:
        reason = parse.skip_reason(group.results[name]["words"])
        reasons[reason] = reasons.get(reason, 0) + 1
    return {
        "total": group.total, "bad_ends": group.bad_ends, "passed": len(by["passed"]), "failed": len(by["failed"]), "skipped": len(by["skipped"]),
        "not_run": group.total - len(group.results),
        "failures": [{"test": name, "words": group.results[name]["words"]} for name in by["failed"]],
        "only_after_others": [name for name in by["passed"] if group.results[name]["words"].startswith("failed after")],
        "skip_reasons": reasons,
        "slowest": sorted(((r["milliseconds"], n) for n, r in group.results.items()), reverse=True)[:5],
    }
