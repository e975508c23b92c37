#!/usr/bin/env python3
"""How well models that infer labels classify MNIST's test data from few labels, over draws of the labels.

For each seed, which draws the labels that are kept: mnist-m2 (Kingma et al. 2014, M2); mnist-m1-m2 (M1+M2), whose first stage
is trained once, as it reads no label; and the baseline, M2's classifier on the labelled examples alone
(objective.classifier_alone). Errors are shares of the test data in percent, mean ± standard deviation over the seeds. The last
epoch counts: no validation labels are used. Needs only the standard library and the command, which finds MNIST as usual.

    bench/few_labels.py --elbo build/cpu/elbo --labels 100 --out runs/few
"""

import argparse
import json
import pathlib
import statistics
import subprocess

SYSTEMS = ("m2", "m1-m2", "baseline")


def recipe(system):
    return "mnist-m1-m2" if system == "m1-m2" else "mnist-m2"


def settings(system, args, seed, first):
    """The training's settings. `first` is the run of M1+M2 whose first stage is shared; None trains it."""
    chosen = [f"data.labels={args.labels}", f"train.seed={seed}"]
    if system == "baseline":
        chosen += ["objective.classifier_alone=true", "train.labelled_rows=0", "train.batch=100"]
    if system == "m1-m2" and first is not None:
        chosen.append(f"data.codes_of={first / 'codes'}")
    return chosen + args.set


def error(args, system, seed, first):
    """The test error in percent of a training, which is gone on with if it was begun."""
    run = args.out / f"{system}-{args.labels}-{seed}"
    command = [args.elbo, "train", recipe(system), "--out", run, "--quiet"]
    if (run / "recipe.toml").exists():
        command = [args.elbo, "train", "--resume", "--out", run, "--quiet"]
    else:
        epochs = args.baseline_epochs if system == "baseline" else args.epochs
        command += ["--epochs", str(epochs)] if epochs else []
        for setting in settings(system, args, seed, first):
            command += ["--set", setting]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    told = subprocess.run([args.elbo, "classify", run, "--split", "test", "--json"], check=True, capture_output=True, text=True)
    return 100.0 * (1.0 - json.loads(told.stdout)["metrics"]["accuracy"]), run


def row(system, errors):
    spread = f" ± {statistics.stdev(errors):.2f}" if len(errors) > 1 else ""
    return f"| {system} | {statistics.mean(errors):.2f}{spread} | {', '.join(f'{e:.2f}' for e in errors)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elbo", default="elbo")
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, help="instead of the recipes'")
    parser.add_argument("--baseline-epochs", type=int, default=300)
    parser.add_argument("--systems", nargs="+", choices=SYSTEMS, default=SYSTEMS)
    parser.add_argument("--set", action="append", default=[], help="KEY=VALUE for every training")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder for the runs, which are kept")
    args = parser.parse_args()
    print(f"| system, {args.labels} labels | test error, % | by seed |\n|---|---|---|")
    for system in args.systems:
        errors, first = [], None
        for seed in range(1, args.seeds + 1):
            found, run = error(args, system, seed, first)
            errors.append(found)
            first = first or run
        print(row(system, errors), flush=True)


if __name__ == "__main__":
    main()
