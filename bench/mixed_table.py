#!/usr/bin/env python3
"""A table of mixed kinds: the mixed likelihood beside a Gaussian for every column, and imputation by kind.

The table is made by a seed: 2,000 customers in two groups, 5 numeric columns, 3 categorical, 2 counts, 1 binary, an id, a
date and a label; 8 % of the cells are blank. Needs only the standard library and the command.

    bench/mixed_table.py --elbo build/release/elbo
"""

import argparse
import datetime
import json
import pathlib
import random
import subprocess
import sys
import tempfile

HEADER = ["id", "age", "income", "score", "height", "balance", "city", "job", "plan", "visits", "calls", "member", "since",
          "label"]
NUMERIC = ["age", "income", "score", "height", "balance", "since"]
ROWS, MISSING = 2000, 0.08


def customer(draw, number):
    """A row; the group decides most of it."""
    rich = draw.random() < 0.4
    age, income = draw.gauss(45 if rich else 30, 6), draw.gauss(70000 if rich else 32000, 8000)
    city = draw.choices(["Oslo", "Bern", "Rome", "Lima"], [6, 2, 1, 1] if rich else [1, 2, 3, 4])[0]
    job = draw.choices(["clerk", "nurse", "smith"], [5, 1, 1] if rich else [1, 3, 3])[0]
    plan = draw.choices(["basic", "plus", "pro"], [1, 2, 7] if rich else [6, 3, 1])[0]
    visits = int(draw.expovariate(1 / 12 if rich else 1 / 2))
    calls = sum(draw.random() < 0.3 for _ in range(10 if rich else 3))
    member = "yes" if draw.random() < (0.9 if rich else 0.2) else "no"
    score = draw.gauss(0.3 * age + (5 if job == "nurse" else 0), 1)
    day = datetime.date(2024, 1, 1) + datetime.timedelta(draw.randrange(366))
    label = "leaves" if draw.random() < (0.2 if rich else 0.6) else "stays"
    return [f"c{number:04d}", f"{age:.1f}", f"{income:.0f}", f"{score:.2f}", f"{draw.gauss(170, 9):.1f}",
            f"{income / 10 + draw.gauss(0, 500):.2f}", city, job, plan, str(visits), str(calls), member, str(day), label]


def write(file, rows):
    file.write_text("\n".join(",".join(row) for row in [HEADER] + rows) + "\n")


def run(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return json.loads(done.stdout)


def held_out_costs(options, folder, name, settings):
    """The NLL of held-out rows, and the cost of each column."""
    command = [options.elbo, "train", "--data", folder / "whole.csv", "--out", folder / name, "--json", "--quiet",
               "--set", "data.test=0.2", "--set", 'data.drop=["city", "job", "plan"]']
    for setting in settings:
        command += ["--set", setting]
    run(command)
    result = run([options.elbo, "eval", folder / name, "--nll-samples", 500, "--json"])
    columns = [name for name in HEADER if name not in ("id", "label", "city", "job", "plan")]
    return result["nll"], dict(zip(columns, result["reconstruction_per_value"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elbo", default="build/release/elbo", help="the command")
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    whole = [customer(draw, number) for number in range(ROWS)]
    gaps = [[cell if not 0 < j < len(row) - 1 or draw.random() >= MISSING else "" for j, cell in enumerate(row)]
            for row in whole]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write(folder / "whole.csv", whole)
        write(folder / "gaps.csv", gaps)
        print("Cost of the columns that both models take as numbers, nats per held-out row:\n")
        print("| likelihood | " + " | ".join(NUMERIC) + " | together |")
        print("|---|" + "---|" * (len(NUMERIC) + 1))
        for title, settings in [("mixed", []), ("gaussian-learned for all", ["model.likelihood=gaussian-learned"])]:
            _, costs = held_out_costs(options, folder, title.split()[0], settings)
            shared = [costs[column] for column in NUMERIC]
            print(f"| {title} | " + " | ".join(f"{cost:.2f}" for cost in shared) + f" | {sum(shared):.2f} |")
        run([options.elbo, "train", "--data", folder / "gaps.csv", "--out", folder / "run", "--json", "--quiet"])
        result = run([options.elbo, "impute", folder / "run", "--split", "all", "--truth", folder / "whole.csv", "--json"])
        print("\n| kind | blank cells | error | of column means or modes | truths inside the 90 % interval |")
        print("|---|---|---|---|---|")
        for kind in result["by_kind"]:
            error = kind.get("nrmse", kind.get("error_rate"))
            guess = kind.get("nrmse_of_means", kind.get("error_rate_of_modes"))
            coverage = f"{100 * kind['coverage']:.1f} %" if "coverage" in kind else ""
            print(f"| {kind['kind']} | {kind['values']} | {error:.3f} | {guess:.3f} | {coverage} |")


if __name__ == "__main__":
    main()
