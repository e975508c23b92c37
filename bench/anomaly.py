#!/usr/bin/env python3
"""AUROC of a VAE's three scores on labelled sets of anomalies (NPZ files with X and y, 0 normal, as in ADBench).

Protocol: half of the normal rows, drawn by the seed, are the training data; the other half and all anomalies are the
test data. Every column is standardised by the training data. All sets have the same small network; labels are used for
the AUROC alone. Needs only the standard library and the command.

    bench/anomaly.py --elbo build/release/elbo "$ELBO_DATA"/adbench/*.npz

With --defaults, the rows are CSV files with names, ids and labels as text, and no setting is given: elbo's settings
follow the data.
"""

import argparse
import array
import ast
import json
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import zipfile

TYPES = {"<f8": "d", "<f4": "f", "<i8": "q", "<i4": "i", "|u1": "B", "|i1": "b"}
SCORES = {"elbo": "-ELBO", "nll": "NLL", "squared_error": "squared error"}


def read_npy(data):
    """The shape and the values, along the rows, of an array in NumPy's format."""
    size_at = 10 if data[6] == 1 else 12
    end = size_at + int.from_bytes(data[8:size_at], "little")
    header = ast.literal_eval(data[size_at:end].decode("latin1"))
    values = array.array(TYPES[header["descr"]], data[end:])
    shape = header["shape"]
    if header["fortran_order"] and len(shape) == 2:
        rows, columns = shape
        values = array.array(values.typecode, (values[j * rows + i] for i in range(rows) for j in range(columns)))
    return shape, values


def npy(shape, values):
    """The bytes of an array of doubles or of 64-bit whole numbers."""
    kind = {"d": "<f8", "q": "<i8"}[values.typecode]
    header = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {tuple(shape)!r}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + values.tobytes()


def read_set(file):
    """The rows, as lists, and their labels."""
    with zipfile.ZipFile(file) as archive:
        (count, width), values = read_npy(archive.read("X.npy"))
        _, labels = read_npy(archive.read("y.npy"))
    return [list(values[i * width:(i + 1) * width]) for i in range(count)], list(labels)


def divide(labels, seed):
    """Indices of the training rows, and of the test rows."""
    normal = [i for i, label in enumerate(labels) if label == 0]
    random.Random(seed).shuffle(normal)
    train = sorted(normal[:len(normal) // 2])
    chosen = set(train)
    return train, [i for i in range(len(labels)) if i not in chosen]


def write_split(file, rows, labels, seed):
    train, test = divide(labels, seed)
    width = len(rows[0])
    flat = lambda chosen: array.array("d", (float(value) for i in chosen for value in rows[i]))
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x_train.npy", npy((len(train), width), flat(train)))
        archive.writestr("x_test.npy", npy((len(test), width), flat(test)))
        archive.writestr("y_test.npy", npy((len(test),), array.array("q", (int(labels[i] != 0) for i in test))))


def write_table(file, rows, labels, chosen):
    """A CSV of the chosen rows with names, ids and labels as text."""
    with open(file, "w") as out:
        print("id," + ",".join(f"x{j}" for j in range(len(rows[0]))) + ",label", file=out)
        for i in chosen:
            cells = [repr(int(value)) if float(value).is_integer() else repr(float(value)) for value in rows[i]]
            print(f"row{i}," + ",".join(cells) + ("," + ("anomaly" if labels[i] else "normal")), file=out)


def measure_defaults(options, rows, labels, seed, folder):
    """The same by settings that follow the data."""
    train, test = divide(labels, seed)
    write_table(folder / "train.csv", rows, labels, train)
    write_table(folder / "test.csv", rows, labels, test)
    run([options.elbo, "train", "--data", folder / "train.csv", "--out", folder / "run", "--force", "--json", "--quiet",
         "--seed", str(seed)])
    return run([options.elbo, "eval", folder / "run", "--data", folder / "test.csv", "--anomaly", "--normal", "normal",
                "--nll-samples", str(options.samples), "--json"])["auroc"]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return json.loads(done.stdout)


def measure(options, rows, labels, seed, folder):
    """AUROC of each score for one seed."""
    split = folder / f"split-{seed}.npz"
    write_split(split, rows, labels, seed)
    settings = ["data.standardize=true", "model.encoder=[64, 32]", "model.decoder=[32, 64]",
                f"model.latent={options.latent}", f"model.likelihood={options.likelihood}"]
    command = [options.elbo, "train", "digits", "--data", split, "--out", folder / "run", "--force", "--json", "--quiet",
               "--epochs", str(options.epochs), "--seed", str(seed)]
    for setting in settings:
        command += ["--set", setting]
    run(command)
    return run([options.elbo, "eval", folder / "run", "--split", "test", "--anomaly", "--nll-samples",
                str(options.samples), "--json"])["auroc"]


def spread(values):
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{100 * statistics.mean(values):.1f} ± {100 * deviation:.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", type=pathlib.Path)
    parser.add_argument("--elbo", default="build/release/elbo", help="the command")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--latent", type=int, default=4)
    parser.add_argument("--likelihood", default="gaussian")
    parser.add_argument("--defaults", action="store_true", help="no settings: they follow the data")
    parser.add_argument("--samples", type=int, default=64, help="samples of the NLL")
    options = parser.parse_args()
    print("| set | rows | columns | anomalies | " + " | ".join(SCORES.values()) + " |")
    print("|---|---|---|---|" + "---|" * len(SCORES), flush=True)
    means = {score: [] for score in SCORES}
    for file in options.sets:
        rows, labels = read_set(file)
        with tempfile.TemporaryDirectory() as folder:
            one = measure_defaults if options.defaults else measure
            results = [one(options, rows, labels, seed, pathlib.Path(folder)) for seed in
                       range(1, options.seeds + 1)]
        for score in SCORES:
            means[score].append(statistics.mean(result[score] for result in results))
        figures = " | ".join(spread([result[score] for result in results]) for score in SCORES)
        print(f"| {file.stem} | {len(rows)} | {len(rows[0])} | {sum(1 for label in labels if label)} | {figures} |",
              flush=True)
    print("| mean | | | | " + " | ".join(f"{100 * statistics.mean(values):.1f}" for values in means.values()) + " |")


if __name__ == "__main__":
    main()
