#!/usr/bin/env python3
"""Compares elbo with the usual tools at what surrounds a training, in turns: loading tables, arrays and pictures with
pandas, NumPy and Pillow; encoding, sampling, NLL and annealed importance sampling with PyTorch, on one model's weights.

    python3 -m venv ~/tools && ~/tools/bin/pip install numpy pandas pillow torch
    ~/tools/bin/python bench/usual_tools.py                    the table, on the CPU
    ~/tools/bin/python bench/usual_tools.py --only csv encode  some rows

Inputs are made in a temporary folder, so that all are in the page cache. Each row's two tools do the work once untimed
and then take turns; a ratio is the median over turns of the other's time by elbo's. Both give a number made of their
results, which must agree but for texts, which tools number in their own ways: a row where they do not says so, and the
exit code is 1. pandas and Pillow work on one thread, as they do by default.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import compare

PEER = compare.ROOT / "bench" / "peers" / "usual_peer.py"


def make_csv(folder):
    import numpy
    numbers = numpy.random.default_rng(1).normal(size=(100_000, 30))
    numpy.savetxt(folder / "numbers.csv", numbers, "%.4f", ",", header=",".join(f"c{i}" for i in range(30)), comments="")


def make_mixed(folder):
    import numpy
    rng = numpy.random.default_rng(2)
    towns, words = ["north", "south", "east", "west"], ["yes", "no"]
    with open(folder / "mixed.csv", "w", encoding="utf-8") as file:
        file.write("town,age,income,owner,height,visits\n")
        for _ in range(100_000):
            income = "" if rng.random() < 0.05 else f"{rng.lognormal(10):.2f}"
            file.write(f"{rng.choice(towns)},{rng.integers(18, 90)},{income},{rng.choice(words)},"
                       f"{rng.normal(170, 10):.1f},{rng.poisson(40)}\n")


def make_npy(folder):
    import numpy
    numpy.save(folder / "values.npy", numpy.random.default_rng(3).normal(size=(200_000, 50)))


def make_pictures(folder):
    """Smooth pictures with some noise, as photographs are."""
    import numpy
    from PIL import Image
    rng = numpy.random.default_rng(4)
    for name, count, side, ending in [("small", 2000, 64, "png"), ("photos", 300, 512, "jpg")]:
        (folder / name).mkdir()
        for i in range(count):
            coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype="uint8")).resize((side, side), Image.Resampling.BICUBIC)
            noisy = numpy.asarray(coarse).astype(int) + rng.integers(-4, 5, (side, side, 3))
            Image.fromarray(noisy.clip(0, 255).astype("uint8")).save(folder / name / f"{i:05}.{ending}")


# name: (title, what makes its input, arguments of work_bench, arguments of the peer, relative agreement)
ROWS = {
    "csv": ("CSV, 100,000 × 30 numbers, beside pandas", make_csv, "load numbers.csv", "csv numbers.csv", 1e-6),
    "mixed": ("CSV, 100,000 × 6, texts and gaps, beside pandas", make_mixed, "load mixed.csv", "csv mixed.csv", None),
    "npy": ("NPY, 200,000 × 50 float64, beside NumPy", make_npy, "load values.npy", "npy values.npy", 1e-6),
    "png": ("2000 PNG of 64 × 64, beside Pillow", make_pictures, "load small", "pictures small", 1e-6),
    "jpeg": ("300 JPEG of 512 × 512, resized to 64 × 64, beside Pillow", make_pictures, "load photos 64",
             "pictures photos 64", 1e-3),
    "encode": ("encoding 10,000 of 784 values, beside PyTorch", None, "encode model 10000", "encode model 10000", 1e-4),
    "sample": ("10,000 samples of 784 values, beside PyTorch", None, "sample model 10000", "sample model 10000", 1e-2),
    "nll": ("NLL of 100 examples, K = 1000, beside PyTorch", None, "nll model 100 1000", "nll model 100 1000", 2e-3),
    "ais": ("AIS of 10 examples, 16 chains of 50 steps, beside PyTorch", None, "ais model 10 16 50",
            "ais model 10 16 50", 2e-3),
}


def strengthen(file, factor=2):
    """Multiplies a new model's parameters, so that costs depend on the codes."""
    import numpy
    data = bytearray(file.read_bytes())
    begin = 8 + int.from_bytes(data[:8], "little")
    data[begin:] = (numpy.frombuffer(bytes(data[begin:]), "<f4") * numpy.float32(factor)).tobytes()
    file.write_bytes(data)


def worker(command, folder, threads):
    environment = {"OMP_NUM_THREADS": str(threads), "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
    command = [str(folder / word) if (folder / word).exists() else word for word in command]
    return compare.Worker(command, environment, 600)


def measure(row, folder, options):
    """[(elbo's time, the other's)], and the last results of both."""
    _, _, ours, theirs, _ = ROWS[row]
    kind, *arguments = theirs.split()
    pair = [worker([options.work_bench, *ours.split()], folder, options.threads),
            worker([sys.executable, str(PEER), kind, str(options.threads), *arguments], folder, options.threads)]
    try:
        for tool in pair:
            about = tool.read()
            if "unavailable" in about:
                raise compare.Failed(about["unavailable"])
        turns = [[tool.repeat() for tool in pair] for _ in range(options.rounds)]
    finally:
        for tool in pair:
            tool.close()
    return [[answer["us"] for answer in turn] for turn in turns], [answer["value"] for answer in turns[-1]]


def line(row, folder, options):
    """The row of the table, and whether the results agree."""
    title, *_, tolerance = ROWS[row]
    try:
        times, (ours, theirs) = measure(row, folder, options)
    except compare.Failed as reason:
        return f"| {title} | {reason} | | |", False
    agree = tolerance is None or abs(ours - theirs) <= tolerance * abs(theirs)
    medians = [statistics.median(column) / 1e3 for column in zip(*times)]
    ratio = statistics.median(theirs / ours for ours, theirs in times)
    differ = "" if agree else f" (results differ: {ours:.6g} and {theirs:.6g})"
    return f"| {title} | {medians[0]:.1f} | {medians[1]:.1f} | {ratio:.2f}×{differ} |", agree


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--work-bench", default=str(compare.ROOT / "build" / "cpu" / "bench" / "work_bench"))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    print(f"commit {compare.commit()}, {options.threads} threads, {options.rounds} rounds\n")
    print("| work | elbo, ms | other, ms | other's time, elbo's = 1 |\n|---|---|---|---|")
    good = True
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for make in dict.fromkeys(ROWS[row][1] for row in options.only):
            if make:
                make(folder)
        subprocess.run([options.work_bench, "model", str(folder / "model")], check=True)
        strengthen(folder / "model")
        for row in options.only:
            text, agree = line(row, folder, options)
            print(text, flush=True)
            good = good and agree
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
