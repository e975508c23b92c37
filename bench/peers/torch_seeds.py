#!/usr/bin/env python3
"""What PyTorch reaches on MNIST with the network of recipes/mnist-deep.toml, seed by seed.

The same training as `elbo train mnist-deep --epochs 10 --set train.seed=S`: all 60,000 images, shuffled anew every
epoch, the shorter last batch kept, Adam 1e-3, one sample of z. Prints one JSON line per seed: the test set's −ELBO with
one sample per example, in nats, and its parts.
"""

import argparse
import gzip
import json
import pathlib
import time

import numpy
import torch

from torch_vae import Vae
from workload import network


def images(folder, name):
    """An IDX file of MNIST as float32 [n, 784] in [0, 1]."""
    with gzip.open(pathlib.Path(folder) / f"{name}-images-idx3-ubyte.gz") as file:
        data = numpy.frombuffer(file.read(), numpy.uint8, offset=16)
    return torch.from_numpy(data.reshape(-1, 784).astype(numpy.float32) / 255)


def train(model, data, epochs, batch):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    for _ in range(epochs):
        for rows in torch.randperm(len(data)).split(batch):
            nll, kl = model(data[rows])
            optimizer.zero_grad(set_to_none=True)
            ((nll + kl) / len(rows)).backward()
            optimizer.step()


@torch.no_grad()
def evaluate(model, data):
    """Averages over the examples: reconstruction and KL."""
    sums = torch.zeros(2, dtype=torch.float64)
    for x in data.split(1000):
        sums += torch.stack(model(x))
    return (sums / len(data)).tolist()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("mnist", help="folder with MNIST's four IDX files, gzipped")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5, 6])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--hidden", type=int, nargs="+", default=[400, 400])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data, test = images(options.mnist, "train"), images(options.mnist, "t10k")
    for seed in options.seeds:
        torch.manual_seed(seed)
        model = Vae(*network(784, options.hidden, options.hidden[::-1], 20))
        begin = time.perf_counter()
        train(model, data, options.epochs, batch=128)
        seconds = time.perf_counter() - begin
        reconstruction, kl = evaluate(model, test)
        print(json.dumps({"torch": torch.__version__, "seed": seed, "epochs": options.epochs,
                          "negative_elbo": round(reconstruction + kl, 3),
                          "reconstruction": round(reconstruction, 3), "kl": round(kl, 3),
                          "images_per_second": round(options.epochs * len(data) / seconds)}), flush=True)


if __name__ == "__main__":
    main()
