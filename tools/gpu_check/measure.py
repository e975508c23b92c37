"""The stages that measure: steps, profiles, products, trainings, peers. Each takes the check and its deadline and returns
{"status", "words", and its figures}, and saves the figures it has after every program."""

import json
import os
import sys
import time

import machine
import parse
from run import run
from stages import CUT_SHORT, FAILED, PASSED, SKIPPED, left

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kernel_report"))
import names  # noqa: E402

_DEEP, _WIDE = "784,400,400,20", "784,4096,4096,64"
# Steps, repeats and epochs: on a GPU, and in a rehearsal on a CPU; 0 steps leave the configuration out.
_SMALL = {"widths": _DEEP, "batch": 128, "cuda": (400, 15, 5), "cpu": (20, 3, 0)}
_LARGE = [
    {"widths": _DEEP, "batch": 1024, "cuda": (100, 9, 5), "cpu": (3, 2, 0)},
    {"widths": _DEEP, "batch": 8192, "cuda": (40, 7, 3), "cpu": (0, 0, 0)},
    {"widths": _WIDE, "batch": 4096, "cuda": (40, 5, 3), "cpu": (0, 0, 0)},
]
# What ncu is asked for each kernel, and its name in the report.
METRICS = {
    "gpu__time_duration.sum": "ns",
    "sm__throughput.avg.pct_of_peak_sustained_elapsed": "multiprocessors_percent",
    "gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed": "memory_percent",
    "sm__warps_active.avg.pct_of_peak_sustained_active": "occupancy_percent",
    "launch__registers_per_thread": "registers",
    "launch__grid_size": "blocks",
    "launch__block_size": "threads",
}
_PROFILED = 40  # kernels


def _ended(problems, cut, words, **figures):
    return {"status": FAILED if problems else CUT_SHORT if cut else PASSED, "words": "; ".join([words] + problems), **figures}


def _step_command(check, configuration, precision):
    count, repeats, epochs = configuration[check.device]
    batch = configuration["batch"]
    return [check.program("step_bench"), "--widths", configuration["widths"], "--batch", batch, "--precision", precision, "--steps", count,
            "--repeats", repeats, "--epochs", epochs, "--examples", max(60000, batch * (count + 2)), "--device", check.device, "--json"]


def _time_steps(check, deadline, configurations, flags):
    """step_bench in each configuration and precision, with each set of flags."""
    rows, problems, cut = [], [], False
    before = machine.clocks()
    for configuration in configurations:
        name = "%s, batch %d" % (configuration["widths"].replace(",", "-"), configuration["batch"])
        for precision in check.precisions if configuration[check.device][0] else []:
            for more in flags:
                if left(deadline) < 3:
                    cut = True
                    continue
                done = run(check.log, _step_command(check, configuration, precision) + more, left(deadline), check.environment)
                figures = parse.step(done.output)
                if done.ok and figures and figures["device"] == check.device:
                    rows.append({"configuration": name, "precision": precision, "flags": " ".join(more), **figures})
                elif done.timed_out:
                    cut = True
                else:
                    problems.append("%s, %s: %s" % (name, precision, done.complaint()))
                check.save({"rows": rows, "clocks_before": before})
    return _ended(problems, cut or not rows, "%d configurations timed" % len(rows), rows=rows, clocks_before=before, clocks_after=machine.clocks())


def step(check, deadline):
    """The step of batch 128 in each precision, with grids one after another and overlapping."""
    return _time_steps(check, deadline, [_SMALL], [[], ["--overlap"]] if check.device == "cuda" else [[]])


def steps(check, deadline):
    """The steps of larger batches and of a wide network."""
    return _time_steps(check, deadline, _LARGE, [[]])


def profile(check, deadline):
    """ncu over the first kernels of a step of batch 128."""
    if check.device != "cuda":
        return {"status": SKIPPED, "words": "ncu profiles kernels on a GPU"}
    ncu = machine.toolkit_program("ncu")
    if not ncu:
        return {"status": SKIPPED, "words": "ncu is not on this machine (it comes with Nsight Compute)"}
    command = [ncu, "--csv", "--clock-control", "none", "--print-units", "base", "--print-kernel-base", "demangled", "--launch-count", _PROFILED, "--metrics", ",".join(METRICS),
               check.program("step_bench"), "--widths", _DEEP, "--batch", 128, "--precision", "tf32", "--set", "train.tune=false",
               "--steps", 3, "--repeats", 1, "--graph-steps", 1, "--device", "cuda", "--json"]
    done = run(check.log, command, left(deadline), check.environment)
    refused = parse.ncu_refusal(done.output)
    rows = [{**row, "kernel": names.short(row["kernel"])} for row in parse.profile(done.output, METRICS)]
    if refused and not rows:
        return {"status": SKIPPED, "words": "ncu does not work here: " + refused}
    problems = [] if done.ok or done.timed_out else [done.complaint()]
    return _ended(problems, done.timed_out or not rows, "%d kernels profiled" % len(rows), rows=rows)


def _time_cases(check, limit, name, chosen, more=()):
    """({"rows"} of one op's benchmark, how it ended)"""
    file = os.path.join(check.scratch, name + ".json")
    command = [check.program(name), *more, "--benchmark_filter=" + chosen, "--benchmark_min_time=%g" % check.benchmark_seconds, "--benchmark_out=" + file,
               "--benchmark_out_format=json"]
    done = run(check.log, command, limit, {"ELBO_BENCH_DEVICE": check.device, **check.environment})
    rows = []
    if os.path.exists(file):
        with open(file, encoding="utf-8") as text:
            rows = parse.benchmarks(text.read())
    return rows, done


def products(check, deadline):
    """Every plan of every product at batch 128, beside the time predicted for it."""
    before = machine.clocks()
    chosen = "/n128_" if not check.rehearsal else check.case_filter(
        run(check.log, [check.program("linear_bench"), "--benchmark_list_tests"], 20, check.environment).output)
    rows, done = _time_cases(check, left(deadline), "linear_bench", chosen, ["--plans"])
    problems = [] if done.ok or done.timed_out else [done.complaint()]
    problems += ["%s: %s" % (row["name"], row["error"]) for row in rows if "error" in row][:3]
    return _ended(problems, done.timed_out or not rows, "%d plans timed" % len(rows), rows=rows, clocks_before=before, clocks_after=machine.clocks())


def microbenchmarks(check, deadline):
    """Every op's benchmark."""
    rows, problems, cut = [], [], []
    before = machine.clocks()
    programs = [name for name in check.benchmarks() if name != "step_bench"]
    for i, name in enumerate(programs):
        share = left(deadline) / (len(programs) - i) * (1.6 if i + 1 < len(programs) else 1)
        chosen = check.case_filter(run(check.log, [check.program(name), "--benchmark_list_tests"], 20, check.environment).output)
        found, done = _time_cases(check, min(share, left(deadline)), name, chosen)
        rows += found
        check.save({"rows": rows, "clocks_before": before})
        if done.timed_out:
            cut.append(name)
        elif not done.ok:
            problems.append("%s: %s" % (name, done.complaint()))
    problems += ["%s: %s" % (row["name"], row["error"]) for row in rows if "error" in row][:3]
    words = "%d cases of %d ops" % (len(rows), len(programs)) + ("; not all of " + ", ".join(cut) if cut else "")
    return _ended(problems + ([] if rows or cut else ["no case was timed"]), cut, words, rows=rows, clocks_before=before, clocks_after=machine.clocks())


def _train(check, name, arguments, deadline):
    """One training: {"result": its JSON, "epochs": its metrics}, or {"error": words}."""
    folder = os.path.join(check.scratch, name)
    command = [check.program("elbo"), "train", *arguments, "--out", folder, "--json"]
    done = run(check.log, command, left(deadline), check.environment)
    if not done.ok:
        return {"error": done.complaint(), "timed_out": done.timed_out}
    result = parse.json_line(done.output)
    if not result:
        return {"error": "it printed no JSON", "timed_out": False}
    with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
        return {"result": result, "epochs": parse.metrics(file.read())}


def _recipe(check, precision):
    arguments = ["mnist-deep", "--data", check.data, "--epochs", str(check.epochs), "--device", check.device, "--seed", "1"]
    return arguments + (["--set", "train.precision=" + precision] if check.has_precision else [])


def training(check, deadline):
    """Trains mnist-deep once in each precision."""
    runs, problems, cut = [], [], False
    for precision in check.precisions:
        if runs and left(deadline) < 1.3 * runs[-1]["seconds"]:
            cut = True
            continue
        began = time.monotonic()
        done = _train(check, "train-" + precision, _recipe(check, precision), deadline)
        if "error" in done:
            cut = cut or done["timed_out"]
            if not done["timed_out"]:
                problems.append("%s: %s" % (precision, done["error"]))
            continue
        test = done["result"].get("test") or done["result"]["train"]
        runs.append({"precision": precision, "seconds": time.monotonic() - began, "training_seconds": done["result"]["seconds"],
                     "examples_per_second": done["result"]["examples_per_second"], "device": done["result"]["device"], "test": test,
                     "epochs": done["epochs"]})
        check.save({"data": check.data, "epochs": check.epochs, "runs": runs})
    problems += ["%s ran on %s" % (r["precision"], r["device"]) for r in runs if not r["device"].startswith(check.device)]
    problems += ["%s: the ELBO is not finite" % r["precision"] for r in runs if r["test"]["elbo"] is None]
    words = "%d trainings of %d epochs of %s" % (len(runs), check.epochs, check.data)
    return _ended(problems, cut or not runs, words, data=check.data, epochs=check.epochs, runs=runs)


def plan(check, deadline):
    """The engine and the separate time of each op of a step of mnist-deep, in each precision."""
    plans, problems, cut = [], [], False
    for precision in check.precisions:
        arguments = ["--set", "data.name=" + check.data] + (["--set", "train.precision=" + precision] if check.has_precision else [])
        done = run(check.log, [check.program("elbo"), "info", "--plan", "mnist-deep", *arguments, "--device", check.device, "--json"], left(deadline),
                   check.environment)
        found = parse.json_line(done.output)
        if done.ok and found:
            plans.append(found)
        elif done.timed_out:
            cut = True
        else:
            problems.append("%s: %s" % (precision, done.complaint()))
        check.save({"plans": plans})
    return _ended(problems, cut or not plans, "%d plans" % len(plans), plans=plans)


# What peers are timed in, and the seconds that starting them takes at least: compiling last, which takes a minute or two.
_QUICK = ["elbo", "eager", "jax"]
_COMPARED = {"cuda": [("tf32", _QUICK, 20), ("bf16", _QUICK, 20), ("fp32", _QUICK, 20), ("tf32", ["elbo", "compile"], 90)],
             "cpu": [("fp32", _QUICK, 20)]}


def peers(check, deadline):
    """bench/compare.py at batch 128, with the peers whose packages are installed."""
    script = os.path.join(check.root, "bench", "compare.py")
    if not os.path.exists(script):
        return {"status": SKIPPED, "words": "there is no bench/compare.py"}
    python, packages = machine.python_with(["torch", "jax"])
    if not packages:
        return {"status": SKIPPED, "words": "neither PyTorch nor JAX is installed (ELBO_PEERS_PYTHON names the Python that has them)"}
    sections, problems, left_out = [], [], []
    for precision, tools, least in _COMPARED[check.device]:
        limit, name = left(deadline), "%s %s" % (precision, tools[1] if len(tools) == 2 else "of " + ", ".join(tools))
        if limit < least:
            left_out.append(name)
            continue
        file = os.path.join(check.scratch, "compare-%s-%d.json" % (precision, len(tools)))
        command = [python, script, "--device", check.device, "--config", "b128", "--precision", precision, "--tools", *tools, "--python", python,
                   "--step-bench", check.program("step_bench"), "--rounds", check.rounds, "--patience", int(limit), "--json", file]
        command += ["--steps", 10, "--threads", 1] if check.rehearsal else []
        done = run(check.log, command, limit, check.environment)
        if os.path.exists(file):
            with open(file, encoding="utf-8") as text:
                sections.append({"table": done.output[done.output.find("###") :].strip(), **json.load(text)})
        if done.timed_out:
            left_out.append(name)
        elif not done.ok:
            problems.append("%s: %s" % (name, done.complaint()))
        check.save({"python": python, "sections": sections})
    words = "%d comparisons with %s" % (len(sections), " and ".join(packages)) + ("; no time for " + "; ".join(left_out) if left_out else "")
    return _ended(problems, left_out, words, python=python, sections=sections)
