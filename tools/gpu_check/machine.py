"""Facts about the machine, the build and its present state."""

import datetime
import glob
import json
import os
import platform
import re
import shutil
import subprocess
import sys

import parse

_FIELDS = ["name", "driver_version", "memory.total", "memory.used", "compute_cap", "clocks.sm", "clocks.mem",
           "clocks.max.sm", "clocks.max.mem", "temperature.gpu", "power.draw", "power.limit", "pstate",
           "persistence_mode", "ecc.mode.current", "mig.mode.current"]
_MOVING = ["clocks.sm", "clocks.mem", "temperature.gpu", "power.draw", "pstate", "utilization.gpu"]


def _output(*arguments, folder=None):
    """The output of a short command; empty if it is missing or fails."""
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=20, cwd=folder, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _query(fields):
    """The first GPU's fields; queried one at a time if an old driver does not know them all."""
    gpus = parse.nvidia_smi(_output("nvidia-smi", "--query-gpu=" + ",".join(fields), "--format=csv,noheader,nounits"), fields)
    if gpus or len(fields) == 1:
        return gpus[0] if gpus else {fields[0]: None}
    return {field: _query([field])[field] for field in fields}


def clocks():
    """The GPU's clocks, temperature and power now."""
    return _query(_MOVING) if shutil.which("nvidia-smi") else {}


def gpu():
    """Name, driver, memory and clocks of the GPU; None if nvidia-smi shows none."""
    if not _output("nvidia-smi", "-L").startswith("GPU"):
        return None
    facts = _query(_FIELDS)
    facts["cuda"] = parse.cuda_version(_output("nvidia-smi"))
    return facts


def _processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            match = re.search(r"^model name\s*: (.*)$", file.read(), re.MULTILINE)
    except OSError:
        match = None
    return match.group(1) if match else platform.machine()


def host():
    nvcc = re.search(r"release [\d.]+, V([\d.]+)", _output("nvcc", "--version"))
    system = re.search(r'^PRETTY_NAME="(.*)"', _output("cat", "/etc/os-release"), re.MULTILINE)
    return {
        "processor": _processor(), "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": system.group(1) if system else platform.system(), "kernel": platform.release(),
        "glibc": platform.libc_ver()[1], "python": platform.python_version(), "nvcc": nvcc.group(1) if nvcc else None,
    }


def build(root):
    """Commit and origin of the checked build: from the bundle itself, or from git in a source tree."""
    bundle = os.path.join(root, "bundle.json")
    if os.path.exists(bundle):
        with open(bundle, encoding="utf-8") as file:
            return {"from": "bundle", **json.load(file)}
    commit = _output("git", "rev-parse", "HEAD", folder=root).strip() or "unknown"
    if _output("git", "status", "--porcelain", "--untracked-files=no", folder=root).strip():
        commit += " and changes"
    return {"from": "source tree", "commit": commit}


def toolkit_program(name):
    """The path of the toolkit's compute-sanitizer or ncu, or None. The toolkit's folder is often not on PATH."""
    places = ["/usr/local/cuda/bin", "/usr/local/cuda/compute-sanitizer", "/opt/nvidia/compute-sanitizer"]
    places += sorted(glob.glob("/usr/local/cuda-*/bin") + glob.glob("/opt/nvidia/nsight-compute/*"), reverse=True)
    found = shutil.which(name)
    for place in places:
        found = found or shutil.which(name, path=place)
    return found


def python_with(packages):
    """The Python that has most of these packages, and which it has: $ELBO_PEERS_PYTHON, the one that runs this,
    or one on PATH or under /opt."""
    places = [os.environ.get("ELBO_PEERS_PYTHON"), sys.executable, shutil.which("python3"), shutil.which("python")]
    places += sorted(glob.glob("/opt/*/bin/python3") + glob.glob("/opt/*/.venv/bin/python3"))
    ask = "import importlib.util as u, sys; print(*[n for n in sys.argv[1:] if u.find_spec(n)])"
    found = [(place, _output(place, "-c", ask, *packages).split()) for place in dict.fromkeys(filter(None, places))]
    return max(found, key=lambda pair: len(pair[1]))


def device_folder(name, today=None):
    """The name of the report's folder: "nvidia-h200-2026-11-21"."""
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "device"
    return "%s-%s" % (words, today or datetime.date.today().isoformat())


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def cuda_library_folders():
    """Folders of the CUDA libraries outside the system's search path: the toolkit's, and those that
    Python packages bring along."""
    found = []
    patterns = ["/usr/local/cuda/lib64", "/usr/local/cuda-*/lib64"]
    for path in dict.fromkeys(sys.path + glob.glob("/opt/*/lib/python3*/site-packages") + glob.glob("/opt/*/.venv/lib/python3*/site-packages")):
        patterns += [os.path.join(path, "nvidia", part, "lib") for part in ("cu13", "cublas", "cuda_runtime", "cu12")]
    for pattern in patterns:
        for folder in sorted(glob.glob(pattern), reverse=True):
            if glob.glob(os.path.join(folder, "libcudart.so*")) or glob.glob(os.path.join(folder, "libcublas*.so*")):
                found.append(folder)
    return found
