"""What every tool of bench/compare.py is timed on, and how a peer answers. Standard library only.

The work: training steps of a VAE on random pictures kept on the device as bytes. A step gathers its batch through a
shuffled index, converts it to [0, 1], runs forward and backward with one sample of z, and Adam; it adds the batch's
costs to sums on the device. A repeat goes to the beginning of the data, waits for the device, and times the steps from
there to the device's last byte; each tool does one untimed repeat before those that count. A tool whose steps come in
graphs of several may do a few more than asked for, and one that gathers a step's batch during the step before has the
first at hand and gathers one more at the end: the time is always divided by the steps done.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time

# Steps a repeat: an epoch of EXAMPLES must hold them as full batches.
EXAMPLES = 60000
CONFIGURATIONS = {
    "b128": {"batch": 128, "widths": [784, 400, 400, 20], "steps": {"cpu": 100, "cuda": 400}},
    "b1024": {"batch": 1024, "widths": [784, 400, 400, 20], "steps": {"cpu": 15, "cuda": 50}},
    "b8192": {"batch": 8192, "widths": [784, 400, 400, 20], "steps": {"cpu": 3, "cuda": 6}},
    "wide": {"batch": 4096, "widths": [784, 4096, 4096, 64], "steps": {"cpu": 1, "cuda": 10}},
}
PRECISIONS = ["fp32", "tf32", "bf16"]
LEARNING_RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8
# Pictures are one of ten random patterns with 20 % of the pixels lit, each lit pixel a random grey from 128 to 255.
PATTERNS, LIT, DARKEST = 10, 0.2, 128


class Unavailable(Exception):
    """This tool cannot do this work here; the text says why."""


def numbers(text):
    return [int(word) for word in text.split(",")]


def parse(description, add_options=lambda parser: None):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--config", choices=CONFIGURATIONS, default="b128")
    parser.add_argument("--batch", type=int, help="instead of the configuration's")
    parser.add_argument("--widths", type=numbers, help="input, hidden…, latent: 784,400,400,20")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="of the matrix products")
    parser.add_argument("--steps", type=int, help="timed steps a repeat")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--serve", action="store_true", help="a repeat for every line read, not --repeats of them")
    add_options(parser)
    options = parser.parse_args()
    configuration = CONFIGURATIONS[options.config]
    options.batch = options.batch or configuration["batch"]
    options.widths = options.widths or configuration["widths"]
    options.steps = options.steps or configuration["steps"][options.device]
    if options.steps * options.batch > options.examples:
        parser.error(f"{options.examples} examples are fewer than {options.steps} batches of {options.batch}")
    return options


def timed(training, options):
    """One repeat: seconds a step, and the mean −ELBO (nats) of its examples."""
    training.begin()
    training.synchronize()
    begin = time.perf_counter()
    training.run(options.steps)
    training.synchronize()
    seconds = (time.perf_counter() - begin) / options.steps
    return {"us": round(1e6 * seconds, 3), "negative_elbo": round(training.negative_elbo(), 4)}


def say(answer):
    print(json.dumps(answer, ensure_ascii=False), flush=True)


def main(tool, options, make_training):
    """Runs a peer. `make_training(options)` prepares all that is not timed and gives an object with

    device, versions, settings   what the report says of it
    begin()                      to the beginning of the shuffled data, sums at zero
    run(steps)                   gives the device as many steps; options.steps are asked for
    synchronize()                waits for them
    negative_elbo()              mean over all examples since begin()

    Prints one JSON line. With --serve the first line says that it is ready, and one more answers each line read.
    """
    about = {"tool": tool, "batch": options.batch, "widths": options.widths, "precision": options.precision,
             "steps": options.steps}
    try:
        training = make_training(options)
    except Unavailable as reason:
        say(about | {"unavailable": str(reason)})
        return
    about |= {"device": training.device, "threads": options.threads if options.device == "cpu" else None,
              "versions": {"python": platform.python_version()} | training.versions, "settings": training.settings}
    timed(training, options)
    if options.serve:
        say(about)
        for _ in sys.stdin:
            say(timed(training, options))
        return
    repeats = [timed(training, options) for _ in range(options.repeats)]
    times = [repeat["us"] for repeat in repeats]
    say(about | {"median_us": statistics.median(times), "repeats_us": times,
                 "negative_elbo": repeats[-1]["negative_elbo"]})


def processor():
    """The CPU's name."""
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
        return names[0]
    except (OSError, IndexError):
        return platform.processor() or platform.machine()
