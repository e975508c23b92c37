"""Compares two runs: tensors and files byte for byte, figures as written, without times, sentences and names."""

import json
import struct

# A recipe may gain keys, and a run figures. A recipe is part of a model file's metadata, so that is left out too. Pictures
# that are drawn otherwise since the reference (axes; the ends of walks are encoded together) are left out.
_LEFT_OUT = ("recipe.toml", "curves.png", "select.png", "map.svg", "walk.png")
# Times, sentences, names, figures that the reference lacks, and figures that are computed from more samples now.
_NOT_COMPARED = ("seconds", "examples_per_second", "collapse", "rule", "normal", "figures", "few_effective_samples",
                 "average_precision", "mutual_information", "mutual_information_error", "aggregate_kl")
_NAMED = 3  # number of differences named


def _tensors(file):
    """{name: (dtype, shape, bytes)} of a .safetensors file."""
    content = file.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    values = memoryview(content)[8 + length :]
    return {name: (t["dtype"], t["shape"], bytes(values[slice(*t["data_offsets"])])) for name, t in header.items()}


def _figures_of(value):
    if isinstance(value, dict):
        return {key: _figures_of(inner) for key, inner in value.items() if key not in _NOT_COMPARED}
    return [_figures_of(inner) for inner in value] if isinstance(value, list) else value


def _figures(file):
    """{"1 key": text} of each line's object; numbers stay text."""
    found = {}
    for number, line in enumerate(file.read_text().splitlines(), 1):
        for key, value in _figures_of(json.loads(line, parse_float=str, parse_int=str)).items():
            found["line %d, %s" % (number, key)] = json.dumps(value)
    return found


def _one_object(file):
    value = _figures_of(json.loads(file.read_text(), parse_float=str, parse_int=str))
    return {key: json.dumps(inner) for key, inner in value.items()}


def _numbers(file):
    """{"line 1": text} of a table, without the ids and names of labels that precede its numbers."""
    lines = file.read_text().splitlines()
    texts = sum(1 for name in lines[0].split(",")[:2] if name in ("id", "label"))
    return {"line %d" % number: ",".join(line.split(",")[texts:]) for number, line in enumerate(lines, 1)}


_READERS = {".csv": _numbers, ".safetensors": _tensors, ".jsonl": _figures, ".json": _one_object}


def _differing(first, second):
    """The differences of two dictionaries in words; empty if they are equal."""
    names = [name for name in [*first, *(n for n in second if n not in first)] if first.get(name) != second.get(name)]
    if not names and list(first) != list(second):
        return "another order"
    if not names:
        return ""
    more = ", …" if len(names) > _NAMED else ""
    return "%d of %d differ (%s%s)" % (len(names), len({**first, **second}), "; ".join(names[:_NAMED]), more)


def _files(folder):
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file() and file.name not in _LEFT_OUT}


def differences(first, second):
    """Lines that describe the differences between two folders."""
    lines = []
    ours, theirs = _files(first), _files(second)
    for name in sorted(ours | theirs):
        if name not in ours or name not in theirs:
            lines.append("%s is there only %s" % (name, "in the reference" if name in ours else "in this tree"))
            continue
        read = _READERS.get((first / name).suffix)
        if read:
            words = _differing(read(first / name), read(second / name))
        else:
            words = "" if (first / name).read_bytes() == (second / name).read_bytes() else "other bytes"
        if words:
            lines.append("%s: %s" % (name, words))
    return lines
