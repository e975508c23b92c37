#!/usr/bin/env python3
"""Compares elbo's t-SNE with scikit-learn's and openTSNE's, on the codes of a trained model.

For each map: how many of a code's 10 nearest neighbours are among its 10 nearest in the map, trustworthiness of 12
neighbours, how well 10 neighbours in the map predict the label, the KL that t-SNE minimises, and the time. KL and
neighbours are computed here, in the same way for all.

    python3 -m venv ~/maps && ~/maps/bin/pip install scikit-learn openTSNE
    gunzip -k "$ELBO_DATA/mnist/t10k-labels-idx1-ubyte.gz"
    ~/maps/bin/python bench/tsne_reference.py --labels "$ELBO_DATA/mnist/t10k-labels-idx1-ubyte" \\
        --elbo build/release/elbo runs/a
"""

import argparse
import pathlib
import subprocess
import tempfile
import time

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.manifold import TSNE, trustworthiness
from sklearn.neighbors import NearestNeighbors

PERPLEXITY = 30


def neighbours(points, k):
    return NearestNeighbors(n_neighbors=k).fit(points).kneighbors(return_distance=False)


def affinities(codes):
    """P as defined by van der Maaten 2014, by bisection in float64."""
    n, k = len(codes), 3 * PERPLEXITY
    distances, rows = NearestNeighbors(n_neighbors=k).fit(codes).kneighbors()
    excess = distances ** 2 - distances[:, :1] ** 2
    low, high, beta = np.zeros(n), np.full(n, np.inf), np.ones(n)
    for _ in range(100):
        weights = np.exp(-beta[:, None] * excess)
        total = weights.sum(1)
        entropy = np.log(total) + beta * (weights * excess).sum(1) / total
        wide = entropy > np.log(PERPLEXITY)
        low, high = np.where(wide, beta, low), np.where(wide, high, beta)
        beta = np.where(np.isinf(high), 2 * beta, (low + high) / 2)
    p = csr_matrix(((weights / total[:, None]).ravel(), rows.ravel(), np.arange(0, n * k + 1, k)), (n, n))
    return ((p + p.T) / (2 * n)).tocoo()


def divergence(p, points):
    """KL(P | Q) with Q's normaliser by all pairs."""
    points = points.astype(np.float64)
    total = sum((1 / (1 + ((points[i, None] - points) ** 2).sum(1))).sum() - 1 for i in range(len(points)))
    q = 1 / (1 + ((points[p.row] - points[p.col]) ** 2).sum(1)) / total
    return (p.data * np.log(p.data / q)).sum()


def report(name, seconds, codes, labels, points, near, p):
    near_map = neighbours(points, 10)
    kept = np.mean([len(set(a) & set(b)) / 10 for a, b in zip(near, near_map)])
    votes = np.array([np.bincount(labels[row]).argmax() for row in near_map])
    print(f"| {name} | {100 * kept:.2f} % | {trustworthiness(codes, points, n_neighbors=12):.4f} | "
          f"{100 * np.mean(votes == labels):.2f} % | {divergence(p, points):.4f} | {seconds:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", help="a labelled run's folder")
    parser.add_argument("--labels", required=True, help="the split's labels, an IDX file")
    parser.add_argument("--elbo", default="build/release/elbo", help="the command")
    parser.add_argument("-n", type=int, default=10000)
    parser.add_argument("--only", nargs="*", default=["elbo", "openTSNE", "scikit-learn"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder) / name for name in ("codes.npy", "map.npy")]
        encode = [options.elbo, "encode", options.run, "-n", str(options.n), "--out"]
        subprocess.run(encode + [files[0]], check=True)
        begin = time.time()
        subprocess.run(encode + [files[1], "--map", "tsne"], check=True)
        seconds = time.time() - begin
        codes, points = (np.load(file) for file in files)
    labels = np.frombuffer(pathlib.Path(options.labels).read_bytes(), np.uint8)[8:].astype(int)
    labels = labels[np.arange(len(codes)) * len(labels) // len(codes)]  # the examples that -n takes
    near, p = neighbours(codes, 10), affinities(codes)
    print("| | 10 neighbours kept | trustworthiness, 12 | label by 10 neighbours | KL(P, Q) | seconds |")
    print("|---|---|---|---|---|---|")
    if "elbo" in options.only:
        report("elbo, with encoding", seconds, codes, labels, points, near, p)
    if "openTSNE" in options.only:
        import openTSNE
        begin = time.time()
        points = np.asarray(openTSNE.TSNE(perplexity=PERPLEXITY, n_jobs=2, random_state=1).fit(codes))
        report(f"openTSNE {openTSNE.__version__}", time.time() - begin, codes, labels, points, near, p)
    if "scikit-learn" in options.only:
        import sklearn
        begin = time.time()
        points = TSNE(perplexity=PERPLEXITY, n_jobs=2, random_state=1).fit_transform(codes)
        report(f"scikit-learn {sklearn.__version__}", time.time() - begin, codes, labels, points, near, p)


if __name__ == "__main__":
    main()
