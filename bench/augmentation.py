#!/usr/bin/env python3
"""Error of a classifier on MNIST, trained on the data alone and with examples that a model made.

Protocol, as published for the Exemplar-VAE (Norouzi et al. 2020), whose figures are 1.23 % and 0.77 %: an MLP with two
hidden layers of 1024 (ReLU), label smoothing 0.1, SGD with momentum 0.9, a rate of 0.1 that falls linearly to a hundredth
over 100 epochs. (a) Batches of 128 real examples. (b) The same batches, each beside as many made ones; the loss is
0.4 real + 0.6 made, and the number of steps is the same. Made ones come from `elbo augment`: decoded draws of the posteriors of
the training examples, which keep their labels. There they are made anew in each step, here once: --augment says how many,
10 for each example unless given. No result on the test data chooses anything: the last weights are measured.

--labels N takes a balanced subset of N training examples, drawn by the seed. The model that makes examples is trained on the
same subset and nothing else: once for all seeds with all of the data, else once a seed. --run RUN takes a trained one
instead; it must not have read the labels of other examples.

Needs PyTorch. The figures are means ± standard deviations over seeds of the classifier (and of the draws and the subset).

    bench/augmentation.py --elbo build/cpu/elbo --mnist "$ELBO_DATA/mnist" --seeds 5 --json augmentation.json
    bench/augmentation.py --elbo build/cpu/elbo --mnist "$ELBO_DATA/mnist" --labels 1000 --seeds 5
"""

import argparse
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

from anomaly import read_npy
from suspect_labels import find, read

BATCH, HIDDEN, CLASSES = 128, 1024, 10
RATE, LAST_RATE, MOMENTUM, SMOOTHING, REAL_SHARE = 0.1, 0.01, 0.9, 0.1, 0.4  # the last rate is a share of the first
DRAWS = 10  # made examples for each real one
TABLE = ("| training examples | made examples | epochs | seeds | error without | error with |\n"
         "|---|---|---|---|---|---|")


# Examples: bytes, one row after another, and their labels.
def read_idx(file):
    """The shape and the bytes of an IDX file of bytes."""
    data = read(file)
    if data[:3] != b"\0\0\x08":
        raise SystemExit(f"{file}: not an IDX file of bytes")
    rank = data[3]
    shape = tuple(int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(rank))
    return shape, data[4 + 4 * rank:]


def write_idx(file, shape, data):
    file.write_bytes(bytes([0, 0, 8, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape) + data)


def read_split(folder, prefix):
    """The pictures' shape, their bytes, and the labels."""
    shape, pictures = read_idx(find(folder, prefix + "-images"))
    _, labels = read_idx(find(folder, prefix + "-labels"))
    return shape, pictures, labels


def balanced(labels, count, seed):
    """Numbers of `count` examples, as many of each label, in ascending order."""
    kinds = sorted(set(labels))
    if count % len(kinds):
        raise SystemExit(f"--labels {count}: not a multiple of the {len(kinds)} labels")
    chosen = []
    for kind in kinds:
        those = [i for i, label in enumerate(labels) if label == kind]
        if len(those) < count // len(kinds):
            raise SystemExit(f"--labels {count}: there are only {len(those)} examples of the label {kind}")
        chosen += random.Random(f"{seed} {kind}").sample(those, count // len(kinds))
    return sorted(chosen)


def take(split, chosen):
    """A split's examples with these numbers."""
    shape, pictures, labels = split
    size = len(pictures) // shape[0]
    return ((len(chosen),) + shape[1:], b"".join(pictures[i * size:(i + 1) * size] for i in chosen),
            bytes(labels[i] for i in chosen))


# What elbo does.
def elbo(command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")


def write_data(folder, split):
    shape, pictures, labels = split
    folder.mkdir()
    write_idx(folder / "train-images-idx3-ubyte", shape, pictures)
    write_idx(folder / "train-labels-idx1-ubyte", (shape[0],), labels)
    return folder


def train_model(options, data, seed, run):
    """A run of a model of a folder's examples."""
    command = [options.elbo, "train", options.recipe, "--data", data, "--out", run, "--quiet", "--set", f"train.seed={seed}"]
    if options.model_epochs:
        command += ["--epochs", options.model_epochs]
    elbo(command)
    return run


def make_examples(options, run, data, count, seed, file):
    """`count` examples that the run makes of a folder's, as a split."""
    elbo([options.elbo, "augment", run, "--data", data, "--split", "train", "-n", count, "--seed", seed, "--out", file])
    with zipfile.ZipFile(file) as archive:
        shape, pictures = read_npy(archive.read("x.npy"))
        _, labels = read_npy(archive.read("y.npy"))
    return shape, pictures.tobytes(), bytes(labels.tolist())


# The classifier.
def rate_at(step, steps):
    """Falls linearly from RATE towards LAST_RATE · RATE, which it would have after the last step."""
    return RATE * (1 - (1 - LAST_RATE) * step / steps)


def batches(count, size, draw):
    """Numbers of examples without end, `size` at a time: in a new order each time that all were used."""
    waiting = []
    while True:
        while len(waiting) < size:
            order = list(range(count))
            draw.shuffle(order)
            waiting += order
        yield waiting[:size]
        del waiting[:size]


def import_torch():
    try:
        import torch
    except ImportError as error:
        sys.exit(f"bench/augmentation.py needs PyTorch, which is not installed here: {error}")
    return torch


def tensors(torch, split, device):
    shape, pictures, labels = split
    x = torch.frombuffer(bytearray(pictures), dtype=torch.uint8).reshape(shape[0], -1).to(device)
    return x, torch.tensor(list(labels), device=device)


def classifier_error(torch, options, seed, real, made, test):
    """Per cent of the test examples that a classifier of the real and the made ones (or None) gets wrong."""
    torch.manual_seed(seed)
    layers = []
    for width in (real[0].shape[1], HIDDEN):
        layers += [torch.nn.Linear(width, HIDDEN), torch.nn.ReLU()]
        layers += [torch.nn.Dropout(options.dropout)] if options.dropout else []
    net = torch.nn.Sequential(*layers, torch.nn.Linear(HIDDEN, CLASSES)).to(options.device)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE, momentum=MOMENTUM)
    size = min(BATCH, len(real[0]))
    steps = options.epochs * (len(real[0]) // size)
    of_real = batches(len(real[0]), size, random.Random(seed))
    of_made = batches(len(made[0]), size, random.Random(-seed)) if made else None

    def cost(examples, numbers):
        numbers = torch.tensor(numbers, device=options.device)
        return loss(net(examples[0][numbers].float() / 255), examples[1][numbers])

    for step in range(steps):
        optimizer.param_groups[0]["lr"] = rate_at(step, steps)
        optimizer.zero_grad(set_to_none=True)
        total = cost(real, next(of_real))
        if made:
            total = REAL_SHARE * total + (1 - REAL_SHARE) * cost(made, next(of_made))
        total.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        answers = torch.cat([net(x.float() / 255).argmax(1) for x in test[0].split(1000)])
    return 100 * (answers != test[1]).double().mean().item()


def measure(options):
    """The errors of each seed, without and with made examples."""
    torch = import_torch()
    if options.threads:
        torch.set_num_threads(options.threads)
    train, test = read_split(options.mnist, "train"), read_split(options.mnist, "t10k")
    test = tensors(torch, test, options.device)
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        folder, run, data = pathlib.Path(temporary), options.run, None
        for seed in range(1, options.seeds + 1):
            started = time.monotonic()
            if data is None or options.labels:
                split = take(train, balanced(train[2], options.labels, seed)) if options.labels else train
                data = write_data(folder / f"data-{seed}", split)
                run = options.run or train_model(options, data, seed, folder / f"run-{seed}")
            made = make_examples(options, run, data, options.augment or DRAWS * len(split[2]), seed, folder / "made.npz")
            after = time.monotonic()
            real, made = tensors(torch, split, options.device), tensors(torch, made, options.device)
            result = {"seed": seed, "real": len(real[0]), "made": len(made[0]),
                      "without": classifier_error(torch, options, seed, real, None, test),
                      "with": classifier_error(torch, options, seed, real, made, test)}
            results.append(result)
            print(f"seed {seed}: error {result['without']:.2f} % without, {result['with']:.2f} % with {result['made']} made "
                  f"({after - started:.0f} s to make them, {time.monotonic() - after:.0f} s to train)", file=sys.stderr, flush=True)
    return results


# The report.
def spread(values):
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.2f} ± {deviation:.2f} %"


def row(options, results):
    errors = [spread([result[which] for result in results]) for which in ("without", "with")]
    cells = [results[0]["real"], results[0]["made"], options.epochs, len(results), *errors]
    return f"| {' | '.join(map(str, cells))} |"


def whole(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("takes a whole number, at least 1")
    return number


def parse(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elbo", default="elbo", help="the command")
    parser.add_argument("--mnist", type=pathlib.Path, required=True, help="folder with MNIST's IDX files")
    parser.add_argument("--labels", type=whole, help="training examples, as many of each label [all]")
    parser.add_argument("--augment", type=whole, metavar="N", help=f"made examples [{DRAWS} for each training example]")
    parser.add_argument("--recipe", default="mnist-conditional", help="of the model that makes them")
    parser.add_argument("--model-epochs", type=whole, help="of that model [the recipe's]")
    parser.add_argument("--run", type=pathlib.Path, help="a trained run in its place")
    parser.add_argument("--epochs", type=whole, default=100, help="of the classifier")
    parser.add_argument("--dropout", type=float, default=0.0, help="after each hidden layer of the classifier")
    parser.add_argument("--seeds", type=whole, default=5, help="how many")
    parser.add_argument("--device", default="cpu", help="PyTorch's name of it")
    parser.add_argument("--threads", type=whole, help="of PyTorch")
    parser.add_argument("--json", type=pathlib.Path, help="writes all figures here, too")
    return parser.parse_args(arguments)


def main():
    options = parse()
    results = measure(options)
    print(TABLE)
    print(row(options, results))
    if options.json:
        settings = {name: str(value) if isinstance(value, pathlib.Path) else value for name, value in vars(options).items()}
        options.json.write_text(json.dumps({"settings": settings, "results": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
