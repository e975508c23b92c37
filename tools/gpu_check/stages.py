"""The stages that check: tests and compute-sanitizer. Each takes the check and its deadline and returns {"status", "words",
and its figures}; measure.py has those that measure."""

import os
import threading
import time

import gtests
import machine
import parse
from run import run

PASSED, FAILED, CUT_SHORT, SKIPPED = "passed", "failed", "cut short", "skipped"

# What a GPU can get wrong that the emulation cannot: gemms of every tile, parity with the CPU, recorded steps.
_PRODUCT_SUITES = ["EveryPlan", "Gemm"]
_FIRST_SUITES = [*_PRODUCT_SUITES, "DeviceNoise", "DeviceParity", "StepGraph"]
# Suites of kernels besides those named after an op with a benchmark.
_MORE_KERNEL_SUITES = [*_FIRST_SUITES, "AdvanceStep", "Clip", "Gather", "WhichBackend", "ModelGradient", "ObjectiveGradient", "GradientCheck",
                       "Branches", "Normalize", "SampleWeights", "SkipBeyond", "StepPlan"]


def left(deadline):
    return max(0.0, deadline - time.monotonic())


def _filter(suites):
    return ":".join("*%s*.*" % suite for suite in suites)


def kernel_filter(check):
    ops = [name[: -len("_bench")] for name in check.benchmarks() if name != "step_bench"]
    return _filter(["".join(word.capitalize() for word in op.split("_")) for op in ops] + _MORE_KERNEL_SUITES)


def products_first(names, times):
    """Products first, then short tests first, so that most are done if time runs out."""
    return sorted(names, key=lambda name: (not any(suite in name.split(".")[0] for suite in _PRODUCT_SUITES), times.get(name, 0)))


def _test_environment(check, workers):
    return {"ELBO_TEST_DEVICE": check.device, "ELBO_REQUIRE_TEST_DEVICE": "1", "GOMP_SPINCOUNT": "1000",
            "OMP_NUM_THREADS": str(max(1, check.cores // workers)), **check.environment}


def _run_tests(check, deadline, test_filter, stops):
    workers = max(1, min(8, check.cores // 2))
    environment = _test_environment(check, workers)
    names = products_first(gtests.list_tests(check.program("elbo_tests"), test_filter, environment, check.log, run), {})
    if not names:
        return {"status": FAILED, "words": "the test program lists no tests"}
    group = gtests.Group("tests", names, chunk=max(4, len(names) // (6 * workers)), stops=stops)
    gtests.run_groups(check.log, check.program("elbo_tests"), [group], environment, deadline, workers)
    if not stops:
        gtests.rerun_failed(check.log, check.program("elbo_tests"), group, environment, deadline)
    check.test_times = {name: result["milliseconds"] for name, result in group.results.items()}
    result = gtests.summary(group)
    words = "{passed} passed, {failed} failed, {skipped} skipped of {total}".format(**result)
    bad = result["failed"] or result["bad_ends"] or not result["passed"]
    if result["not_run"]:
        words += ", %d not run %s" % (result["not_run"], "after that" if bad and stops else "in time")
    return {"status": FAILED if bad else CUT_SHORT if result["not_run"] else PASSED, "words": words, **result}


def tests(check, deadline):
    """Tests of gemms, parity and recorded steps on the device, up to the first that fails."""
    return _run_tests(check, deadline, _filter(_FIRST_SUITES), stops=True)


def all_tests(check, deadline):
    """The test program on the device: all of it on a GPU, the kernels' tests in a rehearsal."""
    return _run_tests(check, deadline, "*" if check.device == "cuda" else kernel_filter(check), stops=False)


def sanitizer(check, deadline):
    """compute-sanitizer's memcheck and racecheck over the gemms of every tile, of elbo's kernels alone."""
    return _sanitize(check, deadline, ["memcheck", "racecheck"], "*EveryPlan*.*", [])


def all_sanitizers(check, deadline):
    """compute-sanitizer's four tools over the kernels' tests and a short training each, all at once."""
    tools = ["memcheck", "racecheck", "initcheck", "synccheck"]
    return _sanitize(check, deadline, tools, kernel_filter(check), tools)


def _sanitize(check, deadline, tools, test_filter, trained_tools):
    if check.device != "cuda":
        return {"status": SKIPPED, "words": "compute-sanitizer checks kernels on a GPU"}
    checker = machine.toolkit_program("compute-sanitizer")
    if not checker:
        return {"status": SKIPPED, "words": "compute-sanitizer is not on this machine (it comes with the CUDA toolkit)"}
    environment = _test_environment(check, 8)
    names = products_first(gtests.list_tests(check.program("elbo_tests"), test_filter, environment, check.log, run), check.test_times)
    if not names:
        return {"status": FAILED, "words": "the test program lists no such tests"}

    def prefix(tool):  # cuBLAS's own kernels would take most of the time
        return [checker, "--tool", tool, "--kernel-name", "kns=4elbo4cuda", "--error-exitcode", "99"]

    workers = max(4, min(8, check.cores // 2))
    groups = [gtests.Group(tool, names, prefix(tool), chunk=max(1, min(24, len(names) * len(tools) // workers)), hangs=180) for tool in tools]
    trained = {}

    def train(tool):
        command = [*prefix(tool), check.program("elbo"), "train", "mnist-deep", "--data", "digits",
                   "--epochs", "1", "--device", check.device, "--out", os.path.join(check.scratch, "train-" + tool)]
        trained[tool] = run(check.log, command, left(deadline), environment)

    threads = [threading.Thread(target=train, args=(tool,)) for tool in trained_tools]
    for thread in threads:
        thread.start()
    gtests.run_groups(check.log, check.program("elbo_tests"), groups, environment, deadline, workers)
    for thread in threads:
        thread.join()
    return sanitizer_result({group.key: group for group in groups}, trained)


def _training_words(done):
    return "none" if done is None else "done" if done.ok else done.complaint()


def sanitizer_result(groups, trained):
    """Puts the tools' findings together."""
    found, problems, cut, unsupported = {}, [], False, ""
    for tool, group in groups.items():
        done = trained.get(tool)
        tests_found = parse.sanitizer("\n".join(group.output))
        training_found = parse.sanitizer(done.output if done else "")
        unsupported = unsupported or tests_found["unsupported"] or training_found["unsupported"]
        result = gtests.summary(group)
        errors = (tests_found["errors"] or 0) + (training_found["errors"] or 0)
        found[tool] = {"errors": errors, "messages": (tests_found["messages"] + training_found["messages"])[:20],
                       "tests": result, "training": _training_words(done)}
        cut = cut or bool(result["not_run"]) or bool(done and done.timed_out)
        if errors:
            problems.append("%s: %d errors" % (tool, errors))
        elif result["failed"] or result["bad_ends"]:
            problems.append("%s: %d tests fail under it" % (tool, max(result["failed"], len(result["bad_ends"]))))
        elif done and not done.ok and not done.timed_out:
            problems.append("%s: the training failed: %s" % (tool, done.complaint()))
    if unsupported:
        return {"status": SKIPPED, "words": "compute-sanitizer does not work here: " + unsupported}
    coverage = ", ".join("%s %d of %d tests" % (tool, f["tests"]["total"] - f["tests"]["not_run"], f["tests"]["total"]) for tool, f in found.items())
    return {"status": FAILED if problems else CUT_SHORT if cut else PASSED,
            "words": "; ".join((problems or ["no errors"]) + [coverage]), "tools": found}
