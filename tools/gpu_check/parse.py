"""Parses the output of the checked programs. Every function takes text and returns plain dicts and lists."""

import csv
import json
import re

_GTEST_LINE = re.compile(r"^\[ *(RUN|OK|FAILED|SKIPPED) *\] ([^\s,]+\.[^\s,]+)(?:, where .*?)?(?: \((\d+) ms\))?$")
_SANITIZER_TOTAL = re.compile(r"=+ (?:ERROR|RACECHECK) SUMMARY: (\d+) (?:error|hazard)s?")
_SANITIZER_TALK = re.compile(r" (COMPUTE-SANITIZER|\w+ SUMMARY|Target application|No attachable|Process didn't)")
_COUNTERS = {"median_us": "microseconds", "TFLOP/s": "tflops", "GB/s": "gigabytes_per_second", "roofline_%": "roofline_percent",
             "predicted_us": "predicted_microseconds"}


def gtest_list(text):
    """Full test names from --gtest_list_tests."""
    names, suite = [], ""
    for line in text.splitlines():
        name = line.split("#")[0].rstrip()
        if name.startswith("  "):
            names.append(suite + name.strip())
        elif name.endswith(".") and " " not in name:
            suite = name
    return names


class GtestStream:
    """Follows a GoogleTest program's output line by line, so that a killed program leaves its results so far."""

    def __init__(self):
        self.results = {}  # name -> {"status": passed|failed|skipped, "milliseconds", "words"}
        self.running = None
        self._words = []

    def feed(self, line):
        """Takes one line; returns whether it begins or ends a test."""
        match = _GTEST_LINE.match(line.rstrip())
        if not match:
            if self.running:
                self._words.append(line.rstrip())
            return False
        kind, name, milliseconds = match.groups()
        if kind == "RUN":
            self.running, self._words = name, []
        elif name == self.running:  # the closing list of failures repeats names
            status = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}[kind]
            self.end(status, int(milliseconds or 0))
        return True

    def end(self, status, milliseconds=0):
        """Closes the running test: by its own last line, or because its program ended or was killed."""
        words = [word for word in self._words if word.strip()]
        self.results[self.running] = {"status": status, "milliseconds": milliseconds, "words": "\n".join(words[-30:])}
        self.running = None


def skip_reason(words):
    """The last line of a skipped test's output, which is its reason."""
    lines = [line for line in words.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason given"


def sanitizer(text):
    """{"errors": count, None if no summary was reached; "messages": each kind once, with its place;
    "unsupported": why the tool cannot run on this device}"""
    messages, total, unsupported = [], None, ""
    for line in text.splitlines():
        if not line.startswith("========="):
            continue
        words, match = line[9:], _SANITIZER_TOTAL.match(line)
        if match:
            total = (total or 0) + int(match.group(1))
        elif words.startswith("     at ") and messages and " at " not in messages[-1]:
            messages[-1] += " " + words.strip()
        elif "not supported" in words.lower():
            unsupported = words.strip()
        elif words.strip() and not words.startswith("  ") and not _SANITIZER_TALK.match(words):
            messages.append(words.strip())
    return {"errors": total, "messages": list(dict.fromkeys(messages))[:20], "unsupported": unsupported}


def _entries(text):
    """The complete objects of the array "benchmarks", one by one."""
    begin = re.search(r'"benchmarks"\s*:\s*\[', text)
    at, decoder = begin.end() if begin else len(text), json.JSONDecoder()
    while True:
        at = re.compile(r"[\s,]*").match(text, at).end()
        try:
            entry, at = decoder.raw_decode(text, at)
        except ValueError:  # the array's end, or the file's truncation
            return
        yield entry


def benchmarks(text):
    """Rows of Google Benchmark's JSON; a file cut off in the middle gives the rows before the cut."""
    rows = []
    for entry in _entries(text):
        row = {"name": re.sub(r"/(manual_time|real_time|iterations:\d+)", "", entry["name"])}
        if entry.get("error_occurred"):
            row["error"] = entry.get("error_message", "error")
        row.update({ours: entry[theirs] for theirs, ours in _COUNTERS.items() if theirs in entry})
        rows.append(row)
    return rows


def json_line(text):
    """The last line that is a JSON object, which ends the output of programs with --json; None if there is none."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            try:
                return json.loads(line)
            except ValueError:
                return None
    return None


def step(text):
    """step_bench's figures for one configuration, or None."""
    answer = json_line(text)
    if not answer or "median_us" not in answer:
        return None
    # step_bench gives threads on the CPU only.
    result = {"device": "cuda" if answer["threads"] is None else "cpu", "microseconds": answer["median_us"], "fastest": min(answer["repeats_us"]),
              "examples_per_second": answer["examples_per_second"], "gflops": answer["gflops"]}
    if answer.get("peak_gflops"):
        result["peak_percent"] = 100 * answer["gflops"] / answer["peak_gflops"]
    if answer.get("epoch_seconds"):
        result["epoch_seconds"] = sorted(answer["epoch_seconds"])[len(answer["epoch_seconds"]) // 2]
    return result


def profile(text, names):
    """ncu's kernels in order: {"kernel": its C++ name, and the value of each metric of `names` by the name that it has there},
    from --csv, which has a line for each metric; other programs' lines are left out."""
    lines = [line for line in text.splitlines() if line.startswith('"')]
    head = next((i for i, line in enumerate(lines) if line.startswith('"ID"')), len(lines))
    kernels = {}
    for row in csv.DictReader(lines[head:]):
        name = names.get(row.get("Metric Name"))
        if name and row.get("Kernel Name"):
            kernel = kernels.setdefault(row["ID"], {"kernel": row["Kernel Name"]})
            kernel[name] = _value((row.get("Metric Value") or "n/a").replace(",", ""))
    return list(kernels.values())


def ncu_refusal(text):
    """ncu's complaint, such as that only administrators may read the GPU's counters; empty if there is none."""
    match = re.search(r"^==ERROR== (.*)$", text, re.MULTILINE)
    return match.group(1).strip() if match else ""


def metrics(text):
    """The epochs of a metrics.jsonl, without a truncated last line."""
    epochs = []
    for line in text.splitlines():
        try:
            epoch = json.loads(line)
        except ValueError:
            continue
        if isinstance(epoch, dict) and "epoch" in epoch:
            epochs.append(epoch)
    return epochs


def nvidia_smi(text, fields):
    """One dict per GPU from --query-gpu=FIELDS --format=csv,noheader,nounits; numbers as numbers, "[N/A]" as None."""
    gpus = []
    for line in text.splitlines():
        values = [value.strip() for value in line.split(",")]
        if len(values) == len(fields):
            gpus.append({field: _value(value) for field, value in zip(fields, values)})
    return gpus


def _value(text):
    if text.strip("[]").lower() in ("n/a", "not supported", "unknown error", "insufficient permissions"):
        return None
    try:
        return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else int(text) if re.fullmatch(r"-?\d+", text) else text
    except ValueError:
        return text


def cuda_version(text):
    """The newest CUDA version that the driver supports, from nvidia-smi's header; None if not given."""
    match = re.search(r"CUDA (?:UMD )?Version *: *([\d.]+)", text)
    return match.group(1) if match else None
