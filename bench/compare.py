#!/usr/bin/env python3
"""Compares elbo's training step with PyTorch's and JAX's, interleaved, in one table. Standard library only.

    bench/compare.py                                   every configuration, fp32, on the CPU
    bench/compare.py --device cuda --precision tf32 bf16 --python ~/venv/bin/python --json report.json

Each configuration's tools are started first (imports, compilation, warm-up). Then they take turns, a repeat each, for
the given number of rounds, so that a temporary slowdown of the machine affects all tools; ratios compare adjacent
repeats. A tool that is not installed is listed as such. The exit code is 1 if elbo itself could not be timed.
"""

import argparse
import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bench" / "peers"))
import workload  # noqa: E402

TOOLS = ["elbo", "eager", "compile", "jax"]
TITLES = {"elbo": "elbo", "eager": "PyTorch eager", "compile": "PyTorch compile", "jax": "JAX scan"}


class Failed(Exception):
    """A tool that ended or took too long; the text is its last output."""


class Worker:
    """A tool in its own process, which runs a repeat on request."""

    def __init__(self, command, environment, patience):
        self.errors = tempfile.TemporaryFile(mode="w+")
        self.patience = patience
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                            stderr=self.errors, env=os.environ | environment)
        except OSError as error:
            raise Failed(str(error)) from error

    def read(self):
        """The next line that is JSON, as compilers print other lines too."""
        timer = threading.Timer(self.patience, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                if line.startswith("{"):
                    return json.loads(line)
        finally:
            timed_out = not timer.is_alive()
            timer.cancel()
        self.errors.seek(0)
        words = [line.strip() for line in self.errors if line.strip()]
        raise Failed(f"no answer in {self.patience} s" if timed_out else words[-1] if words else "ended")

    def repeat(self):
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except OSError:
            pass  # read() reports the reason
        return self.read()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def command_of(tool, name, precision, options):
    configuration = workload.CONFIGURATIONS[name]
    steps = options.steps or configuration["steps"][options.device]
    work = ["--batch", str(configuration["batch"]), "--widths", ",".join(map(str, configuration["widths"])),
            "--precision", precision, "--steps", str(steps), "--device", options.device, "--serve"]
    encoder, decoder = (json.dumps(layers) for layers in workload.hidden_layers(configuration))
    model = configuration.get("model", "vae")
    if tool == "elbo" and model == "m2":
        settings = [f"model.classifier={encoder}", "model.activation=relu", "train.labelled_rows=0", "data.labels=0",
                    "data.binarize=none"]
        work += ["--recipe", "mnist-m2", *(word for setting in settings for word in ("--set", setting))]
    samples, activation = configuration.get("samples", 1), configuration.get("activation", "relu")
    if tool == "elbo" and "recipe" in configuration:
        settings = [f"objective.samples={samples}"] + (["objective.kind=iwae"] if samples > 1 else [])
        work += ["--recipe", configuration["recipe"], *(word for setting in settings for word in ("--set", setting))]
    if tool == "elbo":
        return [options.step_bench, *work, "--set", f"model.encoder={encoder}", "--set", f"model.decoder={decoder}"]
    work += ["--samples", str(samples), "--activation", activation]
    work += ["--drawn"] if configuration.get("drawn") else []
    work += ["--model", model, "--threads", str(options.threads), "--encoder", encoder, "--decoder", decoder]
    script = "jax_peer.py" if tool == "jax" else "torch_peer.py"
    mode = [] if tool == "jax" else ["--mode", tool]
    return [options.python, str(ROOT / "bench" / "peers" / script), *work, *mode]


def environment_of(options):
    """On the CPU all tools get huge pages from malloc, which elbo requests itself. At large batches the peers would
    lose up to a fifth of their time to page faults (PyTorch eager 5 %, JAX 20 % at batch 8192)."""
    if options.device != "cpu":
        return {}
    return {"OMP_NUM_THREADS": str(options.threads), "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


def measure(name, precision, options):
    """One configuration: {"name", "precision", …, "tools": {tool: {"about", "repeats"} or {"about", "why"}}}."""
    workers, tools = {}, {}

    def attempt(tool, action):
        try:
            return action()
        except Failed as reason:
            tools[tool] = {"about": {"tool": TITLES[tool]}, "why": f"failed: {reason}"}
            if tool in workers:
                workers.pop(tool).close()
        return None

    def start(tool):
        workers[tool] = Worker(command_of(tool, name, precision, options), environment_of(options), options.patience)
        about = workers[tool].read()
        if "unavailable" in about:
            tools[tool] = {"about": about, "why": about["unavailable"]}
            workers.pop(tool).close()
        else:
            tools[tool] = {"about": about, "repeats": []}

    for tool in options.tools:
        progress(f"{name} {precision}: starting {TITLES[tool]}")
        attempt(tool, lambda tool=tool: start(tool))
    for turn in range(options.rounds):
        progress(f"{name} {precision}: round {turn + 1} of {options.rounds}")
        for tool in list(workers):
            answer = attempt(tool, workers[tool].repeat)
            if answer:
                tools[tool]["repeats"].append(answer)
    for worker in workers.values():
        worker.close()
    configuration = workload.CONFIGURATIONS[name]
    return {"name": name, "precision": precision, "batch": configuration["batch"],
            "widths": configuration["widths"], "network": title(configuration), "rounds": options.rounds,
            "tools": tools}


def title(configuration):
    encoder, decoder = workload.hidden_layers(configuration)
    dims, *_, latent = configuration["widths"]
    if "encoder" not in configuration:
        model = f"{configuration['model']} " if "model" in configuration else ""
        model += f"K = {configuration['samples']}, " if "samples" in configuration else ""
        return model + "-".join(map(str, [dims, *encoder, latent]))
    return ", ".join(map(str, [dims, *encoder, latent, *decoder, dims]))


def summary(section):
    """The rows of a section's table. "ratio" is relative to elbo's time: the median over rounds, and so over adjacent
    repeats. "trains": the cost is lower than with every logit 0."""
    elbo = section["tools"].get("elbo", {}).get("repeats")
    untrained = 0.693147 * section["widths"][0]
    rows = []
    for tool in section["tools"].values():
        row = {"tool": tool["about"]["tool"]}
        rows.append(row)
        if "why" in tool:
            row["why"] = tool["why"]
            continue
        times = [repeat["us"] for repeat in tool["repeats"]]
        low, _, high = statistics.quantiles(times, n=4, method="inclusive") if len(times) > 1 else times * 3
        row |= {"median_us": statistics.median(times), "low_us": low, "high_us": high, "fastest_us": min(times),
                "negative_elbo": tool["repeats"][-1]["negative_elbo"]}
        row["examples_per_second"] = 1e6 * section["batch"] / row["median_us"]
        row["trains"] = row["negative_elbo"] < 0.9 * untrained
        if elbo:
            row["ratio"] = statistics.median(time / ours["us"] for time, ours in zip(times, elbo))
    return rows


def significant(value):
    """At least four digits, at most one of them after the point."""
    return f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def markdown_row(row):
    if "why" in row:
        return f"| {row['tool']} | {row['why']} | | | | | |"
    spread = f"{significant(row['low_us'])}–{significant(row['high_us'])}"
    ratio = f"{row['ratio']:.2f}×" if "ratio" in row else ""
    cost = f"{row['negative_elbo']:.1f}" + ("" if row["trains"] else " (does not train)")
    return (f"| {row['tool']} | {significant(row['median_us'])} | {spread} | {significant(row['fastest_us'])} "
            f"| {row['examples_per_second']:.0f} | {ratio} | {cost} |")


def markdown(report):
    lines = [f"{report['device']}" + (f", {report['threads']} threads" if report["threads"] else "") +
             f", {report['date']}, commit {report['commit']}"]
    lines += [", ".join(f"{name} {version}" for name, version in sorted(report["versions"].items())), ""]
    for section in report["sections"]:
        lines += [f"### {section['name']}: {section['network']}, batch {section['batch']}, {section['precision']}", "",
                  f"{section['rounds']} rounds of {section['steps']} steps", "",
                  "| tool | µs a step, median | quartiles | fastest | examples/s | time, elbo's = 1 | cost of the last repeat |",
                  "|---|---|---|---|---|---|---|"]
        lines += [markdown_row(row) for row in section["rows"]] + [""]
        settings = [f"{tool['about']['tool']}: {words(tool['about']['settings'])}"
                    for tool in section["tools"].values() if tool["about"].get("settings")]
        lines += ["; ".join(settings), ""] if settings else []
    return "\n".join(lines)


def words(settings):
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def assemble(sections, options):
    """The sections, and the facts common to all."""
    timed = [tool["about"] for section in sections for tool in section["tools"].values() if "why" not in tool]
    versions = {}
    for about in timed:
        versions |= about["versions"]
    for section in sections:
        section["rows"] = summary(section)
        section["steps"] = next((tool["about"]["steps"] for tool in section["tools"].values() if "why" not in tool), 0)
    return {"device": timed[0]["device"] if timed else options.device, "versions": versions,
            "threads": options.threads if options.device == "cpu" else None, "commit": commit(),
            "date": datetime.date.today().isoformat(), "sections": sections}


def commit():
    try:
        return subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], capture_output=True,
                              text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def progress(text):
    print(text, file=sys.stderr, flush=True)


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--config", nargs="+", choices=workload.CONFIGURATIONS, default=list(workload.CONFIGURATIONS))
    parser.add_argument("--precision", nargs="+", choices=workload.PRECISIONS, default=["fp32"])
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=TOOLS)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="on the CPU")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, help="timed steps per repeat, instead of the configuration's")
    parser.add_argument("--step-bench", help="elbo's step_bench; default build/PRESET/bench/step_bench of the device")
    parser.add_argument("--python", default=sys.executable, help="the Python that has the peers installed")
    parser.add_argument("--patience", type=int, default=600, help="seconds to wait for a tool's answer")
    parser.add_argument("--json", nargs="?", const="-", metavar="FILE",
                        help="JSON on stdout instead of the table; with FILE, JSON to the file besides the table")
    options = parser.parse_args(arguments)
    preset = "cpu" if options.device == "cpu" else "cuda"
    options.step_bench = options.step_bench or str(ROOT / "build" / preset / "bench" / "step_bench")
    return options


def main(arguments=None):
    options = parse(arguments)
    report = assemble([measure(name, precision, options) for name in options.config
                       for precision in options.precision], options)
    if options.json == "-":
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        print(markdown(report))
    if options.json not in (None, "-"):
        pathlib.Path(options.json).write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    ours = [section["tools"].get("elbo", {}) for section in report["sections"]]
    return 1 if "elbo" in options.tools and any("why" in tool for tool in ours) else 0


if __name__ == "__main__":
    sys.exit(main())
