"""The stages of the check. Each takes the check and its deadline and returns {"status", "words", and its figures}."""

import json
import os
import threading
import time

import curves
import gtests
import machine
import parse
from run import run

PASSED, FAILED, CUT_SHORT, SKIPPED = "passed", "failed", "cut short", "skipped"

# Suites of kernels besides those named after an op with a benchmark: first the products of every tile, whose
# blocks use shared memory most.
_GEMM_SUITES = ["EveryPlan", "Gemm"]
_MORE_KERNEL_SUITES = [*_GEMM_SUITES, "AdvanceStep", "Clip", "Gather", "WhichBackend", "DeviceParity", "DeviceNoise", "ModelGradient", "ObjectiveGradient", "GradientCheck",
                       "Branches", "Normalize", "SampleWeights", "SkipBeyond", "StepGraph", "StepPlan"]

_DEEP, _WIDE = "784,400,400,20", "784,4096,4096,64"
# Steps, repeats and epochs: on a GPU, and in a rehearsal on a CPU; 0 steps leave the configuration out.
_CONFIGURATIONS = [
    {"widths": _DEEP, "batch": 128, "cuda": (400, 15, 5), "cpu": (20, 3, 0)},
    {"widths": _DEEP, "batch": 1024, "cuda": (100, 9, 5), "cpu": (3, 2, 0)},
    {"widths": _DEEP, "batch": 8192, "cuda": (40, 7, 3), "cpu": (0, 0, 0)},
    {"widths": _WIDE, "batch": 4096, "cuda": (40, 5, 3), "cpu": (0, 0, 0)},
]


def _left(deadline):
    return max(0.0, deadline - time.monotonic())


def _kernel_filter(check):
    ops = [name[: -len("_bench")] for name in check.benchmarks() if name != "step_bench"]
    suites = ["".join(word.capitalize() for word in op.split("_")) for op in ops] + _MORE_KERNEL_SUITES
    return ":".join("*%s*.*" % suite for suite in suites)


def sanitizer_order(names, times):
    """Products first, then short tests first, so that most are done if time runs out."""
    return sorted(names, key=lambda name: (not any(suite in name.split(".")[0] for suite in _GEMM_SUITES), times.get(name, 0)))


def _test_environment(check, workers):
    return {"ELBO_TEST_DEVICE": check.device, "ELBO_REQUIRE_TEST_DEVICE": "1", "GOMP_SPINCOUNT": "1000",
            "OMP_NUM_THREADS": str(max(1, check.cores // workers)), **check.environment}


def tests(check, deadline):
    """The test program on the device, in parallel processes: all of it on a GPU, the kernels' tests in a rehearsal."""
    workers = max(1, min(8, check.cores // 2))
    environment = _test_environment(check, workers)
    names = gtests.list_tests(check.program("elbo_tests"), "*" if check.device == "cuda" else _kernel_filter(check), environment, check.log, run)
    if not names:
        return {"status": FAILED, "words": "the test program lists no tests"}
    group = gtests.Group("tests", names, chunk=max(4, len(names) // (6 * workers)))
    gtests.run_groups(check.log, check.program("elbo_tests"), [group], environment, deadline, workers)
    gtests.rerun_failed(check.log, check.program("elbo_tests"), group, environment, deadline)
    check.test_times = {name: result["milliseconds"] for name, result in group.results.items()}
    result = gtests.summary(group)
    words = "{passed} passed, {failed} failed, {skipped} skipped of {total}".format(**result)
    if result["not_run"]:
        words += ", %d not run in time" % result["not_run"]
    bad = result["failed"] or result["bad_ends"] or not result["passed"]
    return {"status": FAILED if bad else CUT_SHORT if result["not_run"] else PASSED, "words": words, **result}


def _train(check, name, arguments, deadline, environment=None):
    """One training: {"result": its JSON, "epochs": its metrics}, or {"error": words}."""
    folder = os.path.join(check.scratch, name)
    command = [check.program("elbo"), "train", *arguments, "--out", folder, "--json"]
    done = run(check.log, command, _left(deadline), {**check.environment, **(environment or {})})
    if not done.ok:
        return {"error": done.complaint(), "timed_out": done.timed_out}
    result = parse.json_line(done.output)
    if not result:
        return {"error": "it printed no JSON", "timed_out": False}
    with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
        return {"result": result, "epochs": parse.metrics(file.read())}


def _recipe(check, device, precision, seed):
    arguments = ["mnist-deep", "--data", check.data, "--epochs", str(check.epochs), "--device", device, "--seed", str(seed)]
    return arguments + (["--set", "train.precision=" + precision] if check.has_precision else [])


def training(check, deadline):
    """Trains mnist-deep in each precision, one seed each and then more while there is time."""
    runs, problems, cut = [], [], False
    for seed in check.seeds:
        for precision in check.precisions:
            if runs and _left(deadline) < 1.3 * runs[-1]["seconds"]:
                cut = True
                continue
            began = time.monotonic()
            done = _train(check, "train-%s-%d" % (precision, seed), _recipe(check, check.device, precision, seed), deadline)
            if "error" in done:
                cut = cut or done["timed_out"]
                if not done["timed_out"]:
                    problems.append("%s, seed %d: %s" % (precision, seed, done["error"]))
                continue
            test = done["result"].get("test") or done["result"]["train"]
            runs.append({"precision": precision, "seed": seed, "seconds": time.monotonic() - began,
                         "training_seconds": done["result"]["seconds"],
                         "examples_per_second": done["result"]["examples_per_second"],
                         "device": done["result"]["device"], "test": test, "epochs": done["epochs"]})
    check.trainings = runs
    problems += ["%s ran on %s" % (r["precision"], r["device"]) for r in runs if not r["device"].startswith(check.device)]
    words = "%d trainings of %d epochs of %s" % (len(runs), check.epochs, check.data)
    status = FAILED if problems else CUT_SHORT if cut or not runs else PASSED
    return {"status": status, "words": "; ".join([words] + problems), "data": check.data, "epochs": check.epochs, "runs": runs}


def cpu_curves(check, deadline):
    """The same training on the CPU, for comparison with the device's."""
    device_runs = {r["precision"]: r["epochs"] for r in check.trainings if r["seed"] == check.seeds[0]}
    if not device_runs:
        return {"status": SKIPPED, "words": "there is no training on the device to compare with"}
    environment = {"OMP_NUM_THREADS": "1"} if check.device == "cpu" else {}
    done = _train(check, "train-cpu", _recipe(check, "cpu", "fp32", check.seeds[0]), deadline, environment)
    if "error" in done:
        return {"status": CUT_SHORT if done["timed_out"] else FAILED, "words": "on the CPU: " + done["error"]}
    compared = {label: curves.compare(done["epochs"], epochs) for label, epochs in device_runs.items()}
    runs = {"CPU, fp32": curves.series(done["epochs"], "train")}
    runs.update({"%s, %s" % (check.device_word, label): curves.series(epochs, "train") for label, epochs in device_runs.items()})
    picture = curves.svg("Training −ELBO of mnist-deep on %s" % check.data, runs)
    if picture:
        with open(os.path.join(check.out, "curves.svg"), "w", encoding="utf-8") as file:
            file.write(picture)
    worst = {label: c["largest_relative"] for label, c in compared.items()}
    # An epoch's mean hides single roundings: two runs of one training stay far closer than two seeds.
    far = [label for label, value in worst.items() if value is None or value > check.curve_tolerance]
    words = ", ".join("%s within %.2g %% of the CPU" % (label, 100 * value) for label, value in worst.items() if value is not None)
    return {"status": FAILED if far else PASSED, "words": words, "picture": "curves.svg" if picture else None,
            "tolerance": check.curve_tolerance, "compared": compared}


def steps(check, deadline):
    """step_bench in each configuration and precision."""
    rows, problems, cut = [], [], False
    before = machine.clocks()
    for configuration in _CONFIGURATIONS:
        widths, batch = configuration["widths"], configuration["batch"]
        count, repeats, epochs = configuration[check.device]
        name = "%s, batch %d" % (widths.replace(",", "-"), batch)
        for precision in check.precisions if count else []:
            if _left(deadline) < 3:
                cut = True
                continue
            command = [check.program("step_bench"), "--widths", widths, "--batch", batch, "--precision", precision, "--steps", count,
                       "--repeats", repeats, "--epochs", epochs, "--examples", max(60000, batch * (count + 2)), "--device", check.device, "--json"]
            done = run(check.log, command, _left(deadline), check.environment)
            figures = parse.step(done.output)
            if done.ok and figures and figures["device"] == check.device:
                rows.append({"configuration": name, "precision": precision, **figures})
            elif done.timed_out:
                cut = True
            else:
                problems.append("%s, %s: %s" % (name, precision, done.complaint()))
    words = "; ".join(["%d configurations timed" % len(rows)] + problems)
    status = FAILED if problems else CUT_SHORT if cut or not rows else PASSED
    return {"status": status, "words": words, "rows": rows, "clocks_before": before, "clocks_after": machine.clocks()}


def plan(check, deadline):
    """The engine and the separate time of each op of a step of mnist-deep, in each precision."""
    plans, problems, cut = [], [], False
    for precision in check.precisions:
        arguments = ["--set", "data.name=" + check.data] + (["--set", "train.precision=" + precision] if check.has_precision else [])
        done = run(check.log, [check.program("elbo"), "info", "--plan", "mnist-deep", *arguments, "--device", check.device, "--json"], _left(deadline),
                   check.environment)
        found = parse.json_line(done.output)
        if done.ok and found:
            plans.append(found)
        elif done.timed_out:
            cut = True
        else:
            problems.append("%s: %s" % (precision, done.complaint()))
    words = "; ".join(["%d plans" % len(plans)] + problems)
    return {"status": FAILED if problems else CUT_SHORT if cut or not plans else PASSED, "words": words, "plans": plans}


def microbenchmarks(check, deadline):
    """Every op's benchmark."""
    rows, problems, cut = [], [], []
    before = machine.clocks()
    names = [name for name in check.benchmarks() if name != "step_bench"]
    for i, name in enumerate(names):
        share = _left(deadline) / (len(names) - i) * (1.6 if i + 1 < len(names) else 1)
        file = os.path.join(check.scratch, name + ".json")
        chosen = check.case_filter(run(check.log, [check.program(name), "--benchmark_list_tests"], 20, check.environment).output)
        command = [check.program(name), "--benchmark_filter=" + chosen, "--benchmark_min_time=%g" % check.benchmark_seconds, "--benchmark_out=" + file,
                   "--benchmark_out_format=json"]
        done = run(check.log, command, min(share, _left(deadline)), {"ELBO_BENCH_DEVICE": check.device, **check.environment})
        if os.path.exists(file):
            with open(file, encoding="utf-8") as text:
                rows += parse.benchmarks(text.read())
        if done.timed_out:
            cut.append(name)
        elif not done.ok:
            problems.append("%s: %s" % (name, done.complaint()))
    words = "%d cases of %d ops" % (len(rows), len(names))
    words = "; ".join([words] + problems + (["not all of " + ", ".join(cut)] if cut else []))
    failed = problems or any("error" in row for row in rows) or not (rows or cut)
    return {"status": FAILED if failed else CUT_SHORT if cut else PASSED, "words": words, "rows": rows,
            "clocks_before": before, "clocks_after": machine.clocks()}


def sanitizer(check, deadline):
    """compute-sanitizer's four tools over the kernels' tests and a short training each, all at once."""
    if check.device != "cuda":
        return {"status": SKIPPED, "words": "compute-sanitizer checks kernels on a GPU"}
    checker = machine.sanitizer()
    if not checker:
        return {"status": SKIPPED, "words": "compute-sanitizer is not on this machine (it comes with the CUDA toolkit)"}
    environment = _test_environment(check, 8)
    names = gtests.list_tests(check.program("elbo_tests"), _kernel_filter(check), environment, check.log, run)
    names = sanitizer_order(names, check.test_times)
    tools = ["memcheck", "racecheck", "initcheck", "synccheck"]
    groups = [gtests.Group(tool, names, [checker, "--tool", tool, "--error-exitcode", "99"], chunk=24, hangs=180) for tool in tools]
    trained = {}

    def train(tool):
        command = [checker, "--tool", tool, "--error-exitcode", "99", check.program("elbo"), "train", "mnist-deep", "--data", "digits",
                   "--epochs", "1", "--device", check.device, "--out", os.path.join(check.scratch, "train-" + tool)]
        trained[tool] = run(check.log, command, _left(deadline), environment)

    threads = [threading.Thread(target=train, args=(tool,)) for tool in tools]
    for thread in threads:
        thread.start()
    gtests.run_groups(check.log, check.program("elbo_tests"), groups, environment, deadline, max(4, min(8, check.cores // 2)))
    for thread in threads:
        thread.join()
    return sanitizer_result({group.key: group for group in groups}, trained)


def sanitizer_result(groups, trained):
    """Puts the tools' findings together."""
    found, problems, cut, unsupported = {}, [], False, ""
    for tool, group in groups.items():
        tests_found = parse.sanitizer("\n".join(group.output))
        training_found = parse.sanitizer(trained[tool].output)
        unsupported = unsupported or tests_found["unsupported"] or training_found["unsupported"]
        result = gtests.summary(group)
        errors = (tests_found["errors"] or 0) + (training_found["errors"] or 0)
        found[tool] = {"errors": errors, "messages": (tests_found["messages"] + training_found["messages"])[:20],
                       "tests": result, "training": "done" if trained[tool].ok else trained[tool].complaint()}
        cut = cut or bool(result["not_run"]) or trained[tool].timed_out
        if errors:
            problems.append("%s: %d errors" % (tool, errors))
        elif result["failed"] or result["bad_ends"]:
            problems.append("%s: %d tests fail under it" % (tool, max(result["failed"], len(result["bad_ends"]))))
        elif not trained[tool].ok and not trained[tool].timed_out:
            problems.append("%s: the training failed: %s" % (tool, trained[tool].complaint()))
    if unsupported:
        return {"status": SKIPPED, "words": "compute-sanitizer does not work here: " + unsupported}
    coverage = ", ".join("%s %d of %d tests" % (tool, f["tests"]["total"] - f["tests"]["not_run"], f["tests"]["total"]) for tool, f in found.items())
    return {"status": FAILED if problems else CUT_SHORT if cut else PASSED,
            "words": "; ".join((problems or ["no errors"]) + [coverage]), "tools": found}


# Configurations in which peers are timed, the most informative first, as starting and compiling them takes
# most of the time.
_COMPARED = {"cuda": [("b128", "tf32"), ("b1024", "tf32"), ("b8192", "tf32"), ("wide", "bf16"), ("b128", "bf16"), ("b128", "fp32")],
             "cpu": [("b128", "fp32")]}


def peers(check, deadline):
    """Runs bench/compare.py in each configuration, with the peers whose packages are installed."""
    script = os.path.join(check.root, "bench", "compare.py")
    if not os.path.exists(script):
        return {"status": SKIPPED, "words": "there is no bench/compare.py"}
    python, packages = machine.python_with(["torch", "jax"])
    if not packages:
        return {"status": SKIPPED, "words": "neither PyTorch nor JAX is installed (ELBO_PEERS_PYTHON names the Python that has them)"}
    sections, problems, left_out = [], [], []
    for name, precision in _COMPARED[check.device]:
        file = os.path.join(check.scratch, "compare-%s-%s.json" % (name, precision))
        limit = _left(deadline)
        if limit < 20:
            left_out.append("%s %s" % (name, precision))
            continue
        command = [python, script, "--device", check.device, "--config", name, "--precision", precision, "--python", python,
                   "--step-bench", check.program("step_bench"), "--rounds", check.rounds, "--patience", int(limit), "--json", file]
        command += ["--steps", 10, "--threads", 1] if check.rehearsal else []
        done = run(check.log, command, limit, check.environment)
        if os.path.exists(file):
            with open(file, encoding="utf-8") as text:
                sections.append({"table": done.output[done.output.find("###") :].strip(), **json.load(text)})
        if done.timed_out:
            left_out.append("%s %s" % (name, precision))
        elif not done.ok:
            problems.append("%s %s: %s" % (name, precision, done.complaint()))
    words = "%d comparisons with %s" % (len(sections), " and ".join(packages))
    words = "; ".join([words] + problems + (["no time for " + ", ".join(left_out)] if left_out else []))
    return {"status": FAILED if problems else CUT_SHORT if left_out else PASSED, "words": words, "python": python, "sections": sections}
