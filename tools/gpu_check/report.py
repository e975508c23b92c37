"""The report: report.json with every figure, report.md for reading."""

import json
import os


def write(out, facts, results):
    """Writes both files anew, each by a rename, so that a reader never finds a partial file."""
    document = {**facts, "stages": results}
    for name, text in (("report.json", json.dumps(document, indent=1) + "\n"), ("report.md", markdown(document))):
        part = os.path.join(out, name + ".part")
        with open(part, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(part, os.path.join(out, name))


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, float):
        return "%.4g" % value if abs(value) < 1000 else "%.0f" % value
    return str(value).replace("|", "\\|").replace("\n", " ")


def _machine(document):
    gpu, host, build = document.get("gpu"), document["host"], document["build"]
    lines = []
    if gpu:
        clocks = ["%s %s MHz of %s" % (word, gpu.get("clocks." + key), gpu.get("clocks.max." + key))
                  for word, key in (("SM", "sm"), ("memory", "mem"))]
        lines += ["- GPU: %s, %s MiB, compute capability %s" % (gpu.get("name"), gpu.get("memory.total"), gpu.get("compute_cap")),
                  "- driver %s, CUDA %s" % (gpu.get("driver_version"), gpu.get("cuda")),
                  "- clocks at the start: %s; power limit %s W" % (", ".join(clocks), gpu.get("power.limit"))]
    lines += ["- host: %s, %d cores, %s GiB, %s, glibc %s" % (host["processor"], host["cores"], host["memory_gib"], host["system"], host["glibc"]),
              "- elbo: commit %s, from a %s" % (build["commit"], build["from"])]
    toolkit = build.get("nvcc") or host.get("nvcc")
    if toolkit:
        lines.append("- nvcc: " + toolkit)
    return lines


def _tests(result):
    lines = []
    for failure in result.get("failures", []):
        lines += ["", "`%s`" % failure["test"], "", "```", failure["words"][-1500:], "```"]
    if result.get("skip_reasons"):
        lines += ["", "Skipped, and why:", ""] + table(["tests", "reason"], [(n, r) for r, n in sorted(result["skip_reasons"].items())])
    return lines


def _training(result):
    rows = [(run["precision"], -run["test"]["elbo"] if run["test"]["elbo"] is not None else "not finite", run["training_seconds"], run["examples_per_second"])
            for run in result.get("runs", [])]
    return table(["precision", "test −ELBO, nats", "seconds", "examples/s"], rows) if rows else []


def _steps(result):
    rows = [(r["configuration"], r["precision"], r.get("flags", ""), r["microseconds"], r["fastest"], r["examples_per_second"], r.get("peak_percent"),
             r.get("epoch_seconds")) for r in result.get("rows", [])]
    heads = ["configuration", "precision", "flags", "µs a step (median)", "fastest", "examples/s", "% of the products' peak", "s an epoch"]
    return table(heads, rows) if rows else []


def _profile(result):
    rows = [(r["kernel"], r.get("ns", 0) / 1000 if r.get("ns") is not None else None, r.get("multiprocessors_percent"), r.get("memory_percent"),
             r.get("occupancy_percent"), r.get("registers"), "%s × %s" % (r.get("blocks"), r.get("threads"))) for r in result.get("rows", [])]
    heads = ["kernel", "µs", "% of the multiprocessors", "% of the memory", "occupancy, %", "registers", "blocks × threads"]
    return table(heads, rows) if rows else []


def _plan(result):
    lines = []
    for plan in result.get("plans", []):
        rows = [(op["op"], op["shape"], ", ".join(filter(None, [op["engine"], op["tile"], "%d splits" % op["splits"] if op["splits"] > 1 else ""])),
                 op["microseconds"], 1e-6 * op["flops"] / op["microseconds"] if op["microseconds"] else None,
                 1e-3 * op["bytes"] / op["microseconds"] if op["microseconds"] else None) for op in plan["ops"]]
        rows += [("all of them", "", "", plan["microseconds"], None, None), ("a step as it is trained", "", "", plan["step_microseconds"], None, None)]
        lines += ["", "%s, batch %d, %s:" % (plan["recipe"], plan["batch"], plan["precision"]), ""]
        lines += table(["op", "shape", "runs", "µs", "TFLOP/s", "GB/s"], rows)
    return lines[1:]


def _microbenchmarks(result):
    rows = [(r["name"], r.get("microseconds"), r.get("predicted_microseconds"), r.get("tflops"), r.get("gigabytes_per_second"),
             r.get("roofline_percent", r.get("error"))) for r in result.get("rows", [])]
    return table(["case", "µs", "predicted", "TFLOP/s", "GB/s", "% of the roofline"], rows) if rows else []


def _sanitizer(result):
    lines = []
    rows = [(tool, f["errors"], f["tests"]["total"] - f["tests"]["not_run"], f["tests"]["total"], f["training"])
            for tool, f in result.get("tools", {}).items()]
    lines += table(["tool", "errors", "tests run", "of", "training"], rows) if rows else []
    for tool, found in result.get("tools", {}).items():
        if found["messages"]:
            lines += ["", tool + ":", "", "```", *found["messages"], "```"]
    return lines


def _peers(result):
    lines = []
    for section in result.get("sections", []):
        lines += ["", section["table"]]
    return lines[1:]


_SECTIONS = {"tests": _tests, "step": _steps, "profile": _profile, "sanitizer": _sanitizer, "steps": _steps, "products": _microbenchmarks,
             "training": _training, "peers": _peers, "plan": _plan, "microbenchmarks": _microbenchmarks, "all-tests": _tests,
             "all-sanitizers": _sanitizer}


def markdown(document):
    gpu = document.get("gpu") or {}
    what = gpu.get("name") or document["host"]["processor"]
    lines = ["# %s, %s" % (what, document["began"][:10]), ""]
    if document.get("rehearsal"):
        lines += ["A rehearsal on the CPU: it shows that the check runs, not how fast a GPU is.", ""]
    lines += _machine(document)
    lines += ["- begun %s, %s %.0f s of %.0f s" % (document["began"], "ended after" if document["finished"] else "running or stopped after",
                                                   document["seconds"], document["budget"]), ""]
    lines += table(["stage", "status", "seconds", "of", "what"],
                   [(name, r["status"], "%.0f" % r["seconds"], "%.0f" % r["budget"], r["words"]) for name, r in document["stages"].items()])
    for name, result in document["stages"].items():
        section = _SECTIONS[name](result)
        if section:
            lines += ["", "## " + name.capitalize(), ""] + section
    lines += ["", "Times are medians; every figure is in report.json, every command with its output in log.txt.", ""]
    return "\n".join(lines)
