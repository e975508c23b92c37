"""What the compiler made of the kernels: registers, spills, wide loads and stores, tensor cores.

    python3 tools/kernel_report build/cuda                 a table, 80 columns wide
    python3 tools/kernel_report build/cuda --csv FILE      the same for a spreadsheet; --json FILE for a program
    python3 tools/kernel_report build/cuda --bounds FILE   exits with 1 where a kernel breaks a bound

It needs the CUDA toolkit's cuobjdump and nvdisasm, and exits with 77 without cuobjdump.
"""

import argparse
import csv
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
import bounds  # noqa: E402
import names  # noqa: E402
import objects  # noqa: E402
import sass  # noqa: E402

_NOT_HERE = 77  # ctest's sign for a skipped test
_WIDTH = 80


def _options():
    parser = argparse.ArgumentParser(prog="kernel_report", formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    parser.add_argument("build", help="folder of a build with CUDA, or of kernel objects (*.cu.o)")
    parser.add_argument("--kernels", metavar="REGEX", default="", help="only kernels whose name, \"object: kernel\", has this in it")
    parser.add_argument("--arch", metavar="SM", help="only this architecture, such as sm_90")
    parser.add_argument("--csv", metavar="FILE", help="write all figures as CSV, - to standard output")
    parser.add_argument("--json", metavar="FILE", help="write all figures as JSON, - to standard output")
    parser.add_argument("--bounds", metavar="FILE", help="hold the kernels to these bounds instead of printing the table")
    parser.add_argument("--cuobjdump", metavar="PROGRAM", help="default: the one on PATH or beside nvcc")
    return parser.parse_args()


def _disassembled(program, path):
    done = subprocess.run([program, "-sass", "--dump-resource-usage", path], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit("kernel_report: %s ended with exit code %d: %s" % (program, done.returncode, done.stderr.strip()[-300:]))
    return sass.kernels(done.stdout)


def rows_of(program, found, shapes):
    """A row for each kernel of each object and architecture, in order of object, architecture and name."""
    rows = []
    for name, path in found.items():
        kernels = _disassembled(program, path)
        symbols = names.demangled(sorted({symbol for _, symbol in kernels}), [os.path.join(os.path.dirname(program), "cu++filt"), "cu++filt", "c++filt"])
        for (architecture, symbol), counts in kernels.items():
            rows.append({"name": "%s: %s" % (name, names.short(symbols[symbol], shapes)), "architecture": architecture, **counts})
    return sorted(rows, key=lambda row: (row["name"].split(":")[0], row["architecture"], row["name"]))


def table(rows):
    """The rows as text, a heading for each object; a name that is too long has a line of its own."""
    shown = [(column, head) for column, head, _ in sass.COLUMNS if head]
    heads = [head for _, head in shown]
    figures = "".join("%%%ds" % (len(head) + 1) for head in heads)
    space = _WIDTH - sum(len(head) + 1 for head in heads)
    lines, heading = [], None
    for row in rows:
        name, kernel = row["name"].split(": ", 1)
        if heading != (name, row["architecture"]):
            heading = (name, row["architecture"])
            lines += ["", ("%-*s" % (space, "%s, %s" % heading))[:space] + figures % tuple(heads)]
        kernel = "  " + kernel
        if len(kernel) > space:
            lines.append(kernel if len(kernel) <= _WIDTH else kernel[: _WIDTH - 1] + "…")
            kernel = ""
        lines.append("%-*s" % (space, kernel) + figures % tuple(row[column] for column, _ in shown))
    return "\n".join(lines[1:])


def _write(path, write):
    if path == "-":
        write(sys.stdout)
        return
    with open(path, "w", encoding="utf-8", newline="") as file:
        write(file)


def _write_csv(file, rows):
    writer = csv.DictWriter(file, ["name", "architecture"] + [column for column, _, _ in sass.COLUMNS], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _hold(path, rows, compiler):
    try:
        bound = bounds.read(path)
    except bounds.BadBounds as error:
        raise SystemExit("kernel_report: %s" % error)
    for line in bounds.needless(bound, rows):
        print("note: " + line)
    complaints = bounds.broken(bound, rows)
    for line in complaints:
        print(line)
    print("%d kernels by %s: %s" % (len(rows), compiler, "%d bounds are broken" % len(complaints) if complaints else "within their bounds"))
    return 1 if complaints else 0


def main():
    options = _options()
    if not os.path.isdir(options.build):
        raise SystemExit("kernel_report: %s is no folder" % options.build)
    program = objects.cuobjdump(options.build, options.cuobjdump)
    if not program:
        where = options.cuobjdump or "cuobjdump (on PATH or beside nvcc; --cuobjdump names one)"
        print("kernel_report: skipped: there is no %s" % where, file=sys.stderr)
        return _NOT_HERE
    found, missing = objects.kernel_objects(options.build)
    if missing or not found:
        what = "%s not built" % ", ".join(missing) if missing else "it has no kernels' objects"
        raise SystemExit("kernel_report: %s: %s; cmake --build makes them" % (options.build, what))
    rows = [row for row in rows_of(program, found, names.tiles(objects.tile_header(options.build)))
            if re.search(options.kernels, row["name"]) and options.arch in (None, row["architecture"])]
    if not rows:
        raise SystemExit("kernel_report: no kernel of that name or architecture")
    if options.csv:
        _write(options.csv, lambda file: _write_csv(file, rows))
    if options.json:
        _write(options.json, lambda file: file.write(json.dumps({"compiler": objects.compiler(options.build), "kernels": rows}, indent=1) + "\n"))
    if options.bounds:
        return _hold(options.bounds, rows, objects.compiler(options.build))
    if "-" not in (options.csv, options.json):
        print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
