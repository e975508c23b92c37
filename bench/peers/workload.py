"""The workload of every tool of bench/compare.py, and the protocol of its peers. Standard library only.

The work: training steps of a VAE on random pictures kept on the device as bytes. A step gathers its batch through a
shuffled index, converts it to [0, 1], runs forward and backward with one sample of z (or K, for the importance-weighted
bound), and Adam; it adds the batch's costs to sums on the device: the −ELBO, but with K samples the peers add the bound. A repeat starts at the beginning of the data, waits for the device, and times the steps from
there to the device's last byte; each tool does one untimed repeat first. A tool whose steps come in
graphs of several may do a few more than requested, and one that gathers a step's batch during the previous step has the
first ready and gathers one more at the end. The time is always divided by the number of steps done.
"""

import argparse
import json
import math
import os
import platform
import statistics
import sys
import time

# Steps per repeat: an epoch of EXAMPLES must contain this many full batches.
EXAMPLES = 60000
CONFIGURATIONS = {
    "b128": {"batch": 128, "widths": [784, 400, 400, 20], "steps": {"cpu": 100, "cuda": 400}},
    "b1024": {"batch": 1024, "widths": [784, 400, 400, 20], "steps": {"cpu": 15, "cuda": 50}},
    "b8192": {"batch": 8192, "widths": [784, 400, 400, 20], "steps": {"cpu": 3, "cuda": 6}},
    "wide": {"batch": 4096, "widths": [784, 4096, 4096, 64], "steps": {"cpu": 1, "cuda": 10}},
    # recipes/mnist-conv.toml
    "conv": {"batch": 128, "widths": [784, 50], "steps": {"cpu": 2, "cuda": 50},
             "encoder": ["conv 64", "conv 128 s2", "conv 256 s2"],
             "decoder": [12544, "reshape 7x7x256", "deconv 128 s2", "deconv 64 s2"]},
    "conv-small": {"batch": 128, "widths": [784, 20], "steps": {"cpu": 10, "cuda": 100},
                   "encoder": ["conv 32 k4 s2", "conv 64 k4 s2", 256],
                   "decoder": [256, 3136, "reshape 7x7x64", "deconv 32 k4 s2", "deconv 16 k4 s2"]},
    # M2 (Kingma et al. 2014): the classes are the patterns, a quarter of the labels is known, each example goes through
    # encoder and decoder once as every class; the classifier has the encoder's hidden layers.
    "m2": {"batch": 200, "widths": [784, 500, 50], "steps": {"cpu": 5, "cuda": 50}, "model": "m2"},
}
# Importance-weighted bounds (Burda et al. 2016): recipes/mnist-burda.toml with K samples, pixels drawn anew each step.
for samples, steps in [(1, 400), (5, 200), (50, 20)]:
    CONFIGURATIONS[f"burda-{samples}"] = {
        "batch": 20, "widths": [784, 200, 200, 50], "steps": {"cpu": steps, "cuda": 400}, "recipe": "mnist-burda",
        "activation": "tanh", "samples": samples, "drawn": True}
CLASSES, CLASSIFIER_WEIGHT = 10, 0.1 * 4  # of M2; α N / N_l
PRECISIONS = ["fp32", "tf32", "bf16"]
LEARNING_RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8
# Pictures are one of ten random patterns with 20 % of the pixels lit, each lit pixel a random grey from 128 to 255.
PATTERNS, LIT, DARKEST = 10, 0.2, 128


def hidden_layers(configuration):
    """The encoder's and the decoder's hidden layers, as in recipes."""
    widths = configuration["widths"]
    return (configuration.get("encoder", widths[1:-1]), configuration.get("decoder", widths[-2:0:-1]))


def network(dims, encoder, decoder, latent, activation="relu"):
    """Both networks as lists of primitive layers, the activation after all but the last product of each:

    ("linear", inputs, outputs), ("conv", inputs, outputs, kernel, stride, padding), ("deconv", the same, extra rows),
    ("relu",) or ("tanh",), ("picture", height, width, channels) of a row, and ("row",) of a picture.
    """
    side = math.isqrt(dims)
    picture = (side, side, 1) if side * side == dims else None
    chains = primitives(encoder, dims, picture, 2 * latent), primitives(decoder, latent, None, dims, picture)
    return tuple([(activation,) if layer == ("relu",) else layer for layer in chain] for chain in chains)


def primitives(layers, values, given, outputs, wanted=None):
    """`values` inputs, of a picture of shape `given` if any, to `outputs`: from each pixel's channels alone where the
    last layer has a picture as high and wide as `wanted`, as elbo's decoders have it."""
    chain, picture = [], None
    for layer in layers:
        name, *sizes = ["linear", str(layer)] if isinstance(layer, int) else layer.split()
        if name == "reshape":
            picture = tuple(int(size) for size in sizes[0].split("x"))
            chain.append(("picture", *picture))
        elif name == "linear":
            chain += [("row",)] if picture else []
            values, picture, given = values if not picture else math.prod(picture), None, None
            chain += [("linear", values, int(sizes[0])), ("relu",)]
            values = int(sizes[0])
        else:
            if not picture:
                picture = given
                chain.append(("picture", *picture))
            picture = convolution(chain, name, sizes, picture)
    if picture and wanted and picture[:2] == wanted[:2]:
        return chain + [("conv", picture[2], wanted[2], 1, 1, 0), ("row",)]
    chain += [("row",)] if picture else []
    return chain + [("linear", math.prod(picture) if picture else values, outputs)]


def convolution(chain, name, sizes, picture):
    """Adds "conv 64 k3 s2 p1" or its transpose to the chain and returns the output picture's shape."""
    outputs, letters = int(sizes[0]), {size[0]: int(size[1:]) for size in sizes[1:]}
    kernel, stride = letters.get("k", 3), letters.get("s", 1)
    padding = letters.get("p", (kernel - 1) // 2)
    height, width, inputs = picture
    if name == "conv":
        chain += [("conv", inputs, outputs, kernel, stride, padding), ("relu",)]
        return *((size + 2 * padding - kernel) // stride + 1 for size in (height, width)), outputs
    extra = stride + 2 * padding - kernel
    chain += [("deconv", inputs, outputs, kernel, stride, padding, extra), ("relu",)]
    return stride * height, stride * width, outputs


class Unavailable(Exception):
    """This tool cannot do this work here; the text gives the reason."""


def numbers(text):
    return [int(word) for word in text.split(",")]


def parse(description, add_options=lambda parser: None):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--config", choices=CONFIGURATIONS, default="b128")
    parser.add_argument("--batch", type=int, help="instead of the configuration's")
    parser.add_argument("--widths", type=numbers, help="input, hidden…, latent: 784,400,400,20")
    parser.add_argument("--encoder", type=json.loads, help="hidden layers as in recipes, in JSON")
    parser.add_argument("--decoder", type=json.loads)
    parser.add_argument("--model", choices=["vae", "m2"], default="vae")
    parser.add_argument("--activation", choices=["relu", "tanh"], default="relu")
    parser.add_argument("--samples", type=int, default=1, help="K; above 1 the cost is the importance-weighted bound")
    parser.add_argument("--drawn", action="store_true", help="each step draws pixels of 0 and 1 from the grey levels")
    parser.add_argument("--precision", choices=PRECISIONS, default="fp32", help="precision of the matrix products")
    parser.add_argument("--steps", type=int, help="timed steps per repeat")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--examples", type=int, default=EXAMPLES)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--serve", action="store_true", help="one repeat for every line read, instead of --repeats")
    add_options(parser)
    options = parser.parse_args()
    configuration = CONFIGURATIONS[options.config]
    options.batch = options.batch or configuration["batch"]
    options.widths = options.widths or configuration["widths"]
    own = hidden_layers(configuration | {"widths": options.widths})
    options.network = network(options.widths[0], options.encoder or own[0], options.decoder or own[1],
                              options.widths[-1], options.activation)
    options.steps = options.steps or configuration["steps"][options.device]
    if options.steps * options.batch > options.examples:
        parser.error(f"{options.examples} examples are fewer than {options.steps} batches of {options.batch}")
    return options


def timed(training, options):
    """One repeat: seconds per step, and the mean −ELBO (nats) of its examples."""
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
    """Runs a peer. `make_training(options)` prepares everything that is not timed and returns an object with

    device, versions, settings   facts for the report
    begin()                      starts at the beginning of the shuffled data, sums at zero
    run(steps)                   launches as many steps; called with options.steps
    synchronize()                waits for them
    negative_elbo()              mean over all examples since begin()

    Prints one JSON line. With --serve the first line says that it is ready, and each line read gets one line as answer.
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
