#!/usr/bin/env python3
"""How well a conditional model finds wrong labels: MNIST with a share of its training labels changed.

A share of the training labels, drawn by the seed, becomes another digit, drawn uniformly. mnist-conditional is trained on
these labels, as someone would who does not know of the errors, and `elbo anomalies --suspect-labels` orders the training
examples by the nats by which another label is likelier. Precision at k is the share of changed labels among the first k.
Needs only the standard library and the command.

    bench/suspect_labels.py --elbo build/cpu/elbo --mnist "$ELBO_DATA/mnist"
"""

import argparse
import gzip
import json
import pathlib
import random
import shutil
import subprocess
import tempfile

HEADER = 8  # bytes of an IDX file of labels before the labels


def find(folder, stem):
    """The IDX file of this stem, packed or not."""
    for file in sorted(folder.rglob("*")):
        if file.name.startswith(stem):
            return file
    raise SystemExit(f"{folder}: no {stem}…")


def read(file):
    data = file.read_bytes()
    return gzip.decompress(data) if file.suffix == ".gz" else data


def change_labels(data, share, seed):
    """IDX labels with a share of them changed, and the numbers of these."""
    labels = bytearray(data)
    rng = random.Random(seed)
    changed = rng.sample(range(len(labels) - HEADER), round(share * (len(labels) - HEADER)))
    for i in changed:
        labels[HEADER + i] = rng.choice([y for y in range(10) if y != labels[HEADER + i]])
    return bytes(labels), set(changed)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elbo", default="elbo")
    parser.add_argument("--mnist", type=pathlib.Path, required=True, help="folder with MNIST's IDX files")
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        data, run = pathlib.Path(temporary) / "data", pathlib.Path(temporary) / "run"
        data.mkdir()
        for stem in ("train-images", "t10k-images", "t10k-labels"):
            file = find(args.mnist, stem)
            shutil.copy(file, data / file.name)
        labels, changed = change_labels(read(find(args.mnist, "train-labels")), args.share, args.seed)
        (data / "train-labels-idx1-ubyte").write_bytes(labels)
        subprocess.run([args.elbo, "train", "mnist-conditional", "--data", data, "--out", run, "--epochs", str(args.epochs),
                        "--set", f"train.seed={args.seed}"], check=True, stdout=subprocess.DEVNULL)
        told = subprocess.run([args.elbo, "anomalies", run, "--suspect-labels", "--split", "train", "--json", "-n", "100000",
                               "--samples", str(args.samples)], check=True, capture_output=True, text=True)
        order = [row["row"] for row in json.loads(told.stdout)["top"]]
    print(f"{len(changed)} of {len(labels) - HEADER} labels changed; {len(order)} are suspect, {len(changed & set(order))} of them changed")
    for k in (100, 200, 300, len(changed), 2 * len(changed)):
        print(f"precision at {k:5d}  {len(changed & set(order[:k])) / k:.3f}")


if __name__ == "__main__":
    main()
